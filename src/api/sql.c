/*
 * sql.c
 *	  The SQL functions of the operations, and PostgREST's calls of them.
 *
 * Every operation has a C symbol of its own, so that a script and a library of
 * different versions are distinguished by name.  A non-empty request.method says
 * that PostgREST is calling: then headers come from request.headers, status and
 * headers go to response.*, and errors leave in PostgREST's form.
 */
#include "api/api.h"
#include "api/response.h"

#include "call/call.h"
#include "call/field.h"
#include "fmgr.h"
#include "operations.h"
#include "utils/builtins.h"

#define OPERATION(name, ...)                                  \
	PG_FUNCTION_INFO_V1(flagplane_##name);                    \
	Datum flagplane_##name(PG_FUNCTION_ARGS)                  \
	{                                                         \
		return call_from_sql(fcinfo, &operations[OP_##name]); \
	}
#include "operationlist.h"
#undef OPERATION

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
 * respond sets the status and the headers in PostgREST.
 */
static void
respond(const Request *request)
{
	ResponseHeaders headers = {0};

	if (request->operation->status != 200)
		postgrest_status(request->operation->status);
	response_of_request(&headers, request);
	if (request->operation->dialect == LAYERS)
		response_header(&headers, "X-Request-Id", request->id);
	response_common_headers(&headers);
	postgrest_headers(&headers);
}

/*
 * sql_prepare starts a request for an operation whose fields are the first
 * arguments of a SQL function: who calls is taken from PostgREST's settings, or
 * is the database role.
 */
void
sql_prepare(Request *request, const Operation *operation, FunctionCallInfo fcinfo)
{
	call_prepare(request, operation);
	postgrest_set_error_format(operation->dialect, request->id);
	request->read_fields = read_arguments;
	request->source = fcinfo;
	if (postgrest_serves())
	{
		Headers headers;

		headers_of_postgrest(&headers);
		request->token = headers.token;
		request->idempotency_key = headers.idempotency_key;
		request->if_match = headers.if_match;
	}
}

/*
 * run is call_run, for postgrest_protect.
 */
static void
run(void *request)
{
	call_run(request);
}

/*
 * sql_run runs a request that sql_prepare has started.
 */
void
sql_run(Request *request)
{
	postgrest_protect(run, request, request->id);
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
		request.idempotency_uuid = PG_GETARG_UUID_P(fields);

	sql_run(&request);

	if (postgrest_serves())
		respond(&request);
	if (request.response->len == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(
		PointerGetDatum(cstring_to_text_with_len(request.response->data, request.response->len)));
}
