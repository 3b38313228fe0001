/*
 * flag_list.c
 *	  A page of a project's flags: what they can be filtered and sorted by.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "util/document.h"
#include "util/json.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

enum
{
	PROJECT_KEY,
	LIMIT,
	FILTER = 3,
	SORT,
	ENV,
	TAG,
	ARCHIVED,
	SUMMARY
};

const Field list_flags_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[LIMIT] = PAGE_FIELDS,
	[ENV] = ENV_FIELD,
	[TAG] = FIELD("tag", "tag", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, .max = 4096),
	[ARCHIVED] = FIELD("archived", "archived", FIELD_BOOLEAN, .place = IN_QUERY),
	[SUMMARY] = FIELD("summary", "summary", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "true"),
	FLAG_EXPAND_FIELD,
	FIELDS_END};

/* The terms of filter that only flags have, in the order of their parameters. */
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

#define STATE_LIVE		 "live"
#define STATE_DEPRECATED "deprecated"
#define STATE_ARCHIVED	 "archived"
#define STATE_UNARCHIVED "unarchived"

static const char *const states[] = {STATE_LIVE, STATE_DEPRECATED, STATE_ARCHIVED, NULL};
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

#define FLAG_TERMS                                                                         \
	" AND f.archived = (:state = '" STATE_ARCHIVED "')"                                    \
	" AND (:state NOT IN ('" STATE_LIVE "', '" STATE_DEPRECATED "')"                       \
	" OR f.deprecated = (:state = '" STATE_DEPRECATED "'))"                                \
	" AND (:tag IS NULL OR f.tags::text[] @> string_to_array(:tag, ','))"                  \
	" AND (:filter_type IS NULL OR f.temporary = (:filter_type = 'temporary'))"            \
	" AND (:filter_maintainer IS NULL OR f.maintainer_id = :filter_maintainer)"            \
	" AND CASE :filter_availability WHEN 'client' THEN f.using_environment_id"             \
	" WHEN 'mobile' THEN f.using_mobile_key"                                               \
	" WHEN 'anyClient' THEN f.using_environment_id OR f.using_mobile_key"                  \
	" WHEN 'server' THEN NOT (f.using_environment_id OR f.using_mobile_key) ELSE true END" \
	" AND (:filter_experiment IS NULL OR (:filter_experiment = 'true') = EXISTS"           \
	" (SELECT 1 FROM flagplane_data.experiment x WHERE x.account_id = :account_id"         \
	" AND x.flag_id = f.id AND x.archived_at IS NULL))"                                    \
	" AND (:created_before IS NULL OR f.created_at < :created_before)"

#define LISTED_FLAGS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"   \
	" WHERE p.account_id = :account_id AND p.key = :project_key" PAGE_FILTERED("f") FLAG_TERMS

#define FLAG_WORD                                                                            \
	" WHEN 'key' THEN f.key::text WHEN 'maintainerId' THEN f.maintainer_id::text"            \
	" WHEN 'tags' THEN f.tags::text WHEN 'type' THEN CASE WHEN f.temporary THEN 'temporary'" \
	" ELSE 'permanent' END END"

#define FLAGS_SORTED(sort)    \
	PAGE_SORTED_BY("f", sort) \
	" CASE " sort FLAG_WORD ", CASE substr(" sort ", 2)" FLAG_WORD " DESC NULLS LAST,"

/* When the settings in the first of the environments in env were changed. */
#define TARGETING_MODIFIED_AT                                                            \
	" THEN (SELECT c.last_modified FROM flagplane_data.flag_environment c"               \
	" JOIN flagplane_data.environment e ON e.account_id = c.account_id"                  \
	" AND e.id = c.environment_id WHERE c.account_id = :account_id AND c.flag_id = f.id" \
	" AND e.key = split_part(:env, ',', 1)) END"

/* Most requests ask for no order: to compare by what is NULL anyway would take most of the sort. */
STATEMENT(list_flags,
		  "SELECT " FLAG_COLUMNS LISTED_FLAGS " ORDER BY f.created_at, f.key LIMIT :limit OFFSET "
		  ":offset");

STATEMENT(list_sorted_flags,
		  "SELECT " FLAG_COLUMNS LISTED_FLAGS " ORDER BY " FLAGS_SORTED(":sort1")
			  FLAGS_SORTED(":sort2")
				  FLAGS_SORTED(":sort3") " CASE :sort1 WHEN '" TARGETING_MODIFIED
										 "'" TARGETING_MODIFIED_AT ","
										 " CASE :sort1 WHEN '-" TARGETING_MODIFIED
										 "'" TARGETING_MODIFIED_AT " DESC,"
										 " f.created_at, f.key LIMIT :limit OFFSET :offset");

STATEMENT(count_flags, "SELECT count(*)" LISTED_FLAGS);

/*
 * term_value is the value of one of the flag_terms; NULL if it is absent.
 */
static char *
term_value(const Request *request, int term)
{
	return bound_text(&request->params, flag_terms[term].parameter);
}

/*
 * bind_state binds the state that flags must have: that of filter=state, or archived or
 * not.  A request that says neither is about flags that are not archived.
 */
static void
bind_state(Request *request)
{
	const char *state = term_value(request, TERM_STATE);
	const char *archived = term_value(request, TERM_ARCHIVED);

	if (request_given(request, ARCHIVED))
	{
		if (archived)
			request_violation(request, ARCHIVED, "is given twice");
		archived = request_boolean(request, ARCHIVED) ? "true" : "false";
	}
	if (state && archived)
		request_violation(request, FILTER, "cannot have state together with archived");
	if (state == NULL)
		state = archived && strcmp(archived, "true") == 0 ? STATE_ARCHIVED : STATE_UNARCHIVED;
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
 * bind_created_before binds the time before which flags must have been created; NULL if
 * there is none.
 */
static void
bind_created_before(Request *request)
{
	const char *text = term_value(request, TERM_CREATION_DATE);
	TimestampTz before = DT_NOBEGIN;

	if (text && (json_read_object(text, strlen(text), read_before, &before) != NULL ||
				 TIMESTAMP_IS_NOBEGIN(before)))
		request_violation(request, FILTER,
						  "must have as creationDate {\"before\": <Unix milliseconds>}");
	bind_time(&request->params, "created_before", before);
}

/*
 * check_targeting_sort checks a sort by the time at which targeting changed.
 */
static void
check_targeting_sort(Request *request)
{
	const char *sort = request_string(request, SORT);

	if (sort == NULL || strstr(sort, TARGETING_MODIFIED) == NULL || request->broken[SORT])
		return;
	if (!request_given(request, ENV))
		request_violation(request, SORT, "by %s needs env", TARGETING_MODIFIED);
	else if (strchr(sort, ','))
		request_violation(request, SORT, "by %s cannot be combined with another",
						  TARGETING_MODIFIED);
}

void
check_list_flags(Request *request)
{
	static const char *const filters[] = {"query", "tags", NULL};
	static const char *const sorts[] = {"creationDate",		"createdOn", "key",
										"maintainerId",		"name",		 "tags",
										TARGETING_MODIFIED, "type",		 NULL};

	page_check_terms(request, LIMIT, filters, flag_terms, sorts);

	bind_state(request);
	bind_created_before(request);
	check_targeting_sort(request);
}

/*
 * do_list_flags returns a page of a project's flags, oldest first.
 */
void
do_list_flags(Request *request)
{
	StringInfo out = request->response;
	int64 total = page_total(request, &count_flags);
	Configurations *configurations;
	MemoryContext scratch; /* for the document of one flag */
	ArrayType *environments;
	Flag *flags;
	Rows rows;

	if (total == 0 && !project_exists(request))
		project_missing(request);
	environments = flag_environments(request, ENV);
	rows = request_run(request, request_given(request, SORT) ? &list_sorted_flags : &list_flags);
	/* The page may end before the last of them: only the small columns are read here. */
	flags = palloc0(sizeof(Flag) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		flags[i].id = row_get_datum(&row, "id");
	}
	configurations = configurations_read(request, flags, (int) rows.count, environments,
										 request_boolean(request, SUMMARY));
	scratch = AllocSetContextCreate(CurrentMemoryContext, "flag", ALLOCSET_DEFAULT_SIZES);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		MemoryContext outside = MemoryContextSwitchTo(scratch);
		Flag flag = flag_of_row(&rows, i);

		document_element(out);
		flag_document(request, &flag, configurations, (int) i);
		MemoryContextSwitchTo(outside);
		MemoryContextReset(scratch);
	}
	document_close(out, ']');
	page_end(request, LIMIT, total, "/api/v2/flags/%s", request_string(request, PROJECT_KEY));
}
