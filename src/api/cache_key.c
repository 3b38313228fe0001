/*
 * cache_key.c
 *	  What a result depends on, apart from the arguments.
 *
 * Functions that are called for each row of a query authenticate the caller and read the
 * tables once, and cache the result for as long as nothing that it depends on can have
 * changed:
 *
 *	- the data: the contents of a snapshot, its command id included, tell what it shows,
 *	  together with the subtransaction, since the changes of one that was rolled back are
 *	  gone without a new command;
 *	- the caller: role, account setting, PostgREST's method and headers;
 *	- the time, for tokens that expire: the start of the client's statement.
 *
 * All of it is compared at every call, and it is a few words.  So there is nothing to
 * invalidate: a change, whoever makes it, is in every later snapshot and in no earlier
 * one.  An invalidation message could not do that: it arrives while old snapshots are
 * still in use, and an entry made from one of those would be used for new ones.
 *
 * The same holds in a parallel worker, which gets snapshot, settings and role from its
 * leader.
 */
#include "api/cache_key.h"

#include "api/response.h"
#include "call/caller.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

/*
 * same_setting tells whether a setting is what it was.
 */
static bool
same_setting(const char *before, const char *now)
{
	return before == NULL || now == NULL ? before == now : strcmp(before, now) == 0;
}

/*
 * same_snapshot tells whether two snapshots show the same.
 */
static bool
same_snapshot(const SnapshotData *a, const SnapshotData *b)
{
	return a->snapshot_type == b->snapshot_type && a->xmin == b->xmin && a->xmax == b->xmax &&
		   a->curcid == b->curcid && a->xcnt == b->xcnt && a->subxcnt == b->subxcnt &&
		   a->suboverflowed == b->suboverflowed &&
		   a->takenDuringRecovery == b->takenDuringRecovery &&
		   (a->xcnt == 0 || memcmp(a->xip, b->xip, a->xcnt * sizeof(TransactionId)) == 0) &&
		   (a->subxcnt <= 0 ||
			memcmp(a->subxip, b->subxip, a->subxcnt * sizeof(TransactionId)) == 0);
}

/*
 * cache_key_matches tells whether a result that was cached is good still.
 */
bool
cache_key_matches(const CacheKey *key)
{
	const char *method = postgrest_setting("request.method");

	return key->subtransaction == GetCurrentSubTransactionId() &&
		   key->statement == GetCurrentStatementStartTimestamp() && key->user == GetUserId() &&
		   same_setting(key->account, account_setting) && same_setting(key->method, method) &&
		   (method == NULL || same_setting(key->headers, postgrest_setting("request.headers"))) &&
		   same_snapshot(&key->snapshot, GetActiveSnapshot());
}

/*
 * copy_ids copies transaction ids into the current memory context.
 */
static TransactionId *
copy_ids(const TransactionId *ids, int count)
{
	TransactionId *copy;

	if (count <= 0)
		return NULL;
	copy = palloc(count * sizeof(TransactionId));
	memcpy(copy, ids, count * sizeof(TransactionId));
	return copy;
}

/*
 * copy_setting copies a setting, which may be NULL, into the current memory context.
 */
static char *
copy_setting(const char *value)
{
	return value ? pstrdup(value) : NULL;
}

/*
 * cache_key_fill is the key of now, filled in the current memory context.
 */
void
cache_key_fill(CacheKey *now)
{
	now->subtransaction = GetCurrentSubTransactionId();
	now->statement = GetCurrentStatementStartTimestamp();
	now->user = GetUserId();
	now->account = copy_setting(account_setting);
	now->method = copy_setting(postgrest_setting("request.method"));
	now->headers = copy_setting(postgrest_setting("request.headers"));
	now->snapshot = *GetActiveSnapshot();
	now->snapshot.xip = copy_ids(now->snapshot.xip, now->snapshot.xcnt);
	now->snapshot.subxip = copy_ids(now->snapshot.subxip, now->snapshot.subxcnt);
}
