/*
 * last_use.c
 *	  When an access token was last used: to some minutes, and at no one's expense.
 *
 * The time stands in a row of its own, which nothing else locks and which is
 * passed over where somebody else is at it, so that no two requests ever wait for
 * each other because of it, nor does the end of a token wait for its callers.
 * Most requests do not even look: a backend that has noted a token, or seen it
 * noted, is done with it for a while.
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
} Noted;

static Noted noted[REMEMBERED];

STATEMENT(note_use,
		  "UPDATE flagplane_data.access_token_use u SET used_at = $3 FROM"
		  " (SELECT n.account_id, n.token_id FROM flagplane_data.access_token_use n"
		  " WHERE n.account_id = $1 AND n.token_id = $2"
		  " AND (n.used_at IS NULL OR n.used_at < $4) FOR NO KEY UPDATE SKIP LOCKED) n"
		  " WHERE u.account_id = $1 AND u.account_id = n.account_id AND u.token_id = n.token_id");

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

	params_bigint(&params, caller->account);
	params_text(&params, caller->token_id);
	params_time(&params, now);
	params_time(&params, old);
	statement_run(&note_use, &params, STATEMENT_WRITE);
	place->account = caller->account;
	strlcpy(place->token_id, caller->token_id, sizeof(place->token_id));
	place->at = now;
}
