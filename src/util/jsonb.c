/*
 * jsonb.c
 *	  Documents as PostgreSQL keeps them: typed verbs over its jsonb.
 */
#include "util/jsonb.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * jsonb_of_text reads JSON that is known to be good.
 */
Jsonb *
jsonb_of_text(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/*
 * jsonb_text is a document as JSON text.
 */
char *
jsonb_text(const Jsonb *document)
{
	return JsonbToCString(NULL, unconstify(JsonbContainer *, &document->root), VARSIZE(document));
}

/*
 * jsonb_append appends a document as JSON text.
 */
void
jsonb_append(StringInfo out, const Jsonb *document)
{
	(void) JsonbToCString(out, unconstify(JsonbContainer *, &document->root), VARSIZE(document));
}

/*
 * jsonb_is_array tells a list from a scalar, which jsonb keeps as an array of one.
 */
bool
jsonb_is_array(const Jsonb *document)
{
	return JB_ROOT_IS_ARRAY(document) && !JB_ROOT_IS_SCALAR(document);
}

/*
 * jsonb_equal tells whether two documents say the same.
 */
bool
jsonb_equal(const Jsonb *a, const Jsonb *b)
{
	return compareJsonbContainers(unconstify(JsonbContainer *, &a->root),
								  unconstify(JsonbContainer *, &b->root)) == 0;
}

/*
 * jsonb_member finds a member of an object; false if it has none of that name,
 * or a null, or is no object.
 */
bool
jsonb_member(const Jsonb *object, const char *name, JsonbValue *value)
{
	return JB_ROOT_IS_OBJECT(object) &&
		   getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &object->root), name,
										strlen(name), value) != NULL &&
		   value->type != jbvNull;
}

/*
 * jsonb_member_of is a member of an object as a document of its own; NULL if
 * jsonb_member finds none.
 */
Jsonb *
jsonb_member_of(const Jsonb *object, const char *name)
{
	JsonbValue value;

	return jsonb_member(object, name, &value) ? JsonbValueToJsonb(&value) : NULL;
}

/*
 * jsonb_unknown_key names a member of an object that is not among the known ones;
 * NULL if there is none.
 */
char *
jsonb_unknown_key(const Jsonb *object, const char *const *known)
{
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &object->root));
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		char *name = jsonb_string(&value);
		bool found = false;

		for (int i = 0; known[i] && !found; i++)
			found = strcmp(known[i], name) == 0;
		if (!found)
			return name;
		(void) JsonbIteratorNext(&iterator, &value, true);
	}
	return NULL;
}

/*
 * jsonb_integer reads a whole number of 32 bits; false if the value is none.
 */
bool
jsonb_integer(const JsonbValue *value, int32 *integer)
{
	char *text;
	char *end;
	long number;

	if (value->type != jbvNumeric)
		return false;
	text = numeric_normalize(value->val.numeric);
	errno = 0;
	number = strtol(text, &end, 10);
	if (*end != '\0' || errno != 0 || number < PG_INT32_MIN || number > PG_INT32_MAX)
		return false;
	*integer = (int32) number;
	return true;
}

/*
 * jsonb_string reads a string; NULL if the value is none.
 */
char *
jsonb_string(const JsonbValue *value)
{
	return value->type == jbvString ? pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}
