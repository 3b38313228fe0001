/*
 * environment_payload.h
 *	  What SDKs are sent of an environment, and what its flags are evaluated from.
 */
#ifndef FLAGPLANE_ENVIRONMENT_PAYLOAD_H
#define FLAGPLANE_ENVIRONMENT_PAYLOAD_H

#include "call/request.h"
#include "evaluation/payload_cache.h"

/* All flags of an environment, by their keys. */
typedef struct AllFlags
{
	int count;
	CompiledFlag **flags;
} AllFlags;

extern CachedPayload *environment_payload_pin(Request *request);
extern const AllFlags *environment_payload_all(CachedPayload *cached);

#endif /* FLAGPLANE_ENVIRONMENT_PAYLOAD_H */
