/*
 * call.h
 *	  What every call goes through, whichever way it came in.
 *
 * This folder runs an operation: authentication, limits, fields, idempotency, audit.  It
 * uses util.  It must not know a resource's tables or functions (resource/), nor the ways
 * in (api/, admin/): it sees an operation as a row of the table of operations.
 */
#ifndef FLAGPLANE_CALL_H
#define FLAGPLANE_CALL_H

#include "call/request.h"

extern void call_prepare(Request *request, const Operation *operation);
extern void call_run(Request *request);

#endif /* FLAGPLANE_CALL_H */
