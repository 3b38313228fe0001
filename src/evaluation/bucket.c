/*
 * bucket.c
 *	  Which of the 100,000 buckets a unit falls into under a seed.
 *
 * The first 60 bits of SHA-1("seed.unit"), scaled from 0 .. 2^60 - 1 to
 * 0 .. 99,999 in whole numbers: the form that the SDKs' contract tests compute
 * with, so it agrees with them and with itself on every machine.  The SDKs hash
 * UTF-8, hence what is in another encoding is hashed as that.
 */
#include "evaluation/bucket.h"

#include "mb/pg_wchar.h"

#define HASH_BITS BUCKET_HASH_BITS
#define HASH_MAX  ((UINT64CONST(1) << HASH_BITS) - 1)
#define HALF_BITS (HASH_BITS / 2)
#define HALF_MASK ((UINT64CONST(1) << HALF_BITS) - 1)

/*
 * floor(hash * 100000 / (2^60 - 1)), 77 bits wide in between, in two halves of
 * the hash: QUOTIENT and REST are those of a division by 2^60, and dividing by
 * one less leaves QUOTIENT more to the rest, which makes one more at the most.
 * The largest hash alone would be 100,000: it belongs to the last bucket.
 */
#define HIGH(hash)	   (((hash) >> HALF_BITS) * BUCKETS + (LOW(hash) >> HALF_BITS))
#define LOW(hash)	   (((hash) &HALF_MASK) * BUCKETS)
#define QUOTIENT(hash) (HIGH(hash) >> HALF_BITS)
#define REST(hash)	   ((HIGH(hash) & HALF_MASK) << HALF_BITS | (LOW(hash) & HALF_MASK))
#define BUCKET_OF_HASH(hash)          \
	((hash) == HASH_MAX ? BUCKETS - 1 \
						: QUOTIENT(hash) + (QUOTIENT(hash) + REST(hash) >= HASH_MAX ? 1 : 0))

StaticAssertDecl(BUCKET_OF_HASH(UINT64CONST(0)) == 0, "the least hash is in the first bucket");
StaticAssertDecl(BUCKET_OF_HASH(HASH_MAX) == BUCKETS - 1, "the largest hash is in the last bucket");
StaticAssertDecl(BUCKET_OF_HASH(HASH_MAX - 1) == BUCKETS - 1, "and the one before it");
/* 2^60 - 1 = 100,000 * 11,529,215,046,068 + 46,975: where the first bucket ends, and two more. */
StaticAssertDecl(BUCKET_OF_HASH(UINT64CONST(11529215046068)) == 0, "the end of bucket 0");
StaticAssertDecl(BUCKET_OF_HASH(UINT64CONST(11529215046069)) == 1, "the start of bucket 1");
StaticAssertDecl(BUCKET_OF_HASH(HASH_MAX / 5) == BUCKETS / 5, "a bound that divides evenly");
StaticAssertDecl(BUCKET_OF_HASH(HASH_MAX / 5 - 1) == BUCKETS / 5 - 1, "and the hash before it");

/*
 * has_high_bit tells whether some byte is none of ASCII's.
 */
static bool
has_high_bit(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (IS_HIGHBIT_SET(bytes[i]))
			return true;
	return false;
}

/*
 * add_text appends text of the server's encoding to the message, as UTF-8.
 */
static void
add_text(Sha1 *sha1, const char *bytes, size_t length)
{
	int encoding = GetDatabaseEncoding();

	/* Nobody knows what the bytes of SQL_ASCII mean: they are hashed as they are. */
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || !has_high_bit(bytes, length))
		sha1_add(sha1, bytes, length);
	else
	{
		char *utf8 = pg_server_to_any(bytes, length, PG_UTF8);

		sha1_add(sha1, utf8, utf8 == bytes ? length : strlen(utf8));
		if (utf8 != bytes)
			pfree(utf8);
	}
}

/*
 * bucket_seed begins the hash of values under a seed, which may come in two parts with a
 * dot between them.
 */
void
bucket_seed(Sha1 *sha1, const char *seed, size_t length)
{
	sha1_start(sha1);
	bucket_seed_more(sha1, seed, length);
}

/*
 * bucket_seed_more goes on with the seed, or with a second part of it.
 */
void
bucket_seed_more(Sha1 *sha1, const char *seed, size_t length)
{
	add_text(sha1, seed, length);
	sha1_add(sha1, ".", 1);
}

/*
 * bucket_hash is the hash of a value under a seed that bucket_seed has begun with: 60 bits.
 */
uint64
bucket_hash(const Sha1 *seed, const char *value, size_t length)
{
	Sha1 sha1 = *seed;

	add_text(&sha1, value, length);
	sha1_finish(&sha1);
	return ((uint64) sha1.state[0] << 32 | sha1.state[1]) >> (64 - HASH_BITS);
}

/*
 * bucket_of is the bucket, 0 to 99,999, of a unit under a seed that bucket_seed has begun with.
 */
int
bucket_of(const Sha1 *seed, const text *unit_key)
{
	uint64 hash = bucket_hash(seed, VARDATA_ANY(unit_key), VARSIZE_ANY_EXHDR(unit_key));

	return (int) BUCKET_OF_HASH(hash);
}
