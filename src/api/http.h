/*
 * http.h
 *	  REST requests: routing.
 */
#ifndef FLAGPLANE_HTTP_H
#define FLAGPLANE_HTTP_H

#include "api/api.h"
#include "api/response.h"
#include "call/request.h"

#define ROUTE_PARAMETERS_MAX 6

/* A parameter of a path, still percent-encoded. */
typedef struct RouteParameter
{
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
} RouteParameter;

/* What a URI says. */
typedef struct Route
{
	const char *path;
	size_t path_length;
	const char *query; /* after the question mark; "" if there is none */
	Dialect dialect;   /* by the path's prefix, known or not */
	char allowed[64];  /* the methods that a known path has, when the asked one is none */
	int parameter_count;
	RouteParameter parameters[ROUTE_PARAMETERS_MAX];
} Route;

/* A REST request, and the response to it. */
typedef struct Exchange
{
	const char *method;
	const char *uri;
	Jsonb *headers; /* NULL: those of the request that PostgREST is serving */
	const char *body;
	int body_length;
	bool only_sdks; /* it is for the paths of SDKs alone */
	bool raw;		/* the body is bytes as they came; otherwise a value of type text */

	Route route;
	int status;
	StringInfo response;
	const char *media_type; /* of the response */
	ResponseHeaders answer_headers;
	char id[REQUEST_ID_LENGTH + 1];
} Exchange;

#define MEDIA_TYPE_JSON	  "application/json"
#define MEDIA_TYPE_STREAM "text/event-stream"

/* The response for a client that has the current version. */
#define STATUS_NOT_MODIFIED 304

extern bool path_matches(const char *template, const char *path, size_t length,
						 RouteParameter *parameters, int *count);
extern char *route_text(const RouteParameter *parameter);
extern const Operation *route_find(const char *method, const char *uri, Route *route);
extern void route_fields(Request *request, const Route *route);
extern void route_allow(Route *route, const char *method);
extern void route_split(const char *uri, Route *route);
extern const char *exchange_body(const Exchange *exchange, int bytes_max, int *length);
extern bool names_etag(const char *header, const char *etag);

#endif /* FLAGPLANE_HTTP_H */
