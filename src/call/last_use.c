/*
 * last_use.c
 *	  When an access token was last used, to some minutes, without any waiting.
 *
 * The time is in a row of its own, which nothing else locks and which is skipped if
 * another request has locked it, so that no two requests ever wait for each other
 * because of it, nor does the revocation of a token wait for its callers.  Most requests
 * do not even look: a backend that has noted a token, and has committed that, does
 * nothing for some minutes.  Unlike the cache of verified tokens (auth_cache.c) this
 * memory outlives the transaction.
 */
#include "call/last_use.h"

#include "access/xact.h"
#include "utils/timestamp.h"

/* A time is not written again before it is so old. */
#define GRANULARITY_MINUTES 5

/* How many tokens a backend remembers; those whose ids end alike share a place. */
#define REMEMBERED 64

typedef struct Noted
{
	int64 account;
	char token_id[OBJECT_ID_LENGTH + 1];
	TimestampTz at;
	SubTransactionId pending; /* what has yet to commit for it to be true; 0: nothing */
} Noted;

static Noted noted[REMEMBERED];

/* Whether any of them is pending. */
static bool any_pending = false;

STATEMENT(note_use, "UPDATE flagplane_data.access_token_use u SET used_at = :now FROM"
					" (SELECT n.account_id, n.token_id FROM flagplane_data.access_token_use n"
					" WHERE n.account_id = :account_id AND n.token_id = :token_id"
					" AND (n.used_at IS NULL OR n.used_at < :old) FOR NO KEY UPDATE SKIP LOCKED) n"
					" WHERE u.account_id = :account_id AND u.account_id = n.account_id AND "
					"u.token_id = n.token_id");

/*
 * may_write tells whether a time can be written without doing the request any
 * harm.  Where all statements of a transaction see one snapshot, a row that
 * somebody else has written since would be a serialization failure.
 */
static bool
may_write(const Request *request)
{
	return request->mode == STATEMENT_WRITE && !XactReadOnly && !IsolationUsesXactSnapshot();
}

/*
 * place_of is where a token is remembered: by the last two digits of its id,
 * which are random.
 */
static Noted *
place_of(const char *token_id)
{
	return &noted[strtoul(token_id + OBJECT_ID_LENGTH - 2, NULL, 16) % REMEMBERED];
}

/*
 * settle ends what is pending for a transaction or savepoint: for another one from now on,
 * for none (0), or it is forgotten, where what has been written is rolled back.
 */
static void
settle(bool whole, SubTransactionId ended, bool forgotten, SubTransactionId pending)
{
	if (!any_pending)
		return;
	for (int i = 0; i < REMEMBERED; i++)
	{
		if (noted[i].pending == InvalidSubTransactionId || (!whole && noted[i].pending != ended))
			continue;
		noted[i].pending = pending;
		if (forgotten)
			noted[i] = (Noted){0};
	}
	if (whole)
		any_pending = false;
}

/*
 * at_transaction_end settles all that is pending.  What is prepared may still be rolled back.
 */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT)
		settle(true, InvalidSubTransactionId, false, InvalidSubTransactionId);
	else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		settle(true, InvalidSubTransactionId, true, InvalidSubTransactionId);
}

static void
at_savepoint_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		settle(false, mine, false, parent);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		settle(false, mine, true, InvalidSubTransactionId);
}

/*
 * remember records that a token's use has been noted, if the transaction commits.
 */
static void
remember(Noted *place, const Caller *caller, TimestampTz now)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_savepoint_end, NULL);
		registered = true;
	}
	place->account = caller->account;
	strlcpy(place->token_id, caller->token_id, sizeof(place->token_id));
	place->at = now;
	place->pending = GetCurrentSubTransactionId();
	any_pending = true;
}

/*
 * last_use_note notes that the request's token, if it came with one, was used
 * now.  It notes no more than once in some minutes, waits for nobody, and never
 * fails a request.
 */
void
last_use_note(const Request *request)
{
	const Caller *caller = &request->caller;
	TimestampTz now;
	TimestampTz old;
	Params params = {0};
	Noted *place;

	if (caller->token_id == NULL || !may_write(request))
		return;
	now = GetCurrentTimestamp();
	old = now - GRANULARITY_MINUTES * USECS_PER_MINUTE;
	place = place_of(caller->token_id);
	if (place->account == caller->account && place->at > old &&
		strcmp(place->token_id, caller->token_id) == 0)
		return;

	bind_bigint(&params, "account_id", caller->account);
	bind_text(&params, "token_id", caller->token_id);
	bind_time(&params, "now", now);
	bind_time(&params, "old", old);
	statement_run(&note_use, &params, STATEMENT_WRITE);
	remember(place, caller, now);
}
