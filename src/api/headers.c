/*
 * headers.c
 *	  The request headers that mean something here.
 */
#include "api/api.h"
#include "api/response.h"

#include "util/json.h"
#include "util/jsonb.h"

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
	{"if-none-match", offsetof(Headers, if_none_match)},
	{"x-http-method-override", offsetof(Headers, method_override)},
	{"x-original-method", offsetof(Headers, original_method)},
	{"x-original-uri", offsetof(Headers, original_uri)},
	{"x-original-request", offsetof(Headers, original_request)},
	{"content-encoding", offsetof(Headers, content_encoding)},
	{"x-launchdarkly-payload-id", offsetof(Headers, payload_id)},
};

/*
 * token_of_header returns the token in a header: raw, or after Bearer.  What
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

/* The headers while they are read, and what the token might be. */
typedef struct Reading
{
	Headers *headers;
	bool postgrest;
	char *tokens[TOKEN_HEADERS];
} Reading;

/*
 * is_named tells whether a header's name is one that is used here, in either case. Nearly all
 * are told apart by their first letter.
 */
static bool
is_named(const char *name, const char *known)
{
	return (name[0] | ('a' ^ 'A')) == known[0] && pg_strcasecmp(name, known) == 0;
}

/*
 * read_header stores a header that is used here.  Names count in either case.
 */
static void
read_header(Reading *reading, const char *name, char *value)
{
	for (int i = 0; i < (int) lengthof(plain_headers); i++)
		if (is_named(name, plain_headers[i].name))
			*(char **) ((char *) reading->headers + plain_headers[i].member) = value;
	for (int i = 0; i < TOKEN_HEADERS; i++)
	{
		char *token = NULL;

		if (is_named(name, token_headers[i]))
			token = token_of_header(value, reading->postgrest && i == AUTHORIZATION);
		if (token)
			reading->tokens[i] = token;
	}
}

/*
 * drop_hashes leaves the versions of entity tags: "3.0123456789abcdef" is "3" to whoever
 * changes the resource, whose other parts have versions of their own.
 */
static void
drop_hashes(char *tags)
{
	char *to = tags;

	for (const char *from = tags; *from; from++)
	{
		if (*from == '.')
			from += strcspn(from, "\"") - 1;
		else
			*to++ = *from;
	}
	*to = '\0';
}

/*
 * choose_headers chooses the first token that is present, and what counts of If-Match.
 */
static void
choose_headers(Reading *reading)
{
	for (int i = 0; i < TOKEN_HEADERS && reading->headers->token == NULL; i++)
		reading->headers->token = reading->tokens[i];
	if (reading->headers->if_match)
		drop_hashes(reading->headers->if_match);
}

/*
 * headers_read_jsonb reads a JSON object of headers, or null for none; each is a string, or
 * null where it is absent.  Anything else is a problem, for the caller to refuse once the path is known:
 * without the token that it may hold, the request would have the rights of the database role.
 */
void
headers_read_jsonb(Jsonb *source, Headers *headers)
{
	Reading reading = {.headers = headers};
	JsonbIterator *iterator = JsonbIteratorInit(&source->root);
	JsonbValue name;
	JsonbValue value;

	memset(headers, 0, sizeof(*headers));
	if (JsonbExtractScalar(&source->root, &value) && value.type == jbvNull)
		return;
	if (JsonbIteratorNext(&iterator, &name, true) != WJB_BEGIN_OBJECT)
	{
		headers->problem = "headers must be a JSON object";
		return;
	}
	while (JsonbIteratorNext(&iterator, &name, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvString)
			read_header(&reading, jsonb_string(&name), jsonb_string(&value));
		else if (value.type != jbvNull)
			headers->problem = psprintf("header %s must be a string", jsonb_string(&name));
	}
	choose_headers(&reading);
}

/*
 * read_member stores a header of PostgREST's request.
 */
static void
read_member(void *state, char *name, const JsonValue *value)
{
	if (value->kind == JSON_STRING)
		read_header(state, name, value->text);
}

/*
 * take_string takes a string of JSON in which nothing but a quote or a backslash is escaped, and
 * unescapes it where it stands. NULL if there is none.
 */
static char *
take_string(char **text)
{
	char *from = *text;
	char *string = from + 1;
	char *to = string;

	if (*from++ != '"')
		return NULL;
	while (*from != '"')
	{
		if (*from == '\\')
		{
			from++;
			if (*from != '"' && *from != '\\')
				return NULL;
		}
		if ((unsigned char) *from < ' ')
			return NULL;
		*to++ = *from++;
	}
	*to = '\0';
	*text = from + 1;
	return string;
}

/*
 * read_compact reads the headers as PostgREST writes nearly all of them: strings, without a
 * blank between them. It takes a tenth of the time of a parser of JSON, for which the rest is left:
 * false. The text is overwritten.
 */
static bool
read_compact(Reading *reading, char *text)
{
	if (*text != '{')
		return false;
	do
	{
		char *name;
		char *value;

		text++;
		if ((name = take_string(&text)) == NULL || *text++ != ':' ||
			(value = take_string(&text)) == NULL)
			return false;
		read_header(reading, name, value);
	} while (*text == ',');
	return strcmp(text, "}") == 0;
}

/*
 * headers_of_postgrest reads the headers of the request that PostgREST is serving;
 * there are none outside of one.  JSON's own complaint about a setting that is none
 * would quote it, with the caller's token perhaps.
 */
void
headers_of_postgrest(Headers *headers)
{
	const char *text = postgrest_setting("request.headers");
	Reading reading = {.headers = headers, .postgrest = true};

	memset(headers, 0, sizeof(*headers));
	if (text == NULL)
		return;
	if (!read_compact(&reading, pstrdup(text)))
	{
		memset(headers, 0, sizeof(*headers));
		reading = (Reading){.headers = headers, .postgrest = true};
		if (json_read_object(text, strlen(text), read_member, &reading) != NULL)
			error_raise(ERR_MALFORMED, "the setting request.headers is not a JSON object");
	}
	choose_headers(&reading);
}
