/*
 * sdk_evaluate.c
 *	  What client-side SDKs ask for: flags evaluated for a context.
 */
#include "api/sdk.h"

#include "common/base64.h"
#include "resource/environment/client_flags.h"
#include "util/json.h"

#define CONTEXT_BYTES_MAX (1024 * 1024)

/*
 * sdk_query_parameter is the value of a parameter of the query string; NULL if it is not there.
 */
char *
sdk_query_parameter(const SdkCall *call, const char *name)
{
	const char *query = call->exchange->route.query;
	size_t name_length = strlen(name);

	while (*query != '\0' && *query != '#')
	{
		size_t length = strcspn(query, "&#");

		if (length > name_length && memcmp(query, name, name_length) == 0 &&
			query[name_length] == '=')
		{
			RouteParameter parameter = {.value = query + name_length + 1,
										.value_length = length - name_length - 1};

			return route_text(&parameter);
		}
		query += length;
		if (*query == '&')
			query++;
	}
	return NULL;
}

/*
 * decode_base64 decodes the alphabet for URLs, with padding or without; NULL if it is not that.
 */
static char *
decode_base64(const char *text, int *length)
{
	int digits = strcspn(text, "=");
	int padded = (digits + 3) / 4 * 4;
	char *standard = palloc(padded + 1);
	char *bytes = palloc(pg_b64_dec_len(padded) + 1);

	if (strspn(text + digits, "=") != strlen(text + digits))
		return NULL;
	for (int i = 0; i < padded; i++)
		standard[i] = i >= digits ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	*length = pg_b64_decode(standard, padded, (void *) bytes, pg_b64_dec_len(padded) + 1);
	return *length < 0 ? NULL : bytes;
}

/*
 * read_context reads a context of JSON. Refuses what is none.
 */
static void
read_context(const char *text, int length, Context *context)
{
	JsonValue value;
	Datum document;
	char *problem = json_read_value(text, length, &value);

	if (problem)
		error_raise(ERR_MALFORMED, "the context is not JSON: %s", problem);
	if (value.kind != JSON_OBJECT || !json_read_jsonb(&value, &document))
		error_raise(ERR_INVALID, "the context must be an object");
	context_read(context, &DatumGetJsonbP(document)->root);
	if (!context->valid)
		error_raise(ERR_INVALID, "the context is not valid");
}

/*
 * context_of_path reads the context that is in the path.
 */
static void
context_of_path(const SdkCall *call, Context *context)
{
	char *text = sdk_last_parameter(call);
	Exchange decoded = {.raw = true};
	int length;

	decoded.body = text ? decode_base64(text, &decoded.body_length) : NULL;
	if (decoded.body == NULL)
		error_raise(ERR_MALFORMED, "the context in the path is not in base64");
	text = unconstify(char *, exchange_body(&decoded, CONTEXT_BYTES_MAX, &length));
	read_context(text, length, context);
}

/*
 * context_of_body reads the context that is the body.
 */
static void
context_of_body(const SdkCall *call, Context *context)
{
	int length;
	const char *text = exchange_body(call->exchange, CONTEXT_BYTES_MAX, &length);

	read_context(text, length, context);
}

/*
 * append_flags writes the flags that the SDK may see. In secure mode browsers, which anybody
 * can use, must prove that the context is theirs.
 */
static void
append_flags(SdkCall *call, const Context *context)
{
	char *with_reasons = sdk_query_parameter(call, "withReasons");

	if (call->credential == CLIENT_SIDE_ID &&
		sdk_environment_settings(&call->environment)->secure_mode)
		sdk_secure_mode_check(&call->request, &call->environment, context,
							  sdk_query_parameter(call, "h"));
	client_flags_append(call->exchange->response, &call->environment, call->credential, context,
						with_reasons && strcmp(with_reasons, "true") == 0);
}

/*
 * respond responds with the flags for a context.
 */
static void
respond(SdkCall *call, const Context *context)
{
	sdk_header(call, "Cache-Control", "no-cache");
	sdk_header(call, "X-LD-EnvID", call->environment.id);
	append_flags(call, context);
}

/*
 * stream responds with a stream that ends after the flags for a context.
 */
static void
stream(SdkCall *call, const Context *context)
{
	sdk_begin_stream(call, "put");
	append_flags(call, context);
	appendStringInfoString(call->exchange->response, "\n\n");
}

/*
 * sdk_respond_flags_of_path responds with the flags for the context in the path.
 */
void
sdk_respond_flags_of_path(SdkCall *call)
{
	Context context;

	context_of_path(call, &context);
	respond(call, &context);
}

/*
 * sdk_respond_flags_of_body responds with the flags for the context in the body.
 */
void
sdk_respond_flags_of_body(SdkCall *call)
{
	Context context;

	context_of_body(call, &context);
	respond(call, &context);
}

/*
 * sdk_stream_flags_of_path is sdk_respond_flags_of_path as a stream.
 */
void
sdk_stream_flags_of_path(SdkCall *call)
{
	Context context;

	context_of_path(call, &context);
	stream(call, &context);
}

/*
 * sdk_stream_flags_of_body is sdk_respond_flags_of_body as a stream.
 */
void
sdk_stream_flags_of_body(SdkCall *call)
{
	Context context;

	context_of_body(call, &context);
	stream(call, &context);
}
