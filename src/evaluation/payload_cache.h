/*
 * payload_cache.h
 *	  The compiled payloads of environments that this backend keeps from query to query.
 */
#ifndef FLAGPLANE_PAYLOAD_CACHE_H
#define FLAGPLANE_PAYLOAD_CACHE_H

#include "evaluation/payload.h"
#include "util/id.h"

#define PAYLOAD_STAMP_BYTES 8

/* A state of an environment. It is hashed as bytes, and has no gaps. */
typedef struct PayloadKey
{
	int64 account;
	int64 version;
	char environment[OBJECT_ID_LENGTH];
	uint8 stamp[PAYLOAD_STAMP_BYTES];
} PayloadKey;

StaticAssertDecl(sizeof(PayloadKey) == 2 * sizeof(int64) + OBJECT_ID_LENGTH + PAYLOAD_STAMP_BYTES,
				 "a PayloadKey has no gaps");

typedef struct CachedPayload CachedPayload;

/* Makes the source of a payload's flags and segments of what the caller gives, in a memory context. */
typedef PayloadSource *(*PayloadSourceMaker)(const void *given, MemoryContext context);

/* The setting flagplane.payload_cache, in kilobytes. */
extern int payload_cache_setting;

extern CachedPayload *payload_cache_find(const PayloadKey *key);
extern CachedPayload *
payload_cache_pin(const PayloadKey *key, bool shared, PayloadSourceMaker maker, const void *given);
extern void payload_cache_unpin(CachedPayload *cached);
extern void payload_cache_settle(CachedPayload *cached);
extern void payload_cache_measure(CachedPayload *cached);
extern const PayloadKey *cached_payload_key(const CachedPayload *cached);
extern Payload *cached_payload(const CachedPayload *cached);

#endif /* FLAGPLANE_PAYLOAD_CACHE_H */
