/*
 * json.c
 *	  Reading request bodies: typed functions over PostgreSQL's JSON lexer.
 *
 * Bodies are not trusted: nesting is bounded, NUL escapes are refused by the lexer,
 * numbers that no numeric can represent are refused, and a key given twice is an error
 * instead of a silent choice.
 *
 * PostgreSQL's parser, pg_parse_json, does the same by callbacks in 20 lines fewer, and
 * needs a sixth more instructions for a body of 20 kB.  Its messages repeat what was
 * found instead, which may be a secret, and on 15 its callbacks cannot stop it where a
 * body is nested too deeply.  So the grammar is here, over its lexer.
 */
#include "util/json.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "util/jsonb.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* Beyond this a JSON number may be no numeric. */
#define EXPONENT_MAX 1000

/* A reader: the lexer, one token ahead, and what went wrong first. */
typedef struct Reader
{
	JsonLexContext *lexer;
	char *problem;
} Reader;

static bool read_value(Reader *reader, int depth, JsonValue *value, JsonMember member, void *state);

/*
 * fail records the first problem; always false, for the caller to return.
 */
static bool
fail(Reader *reader, const char *problem)
{
	if (reader->problem == NULL)
		reader->problem = pstrdup(problem);
	return false;
}

static bool
advance(Reader *reader)
{
	JsonParseErrorType error = json_lex(reader->lexer);

	if (error == JSON_SUCCESS)
		return true;
	return fail(reader, json_errdetail(error, reader->lexer));
}

static bool
expect(Reader *reader, JsonTokenType token, const char *problem)
{
	if (reader->lexer->token_type != token)
		return fail(reader, problem);
	return advance(reader);
}

/*
 * json_number_is_finite tells whether the double nearest to a JSON number is finite.
 */
bool
json_number_is_finite(const char *number)
{
	return !isinf(strtod(number, NULL));
}

/*
 * number_is_sane tells whether a numeric and a double can represent the number.
 */
static bool
number_is_sane(const char *number)
{
	const char *exponent = strpbrk(number, "eE");

	if (strlen(number) > JSON_NUMBER_MAX)
		return false;
	if (exponent)
	{
		long value = strtol(exponent + 1, NULL, 10);

		if (value < -EXPONENT_MAX || value > EXPONENT_MAX)
			return false;
	}
	return json_number_is_finite(number);
}

/*
 * read_members reads the rest of an object, its first token ahead.
 */
static bool
read_members(Reader *reader, int depth, JsonValue *object, JsonMember member, void *state)
{
	JsonLexContext *lexer = reader->lexer;

	if (lexer->token_type == JSON_TOKEN_OBJECT_END)
		return advance(reader);
	for (;;)
	{
		JsonValue value;
		char *name;

		if (lexer->token_type != JSON_TOKEN_STRING)
			return fail(reader, "Expected a member name in quotes.");
		name = member ? pstrdup(lexer->strval->data) : NULL;
		if (!advance(reader) ||
			!expect(reader, JSON_TOKEN_COLON, "Expected \":\" after a member name.") ||
			!read_value(reader, depth + 1, &value, NULL, NULL))
			return false;
		object->keys += 1 + value.keys;
		if (member)
			member(state, name, &value);
		if (lexer->token_type == JSON_TOKEN_OBJECT_END)
			return advance(reader);
		if (!expect(reader, JSON_TOKEN_COMMA, "Expected \",\" or \"}\"."))
			return false;
	}
}

/*
 * read_elements reads the rest of an array, its first token ahead.
 */
static bool
read_elements(Reader *reader, int depth, JsonValue *array, JsonMember member, void *state)
{
	JsonLexContext *lexer = reader->lexer;

	if (lexer->token_type == JSON_TOKEN_ARRAY_END)
		return advance(reader);
	for (;;)
	{
		JsonValue value;

		if (!read_value(reader, depth + 1, &value, NULL, NULL))
			return false;
		array->keys += value.keys;
		if (member)
			member(state, NULL, &value);
		if (lexer->token_type == JSON_TOKEN_ARRAY_END)
			return advance(reader);
		if (!expect(reader, JSON_TOKEN_COMMA, "Expected \",\" or \"]\"."))
			return false;
	}
}

/*
 * read_value reads one value, its first token ahead, and leaves the token after
 * it ahead.  Members of the value itself, not of what is inside it, go to member.
 */
static bool
read_value(Reader *reader, int depth, JsonValue *value, JsonMember member, void *state)
{
	JsonLexContext *lexer = reader->lexer;
	const char *start = lexer->token_start;
	bool good;

	memset(value, 0, sizeof(*value));
	value->source = start;
	if (depth > JSON_DEPTH_MAX && (lexer->token_type == JSON_TOKEN_OBJECT_START ||
								   lexer->token_type == JSON_TOKEN_ARRAY_START))
		return fail(reader, "The document is nested too deeply.");

	switch (lexer->token_type)
	{
		case JSON_TOKEN_OBJECT_START:
			value->kind = JSON_OBJECT;
			good = advance(reader) && read_members(reader, depth, value, member, state);
			break;
		case JSON_TOKEN_ARRAY_START:
			value->kind = JSON_ARRAY;
			good = advance(reader) && read_elements(reader, depth, value, member, state);
			break;
		case JSON_TOKEN_STRING:
			value->kind = JSON_STRING;
			value->text = pstrdup(lexer->strval->data);
			good = advance(reader);
			break;
		case JSON_TOKEN_NUMBER:
			value->kind = JSON_NUMBER;
			value->text = pnstrdup(start, lexer->token_terminator - start);
			if (!number_is_sane(value->text))
				return fail(reader, "A number is out of range.");
			good = advance(reader);
			break;
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
			value->kind = JSON_BOOLEAN;
			value->text = pnstrdup(start, lexer->token_terminator - start);
			good = advance(reader);
			break;
		case JSON_TOKEN_NULL:
			value->kind = JSON_NULL;
			good = advance(reader);
			break;
		case JSON_TOKEN_END:
			return fail(reader, "The input string ended unexpectedly.");
		default:
			return fail(reader, "Expected a JSON value.");
	}
	if (good)
		value->length = lexer->prev_token_terminator - start;
	return good;
}

/*
 * read_whole reads json as one value and nothing after it.
 */
static char *
read_whole(const char *json, int length, JsonValue *value, JsonMember member, void *state)
{
	Reader reader = {0};

	reader.lexer = json_lexer(json, length);
	if (advance(&reader) && read_value(&reader, 1, value, member, state) &&
		reader.lexer->token_type != JSON_TOKEN_END)
		fail(&reader, "Expected the end of the document.");
	return reader.problem;
}

/*
 * json_read_value reads json as one value.  Returns NULL, or what is wrong.
 */
char *
json_read_value(const char *json, int length, JsonValue *value)
{
	return read_whole(json, length, value, NULL, NULL);
}

/* Whom json_read_object passes members on to. */
typedef struct Members
{
	JsonMember member;
	void *state;
} Members;

/*
 * collect_member passes a member on only when the whole is an object, so that an
 * array's elements do not pass as members.
 */
static void
collect_member(void *state, char *name, const JsonValue *value)
{
	Members *members = state;

	if (name)
		members->member(members->state, name, value);
}

/*
 * json_read_object reads json as one object and calls member for each of its
 * members.  Returns NULL, or what is wrong; a member may have been called by then.
 */
char *
json_read_object(const char *json, int length, JsonMember member, void *state)
{
	Members members = {member, state};
	JsonValue value;
	char *problem = read_whole(json, length, &value, collect_member, &members);

	if (problem == NULL && value.kind != JSON_OBJECT)
		problem = pstrdup("The document is not an object.");
	return problem;
}

/*
 * json_read_elements reads json as one value, whose kind it tells, and calls element for each
 * element of an array, which has no name, and each member of an object. Returns NULL, or what
 * is wrong; an element may have been called by then.
 */
char *
json_read_elements(const char *json, int length, JsonKind *kind, JsonMember element, void *state)
{
	JsonValue value;
	char *problem = read_whole(json, length, &value, element, state);

	*kind = value.kind;
	return problem;
}

/* The strings of an array while they are collected. */
typedef struct Strings
{
	bool good;
	ArrayBuildState *built;
} Strings;

static void
collect_string(void *state, char *name, const JsonValue *value)
{
	Strings *strings = state;

	if (name || value->kind != JSON_STRING)
	{
		strings->good = false;
		return;
	}
	strings->built = accumArrayResult(strings->built, CStringGetTextDatum(value->text), false,
									  TEXTOID, CurrentMemoryContext);
}

/*
 * json_read_strings reads an array of strings; false if it is not one.
 */
bool
json_read_strings(const JsonValue *value, ArrayType **strings)
{
	Strings collected = {true, NULL};
	JsonValue again;

	if (value->kind != JSON_ARRAY)
		return false;
	if (read_whole(value->source, value->length, &again, collect_string, &collected) != NULL ||
		!collected.good)
		return false;
	if (collected.built)
		*strings = DatumGetArrayTypeP(makeArrayResult(collected.built, CurrentMemoryContext));
	else
		*strings = construct_empty_array(TEXTOID);
	return true;
}

/*
 * json_read_integer reads a whole number; false if it is not one.  in_range tells
 * whether it has at most 64 bits.
 */
bool
json_read_integer(const JsonValue *value, int64 *integer, bool *in_range)
{
	char *end;

	if (value->kind != JSON_NUMBER || strpbrk(value->text, ".eE") != NULL)
		return false;
	errno = 0;
	*integer = strtoi64(value->text, &end, 10);
	*in_range = (errno == 0);
	return *end == '\0';
}

/*
 * json_read_jsonb reads any value as jsonb; false if some object in it has the
 * same key twice, which jsonb would settle silently.
 */
bool
json_read_jsonb(const JsonValue *value, Datum *jsonb)
{
	char *source = pnstrdup(value->source, value->length);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue found;
	int keys = 0;

	*jsonb = JsonbPGetDatum(jsonb_of_text(source));
	if (value->keys == 0)
		return true;
	iterator = JsonbIteratorInit(&DatumGetJsonbP(*jsonb)->root);
	while ((token = JsonbIteratorNext(&iterator, &found, false)) != WJB_DONE)
		if (token == WJB_KEY)
			keys++;
	return keys == value->keys;
}
