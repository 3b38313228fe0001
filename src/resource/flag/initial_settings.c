/*
 * initial_settings.c
 *	  What a new flag begins with: another flag's settings, and the flags that it
 *	  needs from the start.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/json_patch.h"
#include "utils/uuid.h"

/* The flag that is cloned stays as it is until its settings are copied. */
STATEMENT(find_source, "SELECT s.id, s.variations"
					   " FROM flagplane_data.project p JOIN flagplane_data.flag s"
					   " ON s.account_id = p.account_id AND s.project_id = p.id"
					   " WHERE p.account_id = $1 AND p.key = $2 AND s.key = $3 FOR SHARE OF s");

/* Each of the prerequisites $3, and the index of the variation that it names. */
STATEMENT(find_prerequisites,
		  "SELECT q.item->>'key', (SELECT v.place::integer - 1 FROM flagplane_data.project p"
		  " JOIN flagplane_data.flag f ON f.account_id = p.account_id AND f.project_id = p.id"
		  " CROSS JOIN LATERAL jsonb_array_elements(f.variations)"
		  " WITH ORDINALITY v(item, place) WHERE p.account_id = $1 AND p.key = $2"
		  " AND f.key = q.item->>'key' AND v.item->>'_id' = q.item->>'variationId')"
		  " FROM jsonb_array_elements($3) WITH ORDINALITY q(item, place) ORDER BY q.place");

/*
 * in_project starts the parameters of a statement about the request's project.
 */
static void
in_project(const Request *request, Params *params)
{
	params_bigint(params, request->caller.account);
	params_text(params, request_string(request, 0));
}

/*
 * highest_index is the greatest of an object's members, which are whole numbers.
 */
static int32
highest_index(Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue value;
	JsonbIteratorToken token;
	int32 highest = 0;
	int32 index;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_VALUE && jsonb_integer(&value, &index))
			highest = Max(highest, index);
	return highest;
}

/*
 * with_new_ids is a list of variations with other ids.
 */
static Jsonb *
with_new_ids(Jsonb *variations)
{
	StringInfoData out;

	initStringInfo(&out);
	document_open(&out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(variations); i++)
	{
		Jsonb *variation = JsonbValueToJsonb(getIthJsonbValueFromContainer(&variations->root, i));
		char *id = psprintf("{\"_id\":\"%s\"}", uuid_text(random_uuid()->data));

		variation = json_merge_patch(variation, jsonb_of_text(id));
		document_element(&out);
		(void) JsonbToCString(&out, &variation->root, VARSIZE(variation));
	}
	document_close(&out, ']');
	return jsonb_of_text(out.data);
}

/*
 * flag_source finds the flag that a field says to clone, if it says any.  Since its
 * settings name variations by their places, the new flag must have as many.
 */
void
flag_source(Request *request, FlagBeginning *beginning, int clone, int variations, int defaults)
{
	Params params = {0};
	Rows rows;
	Row row;
	int32 count;

	if (!request_given(request, clone))
		return;
	in_project(request, &params);
	params_text(&params, request_string(request, clone));
	rows = statement_run(&find_source, &params, STATEMENT_WRITE);
	if (rows.count == 0)
	{
		request_violation(request, clone, "names a flag that does not exist");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	row_read(&rows, 0, &row);
	beginning->source = row.values[0];
	beginning->variations = with_new_ids(DatumGetJsonbP(row.values[1]));
	count = JB_ROOT_COUNT(beginning->variations);
	if (request_given(request, variations) &&
		JB_ROOT_COUNT(DatumGetJsonbP(request->params.values[FIELD_PARAM(variations)])) !=
			(uint32) count)
		request_violation(request, variations, "must be %d, as many as those of the flag to clone",
						  count);
	else if (request_given(request, defaults) &&
			 highest_index(DatumGetJsonbP(request->params.values[FIELD_PARAM(defaults)])) >= count)
		request_violation(request, defaults, "must have indexes of the variations, which are %d",
						  count);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * initial_prerequisites_check holds a field to being a list of {key, variationId}.
 */
void
initial_prerequisites_check(Request *request, int field)
{
	static const char *const members[] = {"key", "variationId", NULL};
	Jsonb *list;

	if (!request_given(request, field) || request->broken[field])
		return;
	list = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	if (!jsonb_is_array(list))
	{
		request_violation(request, field, "must be a list");
		return;
	}
	for (uint32 i = 0; i < JB_ROOT_COUNT(list) && !request->broken[field]; i++)
	{
		Jsonb *item = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		JsonbValue key;
		JsonbValue variation;

		if (!JB_ROOT_IS_OBJECT(item) || jsonb_unknown_key(item, members) != NULL ||
			!jsonb_member(item, "key", &key) || key.type != jbvString ||
			!jsonb_member(item, "variationId", &variation) || variation.type != jbvString)
			request_violation(request, field, "must hold objects with key and variationId");
	}
}

/*
 * initial_prerequisites is what a flag needs from the start, as settings hold it:
 * each flag with the place of the variation that the field names by its id.  NULL
 * if the field is absent.
 */
Jsonb *
initial_prerequisites(Request *request, int field)
{
	Params params = {0};
	StringInfoData out;
	Rows rows;

	if (!request_given(request, field))
		return NULL;
	in_project(request, &params);
	params_add(&params, JSONBOID, request->params.values[FIELD_PARAM(field)], false);
	rows = statement_run(&find_prerequisites, &params, STATEMENT_WRITE);
	initStringInfo(&out);
	document_open(&out, '[');
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		if (row.nulls[1])
		{
			request_violation(request, field,
							  "name flag %s, which is not there or has no such variation",
							  row_string(&row, 0));
			error_raise_violations(ERR_INVALID, &request->violations);
		}
		document_element(&out);
		document_open(&out, '{');
		document_string(&out, "key", row_string(&row, 0));
		document_integer(&out, "variation", row_integer(&row, 1));
		document_close(&out, '}');
	}
	document_close(&out, ']');
	if (out.len > JSON_BYTES_MAX)
	{
		request_violation(request, field, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return jsonb_of_text(out.data);
}
