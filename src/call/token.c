/*
 * token.c
 *	  Generating, hashing and comparing secrets.
 *
 * Every credential carries its account in its first four bytes, so that a
 * look-up that starts from the bare credential touches one tenant only.  What is
 * shown once is stored as its SHA-256 alone; with 224 random bits in it a slow
 * hash would add nothing.
 */
#include "call/token.h"

#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"

#define TOKEN_PREFIX   "fp_"
#define ACCOUNT_BYTES  4
#define ACCOUNT_DIGITS (2 * ACCOUNT_BYTES)

/*
 * random_account generates an account's id: 32 random bits that are not all zero.
 */
int64
random_account(void)
{
	uint32 id;

	do
		random_bytes(&id, sizeof(id));
	while (id == 0);
	return id;
}

/*
 * sha256_each hashes some messages: to begin and end with OpenSSL costs as much as a short message
 * itself, and is done once for all of them.
 */
void
sha256_each(const Sha256Message *messages, int count)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	bool done = context != NULL;

	for (int i = 0; i < count && done; i++)
		done = pg_cryptohash_init(context) >= 0 &&
			   pg_cryptohash_update(context, messages[i].bytes, messages[i].length) >= 0 &&
			   pg_cryptohash_final(context, messages[i].out, SECRET_HASH_BYTES) >= 0;
	if (!done)
		elog(ERROR, "could not compute a SHA-256 hash");
	pg_cryptohash_free(context);
}

void
sha256(const void *bytes, size_t length, uint8 out[SECRET_HASH_BYTES])
{
	sha256_each(&(Sha256Message){bytes, length, out}, 1);
}

/*
 * hmac_sha256 is HMAC-SHA-256 (RFC 2104) by PostgreSQL's own code.
 */
void
hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
			uint8 out[SECRET_HASH_BYTES])
{
	pg_hmac_ctx *context = pg_hmac_create(PG_SHA256);

	if (context == NULL || pg_hmac_init(context, key, key_length) < 0 ||
		pg_hmac_update(context, bytes, length) < 0 ||
		pg_hmac_final(context, out, SECRET_HASH_BYTES) < 0)
		elog(ERROR, "could not compute an HMAC");
	pg_hmac_free(context);
}

/*
 * put_account writes an account's id into the first bytes of a credential.
 */
static void
put_account(uint8 *bytes, int64 account)
{
	for (int i = 0; i < ACCOUNT_BYTES; i++)
		bytes[i] = (uint8) (account >> (8 * (ACCOUNT_BYTES - 1 - i)));
}

/*
 * get_account reads an account's id out of the first bytes of a credential.
 */
static int64
get_account(const uint8 *bytes)
{
	int64 account = 0;

	for (int i = 0; i < ACCOUNT_BYTES; i++)
		account = account << 8 | bytes[i];
	return account;
}

/*
 * derive_secret makes a secret of the idempotency key, the secret of the caller's own token
 * and the salt of the key's row, so that a retry that presents the first two again gets the
 * same one.  The tables tell neither: whoever reads them cannot find out by trying which key
 * fits its hash, since a token's secret is 224 random bits, and of a role's key the random
 * ones of its UUID.
 */
static void
derive_secret(const Request *request, uint8 out[SECRET_BYTES])
{
	uint8 key[UUID_LEN + SECRET_LENGTH];
	size_t length = UUID_LEN;
	TokenParts parts;

	memcpy(key, request->key.data, UUID_LEN);
	if (request->token && token_parse(request->token, &parts))
	{
		memcpy(key + length, parts.secret, SECRET_LENGTH);
		length += SECRET_LENGTH;
	}
	hmac_sha256(key, length, request->salt, sizeof(request->salt), out);
	explicit_bzero(&parts, sizeof(parts));
	explicit_bzero(key, sizeof(key));
}

/*
 * secret_generate makes the call's once-shown secret: 43 base 62 digits, derived where
 * the call has an idempotency key, else random.
 */
void
secret_generate(const Request *request, char out[SECRET_LENGTH + 1])
{
	uint8 bytes[SECRET_BYTES];

	/* An operation that is not marked so accepts idempotency keys that can be guessed. */
	if (!(request->operation->kind & GENERATES_SECRET))
		elog(ERROR, "operation %s is not marked as one that generates a secret",
			 request->operation->name);
	if (request->keyed)
		derive_secret(request, bytes);
	else
		random_bytes(bytes, SECRET_BYTES);
	put_account(bytes, request->caller.account);
	base62_encode(bytes, out);
	explicit_bzero(bytes, sizeof(bytes));
}

/*
 * secret_account reads the account out of a secret; false if it is none.
 */
bool
secret_account(const char *secret, int64 *account)
{
	uint8 bytes[SECRET_BYTES];

	if (!base62_decode(secret, bytes))
		return false;
	*account = get_account(bytes);
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

/*
 * hashes_match compares two hashes of secrets in constant time.
 */
bool
hashes_match(const uint8 presented[SECRET_HASH_BYTES], const uint8 stored[SECRET_HASH_BYTES])
{
	uint8 difference = 0;

	for (int i = 0; i < SECRET_HASH_BYTES; i++)
		difference |= presented[i] ^ stored[i];
	return difference == 0;
}

/*
 * selector_generate makes the public part that a token is found by.
 */
void
selector_generate(char out[SELECTOR_LENGTH + 1])
{
	uint8 bytes[SELECTOR_LENGTH / 2];

	random_bytes(bytes, sizeof(bytes));
	hex_encode((const char *) bytes, sizeof(bytes), out);
	out[SELECTOR_LENGTH] = '\0';
}

/*
 * token_text writes an access token as far as it is public: all but the secret.
 */
char *
token_text(int64 account, const char *selector)
{
	return psprintf(TOKEN_PREFIX "%08x_%s_", (uint32) account, selector);
}

/*
 * token_parse splits an access token into its parts; false if it has not its form.
 */
bool
token_parse(const char *token, TokenParts *parts)
{
	const char *next = token;
	char account[ACCOUNT_DIGITS + 1];
	bool good;

	if (strlen(token) !=
			strlen(TOKEN_PREFIX) + ACCOUNT_DIGITS + 1 + SELECTOR_LENGTH + 1 + SECRET_LENGTH ||
		strncmp(next, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0)
		return false;
	next += strlen(TOKEN_PREFIX);
	strlcpy(account, next, sizeof(account));
	next += ACCOUNT_DIGITS + 1;
	strlcpy(parts->selector, next, sizeof(parts->selector));
	next += SELECTOR_LENGTH + 1;
	strlcpy(parts->secret, next, sizeof(parts->secret));

	good = next[-1] == '_' && next[-2 - SELECTOR_LENGTH] == '_' &&
		   strspn(account, "0123456789abcdef") == ACCOUNT_DIGITS &&
		   strspn(parts->selector, "0123456789abcdef") == SELECTOR_LENGTH &&
		   base62_is_text(parts->secret);
	parts->account = (int64) strtoul(account, NULL, 16);
	return good;
}

/*
 * environment_key_generate makes an SDK or mobile key: the prefix and a version 4
 * UUID whose first four bytes are the account.
 */
char *
environment_key_generate(const char *prefix, int64 account)
{
	pg_uuid_t *uuid = random_uuid();

	put_account(uuid->data, account);
	return psprintf("%s%s", prefix, uuid_text(uuid->data));
}

/*
 * environment_key_account reads the account out of an SDK or mobile key; false
 * if the value has not their form.
 */
bool
environment_key_account(const char *value, int64 *account)
{
	pg_uuid_t uuid;

	if (strncmp(value, "sdk-", 4) != 0 && strncmp(value, "mob-", 4) != 0)
		return false;
	if (!uuid_parse(value + 4, strlen(value + 4), &uuid))
		return false;
	*account = get_account(uuid.data);
	return true;
}

/*
 * client_side_id_generate makes the id of an environment, which is what its client-side SDKs
 * show: the account and 8 random bytes, in hexadecimal digits.
 */
char *
client_side_id_generate(int64 account)
{
	uint8 bytes[OBJECT_ID_LENGTH / 2];
	char *text = palloc(OBJECT_ID_LENGTH + 1);

	put_account(bytes, account);
	random_bytes(bytes + ACCOUNT_BYTES, sizeof(bytes) - ACCOUNT_BYTES);
	hex_encode((const char *) bytes, sizeof(bytes), text);
	text[OBJECT_ID_LENGTH] = '\0';
	return text;
}

/*
 * client_side_id_account reads the account out of a client-side id; false if the value has
 * not the form of one.
 */
bool
client_side_id_account(const char *value, int64 *account)
{
	if (strlen(value) != OBJECT_ID_LENGTH || strspn(value, "0123456789abcdef") != OBJECT_ID_LENGTH)
		return false;
	*account = (int64) strtoul(pnstrdup(value, ACCOUNT_DIGITS), NULL, 16);
	return true;
}
