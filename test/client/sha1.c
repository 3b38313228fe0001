/*
 * sha1.c
 *	  Every way that SHA-1 is computed in gives the same: the standard's example
 *	  by the portable one, and random blocks by the one that this processor gets.
 *
 * The source itself is compiled in, since the ways are nobody else's business.
 */
#include "util/sha1.c"

#undef printf
#include <stdio.h>

#define BLOCKS 200000

/*
 * next_random is a xorshift generator: the same numbers on every machine.
 */
static uint32
next_random(void)
{
	static uint32 state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

int
main(void)
{
	/* FIPS 180-4's message "abc", padded, and its hash. */
	static const uint8 abc[SHA1_BLOCK_BYTES] = {'a', 'b', 'c', 0x80, [SHA1_BLOCK_BYTES - 1] = 24};
	static const uint32 hash[SHA1_WORDS] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c,
											0x9cd0d89d};
	Compress best = compress_best();
	Sha1 sha1;

	sha1_start(&sha1);
	compress_portable(sha1.state, abc);
	if (memcmp(sha1.state, hash, sizeof(hash)) != 0)
	{
		printf("not ok 1 - the portable SHA-1 gives another hash of \"abc\"\n");
		return 1;
	}
	for (int i = 0; i < BLOCKS; i++)
	{
		uint32 block[SHA1_BLOCK_BYTES / sizeof(uint32)];
		uint32 portable[SHA1_WORDS];
		uint32 fastest[SHA1_WORDS];

		for (int j = 0; j < (int) lengthof(block); j++)
			block[j] = next_random();
		for (int j = 0; j < SHA1_WORDS; j++)
			portable[j] = fastest[j] = next_random();
		compress_portable(portable, (const uint8 *) block);
		best(fastest, (const uint8 *) block);
		if (memcmp(portable, fastest, sizeof(portable)) != 0)
		{
			printf("not ok 1 - the ways to SHA-1 differ at block %d\n", i);
			return 1;
		}
	}
	printf("ok 1 - SHA-1 of %d blocks: %s\n", BLOCKS,
		   best == compress_portable ? "the portable way only" : "two ways, one result");
	return 0;
}
