/*
 * monitor.c
 *	  What those who run the server look at: the state of the library and the
 *	  counters of the operations.
 */
#include "admin/admin.h"

#include "api/sdk.h"
#include "call/rate_limit.h"
#include "call/stats.h"
#include "funcapi.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

enum
{
	VERSION,
	PRELOADED,
	RATE_LIMITS,
	TOKENS_MAX,
	TOKENS,
	TOKENS_TAKEN_OVER,
	SETTINGS,
	STATUS_COLUMNS
};

enum
{
	OPERATION_NAME,
	CALLS,
	ERRORS,
	REPLAYS,
	RATE_LIMITED,
	UNAUTHENTICATED,
	SINCE,
	STATS_COLUMNS
};

PG_FUNCTION_INFO_V1(flagplane_status);
PG_FUNCTION_INFO_V1(flagplane_operation_stats);
PG_FUNCTION_INFO_V1(flagplane_reset_stats);

STATEMENT(read_settings,
		  "SELECT json_object_agg(s.name, s.setting ORDER BY s.name)::text AS settings"
		  " FROM pg_catalog.pg_settings s WHERE s.name LIKE 'flagplane.%'");

/*
 * flagplane_status is status(): a row about the library as it runs here.  Refuses
 * database roles that may not watch the server.
 */
Datum
flagplane_status(PG_FUNCTION_ARGS)
{
	OwnerContext owner;
	Params params = {0};
	LimitUsage usage;
	TupleDesc columns;
	Datum values[STATUS_COLUMNS];
	bool nulls[STATUS_COLUMNS] = {false};
	Rows rows;
	Row row;
	MemoryContext context = CurrentMemoryContext;
	char *settings;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "status must return a row");

	statement_begin();
	owner_enter(&owner);
	owner_require_monitoring(&owner, "status");
	rows = statement_run(&read_settings, &params, STATEMENT_READ);
	row_read(&rows, 0, &row);
	settings = MemoryContextStrdup(context, row_get_string(&row, "settings"));
	owner_leave(&owner);
	statement_end();

	limit_usage(&usage);
	values[VERSION] = CStringGetTextDatum(FLAGPLANE_VERSION);
	values[PRELOADED] = BoolGetDatum(usage.slots > 0);
	values[RATE_LIMITS] = BoolGetDatum(limit_is_on());
	values[TOKENS_MAX] = Int64GetDatum(usage.slots);
	values[TOKENS] = Int64GetDatum(usage.used);
	values[TOKENS_TAKEN_OVER] = Int64GetDatum(usage.evicted);
	values[SETTINGS] = CStringGetTextDatum(settings);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * flagplane_operation_stats is operation_stats(), which the view stats shows: a
 * row for each operation and each route of SDKs; none where nothing is counted.  Refuses database roles that
 * may not watch the server.
 */
Datum
flagplane_operation_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64 counts[STATS_COUNTERS];
	TimestampTz since;
	OwnerContext owner;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	owner_enter(&owner);
	owner_require_monitoring(&owner, "operation_stats");
	owner_leave(&owner);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < OPERATION_COUNT + sdk_route_count() && stats_read(i, counts, &since); i++)
	{
		Datum values[STATS_COLUMNS];
		bool nulls[STATS_COLUMNS] = {false};
		uint64 successes = Min(counts[STATS_SUCCESSES], counts[STATS_CALLS]);
		const char *name =
			i < OPERATION_COUNT ? operations[i].name : sdk_route_name(i - OPERATION_COUNT);

		if (name == NULL)
			continue;
		values[OPERATION_NAME] = CStringGetTextDatum(name);
		values[CALLS] = Int64GetDatum((int64) counts[STATS_CALLS]);
		values[ERRORS] = Int64GetDatum((int64) (counts[STATS_CALLS] - successes));
		values[REPLAYS] = Int64GetDatum((int64) counts[STATS_REPLAYS]);
		values[RATE_LIMITED] = Int64GetDatum((int64) counts[STATS_REFUSALS]);
		values[UNAUTHENTICATED] = Int64GetDatum((int64) counts[STATS_UNAUTHENTICATED]);
		values[SINCE] = TimestampTzGetDatum(since);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * flagplane_reset_stats is reset_stats(): the counters of this database begin
 * anew.  Refuses database roles without rights on the data.
 */
Datum
flagplane_reset_stats(PG_FUNCTION_ARGS)
{
	OwnerContext owner;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	owner_enter(&owner);
	owner_require_rights(&owner, "reset_stats");
	owner_leave(&owner);
	stats_reset();
	PG_RETURN_VOID();
}
