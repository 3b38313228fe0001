/*
 * variations.c
 *	  The rules of a flag's variations, and of the defaults that name them by index.
 */
#include "resource/flag/flag.h"

#include "util/document.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "util/visible.h"
#include "utils/fmgrprotos.h"

static Jsonb *
variation_at(Jsonb *variations, uint32 index)
{
	return JsonbValueToJsonb(getIthJsonbValueFromContainer(&variations->root, index));
}

static char *
string_member(const Jsonb *object, const char *name)
{
	JsonbValue value;

	return jsonb_member(object, name, &value) ? jsonb_string(&value) : NULL;
}

/*
 * stored_member is a string of the variation that the flag has at an index; NULL if
 * there is none.  In a patch, request->state is the list of the variations before.
 */
static char *
stored_member(const Request *request, uint32 index, const char *name)
{
	Jsonb *stored = request->state;

	return stored && index < JB_ROOT_COUNT(stored)
			   ? string_member(variation_at(stored, index), name)
			   : NULL;
}

/*
 * write_text writes an optional member of a variation; false if it is not a string.
 */
static bool
write_text(StringInfo out, const Jsonb *variation, const char *name)
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
 * check_name refuses a name that RULE_NAME would refuse, unless it was stored before
 * that rule and has not changed.
 */
static bool
check_name(Request *request, int field, const Jsonb *variation, uint32 index)
{
	char *name = string_member(variation, "name");
	const char *problem = name ? visible_problem(name) : NULL;
	char *stored = problem ? stored_member(request, index, "name") : NULL;

	if (problem == NULL || (stored && strcmp(stored, name) == 0))
		return true;
	error_violation(&request->violations, psprintf("variations[%u].name", index), "%s", problem);
	request->broken[field] = true;
	return false;
}

/*
 * variation_id is the id of a variation: it stays the same, with the index, for one that
 * the flag has; a new one gets an id.  NULL if the ids do not match, which is then a violation.
 */
static const char *
variation_id(Request *request, int field, const Jsonb *variation, uint32 index)
{
	JsonbValue value;
	char *given = string_member(variation, "_id");
	char *stored = stored_member(request, index, "_id");

	if (stored && (given == NULL || strcmp(given, stored) != 0))
	{
		request_violation(request, field,
						  "must begin with the variations that are there, in their order");
		return NULL;
	}
	if (!stored && jsonb_member(variation, "_id", &value))
	{
		request_violation(request, field, "must not give a new variation an _id");
		return NULL;
	}
	return stored ? stored : uuid_text(random_uuid()->data);
}

/*
 * read_value reads the value of the variation at an index, and its hash.
 */
static bool
read_value(Request *request, int field, Jsonb *variation, uint32 index, Jsonb **values,
		   uint32 *hashes)
{
	static const char *const members[] = {"value", "name", "description", "_id", NULL};
	JsonbValue *value = NULL;

	if (JB_ROOT_IS_OBJECT(variation) && jsonb_unknown_key(variation, members) == NULL)
		value = getKeyJsonValueFromContainer(&variation->root, "value", strlen("value"), NULL);
	if (value == NULL)
	{
		request_violation(request, field,
						  "must hold objects with value, and at most name and description");
		return false;
	}
	values[index] = JsonbValueToJsonb(value);
	hashes[index] = DatumGetUInt32(DirectFunctionCall1(jsonb_hash, JsonbPGetDatum(values[index])));
	return true;
}

/*
 * is_different tells whether the value at an index differs from those before it.  Hashes
 * are compared first: large values that differ at their ends alone are slow to compare.
 */
static bool
is_different(uint32 index, Jsonb **values, const uint32 *hashes)
{
	for (uint32 i = 0; i < index; i++)
		if (hashes[i] == hashes[index] && jsonb_equal(values[i], values[index]))
			return false;
	return true;
}

/*
 * variation_values_problem tells what is wrong with a list of the values of variations; NULL if
 * nothing is.
 */
const char *
variation_values_problem(const Jsonb *list)
{
	uint32 count = jsonb_is_array(list) ? JB_ROOT_COUNT(list) : 0;
	Jsonb **values = palloc(sizeof(Jsonb *) * VARIATIONS_MAX);
	uint32 hashes[VARIATIONS_MAX];

	if (count < VARIATIONS_MIN || count > VARIATIONS_MAX)
		return psprintf("must be a list of %d to %d values", VARIATIONS_MIN, VARIATIONS_MAX);
	for (uint32 i = 0; i < count; i++)
	{
		values[i] = variation_at(unconstify(Jsonb *, list), i);
		hashes[i] = DatumGetUInt32(DirectFunctionCall1(jsonb_hash, JsonbPGetDatum(values[i])));
		if (!is_different(i, values, hashes))
			return psprintf("must be different values: number %u is among those before it", i);
	}
	return NULL;
}

/*
 * variations_read writes the variations that a field gives as they are stored, each with
 * an id, and returns their number; -1 if they break a rule, which is then a violation.
 */
int
variations_read(Request *request, int field, StringInfo out)
{
	Jsonb *list = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	uint32 count = JB_ROOT_COUNT(list);
	Jsonb **values;
	uint32 *hashes;

	if (!jsonb_is_array(list) || count < VARIATIONS_MIN || count > VARIATIONS_MAX)
	{
		request_violation(request, field, "must be a list of %d to %d variations", VARIATIONS_MIN,
						  VARIATIONS_MAX);
		return -1;
	}
	values = palloc(sizeof(Jsonb *) * count);
	hashes = palloc(sizeof(uint32) * count);
	document_open(out, '[');
	for (uint32 i = 0; i < count; i++)
	{
		Jsonb *variation = variation_at(list, i);
		const char *id;

		if (!read_value(request, field, variation, i, values, hashes) ||
			!check_name(request, field, variation, i))
			return -1;
		if (!is_different(i, values, hashes))
		{
			request_violation(request, field, "must have different values");
			return -1;
		}
		id = variation_id(request, field, variation, i);
		if (id == NULL)
			return -1;
		document_element(out);
		document_open(out, '{');
		document_string(out, "_id", id);
		document_raw(out, "value", jsonb_text(values[i]));
		if (!write_text(out, variation, "name") || !write_text(out, variation, "description"))
		{
			request_violation(request, field, "must have strings as name and description");
			return -1;
		}
		document_close(out, '}');
	}
	document_close(out, ']');
	return count;
}

/*
 * variations_write_boolean writes the variations of a flag that was given none.
 */
void
variations_write_boolean(StringInfo out)
{
	appendStringInfo(out, "[{\"_id\":\"%s\",\"value\":true},{\"_id\":\"%s\",\"value\":false}]",
					 uuid_text(random_uuid()->data), uuid_text(random_uuid()->data));
}

/*
 * variations_are_boolean tells whether the values of a field's variations, which differ
 * from each other, are true and false.
 */
bool
variations_are_boolean(const Request *request, int field)
{
	Jsonb *list = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);

	if (JB_ROOT_COUNT(list) != 2)
		return false;
	for (int i = 0; i < 2; i++)
	{
		JsonbValue value;

		if (!jsonb_member(variation_at(list, i), "value", &value) || value.type != jbvBool)
			return false;
	}
	return true;
}

/*
 * default_variation reads a member of the field defaults: the index of one of count
 * variations.  Without defaults it is otherwise.
 */
int
default_variation(Request *request, int field, const char *name, int count, int otherwise)
{
	int32 index = otherwise;
	JsonbValue value;

	if (!request_given(request, field) || request->broken[field])
		return index;
	if (!jsonb_member(DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]), name, &value) ||
		!jsonb_integer(&value, &index) || index < 0 || index >= count)
		request_violation(request, field, "must have the index of a variation as %s", name);
	return index;
}

/*
 * variations_copy is a list of variations with new ids, for another flag.
 */
Jsonb *
variations_copy(Jsonb *variations)
{
	JsonbValue copy = tree_of_jsonb(variations);

	for (int i = 0; i < copy.val.array.nElems; i++)
		tree_set_member(&copy.val.array.elems[i], "_id", strlen("_id"),
						tree_string(uuid_text(random_uuid()->data)));
	return JsonbValueToJsonb(&copy);
}
