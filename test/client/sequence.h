/*
 * sequence.h
 *	  What PostgREST does in the database for one request.
 */
#ifndef FLAGPLANE_SEQUENCE_H
#define FLAGPLANE_SEQUENCE_H

#include <stdbool.h>

#include <libpq-fe.h>

/* A request as it gets to the database. */
typedef struct Call
{
	const char *role;
	const char *method;
	const char *path;
	const char *headers; /* a JSON object */
	const char *pre_request;
	bool read_only;
	const char *statement;
	int count;
	const char *const *values;
	const int *lengths; /* NULL: all are text */
	const int *formats;
} Call;

/* What came of it; the strings live until exchange_clear. */
typedef struct Exchange
{
	PGresult *result;
	const char *state; /* SQLSTATE; empty if the function returned */
	const char *status;
	const char *headers;
	const char *body; /* the document, or the error's message; NULL for NULL */
	const char *detail;
	const char *hint;
} Exchange;

extern void exchange_run(PGconn *connection, const Call *call, Exchange *exchange);
extern void exchange_clear(Exchange *exchange);
extern void statement_of_call(char *statement, size_t size, const char *source, const char *call,
							  const char *body);

#endif /* FLAGPLANE_SEQUENCE_H */
