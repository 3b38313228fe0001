/*
 * headers.c
 *	  The request headers that mean something here.
 */
#include "door/door.h"
#include "door/response.h"

#include "ground/json.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define TOKEN_PREFIX "fp_"

/* Where a token is looked for; the first that is there counts. */
enum
{
	AUTHORIZATION,
	ORIGINAL_AUTHORIZATION,
	API_KEY,
	TOKEN_HEADERS
};

static const char *const token_headers[TOKEN_HEADERS] = {
	[AUTHORIZATION] = "authorization",
	[ORIGINAL_AUTHORIZATION] = "x-original-authorization",
	[API_KEY] = "x-api-key",
};

/* The other headers, and where their values go. */
static const struct
{
	const char *name;
	size_t member;
} plain_headers[] = {
	{"idempotency-key", offsetof(Headers, idempotency_key)},
	{"if-match", offsetof(Headers, if_match)},
	{"x-http-method-override", offsetof(Headers, method_override)},
	{"x-original-method", offsetof(Headers, original_method)},
	{"x-original-uri", offsetof(Headers, original_uri)},
};

/*
 * token_of_header takes the token out of a header: raw, or after Bearer.  What
 * stands after Bearer in PostgREST's own Authorization is a JWT that PostgREST
 * has dealt with, unless it is ours.
 */
static char *
token_of_header(char *value, bool may_be_jwt)
{
	bool bearer = pg_strncasecmp(value, "Bearer ", 7) == 0;

	if (bearer)
		value += 7;
	while (*value == ' ')
		value++;
	if (*value == '\0' ||
		(may_be_jwt && bearer && strncmp(value, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0))
		return NULL;
	return value;
}

/*
 * headers_read_jsonb reads a JSON object of headers.  Names count in either
 * case; values that are not strings are passed over.
 */
void
headers_read_jsonb(Jsonb *source, bool postgrest, Headers *headers)
{
	JsonbIterator *iterator = JsonbIteratorInit(&source->root);
	JsonbIteratorToken token;
	JsonbValue name;
	char *tokens[TOKEN_HEADERS] = {NULL};

	memset(headers, 0, sizeof(*headers));
	token = JsonbIteratorNext(&iterator, &name, true);
	if (token != WJB_BEGIN_OBJECT)
		return;
	while ((token = JsonbIteratorNext(&iterator, &name, true)) == WJB_KEY)
	{
		JsonbValue value;
		char *header = pnstrdup(name.val.string.val, name.val.string.len);
		char *text;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type != jbvString)
			continue;
		text = pnstrdup(value.val.string.val, value.val.string.len);
		for (int i = 0; i < (int) lengthof(plain_headers); i++)
			if (pg_strcasecmp(header, plain_headers[i].name) == 0)
				*(char **) ((char *) headers + plain_headers[i].member) = text;
		for (int i = 0; i < TOKEN_HEADERS; i++)
			if (pg_strcasecmp(header, token_headers[i]) == 0)
				tokens[i] = token_of_header(text, postgrest && i == AUTHORIZATION);
	}
	for (int i = 0; i < TOKEN_HEADERS && headers->token == NULL; i++)
		headers->token = tokens[i];
}

/*
 * postgrest_jsonb is a setting that holds JSON; NULL where it is not set.  jsonb's own
 * complaint about one that does not would quote it, with the caller's token perhaps.
 */
Jsonb *
postgrest_jsonb(const char *name)
{
	const char *text = postgrest_setting(name);
	JsonValue value;
	Datum jsonb;

	if (text == NULL)
		return NULL;
	if (json_read_value(text, strlen(text), &value) != NULL)
		error_raise(ERR_MALFORMED, "the setting %s is not JSON", name);
	(void) json_read_jsonb(&value, &jsonb);
	return DatumGetJsonbP(jsonb);
}

/*
 * headers_of_postgrest reads the headers of the request that PostgREST is
 * serving; there are none outside of one.
 */
void
headers_of_postgrest(Headers *headers)
{
	Jsonb *source = postgrest_jsonb("request.headers");

	memset(headers, 0, sizeof(*headers));
	if (source)
		headers_read_jsonb(source, true, headers);
}
