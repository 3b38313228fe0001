/*
 * sdk.h
 *	  What SDKs ask for.
 */
#ifndef FLAGPLANE_SDK_H
#define FLAGPLANE_SDK_H

#include "api/http.h"
#include "call/environment_stats.h"
#include "resource/environment/sdk_credential.h"

/* On each refusal of an SDK: one without it was not made here, but by what is in between. */
#define SDK_MARK "X-Flagplane"

extern bool sdk_serves(const char *uri);
extern Dialect sdk_dialect(const char *uri);
extern void sdk_respond(Exchange *exchange, const Headers *headers, const char *method);

/* A request of an SDK. */
typedef struct SdkCall
{
	Request request;
	Operation operation;
	Exchange *exchange;
	const Headers *headers;
	MemoryContext context; /* of the response */
	SdkCredential credential;
	SdkEnvironment environment;
	EnvironmentStats *stats;
	bool repeated; /* nothing had to be done again */
} SdkCall;

extern void sdk_header(SdkCall *call, const char *name, const char *value);
extern char *sdk_last_parameter(const SdkCall *call);
extern char *sdk_query_parameter(const SdkCall *call, const char *name);
extern void sdk_begin_stream(SdkCall *call, const char *event);

/* sdk_evaluate.c */
extern void sdk_respond_flags_of_path(SdkCall *call);
extern void sdk_respond_flags_of_body(SdkCall *call);
extern void sdk_stream_flags_of_path(SdkCall *call);
extern void sdk_stream_flags_of_body(SdkCall *call);

/* The routes, for those who count what is asked for. */
extern int sdk_route_count(void);
extern const char *sdk_route_name(int route);

#endif /* FLAGPLANE_SDK_H */
