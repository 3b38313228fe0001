/*
 * rate_limit.c
 *	  Rate limits: how many calls an access token may make.
 *
 * The generic cell rate algorithm (GCRA) in shared memory.  A budget is one 64-bit
 * word, its theoretical arrival time (TAT): when it would be full again if no call
 * came any more.  A call moves the TAT on by the budget's interval, with one
 * compare-exchange, and is refused, moving nothing, if the TAT would be further ahead
 * than the burst, which is the time that all calls of a period stand for.  A call that
 * is refused or fails later on stays counted: shared memory has no transactions.
 *
 * Words are found without a lock: a token has eight slots to be in, whose keys share
 * a cache line.  A key is inserted with a compare-exchange and stays until a token that
 * finds no free slot evicts the one whose TATs are the oldest.  To evict one whose budget
 * is full changes nothing for its token; any other starts anew with a full budget, so
 * that a crowded table lets calls pass, and never refuses one that should.
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

/* Slots that a token may be in; 8 keys are a cache line. */
#define SLOTS 8

#define NO_KEY 0

#define DAY_USECS ((uint64) USECS_PER_DAY)

/* Invalid tokens of an account that get a 401 in a period. */
#define INVALID_TOKENS 60

/* Accounts share these words by hash: only calls with an invalid token count. */
#define INVALID_TOKEN_WORDS 1024

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
	pg_atomic_uint64 keys[SLOTS];
	Budgets budgets[SLOTS];
} Bucket;

typedef struct LimitTable
{
	uint32 bucket_count;
	pg_atomic_uint64 evicted;
	pg_atomic_uint64 invalid_tokens[INVALID_TOKEN_WORDS];
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
 * buckets_for is how many buckets so many tokens need.
 */
static uint32
buckets_for(int tokens)
{
	return (tokens + SLOTS - 1) / SLOTS;
}

/*
 * limit_shared_size is how much shared memory so many tokens need.
 */
Size
limit_shared_size(int tokens)
{
	return offsetof(LimitTable, buckets) + buckets_for(tokens) * sizeof(Bucket);
}

/*
 * limit_attach uses shared memory of limit_shared_size, which the first process to
 * attach initializes: found tells whether another has done so.
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
	pg_atomic_init_u64(&table->evicted, 0);
	for (int i = 0; i < INVALID_TOKEN_WORDS; i++)
		pg_atomic_init_u64(&table->invalid_tokens[i], 0);
	for (uint32 i = 0; i < table->bucket_count; i++)
	{
		for (int slot = 0; slot < SLOTS; slot++)
		{
			pg_atomic_init_u64(&table->buckets[i].keys[slot], NO_KEY);
			for (int word = 0; word < WORDS; word++)
				pg_atomic_init_u64(&table->buckets[i].budgets[slot].words[word], 0);
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

void
limit_usage(LimitUsage *usage)
{
	memset(usage, 0, sizeof(*usage));
	if (table == NULL)
		return;
	usage->slots = (int64) table->bucket_count * SLOTS;
	usage->evicted = pg_atomic_read_u64(&table->evicted);
	for (uint32 i = 0; i < table->bucket_count; i++)
		for (int slot = 0; slot < SLOTS; slot++)
			usage->used += pg_atomic_read_u64(&table->buckets[i].keys[slot]) != NO_KEY;
}

/*
 * rate_tier_by_name finds a tier; an unknown name means the lowest.
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
 * microseconds reads a clock that all backends share and that never goes back.  The
 * server's instr_time is none: from 19 on its clock is a setting of the session.
 */
static uint64
microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64) now.tv_sec * USECS_PER_SEC + now.tv_nsec / 1000;
}

/*
 * account_hash is a hash of an account of this database.
 */
static uint64
account_hash(int64 account)
{
	return hash_bytes_uint32_extended((uint32) account, MyDatabaseId);
}

/*
 * limit_key is a token's key in the table.  Its selector is 64 random bits already.
 */
uint64
limit_key(int64 account, const char *selector)
{
	uint64 key = strtoull(selector, NULL, 16) ^ account_hash(account);

	return key == NO_KEY ? 1 : key;
}

/*
 * evict gives a token the slot whose budgets are, or will be, full first; NULL if
 * another backend has just put a token there.
 */
static Budgets *
evict(Bucket *bucket, uint64 key, uint64 now)
{
	int first = 0;
	uint64 first_key = NO_KEY;
	uint64 first_tat = PG_UINT64_MAX;

	for (int slot = 0; slot < SLOTS; slot++)
	{
		uint64 owner = pg_atomic_read_u64(&bucket->keys[slot]);
		uint64 tat = 0;

		for (int word = 0; word < WORDS; word++)
		{
			uint64 seen = pg_atomic_read_u64(&bucket->budgets[slot].words[word]);

			tat = Max(tat, seen);
		}
		if (tat < first_tat)
		{
			first = slot;
			first_key = owner;
			first_tat = tat;
		}
	}
	if (!pg_atomic_compare_exchange_u64(&bucket->keys[first], &first_key, key))
		return NULL;
	if (first_tat > now)
	{
		for (int word = 0; word < WORDS; word++)
			pg_atomic_write_u64(&bucket->budgets[first].words[word], 0);
		pg_atomic_fetch_add_u64(&table->evicted, 1);
	}
	return &bucket->budgets[first];
}

/*
 * find_budgets finds a token's budgets, or gives it a slot.
 */
static Budgets *
find_budgets(uint64 key, uint64 now)
{
	Bucket *bucket = &table->buckets[((key >> 32) * table->bucket_count) >> 32];
	Budgets *evicted;

	do
	{
		for (int slot = 0; slot < SLOTS; slot++)
		{
			uint64 owner = pg_atomic_read_u64(&bucket->keys[slot]);

			/* A backend that inserts the same token at the same time uses this slot too. */
			if (owner == NO_KEY && pg_atomic_compare_exchange_u64(&bucket->keys[slot], &owner, key))
				owner = key;
			if (owner == key)
				return &bucket->budgets[slot];
		}
		evicted = evict(bucket, key, now);
	} while (evicted == NULL);
	return evicted;
}

/*
 * try_acquire counts a call against a budget of limit calls in a period, all of which
 * may come at once.  A TAT that is further ahead than any call can have moved it comes
 * from a clock or a period that has been set back: the budget is full.  Backends read
 * the clock at slightly different times, hence twice the burst.
 */
static void
try_acquire(pg_atomic_uint64 *word, uint64 now, int limit, uint64 period, Allowance *allowance)
{
	uint64 interval = Max(1, period / limit);
	uint64 burst = interval * limit;
	uint64 seen = pg_atomic_read_u64(word);
	uint64 next;

	do
	{
		uint64 tat = seen > now + 2 * burst ? now : Max(seen, now);

		next = tat + interval;
		if (next > now + burst)
		{
			*allowance = (Allowance){.limit = limit, .delay = next - (now + burst)};
			return;
		}
	} while (!pg_atomic_compare_exchange_u64(word, &seen, next));
	*allowance = (Allowance){.acquired = true,
							 .limit = limit,
							 .remaining = (int64) ((now + burst - next) / interval),
							 .delay = next - now};
}

/*
 * rate_limit_try_acquire counts a call of a class against the budgets of a token.
 */
void
rate_limit_try_acquire(uint64 key, RateTier tier, LimitClass class, Allowance *allowance)
{
	const Tier *budget = &tiers[tier];
	uint64 now = microseconds();
	uint64 period = (uint64) rate_limit_period_setting * 1000;
	Budgets *budgets = find_budgets(key, now);
	Allowance day;

	if (class == LIMIT_READ)
	{
		try_acquire(&budgets->words[WORD_READ], now, budget->reads, period, allowance);
		return;
	}
	try_acquire(&budgets->words[WORD_WRITE], now, budget->writes, period, allowance);
	if (!allowance->acquired)
		return;
	try_acquire(&budgets->words[WORD_WRITE_DAY], now, budget->writes_a_day, DAY_USECS, &day);
	if (!day.acquired)
	{
		/* A call that the day's budget refuses is not counted in the period either. */
		pg_atomic_fetch_sub_u64(&budgets->words[WORD_WRITE], Max(1, period / budget->writes));
		allowance->acquired = false;
		allowance->remaining = 0;
		allowance->delay = day.delay;
	}
	else
		allowance->remaining = Min(allowance->remaining, day.remaining);
}

/*
 * seconds_of converts microseconds to seconds, rounded up.
 */
static int64
seconds_of(uint64 duration)
{
	return (duration + USECS_PER_SEC - 1) / USECS_PER_SEC;
}

/*
 * announce sets the response headers that the dialect of the operation documents.
 */
static void
announce(const Operation *operation, const Allowance *allowance)
{
	int64 reset = milliseconds_of_time(GetCurrentTimestamp() + allowance->delay);

	if (operation->dialect == LAUNCHDARKLY)
	{
		response_header_number("X-Ratelimit-Global-Remaining", allowance->remaining);
		response_header_number("X-Ratelimit-Route-Remaining", allowance->remaining);
		response_header_number("X-Ratelimit-Reset", reset);
	}
	else
	{
		response_header_number("X-RateLimit-Limit", allowance->limit);
		response_header_number("X-RateLimit-Remaining", allowance->remaining);
		response_header_number("X-RateLimit-Reset", (reset + 999) / 1000);
	}
	if (!allowance->acquired)
		response_header_number("Retry-After", seconds_of(allowance->delay));
}

/*
 * limit_announce sets the response header that names the class of the call, also if it is
 * refused, where its dialect documents that.
 */
void
limit_announce(const Operation *operation)
{
	if (limit_is_on() && operation->dialect == LAYERS)
		response_header_text("X-RateLimit-Endpoint-Class",
							 operation->kind == READS ? "read-light" : "write-light");
}

/*
 * rate_limit_acquire counts the call against the budget of the caller's token, and refuses
 * it if nothing remains.  Database roles have no budget.
 */
void
rate_limit_acquire(const Request *request)
{
	const Caller *caller = &request->caller;
	LimitClass class = request->operation->kind == READS ? LIMIT_READ : LIMIT_WRITE;
	Allowance allowance;

	if (caller->token_id == NULL || !limit_is_on())
		return;
	rate_limit_try_acquire(caller->limit_key, caller->tier, class, &allowance);
	announce(request->operation, &allowance);
	if (allowance.acquired)
		return;
	stats_count(request->operation, STATS_REFUSALS);
	error_raise(ERR_RATE_LIMITED, "the access token has used up its %s calls; try again in %s",
				class == LIMIT_READ ? "read" : "write",
				counted(seconds_of(allowance.delay), "second"));
}

/*
 * rate_limit_unknown_credential refuses an invalid credential, "access token" or what else it
 * is: with the refusal of its kind, and after too many of them for its account with 429.
 * A valid one of the account is not counted here, so that nobody can lock its user out.
 * The response does not depend on whether the account or the selector exists.
 */
void
rate_limit_unknown_credential(const Request *request, int64 account, ErrorKind kind,
							  const char *what)
{
	Allowance allowance = {.acquired = true};

	stats_count(request->operation, STATS_UNAUTHENTICATED);
	if (limit_is_on())
		try_acquire(&table->invalid_tokens[account_hash(account) % INVALID_TOKEN_WORDS],
					microseconds(), INVALID_TOKENS, (uint64) rate_limit_period_setting * 1000,
					&allowance);
	if (allowance.acquired)
		error_raise(kind, "the %s is not valid", what);
	stats_count(request->operation, STATS_REFUSALS);
	response_header_number("Retry-After", seconds_of(allowance.delay));
	error_raise(ERR_RATE_LIMITED, "too many %ss were not valid; try again in %s", what,
				counted(seconds_of(allowance.delay), "second"));
}

/*
 * rate_limit_unknown_token refuses an invalid access token.
 */
void
rate_limit_unknown_token(const Request *request, int64 account)
{
	rate_limit_unknown_credential(request, account, ERR_UNAUTHENTICATED, "access token");
}
