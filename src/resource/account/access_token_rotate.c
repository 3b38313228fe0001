/*
 * access_token_rotate.c
 *	  New secrets for access tokens.
 *
 * A rotated token changes nothing but its secret.  Whoever rotates it sees the new secret,
 * so nobody can rotate a token that may do more than they may.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/token.h"
#include "util/document.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* The old secret is valid for at most so many days. */
#define GRACE_DAYS_MAX 90

enum
{
	GRACE = 1
};

const Field rotate_access_token_fields[] = {
	TOKEN_ID_FIELD, [GRACE] = FIELD("grace", "grace", FIELD_INTERVAL), FIELDS_END};

enum
{
	EXPIRY = 1
};

/* The old secret's expiry as a time, as LaunchDarkly's clients give it. */
const Field reset_access_token_fields[] = {TOKEN_ID_FIELD,
										   [EXPIRY] = FIELD("expiry", "expiry", FIELD_BIGINT,
															.place = IN_QUERY, .rule = RULE_RANGE,
															.max = MILLISECONDS_MAX),
										   FIELDS_END};

STATEMENT(rotate_token, "UPDATE flagplane_data.access_token t SET previous_secret_hash ="
						" CASE WHEN :previous_expires_at IS NOT NULL THEN t.secret_hash END,"
						" previous_expires_at = :previous_expires_at, secret_hash = :secret_hash,"
						" ending = :ending, updated_at = :now"
						" WHERE t.account_id = :account_id AND t.id = :id");

/*
 * grace_end is when the old secret expires: DT_NOBEGIN for at once.
 */
static TimestampTz
grace_end(Request *request)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = now - 1;
	Interval *grace;

	if (!request_given(request, GRACE))
		return DT_NOBEGIN;
	/* A huge interval would not fit a timestamp. */
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
 * rotate gives a token a new secret, which only this response shows.  The old one is valid
 * until expires_at (DT_NOBEGIN: not any more).
 */
static void
rotate(Request *request, TimestampTz expires_at)
{
	AccessToken token = access_token_lock_for_update(request);
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];

	if (!TIMESTAMP_IS_NOBEGIN(token.revoked_at) || !TIMESTAMP_IS_NOBEGIN(token.killed_at))
		error_raise(ERR_NOT_FOUND, "the access token has been revoked or killed");
	access_token_require_scopes(request, token.scopes);
	access_token_require_tier(request, token.rate_tier);

	secret_generate(request, secret);
	sha256(secret, SECRET_LENGTH, hash);
	bind_bytes(&request->params, "secret_hash", hash, sizeof(hash));
	bind_text(&request->params, "ending", secret + SECRET_LENGTH - ENDING_LENGTH);
	bind_time(&request->params, "previous_expires_at", expires_at);
	bind_time(&request->params, "now", request->now);
	request_run(request, &rotate_token);
	access_token_respond(request, secret);
	explicit_bzero(secret, sizeof(secret));
}

/*
 * do_rotate_access_token gives a token a new secret; the old one is valid for the
 * grace period.
 */
void
do_rotate_access_token(Request *request)
{
	rotate(request, grace_end(request));
}

/*
 * do_reset_access_token gives a token a new secret; the old one is valid until
 * expiry.
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
