/*
 * changes.h
 *	  Every changing operation as a call that can be made any number of times, for
 *	  the tests of races and crashes.
 */
#ifndef FLAGPLANE_CHANGES_H
#define FLAGPLANE_CHANGES_H

#include "client.h"

/* What becomes of a call that was made before. */
typedef enum Repeat
{
	REFUSED, /* only the first one succeeds */
	SETTLED, /* each succeeds, and the first one has changed all there is to change */
	TAKEN	 /* each succeeds and changes something */
} Repeat;

/*
 * In the statements {n} is the number of the thing that is changed, {k} the
 * idempotency key of the call, and {s} one of a step before it.
 */
typedef struct Change
{
	const char *operation;
	Repeat repeat;
	const char *steps[2];  /* calls that make what is changed; NULL: none */
	const char *arguments; /* of the operation, all but the idempotency key */
	const char *done;	   /* a condition: the change is there */
} Change;

/* Room for any statement of a change. */
#define STATEMENT_BYTES 1024

extern const Change changes[];
extern const int change_count;

extern void changes_prepare(PGconn *owner);
extern void changes_check_complete(PGconn *owner);
extern void change_text(char *out, const char *template, int number, const char *key);
extern void change_step(char *out, const Change *change, int step, int number);
extern void change_call(char *out, const Change *change, int number, const char *key);
extern void change_key(char *out, const char *prefix, const Change *change, int number);

#endif /* FLAGPLANE_CHANGES_H */
