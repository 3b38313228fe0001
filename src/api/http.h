/*
 * http.h
 *	  REST requests: routing.
 */
#ifndef FLAGPLANE_HTTP_H
#define FLAGPLANE_HTTP_H

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

extern const Operation *route_find(const char *method, const char *uri, Route *route);
extern void route_fields(Request *request, const Route *route);

#endif /* FLAGPLANE_HTTP_H */
