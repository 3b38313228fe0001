/*
 * access_token_change.c
 *	  Access tokens: rotate, another tier, revoke, kill.
 *
 * A rotated token keeps all but its secret.  Its new secret is shown to whoever
 * rotates it, so nobody can rotate a token that may do more than they may.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "call/rate_limit.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* How long the old secret may go on at most. */
#define GRACE_DAYS_MAX 90

enum
{
	ID,
	GRACE
};

enum
{
	RATE_TIER = ID + 1
};

#define ID_FIELD                                                           \
	{                                                                      \
		"id", "id", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL \
	}

const Field rotate_access_token_fields[] = {
	[ID] = ID_FIELD,
	[GRACE] = {"grace", "grace", FIELD_INTERVAL, IN_BODY, false, RULE_NONE, 0, 0, NULL, NULL},
	FIELDS_END};

const Field set_access_token_tier_fields[] = {ID_FIELD,
											  [RATE_TIER] = {"rate_tier", "rateTier", FIELD_TEXT,
															 IN_BODY, true, RULE_ONE_OF, 0, 0,
															 rate_tier_names, NULL},
											  FIELDS_END};

const Field revoke_access_token_fields[] = {ID_FIELD, FIELDS_END};

const Field kill_access_token_fields[] = {ID_FIELD, FIELDS_END};

STATEMENT(
	lock_token,
	"SELECT " TOKEN_COLUMNS ", " TOKEN_PROJECTS ", " TOKEN_USE ", t.selector"
	" FROM flagplane_data.access_token t WHERE t.account_id = $1 AND t.id = $2 FOR NO KEY UPDATE");

STATEMENT(find_foreign_project,
		  "SELECT 1 FROM flagplane_data.access_token_project r"
		  " WHERE r.account_id = $1 AND r.token_id = $2 AND NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.access_token_project o WHERE o.account_id = r.account_id"
		  " AND o.project_id = r.project_id AND o.token_id = $3) LIMIT 1");

STATEMENT(rotate_token,
		  "UPDATE flagplane_data.access_token t SET previous_secret_hash ="
		  " CASE WHEN $5 IS NOT NULL THEN t.secret_hash END, previous_expires_at = $5,"
		  " secret_hash = $3, ending = $4 WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(set_tier, "UPDATE flagplane_data.access_token t SET rate_tier = $3"
					" WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(revoke_token,
		  "UPDATE flagplane_data.access_token t SET revoked_at = coalesce(t.revoked_at, $3)"
		  " WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(kill_token,
		  "UPDATE flagplane_data.access_token t SET killed_at = coalesce(t.killed_at, $3)"
		  " WHERE t.account_id = $1 AND t.id = $2");

/*
 * is_hidden tells whether a token reaches further than the projects that the
 * caller is limited to.  Such a token is not listed to them either.
 */
static bool
is_hidden(Request *request, const Row *row)
{
	Params params = {0};

	if (request->caller.all_projects)
		return false;
	params_bigint(&params, request->caller.account);
	params_text(&params, row_string(row, 0));
	params_text(&params, request->caller.token_id);
	return row_boolean(row, 4) ||
		   statement_run(&find_foreign_project, &params, STATEMENT_WRITE).count > 0;
}

/*
 * lock reads a token's row with a lock on it, and takes down what it was before.
 */
static void
lock(Request *request, Row *row)
{
	Rows rows = request_run_first(request, &lock_token, 2);

	if (rows.count > 0)
		row_read(&rows, 0, row);
	if (rows.count == 0 || is_hidden(request, row))
		error_raise(ERR_NOT_FOUND, "the access token does not exist");
	access_token_document(request, row, NULL, NULL);
	request_before(request);
	request_target(request, "service-token/%s", row_string(row, 0));
}

/*
 * answer writes the token as it is now, with its new secret if there is one.
 */
static void
answer(Request *request, const char *public_part, const char *secret)
{
	Rows rows = request_run_first(request, &lock_token, 2);
	Row row;

	row_read(&rows, 0, &row);
	access_token_document(request, &row, public_part, secret);
}

/*
 * grace_end is when the old secret dies: DT_NOBEGIN for at once.
 */
static TimestampTz
grace_end(Request *request)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = now - 1;
	Interval *grace;

	if (!request_given(request, GRACE))
		return DT_NOBEGIN;
	/* What is out of all proportion would not fit a timestamp. */
	grace = DatumGetIntervalP(request->params.values[FIELD_PARAM(GRACE)]);
	if (grace->month >= -MONTHS_PER_YEAR && grace->month <= MONTHS_PER_YEAR &&
		grace->day >= -DAYS_PER_YEAR && grace->day <= DAYS_PER_YEAR &&
		grace->time >= -USECS_PER_DAY * DAYS_PER_YEAR &&
		grace->time <= USECS_PER_DAY * DAYS_PER_YEAR)
		end = DatumGetTimestampTz(DirectFunctionCall2(
			timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(grace)));
	if (end < now || end > now + GRACE_DAYS_MAX * USECS_PER_DAY)
	{
		request_violation(request, GRACE, "must be between 0 and %d days", GRACE_DAYS_MAX);
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return end;
}

/*
 * do_rotate_access_token gives a token a new secret, which this answer alone
 * shows; the old one is good until the end of the grace, or dead at once.
 */
void
do_rotate_access_token(Request *request)
{
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];
	TimestampTz end = grace_end(request);
	Params params = {0};
	Row row;

	lock(request, &row);
	if (!row.nulls[9] || !row.nulls[10])
		error_raise(ERR_NOT_FOUND, "the access token has been revoked or killed");
	access_token_require_scopes(request, row_array(&row, 3));
	access_token_require_tier(request, row_string(&row, 11));

	secret_generate(request, secret);
	sha256(secret, SECRET_LENGTH, hash);
	params_bigint(&params, request->caller.account);
	params_text(&params, row_string(&row, 0));
	params_bytes(&params, hash, sizeof(hash));
	params_text(&params, secret + SECRET_LENGTH - ENDING_LENGTH);
	params_time(&params, end);
	statement_run(&rotate_token, &params, STATEMENT_WRITE);
	answer(request, token_text(request->caller.account, row_string(&row, 14)), secret);
	explicit_bzero(secret, sizeof(secret));
}

/*
 * do_set_access_token_tier changes how many calls a token may make.  What it has
 * called already counts on, as the same share of the new budget.
 */
void
do_set_access_token_tier(Request *request)
{
	Row row;

	lock(request, &row);
	access_token_require_tier(request, request_string(request, RATE_TIER));
	request->unchanged = strcmp(row_string(&row, 11), request_string(request, RATE_TIER)) == 0;
	request_run(request, &set_tier);
	answer(request, NULL, NULL);
}

/*
 * end_token marks a token in a column of its row, which does nothing to one that is
 * marked already.
 */
static void
end_token(Request *request, Statement *statement, int column)
{
	Params params = {0};
	Row row;

	lock(request, &row);
	request->unchanged = !row.nulls[column];
	params_bigint(&params, request->caller.account);
	params_text(&params, row_string(&row, 0));
	params_time(&params, request->now);
	statement_run(statement, &params, STATEMENT_WRITE);
	answer(request, NULL, NULL);
}

/*
 * do_revoke_access_token ends a token: it is unknown from now on.
 */
void
do_revoke_access_token(Request *request)
{
	end_token(request, &revoke_token, 9);
}

/*
 * do_kill_access_token ends a token, and tells its callers so where their dialect
 * has words for it.
 */
void
do_kill_access_token(Request *request)
{
	end_token(request, &kill_token, 10);
}
