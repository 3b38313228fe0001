/*
 * bucket.h
 *	  Which of the 100,000 buckets a unit falls into under a seed.
 */
#ifndef FLAGPLANE_BUCKET_H
#define FLAGPLANE_BUCKET_H

#include "util/compat.h"

#include "util/sha1.h"

#define BUCKETS			 100000
#define BUCKET_HASH_BITS 60

extern void bucket_seed(Sha1 *sha1, const char *seed, size_t length);
extern void bucket_seed_more(Sha1 *sha1, const char *seed, size_t length);
extern uint64 bucket_hash(const Sha1 *seed, const char *value, size_t length);

extern int bucket_of(const Sha1 *seed, const text *unit_key);

#endif /* FLAGPLANE_BUCKET_H */
