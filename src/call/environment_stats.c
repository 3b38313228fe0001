/*
 * environment_stats.c
 *	  Counters of what is asked of each environment, in shared memory.
 *
 * An environment has a place among a fixed number, which is found by a hash and without a
 * lock: it is one of the PROBES that follow the hash. Whoever counts an environment first gives it the
 * first free one of these, for as long as the server runs: so a place that was found stays
 * good, and each backend that looks at the same time finds the same one. What finds no place is
 * counted together, with that of all databases. Environments are told apart by a hash of 64 bits.
 *
 * As in stats.c, requests that failed are those that began and did not end well, and the
 * counters know of no transaction. Servers that have not preloaded the library count nothing.
 */
#include "call/environment_stats.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"

#define PLACES 4096
#define PROBES 32

#define NO_KEY 0

/* Its names are there once it is named. */
struct EnvironmentStats
{
	pg_atomic_uint64 key; /* NO_KEY: free */
	pg_atomic_uint32 named;
	Oid database;
	int64 account;
	char environment_id[OBJECT_ID_LENGTH];
	pg_atomic_uint64 since;
	pg_atomic_uint64 last_request;
	pg_atomic_uint64 counters[ENVIRONMENT_COUNTERS];
};

typedef struct EnvironmentTable
{
	EnvironmentStats others; /* those without a place */
	EnvironmentStats places[PLACES];
} EnvironmentTable;

static EnvironmentTable *table = NULL;

/*
 * environment_stats_shared_size is how much shared memory the counters need.
 */
Size
environment_stats_shared_size(void)
{
	return sizeof(EnvironmentTable);
}

static void
init_counters(EnvironmentStats *stats)
{
	pg_atomic_init_u64(&stats->key, NO_KEY);
	pg_atomic_init_u32(&stats->named, 0);
	stats->database = InvalidOid;
	stats->account = 0;
	pg_atomic_init_u64(&stats->since, (uint64) GetCurrentTimestamp());
	pg_atomic_init_u64(&stats->last_request, 0);
	for (int i = 0; i < ENVIRONMENT_COUNTERS; i++)
		pg_atomic_init_u64(&stats->counters[i], 0);
}

/*
 * environment_stats_attach uses shared memory of environment_stats_shared_size, which the first
 * process to attach initializes: found tells whether another has done so.
 */
void
environment_stats_attach(void *memory, bool found)
{
	table = memory;
	if (found)
		return;
	init_counters(&table->others);
	for (int place = 0; place < PLACES; place++)
		init_counters(&table->places[place]);
}

/*
 * name_place says whose a place is that has just been allocated. Those who count in it need not
 * wait for that.
 */
static void
name_place(EnvironmentStats *stats, int64 account, const char *environment_id)
{
	stats->database = MyDatabaseId;
	stats->account = account;
	memcpy(stats->environment_id, environment_id, OBJECT_ID_LENGTH);
	pg_atomic_write_u64(&stats->since, (uint64) GetCurrentTimestamp());
	pg_write_barrier();
	pg_atomic_write_u32(&stats->named, 1);
}

/*
 * environment_stats_find finds the counters of an environment; NULL where nothing is counted.
 */
EnvironmentStats *
environment_stats_find(int64 account, const char *environment_id)
{
	uint64 key;

	if (table == NULL)
		return NULL;
	key = hash_bytes_extended((const unsigned char *) environment_id, OBJECT_ID_LENGTH,
							  ((uint64) MyDatabaseId << 32) ^ (uint64) account);
	if (key == NO_KEY)
		key = 1;
	for (int probe = 0; probe < PROBES; probe++)
	{
		EnvironmentStats *stats = &table->places[(key + probe) % PLACES];
		uint64 owner = pg_atomic_read_u64(&stats->key);

		if (owner == NO_KEY && pg_atomic_compare_exchange_u64(&stats->key, &owner, key))
		{
			name_place(stats, account, environment_id);
			owner = key;
		}
		if (owner == key)
			return stats;
	}
	return &table->others;
}

/*
 * environment_counter is one of the counters, which stays where it is; NULL where nothing is counted.
 */
pg_atomic_uint64 *
environment_counter(EnvironmentStats *stats, EnvironmentCounter counter)
{
	return stats ? &stats->counters[counter] : NULL;
}

/*
 * environment_count adds to a counter, where anything is counted.
 */
void
environment_count(EnvironmentStats *stats, EnvironmentCounter counter, uint64 number)
{
	if (stats)
		pg_atomic_fetch_add_u64(&stats->counters[counter], number);
}

/*
 * environment_count_request counts a request that begins.
 */
void
environment_count_request(EnvironmentStats *stats, bool poll)
{
	if (stats == NULL)
		return;
	pg_atomic_write_u64(&stats->last_request, (uint64) GetCurrentStatementStartTimestamp());
	pg_atomic_fetch_add_u64(&stats->counters[ENVIRONMENT_REQUESTS], 1);
	if (poll)
		pg_atomic_fetch_add_u64(&stats->counters[ENVIRONMENT_POLLS], 1);
}

/*
 * environment_stats_places is how many places there are to read: none where nothing is counted.
 */
int
environment_stats_places(void)
{
	return table ? PLACES + 1 : 0;
}

/*
 * environment_stats_read reads the counters at a place, the last of which is that of the
 * environments without one; false if they are not of this database, or there was nothing to
 * count. They are read in the order in which none is seen to end before it begins.
 */
bool
environment_stats_read(int place, EnvironmentCounts *counts)
{
	bool others = place == PLACES;
	EnvironmentStats *stats = others ? &table->others : &table->places[place];
	bool any = !others;

	memset(counts, 0, sizeof(*counts));
	if (!others && pg_atomic_read_u32(&stats->named) == 0)
		return false;
	pg_read_barrier();
	if (!others && stats->database != MyDatabaseId)
		return false;
	counts->account = stats->account;
	if (!others)
		memcpy(counts->environment_id, stats->environment_id, OBJECT_ID_LENGTH);
	counts->since = (TimestampTz) pg_atomic_read_u64(&stats->since);
	counts->last_request = (TimestampTz) pg_atomic_read_u64(&stats->last_request);
	for (int counter = ENVIRONMENT_COUNTERS - 1; counter >= 0; counter--)
	{
		counts->counts[counter] = pg_atomic_read_u64(&stats->counters[counter]);
		any |= counts->counts[counter] != 0;
		pg_read_barrier();
	}
	return any;
}

/*
 * reset_counters begins to count anew, but for what backends have in their caches.
 */
static void
reset_counters(EnvironmentStats *stats)
{
	pg_atomic_write_u64(&stats->since, (uint64) GetCurrentTimestamp());
	pg_atomic_write_u64(&stats->last_request, 0);
	for (int counter = ENVIRONMENT_COUNTERS - 1; counter >= 0; counter--)
		if (counter != ENVIRONMENT_CACHE_BYTES)
			pg_atomic_write_u64(&stats->counters[counter], 0);
}

/*
 * environment_stats_reset begins to count anew in this database, and what finds no place.
 */
void
environment_stats_reset(void)
{
	if (table == NULL)
		return;
	for (int place = 0; place < PLACES; place++)
	{
		EnvironmentStats *stats = &table->places[place];

		if (pg_atomic_read_u32(&stats->named) == 0)
			continue;
		pg_read_barrier();
		if (stats->database == MyDatabaseId)
			reset_counters(stats);
	}
	reset_counters(&table->others);
}
