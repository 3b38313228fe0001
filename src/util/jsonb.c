/*
 * jsonb.c
 *	  Documents as jsonb: typed functions over PostgreSQL's own.
 */
#include "util/jsonb.h"

#include "util/json.h"

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
 * jsonb_is_array tells a list from a scalar, which jsonb stores as an array of one.
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

/*
 * escaped_length is how many bytes a string has in JSON, its quotes included.
 */
static int64
escaped_length(const JsonbValue *string)
{
	int64 length = string->val.string.len + 2;

	for (int i = 0; i < string->val.string.len; i++)
	{
		unsigned char c = string->val.string.val[i];

		if (c == '"' || c == '\\' || (c != 0 && c < ' ' && strchr("\b\f\n\r\t", c)))
			length++;
		else if (c < ' ')
			length += 5;
	}
	return length;
}

/*
 * scalar_length is how many bytes a scalar has in JSON; -1 for a number beyond the
 * limits.
 */
static int64
scalar_length(const JsonbValue *scalar)
{
	char *number;

	switch (scalar->type)
	{
		case jbvString:
			return escaped_length(scalar);
		case jbvNumeric:
			number = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(scalar->val.numeric)));
			if (strlen(number) > JSON_NUMBER_MAX || !json_number_is_finite(number))
				return -1;
			return strlen(number);
		default:
			return strlen("false");
	}
}

/*
 * jsonb_limit_problem tells which of the limits of JSON a document breaks that is
 * nested in a body at a depth, 0 for a body of its own; NULL if it breaks none.  Its
 * size is counted without white space; it has none if bytes_max is 0.
 */
char *
jsonb_limit_problem(Jsonb *document, int depth, int64 bytes_max)
{
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue value;
	int64 bytes = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		int64 length = 1;

		if (token == WJB_KEY)
			length += escaped_length(&value);
		else if (token == WJB_ELEM || token == WJB_VALUE)
		{
			length = scalar_length(&value);
			if (length < 0)
				return psprintf("holds a number that is no finite double, or has more than %d "
								"characters without an exponent",
								JSON_NUMBER_MAX);
			length++;
		}
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if (token == WJB_BEGIN_OBJECT || !value.val.array.rawScalar)
			depth++;
		if (depth > JSON_DEPTH_MAX)
			return psprintf("is nested too deeply: a request may be nested %d deep",
							JSON_DEPTH_MAX);
		bytes += length;
		if (bytes_max > 0 && bytes > bytes_max)
			return psprintf("is larger than %d MiB in JSON", (int) (bytes_max / (1024 * 1024)));
	}
	return NULL;
}
