/*
 * sdk.c
 *	  What SDKs ask for.
 *
 * An SDK stops for good when it gets 401, 403, 404 or 405. So those are said of its credential
 * and of paths that are not there, and of nothing else: what could not be done for whatever
 * reason is 503. Query parameters that nobody knows are passed over.
 */
#include "api/sdk.h"

#include "api/ofrep.h"
#include "call/call.h"
#include "call/caller.h"
#include "call/stats.h"
#include "operations.h"
#include "resource/environment/environment_payload.h"
#include "resource/event/event.h"
#include "resource/flag/flag_payload.h"
#include "resource/segment/segment_payload.h"
#include "util/document.h"
#include "access/xlog.h"
#include "utils/memutils.h"

/* The largest batch of events. */
#define EVENT_BYTES_MAX (10 * 1024 * 1024)

#define STATUS_ACCEPTED		   202
#define STATUS_NOT_IMPLEMENTED 501

/* A route; the credential is in the Authorization, or as :environmentId in the path. */
typedef struct SdkRoute
{
	const char *name;
	const char *method;
	const char *path;
	SdkCredential credential;
	void (*respond)(SdkCall *call);
} SdkRoute;

static void respond_all(SdkCall *call);
static void respond_flags(SdkCall *call);
static void respond_flag(SdkCall *call);
static void respond_segment(SdkCall *call);
static void respond_stream(SdkCall *call);
static void respond_ping(SdkCall *call);
static void respond_goals(SdkCall *call);
static void respond_fallback(SdkCall *call);
static void respond_events(SdkCall *call);

static const SdkRoute routes[] = {
	{"sdk_latest_all", "GET", "/sdk/latest-all", SDK_KEY, respond_all},
	{"sdk_flags", "GET", "/sdk/flags", SDK_KEY, respond_flags},
	{"sdk_flag", "GET", "/sdk/flags/:key", SDK_KEY, respond_flag},
	{"sdk_segment", "GET", "/sdk/segments/:key", SDK_KEY, respond_segment},
	{"sdk_goals", "GET", "/sdk/goals/:environmentId", CLIENT_SIDE_ID, respond_goals},
	{"sdk_fdv2_poll", "GET", "/sdk/poll", SDK_KEY, respond_fallback},
	{"sdk_fdv2_stream", "GET", "/sdk/stream", SDK_KEY, respond_fallback},
	{"sdk_client_fdv2_poll", "GET", "/sdk/poll/eval/:context", ANY_IN_QUERY, respond_fallback},
	{"sdk_client_fdv2_poll", "POST", "/sdk/poll/eval", ANY_IN_QUERY, respond_fallback},
	{"sdk_client_fdv2_stream", "GET", "/sdk/stream/eval/:context", ANY_IN_QUERY, respond_fallback},
	{"sdk_client_fdv2_stream", "POST", "/sdk/stream/eval", ANY_IN_QUERY, respond_fallback},
	{"sdk_stream", "GET", "/all", SDK_KEY, respond_stream},
	{"sdk_ping", "GET", "/ping/:environmentId", CLIENT_SIDE_ID, respond_ping},
	{"sdk_mobile_ping", "GET", "/mping", MOBILE_KEY, respond_ping},
	{"sdk_client_evaluation", "GET", "/sdk/evalx/:environmentId/contexts/:context", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_path},
	{"sdk_client_evaluation", "REPORT", "/sdk/evalx/:environmentId/context", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_body},
	{"sdk_client_evaluation", "POST", "/sdk/evalx/:environmentId/context", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_body},
	{"sdk_client_evaluation", "GET", "/sdk/evalx/:environmentId/users/:context", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_path},
	{"sdk_client_evaluation", "REPORT", "/sdk/evalx/:environmentId/user", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_body},
	{"sdk_client_evaluation", "POST", "/sdk/evalx/:environmentId/user", CLIENT_SIDE_ID,
	 sdk_respond_flags_of_body},
	{"sdk_mobile_evaluation", "GET", "/msdk/evalx/contexts/:context", MOBILE_KEY,
	 sdk_respond_flags_of_path},
	{"sdk_mobile_evaluation", "REPORT", "/msdk/evalx/context", MOBILE_KEY,
	 sdk_respond_flags_of_body},
	{"sdk_mobile_evaluation", "POST", "/msdk/evalx/context", MOBILE_KEY, sdk_respond_flags_of_body},
	{"sdk_mobile_evaluation", "GET", "/msdk/evalx/users/:context", MOBILE_KEY,
	 sdk_respond_flags_of_path},
	{"sdk_mobile_evaluation", "REPORT", "/msdk/evalx/user", MOBILE_KEY, sdk_respond_flags_of_body},
	{"sdk_mobile_evaluation", "POST", "/msdk/evalx/user", MOBILE_KEY, sdk_respond_flags_of_body},
	{"sdk_evaluation", "GET", "/sdk/evalx/contexts/:context", SDK_KEY, sdk_respond_flags_of_path},
	{"sdk_evaluation", "REPORT", "/sdk/evalx/context", SDK_KEY, sdk_respond_flags_of_body},
	{"sdk_evaluation", "POST", "/sdk/evalx/context", SDK_KEY, sdk_respond_flags_of_body},
	{"sdk_evaluation", "GET", "/sdk/evalx/users/:context", SDK_KEY, sdk_respond_flags_of_path},
	{"sdk_evaluation", "REPORT", "/sdk/evalx/user", SDK_KEY, sdk_respond_flags_of_body},
	{"sdk_evaluation", "POST", "/sdk/evalx/user", SDK_KEY, sdk_respond_flags_of_body},
	{"sdk_client_stream", "GET", "/eval/:environmentId/:context", CLIENT_SIDE_ID,
	 sdk_stream_flags_of_path},
	{"sdk_client_stream", "REPORT", "/eval/:environmentId", CLIENT_SIDE_ID,
	 sdk_stream_flags_of_body},
	{"sdk_client_stream", "POST", "/eval/:environmentId", CLIENT_SIDE_ID, sdk_stream_flags_of_body},
	{"sdk_mobile_stream", "GET", "/meval/:context", MOBILE_KEY, sdk_stream_flags_of_path},
	{"sdk_mobile_stream", "REPORT", "/meval", MOBILE_KEY, sdk_stream_flags_of_body},
	{"sdk_mobile_stream", "POST", "/meval", MOBILE_KEY, sdk_stream_flags_of_body},
	{"sdk_events", "POST", "/bulk", SDK_KEY, respond_events},
	{"sdk_diagnostic", "POST", "/diagnostic", SDK_KEY, respond_events},
	{"sdk_client_events", "POST", "/events/bulk/:environmentId", CLIENT_SIDE_ID, respond_events},
	{"sdk_client_diagnostic", "POST", "/events/diagnostic/:environmentId", CLIENT_SIDE_ID,
	 respond_events},
	{"sdk_mobile", "POST", "/mobile", MOBILE_KEY, respond_events},
	{"sdk_mobile_events", "POST", "/mobile/events", MOBILE_KEY, respond_events},
	{"sdk_mobile_bulk", "POST", "/mobile/events/bulk", MOBILE_KEY, respond_events},
	{"sdk_mobile_diagnostic", "POST", "/mobile/events/diagnostic", MOBILE_KEY, respond_events},
	{"ofrep_flag", "POST", "/ofrep/v1/evaluate/flags/:key", ANY_CREDENTIAL, ofrep_respond_flag},
	{"ofrep_flags", "POST", "/ofrep/v1/evaluate/flags", ANY_CREDENTIAL, ofrep_respond_flags},
};

/* What all of their paths begin with. */
static const char *const roots[] = {"eval",	 "meval", "sdk",	"msdk",	  "all",		"ping",
									"mping", "bulk",  "events", "mobile", "diagnostic", "ofrep"};

/*
 * sdk_route_count is how many routes there are.
 */
int
sdk_route_count(void)
{
	return lengthof(routes);
}

/*
 * counted_as is the route that a route is counted as: the first of its name.
 */
static int
counted_as(int route)
{
	while (route > 0 && strcmp(routes[route - 1].name, routes[route].name) == 0)
		route--;
	return route;
}

/*
 * sdk_route_name is the name that a route is counted under; NULL if it is counted as another
 * one.
 */
const char *
sdk_route_name(int route)
{
	return counted_as(route) == route ? routes[route].name : NULL;
}

/*
 * root_of is the first part of the path of a URI.
 */
static StringView
root_of(const char *uri)
{
	Route route;

	route_split(uri, &route);
	if (route.path_length == 0 || route.path[0] != '/')
		return STRING_VIEW("");
	return (StringView){.data = route.path + 1, .length = (int) strcspn(route.path + 1, "/?#")};
}

/*
 * sdk_serves tells whether a URI is one of an SDK's.
 */
bool
sdk_serves(const char *uri)
{
	StringView root = root_of(uri);

	for (int i = 0; i < (int) lengthof(roots); i++)
		if (view_equal(root, (StringView){.data = roots[i], .length = (int) strlen(roots[i])}))
			return true;
	return false;
}

/*
 * sdk_dialect is in which form a request of an SDK is refused.
 */
Dialect
sdk_dialect(const char *uri)
{
	return view_equal(root_of(uri), STRING_VIEW("ofrep")) ? OFREP : SDK;
}

/*
 * find_route finds the route for a method and the exchange's URI. Refuses what is none.
 */
static const SdkRoute *
find_route(Exchange *exchange, const char *method)
{
	Route *route = &exchange->route;

	route_split(exchange->uri, route);
	for (int i = 0; i < (int) lengthof(routes); i++)
	{
		if (!path_matches(routes[i].path, route->path, route->path_length, route->parameters,
						  &route->parameter_count))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		route_allow(route, routes[i].method);
	}
	if (route->allowed[0])
		error_raise(ERR_METHOD, "this path does not take that method, only: %s", route->allowed);
	error_raise(ERR_NO_ROUTE, "there is no such path");
}

/*
 * sdk_last_parameter is the value of the last parameter of the path; NULL if it is no text.
 */
char *
sdk_last_parameter(const SdkCall *call)
{
	const Route *route = &call->exchange->route;

	return route_text(&route->parameters[route->parameter_count - 1]);
}

/*
 * shown_credential is what an SDK shows where the route looks for it; NULL if nothing is there.
 */
static const char *
shown_credential(const SdkCall *call, SdkCredential kind)
{
	char *in_query;

	if (kind == CLIENT_SIDE_ID)
		return route_text(&call->exchange->route.parameters[0]);
	in_query = kind == ANY_IN_QUERY ? sdk_query_parameter(call, "auth") : NULL;
	return in_query ? in_query : call->headers->token;
}

/*
 * authenticate finds out which environment the call is about.
 */
static void
authenticate(SdkCall *call, SdkCredential kind)
{
	const char *shown = shown_credential(call, kind);

	call->credential = kind < SDK_CREDENTIALS ? kind : sdk_credential_kind(shown);
	call->environment = sdk_environment_find(&call->request, call->credential, shown);
}

/*
 * is_poll tells whether a route asks for flags or segments, evaluated or not.
 */
static bool
is_poll(const SdkRoute *route)
{
	return route->respond != respond_ping && route->respond != respond_goals &&
		   route->respond != respond_fallback && route->respond != respond_events;
}

/*
 * sdk_respond responds to a request of an SDK. Refuses paths, methods and credentials that are none.
 */
void
sdk_respond(Exchange *exchange, const Headers *headers, const char *method)
{
	const SdkRoute *route = find_route(exchange, method);
	SdkCall call = {.exchange = exchange, .headers = headers, .context = CurrentMemoryContext};
	OwnerContext owner;

	call.operation = (Operation){.name = route->name,
								 .kind = READS,
								 .dialect = exchange->route.dialect,
								 .number = OPERATION_COUNT + 1 + counted_as(route - routes)};
	call_prepare(&call.request, &call.operation);
	strlcpy(call.request.id, exchange->id, sizeof(call.request.id));
	exchange->status = 200;
	exchange->response = call.request.response;

	stats_count(&call.operation, STATS_CALLS);
	statement_begin();
	owner_enter(&owner);
	authenticate(&call, route->credential);
	call.stats = environment_stats_find(call.request.caller.account, call.environment.id);
	environment_count_request(call.stats, is_poll(route));
	route->respond(&call);
	owner_leave(&owner);
	statement_end();
	stats_count(&call.operation, STATS_SUCCESSES);
	environment_count(call.stats, ENVIRONMENT_RESPONSES, 1);
	if (exchange->status == STATUS_NOT_MODIFIED)
		environment_count(call.stats, ENVIRONMENT_NOT_MODIFIED, 1);
	if (call.repeated)
		stats_count(&call.operation, STATS_REPLAYS);
}

/*
 * sdk_header adds a header to the response, whose value is copied to where that lives.
 */
void
sdk_header(SdkCall *call, const char *name, const char *value)
{
	response_header(&call->exchange->answer_headers, name,
					MemoryContextStrdup(call->context, value));
}

/*
 * scope_of is what names the flags of the call's environment.
 */
static PayloadScope
scope_of(SdkCall *call)
{
	return (PayloadScope){.account = call->request.caller.account,
						  .environment_id = call->environment.id,
						  .project_id = sdk_environment_settings(&call->environment)->project_id};
}

/*
 * append_payload writes all that server-side SDKs are sent, or only the flags. The text is made
 * once for a state of the environment.
 */
static void
append_payload(SdkCall *call, bool only_flags)
{
	StringInfo out = call->exchange->response;
	CachedPayload *cached = sdk_environment_pin(&call->environment);

	PG_TRY();
	{
		const PayloadText *text = environment_payload_text(cached);

		if (only_flags)
			appendBinaryStringInfo(out, text->flags, text->flags_length);
		else
			appendBinaryStringInfo(out, text->all.data, text->all.len);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}

/*
 * not_modified sets the headers that tell the state of the environment, and responds 304 to an
 * SDK that has it already: then nothing else is read.
 */
static bool
not_modified(SdkCall *call)
{
	const char *known = call->headers->if_none_match;

	sdk_header(call, "ETag", call->environment.etag);
	sdk_header(call, "X-LD-EnvID", call->environment.id);
	if (known == NULL || !names_etag(known, call->environment.etag))
		return false;
	call->exchange->status = STATUS_NOT_MODIFIED;
	call->repeated = true;
	return true;
}

/*
 * respond_all responds with all that server-side SDKs are sent. Some of them keep what may be
 * kept for a time without asking, hence no-cache.
 */
static void
respond_all(SdkCall *call)
{
	sdk_header(call, "Cache-Control", "no-cache");
	if (!not_modified(call))
		append_payload(call, false);
}

/*
 * may_be_kept sets the headers of what PHP asks for: it keeps that for the time that the
 * environment says.
 */
static void
may_be_kept(SdkCall *call)
{
	int ttl = sdk_environment_settings(&call->environment)->default_ttl * 60;

	sdk_header(call, "Cache-Control", ttl > 0 ? psprintf("public, max-age=%d", ttl) : "no-cache");
	sdk_header(call, "Vary", "Authorization");
}

/*
 * respond_flags responds with all flags.
 */
static void
respond_flags(SdkCall *call)
{
	may_be_kept(call);
	if (!not_modified(call))
		append_payload(call, true);
}

/*
 * respond_flag responds with one flag. PHP takes a 404 for a flag that does not exist.
 */
static void
respond_flag(SdkCall *call)
{
	PayloadScope scope = scope_of(call);
	char *key = sdk_last_parameter(call);
	Rows rows = {0};

	if (key)
		rows = flag_payload_read(&scope, (StringView){.data = key, .length = strlen(key)});
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "there is no such flag");
	may_be_kept(call);
	if (!not_modified(call))
		flag_payload_append(
			call->exchange->response, &rows, 0,
			experiment_rollouts_read(scope.account, scope.environment_id, key, STATEMENT_READ),
			false);
}

/*
 * respond_segment responds with one segment. PHP takes a 404 for one that does not exist.
 */
static void
respond_segment(SdkCall *call)
{
	PayloadScope scope = scope_of(call);
	char *key = sdk_last_parameter(call);
	Rows rows = {0};

	if (key)
		rows = segment_payload_read(&scope, (StringView){.data = key, .length = strlen(key)});
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "there is no such segment");
	may_be_kept(call);
	if (!not_modified(call))
		segment_payload_append(call->exchange->response, &rows, 0, false);
}

/*
 * sdk_begin_stream begins a stream that ends after one event. SDKs come again after the time
 * in it, in milliseconds.
 */
void
sdk_begin_stream(SdkCall *call, const char *event)
{
	sdk_header(call, "X-LD-EnvID", call->environment.id);
	sdk_header(call, "Cache-Control", "no-store");
	call->exchange->media_type = MEDIA_TYPE_STREAM;
	appendStringInfo(call->exchange->response, "retry: 30000\nevent: %s\ndata: ", event);
}

/*
 * respond_stream responds with a stream that ends after all that server-side SDKs are sent.
 */
static void
respond_stream(SdkCall *call)
{
	StringInfo out = call->exchange->response;

	sdk_begin_stream(call, "put");
	appendStringInfoString(out, "{\"path\":\"/\",\"data\":");
	append_payload(call, false);
	appendStringInfoString(out, "}\n\n");
}

/*
 * respond_ping responds with a stream that ends after it has told client-side SDKs to ask anew.
 */
static void
respond_ping(SdkCall *call)
{
	sdk_header(call, "Cache-Control", "no-store");
	call->exchange->media_type = MEDIA_TYPE_STREAM;
	appendStringInfoString(call->exchange->response, "retry: 30000\nevent: ping\ndata: {}\n\n");
}

/*
 * respond_goals responds with the goals, of which there are none: browsers ask on every page.
 */
static void
respond_goals(SdkCall *call)
{
	appendStringInfoString(call->exchange->response, "[]");
}

/*
 * respond_fallback sends SDKs of the second data protocol to the first one, for good. They go
 * at any error with this header; those that do not know it try again at a 5xx.
 */
static void
respond_fallback(SdkCall *call)
{
	sdk_header(call, "X-LD-FD-Fallback", "true");
	sdk_header(call, "X-LD-FD-Fallback-TTL", "0");
	sdk_header(call, "X-LD-EnvID", call->environment.id);
	call->exchange->status = STATUS_NOT_IMPLEMENTED;
	error_body(call->exchange->response, ERR_UNSUPPORTED, SDK,
			   "the second data protocol is not served; go on with the first", call->request.id);
}

/*
 * respond_events takes a batch of events.
 */
static void
respond_events(SdkCall *call)
{
	int length;
	const char *body;

	/* No other refusal of a body makes SDKs do without this batch and send the next one. */
	if (call->headers->content_encoding &&
		pg_strcasecmp(call->headers->content_encoding, "identity") != 0)
		error_raise(ERR_TOO_LARGE, "the request body must not be compressed");
	body = exchange_body(call->exchange, EVENT_BYTES_MAX, &length);
	events_check(body, length);
	if (RecoveryInProgress())
		error_raise(ERR_READ_ONLY, "a standby takes no events");
	call->repeated = !event_batch_is_new(call->environment.id, call->headers->payload_id);
	call->exchange->status = STATUS_ACCEPTED;
}
