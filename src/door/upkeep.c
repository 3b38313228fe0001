/*
 * upkeep.c
 *	  What a scheduler calls.
 */
#include "door/response.h"

#include "call/caller.h"
#include "fmgr.h"

#define PURGE_MAX 1000000

PG_FUNCTION_INFO_V1(flagplane_purge);

/*
 * The rows that somebody else is removing are passed over, so purges at once
 * share the work.  The account stands in the join: each row is found by its
 * whole key.
 */
STATEMENT(purge_idempotency_keys,
		  "DELETE FROM flagplane_data.idempotency_key k USING"
		  " (SELECT d.account_id, d.actor, d.operation, d.key_hash"
		  " FROM flagplane_data.idempotency_key d WHERE d.expires_at <= $1"
		  " ORDER BY d.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) d"
		  " WHERE k.account_id = d.account_id AND k.actor = d.actor"
		  " AND k.operation = d.operation AND k.key_hash = d.key_hash RETURNING 1");

STATEMENT(purge_environment_keys,
		  "DELETE FROM flagplane_data.environment_key k USING"
		  " (SELECT d.account_id, d.value FROM flagplane_data.environment_key d"
		  " WHERE d.expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED) d"
		  " WHERE k.account_id = d.account_id AND k.value = d.value RETURNING 1");

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
	int64 removed;

	postgrest_speak(LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0) || PG_GETARG_INT32(0) < 1 || PG_GETARG_INT32(0) > PURGE_MAX)
		error_raise(ERR_INVALID, "limit must be between 1 and %d", PURGE_MAX);

	statement_begin();
	owner_enter(&bracket);
	if (!bracket.trusted)
		error_raise(ERR_UNAUTHENTICATED, "purge is for database roles with rights on the data");
	params_time(&params, GetCurrentTimestamp());
	params_integer(&params, PG_GETARG_INT32(0));
	removed = statement_run(&purge_idempotency_keys, &params, STATEMENT_WRITE).count;
	removed += statement_run(&purge_environment_keys, &params, STATEMENT_WRITE).count;
	owner_leave(&bracket);
	statement_end();
	PG_RETURN_INT64(removed);
}
