/*
 * access_token_change.c
 *	  Access tokens: changed by a patch, rotated, ended.
 *
 * A rotated token keeps all but its secret.  Its new secret is shown to whoever
 * rotates it, so nobody can rotate a token that may do more than they may.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/patch_request.h"
#include "call/rate_limit.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "util/document.h"
#include "util/json_patch.h"
#include "util/jsonb.h"
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
	EXPIRY = ID + 1
};

enum
{
	PATCH = ID + 1
};

/* Where the selector stands in the row of lock_token. */
#define SELECTOR 17

enum
{
	RATE_TIER = ID + 1
};

#define ID_FIELD FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true)

const Field rotate_access_token_fields[] = {
	[ID] = ID_FIELD, [GRACE] = FIELD("grace", "grace", FIELD_INTERVAL), FIELDS_END};

/* The old secret's end as a time, as LaunchDarkly's clients give it. */
const Field reset_access_token_fields[] = {[ID] = ID_FIELD,
										   [EXPIRY] = FIELD("expiry", "expiry", FIELD_BIGINT,
															.place = IN_QUERY, .rule = RULE_RANGE,
															.max = MILLISECONDS_MAX),
										   FIELDS_END};

const Field update_access_token_fields[] = {[ID] = ID_FIELD, [PATCH] = PATCH_FIELD, FIELDS_END};

const Field delete_access_token_fields[] = {ID_FIELD, FIELDS_END};

const Field set_access_token_tier_fields[] = {
	ID_FIELD,
	[RATE_TIER] = FIELD("rate_tier", "rateTier", FIELD_TEXT, .required = true, .rule = RULE_ONE_OF,
						.choices = rate_tier_names),
	FIELDS_END};

const Field revoke_access_token_fields[] = {ID_FIELD, FIELDS_END};

const Field kill_access_token_fields[] = {ID_FIELD, FIELDS_END};

STATEMENT(
	lock_token,
	"SELECT " TOKEN_COLUMNS ", " TOKEN_PROJECTS ", " TOKEN_USE ", " TOKEN_DETAILS ", t.selector"
	" FROM flagplane_data.access_token t WHERE t.account_id = $1 AND t.id = $2 FOR NO KEY UPDATE");

STATEMENT(rotate_token,
		  "UPDATE flagplane_data.access_token t SET previous_secret_hash ="
		  " CASE WHEN $5 IS NOT NULL THEN t.secret_hash END, previous_expires_at = $5,"
		  " secret_hash = $3, ending = $4, updated_at = $6 WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(set_tier, "UPDATE flagplane_data.access_token t SET rate_tier = $3, updated_at = $4"
					" WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(revoke_token,
		  "UPDATE flagplane_data.access_token t SET revoked_at = coalesce(t.revoked_at, $3),"
		  " updated_at = CASE WHEN t.revoked_at IS NULL THEN $3 ELSE t.updated_at END"
		  " WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(kill_token,
		  "UPDATE flagplane_data.access_token t SET killed_at = coalesce(t.killed_at, $3),"
		  " updated_at = CASE WHEN t.killed_at IS NULL THEN $3 ELSE t.updated_at END"
		  " WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(update_token,
		  "UPDATE flagplane_data.access_token t SET name = $3, description = $4, role = $5,"
		  " scopes = coalesce($6, t.scopes), default_api_version = $7, updated_at = $8"
		  " WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(delete_token,
		  "DELETE FROM flagplane_data.access_token t WHERE t.account_id = $1 AND t.id = $2");

/*
 * lock reads a token's row with a lock on it, and takes down what it was before.
 */
static void
lock(Request *request, Row *row)
{
	Rows rows = request_run_first(request, &lock_token, 2);

	if (rows.count > 0)
		row_read(&rows, 0, row);
	if (rows.count == 0 && request->caller.all_projects)
		error_raise(ERR_NOT_FOUND, "the access token does not exist");
	/* Whether there is one is none of the caller's business. */
	if (rows.count == 0 || access_token_is_hidden(request, row))
		error_raise(ERR_FORBIDDEN, "a token that is limited to projects may change only tokens "
								   "that are its own and reach no further");
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
 * rotate gives a token a new secret, which this answer alone shows; the old one is good
 * until an end (DT_NOBEGIN: dead at once).
 */
static void
rotate(Request *request, TimestampTz end)
{
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];
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
	params_time(&params, request->now);
	statement_run(&rotate_token, &params, STATEMENT_WRITE);
	answer(request, token_text(request->caller.account, row_string(&row, SELECTOR)), secret);
	explicit_bzero(secret, sizeof(secret));
}

/*
 * do_rotate_access_token gives a token a new secret; the old one is good for the grace.
 */
void
do_rotate_access_token(Request *request)
{
	rotate(request, grace_end(request));
}

/*
 * do_reset_access_token gives a token a new secret; the old one is good until expiry.
 */
void
do_reset_access_token(Request *request)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = DT_NOBEGIN;

	if (request_given(request, EXPIRY))
	{
		end = time_of_milliseconds(request_bigint(request, EXPIRY));
		if (end <= now || end > now + GRACE_DAYS_MAX * USECS_PER_DAY)
		{
			request_violation(request, EXPIRY, "must be in the next %d days", GRACE_DAYS_MAX);
			error_raise_violations(ERR_INVALID, &request->violations);
		}
	}
	rotate(request, end);
}

/*
 * read_text reads a text of a patched token; NULL if it is not there.
 */
static char *
read_text(Violations *violations, const Jsonb *document, const char *name, int min, int max)
{
	JsonbValue value;
	char *text;
	int length;

	if (!jsonb_member(document, name, &value))
	{
		if (min > 0)
			error_violation(violations, name, "is required");
		return NULL;
	}
	text = jsonb_string(&value);
	length = text ? pg_mbstrlen(text) : -1;
	if (length < min || length > max)
		error_violation(violations, name, "must be a string of %d to %d characters", min, max);
	return text;
}

/*
 * read_role reads the role of a patched token, with the scopes that it stands for if it
 * is another one than before.  Nobody can give more than they have.
 */
static char *
read_role(Request *request, Violations *violations, const Jsonb *document, const char *before,
		  ArrayType **scopes)
{
	JsonbValue value;
	char *role = jsonb_member(document, "role", &value) ? jsonb_string(&value) : NULL;

	*scopes = NULL;
	if (before && role && strcmp(role, before) == 0)
		return role;
	if (role)
		*scopes = access_token_role_scopes(role);
	if (*scopes)
		access_token_require_scopes(request, *scopes);
	else if (role || before)
		error_violation(violations, "role", "must be one of: %s", list_choices(token_roles));
	return role;
}

/*
 * do_update_access_token changes a token by a JSON Patch of its document: what it is
 * called, its default version of the API, or its role.
 */
void
do_update_access_token(Request *request)
{
	static const char *const editable[] = {"name", "description", "role", "defaultApiVersion",
										   NULL};
	Jsonb *operations = patching_operations(request, PATCH);
	Violations violations = {0};
	Params params = {0};
	ArrayType *scopes;
	JsonbValue value;
	int32 version = 0;
	Jsonb *before;
	Jsonb *after;
	char *role;
	Row row;

	lock(request, &row);
	before = jsonb_of_text(request->before);
	after = json_patch_leniently(before, operations);
	if (!JB_ROOT_IS_OBJECT(after))
		error_raise(ERR_INVALID, "the patched document is not an object");
	request->unchanged = jsonb_equal(before, after);
	patching_compare(&violations, NULL, before, after, editable);
	params_bigint(&params, request->caller.account);
	params_text(&params, row_string(&row, 0));
	params_text(&params, read_text(&violations, after, "name", 1, TOKEN_NAME_MAX));
	params_text(&params, read_text(&violations, after, "description", 0, TOKEN_DESCRIPTION_MAX));
	role = read_role(request, &violations, after, row_string(&row, 2), &scopes);
	params_text(&params, role);
	params_add(&params, TEXTARRAYOID, PointerGetDatum(scopes), scopes == NULL);
	if (jsonb_member(after, "defaultApiVersion", &value) &&
		(!jsonb_integer(&value, &version) || version < API_VERSION_MIN ||
		 version > API_VERSION_MAX))
		error_violation(&violations, "defaultApiVersion", "must be between %d and %d",
						API_VERSION_MIN, API_VERSION_MAX);
	params_add(&params, INT4OID, Int32GetDatum(version), version == 0);
	params_time(&params, request->now);
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
	if (!request->unchanged)
		statement_run(&update_token, &params, STATEMENT_WRITE);
	answer(request, NULL, NULL);
}

/*
 * do_delete_access_token removes a token.
 */
void
do_delete_access_token(Request *request)
{
	Row row;

	lock(request, &row);
	request_run(request, &delete_token);
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
	params_time(&request->params, request->now);
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
