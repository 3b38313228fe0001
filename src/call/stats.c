/*
 * stats.c
 *	  Counters of the calls of each operation, by database, in shared memory.
 *
 * A call is counted when it begins and, if it succeeds, when it ends: the
 * difference is the errors, whatever raised them, and nothing needs to catch any.
 * The counters know of no transaction.
 *
 * The first databases that call get their counters, for as long as the server
 * runs; the others, and servers that have not preloaded the library, get none.
 */
#include "call/stats.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "utils/timestamp.h"

#define DATABASES_MAX 64

typedef struct StatsDatabase
{
	pg_atomic_uint32 database; /* InvalidOid: free */
	pg_atomic_uint64 since;
	pg_atomic_uint64 counters[FLEXIBLE_ARRAY_MEMBER]; /* by operation, then StatsCounter */
} StatsDatabase;

static char *shared = NULL;
static int operations_counted = 0;

/* This backend's database, once it has been found. */
static StatsDatabase *ours = NULL;

static Size
database_size(int operation_count)
{
	return offsetof(StatsDatabase, counters) +
		   sizeof(pg_atomic_uint64) * STATS_COUNTERS * operation_count;
}

/*
 * database_at is a database's counters by their place in the shared memory.
 */
static StatsDatabase *
database_at(int place)
{
	return (StatsDatabase *) (shared + place * database_size(operations_counted));
}

/*
 * stats_shared_size is how much shared memory the counters need.
 */
Size
stats_shared_size(int operation_count)
{
	return DATABASES_MAX * database_size(operation_count);
}

/*
 * stats_attach uses shared memory of stats_shared_size, which the first process to attach
 * initializes: found tells whether another has done so.
 */
void
stats_attach(void *memory, int operation_count, bool found)
{
	shared = memory;
	operations_counted = operation_count;
	if (found)
		return;
	for (int place = 0; place < DATABASES_MAX; place++)
	{
		StatsDatabase *database = database_at(place);

		pg_atomic_init_u32(&database->database, InvalidOid);
		pg_atomic_init_u64(&database->since, 0);
		for (int i = 0; i < STATS_COUNTERS * operation_count; i++)
			pg_atomic_init_u64(&database->counters[i], 0);
	}
}

/*
 * find_database finds the counters of this backend's database, or allocates free ones.
 */
static StatsDatabase *
find_database(void)
{
	for (int place = 0; shared && place < DATABASES_MAX; place++)
	{
		StatsDatabase *database = database_at(place);
		uint32 owner = pg_atomic_read_u32(&database->database);
		uint64 never = 0;

		if (owner == InvalidOid &&
			pg_atomic_compare_exchange_u32(&database->database, &owner, MyDatabaseId))
			owner = MyDatabaseId;
		if (owner != MyDatabaseId)
			continue;
		(void) pg_atomic_compare_exchange_u64(&database->since, &never,
											  (uint64) GetCurrentTimestamp());
		return database;
	}
	return NULL;
}

/*
 * stats_count counts one of an operation; what is in no table is not counted.
 */
void
stats_count(const Operation *operation, StatsCounter counter)
{
	if (shared == NULL || operation->number == NOT_IN_THE_TABLE)
		return;
	if (ours == NULL)
		ours = find_database();
	if (ours)
		pg_atomic_fetch_add_u64(&ours->counters[(operation->number - 1) * STATS_COUNTERS + counter],
								1);
}

/*
 * stats_read reads an operation's counters, and since when they count; false if
 * nothing is counted.  The successes are read before the calls, so that no call is
 * seen to end before it begins.
 */
bool
stats_read(int operation, uint64 values[STATS_COUNTERS], TimestampTz *since)
{
	if (ours == NULL)
		ours = find_database();
	if (ours == NULL)
		return false;
	for (int counter = STATS_COUNTERS - 1; counter >= 0; counter--)
	{
		values[counter] = pg_atomic_read_u64(&ours->counters[operation * STATS_COUNTERS + counter]);
		pg_read_barrier();
	}
	*since = (TimestampTz) pg_atomic_read_u64(&ours->since);
	return true;
}

/*
 * stats_reset begins to count anew in this database.
 */
void
stats_reset(void)
{
	if (ours == NULL)
		ours = find_database();
	if (ours == NULL)
		return;
	pg_atomic_write_u64(&ours->since, (uint64) GetCurrentTimestamp());
	for (int counter = STATS_COUNTERS - 1; counter >= 0; counter--)
		for (int i = 0; i < operations_counted; i++)
			pg_atomic_write_u64(&ours->counters[i * STATS_COUNTERS + counter], 0);
}
