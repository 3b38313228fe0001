/*
 * http.c
 *	  handle(): a documented REST request as a plain SQL function; rest(): the
 *	  same behind PostgREST and a reverse proxy.
 *
 * The request runs in one subtransaction.  A refusal undoes what the request
 * did and becomes the documented response; what ends the caller's transaction is
 * raised on; anything else unforeseen becomes status 500 with the request's id, under
 * which the server's log has the whole error.
 */
#include "api/http.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "call/body.h"
#include "call/call.h"
#include "call/field.h"
#include "api/api.h"
#include "api/ofrep.h"
#include "api/openapi.h"
#include "api/response.h"
#include "api/sdk.h"
#include "funcapi.h"
#include "util/response_headers.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "miscadmin.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* The largest body that a documented request has use for. */
#define BODY_BYTES_MAX (1024 * 1024)

#define HTTP_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define STATUS_UNAVAILABLE 503

PG_FUNCTION_INFO_V1(flagplane_handle);
PG_FUNCTION_INFO_V1(flagplane_rest);
PG_FUNCTION_INFO_V1(flagplane_sdk);

/*
 * exchange_body is the request's body as text of the database's encoding, which it must
 * be, of at most so many bytes.  A value of type text is that already in every database
 * whose encoding is known.
 */
const char *
exchange_body(const Exchange *exchange, int bytes_max, int *length)
{
	const char *body = exchange->body;

	*length = exchange->body_length;
	if (*length == 0)
		error_raise(ERR_MALFORMED, "the request body is empty; JSON is expected");
	if (*length > bytes_max)
		error_raise(ERR_TOO_LARGE, "the request body is larger than %d bytes", bytes_max);
	if (!exchange->raw && GetDatabaseEncoding() != PG_SQL_ASCII)
		return body;
	if (memchr(body, '\0', *length))
		error_raise(ERR_MALFORMED, "the request body holds a NUL");
	if (pg_encoding_verifymbstr(PG_UTF8, body, *length) != *length)
		error_raise(ERR_MALFORMED, "the request body is not UTF-8");
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return body;
	body = pg_any_to_server(pnstrdup(body, *length), *length, PG_UTF8);
	*length = strlen(body);
	return body;
}

/*
 * read_exchange fills the fields from the path, the query string and the body,
 * which is an object of fields or, as a whole, one field's value.
 */
static void
read_exchange(Request *request)
{
	Exchange *exchange = request->source;
	const Field *fields = request->operation->fields;
	bool has_body = false;
	int whole = -1;
	const char *body;
	int length;
	char *problem;

	route_fields(request, &exchange->route);
	/* A bad path comes before a bad body, whatever is wrong with that. */
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
	for (int i = 0; fields[i].name; i++)
	{
		has_body |= fields[i].place == IN_BODY;
		if (fields[i].place == AS_BODY)
			whole = i;
	}
	if (whole >= 0)
	{
		JsonValue value;

		body = exchange_body(exchange, Max(fields[whole].max, BODY_BYTES_MAX), &length);
		problem = json_read_value(body, length, &value);
		if (problem)
			error_raise(ERR_MALFORMED, "the request body is not JSON: %s", problem);
		field_from_json(request, whole, &value);
	}
	else if (has_body)
	{
		body = exchange_body(exchange, BODY_BYTES_MAX, &length);
		problem = body_read(request, body, length);
		if (problem)
			error_raise(ERR_MALFORMED, "the request body is not a JSON object: %s", problem);
	}
}

/*
 * method_asked is the method that counts: HEAD is a GET whose body the HTTP
 * server leaves out, and a POST may stand for a method that its sender cannot
 * send.  A POST that stands for anything else is refused, since it was not meant
 * as a POST.
 */
static const char *
method_asked(const Exchange *exchange, const Headers *headers)
{
	static const char *const may_override[] = {"PATCH", "PUT", "DELETE", "POST"};

	if (strcmp(exchange->method, "HEAD") == 0)
		return "GET";
	if (strcmp(exchange->method, "POST") != 0 || headers->method_override == NULL)
		return exchange->method;
	for (int i = 0; i < (int) lengthof(may_override); i++)
		if (pg_strcasecmp(headers->method_override, may_override[i]) == 0)
			return may_override[i];
	return "";
}

/*
 * read_headers reads the request's headers; behind a reverse proxy method and
 * URI are among them.
 */
static void
read_headers(Exchange *exchange, Headers *headers)
{
	char *space;

	if (exchange->headers)
	{
		headers_read_jsonb(exchange->headers, headers);
		return;
	}
	headers_of_postgrest(headers);
	/* The two count first: a proxy that sets them hands on what a client calls the other. */
	if (headers->original_method && headers->original_uri)
	{
		exchange->method = headers->original_method;
		exchange->uri = headers->original_uri;
		return;
	}
	space = headers->original_request ? strchr(headers->original_request, ' ') : NULL;
	if (space == NULL)
		error_raise(ERR_INVALID, "the headers X-Original-Method and X-Original-URI are required, or"
								 " X-Original-Request with both");
	exchange->method = pnstrdup(headers->original_request, space - headers->original_request);
	exchange->uri = space + 1;
}

/*
 * asks_openapi returns whether a request is for the document of the operations, which
 * is no operation itself; if with another method than GET, the route says so.
 */
static bool
asks_openapi(Route *route, const char *method)
{
	if (route->path_length != strlen(OPENAPI_PATH) ||
		memcmp(route->path, OPENAPI_PATH, route->path_length) != 0)
		return false;
	strlcpy(route->allowed, "GET", sizeof(route->allowed));
	return strcmp(method, "GET") == 0;
}

/*
 * names_etag returns whether an If-None-Match names an entity tag, or any by *.  Tags are
 * compared weakly: one with W/ before it is as good as one without.
 */
bool
names_etag(const char *header, const char *etag)
{
	size_t etag_length = strlen(etag);

	for (;;)
	{
		size_t length;

		header += strspn(header, ", \t");
		if (*header == '\0')
			return false;
		if (*header == '*')
			return true;
		if (strncmp(header, "W/", 2) == 0)
			header += 2;
		/* A comma may stand within the quotes. */
		length = *header == '"' ? strcspn(header + 1, "\"") + 1 : strcspn(header, ",");
		if (header[length] == '"')
			length++;
		if (length == etag_length && strncmp(header, etag, length) == 0)
			return true;
		header += length;
	}
}

/*
 * run_exchange routes the request and runs its operation.
 */
static void
run_exchange(Exchange *exchange)
{
	const Operation *operation;
	Request request;
	Headers headers;
	const char *method;

	error_set_format(ERROR_FORMAT_SQL, LAUNCHDARKLY, exchange->id);
	read_headers(exchange, &headers);
	method = method_asked(exchange, &headers);
	if (exchange->only_sdks || sdk_serves(exchange->uri))
	{
		exchange->route.dialect = sdk_dialect(exchange->uri);
		error_set_format(ERROR_FORMAT_SQL, exchange->route.dialect, exchange->id);
		sdk_respond(exchange, &headers, method);
		return;
	}
	operation = route_find(method, exchange->uri, &exchange->route);
	error_set_format(ERROR_FORMAT_SQL, exchange->route.dialect, exchange->id);
	if (headers.problem)
		error_raise(ERR_MALFORMED, "%s", headers.problem);
	if (operation == NULL && asks_openapi(&exchange->route, method))
	{
		/* It shows no data: anybody may read it. */
		exchange->status = 200;
		exchange->response = makeStringInfo();
		openapi_document(exchange->response);
		return;
	}
	if (operation == NULL && exchange->route.allowed[0] &&
		strspn(method, HTTP_LETTERS) != strlen(method))
		error_raise(ERR_METHOD,
					"there is no such method; methods are written in capitals, as in GET");
	if (operation == NULL && exchange->route.allowed[0])
		error_raise(ERR_METHOD, "this path does not take that method, only: %s",
					exchange->route.allowed);
	if (operation == NULL)
		error_raise(ERR_NO_ROUTE, "there is no such path");

	call_prepare(&request, operation);
	strlcpy(request.id, exchange->id, sizeof(request.id));
	request.rest = true;
	request.mode = STATEMENT_WRITE;
	request.token = headers.token;
	request.idempotency_key = headers.idempotency_key;
	request.if_match = headers.if_match;
	request.read_fields = read_exchange;
	request.source = exchange;
	call_run(&request);

	exchange->status = operation->status;
	exchange->response = request.response;
	response_of_request(&exchange->answer_headers, &request);
	if (operation->kind == READS && response_has_etag(&request) && headers.if_none_match &&
		names_etag(headers.if_none_match, response_etag(&request)))
	{
		exchange->status = STATUS_NOT_MODIFIED;
		exchange->response = makeStringInfo();
	}
}

/*
 * methods_allowed lists the methods that the path of a refused request takes: those
 * that it has, or of those, where nothing can be changed, the one that reads.
 */
static const char *
methods_allowed(const Exchange *exchange, ErrorKind kind)
{
	Route route;

	if (kind == ERR_METHOD)
		return exchange->route.allowed;
	return route_find("GET", exchange->uri, &route) ? "GET" : "";
}

/*
 * is_of_sdks tells whether a request came from an SDK or a provider.
 */
static bool
is_of_sdks(const Exchange *exchange)
{
	return exchange->route.dialect == SDK || exchange->route.dialect == OFREP;
}

/*
 * respond_error turns a caught error into the documented response, or raises it on
 * where the caller's transaction is over.
 */
static void
respond_error(Exchange *exchange, ErrorData *error)
{
	ErrorKind kind = ERR_INTERNAL;
	const char *message = error->message;

	if (error_ends_transaction(error))
		ReThrowError(error);
	if (is_of_sdks(exchange) && (!error_is_ours(error, &kind) ||
								 error_status(kind, exchange->route.dialect) == STATUS_UNAVAILABLE))
	{
		kind = ERR_UNAVAILABLE;
		message = response_unavailable(exchange->id, error);
		error_set_format(ERROR_FORMAT_SQL, exchange->route.dialect, exchange->id);
	}
	else if (!error_is_ours(error, &kind))
	{
		kind = ERR_INTERNAL;
		response_log_error(exchange->id, error);
		message = psprintf("internal error in request %s", exchange->id);
		error_set_format(ERROR_FORMAT_SQL, exchange->route.dialect, exchange->id);
	}
	else if (kind == ERR_UNAVAILABLE)
	{
		message = response_unavailable(exchange->id, error);
		error_set_format(ERROR_FORMAT_SQL, exchange->route.dialect, exchange->id);
	}
	exchange->status = error_status(kind, exchange->route.dialect);
	exchange->response = makeStringInfo();
	exchange->media_type = MEDIA_TYPE_JSON;
	if (exchange->status == error_status(ERR_METHOD, exchange->route.dialect))
		response_header(&exchange->answer_headers, "Allow", methods_allowed(exchange, kind));
	if (exchange->route.dialect == OFREP)
		ofrep_respond_error(exchange, kind, message);
	else
		error_body(exchange->response, kind, exchange->route.dialect, message, exchange->id);
}

/*
 * run_protected runs the exchange in a subtransaction of its own.
 */
static void
run_protected(Exchange *exchange)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		/* An error's context is what happens here; PG_END_TRY gives the callers' back. */
		error_context_stack = NULL;
		run_exchange(exchange);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		exchange->answer_headers.count = 0;
		respond_error(exchange, error);
	}
	PG_END_TRY();
}

/*
 * mark_of is by what nginx knows a refusal of ours. It tells refusals itself, all but
 * those that name a flag, which are in the mark.
 */
static const char *
mark_of(const Exchange *exchange)
{
	return exchange->route.dialect == OFREP ? exchange->response->data : "sdk";
}

/*
 * exchange_run handles the request and sets its status, headers and body.
 */
static void
exchange_run(Exchange *exchange)
{
	request_id(exchange->id);
	exchange->media_type = MEDIA_TYPE_JSON;
	response_headers_begin();
	run_protected(exchange);
	/* PostgREST has a type of its own for what sdk() returns, be it nothing: 304 would tell it. */
	if (exchange->response->len > 0 || exchange->only_sdks)
		response_header(&exchange->answer_headers, "Content-Type", exchange->media_type);
	if (exchange->route.dialect == LAYERS)
		response_header(&exchange->answer_headers, "X-Request-Id", exchange->id);
	if (is_of_sdks(exchange) && exchange->status >= 400)
		response_header(&exchange->answer_headers, SDK_MARK, mark_of(exchange));
	response_common_headers(&exchange->answer_headers);
}

/*
 * body_as_json makes a string of a body that is not JSON.
 */
static void
body_as_json(Exchange *exchange)
{
	StringInfo text = exchange->response;

	if (text->len == 0 || strcmp(exchange->media_type, MEDIA_TYPE_JSON) == 0)
		return;
	exchange->response = makeStringInfo();
	escape_json(exchange->response, text->data);
}

/*
 * result_columns is the row type that a function returns. A query that has the function in FROM
 * knows it already; to look it up is a twentieth of an SDK's poll.
 */
static TupleDesc
result_columns(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc columns;

	if (result && IsA(result, ReturnSetInfo) && result->expectedDesc)
		return CreateTupleDescCopy(result->expectedDesc);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "handle must return a row");
	return columns;
}

/*
 * flagplane_handle is handle(method text, uri text, headers jsonb, body text,
 * OUT status int, OUT headers jsonb, OUT body json): a documented REST request
 * in, the documented response out.  It raises no documented error.
 */
Datum
flagplane_handle(PG_FUNCTION_ARGS)
{
	Exchange exchange = {0};
	StringInfoData headers;
	TupleDesc columns = result_columns(fcinfo);
	Datum values[3];
	bool nulls[3] = {false, false, false};

	exchange.method = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	exchange.uri = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	exchange.headers = PG_ARGISNULL(2) ? jsonb_of_text("{}") : PG_GETARG_JSONB_P(2);
	if (!PG_ARGISNULL(3))
	{
		text *body = PG_GETARG_TEXT_PP(3);

		exchange.body = VARDATA_ANY(body);
		exchange.body_length = VARSIZE_ANY_EXHDR(body);
	}

	exchange_run(&exchange);

	initStringInfo(&headers);
	response_object(&exchange.answer_headers, &headers);
	values[0] = Int32GetDatum(exchange.status);
	values[1] = JsonbPGetDatum(jsonb_of_text(headers.data));
	body_as_json(&exchange);
	nulls[2] = exchange.response->len == 0 || strcmp(exchange.method, "HEAD") == 0;
	values[2] = nulls[2] ? (Datum) 0
						 : PointerGetDatum(cstring_to_text_with_len(exchange.response->data,
																	exchange.response->len));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * respond_postgrest responds to the request that PostgREST was handed by a reverse proxy. Status
 * and headers go to PostgREST's settings, the body is what is returned; NULL where there is
 * none.
 */
static Datum
respond_postgrest(FunctionCallInfo fcinfo, bool only_sdks)
{
	Exchange exchange = {.method = "", .uri = "", .raw = true, .only_sdks = only_sdks};

	if (!PG_ARGISNULL(0))
	{
		bytea *body = PG_GETARG_BYTEA_PP(0);

		exchange.body = VARDATA_ANY(body);
		exchange.body_length = VARSIZE_ANY_EXHDR(body);
	}

	exchange_run(&exchange);

	postgrest_status(exchange.status);
	postgrest_headers(&exchange.answer_headers);
	if (exchange.response->len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(exchange.response->data, exchange.response->len));
}

/*
 * flagplane_rest is rest(bytea): the documented REST request that PostgREST was
 * handed by a reverse proxy, its body as it came.  It raises no documented error.
 */
Datum
flagplane_rest(PG_FUNCTION_ARGS)
{
	return respond_postgrest(fcinfo, false);
}

/*
 * flagplane_sdk is sdk(bytea) and sdk_stream(bytea): rest(bytea) for the paths of SDKs. They
 * change nothing, and other paths are none to them.  It raises no documented error.
 */
Datum
flagplane_sdk(PG_FUNCTION_ARGS)
{
	return respond_postgrest(fcinfo, true);
}
