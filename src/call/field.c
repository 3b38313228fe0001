/*
 * field.c
 *	  Fields: filled from SQL arguments or from a REST request.
 *
 * Both ways end in the same parameters.  A value of the wrong type is collected
 * as a violation like a broken rule, so that one report names every bad field.
 */
#include "call/field.h"

#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#define PROJECT_PREFIX "prj_"

/* An unknown name is near a known one if at most one letter in so many differs. */
#define HINT_LETTERS 3

int
field_count(const Operation *operation)
{
	int count = 0;

	while (operation->fields[count].name)
		count++;
	return count;
}

/*
 * field_by_json_name finds a field by its JSON name; -1 if there is none.
 */
int
field_by_json_name(const Operation *operation, const char *json_name, FieldPlace place)
{
	const Field *fields = operation->fields;

	for (int i = 0; fields[i].name; i++)
		if (fields[i].place == place && strcmp(fields[i].json_name, json_name) == 0)
			return i;
	return -1;
}

/*
 * nearest_name finds the one of some names that an unknown one was perhaps meant to be;
 * NULL if none is near.
 */
const char *
nearest_name(const char *name, const char *const *names)
{
	const char *nearest = NULL;
	int length = strlen(name);
	int farthest = (length + 1) / HINT_LETTERS;
	int best = farthest + 1;

	if (length > NAMEDATALEN)
		return NULL;
	for (; *names; names++)
	{
		int distance = varstr_levenshtein_less_equal(name, length, *names, strlen(*names), 1, 1, 1,
													 farthest, true);

		if (distance < best)
		{
			best = distance;
			nearest = *names;
		}
	}
	return nearest;
}

/*
 * field_nearest finds the field of a place whose JSON name an unknown one was perhaps
 * meant to be; NULL if none is near.
 */
const char *
field_nearest(const Operation *operation, const char *name, FieldPlace place)
{
	const char *names[FIELDS_MAX + 1] = {NULL};
	int count = 0;

	for (int i = 0; operation->fields[i].name; i++)
		if (operation->fields[i].place == place)
			names[count++] = operation->fields[i].json_name;
	return nearest_name(name, names);
}

/*
 * field_type_oid is the SQL type of a field's parameter.
 */
Oid
field_type_oid(FieldType type)
{
	switch (type)
	{
		case FIELD_TEXT:
			return TEXTOID;
		case FIELD_INTEGER:
			return INT4OID;
		case FIELD_BIGINT:
			return INT8OID;
		case FIELD_BOOLEAN:
			return BOOLOID;
		case FIELD_TEXTS:
			return TEXTARRAYOID;
		case FIELD_JSON:
			return JSONBOID;
		case FIELD_TIME:
			return TIMESTAMPTZOID;
		case FIELD_INTERVAL:
			return INTERVALOID;
		case FIELD_PROJECT_ID:
			return UUIDOID;
	}
	pg_unreachable();
}

/*
 * fields_prepare lays out the parameters: the account, then every field as NULL.
 */
void
fields_prepare(Request *request)
{
	const Field *fields = request->operation->fields;

	bind_bigint(&request->params, "account_id", request->caller.account);
	for (int i = 0; fields[i].name; i++)
	{
		if (i >= FIELDS_MAX)
			elog(ERROR, "operation %s has more than %d fields", request->operation->name,
				 FIELDS_MAX);
		bind_value(&request->params, fields[i].name, field_type_oid(fields[i].type), (Datum) 0,
				   true);
	}
}

/*
 * field_set gives a field its value, of its parameter's type.
 */
void
field_set(Request *request, int field, Datum value)
{
	request->params.values[FIELD_PARAM(field)] = value;
	request->params.nulls[FIELD_PARAM(field)] = ' ';
}

/*
 * set_project_id reads a project's id: prj_<uuid> or the UUID.  Outside of REST
 * requests any other text is the project's key, to be looked up by the caller's
 * side of the call.
 */
static void
set_project_id(Request *request, int field, const char *text)
{
	const char *id = text;
	pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));

	if (strncmp(id, PROJECT_PREFIX, strlen(PROJECT_PREFIX)) == 0)
		id += strlen(PROJECT_PREFIX);
	if (uuid_parse(id, strlen(id), uuid))
		field_set(request, field, UUIDPGetDatum(uuid));
	else if (request->rest)
		request_violation(request, field, "must be a UUID, with or without %s", PROJECT_PREFIX);
	else
	{
		request->project_key = pstrdup(text);
		field_set(request, field, UUIDPGetDatum(memset(uuid, 0, sizeof(*uuid))));
	}
}

/*
 * set_json gives a field a JSON value, which must be within the limits.
 */
static void
set_json(Request *request, int field, Jsonb *value)
{
	const Field *described = &request->operation->fields[field];
	int depth = described->place == AS_BODY ? 0 : 1;
	char *problem = jsonb_limit_problem(value, depth, Max(described->max, JSON_BYTES_MAX));

	if (problem)
		request_violation(request, field, "%s", problem);
	else
		field_set(request, field, JsonbPGetDatum(value));
}

/*
 * field_from_sql reads an argument of a SQL function that is not NULL.
 */
void
field_from_sql(Request *request, int field, Datum value)
{
	if (request->operation->fields[field].type == FIELD_PROJECT_ID)
		set_project_id(request, field, TextDatumGetCString(value));
	else if (request->operation->fields[field].type == FIELD_JSON)
		set_json(request, field, DatumGetJsonbP(value));
	else
		field_set(request, field, value);
}

/*
 * set_integer gives an integer, bigint or time field its value.
 */
static void
set_integer(Request *request, int field, int64 value)
{
	switch (request->operation->fields[field].type)
	{
		case FIELD_INTEGER:
			if (value < PG_INT32_MIN || value > PG_INT32_MAX)
				request_violation(request, field, "is out of range");
			else
				field_set(request, field, Int32GetDatum((int32) value));
			break;
		case FIELD_TIME:
			if (value < 0 || value > MILLISECONDS_MAX)
				request_violation(request, field,
								  "must be Unix milliseconds in the years 1970 to 9999");
			else
				field_set(request, field, TimestampTzGetDatum(time_of_milliseconds(value)));
			break;
		default:
			field_set(request, field, Int64GetDatum(value));
	}
}

/*
 * field_from_text reads a value out of a path or a query string.
 */
void
field_from_text(Request *request, int field, const char *text)
{
	switch (request->operation->fields[field].type)
	{
		case FIELD_TEXT:
			field_set(request, field, CStringGetTextDatum(text));
			break;
		case FIELD_PROJECT_ID:
			set_project_id(request, field, text);
			break;
		case FIELD_BOOLEAN:
			if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
				field_set(request, field, BoolGetDatum(true));
			else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
				field_set(request, field, BoolGetDatum(false));
			else
				request_violation(request, field, "must be true or false");
			break;
		case FIELD_INTEGER:
		case FIELD_BIGINT:
		case FIELD_TIME:
		{
			char *end;
			int64 value;

			/* Digits alone: strtoi64 would pass over white space and a plus sign. */
			errno = 0;
			value = strtoi64(text, &end, 10);
			if (!isdigit((unsigned char) text[text[0] == '-']) || *end != '\0' || errno != 0)
				request_violation(request, field, "must be a whole number");
			else
				set_integer(request, field, value);
			break;
		}
		case FIELD_INTERVAL:
		case FIELD_TEXTS:
		case FIELD_JSON:
			elog(ERROR, "field %s cannot stand in a path or query",
				 request->operation->fields[field].name);
	}
}

/*
 * field_append_text adds another value to a field that has one: a list of values may
 * come as several parameters of one name, a single value may not.
 */
void
field_append_text(Request *request, int field, const char *text)
{
	if (request->operation->fields[field].rule == RULE_LIST)
		field_from_text(request, field, psprintf("%s,%s", request_string(request, field), text));
	else
		request_violation(request, field, "is given twice");
}

/*
 * integer_from_json reads a whole number; a time is one of milliseconds.
 */
static void
integer_from_json(Request *request, int field, const JsonValue *value)
{
	int64 integer;
	bool in_range;

	if (!json_read_integer(value, &integer, &in_range))
		request_violation(request, field, "must be a whole number");
	else if (!in_range)
		request_violation(request, field, "is out of range");
	else
		set_integer(request, field, integer);
}

/*
 * field_from_json reads a member of a body.  A null means absent.
 */
void
field_from_json(Request *request, int field, const JsonValue *value)
{
	FieldType type = request->operation->fields[field].type;

	if (value->kind == JSON_NULL)
		return;
	switch (type)
	{
		case FIELD_TEXT:
		case FIELD_PROJECT_ID:
			if (value->kind != JSON_STRING)
				request_violation(request, field, "must be a string");
			else if (type == FIELD_TEXT)
				field_set(request, field, CStringGetTextDatum(value->text));
			else
				set_project_id(request, field, value->text);
			break;
		case FIELD_INTERVAL:
			request_violation(request, field, "cannot stand in a body");
			break;
		case FIELD_BOOLEAN:
			if (value->kind == JSON_BOOLEAN)
				field_set(request, field, BoolGetDatum(value->text[0] == 't'));
			else
				request_violation(request, field, "must be true or false");
			break;
		case FIELD_INTEGER:
		case FIELD_BIGINT:
		case FIELD_TIME:
			integer_from_json(request, field, value);
			break;
		case FIELD_TEXTS:
		{
			ArrayType *strings;

			if (json_read_strings(value, &strings))
				field_set(request, field, PointerGetDatum(strings));
			else
				request_violation(request, field, "must be an array of strings");
			break;
		}
		case FIELD_JSON:
		{
			Datum jsonb;

			if (json_read_jsonb(value, &jsonb))
				set_json(request, field, DatumGetJsonbP(jsonb));
			else
				request_violation(request, field, "has the same key twice in an object");
			break;
		}
	}
}

/*
 * strings_of_jsonb reads an array of strings; false if the value is none.
 */
static bool
strings_of_jsonb(const JsonbValue *value, ArrayType **strings)
{
	ArrayBuildState *built = NULL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return false;
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) == WJB_ELEM)
	{
		if (element.type != jbvString)
			return false;
		built = accumArrayResult(built, CStringGetTextDatum(jsonb_string(&element)), false, TEXTOID,
								 CurrentMemoryContext);
	}
	*strings = built ? DatumGetArrayTypeP(makeArrayResult(built, CurrentMemoryContext))
					 : construct_empty_array(TEXTOID);
	return true;
}

/*
 * field_from_jsonb reads a member of a document, as it is found in a jsonb object.  A
 * null means absent.
 */
void
field_from_jsonb(Request *request, int field, JsonbValue *value)
{
	FieldType type = request->operation->fields[field].type;
	JsonValue scalar = {.kind = JSON_OBJECT};
	ArrayType *strings;

	if (value->type != jbvNull && type == FIELD_JSON)
	{
		set_json(request, field, JsonbValueToJsonb(value));
		return;
	}
	if (type == FIELD_TEXTS && strings_of_jsonb(value, &strings))
	{
		field_set(request, field, PointerGetDatum(strings));
		return;
	}
	/* Otherwise only a scalar can be right; a list or an object is refused as such. */
	switch (value->type)
	{
		case jbvNull:
			scalar.kind = JSON_NULL;
			break;
		case jbvString:
			scalar.kind = JSON_STRING;
			scalar.text = jsonb_string(value);
			break;
		case jbvNumeric:
			scalar.kind = JSON_NUMBER;
			scalar.text = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		case jbvBool:
			scalar.kind = JSON_BOOLEAN;
			scalar.text = value->val.boolean ? "true" : "false";
			break;
		default:
			break;
	}
	field_from_json(request, field, &scalar);
}

static void
set_fallback(Request *request, int field)
{
	const char *fallback = request->operation->fields[field].fallback;

	if (fallback)
		field_from_text(request, field, fallback);
}

/*
 * fields_collect checks the rule of every field, then the rules between fields, and
 * collects what is broken.
 */
void
fields_collect(Request *request)
{
	const Field *fields = request->operation->fields;

	for (int i = 0; fields[i].name; i++)
	{
		if (request->broken[i])
			continue;
		if (request->passed[i])
			continue;
		if (request_given(request, i))
			rule_check(request, i);
		else if (fields[i].required)
			request_violation(request, i, "is required");
		else
			set_fallback(request, i);
	}
	if (request->operation->check)
		request->operation->check(request);
}

/*
 * check_path refuses a path that names something by a text that is longer than any
 * key: it names nothing, and must not get into responses or messages.
 */
static void
check_path(const Request *request)
{
	const Field *fields = request->operation->fields;

	for (int i = 0; fields[i].name; i++)
		if (fields[i].place == IN_PATH && fields[i].type == FIELD_TEXT &&
			request_given(request, i) &&
			VARSIZE_ANY_EXHDR(DatumGetTextPP(request->params.values[FIELD_PARAM(i)])) >
				PATH_TEXT_MAX)
			error_raise(ERR_NOT_FOUND, "%s is longer than any key",
						request->rest ? fields[i].json_name : fields[i].name);
}

/*
 * fields_check refuses the request for what its path cannot name, or for all that is
 * broken at once.
 */
void
fields_check(Request *request)
{
	check_path(request);
	fields_collect(request);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}
