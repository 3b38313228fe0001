/*
 * bucket.h
 *	  Which of the 100,000 buckets a unit falls into under a seed.
 */
#ifndef FLAGPLANE_BUCKET_H
#define FLAGPLANE_BUCKET_H

#include "util/compat.h"

#define BUCKETS 100000

extern int bucket_of(const void *seed, size_t seed_length, const text *unit_key);

#endif /* FLAGPLANE_BUCKET_H */
