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

/* What server-side SDKs are sent, {flags, segments}, and the flags in it. */
typedef struct PayloadText
{
	StringInfoData all;
	const char *flags;
	int flags_length;
} PayloadText;

/* Writes down what an evaluation of a flag asks directly: the list of its prerequisites. */
typedef struct DirectPrerequisites
{
	EvaluationTrace trace;
	const CompiledFlag *flag;
	StringInfoData list;
} DirectPrerequisites;

extern void direct_prerequisites_begin(DirectPrerequisites *direct, const CompiledFlag *flag);
extern void direct_prerequisites_write(DirectPrerequisites *direct, StringInfo out);
extern bool evaluation_is_tracked(const CompiledFlag *flag, const Reason *reason);

extern CachedPayload *environment_payload_pin(Request *request);
extern CachedPayload *
environment_payload_pin_state(const PayloadKey *key, pg_uuid_t *project_id, bool shared);
extern const AllFlags *environment_payload_all(CachedPayload *cached);
extern const PayloadText *environment_payload_text(CachedPayload *cached);

#endif /* FLAGPLANE_ENVIRONMENT_PAYLOAD_H */
