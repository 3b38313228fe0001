/*
 * auth_cache.c
 *	  The access token that has been verified in this transaction.
 *
 * A request over PostgREST is one transaction: what its first function found out
 * about the token, the next one need not look up again.  The memory is this
 * backend's own, so no setting can forge it.  It is good for the very same token
 * only, until the token expires, until this transaction writes anything (the
 * token itself, perhaps), until a savepoint is rolled back, and never after the
 * transaction.
 */
#include "call/auth_cache.h"

#include "access/xact.h"

#define TOKEN_LENGTH_MAX 127

static struct
{
	bool known;
	char token[TOKEN_LENGTH_MAX + 1];
	CommandId command; /* as of when the token's row was read */
	Caller caller;	   /* its ids point to the two below */
	char token_id[OBJECT_ID_LENGTH + 1];
	char member_id[OBJECT_ID_LENGTH + 1];
} verified;

/*
 * forget wipes what is known.
 */
static void
forget(void)
{
	explicit_bzero(&verified, sizeof(verified));
}

/*
 * at_transaction_end forgets whatever the transaction's end is.
 */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (verified.known)
		forget();
}

/*
 * at_savepoint_end forgets when a subtransaction is rolled back: the token may
 * have been made in it.
 */
static void
at_savepoint_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && verified.known)
		forget();
}

/*
 * auth_cache_put remembers that a token is good, and for whom.
 */
void
auth_cache_put(const char *token, const Caller *caller)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_savepoint_end, NULL);
		registered = true;
	}
	if (strlen(token) > TOKEN_LENGTH_MAX)
		elog(ERROR, "the access token is too long");
	strlcpy(verified.token, token, sizeof(verified.token));
	verified.command = GetCurrentCommandId(false);
	verified.caller = *caller;
	strlcpy(verified.token_id, caller->token_id, sizeof(verified.token_id));
	verified.caller.token_id = verified.token_id;
	if (caller->member_id)
	{
		strlcpy(verified.member_id, caller->member_id, sizeof(verified.member_id));
		verified.caller.member_id = verified.member_id;
	}
	verified.known = true;
}

/*
 * same_text compares two texts in a time that depends on their lengths alone.
 */
static bool
same_text(const char *one, const char *other)
{
	size_t length = strlen(one);
	uint8 difference = 0;

	if (strlen(other) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		difference |= one[i] ^ other[i];
	return difference == 0;
}

/*
 * auth_cache_find tells whether the token is known to be good, and whose it is.
 */
bool
auth_cache_find(const char *token, Caller *caller)
{
	if (!verified.known || verified.command != GetCurrentCommandId(false) ||
		verified.caller.good_until <= GetCurrentTimestamp() || !same_text(verified.token, token))
		return false;
	*caller = verified.caller;
	caller->token_id = pstrdup(verified.token_id);
	if (caller->member_id)
		caller->member_id = pstrdup(caller->member_id);
	return true;
}
