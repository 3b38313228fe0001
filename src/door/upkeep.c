/*
 * upkeep.c
 *	  What a scheduler calls.
 */
#include "call/caller.h"
#include "fmgr.h"

#define PURGE_MAX 1000000

PG_FUNCTION_INFO_V1(flagplane_purge);

STATEMENT(list_accounts, "SELECT a.id FROM flagplane_data.account a ORDER BY a.id");

/*
 * The rows that somebody else is removing are passed over, so purges at once
 * share the work.  They are chosen once, not anew for each row of a join, so that
 * no more go than were asked for.  One account at a time: where the accounts are
 * distributed over servers, rows are locked on one server only.
 */
STATEMENT(purge_idempotency_keys,
		  "WITH d AS MATERIALIZED (SELECT e.account_id, e.actor, e.operation, e.key_hash"
		  " FROM flagplane_data.idempotency_key e WHERE e.account_id = $1 AND e.expires_at <= $2"
		  " ORDER BY e.expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)"
		  " DELETE FROM flagplane_data.idempotency_key k USING d"
		  " WHERE k.account_id = $1 AND k.account_id = d.account_id AND k.actor = d.actor"
		  " AND k.operation = d.operation AND k.key_hash = d.key_hash");

STATEMENT(purge_environment_keys,
		  "WITH d AS MATERIALIZED (SELECT e.account_id, e.value"
		  " FROM flagplane_data.environment_key e WHERE e.account_id = $1 AND e.expires_at <= $2"
		  " LIMIT $3 FOR UPDATE SKIP LOCKED)"
		  " DELETE FROM flagplane_data.environment_key k USING d"
		  " WHERE k.account_id = $1 AND k.account_id = d.account_id AND k.value = d.value");

/*
 * purge_table removes what expired before a time by one of the statements above,
 * from one account after the other until "limit" rows went, and returns how many.
 */
static int64
purge_table(Statement *statement, const Rows *accounts, TimestampTz now, int32 limit)
{
	int64 removed = 0;

	for (uint64 i = 0; i < accounts->count && removed < limit; i++)
	{
		Params params = {0};
		Row row;

		row_read(accounts, i, &row);
		params_bigint(&params, row_bigint(&row, 0));
		params_time(&params, now);
		params_integer(&params, limit - (int32) removed);
		removed += statement_run(statement, &params, STATEMENT_WRITE).count;
	}
	return removed;
}

/*
 * flagplane_purge is purge("limit" integer): it removes expired rows, at most
 * "limit" of each table (1 to 1,000,000), and returns how many went.  Refuses
 * database roles without rights on the data.
 */
Datum
flagplane_purge(PG_FUNCTION_ARGS)
{
	OwnerBracket bracket;
	Params params = {0};
	TimestampTz now = GetCurrentTimestamp();
	Rows accounts;
	int64 removed;

	error_speak(VOICE_SQL, LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0) || PG_GETARG_INT32(0) < 1 || PG_GETARG_INT32(0) > PURGE_MAX)
		error_raise(ERR_INVALID, "limit must be between 1 and %d", PURGE_MAX);

	statement_begin();
	owner_enter(&bracket);
	if (!bracket.trusted)
		error_raise(ERR_UNAUTHENTICATED, "purge is for database roles with rights on the data");
	accounts = statement_run(&list_accounts, &params, STATEMENT_WRITE);
	removed = purge_table(&purge_idempotency_keys, &accounts, now, PG_GETARG_INT32(0));
	removed += purge_table(&purge_environment_keys, &accounts, now, PG_GETARG_INT32(0));
	owner_leave(&bracket);
	statement_end();
	PG_RETURN_INT64(removed);
}
