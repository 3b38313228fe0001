/*
 * flag.c
 *	  Flags, as far as links, clones and layers need them: read, one or a page of
 *	  them, with their settings in the environments.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"

enum
{
	PROJECT_KEY,
	KEY,
	ENV
};

/* Keys of the environments whose settings are wanted, joined by commas. */
#define ENV_FIELD                                                                   \
	{                                                                               \
		"env", "env", FIELD_TEXT, IN_QUERY, false, RULE_LENGTH, 0, 8192, NULL, NULL \
	}

const Field get_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD, [KEY] = FLAG_KEY_FIELD, [ENV] = ENV_FIELD, FIELDS_END};

enum
{
	LIST_LIMIT = 1,
	LIST_ENV = 5
};

const Field list_flags_fields[] = {
	PROJECT_KEY_FIELD, [LIST_LIMIT] = PAGE_FIELDS, [LIST_ENV] = ENV_FIELD, FIELDS_END};

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
	" WHERE p.account_id = $1 AND p.key = $2" PAGE_FILTERED("f", "$8", "$9", "$10")

STATEMENT(list_flags, "SELECT " FLAG_COLUMNS LISTED_FLAGS " ORDER BY " PAGE_SORTED("f", "$11")
						  PAGE_SORTED("f", "$12")
							  PAGE_SORTED("f", "$13") "f.created_at, f.key LIMIT $3 OFFSET $4");

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
	write_flag(request, flag, configurations_read(request, flag, 1, environments), 0);
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
}

/*
 * check_list_flags reads filter and sort into $8 to $13.
 */
void
check_list_flags(Request *request)
{
	static const char *const filters[] = {"query", "tags", NULL};
	static const char *const sorts[] = {"createdOn", "name", NULL};

	page_check(request, LIST_LIMIT, filters, sorts);
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
	ArrayType *environments;
	Flag *flags;
	Rows rows;

	if (total == 0 && !project_exists(request))
		project_missing(request);
	environments = read_environments(request, LIST_ENV);
	rows = request_run(request, &list_flags);
	flags = palloc(sizeof(Flag) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
		flags[i] = flag_of_row(&rows, i);
	configurations = configurations_read(request, flags, (int) rows.count, environments);
	document_open_items(out);
	for (int i = 0; i < (int) rows.count; i++)
	{
		document_element(out);
		write_flag(request, &flags[i], configurations, i);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/flags/%s", request_string(request, PROJECT_KEY));
}
