/*
 * http.c
 *	  handle(): a documented REST request as a plain SQL function.
 *
 * The request runs in one subtransaction.  A refusal undoes what the request
 * did and becomes the documented answer; what ends the caller's transaction is
 * raised on; anything else unforeseen answers 500 with the request's id, under
 * which the server's log has the whole error.
 */
#include "door/http.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "call/body.h"
#include "call/call.h"
#include "call/field.h"
#include "door/door.h"
#include "door/openapi.h"
#include "funcapi.h"
#include "ground/answer.h"
#include "ground/document.h"
#include "miscadmin.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* The largest body that a documented request has use for. */
#define BODY_BYTES_MAX (1024 * 1024)

/* A REST request, and the answer to it. */
typedef struct Exchange
{
	const char *method;
	const char *uri;
	Jsonb *headers;
	text *body; /* NULL if there is none */

	Route route;
	int status;
	StringInfo answer;
	StringInfoData answer_headers;
	char id[REQUEST_ID_LENGTH + 1];
} Exchange;

PG_FUNCTION_INFO_V1(flagplane_handle);

/*
 * is_utf8 tells whether bytes are text.  The server has checked that already in
 * every database whose encoding is known.
 */
static bool
is_utf8(const char *bytes, int length)
{
	return GetDatabaseEncoding() != PG_SQL_ASCII ||
		   pg_encoding_verifymbstr(PG_UTF8, bytes, length) == length;
}

/*
 * body_of is the request's body, which must be there and be text.
 */
static const char *
body_of(const Exchange *exchange, int *length)
{
	const char *body;

	*length = exchange->body ? VARSIZE_ANY_EXHDR(exchange->body) : 0;
	if (*length == 0)
		error_raise(ERR_MALFORMED, "the request body is empty; JSON is expected");
	if (*length > BODY_BYTES_MAX)
		error_raise(ERR_INVALID, "the request body is larger than %d bytes", BODY_BYTES_MAX);
	body = VARDATA_ANY(exchange->body);
	if (!is_utf8(body, *length))
		error_raise(ERR_MALFORMED, "the request body is not UTF-8");
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

		body = body_of(exchange, &length);
		problem = json_read_value(body, length, &value);
		if (problem)
			error_raise(ERR_MALFORMED, "the request body is not JSON: %s", problem);
		field_from_json(request, whole, &value);
	}
	else if (has_body)
	{
		body = body_of(exchange, &length);
		problem = body_read(request, body, length);
		if (problem)
			error_raise(ERR_MALFORMED, "the request body is not a JSON object: %s", problem);
	}
}

/*
 * add_header adds a header to the answer.
 */
static void
add_header(Exchange *exchange, const char *name, const char *value)
{
	document_string(&exchange->answer_headers, name, value);
}

/*
 * asks_openapi tells whether a request is for the document of the operations, which
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
 * run_exchange routes the request and runs its operation.
 */
static void
run_exchange(Exchange *exchange)
{
	const Operation *operation;
	Request request;
	Headers headers;
	const char *method;

	headers_read_jsonb(exchange->headers, false, &headers);
	method = strcmp(exchange->method, "POST") == 0 && headers.method_override
				 ? headers.method_override
				 : exchange->method;
	operation = route_find(method, exchange->uri, &exchange->route);
	error_speak(VOICE_SQL, exchange->route.dialect, exchange->id);
	if (operation == NULL && asks_openapi(&exchange->route, method))
	{
		/* It shows no data: anybody may read it. */
		exchange->status = 200;
		exchange->answer = makeStringInfo();
		openapi_document(exchange->answer);
		return;
	}
	if (operation == NULL && exchange->route.allowed[0])
		error_raise(ERR_METHOD, "this path does not take that method");
	if (operation == NULL)
		error_raise(ERR_NO_ROUTE, "there is no such path");

	call_prepare(&request, operation);
	strlcpy(request.id, exchange->id, sizeof(request.id));
	request.wire = true;
	request.mode = STATEMENT_WRITE;
	request.token = headers.token;
	request.idempotency_key = headers.idempotency_key;
	request.if_match = headers.if_match;
	request.read_fields = read_exchange;
	request.source = exchange;
	call_run(&request);

	exchange->status = operation->status;
	exchange->answer = request.answer;
	if (request.location->len > 0)
		add_header(exchange, "Location", request.location->data);
	if (request.version > 0)
		add_header(exchange, "ETag", psprintf("\"%d\"", request.version));
	if (request.replayed)
		add_header(exchange, "Idempotent-Replayed", "true");
}

/*
 * log_error writes an unforeseen error to the server's log under the request's
 * id.  The statement stays out of it, since the caller's token may stand in it,
 * and so does what a broken constraint says of the row.
 */
static void
log_error(const Exchange *exchange, const ErrorData *error)
{
	ereport(LOG, errhidestmt(true), errcode(error->sqlerrcode),
			errmsg("flagplane request %s failed: %s", exchange->id, error->message),
			error->detail && !error_tells_row(error) ? errdetail_internal("%s", error->detail) : 0,
			error->context ? errcontext("%s", error->context) : 0);
}

/*
 * answer_error turns a caught error into the documented answer, or raises it on
 * where the caller's transaction is over.
 */
static void
answer_error(Exchange *exchange, ErrorData *error)
{
	ErrorKind kind = ERR_INTERNAL;
	const char *message = error->message;

	if (error_ends_transaction(error))
		ReThrowError(error);
	if (!error_is_ours(error, &kind))
	{
		log_error(exchange, error);
		message = psprintf("internal error in request %s", exchange->id);
		error_speak(VOICE_SQL, exchange->route.dialect, exchange->id);
	}
	exchange->status = error_status(kind, exchange->route.dialect);
	exchange->answer = makeStringInfo();
	if (kind == ERR_METHOD)
		add_header(exchange, "Allow", exchange->route.allowed);
	error_body(exchange->answer, kind, exchange->route.dialect, message, exchange->id);
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
		resetStringInfo(&exchange->answer_headers);
		document_open(&exchange->answer_headers, '{');
		answer_error(exchange, error);
	}
	PG_END_TRY();
}

/*
 * flagplane_handle is handle(method text, uri text, headers jsonb, body text,
 * OUT status int, OUT headers jsonb, OUT body json): a documented REST request
 * in, the documented answer out.  It raises no documented error.
 */
Datum
flagplane_handle(PG_FUNCTION_ARGS)
{
	Exchange exchange = {0};
	TupleDesc columns;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "handle must return a row");
	exchange.method = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	exchange.uri = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	exchange.headers = PG_ARGISNULL(2)
						   ? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")))
						   : PG_GETARG_JSONB_P(2);
	exchange.body = PG_ARGISNULL(3) ? NULL : PG_GETARG_TEXT_PP(3);
	initStringInfo(&exchange.answer_headers);
	document_open(&exchange.answer_headers, '{');
	request_id(exchange.id);
	answer_begin();

	run_protected(&exchange);

	if (exchange.answer->len > 0)
		add_header(&exchange, "Content-Type", "application/json");
	if (exchange.route.dialect == LAYERS)
		add_header(&exchange, "X-Request-Id", exchange.id);
	for (int i = 0; i < answer_header_count(); i++)
		add_header(&exchange, answer_header_name(i), answer_header_value(i));
	document_close(&exchange.answer_headers, '}');

	values[0] = Int32GetDatum(exchange.status);
	values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(exchange.answer_headers.data));
	nulls[2] = exchange.answer->len == 0;
	values[2] = nulls[2] ? (Datum) 0
						 : PointerGetDatum(cstring_to_text_with_len(exchange.answer->data,
																	exchange.answer->len));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
