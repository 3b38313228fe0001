/*
 * purge.c
 *	  Removing expired rows, as a scheduler does.
 */
#include "admin/admin.h"

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
		  "WITH d AS MATERIALIZED (SELECT e.account_id, e.actor, e.key_hash"
		  " FROM flagplane_data.idempotency_key e WHERE e.account_id = :account_id AND "
		  "e.expires_at <= :now"
		  " ORDER BY e.expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
		  " DELETE FROM flagplane_data.idempotency_key k USING d"
		  " WHERE k.account_id = :account_id AND k.account_id = d.account_id AND k.actor = d.actor"
		  " AND k.key_hash = d.key_hash");

STATEMENT(
	purge_environment_keys,
	"WITH d AS MATERIALIZED (SELECT e.account_id, e.value"
	" FROM flagplane_data.environment_key e WHERE e.account_id = :account_id AND e.expires_at <= "
	":now"
	" ORDER BY e.expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
	" DELETE FROM flagplane_data.environment_key k USING d"
	" WHERE k.account_id = :account_id AND k.account_id = d.account_id AND k.value = d.value");

/*
 * Most accounts have nothing to remove, and a look costs less than a removal.  The
 * oldest row is asked for, which is at the end of an index, since the planner would
 * rather search a table for any one of the many rows that it expects to have expired.
 */
STATEMENT(
	find_expired,
	"SELECT (SELECT k.expires_at FROM flagplane_data.idempotency_key k"
	" WHERE k.account_id = :account_id ORDER BY k.expires_at LIMIT 1) <= :now AS keys,"
	" (SELECT k.expires_at FROM flagplane_data.environment_key k WHERE k.account_id = :account_id"
	" AND k.expires_at IS NOT NULL ORDER BY k.expires_at LIMIT 1) <= :now AS environment_keys");

/*
 * find_expired_rows tells for an account which of the two tables have expired rows of it.
 */
static void
find_expired_rows(int64 account, TimestampTz now, bool expired[2])
{
	Params params = {0};
	Rows rows;
	Row row;

	/* Whatever the number of accounts, the rows read for one are freed before the next. */
	statement_begin();
	bind_bigint(&params, "account_id", account);
	bind_time(&params, "now", now);
	rows = statement_run(&find_expired, &params, STATEMENT_READ);
	row_read(&rows, 0, &row);
	expired[0] = row_get_boolean(&row, "keys");
	expired[1] = row_get_boolean(&row, "environment_keys");
	statement_end();
}

/*
 * purge_account removes at most "limit" rows of an account that expired before a
 * time, by one of the statements above, and returns how many went.
 */
static int64
purge_account(Statement *statement, int64 account, TimestampTz now, int64 limit)
{
	Params params = {0};

	if (limit == 0)
		return 0;
	bind_bigint(&params, "account_id", account);
	bind_time(&params, "now", now);
	bind_integer(&params, "limit", (int32) limit);
	return (int64) statement_run(statement, &params, STATEMENT_WRITE).count;
}

/*
 * flagplane_purge is purge("limit" integer): it removes expired rows, at most
 * "limit" of each table (1 to 1,000,000), and returns how many went.  Refuses
 * database roles without rights on the data.
 */
Datum
flagplane_purge(PG_FUNCTION_ARGS)
{
	OwnerContext owner;
	Params params = {0};
	TimestampTz now = GetCurrentTimestamp();
	Rows accounts;
	int64 removed[2] = {0, 0};

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0) || PG_GETARG_INT32(0) < 1 || PG_GETARG_INT32(0) > PURGE_MAX)
		error_raise(ERR_INVALID, "limit must be between 1 and %d", PURGE_MAX);

	statement_begin();
	owner_enter(&owner);
	owner_require_rights(&owner, "purge");
	accounts = statement_run(&list_accounts, &params, STATEMENT_WRITE);
	for (uint64 i = 0; i < accounts.count; i++)
	{
		bool expired[2];
		int64 account;
		Row row;

		row_read(&accounts, i, &row);
		account = row_get_bigint(&row, "id");
		find_expired_rows(account, now, expired);
		if (expired[0])
			removed[0] += purge_account(&purge_idempotency_keys, account, now,
										PG_GETARG_INT32(0) - removed[0]);
		if (expired[1])
			removed[1] += purge_account(&purge_environment_keys, account, now,
										PG_GETARG_INT32(0) - removed[1]);
	}
	owner_leave(&owner);
	statement_end();
	PG_RETURN_INT64(removed[0] + removed[1]);
}
