/*
 * sql.c
 *	  The SQL functions of the operations, and PostgREST's calls of them.
 *
 * Every operation has a C symbol of its own, so that a script and a library of
 * different versions are told apart by name.  A non-empty request.method says
 * that PostgREST is calling: then headers come from request.headers, status and
 * headers go to response.*, and errors leave in PostgREST's form.
 */
#include "door/door.h"

#include "call/call.h"
#include "call/field.h"
#include "fmgr.h"
#include "ground/answer.h"
#include "ground/document.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#define OPERATION(name, method, path, scope, status, dialect, kind, subject, check) \
	PG_FUNCTION_INFO_V1(flagplane_##name);                                          \
	Datum flagplane_##name(PG_FUNCTION_ARGS)                                        \
	{                                                                               \
		return call_from_sql(fcinfo, &operations[OP_##name]);                       \
	}
#include "operationlist.h"
#undef OPERATION

/*
 * postgrest_setting is a custom setting's value; NULL where it is not set.  After the
 * first transaction of a connection such settings read as ''.
 */
const char *
postgrest_setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value && value[0] ? value : NULL;
}

/*
 * read_arguments fills the fields from the function's arguments.
 */
static void
read_arguments(Request *request)
{
	FunctionCallInfo fcinfo = request->source;

	for (int i = 0; request->operation->fields[i].name; i++)
		if (!PG_ARGISNULL(i))
			field_from_sql(request, i, PG_GETARG_DATUM(i));
}

/*
 * set_response sets a setting that PostgREST reads after the call.
 */
static void
set_response(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}

/*
 * response_header adds a header to PostgREST's array of one-member objects.
 */
static void
response_header(StringInfo headers, const char *name, const char *value)
{
	document_element(headers);
	document_open(headers, '{');
	document_string(headers, name, value);
	document_close(headers, '}');
}

/*
 * setting_jsonb reads a setting that holds JSON.  jsonb's own complaint about one that
 * does not would quote it, with the caller's token perhaps.
 */
static Jsonb *
setting_jsonb(const char *name, const char *text)
{
	JsonValue value;
	Datum jsonb;

	if (json_read_value(text, strlen(text), &value) != NULL || !json_read_jsonb(&value, &jsonb))
		error_raise(ERR_MALFORMED, "the setting %s is not JSON", name);
	return DatumGetJsonbP(jsonb);
}

/*
 * keep_headers copies the headers that somebody else set before in the request;
 * those of an earlier call of ours give way to the new ones.
 */
static void
keep_headers(StringInfo headers, const char *before)
{
	static const char *const ours[] = {"Location",
									   "ETag",
									   "Idempotent-Replayed",
									   "X-Request-Id",
									   "X-Ratelimit-Global-Remaining",
									   "X-Ratelimit-Route-Remaining",
									   "X-Ratelimit-Reset",
									   "X-RateLimit-Endpoint-Class",
									   "X-RateLimit-Limit",
									   "X-RateLimit-Remaining",
									   "X-RateLimit-Reset"};
	Jsonb *list = setting_jsonb("response.headers", before);
	uint32 count = JB_ROOT_IS_ARRAY(list) ? JB_ROOT_COUNT(list) : 0;

	for (uint32 i = 0; i < count; i++)
	{
		Jsonb *header = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		bool is_ours = false;

		for (int j = 0; j < (int) lengthof(ours) && JB_ROOT_IS_OBJECT(header); j++)
			is_ours |=
				getKeyJsonValueFromContainer(&header->root, ours[j], strlen(ours[j]), NULL) != NULL;
		if (is_ours)
			continue;
		document_element(headers);
		JsonbToCString(headers, &header->root, VARSIZE(header));
	}
}

/*
 * respond tells PostgREST the status and the headers.
 */
static void
respond(const Request *request)
{
	const char *before = postgrest_setting("response.headers");
	StringInfoData headers;

	if (request->operation->status != 200)
		set_response("response.status", psprintf("%d", request->operation->status));

	initStringInfo(&headers);
	document_open(&headers, '[');
	if (before)
		keep_headers(&headers, before);
	if (request->location->len > 0)
		response_header(&headers, "Location", request->location->data);
	if (request->version > 0)
		response_header(&headers, "ETag", psprintf("\"%d\"", request->version));
	if (request->replayed)
		response_header(&headers, "Idempotent-Replayed", "true");
	if (request->operation->dialect == LAYERS)
		response_header(&headers, "X-Request-Id", request->id);
	for (int i = 0; i < answer_header_count(); i++)
		response_header(&headers, answer_header_name(i), answer_header_value(i));
	document_close(&headers, ']');
	if (headers.len > 2 || before)
		set_response("response.headers", headers.data);
}

/*
 * sql_prepare starts a request for an operation whose fields are the first
 * arguments of a SQL function: who calls is taken from PostgREST's settings, or
 * is the database role.
 */
void
sql_prepare(Request *request, const Operation *operation, FunctionCallInfo fcinfo)
{
	bool postgrest = postgrest_setting("request.method") != NULL;

	answer_begin();
	call_prepare(request, operation);
	error_speak(postgrest ? VOICE_POSTGREST : VOICE_SQL, operation->dialect, request->id);
	request->read_fields = read_arguments;
	request->source = fcinfo;
	if (postgrest && postgrest_setting("request.headers"))
	{
		Headers headers;

		headers_read_jsonb(setting_jsonb("request.headers", postgrest_setting("request.headers")),
						   true, &headers);
		request->token = headers.token;
		request->idempotency_key = headers.idempotency_key;
		request->if_match = headers.if_match;
	}
}

/*
 * call_from_sql runs an operation with the arguments of its SQL function and
 * returns its document; NULL where there is none.
 */
Datum
call_from_sql(FunctionCallInfo fcinfo, const Operation *operation)
{
	int fields = field_count(operation);
	Request request;

	if (PG_NARGS() != fields + (operation->kind == READS ? 0 : 1))
		elog(ERROR,
			 "function %s has %d arguments where this library knows %d: run ALTER EXTENSION "
			 "flagplane UPDATE",
			 operation->name, PG_NARGS(), fields + (operation->kind == READS ? 0 : 1));

	sql_prepare(&request, operation, fcinfo);
	if (operation->kind != READS && !PG_ARGISNULL(fields))
		request.idempotency_key = uuid_text(PG_GETARG_UUID_P(fields)->data);

	call_run(&request);

	if (postgrest_setting("request.method"))
		respond(&request);
	if (request.answer->len == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(
		PointerGetDatum(cstring_to_text_with_len(request.answer->data, request.answer->len)));
}
