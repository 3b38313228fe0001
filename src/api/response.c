/*
 * response.c
 *	  The headers of a response, and the settings in which PostgREST reads it.
 */
#include "api/api.h"
#include "api/response.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "util/response_headers.h"
#include "util/document.h"
#include "util/json.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

/* When a request can be tried again that a lock or a resource was missing for. */
#define RETRY_AFTER_SECONDS 1

/* Whether PostgREST is serving the current call; set when the call begins. */
static bool serving = false;

/*
 * response_header adds a header to the response.
 */
void
response_header(ResponseHeaders *headers, const char *name, const char *value)
{
	if (headers->count >= RESPONSE_HEADERS_MAX)
		elog(ERROR, "too many headers");
	headers->names[headers->count] = name;
	headers->values[headers->count] = value;
	headers->count++;
}

/*
 * response_has_etag tells whether a response has an entity tag: what has a version has one, and a list
 * that is read.
 */
bool
response_has_etag(const Request *request)
{
	return request->version > 0 || (request->operation->kind == READS && request->composed);
}

/*
 * response_etag is the entity tag of a response: its version.  A document that shows
 * more than what the version is of has its own text's hash behind that, and a list, which
 * has no version, that alone.
 */
char *
response_etag(const Request *request)
{
	if (request->operation->kind == READS && request->composed)
	{
		uint64 hash = hash_bytes_extended((const unsigned char *) request->response->data,
										  request->response->len, 0);

		if (request->version == 0)
			return psprintf("\"%016llx\"", (unsigned long long) hash);
		return psprintf("\"%d.%016llx\"", request->version, (unsigned long long) hash);
	}
	return psprintf("\"%d\"", request->version);
}

/*
 * response_of_request adds what a done request says in headers.
 */
void
response_of_request(ResponseHeaders *headers, const Request *request)
{
	if (request->location->len > 0)
		response_header(headers, "Location", request->location->data);
	if (response_has_etag(request))
		response_header(headers, "ETag", response_etag(request));
	if (request->replayed)
		response_header(headers, "Idempotent-Replayed", "true");
}

/*
 * response_common_headers adds the headers that every response to the request carries.
 */
void
response_common_headers(ResponseHeaders *headers)
{
	for (int i = 0; i < response_header_count(); i++)
		response_header(headers, response_header_name(i), response_header_value(i));
}

/*
 * response_object writes the headers as one JSON object.
 */
void
response_object(const ResponseHeaders *headers, StringInfo out)
{
	document_open(out, '{');
	for (int i = 0; i < headers->count; i++)
		document_string(out, headers->names[i], headers->values[i]);
	document_close(out, '}');
}

/*
 * response_log_error writes an error that the caller does not see to the server's log,
 * under the request's id.  The statement stays out of it, and so do those around it in the
 * functions that called, since the caller's token may stand in them, and what a broken
 * constraint says of the row.
 */
void
response_log_error(const char *request_id, const ErrorData *error)
{
	ErrorContextCallback *callers = error_context_stack;

	error_context_stack = NULL;
	ereport(LOG, errhidestmt(true), errcode(error->sqlerrcode),
			errmsg("flagplane request %s failed: %s", request_id, error->message),
			error->detail && !error_tells_row(error) ? errdetail_internal("%s", error->detail) : 0,
			error->context ? errcontext("%s", error->context) : 0);
	error_context_stack = callers;
}

/*
 * response_unavailable logs an error of what PostgreSQL could not do for the moment, asks the
 * caller to try again, and returns the message for them.
 */
const char *
response_unavailable(const char *request_id, const ErrorData *error)
{
	response_log_error(request_id, error);
	response_header_number("Retry-After", RETRY_AFTER_SECONDS);
	return psprintf("the server cannot do this at the moment; try again (request %s)", request_id);
}

/*
 * postgrest_setting is the value of a setting that PostgREST makes; NULL where it
 * is not set.  After the first transaction of a connection such settings read
 * as ''.
 */
const char *
postgrest_setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value && value[0] ? value : NULL;
}

/*
 * postgrest_calls returns whether PostgREST is serving a request.
 */
bool
postgrest_calls(void)
{
	return postgrest_setting("request.method") != NULL;
}

/*
 * postgrest_set_error_format begins a call: it has no headers yet, and its refusals leave in
 * the form that the caller understands: PostgREST's own while that is serving a
 * request, else that of SQL.
 */
void
postgrest_set_error_format(Dialect dialect, const char *request_id)
{
	serving = postgrest_calls();
	response_headers_begin();
	error_set_format(serving ? ERROR_FORMAT_POSTGREST : ERROR_FORMAT_SQL, dialect, request_id);
}

/*
 * postgrest_serves is postgrest_calls as it was when the call began.
 */
bool
postgrest_serves(void)
{
	return serving;
}

/*
 * set_response sets a setting that PostgREST reads after the call.  While workers run
 * for the query no setting can be set: what such a query calls is answered without.
 */
static void
set_response(const char *name, const char *value)
{
	if (IsInParallelMode())
		return;
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}

/*
 * copy_headers copies the headers that somebody else set before in the request;
 * those of an earlier call of ours give way to the new ones.
 */
static void
copy_headers(StringInfo out, Jsonb *list)
{
	static const char *const ours[] = {"Location",
									   "ETag",
									   "Idempotent-Replayed",
									   "Allow",
									   "Content-Type",
									   "X-Request-Id",
									   "X-Flagplane",
									   "X-LD-EnvID",
									   "X-LD-FD-Fallback",
									   "X-LD-FD-Fallback-TTL",
									   "Cache-Control",
									   "Vary",
									   "Retry-After",
									   "X-Ratelimit-Global-Remaining",
									   "X-Ratelimit-Route-Remaining",
									   "X-Ratelimit-Reset",
									   "X-RateLimit-Endpoint-Class",
									   "X-RateLimit-Limit",
									   "X-RateLimit-Remaining",
									   "X-RateLimit-Reset"};
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
		document_element(out);
		JsonbToCString(out, &header->root, VARSIZE(header));
	}
}

/*
 * headers_before are the headers that have been set for the response already; NULL if
 * there are none.  jsonb's own complaint about a setting that is no JSON would quote
 * it.
 */
static Jsonb *
headers_before(void)
{
	const char *text = postgrest_setting("response.headers");
	JsonValue value;
	Datum jsonb;

	if (text == NULL)
		return NULL;
	if (json_read_value(text, strlen(text), &value) != NULL)
		error_raise(ERR_MALFORMED, "the setting response.headers is not JSON");
	(void) json_read_jsonb(&value, &jsonb);
	return DatumGetJsonbP(jsonb);
}

/*
 * postgrest_headers sets the headers in PostgREST: an array of objects of one
 * member each.
 */
void
postgrest_headers(const ResponseHeaders *headers)
{
	Jsonb *before = headers_before();
	StringInfoData out;

	if (headers->count == 0 && before == NULL)
		return;
	initStringInfo(&out);
	document_open(&out, '[');
	if (before)
		copy_headers(&out, before);
	for (int i = 0; i < headers->count; i++)
	{
		document_element(&out);
		document_open(&out, '{');
		document_string(&out, headers->names[i], headers->values[i]);
		document_close(&out, '}');
	}
	document_close(&out, ']');
	set_response("response.headers", out.data);
}

/*
 * postgrest_status sets the status in PostgREST.
 */
void
postgrest_status(int status)
{
	set_response("response.status", psprintf("%d", status));
}

/*
 * postgrest_protect runs a function.  While PostgREST is serving a request, what PostgreSQL
 * could not do for the moment leaves as a response, as refusals do; any other error, and any
 * in SQL, as it is.
 */
void
postgrest_protect(void (*run)(void *), void *state, const char *request_id)
{
	MemoryContext context = CurrentMemoryContext;

	if (!serving)
	{
		run(state);
		return;
	}
	PG_TRY();
	{
		run(state);
	}
	PG_CATCH();
	{
		if (error_is_transient(geterrcode()))
		{
			ErrorData *error;

			MemoryContextSwitchTo(context);
			error = CopyErrorData();
			FlushErrorState();
			error_raise(ERR_UNAVAILABLE, "%s", response_unavailable(request_id, error));
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
}
