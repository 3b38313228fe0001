/*
 * openapi_component.c
 *	  What the operations of the OpenAPI document refer to: ways to show a token,
 *	  headers, refusals, schemas.
 */
#include "api/openapi.h"

#include "util/document.h"

/* The ways to show a token. */
static const char security_schemes[] =
	"{\"Authorization\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Authorization\","
	"\"description\":\"The access token, raw.\"},"
	"\"Bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
	"\"description\":\"The access token, after Bearer.\"},"
	"\"ApiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Api-Key\","
	"\"description\":\"The access token, raw.\"}}";

const char *const openapi_dialects[] = {
	[LAUNCHDARKLY] = "LaunchDarkly",
	[LAYERS] = "Layers",
};

/*
 * openapi_reference writes {"$ref": ...} to a component.
 */
void
openapi_reference(StringInfo out, const char *kind, const char *name)
{
	document_open(out, '{');
	document_string(out, "$ref", psprintf("#/components/%s/%s", kind, name));
	document_close(out, '}');
}

/* What is there of rate limits if the library is preloaded and a token calls. */
static const struct
{
	Dialect dialect;
	const char *name;
	const char *description;
} limit_headers[] = {
	{LAUNCHDARKLY, "X-Ratelimit-Global-Remaining", "Calls that the token has left."},
	{LAUNCHDARKLY, "X-Ratelimit-Route-Remaining", "The same: there are no limits by route."},
	{LAUNCHDARKLY, "X-Ratelimit-Reset", "When all of them are back, in Unix milliseconds."},
	{LAYERS, "X-RateLimit-Endpoint-Class", "Which budget the call was taken from."},
	{LAYERS, "X-RateLimit-Limit", "Calls that it holds."},
	{LAYERS, "X-RateLimit-Remaining", "Calls that are left of it."},
	{LAYERS, "X-RateLimit-Reset", "When all of them are back, in Unix seconds."},
};

/*
 * openapi_content writes content up to its schema, which is to be written next;
 * openapi_content_end closes it.
 */
void
openapi_content(StringInfo out)
{
	document_key(out, "content");
	document_open(out, '{');
	document_key(out, "application/json");
	document_open(out, '{');
	document_key(out, "schema");
}

/*
 * openapi_content_end closes what openapi_content opened.
 */
void
openapi_content_end(StringInfo out)
{
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * may_refuse returns whether an operation can be refused so; without an operation,
 * whether anything can.
 */
static bool
may_refuse(const Operation *operation, ErrorKind kind)
{
	/* It is for functions that are no operations. */
	if (kind == ERR_UNSUPPORTED)
		return false;
	if (operation == NULL)
		return true;
	switch (kind)
	{
		case ERR_EXISTS:
		case ERR_READ_ONLY:
		case ERR_STALE_VERSION:
		case ERR_IDEMPOTENCY_CONFLICT:
		case ERR_IN_USE:
			return operation->kind != READS;
		case ERR_IDEMPOTENCY_REQUIRED:
			return (operation->kind & KEY_REQUIRED) != 0;
		case ERR_MALFORMED:
		case ERR_SERVER_GENERATED_ID:
			return openapi_has_body(operation);
		case ERR_PATCH:
			return strcmp(operation->method, "PATCH") == 0;
		default:
			return true;
	}
}

/*
 * openapi_codes lists the codes with which an operation can be refused under a status,
 * each once, as JSON strings; without an operation, all that there are.
 */
char *
openapi_codes(const Operation *operation, Dialect dialect, int status)
{
	StringInfoData codes;

	initStringInfo(&codes);
	for (int kind = 0; kind <= ERR_INTERNAL; kind++)
	{
		char *code;

		if (error_status(kind, dialect) != status || !may_refuse(operation, kind))
			continue;
		code = psprintf("\"%s\"", error_code(kind, dialect));
		if (strstr(codes.data, code) == NULL)
			appendStringInfo(&codes, "%s%s", codes.len > 0 ? ", " : "", code);
	}
	return codes.data;
}

/*
 * without_quotes is a list of codes for people.
 */
static char *
without_quotes(const char *codes)
{
	StringInfoData list;

	initStringInfo(&list);
	for (; *codes; codes++)
		if (*codes != '"')
			appendStringInfoChar(&list, *codes);
	return list.data;
}

/*
 * header_reference writes a header of a response.
 */
static void
header_reference(StringInfo out, const char *name)
{
	document_key(out, name);
	openapi_reference(out, "headers", name);
}

/*
 * openapi_limit_headers writes the headers that show what is left of a token's
 * budget, in a dialect's spelling.
 */
void
openapi_limit_headers(StringInfo out, Dialect dialect)
{
	for (int i = 0; i < (int) lengthof(limit_headers); i++)
		if (limit_headers[i].dialect == dialect)
			header_reference(out, limit_headers[i].name);
}

/*
 * write_error writes the response of a dialect's refusals under a status: its
 * error's schema, with the codes that there are.
 */
static void
write_error(StringInfo out, Dialect dialect, int status, const char *codes)
{
	const char *code_is =
		psprintf("{\"type\":\"object\",\"properties\":{\"code\":{\"enum\":[%s]}}}", codes);

	document_key(out, psprintf("%s%d", openapi_dialects[dialect], status));
	document_open(out, '{');
	document_string(out, "description", psprintf("Refused: %s.", without_quotes(codes)));
	document_key(out, "headers");
	document_open(out, '{');
	if (status == error_status(ERR_METHOD, dialect))
		header_reference(out, "Allow");
	if (dialect == LAYERS)
		header_reference(out, "X-Request-Id");
	if (status == error_status(ERR_RATE_LIMITED, dialect))
	{
		header_reference(out, "Retry-After");
		openapi_limit_headers(out, dialect);
	}
	document_close(out, '}');
	openapi_content(out);
	document_open(out, '{');
	document_key(out, "allOf");
	document_open(out, '[');
	openapi_reference(out, "schemas", psprintf("%sError", openapi_dialects[dialect]));
	document_element(out);
	if (dialect == LAYERS)
		appendStringInfo(out, "{\"type\":\"object\",\"properties\":{\"error\":%s}}", code_is);
	else
		appendStringInfoString(out, code_is);
	document_close(out, ']');
	document_close(out, '}');
	openapi_content_end(out);
	document_close(out, '}');
}

/*
 * write_idempotency_key writes the parameter, under a name of its own for where it
 * is required.
 */
static void
write_idempotency_key(StringInfo out, const char *name, bool required)
{
	document_key(out, name);
	document_open(out, '{');
	document_string(out, "name", "Idempotency-Key");
	document_string(out, "in", "header");
	document_boolean(out, "required", required);
	document_string(out, "description",
					"The same key and request within 24 hours get the first answer again;"
					" nothing is done twice.");
	document_raw(out, "schema", "{\"type\":\"string\",\"format\":\"uuid\"}");
	document_close(out, '}');
}

/*
 * write_header writes a header of responses.
 */
static void
write_header(StringInfo out, const char *name, const char *description)
{
	document_key(out, name);
	document_open(out, '{');
	document_string(out, "description", description);
	document_raw(out, "schema", "{\"type\":\"string\"}");
	document_close(out, '}');
}

/*
 * write_if_match writes the header that makes a change depend on the version.
 */
static void
write_if_match(StringInfo out)
{
	document_key(out, "IfMatch");
	document_open(out, '{');
	document_string(out, "name", "If-Match");
	document_string(out, "in", "header");
	document_boolean(out, "required", false);
	document_string(out, "description",
					"Quoted versions, or *: the change is made only of one of them.");
	document_raw(out, "schema", "{\"type\":\"string\"}");
	document_close(out, '}');
}

/*
 * write_errors writes the responses of every dialect and status that there is.
 */
static void
write_errors(StringInfo out)
{
	for (int dialect = LAUNCHDARKLY; dialect <= LAYERS; dialect++)
		for (int status = 400; status < 600; status++)
		{
			char *codes = openapi_codes(NULL, dialect, status);

			if (codes[0])
				write_error(out, dialect, status, codes);
		}
}

/*
 * openapi_components writes what the operations refer to.
 */
void
openapi_components(StringInfo out)
{
	document_key(out, "components");
	document_open(out, '{');
	document_raw(out, "securitySchemes", security_schemes);

	document_key(out, "parameters");
	document_open(out, '{');
	write_idempotency_key(out, "IdempotencyKey", false);
	write_idempotency_key(out, "RequiredIdempotencyKey", true);
	write_if_match(out);
	document_close(out, '}');

	document_key(out, "headers");
	document_open(out, '{');
	write_header(out, "Location", "The path of what was made.");
	write_header(out, "ETag", "The version, quoted; of a page of a list, its hash.");
	write_header(out, "Idempotent-Replayed", "true if this is the first answer again.");
	write_header(out, "X-Request-Id", "The id of the request.");
	write_header(out, "Allow", "The methods that the path takes.");
	write_header(out, "Retry-After", "Seconds after which a call will be taken.");
	for (int i = 0; i < (int) lengthof(limit_headers); i++)
		write_header(out, limit_headers[i].name, limit_headers[i].description);
	document_close(out, '}');

	document_key(out, "responses");
	document_open(out, '{');
	write_errors(out);
	document_close(out, '}');

	document_key(out, "schemas");
	document_open(out, '{');
	openapi_schemas(out);
	document_close(out, '}');
	document_close(out, '}');
}
