/*
 * sha1.h
 *	  SHA-1 of FIPS 180-4, for buckets; for nothing that must be hard to forge.
 */
#ifndef FLAGPLANE_SHA1_H
#define FLAGPLANE_SHA1_H

#include "util/compat.h"

#define SHA1_BLOCK_BYTES 64
#define SHA1_WORDS		 5

/* A message on its way through the hash. */
typedef struct Sha1
{
	uint32 state[SHA1_WORDS];
	uint64 length; /* bytes so far */
	uint8 block[SHA1_BLOCK_BYTES];
} Sha1;

extern void sha1_start(Sha1 *sha1);
extern void sha1_add(Sha1 *sha1, const void *bytes, size_t length);
extern void sha1_finish(Sha1 *sha1);

#endif /* FLAGPLANE_SHA1_H */
