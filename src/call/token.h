/*
 * token.h
 *	  Generating, hashing and comparing secrets.
 */
#ifndef FLAGPLANE_TOKEN_H
#define FLAGPLANE_TOKEN_H

#include "call/request.h"

#define SECRET_HASH_BYTES 32

/* What an access token is made of: fp_<account>_<selector>_<secret>. */
typedef struct TokenParts
{
	int64 account;
	char selector[SELECTOR_LENGTH + 1];
	char secret[SECRET_LENGTH + 1];
} TokenParts;

/* A message, and where its hash of SECRET_HASH_BYTES goes. */
typedef struct Sha256Message
{
	const void *bytes;
	size_t length;
	uint8 *out;
} Sha256Message;

extern int64 random_account(void);
extern void sha256_each(const Sha256Message *messages, int count);
extern void sha256(const void *bytes, size_t length, uint8 out[SECRET_HASH_BYTES]);
extern void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
						uint8 out[SECRET_HASH_BYTES]);

extern void secret_generate(const Request *request, char out[SECRET_LENGTH + 1]);
extern bool secret_account(const char *secret, int64 *account);
extern bool
hashes_match(const uint8 presented[SECRET_HASH_BYTES], const uint8 stored[SECRET_HASH_BYTES]);

extern void selector_generate(char out[SELECTOR_LENGTH + 1]);
extern char *token_text(int64 account, const char *selector);
extern bool token_parse(const char *token, TokenParts *parts);

extern char *environment_key_generate(const char *prefix, int64 account);
extern bool environment_key_account(const char *value, int64 *account);
extern char *client_side_id_generate(int64 account);
extern bool client_side_id_account(const char *value, int64 *account);

#endif /* FLAGPLANE_TOKEN_H */
