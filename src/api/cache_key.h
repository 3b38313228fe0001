/*
 * cache_key.h
 *	  What a result depends on, apart from the arguments.
 */
#ifndef FLAGPLANE_CACHE_KEY_H
#define FLAGPLANE_CACHE_KEY_H

#include "util/compat.h"

#include "access/xact.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

typedef struct CacheKey
{
	SubTransactionId subtransaction;
	TimestampTz statement;
	Oid user;
	char *account; /* the settings; NULL where one is not set */
	char *method;
	char *headers;
	SnapshotData snapshot; /* with arrays of its own */
} CacheKey;

extern void cache_key_fill(CacheKey *now);
extern bool cache_key_matches(const CacheKey *key);

#endif /* FLAGPLANE_CACHE_KEY_H */
