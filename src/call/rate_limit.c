/*
 * rate_limit.c
 *	  Rate limits: how many calls an access token may make.
 *
 * The generic cell rate algorithm in shared memory: a budget is one 64-bit word,
 * the time at which it would be whole again if nobody took from it any more.  A
 * call moves that time on by the budget's interval, with one compare-exchange,
 * and is refused, moving nothing, where that would be more than a period ahead.
 * What is refused later on has been counted nevertheless: the words know of no
 * transaction.
 *
 * Words are found without a lock: a token has eight places to be in, whose keys
 * share a cache line.  A key is put in with a compare-exchange and stays until a
 * token that finds no free place takes over the one whose words are whole again,
 * or will be first.  Taking over a whole one changes nothing for its token; what
 * else is taken over starts anew, so that a crowded table lets calls pass, and
 * never refuses one that should.
 *
 * Without the library among shared_preload_libraries there is no such memory, and
 * nothing is limited.
 */
#include "call/rate_limit.h"

#include <time.h>

#include "call/stats.h"
#include "common/hashfn.h"
#include "util/response_headers.h"
#include "util/document.h"
#include "util/plural.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "utils/timestamp.h"

#define CACHE_LINE 64

/* Places that a token may be in; 8 keys are a cache line. */
#define PLACES 8

#define NO_KEY 0

#define DAY_USECS ((uint64) USECS_PER_DAY)

/* Bad tokens of an account that are answered 401 in a period. */
#define STRANGERS 60

/* Accounts share these words by hash: only who has no good token ever takes from them. */
#define STRANGER_WORDS 1024

/* The budgets of a token. */
enum
{
	WORD_READ,
	WORD_WRITE,
	WORD_WRITE_DAY,
	WORDS
};

typedef struct Budgets
{
	pg_atomic_uint64 words[WORDS];
	uint64 unused; /* two tokens to a cache line, none across two */
} Budgets;

typedef struct Bucket
{
	pg_atomic_uint64 keys[PLACES];
	Budgets budgets[PLACES];
} Bucket;

typedef struct LimitTable
{
	uint32 bucket_count;
	pg_atomic_uint64 taken_over;
	pg_atomic_uint64 strangers[STRANGER_WORDS];
	Bucket buckets[FLEXIBLE_ARRAY_MEMBER] pg_attribute_aligned(CACHE_LINE);
} LimitTable;

/* The server's shared memory begins at such a line. */
StaticAssertDecl(PG_CACHE_LINE_SIZE % CACHE_LINE == 0, "shared memory is aligned to cache lines");
StaticAssertDecl(offsetof(LimitTable, buckets) % CACHE_LINE == 0, "buckets begin at a cache line");
StaticAssertDecl(sizeof(Bucket) % CACHE_LINE == 0, "and so does each of them");
StaticAssertDecl(offsetof(Bucket, budgets) == CACHE_LINE, "the keys are one cache line");
StaticAssertDecl(CACHE_LINE % sizeof(Budgets) == 0, "no token's words lie across two");

/* A tier: calls in a period, and writes in a day. */
typedef struct Tier
{
	int reads;
	int writes;
	int writes_a_day;
} Tier;

static const Tier tiers[] = {
	[TIER_STANDARD] = {120, 60, 10000},
	[TIER_PILOT] = {1200, 600, 100000},
	[TIER_PARTNER] = {6000, 3000, 500000},
};

const char *const rate_tier_names[] = {
	[TIER_STANDARD] = "standard", [TIER_PILOT] = "pilot", [TIER_PARTNER] = "partner", NULL};

bool rate_limits_setting = true;
int rate_limit_period_setting = 60 * 1000;
int rate_limit_tokens_setting = 16384;

static LimitTable *table = NULL;

/*
 * buckets_for is how many buckets so many tokens want.
 */
static uint32
buckets_for(int tokens)
{
	return (tokens + PLACES - 1) / PLACES;
}

/*
 * limit_shared_size is how much shared memory so many tokens want.
 */
Size
limit_shared_size(int tokens)
{
	return offsetof(LimitTable, buckets) + buckets_for(tokens) * sizeof(Bucket);
}

/*
 * limit_attach takes memory of limit_shared_size into use; the first who does,
 * who has not found it in use, makes it empty.
 */
void
limit_attach(void *memory, int tokens, bool found)
{
	if (memory != (void *) TYPEALIGN(CACHE_LINE, memory))
		elog(ERROR, "the memory of the rate limits is not aligned");
	table = memory;
	if (found)
		return;
	table->bucket_count = buckets_for(tokens);
	pg_atomic_init_u64(&table->taken_over, 0);
	for (int i = 0; i < STRANGER_WORDS; i++)
		pg_atomic_init_u64(&table->strangers[i], 0);
	for (uint32 i = 0; i < table->bucket_count; i++)
	{
		for (int place = 0; place < PLACES; place++)
		{
			pg_atomic_init_u64(&table->buckets[i].keys[place], NO_KEY);
			for (int word = 0; word < WORDS; word++)
				pg_atomic_init_u64(&table->buckets[i].budgets[place].words[word], 0);
		}
	}
}

/*
 * limit_is_on tells whether calls are limited in this session.
 */
bool
limit_is_on(void)
{
	return table != NULL && rate_limits_setting;
}

/*
 * limit_usage counts the table's places.
 */
void
limit_usage(LimitUsage *usage)
{
	memset(usage, 0, sizeof(*usage));
	if (table == NULL)
		return;
	usage->slots = (int64) table->bucket_count * PLACES;
	usage->taken_over = pg_atomic_read_u64(&table->taken_over);
	for (uint32 i = 0; i < table->bucket_count; i++)
		for (int place = 0; place < PLACES; place++)
			usage->used += pg_atomic_read_u64(&table->buckets[i].keys[place]) != NO_KEY;
}

/*
 * rate_tier_by_name finds a tier; a name that is unknown has the least.
 */
RateTier
rate_tier_by_name(const char *name)
{
	for (int i = 0; rate_tier_names[i]; i++)
		if (strcmp(rate_tier_names[i], name) == 0)
			return (RateTier) i;
	return TIER_STANDARD;
}

/*
 * microseconds is a time that every backend reads alike and nobody can set back.
 * The server's instr_time is not: from 19 on its clock is a setting of the session.
 */
static uint64
microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64) now.tv_sec * USECS_PER_SEC + now.tv_nsec / 1000;
}

/*
 * account_hash is an account of this database as 64 bits.
 */
static uint64
account_hash(int64 account)
{
	return hash_bytes_uint32_extended((uint32) account, MyDatabaseId);
}

/*
 * limit_key is what a token is found by in the table.  Its selector is 64 random
 * bits already.
 */
uint64
limit_key(int64 account, const char *selector)
{
	uint64 key = strtoull(selector, NULL, 16) ^ account_hash(account);

	return key == NO_KEY ? 1 : key;
}

/*
 * take_over puts a token into the place that is, or will be, whole again first;
 * NULL if somebody else was faster there.
 */
static Budgets *
take_over(Bucket *bucket, uint64 key, uint64 now)
{
	int first = 0;
	uint64 first_key = NO_KEY;
	uint64 first_whole = PG_UINT64_MAX;

	for (int place = 0; place < PLACES; place++)
	{
		uint64 owner = pg_atomic_read_u64(&bucket->keys[place]);
		uint64 whole = 0;

		for (int word = 0; word < WORDS; word++)
		{
			uint64 seen = pg_atomic_read_u64(&bucket->budgets[place].words[word]);

			whole = Max(whole, seen);
		}
		if (whole < first_whole)
		{
			first = place;
			first_key = owner;
			first_whole = whole;
		}
	}
	if (!pg_atomic_compare_exchange_u64(&bucket->keys[first], &first_key, key))
		return NULL;
	if (first_whole > now)
	{
		for (int word = 0; word < WORDS; word++)
			pg_atomic_write_u64(&bucket->budgets[first].words[word], 0);
		pg_atomic_fetch_add_u64(&table->taken_over, 1);
	}
	return &bucket->budgets[first];
}

/*
 * find_budgets finds a token's words, or makes them.
 */
static Budgets *
find_budgets(uint64 key, uint64 now)
{
	Bucket *bucket = &table->buckets[((key >> 32) * table->bucket_count) >> 32];
	Budgets *taken;

	do
	{
		for (int place = 0; place < PLACES; place++)
		{
			uint64 owner = pg_atomic_read_u64(&bucket->keys[place]);

			/* Who else puts the same token in at the same time does it here too. */
			if (owner == NO_KEY &&
				pg_atomic_compare_exchange_u64(&bucket->keys[place], &owner, key))
				owner = key;
			if (owner == key)
				return &bucket->budgets[place];
		}
		taken = take_over(bucket, key, now);
	} while (taken == NULL);
	return taken;
}

/*
 * take takes a call from a budget of so many calls in a period, all of which may
 * come at once.  A word that is further ahead than any call can have moved it is
 * of a clock or a period that has been set back: the budget is whole.  Backends
 * read the clock at slightly different times, hence the second period.
 */
static void
take(pg_atomic_uint64 *word, uint64 now, int limit, uint64 period, Allowance *allowance)
{
	uint64 interval = Max(1, period / limit);
	uint64 window = interval * limit;
	uint64 seen = pg_atomic_read_u64(word);
	uint64 next;

	do
	{
		uint64 whole = seen > now + 2 * window ? now : Max(seen, now);

		next = whole + interval;
		if (next > now + window)
		{
			*allowance = (Allowance){false, limit, interval, 0, next - (now + window)};
			return;
		}
	} while (!pg_atomic_compare_exchange_u64(word, &seen, next));
	*allowance = (Allowance){true, limit, interval, now + window - next, next - now};
}

/*
 * calls_left is how many calls could follow at once.
 */
static int64
calls_left(const Allowance *allowance)
{
	return allowance->room / allowance->interval;
}

/*
 * limit_claim takes a call of a class from a token's budgets.
 */
void
limit_claim(uint64 key, RateTier tier, LimitClass class, Allowance *allowance)
{
	const Tier *budget = &tiers[tier];
	uint64 now = microseconds();
	uint64 period = (uint64) rate_limit_period_setting * 1000;
	Budgets *budgets = find_budgets(key, now);
	Allowance day;

	if (class == LIMIT_READ)
	{
		take(&budgets->words[WORD_READ], now, budget->reads, period, allowance);
		return;
	}
	take(&budgets->words[WORD_WRITE], now, budget->writes, period, allowance);
	if (!allowance->passed)
		return;
	take(&budgets->words[WORD_WRITE_DAY], now, budget->writes_a_day, DAY_USECS, &day);
	if (!day.passed)
	{
		/* Who has no call left in the day spends none of the period's. */
		pg_atomic_fetch_sub_u64(&budgets->words[WORD_WRITE], Max(1, period / budget->writes));
		allowance->passed = false;
		allowance->room = 0;
		allowance->delay = day.delay;
	}
	else if (calls_left(&day) < calls_left(allowance))
	{
		allowance->interval = day.interval;
		allowance->room = day.room;
	}
}

/*
 * seconds_of is so many microseconds in seconds, rounded up.
 */
static int64
seconds_of(uint64 duration)
{
	return (duration + USECS_PER_SEC - 1) / USECS_PER_SEC;
}

/*
 * announce puts an allowance into the headers of the answer, as the dialect of
 * the operation spells them.
 */
static void
announce(const Operation *operation, const Allowance *allowance)
{
	int64 reset = milliseconds_of_time(GetCurrentTimestamp() + allowance->delay);

	if (operation->dialect == LAUNCHDARKLY)
	{
		response_header_number("X-Ratelimit-Global-Remaining", calls_left(allowance));
		response_header_number("X-Ratelimit-Route-Remaining", calls_left(allowance));
		response_header_number("X-Ratelimit-Reset", reset);
	}
	else
	{
		response_header_number("X-RateLimit-Limit", allowance->limit);
		response_header_number("X-RateLimit-Remaining", calls_left(allowance));
		response_header_number("X-RateLimit-Reset", (reset + 999) / 1000);
	}
	if (!allowance->passed)
		response_header_number("Retry-After", seconds_of(allowance->delay));
}

/*
 * limit_announce puts the class of the call into the headers of the answer,
 * whatever becomes of it, where its dialect documents that.
 */
void
limit_announce(const Operation *operation)
{
	if (limit_is_on() && operation->dialect == LAYERS)
		response_header_text("X-RateLimit-Endpoint-Class",
							 operation->kind == READS ? "read-light" : "write-light");
}

/*
 * rate_limit_acquire takes the call from the budget of the caller's token, and refuses it
 * where there is nothing left.  Database roles have no budget.
 */
void
rate_limit_acquire(const Request *request)
{
	const Caller *caller = &request->caller;
	LimitClass class = request->operation->kind == READS ? LIMIT_READ : LIMIT_WRITE;
	Allowance allowance;

	if (caller->token_id == NULL || !limit_is_on())
		return;
	limit_claim(caller->limit_key, caller->tier, class, &allowance);
	announce(request->operation, &allowance);
	if (allowance.passed)
		return;
	stats_count(request->operation, STATS_REFUSALS);
	error_raise(ERR_RATE_LIMITED, "the access token has used up its %s calls; try again in %s",
				class == LIMIT_READ ? "read" : "write",
				counted(seconds_of(allowance.delay), "second"));
}

/*
 * rate_limit_unknown_token refuses a bad token: as such, and once its account has had
 * too many of them, for that.  A good one of the same account never comes here, so
 * that nobody can lock its holder out; and what the token claims to be makes no
 * difference, so that the answers tell nothing of what exists.
 */
void
rate_limit_unknown_token(const Request *request, int64 account)
{
	Allowance allowance = {.passed = true};

	stats_count(request->operation, STATS_UNAUTHENTICATED);
	if (limit_is_on())
		take(&table->strangers[account_hash(account) % STRANGER_WORDS], microseconds(), STRANGERS,
			 (uint64) rate_limit_period_setting * 1000, &allowance);
	if (allowance.passed)
		error_raise(ERR_UNAUTHENTICATED, "the access token is not valid");
	stats_count(request->operation, STATS_REFUSALS);
	response_header_number("Retry-After", seconds_of(allowance.delay));
	error_raise(ERR_RATE_LIMITED, "too many access tokens were not valid; try again in %s",
				counted(seconds_of(allowance.delay), "second"));
}
