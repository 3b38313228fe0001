/*
 * environment_payload.h
 *	  What SDKs are sent of an environment, and what its flags are evaluated from.
 */
#ifndef FLAGPLANE_ENVIRONMENT_PAYLOAD_H
#define FLAGPLANE_ENVIRONMENT_PAYLOAD_H

#include "call/request.h"
#include "evaluation/flags_state.h"
#include "evaluation/payload_cache.h"

/* What server-side SDKs are sent, {flags, segments}, and the flags in it. */
typedef struct PayloadText
{
	StringInfoData all;
	const char *flags;
	int flags_length;
} PayloadText;

extern CachedPayload *environment_payload_pin(Request *request);
extern CachedPayload *
environment_payload_pin_state(const PayloadKey *key, pg_uuid_t *project_id, bool shared);
extern const AllFlags *environment_payload_all(CachedPayload *cached);
extern const PayloadText *environment_payload_text(CachedPayload *cached);

#endif /* FLAGPLANE_ENVIRONMENT_PAYLOAD_H */
