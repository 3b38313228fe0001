/*
 * flag.c
 *	  Flags, as far as links, clones and layers need them: their variations, and
 *	  their settings in every environment.
 */
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "ground/document.h"
#include "ground/json.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define VARIATIONS_MIN 2
#define VARIATIONS_MAX 256

#define FLAG_COLUMNS                                                                 \
	"f.id, f.key, f.name, f.description, f.kind, f.variations, f.temporary, f.tags," \
	" f.on_variation, f.off_variation, f.archived, f.version, f.created_at"

typedef struct Flag
{
	Datum id;
	char *key;
	char *name;
	char *description;
	char *kind; /* boolean or multivariate */
	char *variations;
	bool temporary;
	ArrayType *tags;
	int32 on_variation;
	int32 off_variation;
	bool archived;
	int32 version;
	TimestampTz created_at;
} Flag;

enum
{
	PROJECT_KEY,
	KEY,
	NAME,
	DESCRIPTION,
	VARIATIONS,
	TEMPORARY,
	TAGS,
	DEFAULTS,
	IS_FLAG_ON
};

const Field create_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = {"key", "key", FIELD_TEXT, IN_BODY, true, RULE_KEY, 1, KEY_MAX, NULL, NULL},
	[NAME] = {"name", "name", FIELD_TEXT, IN_BODY, true, RULE_LENGTH, 1, NAME_MAX_CHARS, NULL,
			  NULL},
	[DESCRIPTION] = {"description", "description", FIELD_TEXT, IN_BODY, false, RULE_LENGTH, 0,
					 DESCRIPTION_MAX, NULL, NULL},
	[VARIATIONS] = {"variations", "variations", FIELD_JSON, IN_BODY, false, RULE_NONE, 0, 0, NULL,
					NULL},
	[TEMPORARY] = {"temporary", "temporary", FIELD_BOOLEAN, IN_BODY, false, RULE_NONE, 0, 0, NULL,
				   NULL},
	[TAGS] = {"tags", "tags", FIELD_TEXTS, IN_BODY, false, RULE_TAGS, 0, 0, NULL, NULL},
	[DEFAULTS] = {"defaults", "defaults", FIELD_JSON, IN_BODY, false, RULE_OBJECT, 0, 0, NULL,
				  NULL},
	[IS_FLAG_ON] = {"is_flag_on", "isFlagOn", FIELD_BOOLEAN, IN_BODY, false, RULE_NONE, 0, 0, NULL,
					NULL},
	FIELDS_END};

const Field get_flag_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, FIELDS_END};

const Field delete_flag_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, FIELDS_END};

enum
{
	LIST_LIMIT = 1
};

const Field list_flags_fields[] = {PROJECT_KEY_FIELD, PAGE_FIELDS, FIELDS_END};

/* The project is locked against environments being made; see insert_environment. */
STATEMENT(lock_project, "SELECT p.naming_convention FROM flagplane_data.project p"
						" WHERE p.account_id = $1 AND p.key = $2 FOR NO KEY UPDATE");

STATEMENT(insert_flag,
		  "INSERT INTO flagplane_data.flag AS f"
		  " (account_id, id, project_id, key, name, description, kind, variations, temporary,"
		  " tags, on_variation, off_variation, archived, version, created_at)"
		  " SELECT $1, $15, p.id, $3, $4, coalesce($5, ''), $12, $11, coalesce($7, true),"
		  " coalesce($8, '{}'), $13, $14, false, 1, $16"
		  " FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2"
		  " ON CONFLICT DO NOTHING RETURNING " FLAG_COLUMNS);

STATEMENT(find_flag,
		  "SELECT " FLAG_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.flag f"
		  " ON f.account_id = p.account_id AND f.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3");

STATEMENT(find_dependent,
		  "SELECT f.key FROM flagplane_data.project p JOIN flagplane_data.flag f"
		  " ON f.account_id = p.account_id AND f.project_id = p.id"
		  " JOIN flagplane_data.flag_environment c"
		  " ON c.account_id = f.account_id AND c.flag_id = f.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key <> $3"
		  " AND c.prerequisites @> jsonb_build_array(jsonb_build_object('key', $3)) LIMIT 1");

STATEMENT(delete_flag, "DELETE FROM flagplane_data.flag f USING flagplane_data.project p"
					   " WHERE p.account_id = $1 AND p.key = $2 AND f.account_id = p.account_id"
					   " AND f.project_id = p.id AND f.key = $3");

#define LISTED_FLAGS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"   \
	" WHERE p.account_id = $1 AND p.key = $2" PAGE_FILTERED("f", "$7", "$8", "$9")

STATEMENT(list_flags, "SELECT " FLAG_COLUMNS LISTED_FLAGS " ORDER BY " PAGE_SORTED("f", "$10")
						  PAGE_SORTED("f", "$11")
							  PAGE_SORTED("f", "$12") "f.created_at, f.key LIMIT $3 OFFSET $4");

STATEMENT(count_flags, "SELECT count(*)" LISTED_FLAGS);

/*
 * flag_of_row reads the columns of FLAG_COLUMNS.
 */
static Flag
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
	flag.archived = row_boolean(&row, 10);
	flag.version = row_integer(&row, 11);
	flag.created_at = row_time(&row, 12);
	return flag;
}

/*
 * flag_document writes the FeatureFlag with its configurations.
 */
static void
flag_document(Request *request, const Flag *flag)
{
	StringInfo out = request->answer;
	char *project_key = request_string(request, PROJECT_KEY);

	document_open(out, '{');
	document_string(out, "name", flag->name);
	document_string(out, "kind", flag->kind);
	document_string(out, "description", flag->description);
	document_string(out, "key", flag->key);
	document_integer(out, "_version", flag->version);
	document_milliseconds(out, "creationDate", flag->created_at);
	document_raw(out, "variations", flag->variations);
	document_boolean(out, "temporary", flag->temporary);
	document_texts(out, "tags", flag->tags);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/flags/%s", project_key);
	document_link(out, "self", "/api/v2/flags/%s/%s", project_key, flag->key);
	document_close(out, '}');
	document_raw(out, "experiments", "{\"baselineIdx\":0,\"items\":[]}");
	document_raw(out, "customProperties", "{}");
	document_boolean(out, "archived", flag->archived);
	document_key(out, "defaults");
	document_open(out, '{');
	document_integer(out, "onVariation", flag->on_variation);
	document_integer(out, "offVariation", flag->off_variation);
	document_close(out, '}');
	configurations_document(request, flag->id, flag->key, flag->archived);
	document_close(out, '}');
}

/*
 * variation_member writes an optional member of a variation; false if it is not
 * a string.
 */
static bool
variation_member(StringInfo out, const Jsonb *variation, const char *name)
{
	JsonbValue value;

	if (!jsonb_member(variation, name, &value))
		return true;
	if (value.type != jbvString)
		return false;
	document_string(out, name, jsonb_string(&value));
	return true;
}

/*
 * read_variations writes the variations as they are stored, each with an id of
 * its own, and counts them; -1 if they break a rule, which is then collected.
 */
static int
read_variations(Request *request, StringInfo out)
{
	static const char *const members[] = {"value", "name", "description", NULL};
	Jsonb *list = DatumGetJsonbP(request->params.values[FIELD_PARAM(VARIATIONS)]);
	uint32 count = JB_ROOT_COUNT(list);
	Jsonb **values;

	if (!JB_ROOT_IS_ARRAY(list) || JB_ROOT_IS_SCALAR(list) || count < VARIATIONS_MIN ||
		count > VARIATIONS_MAX)
	{
		request_violation(request, VARIATIONS, "must be a list of %d to %d variations",
						  VARIATIONS_MIN, VARIATIONS_MAX);
		return -1;
	}
	values = palloc(sizeof(Jsonb *) * count);
	document_open(out, '[');
	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&list->root, i);
		Jsonb *variation = JsonbValueToJsonb(element);
		JsonbValue *value = NULL;

		if (JB_ROOT_IS_OBJECT(variation) && jsonb_stranger(variation, members) == NULL)
			value = getKeyJsonValueFromContainer(&variation->root, "value", 5, NULL);
		if (value == NULL)
		{
			request_violation(request, VARIATIONS,
							  "must hold objects with value, and at most name and description");
			return -1;
		}
		values[i] = JsonbValueToJsonb(value);
		for (uint32 j = 0; j < i; j++)
			if (compareJsonbContainers(&values[i]->root, &values[j]->root) == 0)
			{
				request_violation(request, VARIATIONS, "must have different values");
				return -1;
			}
		document_element(out);
		document_open(out, '{');
		document_string(out, "_id", uuid_text(random_uuid()->data));
		document_raw(out, "value", JsonbToCString(NULL, &values[i]->root, VARSIZE(values[i])));
		if (!variation_member(out, variation, "name") ||
			!variation_member(out, variation, "description"))
		{
			request_violation(request, VARIATIONS, "must have strings as name and description");
			return -1;
		}
		document_close(out, '}');
	}
	document_close(out, ']');
	return count;
}

/*
 * default_variation reads a member of defaults: the index of a variation.
 */
static int
default_variation(Request *request, const char *name, int count, int otherwise)
{
	int32 index = otherwise;
	JsonbValue value;

	if (!request_given(request, DEFAULTS) || request->broken[DEFAULTS])
		return index;
	if (!jsonb_member(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)]), name,
					  &value) ||
		!jsonb_integer(&value, &index) || index < 0 || index >= count)
		request_violation(request, DEFAULTS, "must have the index of a variation as %s", name);
	return index;
}

/*
 * check_create_flag reads the variations and defaults into $11 to $14.
 */
void
check_create_flag(Request *request)
{
	static const char *const members[] = {"onVariation", "offVariation", NULL};
	StringInfoData variations;
	int count = 2;
	bool boolean = !request_given(request, VARIATIONS);
	char *stranger = NULL;

	initStringInfo(&variations);
	if (boolean)
		appendStringInfo(&variations,
						 "[{\"_id\":\"%s\",\"value\":true},{\"_id\":\"%s\",\"value\":false}]",
						 uuid_text(random_uuid()->data), uuid_text(random_uuid()->data));
	else if (!request->broken[VARIATIONS])
		count = read_variations(request, &variations);
	if (request->broken[VARIATIONS])
		return;
	if (!boolean && count == 2)
		boolean = strstr(variations.data, "\"value\":true") != NULL &&
				  strstr(variations.data, "\"value\":false") != NULL;

	if (request_given(request, DEFAULTS) && !request->broken[DEFAULTS])
		stranger =
			jsonb_stranger(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)]), members);
	if (stranger)
		request_violation(request, DEFAULTS, "has an unknown member %s", stranger);

	params_add(&request->params, JSONBOID,
			   DirectFunctionCall1(jsonb_in, CStringGetDatum(variations.data)), false);
	params_text(&request->params, boolean ? "boolean" : "multivariate");
	params_integer(&request->params, default_variation(request, "onVariation", count, 0));
	params_integer(&request->params, default_variation(request, "offVariation", count, count - 1));
}

/*
 * do_create_flag makes a flag with a configuration in every environment.
 */
void
do_create_flag(Request *request)
{
	char *project_key = request_string(request, PROJECT_KEY);
	Rows rows = request_run_first(request, &lock_project, 2);
	Row row;
	Flag flag;

	if (rows.count == 0)
		project_missing(request);
	row_read(&rows, 0, &row);
	naming_convention_hold(request, KEY, row_jsonb(&row, 0));
	params_add(&request->params, UUIDOID, UUIDPGetDatum(random_uuid()), false);
	params_time(&request->params, request->now);
	rows = request_run(request, &insert_flag);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "flag \"%s\" already exists", request_string(request, KEY));
	flag = flag_of_row(&rows, 0);

	flag_configure(request, flag.id, request_boolean(request, IS_FLAG_ON));
	flag_document(request, &flag);
	request_location(request, "/api/v2/flags/%s/%s", project_key, flag.key);
	request_target(request, "proj/%s:env/*:flag/%s", project_key, flag.key);
}

/*
 * flag_missing refuses a request about a flag that is not there.
 */
pg_noreturn static void
flag_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "flag \"%s\" does not exist", request_string(request, KEY));
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
	flag_document(request, &flag);
}

/*
 * do_delete_flag removes a flag with its settings and links; one that another
 * flag or an experiment needs first stays.
 */
void
do_delete_flag(Request *request)
{
	Rows rows;
	Row row;
	Flag flag;

	if (request_run_first(request, &lock_project, 2).count == 0)
		project_missing(request);
	rows = request_run(request, &find_flag);
	if (rows.count == 0)
		flag_missing(request);
	flag = flag_of_row(&rows, 0);
	flag_document(request, &flag);
	request_before(request);
	rows = request_run(request, &find_dependent);
	if (rows.count > 0)
	{
		row_read(&rows, 0, &row);
		error_raise(ERR_IN_USE, "flag \"%s\" is a prerequisite of flag \"%s\"", flag.key,
					row_string(&row, 0));
	}
	experiments_leave_flag(request, flag.id, flag.key);
	request_run(request, &delete_flag);
	request_target(request, "proj/%s:env/*:flag/%s", request_string(request, PROJECT_KEY),
				   flag.key);
}

/*
 * check_list_flags reads filter and sort into $7 to $12.
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
	StringInfo out = request->answer;
	Rows rows;
	Row row;
	int64 total;

	rows = request_run(request, &count_flags);
	row_read(&rows, 0, &row);
	total = row_bigint(&row, 0);
	if (total == 0 && !project_exists(request))
		project_missing(request);

	rows = request_run(request, &list_flags);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Flag flag = flag_of_row(&rows, i);

		document_element(out);
		flag_document(request, &flag);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/flags/%s", request_string(request, PROJECT_KEY));
}
