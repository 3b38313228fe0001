/*
 * idempotency.c
 *	  Exactly-once changes: claim a key before the work, store the response with it.
 *
 * The claim is a row inserted in the caller's own transaction before anything else of
 * the request, so that a concurrent duplicate waits on the claim and not on the
 * resource: if the first request commits, the duplicate replays its response; if it rolls
 * back, the duplicate's claim succeeds.  The row has hashes, never the key, and the
 * response without its once-shown secret, which a retry derives again.  A precomputed
 * response is stored with the claim, any other after the work.
 */
#include "call/idempotency.h"

#include "call/field.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define KEY_LIFETIME_HOURS 24

/* A competing claim can be purged or reclaimed between two statements only so often. */
#define CLAIM_TRIES 100

STATEMENT(insert_claim,
		  "INSERT INTO flagplane_data.idempotency_key"
		  " (account_id, actor, operation, key_hash, response, secret_start, location, version,"
		  " request_hash, salt, expires_at)"
		  " VALUES (:account_id, :actor, :operation, :key_hash, :response, :secret_start,"
		  " :location, :version, :request_hash, :salt, :expires_at)"
		  " ON CONFLICT (account_id, key_hash, actor) DO NOTHING");

#define THIS_KEY " WHERE k.account_id = :account_id AND k.key_hash = :key_hash AND k.actor = :actor"

STATEMENT(reclaim_expired,
		  "UPDATE flagplane_data.idempotency_key k"
		  " SET operation = :operation, response = :response, secret_start = :secret_start,"
		  " location = :location, version = :version, request_hash = :request_hash, salt = :salt,"
		  " expires_at = :expires_at" THIS_KEY " AND k.expires_at <= :now");

STATEMENT(find_claim, "SELECT k.request_hash, k.salt, k.expires_at, k.response, k.secret_start,"
					  " k.location, k.version"
					  " FROM flagplane_data.idempotency_key k" THIS_KEY);

STATEMENT(store_response,
		  "UPDATE flagplane_data.idempotency_key k"
		  " SET response = :response, secret_start = :secret_start, location = :location,"
		  " version = :version" THIS_KEY);

/*
 * is_random tells whether a UUID is of a version that is made of random bits: 4, or 7 but
 * for its time.
 */
static bool
is_random(const pg_uuid_t *uuid)
{
	int version = uuid->data[6] >> 4;

	return (version == 4 || version == 7) && (uuid->data[8] & 0xC0) == 0x80;
}

/*
 * parse_key parses an idempotency key: a UUID, quoted or not; false if it is none.
 */
static bool
parse_key(const char *text, pg_uuid_t *key)
{
	int length = strlen(text);

	if (length >= 2 && text[0] == '"' && text[length - 1] == '"')
	{
		text++;
		length -= 2;
	}
	return uuid_parse(text, length, key);
}

/*
 * read_key reads the idempotency key as it was given.  Where a secret is derived from it, it
 * must be one that nobody can guess.
 */
static void
read_key(Request *request)
{
	const char *name = request->rest ? "Idempotency-Key" : "idempotency_key";

	if (request->idempotency_uuid != NULL)
		request->key = *request->idempotency_uuid;
	else if (!parse_key(request->idempotency_key, &request->key))
		error_raise(ERR_INVALID, "%s must be a UUID", name);
	if ((request->operation->kind & GENERATES_SECRET) && !is_random(&request->key))
		error_raise(ERR_INVALID,
					"%s must be a random UUID, of version 4 or 7, since a secret depends on it",
					name);
	request->keyed = true;
}

/*
 * put_bytes appends a value's length and bytes to the canonical form, so that
 * no two values run together.
 */
static void
put_bytes(StringInfo form, const void *bytes, int length)
{
	appendBinaryStringInfo(form, (const char *) &length, sizeof(length));
	appendBinaryStringInfo(form, bytes, length);
}

static void
put_integer(StringInfo form, int64 value)
{
	put_bytes(form, &value, sizeof(value));
}

/*
 * put_jsonb appends a jsonb value: jsonb itself settles white space and the
 * order of keys, and numbers are written without trailing zeros.
 */
static void
put_jsonb(StringInfo form, Jsonb *jsonb)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		appendStringInfoChar(form, (char) token);
		if (token != WJB_KEY && token != WJB_VALUE && token != WJB_ELEM)
			continue;
		appendStringInfoChar(form, (char) value.type);
		if (value.type == jbvString)
			put_bytes(form, value.val.string.val, value.val.string.len);
		else if (value.type == jbvNumeric)
		{
			char *number = numeric_normalize(value.val.numeric);

			put_bytes(form, number, strlen(number));
		}
		else if (value.type == jbvBool)
			appendStringInfoChar(form, value.val.boolean ? 't' : 'f');
	}
}

/*
 * put_token_secret appends the hash of the secret that a caller with a token came with, where
 * that is part of the secret that the response shows: a retry with another one, after a
 * rotation, cannot be shown the same response.
 */
static void
put_token_secret(StringInfo form, const Request *request)
{
	uint8 hash[SECRET_HASH_BYTES];
	TokenParts parts;

	if (!(request->operation->kind & GENERATES_SECRET) || request->token == NULL ||
		!token_parse(request->token, &parts))
		return;
	sha256(parts.secret, SECRET_LENGTH, hash);
	explicit_bzero(&parts, sizeof(parts));
	put_bytes(form, hash, sizeof(hash));
}

/*
 * put_fields appends the fields' values, the same whichever way the request came.
 */
static void
put_fields(StringInfo form, const Request *request)
{
	const Operation *operation = request->operation;

	for (int i = 0; operation->fields[i].name; i++)
	{
		Datum value = request->params.values[FIELD_PARAM(i)];

		if (!request_given(request, i))
		{
			appendStringInfoChar(form, '-');
			continue;
		}
		appendStringInfoChar(form, '+');
		switch (operation->fields[i].type)
		{
			case FIELD_TEXT:
				put_bytes(form, VARDATA_ANY(DatumGetTextPP(value)),
						  VARSIZE_ANY_EXHDR(DatumGetTextPP(value)));
				break;
			case FIELD_INTEGER:
				put_integer(form, DatumGetInt32(value));
				break;
			case FIELD_BIGINT:
			case FIELD_TIME:
				put_integer(form, DatumGetInt64(value));
				break;
			case FIELD_BOOLEAN:
				put_integer(form, DatumGetBool(value));
				break;
			case FIELD_INTERVAL:
				put_integer(form, DatumGetIntervalP(value)->time);
				put_integer(form, DatumGetIntervalP(value)->day);
				put_integer(form, DatumGetIntervalP(value)->month);
				break;
			case FIELD_PROJECT_ID:
				put_bytes(form, DatumGetUUIDP(value), UUID_LEN);
				break;
			case FIELD_JSON:
				put_jsonb(form, DatumGetJsonbP(value));
				break;
			case FIELD_TEXTS:
			{
				Datum *elements;
				int count;

				deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
								  &elements, NULL, &count);
				put_bytes(form, &count, sizeof(count));
				for (int j = 0; j < count; j++)
					put_bytes(form, VARDATA_ANY(DatumGetTextPP(elements[j])),
							  VARSIZE_ANY_EXHDR(DatumGetTextPP(elements[j])));
				break;
			}
		}
	}
}

/*
 * hash_request computes the SHA-256 of the key, and of the request's canonical form: the
 * operation and its fields' values.
 */
static void
hash_request(Request *request)
{
	const char *name = request->operation->name;
	StringInfoData form;
	Sha256Message messages[2] = {{request->key.data, UUID_LEN, request->key_hash}};

	initStringInfo(&form);
	put_bytes(&form, name, strlen(name));
	put_token_secret(&form, request);
	put_fields(&form, request);
	messages[1] = (Sha256Message){form.data, form.len, request->request_hash};
	sha256_each(messages, lengthof(messages));
}

/*
 * bind_key binds what a claim is found by: whose key it is, and the key's hash.
 */
static void
bind_key(const Request *request, Params *params)
{
	bind_bigint(params, "account_id", request->caller.account);
	bind_text(params, "actor", request->caller.actor);
	bind_bytes(params, "key_hash", request->key_hash, sizeof(request->key_hash));
}

/*
 * bind_response binds the response as it is stored with the claim: without the secret
 * that it shows once, and where that stood; NULLs while there is no response.
 */
static void
bind_response(const Request *request, Params *params)
{
	int secret_start = -1;
	int cut = 0;

	for (int i = 0; i < request->secret_count; i++)
	{
		if (!request->secrets[i].once)
			continue;
		secret_start = request->secrets[i].start - cut;
		cut += request->secrets[i].length;
	}
	if (cut != 0 && cut != SECRET_LENGTH)
		elog(ERROR, "a response shows more than one secret once");

	bind_text(params, "response",
			  request->response->len > 0 ? request_without_secrets(request, true) : NULL);
	bind_value(params, "secret_start", INT4OID, Int32GetDatum(secret_start), secret_start < 0);
	bind_text(params, "location", request->location->len > 0 ? request->location->data : NULL);
	bind_value(params, "version", INT4OID, Int32GetDatum(request->version), request->version == 0);
}

/*
 * replay_response repeats the first response, with its secret derived again, in place of
 * a precomputed one.
 */
static void
replay_response(Request *request, Row *row)
{
	const char *response = row_get_string(row, "response");
	const char *location = row_get_string(row, "location");

	request_reset_response(request);
	if (response && row_is_null(row, "secret_start"))
		appendStringInfoString(request->response, response);
	else if (response)
	{
		char secret[SECRET_LENGTH + 1];
		int start = row_get_integer(row, "secret_start");

		secret_generate(request, secret);
		appendBinaryStringInfo(request->response, response, start);
		appendBinaryStringInfo(request->response, secret, SECRET_LENGTH);
		appendStringInfoString(request->response, response + start);
		explicit_bzero(secret, sizeof(secret));
	}
	if (location)
		appendStringInfoString(request->location, location);
	request->version = row_get_integer(row, "version");
	request->replayed = true;
}

/*
 * idempotency_read reads the request's idempotency key, if it has one, and computes
 * the hashes that the key is claimed with.  A change that needs a key is refused
 * without.
 */
void
idempotency_read(Request *request)
{
	if (request->operation->kind == READS)
		return;
	if (request->idempotency_key == NULL && request->idempotency_uuid == NULL)
	{
		if ((request->operation->kind & KEY_REQUIRED) && request->rest)
			error_raise(ERR_IDEMPOTENCY_REQUIRED, "Idempotency-Key is required");
		return;
	}
	read_key(request);
	hash_request(request);
	random_bytes(request->salt, sizeof(request->salt));
}

/*
 * raise_conflict refuses a key that was used for another request.
 */
pg_noreturn static void
raise_conflict(const Request *request)
{
	if ((request->operation->kind & GENERATES_SECRET) && request->token)
		error_raise(ERR_IDEMPOTENCY_CONFLICT,
					"the idempotency key was used for another request, or with another secret of "
					"the access token");
	error_raise(ERR_IDEMPOTENCY_CONFLICT, "the idempotency key was used for another request");
}

/*
 * idempotency_replay claims the request's idempotency key and returns false, for the
 * work to be done; or, if the key has been used for the same request, replays its
 * response and returns true.  It waits for a concurrent duplicate to finish.  A
 * precomputed response is stored with the claim.
 */
bool
idempotency_replay(Request *request)
{
	TimestampTz now;
	Params claim = {0};

	if (!request->keyed)
		return false;
	now = GetCurrentTimestamp();
	bind_key(request, &claim);
	bind_text(&claim, "operation", request->operation->name);
	bind_response(request, &claim);
	bind_bytes(&claim, "request_hash", request->request_hash, sizeof(request->request_hash));
	bind_bytes(&claim, "salt", request->salt, sizeof(request->salt));
	bind_time(&claim, "expires_at", now + KEY_LIFETIME_HOURS * USECS_PER_HOUR);
	bind_time(&claim, "now", now);

	for (int tries = 0; tries < CLAIM_TRIES; tries++)
	{
		Rows rows;
		Row row;

		if (statement_run(&insert_claim, &claim, STATEMENT_WRITE).count == 1)
			return false;

		rows = statement_run(&find_claim, &claim, STATEMENT_WRITE);
		if (rows.count == 0)
			continue; /* purged in between */
		row_read(&rows, 0, &row);
		if (row_get_time(&row, "expires_at") <= now)
		{
			if (statement_run(&reclaim_expired, &claim, STATEMENT_WRITE).count == 1)
				return false;
			continue; /* reclaimed by another request */
		}
		if (memcmp(VARDATA_ANY(row_get_bytes(&row, "request_hash")), request->request_hash,
				   sizeof(request->request_hash)) != 0)
			raise_conflict(request);
		memcpy(request->salt, VARDATA_ANY(row_get_bytes(&row, "salt")), sizeof(request->salt));
		replay_response(request, &row);
		return true;
	}
	elog(ERROR, "could not claim the idempotency key");
}

/*
 * idempotency_store stores the response with the claim if it was not precomputed.
 */
void
idempotency_store(Request *request)
{
	Params params = {0};

	if (!request->keyed || request->precomputed)
		return;
	bind_key(request, &params);
	bind_response(request, &params);
	statement_run(&store_response, &params, STATEMENT_WRITE);
}
