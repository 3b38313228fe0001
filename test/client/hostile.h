/*
 * hostile.h
 *	  What the test of hostile input knows of the operations.
 */
#ifndef FLAGPLANE_HOSTILE_H
#define FLAGPLANE_HOSTILE_H

#include "client.h"

#define ARGUMENTS_MAX 16

typedef struct Argument
{
	char *name;
	char *type;
	char *value; /* a good one; NULL: none is needed */
	char *json;	 /* the same as JSON */
	char *wire;	 /* its name in a documented request */
} Argument;

/* An operation with a good call of it, and the documented request, if there is one. */
typedef struct Target
{
	char *name;
	char *statement; /* with a parameter for each argument */
	char *succeeds;	 /* the status of success */
	int argument_count;
	Argument arguments[ARGUMENTS_MAX];

	char *method;	  /* NULL: there is no documented request */
	char *uri;		  /* without a host */
	char *body;		  /* NULL: none */
	char *documented; /* the statuses of its answers, each between two spaces */
} Target;

/* A statement of a case: the call, or what comes before it. */
typedef struct Call
{
	const char *statement;
	int count;
	char *values[ARGUMENTS_MAX];
} Call;

/* A case, and what has to hold for its answer. */
typedef struct Case
{
	Call settings; /* of PostgREST; no statement: none */
	Call call;
	const Target *target;
	bool is_request; /* through handle */
	bool rerouted;	 /* may have become another operation's */
} Case;

extern Target *targets_load(PGconn *owner, int *count);

/* verdict.c */
extern const char *field_of(const PGresult *result, int code);
extern const char *wrong_error(const Case *this, const PGresult *result);
extern const char *wrong_answer(const Case *this, const PGresult *result);

#endif /* FLAGPLANE_HOSTILE_H */
