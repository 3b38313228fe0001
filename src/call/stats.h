/*
 * stats.h
 *	  Counters of the calls of each operation.
 */
#ifndef FLAGPLANE_STATS_H
#define FLAGPLANE_STATS_H

#include "call/request.h"

typedef enum StatsCounter
{
	STATS_CALLS,		   /* begun */
	STATS_SUCCESSES,	   /* ended without an error */
	STATS_REPLAYS,		   /* of those, replayed by an idempotency key */
	STATS_REFUSALS,		   /* by rate limits */
	STATS_UNAUTHENTICATED, /* without a good token where one is needed */
	STATS_COUNTERS
} StatsCounter;

extern Size stats_shared_size(int operation_count);
extern void stats_attach(void *memory, int operation_count, bool found);

extern void stats_count(const Operation *operation, StatsCounter counter);
extern bool stats_read(int operation, uint64 values[STATS_COUNTERS], TimestampTz *since);
extern void stats_reset(void);

#endif /* FLAGPLANE_STATS_H */
