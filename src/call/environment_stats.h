/*
 * environment_stats.h
 *	  Counters of what is asked of each environment.
 */
#ifndef FLAGPLANE_ENVIRONMENT_STATS_H
#define FLAGPLANE_ENVIRONMENT_STATS_H

#include "call/request.h"
#include "port/atomics.h"

typedef enum EnvironmentCounter
{
	ENVIRONMENT_REQUESTS,  /* of SDKs with a good credential, begun */
	ENVIRONMENT_RESPONSES, /* of those, ended without an error */
	ENVIRONMENT_POLLS,	   /* of the requests: those that ask for flags or segments */
	ENVIRONMENT_NOT_MODIFIED,
	ENVIRONMENT_PAYLOADS,	   /* made of all flags */
	ENVIRONMENT_PAYLOAD_USECS, /* what that took */
	ENVIRONMENT_CACHE_HITS,
	ENVIRONMENT_CACHE_MISSES,
	ENVIRONMENT_CACHE_EVICTIONS,
	ENVIRONMENT_CACHE_BYTES, /* now, in all backends */
	ENVIRONMENT_COUNTERS
} EnvironmentCounter;

/* The counters of an environment as they are read. */
typedef struct EnvironmentCounts
{
	int64 account; /* 0: of the environments that have no counters of their own */
	char environment_id[OBJECT_ID_LENGTH + 1];
	TimestampTz since;
	TimestampTz last_request; /* 0: none */
	uint64 counts[ENVIRONMENT_COUNTERS];
} EnvironmentCounts;

typedef struct EnvironmentStats EnvironmentStats;

extern Size environment_stats_shared_size(void);
extern void environment_stats_attach(void *memory, bool found);

extern EnvironmentStats *environment_stats_find(int64 account, const char *environment_id);
extern pg_atomic_uint64 *environment_counter(EnvironmentStats *stats, EnvironmentCounter counter);
extern void environment_count(EnvironmentStats *stats, EnvironmentCounter counter, uint64 number);
extern void environment_count_request(EnvironmentStats *stats, bool poll);

extern int environment_stats_places(void);
extern bool environment_stats_read(int place, EnvironmentCounts *counts);
extern void environment_stats_reset(void);

#endif /* FLAGPLANE_ENVIRONMENT_STATS_H */
