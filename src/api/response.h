/*
 * response.h
 *	  The headers of a response, and the settings that pass it to PostgREST.
 */
#ifndef FLAGPLANE_RESPONSE_H
#define FLAGPLANE_RESPONSE_H

#include "call/request.h"
#include "util/response_headers.h"

/* Those that every response carries, and those of one: response_of_request and http.c. */
#define RESPONSE_HEADERS_MAX (COMMON_HEADERS_MAX + 8)

/* The headers of a response, in the order they were added in. */
typedef struct ResponseHeaders
{
	int count;
	const char *names[RESPONSE_HEADERS_MAX];
	const char *values[RESPONSE_HEADERS_MAX];
} ResponseHeaders;

extern void response_header(ResponseHeaders *headers, const char *name, const char *value);
extern bool response_has_etag(const Request *request);
extern char *response_etag(const Request *request);
extern void response_of_request(ResponseHeaders *headers, const Request *request);
extern void response_common_headers(ResponseHeaders *headers);
extern void response_object(const ResponseHeaders *headers, StringInfo out);

extern void response_log_error(const char *request_id, const ErrorData *error);
extern const char *response_unavailable(const char *request_id, const ErrorData *error);

extern const char *postgrest_setting(const char *name);
extern bool postgrest_calls(void);
extern bool postgrest_serves(void);
extern void postgrest_set_error_format(Dialect dialect, const char *request_id);
extern void postgrest_protect(void (*run)(void *), void *state, const char *request_id);
extern void postgrest_headers(const ResponseHeaders *headers);
extern void postgrest_status(int status);

#endif /* FLAGPLANE_RESPONSE_H */
