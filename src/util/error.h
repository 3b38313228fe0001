/*
 * error.h
 *	  Every refusal of flagplane, named.
 *
 * The table behind these names (error.c) is the only place that knows a
 * SQLSTATE, an HTTP status or an error code.
 */
#ifndef FLAGPLANE_ERROR_H
#define FLAGPLANE_ERROR_H

#include "util/compat.h"

#include "lib/stringinfo.h"

/* Whose error bodies, codes and statuses a caller expects. */
typedef enum Dialect
{
	LAUNCHDARKLY,
	LAYERS,
	SDK,   /* of SDKs, which stop for good at most 4xx */
	OFREP, /* of OpenFeature's providers; what has no code here, has none there */
	DIALECTS
} Dialect;

typedef enum ErrorKind
{
	ERR_INVALID,			  /* a value breaks a rule, is missing or unknown */
	ERR_MALFORMED,			  /* the body is not JSON, or not an object */
	ERR_TARGETING_KEY,		  /* a context without the key that names whom it is of */
	ERR_SERVER_GENERATED_ID,  /* an id that the server generates is in the body */
	ERR_PATCH,				  /* a patch cannot be applied */
	ERR_UNAUTHENTICATED,	  /* no or bad token */
	ERR_KILLED,				  /* a killed token */
	ERR_FORBIDDEN,			  /* the scope is missing */
	ERR_NOT_FOUND,			  /* no such resource in this account */
	ERR_NO_ROUTE,			  /* no such path */
	ERR_METHOD,				  /* another method than the path has */
	ERR_READ_ONLY,			  /* a change in a read-only transaction */
	ERR_EXISTS,				  /* already exists */
	ERR_STALE_VERSION,		  /* the version the caller saw is not current */
	ERR_IDEMPOTENCY_CONFLICT, /* same idempotency key, other request */
	ERR_IDEMPOTENCY_REQUIRED, /* idempotency key required and absent */
	ERR_IN_USE,				  /* still in use */
	ERR_TOO_LARGE,			  /* a body with more bytes than are taken */
	ERR_RATE_LIMITED,		  /* more calls than the token may make */
	ERR_UNAVAILABLE,		  /* a lock or a resource is not to be had at the moment */
	ERR_UNSUPPORTED,		  /* what this server cannot do */
	ERR_INTERNAL			  /* anything else */
} ErrorKind;

/* How an error leaves: as PostgreSQL's own, or in the form PostgREST turns into a response. */
typedef enum ErrorFormat
{
	ERROR_FORMAT_SQL,
	ERROR_FORMAT_POSTGREST
} ErrorFormat;

/* The broken fields of one request, collected so that they are reported together. */
typedef struct Violations
{
	int count;
	StringInfoData message; /* for people: "key is required; color must be ..." */
	StringInfoData fields;	/* for programs: {"attribute":...,"reason":...},... */
} Violations;

extern void error_set_format(ErrorFormat format, Dialect dialect, const char *request_id);
extern char *error_word(char *name);
extern void error_violation(Violations *violations, const char *attribute, const char *reason, ...)
	pg_attribute_printf(3, 4);
pg_noreturn extern void error_raise_violations(ErrorKind kind, const Violations *violations);
pg_noreturn extern void
error_raise(ErrorKind kind, const char *message, ...) pg_attribute_printf(2, 3);

pg_noreturn extern void error_raise_with_hint(ErrorKind kind, const char *hint, const char *message,
											  ...) pg_attribute_printf(3, 4);
pg_noreturn extern void error_raise_serialization(void);

extern bool error_is_being_handled(ErrorKind kind);
extern bool error_is_ours(const ErrorData *error, ErrorKind *kind);
extern bool error_is_transient(int sqlstate);
extern bool error_ends_transaction(const ErrorData *error);
extern bool error_tells_row(const ErrorData *error);
extern int error_status(ErrorKind kind, Dialect dialect);
extern const char *error_code(ErrorKind kind, Dialect dialect);
extern void error_body(StringInfo out, ErrorKind kind, Dialect dialect, const char *message,
					   const char *request_id);

#endif /* FLAGPLANE_ERROR_H */
