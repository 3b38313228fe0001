/*
 * sdk_credential.c
 *	  What SDKs show: the SDK key, the mobile key or the client-side id of an environment.
 *
 * Each kind opens routes of its own. All carry their account, so that a look-up, also of one
 * that does not exist, is one index probe in one tenant. A key that has been reset with an
 * expiry is good until then.
 */
#include "resource/environment/sdk_credential.h"

#include "call/rate_limit.h"
#include "call/token.h"
#include "utils/uuid.h"

/* No account has this id. */
#define NO_ACCOUNT 0

#define ENVIRONMENT_STATE "e.id, e.project_id, e.default_ttl, v.version, v.stamp"

#define ITS_PAYLOAD                                   \
	" LEFT JOIN flagplane_data.environment_payload v" \
	" ON v.account_id = e.account_id AND v.environment_id = e.id"

STATEMENT(find_by_key, "SELECT " ENVIRONMENT_STATE " FROM flagplane_data.environment_key k"
					   " JOIN flagplane_data.environment e"
					   " ON e.account_id = k.account_id AND e.id = k.environment_id" ITS_PAYLOAD
					   " WHERE k.account_id = :account_id AND k.value = :credential"
					   " AND k.kind = :kind AND (k.expires_at IS NULL OR k.expires_at > :now)");

STATEMENT(find_by_id, "SELECT " ENVIRONMENT_STATE " FROM flagplane_data.environment e" ITS_PAYLOAD
					  " WHERE e.account_id = :account_id AND e.id = :credential");

/* The kinds: their names for people, how the keys' rows name them, and the refusal. */
static const struct
{
	const char *name;
	const char *kind;
	const char *prefix;
	ErrorKind unknown;
} credentials[] = {
	[SDK_KEY] = {"SDK key", "sdk", "sdk-", ERR_UNAUTHENTICATED},
	[MOBILE_KEY] = {"mobile key", "mobile", "mob-", ERR_UNAUTHENTICATED},
	[CLIENT_SIDE_ID] = {"client-side id", NULL, NULL, ERR_NOT_FOUND},
};

/*
 * credential_account reads the account out of a credential; false if it has not the form of
 * its kind.
 */
static bool
credential_account(SdkCredential kind, const char *credential, int64 *account)
{
	const char *prefix = credentials[kind].prefix;

	if (credential == NULL)
		return false;
	if (kind == CLIENT_SIDE_ID)
		return client_side_id_account(credential, account);
	return strncmp(credential, prefix, strlen(prefix)) == 0 &&
		   environment_key_account(credential, account);
}

/*
 * read_environment reads a row of ENVIRONMENT_STATE. The entity tag is the version with its
 * stamp: a version that was rolled back or restored never looks like another with its number.
 */
static SdkEnvironment
read_environment(const Rows *rows)
{
	SdkEnvironment environment;
	StringInfoData etag;
	bytea *stamp;
	Row row;

	row_read(rows, 0, &row);
	if (row_is_null(&row, "version"))
		elog(ERROR, "an environment has no payload version");
	environment.id = row_get_string(&row, "id");
	environment.project_id = DatumGetUUIDP(row_get_datum(&row, "project_id"));
	environment.default_ttl = row_get_integer(&row, "default_ttl");
	initStringInfo(&etag);
	appendStringInfo(&etag, "\"%s-" INT64_FORMAT "-", environment.id,
					 row_get_bigint(&row, "version"));
	stamp = row_get_bytes(&row, "stamp");
	for (int i = 0; i < VARSIZE_ANY_EXHDR(stamp); i++)
		appendStringInfo(&etag, "%02x", (uint8) VARDATA_ANY(stamp)[i]);
	appendStringInfoChar(&etag, '"');
	environment.etag = etag.data;
	return environment;
}

/*
 * sdk_environment_find finds the environment that a credential (NULL: none was shown) of a
 * kind opens, and makes its account the caller's. Refuses one that opens none.
 */
SdkEnvironment
sdk_environment_find(Request *request, SdkCredential kind, const char *credential)
{
	int64 account = NO_ACCOUNT;
	Params params = {0};
	Rows rows = {0};

	if (credential_account(kind, credential, &account))
	{
		bind_bigint(&params, "account_id", account);
		bind_text(&params, "credential", credential);
		if (kind != CLIENT_SIDE_ID)
		{
			bind_text(&params, "kind", credentials[kind].kind);
			bind_time(&params, "now", GetCurrentTimestamp());
		}
		rows = statement_run(kind == CLIENT_SIDE_ID ? &find_by_id : &find_by_key, &params,
							 STATEMENT_READ);
	}
	if (rows.count == 0)
		rate_limit_unknown_credential(request, account, credentials[kind].unknown,
									  credentials[kind].name);
	request->caller.account = account;
	return read_environment(&rows);
}
