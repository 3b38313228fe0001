/*
 * limiter.c
 *	  The rate limiter by itself: how long a call takes, what a token that everybody
 *	  uses at once costs, and how many calls pass when everybody races for them.
 *
 * It is built with the library's own objects and uses the memory that the preloaded
 * library shares.
 */
#include "call/rate_limit.h"

#include "common/hashfn.h"
#include "portability/instr_time.h"
#include "storage/shmem.h"

PG_MODULE_MAGIC;

/* So many reads of the tier partner pass at once. */
#define CALLS_OF_TOKEN 4096

PG_FUNCTION_INFO_V1(limiter_nanoseconds);
PG_FUNCTION_INFO_V1(limiter_claim);
PG_FUNCTION_INFO_V1(limiter_race);

extern PGDLLEXPORT void _PG_init(void);

/*
 * _PG_init finds the shared memory.
 */
void
_PG_init(void)
{
	bool found;
	Size size = limit_shared_size(rate_limit_tokens_setting);
	void *memory = ShmemInitStruct("flagplane rate limits", size, &found);

	if (!found)
		elog(ERROR, "the library is not preloaded");
	limit_attach(memory, rate_limit_tokens_setting, found);
}

/*
 * limiter_nanoseconds is how long one of so many calls takes that all pass.
 */
Datum
limiter_nanoseconds(PG_FUNCTION_ARGS)
{
	int calls = PG_GETARG_INT32(0);
	uint64 first = (uint64) GetCurrentTimestamp();
	Allowance allowance;
	instr_time start;
	instr_time end;

	rate_limit_period_setting = 60 * 1000;
	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < calls; i++)
	{
		uint64 key = hash_combine64(first, i / CALLS_OF_TOKEN);

		rate_limit_try_acquire(key, TIER_PARTNER, LIMIT_READ, &allowance);
		if (!allowance.acquired)
			elog(ERROR, "a call was refused");
	}
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	PG_RETURN_FLOAT8(INSTR_TIME_GET_DOUBLE(end) * 1e9 / calls);
}

/*
 * limiter_claim takes a call of a token that everybody uses; the period is so short
 * that all pass.
 */
Datum
limiter_claim(PG_FUNCTION_ARGS)
{
	Allowance allowance;

	rate_limit_period_setting = 1;
	rate_limit_try_acquire(1, TIER_PARTNER, LIMIT_READ, &allowance);
	PG_RETURN_BOOL(allowance.acquired);
}

/*
 * limiter_race uses up the budgets of so many tokens, one after the other, and is
 * how many calls passed.  Several backends that do so at once catch up with the one
 * ahead, and race it for every token from there on.
 */
Datum
limiter_race(PG_FUNCTION_ARGS)
{
	int tokens = PG_GETARG_INT32(0);
	int64 passed = 0;

	rate_limit_period_setting = 24 * 60 * 60 * 1000;
	for (uint32 i = 0; i < tokens; i++)
	{
		/* Spread evenly over the table, whose places are found by the upper half. */
		uint64 key = (uint64) (i * (PG_UINT32_MAX / tokens)) << 32 | (i + 1);
		Allowance allowance;

		do
		{
			rate_limit_try_acquire(key, TIER_STANDARD, LIMIT_READ, &allowance);
			passed += allowance.acquired;
		} while (allowance.acquired);
	}
	PG_RETURN_INT64(passed);
}
