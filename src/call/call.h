/*
 * call.h
 *	  What every call goes through.
 */
#ifndef FLAGPLANE_CALL_H
#define FLAGPLANE_CALL_H

#include "call/request.h"

extern void call_prepare(Request *request, const Operation *operation);
extern void call_run(Request *request);

#endif /* FLAGPLANE_CALL_H */
