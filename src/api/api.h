/*
 * api.h
 *	  The ways in: SQL functions, PostgREST's calls of them, and REST requests.
 */
#ifndef FLAGPLANE_API_H
#define FLAGPLANE_API_H

#include "call/request.h"
#include "fmgr.h"
#include "utils/jsonb.h"

/* The request headers that mean something here; NULL where absent. */
typedef struct Headers
{
	char *token;
	char *idempotency_key;
	char *if_match;
	char *if_none_match;
	char *method_override;
	char *original_method; /* the request that the reverse proxy got */
	char *original_uri;
	char *original_request; /* both in one, with a space between them */
	char *content_encoding;
	char *payload_id;	 /* of a batch of events */
	const char *problem; /* what is wrong with the headers themselves; NULL: nothing */
} Headers;

extern void sql_prepare(Request *request, const Operation *operation, FunctionCallInfo fcinfo);
extern void sql_run(Request *request);
extern Datum call_from_sql(FunctionCallInfo fcinfo, const Operation *operation);

extern void headers_read_jsonb(Jsonb *source, Headers *headers);
extern void headers_of_postgrest(Headers *headers);

#endif /* FLAGPLANE_API_H */
