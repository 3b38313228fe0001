/*
 * sdk_credential.c
 *	  What SDKs show: the SDK key, the mobile key or the client-side id of an environment.
 *
 * Each kind opens routes of its own. All carry their account, so that a look-up, also of one
 * that does not exist, is one index probe in one tenant. A key that has been reset with an
 * expiry is good until then.
 */
#include "resource/environment/sdk_credential.h"

#include "access/xact.h"
#include "call/rate_limit.h"
#include "call/token.h"
#include "resource/environment/environment_payload.h"
#include "util/id.h"
#include "util/key_lookup.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

/* No account has this id. */
#define NO_ACCOUNT 0

#define ENVIRONMENT_STATE \
	"e.id, e.project_id, e.default_ttl, e.secure_mode, v.version, v.stamp, v.xmin AS raised_by"

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

/* What a hash may have been made with: keys that have been reset, too, until they expire. */
STATEMENT(find_sdk_keys, "SELECT k.value FROM flagplane_data.environment_key k"
						 " WHERE k.account_id = :account_id"
						 " AND k.environment_id = :environment_id AND k.kind = 'sdk'"
						 " AND (k.expires_at IS NULL OR k.expires_at > :now)");

/* The kinds: their names for people, how the keys' rows name them, and the refusal. */
static const struct
{
	const char *name;
	const char *kind;
	const char *prefix;
	ErrorKind unknown;
} credentials[SDK_CREDENTIALS] = {
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
 * sdk_credential_kind is the kind that a credential (NULL: none was shown) has the form of.
 */
SdkCredential
sdk_credential_kind(const char *credential)
{
	for (int i = 0; credential != NULL && i < SDK_CREDENTIALS; i++)
		if (credentials[i].prefix != NULL &&
			strncmp(credential, credentials[i].prefix, strlen(credentials[i].prefix)) == 0)
			return i;
	return CLIENT_SIDE_ID;
}

/*
 * unknown_credential refuses a credential that opens nothing. Only SDKs for browsers are used to
 * hear that a client-side id is not found.
 */
static void
unknown_credential(Request *request, int64 account, SdkCredential kind)
{
	if (request->operation->dialect == OFREP)
		rate_limit_unknown_credential(request, account, ERR_UNAUTHENTICATED, "key");
	rate_limit_unknown_credential(request, account, credentials[kind].unknown,
								  credentials[kind].name);
}

/*
 * entity_tag is the version with its stamp: a version that was rolled back or restored never
 * looks like another with its number. What the transaction itself has changed may change again,
 * at the same version: then the stamp is made up, and nothing else has this tag.
 */
static char *
entity_tag(const SdkEnvironment *environment)
{
	uint8 stamp[PAYLOAD_STAMP_BYTES];
	char digits[2 * PAYLOAD_STAMP_BYTES + 1];

	if (environment->shared)
		memcpy(stamp, environment->state.stamp, PAYLOAD_STAMP_BYTES);
	else
		random_bytes(stamp, PAYLOAD_STAMP_BYTES);
	digits[hex_encode((const char *) stamp, PAYLOAD_STAMP_BYTES, digits)] = '\0';
	return psprintf("\"%s-" INT64_FORMAT "-%s\"", environment->id, environment->state.version,
					digits);
}

/*
 * set_state sets the state of an environment, and its entity tag.  shared: others see it too.
 */
static void
set_state(SdkEnvironment *environment, int64 account, int64 version, bytea *stamp, bool shared)
{
	if (VARSIZE_ANY_EXHDR(stamp) != PAYLOAD_STAMP_BYTES)
		elog(ERROR, "the stamp of a payload has %d bytes", (int) VARSIZE_ANY_EXHDR(stamp));
	environment->state = (PayloadKey){.account = account, .version = version};
	memcpy(environment->state.environment, environment->id, OBJECT_ID_LENGTH);
	memcpy(environment->state.stamp, VARDATA_ANY(stamp), PAYLOAD_STAMP_BYTES);
	environment->shared = shared;
	environment->etag = entity_tag(environment);
}

/*
 * read_environment reads a row of ENVIRONMENT_STATE.
 */
static void
read_environment(SdkEnvironment *environment, int64 account, const Rows *rows)
{
	Row row;

	row_read(rows, 0, &row);
	if (row_is_null(&row, "version"))
		elog(ERROR, "an environment has no payload version");
	environment->id = row_get_string(&row, "id");
	environment->settings = palloc(sizeof(SdkSettings));
	environment->settings->project_id = DatumGetUUIDP(row_get_datum(&row, "project_id"));
	environment->settings->default_ttl = row_get_integer(&row, "default_ttl");
	environment->settings->secure_mode = row_get_boolean(&row, "secure_mode");
	set_state(environment, account, row_get_bigint(&row, "version"), row_get_bytes(&row, "stamp"),
			  !TransactionIdIsCurrentTransactionId(
				  DatumGetTransactionId(row_get_datum(&row, "raised_by"))));
}

/*
 * query_environment finds by a statement what a credential opens; false if it opens nothing.
 */
static bool
query_environment(SdkEnvironment *environment, SdkCredential kind, int64 account,
				  const char *credential)
{
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", account);
	bind_text(&params, "credential", credential);
	if (kind != CLIENT_SIDE_ID)
	{
		bind_text(&params, "kind", credentials[kind].kind);
		bind_time(&params, "now", GetCurrentTimestamp());
	}
	rows =
		statement_run(kind == CLIENT_SIDE_ID ? &find_by_id : &find_by_key, &params, STATEMENT_READ);
	if (rows.count > 0)
		read_environment(environment, account, &rows);
	return rows.count > 0;
}

/*
 * environment_of_key is the id of the environment that the row of a key opens; NULL if it is of
 * another kind or has expired.
 */
static char *
environment_of_key(const KeyLookup *key, SdkCredential kind)
{
	bool isnull;
	TimestampTz expires_at = DatumGetTimestampTz(key_lookup_value(key, "expires_at", &isnull));

	if (!isnull && expires_at <= GetCurrentTimestamp())
		return NULL;
	if (strcmp(TextDatumGetCString(key_lookup_value(key, "kind", &isnull)),
			   credentials[kind].kind) != 0)
		return NULL;
	return TextDatumGetCString(key_lookup_value(key, "environment_id", &isnull));
}

/*
 * look_up_id looks up which environment a credential opens; NULL if it is not found.
 */
static char *
look_up_id(SdkCredential kind, int64 account, const char *credential)
{
	KeyLookup key;
	char *id = NULL;

	if (kind == CLIENT_SIDE_ID)
		return pstrdup(credential);
	if (key_lookup_begin(&key, "environment_key", account, "value", credential))
		id = environment_of_key(&key, kind);
	key_lookup_end(&key);
	return id;
}

/*
 * look_up_state looks up the state of the environment.
 */
static bool
look_up_state(SdkEnvironment *environment, int64 account)
{
	KeyLookup row;
	bool isnull;
	bool found =
		key_lookup_begin(&row, "environment_payload", account, "environment_id", environment->id);

	if (found)
		set_state(environment, account, DatumGetInt64(key_lookup_value(&row, "version", &isnull)),
				  DatumGetByteaPP(key_lookup_value(&row, "stamp", &isnull)),
				  !key_lookup_is_own(&row));
	key_lookup_end(&row);
	return found;
}

/*
 * look_up_environment finds what query_environment does without a plan: nearly all requests of
 * SDKs ask for this and nothing else. False if it is to be asked for.
 */
static bool
look_up_environment(SdkEnvironment *environment, SdkCredential kind, int64 account,
					const char *credential)
{
	environment->id = look_up_id(kind, account, credential);
	return environment->id != NULL && look_up_state(environment, account);
}

/*
 * sdk_environment_find finds the environment that a credential (NULL: none was shown) of a
 * kind opens, and makes its account the caller's. Refuses one that opens none.
 */
SdkEnvironment
sdk_environment_find(Request *request, SdkCredential kind, const char *credential)
{
	int64 account = NO_ACCOUNT;
	SdkEnvironment environment = {0};

	if (!credential_account(kind, credential, &account) ||
		(!look_up_environment(&environment, kind, account, credential) &&
		 !query_environment(&environment, kind, account, credential)))
		unknown_credential(request, account, kind);
	request->caller.account = account;
	return environment;
}

/*
 * look_up_settings looks up what the row of the environment tells.
 */
static SdkSettings *
look_up_settings(const SdkEnvironment *environment)
{
	SdkSettings *settings = NULL;
	KeyLookup row;
	bool isnull;

	if (key_lookup_begin(&row, "environment", environment->state.account, "id", environment->id))
	{
		settings = palloc(sizeof(SdkSettings));
		settings->project_id = palloc(sizeof(pg_uuid_t));
		*settings->project_id = *DatumGetUUIDP(key_lookup_value(&row, "project_id", &isnull));
		settings->default_ttl = DatumGetInt32(key_lookup_value(&row, "default_ttl", &isnull));
		settings->secure_mode = DatumGetBool(key_lookup_value(&row, "secure_mode", &isnull));
	}
	key_lookup_end(&row);
	return settings;
}

/*
 * sdk_environment_settings is the settings of an environment, read when somebody asks for them.
 */
const SdkSettings *
sdk_environment_settings(SdkEnvironment *environment)
{
	if (environment->settings == NULL)
		environment->settings = look_up_settings(environment);
	if (environment->settings == NULL &&
		!query_environment(environment, CLIENT_SIDE_ID, environment->state.account,
						   environment->id))
		elog(ERROR, "an environment has a payload and no row");
	return environment->settings;
}

/*
 * sdk_environment_pin pins what the flags of an environment are evaluated from.
 */
CachedPayload *
sdk_environment_pin(SdkEnvironment *environment)
{
	return environment_payload_pin_state(&environment->state,
										 sdk_environment_settings(environment)->project_id,
										 environment->shared);
}

/*
 * append_key writes the key of one kind, so that no other context has the same text.
 */
static void
append_key(StringInfo out, StringView kind, StringView key)
{
	appendBinaryStringInfo(out, kind.data, kind.length);
	appendStringInfoChar(out, ':');
	for (int i = 0; i < (int) key.length; i++)
	{
		if (key.data[i] == '%')
			appendStringInfoString(out, "%25");
		else if (key.data[i] == ':')
			appendStringInfoString(out, "%3A");
		else
			appendStringInfoChar(out, key.data[i]);
	}
}

/*
 * compare_kinds orders kinds by their bytes.
 */
static int
compare_kinds(const ListCell *one, const ListCell *other)
{
	return strcmp(lfirst(one), lfirst(other));
}

/*
 * canonical_key is what the SDKs hash of a context: the key of a user, or kinds with their
 * keys. The kinds of a jsonb are not in the order that this text has.
 */
static char *
canonical_key(const Context *context)
{
	List *kinds = NIL;
	StringInfoData out;
	ListCell *cell;
	ContextPart part;
	StringView kind;
	int place = 0;

	initStringInfo(&out);
	if (context->kinds == NULL)
	{
		if (view_equal(context->part.kind, STRING_VIEW("user")))
			return pnstrdup(context->part.key.data, context->part.key.length);
		append_key(&out, context->part.kind, context->part.key);
		return out.data;
	}
	while (context_next_kind(context->kinds, &place, &kind))
		kinds = lappend(kinds, pnstrdup(kind.data, kind.length));
	list_sort(kinds, compare_kinds);
	foreach (cell, kinds)
	{
		kind = (StringView){.data = lfirst(cell), .length = strlen(lfirst(cell))};
		if (!context_part(context, kind, &part))
			continue;
		if (out.len > 0)
			appendStringInfoChar(&out, ':');
		append_key(&out, kind, part.key);
	}
	return out.data;
}

/*
 * sdk_secure_mode_check refuses a context whose hash (NULL: none was shown) was not made with
 * an SDK key of the environment, which the client-side SDK does not know.
 */
void
sdk_secure_mode_check(Request *request, const SdkEnvironment *environment, const Context *context,
					  const char *hash)
{
	char *key = canonical_key(context);
	uint8 expected[SECRET_HASH_BYTES];
	uint8 shown[SECRET_HASH_BYTES];
	Params params = {0};
	bool proved = false;
	Rows rows;

	if (hash == NULL || strlen(hash) != 2 * SECRET_HASH_BYTES ||
		strspn(hash, "0123456789abcdef") != 2 * SECRET_HASH_BYTES)
		error_raise(ERR_INVALID, "the environment is in secure mode: h must be the hash of the "
								 "context");
	hex_decode(hash, 2 * SECRET_HASH_BYTES, (char *) shown);
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment->id);
	bind_time(&params, "now", GetCurrentTimestamp());
	rows = statement_run(&find_sdk_keys, &params, STATEMENT_READ);
	for (uint64 i = 0; i < rows.count; i++)
	{
		char *secret;
		Row row;

		row_read(&rows, i, &row);
		secret = row_get_string(&row, "value");
		hmac_sha256(secret, strlen(secret), key, strlen(key), expected);
		proved |= hashes_match(shown, expected);
	}
	if (!proved)
		error_raise(ERR_INVALID, "the environment is in secure mode: h is not the hash of the "
								 "context");
}
