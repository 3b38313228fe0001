/*
 * flag.c
 *	  Flags, as far as links, clones and layers need them: read, one or a page of
 *	  them, with their settings in the environments.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

enum
{
	PROJECT_KEY,
	KEY,
	ENV
};

/* Keys of the environments whose settings are wanted, joined by commas. */
#define ENV_FIELD FIELD("env", "env", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, .max = 8192)

/* None of these is recorded, and what is empty is not included. */
static const char *const expandable[] = {"codeReferences", "evaluation", "migrationSettings", NULL};

#define EXPAND_FIELD                                                            \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = expandable)

const Field get_flag_fields[] = {[PROJECT_KEY] = PROJECT_KEY_FIELD,
								 [KEY] = FLAG_KEY_FIELD,
								 [ENV] = ENV_FIELD,
								 EXPAND_FIELD,
								 FIELDS_END};

enum
{
	LIST_LIMIT = 1,
	LIST_FILTER = 3,
	LIST_SORT = 4,
	LIST_ENV = 5,
	LIST_TAG,
	LIST_ARCHIVED,
	LIST_SUMMARY
};

const Field list_flags_fields[] = {
	PROJECT_KEY_FIELD,
	[LIST_LIMIT] = PAGE_FIELDS,
	[LIST_ENV] = ENV_FIELD,
	[LIST_TAG] = FIELD("tag", "tag", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, .max = 4096),
	[LIST_ARCHIVED] = FIELD("archived", "archived", FIELD_BOOLEAN, .place = IN_QUERY),
	[LIST_SUMMARY] =
		FIELD("summary", "summary", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "true"),
	EXPAND_FIELD,
	FIELDS_END};

/* The terms of filter that are for flags alone, in the order of their parameters. */
enum
{
	TERM_STATE,
	TERM_TYPE,
	TERM_MAINTAINER,
	TERM_SDK_AVAILABILITY,
	TERM_HAS_EXPERIMENT,
	TERM_ARCHIVED,
	TERM_CREATION_DATE
};

#define LIVE	   "live"
#define DEPRECATED "deprecated"
#define ARCHIVED   "archived"
#define UNARCHIVED "unarchived"

static const char *const states[] = {LIVE, DEPRECATED, ARCHIVED, NULL};
static const char *const types[] = {"temporary", "permanent", NULL};
static const char *const availabilities[] = {"client", "mobile", "anyClient", "server", NULL};
static const char *const booleans[] = {"true", "false", NULL};

static const PageTerm flag_terms[] = {
	[TERM_STATE] = {"state", "filter_state", states},
	[TERM_TYPE] = {"type", "filter_type", types},
	[TERM_MAINTAINER] = {"maintainerId", "filter_maintainer", NULL},
	[TERM_SDK_AVAILABILITY] = {"sdkAvailability", "filter_availability", availabilities},
	[TERM_HAS_EXPERIMENT] = {"hasExperiment", "filter_experiment", booleans},
	[TERM_ARCHIVED] = {"archived", "filter_archived", booleans},
	[TERM_CREATION_DATE] = {"creationDate", "filter_creation", NULL},
	{NULL}};

#define TARGETING_MODIFIED "targetingModifiedDate"

STATEMENT(find_flag,
		  "SELECT " FLAG_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.flag f"
		  " ON f.account_id = p.account_id AND f.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3");

STATEMENT(find_environments,
		  "SELECT e.key FROM flagplane_data.project p JOIN flagplane_data.environment e"
		  " ON e.account_id = p.account_id AND e.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND e.key = ANY ($3)");

#define LISTED_FLAGS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"   \
	" WHERE p.account_id = :account_id AND p.key = :project_key" PAGE_FILTERED("f") FLAG_TERMS

#define FLAG_TERMS                                                                                \
	" AND f.archived = (:state = '" ARCHIVED "')"                                                 \
	" AND (:state NOT IN ('" LIVE "', '" DEPRECATED "') OR f.deprecated = (:state = '" DEPRECATED \
	"')) AND (:tag IS NULL OR f.tags::text[] @> string_to_array(:tag, ','))"                      \
	" AND (:filter_type IS NULL OR f.temporary = (:filter_type = 'temporary'))"                   \
	" AND (:filter_maintainer IS NULL OR f.maintainer_id = :filter_maintainer)"                   \
	" AND CASE :filter_availability WHEN 'client' THEN f.using_environment_id WHEN 'mobile'"      \
	" THEN f.using_mobile_key WHEN 'anyClient' THEN f.using_environment_id OR"                    \
	" f.using_mobile_key WHEN 'server' THEN NOT (f.using_environment_id OR f.using_mobile_key)"   \
	" ELSE true END AND (:filter_experiment IS NULL OR (:filter_experiment = 'true') = EXISTS"    \
	" (SELECT 1 FROM flagplane_data.experiment x WHERE x.account_id = f.account_id"               \
	" AND x.flag_id = f.id AND x.archived_at IS NULL))"                                           \
	" AND (:created_before IS NULL OR f.created_at < :created_before)"

#define FLAG_WORD                                                                            \
	" WHEN 'key' THEN f.key::text WHEN 'maintainerId' THEN f.maintainer_id::text"            \
	" WHEN 'tags' THEN f.tags::text WHEN 'type' THEN CASE WHEN f.temporary THEN 'temporary'" \
	" ELSE 'permanent' END END"

#define FLAGS_SORTED(sort)    \
	PAGE_SORTED_BY("f", sort) \
	" CASE " sort FLAG_WORD ", CASE substr(" sort ", 2)" FLAG_WORD " DESC NULLS LAST,"

/* Of targeting in the first of the environments that are wanted. */
#define TARGETING_MODIFIED_AT                                                             \
	" THEN (SELECT c.last_modified FROM flagplane_data.flag_environment c"                \
	" JOIN flagplane_data.environment e ON e.account_id = c.account_id"                   \
	" AND e.id = c.environment_id WHERE c.account_id = f.account_id AND c.flag_id = f.id" \
	" AND e.key = split_part(:env, ',', 1)) END"

STATEMENT(list_flags,
		  "SELECT " FLAG_COLUMNS LISTED_FLAGS " ORDER BY " FLAGS_SORTED(":sort1")
			  FLAGS_SORTED(":sort2")
				  FLAGS_SORTED(":sort3") " CASE :sort1 WHEN '" TARGETING_MODIFIED
										 "'" TARGETING_MODIFIED_AT
										 ", CASE :sort1 WHEN '-" TARGETING_MODIFIED
										 "'" TARGETING_MODIFIED_AT
										 " DESC, f.created_at, f.key LIMIT :limit OFFSET :offset");

STATEMENT(count_flags, "SELECT count(*)" LISTED_FLAGS);

/*
 * flag_of_row reads the columns of FLAG_COLUMNS.
 */
Flag
flag_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Flag flag;

	row_read(rows, number, &row);
	flag.id = row.values[0];
	flag.key = row_string(&row, 1);
	flag.name = row_string(&row, 2);
	flag.description = row_string(&row, 3);
	flag.kind = row_string(&row, 4);
	flag.variations = row_jsonb(&row, 5);
	flag.temporary = row_boolean(&row, 6);
	flag.tags = row_array(&row, 7);
	flag.on_variation = row_integer(&row, 8);
	flag.off_variation = row_integer(&row, 9);
	flag.using_environment_id = row_boolean(&row, 10);
	flag.using_mobile_key = row_boolean(&row, 11);
	flag.custom_properties = row_jsonb(&row, 12);
	flag.archived = row_boolean(&row, 13);
	flag.version = row_integer(&row, 14);
	flag.created_at = row_time(&row, 15);
	flag.deprecated = row_boolean(&row, 16);
	flag.maintainer_id = row_string(&row, 17);
	return flag;
}

/*
 * write_flag writes the FeatureFlag with the configurations that were read of it.
 */
static void
write_flag(Request *request, const Flag *flag, const Configurations *configurations, int place)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);

	document_open(out, '{');
	document_string(out, "name", flag->name);
	document_string(out, "kind", flag->kind);
	document_string(out, "description", flag->description);
	document_string(out, "key", flag->key);
	document_integer(out, "_version", flag->version);
	document_milliseconds(out, "creationDate", flag->created_at);
	document_key(out, "clientSideAvailability");
	document_open(out, '{');
	document_boolean(out, "usingMobileKey", flag->using_mobile_key);
	document_boolean(out, "usingEnvironmentId", flag->using_environment_id);
	document_close(out, '}');
	document_raw(out, "variations", flag->variations);
	document_boolean(out, "temporary", flag->temporary);
	document_texts(out, "tags", flag->tags);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/flags/%s", project_key);
	document_link(out, "self", "/api/v2/flags/%s/%s", project_key, flag->key);
	document_close(out, '}');
	if (flag->maintainer_id)
		document_string(out, "maintainerId", flag->maintainer_id);
	document_raw(out, "experiments", "{\"baselineIdx\":0,\"items\":[]}");
	document_raw(out, "customProperties", flag->custom_properties);
	document_boolean(out, "archived", flag->archived);
	document_boolean(out, "deprecated", flag->deprecated);
	document_key(out, "defaults");
	document_open(out, '{');
	document_integer(out, "onVariation", flag->on_variation);
	document_integer(out, "offVariation", flag->off_variation);
	document_close(out, '}');
	configurations_document(request, flag, configurations, place);
	document_close(out, '}');
}

/*
 * flag_document writes the FeatureFlag with its configurations, those of the named
 * environments or all of them (NULL).
 */
void
flag_document(Request *request, const Flag *flag, ArrayType *environments)
{
	write_flag(request, flag, configurations_read(request, flag, 1, environments, false), 0);
}

/*
 * flag_target names the flag for the audit log.
 */
void
flag_target(Request *request, const Flag *flag)
{
	request_target(request, "proj/%s:env/*:flag/%s", request_string(request, PROJECT_KEY),
				   flag->key);
}

/*
 * flag_missing refuses a request about a flag that is not there.
 */
void
flag_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "flag \"%s\" does not exist", request_string(request, KEY));
}

/*
 * read_environments reads which environments' settings are wanted; NULL for all.
 * Refuses one that the project has not.
 */
static ArrayType *
read_environments(Request *request, int field)
{
	char *names = request_string(request, field);
	ArrayBuildState *built = NULL;
	List *wanted = NIL;
	ListCell *cell;
	ArrayType *keys;
	Params params = {0};
	Rows rows;
	char *rest = NULL;

	if (names == NULL)
		return NULL;
	for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
	{
		wanted = lappend(wanted, name);
		built = accumArrayResult(built, CStringGetTextDatum(name), false, TEXTOID,
								 CurrentMemoryContext);
	}
	if (wanted == NIL)
		return NULL;
	keys = DatumGetArrayTypeP(makeArrayResult(built, CurrentMemoryContext));

	params_bigint(&params, request->caller.account);
	params_text(&params, request_string(request, PROJECT_KEY));
	params_add(&params, TEXTARRAYOID, PointerGetDatum(keys), false);
	rows = statement_run(&find_environments, &params, request->mode);
	foreach (cell, wanted)
	{
		char *name = lfirst(cell);
		bool found = false;

		for (uint64 i = 0; i < rows.count && !found; i++)
		{
			Row row;

			row_read(&rows, i, &row);
			found = strcmp(row_string(&row, 0), name) == 0;
		}
		if (!found)
			request_violation(request, field, "holds an unknown environment key: %s", name);
	}
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
	return keys;
}

/*
 * do_get_flag answers with one flag.
 */
void
do_get_flag(Request *request)
{
	Rows rows = request_run(request, &find_flag);
	Flag flag;

	if (rows.count == 0)
		flag_missing(request);
	flag = flag_of_row(&rows, 0);
	flag_document(request, &flag, read_environments(request, ENV));
	request->version = flag.version;
	request->composed = true;
}

/*
 * term_value is the value of one of the terms for flags alone; NULL if it is not there.
 */
static char *
term_value(const Request *request, int first, int term)
{
	return request->params.nulls[first + term] == ' '
			   ? TextDatumGetCString(request->params.values[first + term])
			   : NULL;
}

/*
 * add_state adds the state that flags must have: that of filter=state, or archived or
 * not.  What says nothing of it is about flags that are not archived.
 */
static void
add_state(Request *request, int first)
{
	const char *state = term_value(request, first, TERM_STATE);
	const char *archived = term_value(request, first, TERM_ARCHIVED);

	if (request_given(request, LIST_ARCHIVED))
	{
		if (archived)
			request_violation(request, LIST_ARCHIVED, "is given twice");
		archived = request_boolean(request, LIST_ARCHIVED) ? "true" : "false";
	}
	if (state && archived)
		request_violation(request, LIST_FILTER, "cannot have state together with archived");
	if (state == NULL)
		state = archived && strcmp(archived, "true") == 0 ? ARCHIVED : UNARCHIVED;
	bind_text(&request->params, "state", state);
}

/*
 * read_before reads {"before": <Unix milliseconds>}.
 */
static void
read_before(void *state, char *name, const JsonValue *value)
{
	TimestampTz *before = state;
	int64 milliseconds;
	bool in_range;

	if (strcmp(name, "before") == 0 && json_read_integer(value, &milliseconds, &in_range) &&
		in_range && milliseconds >= 0 && milliseconds <= MILLISECONDS_MAX)
		*before = time_of_milliseconds(milliseconds);
}

/*
 * add_before adds the time before which flags must have been made, if there is one.
 */
static void
add_before(Request *request, int first)
{
	const char *text = term_value(request, first, TERM_CREATION_DATE);
	TimestampTz before = DT_NOBEGIN;

	if (text && (json_read_object(text, strlen(text), read_before, &before) != NULL ||
				 TIMESTAMP_IS_NOBEGIN(before)))
		request_violation(request, LIST_FILTER,
						  "must have as creationDate {\"before\": <Unix milliseconds>}");
	bind_time(&request->params, "created_before", before);
}

/*
 * check_targeting_sort holds a sort by the time at which targeting changed to its rules.
 */
static void
check_targeting_sort(Request *request)
{
	const char *sort = request_string(request, LIST_SORT);

	if (sort == NULL || strstr(sort, TARGETING_MODIFIED) == NULL || request->broken[LIST_SORT])
		return;
	if (!request_given(request, LIST_ENV))
		request_violation(request, LIST_SORT, "by %s needs env", TARGETING_MODIFIED);
	else if (strchr(sort, ','))
		request_violation(request, LIST_SORT, "by %s cannot be combined with another",
						  TARGETING_MODIFIED);
}

/*
 * check_list_flags reads filter and sort into parameters.
 */
void
check_list_flags(Request *request)
{
	static const char *const filters[] = {"query", "tags", NULL};
	static const char *const sorts[] = {"creationDate",		"createdOn", "key",
										"maintainerId",		"name",		 "tags",
										TARGETING_MODIFIED, "type",		 NULL};
	int first = page_check_terms(request, LIST_LIMIT, filters, flag_terms, sorts);

	add_state(request, first);
	add_before(request, first);
	check_targeting_sort(request);
}

/*
 * do_list_flags answers with a page of a project's flags, oldest first.
 */
void
do_list_flags(Request *request)
{
	StringInfo out = request->response;
	int64 total = page_total(request, &count_flags);
	Configurations *configurations;
	MemoryContext scratch; /* what the document of one flag takes */
	ArrayType *environments;
	Flag *flags;
	Rows rows;

	if (total == 0 && !project_exists(request))
		project_missing(request);
	environments = read_environments(request, LIST_ENV);
	rows = request_run(request, &list_flags);
	/* The page may end before the last of them: what is large in a row is not read yet. */
	flags = palloc0(sizeof(Flag) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		flags[i].id = row_get_datum(&row, "id");
	}
	configurations = configurations_read(request, flags, (int) rows.count, environments,
										 request_boolean(request, LIST_SUMMARY));
	scratch = AllocSetContextCreate(CurrentMemoryContext, "flag", ALLOCSET_DEFAULT_SIZES);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		MemoryContext outside = MemoryContextSwitchTo(scratch);
		Flag flag = flag_of_row(&rows, i);

		document_element(out);
		write_flag(request, &flag, configurations, (int) i);
		MemoryContextSwitchTo(outside);
		MemoryContextReset(scratch);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/flags/%s", request_string(request, PROJECT_KEY));
}
