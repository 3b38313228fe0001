/*
 * idempotency.h
 *	  Exactly-once changes: claim a key, replay its response.
 */
#ifndef FLAGPLANE_IDEMPOTENCY_H
#define FLAGPLANE_IDEMPOTENCY_H

#include "call/request.h"

extern void idempotency_read(Request *request);
extern bool idempotency_replay(Request *request);
extern void idempotency_store(Request *request);

#endif /* FLAGPLANE_IDEMPOTENCY_H */
