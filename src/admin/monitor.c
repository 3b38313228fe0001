/*
 * monitor.c
 *	  What those who run the server look at: the state of the library and the
 *	  counters of the operations.
 */
#include "admin/admin.h"

#include "api/sdk.h"
#include "call/environment_stats.h"
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

enum
{
	ACCOUNT_KEY,
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	ENVIRONMENT_ID,
	REQUESTS,
	POLLS,
	NOT_MODIFIED,
	REFUSED,
	PAYLOADS,
	PAYLOAD_TIME,
	CACHE_HITS,
	CACHE_MISSES,
	CACHE_EVICTIONS,
	CACHE_BYTES,
	LAST_REQUEST,
	COUNTED_SINCE,
	ENVIRONMENT_COLUMNS
};

PG_FUNCTION_INFO_V1(flagplane_status);
PG_FUNCTION_INFO_V1(flagplane_operation_stats);
PG_FUNCTION_INFO_V1(flagplane_environment_stats);
PG_FUNCTION_INFO_V1(flagplane_reset_stats);

STATEMENT(read_settings,
		  "SELECT json_object_agg(s.name, s.setting ORDER BY s.name)::text AS settings"
		  " FROM pg_catalog.pg_settings s WHERE s.name LIKE 'flagplane.%'");

STATEMENT(name_environment,
		  "SELECT a.key AS account_key, p.key AS project_key, e.key AS environment_key"
		  " FROM flagplane_data.environment e JOIN flagplane_data.project p"
		  " ON p.account_id = e.account_id AND p.id = e.project_id"
		  " JOIN flagplane_data.account a ON a.id = e.account_id"
		  " WHERE e.account_id = :account_id AND e.id = :environment_id");

STATEMENT(find_account, "SELECT a.id FROM flagplane_data.account a WHERE a.key = :account_key");

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
 * bound_account_id is the account that a database role is bound to, and sees alone; 0 if it is to
 * none, and -1 if there is none of that name.
 */
static int64
bound_account_id(Oid role)
{
	const char *key = caller_bound_account(role);
	Params params = {0};
	Rows rows;
	Row row;

	if (key == NULL)
		return 0;
	bind_text(&params, "account_key", key);
	rows = statement_run(&find_account, &params, STATEMENT_READ);
	if (rows.count == 0)
		return -1;
	row_read(&rows, 0, &row);
	return row_get_bigint(&row, "id");
}

/*
 * fill_names fills in what an environment is called; nothing if it is not there any more.
 */
static void
fill_names(const EnvironmentCounts *counts, Datum *values, bool *nulls)
{
	static const char *const columns[] = {"account_key", "project_key", "environment_key"};
	Params params = {0};
	Rows rows = {0};
	Row row;

	values[ENVIRONMENT_ID] = CStringGetTextDatum(counts->environment_id);
	nulls[ENVIRONMENT_ID] = counts->account == 0;
	if (counts->account != 0)
	{
		bind_bigint(&params, "account_id", counts->account);
		bind_text(&params, "environment_id", counts->environment_id);
		rows = statement_run(&name_environment, &params, STATEMENT_READ);
	}
	for (int i = ACCOUNT_KEY; i <= ENVIRONMENT_KEY; i++)
		nulls[i] = rows.count == 0;
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	for (int i = ACCOUNT_KEY; i <= ENVIRONMENT_KEY; i++)
		values[i] = CStringGetTextDatum(row_get_string(&row, columns[i]));
}

/*
 * put_environment adds the row of an environment.
 */
static void
put_environment(ReturnSetInfo *result, const EnvironmentCounts *counts)
{
	static const EnvironmentCounter counters[ENVIRONMENT_COLUMNS] = {
		[REQUESTS] = ENVIRONMENT_REQUESTS,		   [POLLS] = ENVIRONMENT_POLLS,
		[NOT_MODIFIED] = ENVIRONMENT_NOT_MODIFIED, [PAYLOADS] = ENVIRONMENT_PAYLOADS,
		[CACHE_HITS] = ENVIRONMENT_CACHE_HITS,	   [CACHE_MISSES] = ENVIRONMENT_CACHE_MISSES,
		[CACHE_BYTES] = ENVIRONMENT_CACHE_BYTES,   [CACHE_EVICTIONS] = ENVIRONMENT_CACHE_EVICTIONS,
	};
	uint64 requests = counts->counts[ENVIRONMENT_REQUESTS];
	uint64 responses = counts->counts[ENVIRONMENT_RESPONSES];
	Datum values[ENVIRONMENT_COLUMNS];
	bool nulls[ENVIRONMENT_COLUMNS] = {false};

	fill_names(counts, values, nulls);
	for (int i = REQUESTS; i <= CACHE_BYTES; i++)
		values[i] = Int64GetDatum((int64) counts->counts[counters[i]]);
	values[REFUSED] = Int64GetDatum((int64) (requests - Min(responses, requests)));
	values[PAYLOAD_TIME] = Float8GetDatum(counts->counts[ENVIRONMENT_PAYLOAD_USECS] / 1000.0);
	values[LAST_REQUEST] = TimestampTzGetDatum(counts->last_request);
	nulls[LAST_REQUEST] = counts->last_request == 0;
	values[COUNTED_SINCE] = TimestampTzGetDatum(counts->since);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * flagplane_environment_stats is environment_stats(), which the view of that name shows: a row for
 * each environment that SDKs or evaluations have asked for, and one for those that have no place;
 * none where nothing is counted. A role that is bound to an account sees that account's. Refuses
 * database roles that may not watch the server.
 */
Datum
flagplane_environment_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EnvironmentCounts counts;
	OwnerContext owner;
	int64 bound;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	InitMaterializedSRF(fcinfo, 0);
	statement_begin();
	owner_enter(&owner);
	owner_require_monitoring(&owner, "environment_stats");
	bound = bound_account_id(owner.user);
	for (int i = 0; i < environment_stats_places(); i++)
		if (environment_stats_read(i, &counts) && (bound == 0 || bound == counts.account))
			put_environment(result, &counts);
	owner_leave(&owner);
	statement_end();
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
	environment_stats_reset();
	PG_RETURN_VOID();
}
