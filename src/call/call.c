/*
 * call.c
 *	  What every call goes through, whichever way it came in.
 */
#include "call/call.h"

#include "access/xact.h"
#include "call/audit.h"
#include "call/caller.h"
#include "call/field.h"
#include "call/idempotency.h"
#include "call/last_use.h"
#include "call/rate_limit.h"
#include "call/stats.h"

/*
 * call_prepare starts a request: its operation, the time, its id, and an empty
 * response in the current memory context.
 */
void
call_prepare(Request *request, const Operation *operation)
{
	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->mode = operation->kind == READS ? STATEMENT_READ : STATEMENT_WRITE;
	request->now = GetCurrentTransactionStartTimestamp();
	request->response = makeStringInfo();
	request->location = makeStringInfo();
	request_id(request->id);
}

/*
 * require_writable refuses a change where nothing can be written: in a read-only
 * transaction, as on a standby.
 */
static void
require_writable(const Request *request)
{
	if (request->operation->kind != READS && XactReadOnly)
		error_raise(ERR_READ_ONLY, "nothing can be changed in a read-only transaction");
}

/*
 * call_run does the request: identify the caller, count the call against their budget,
 * read the fields, write the response if it follows from the request alone, claim the
 * idempotency key or replay its response, run the operation, record it, note that the
 * token was used.  A refusal is raised as an error, which leaves nothing behind.
 */
void
call_run(Request *request)
{
	OwnerContext owner;

	stats_count(request->operation, STATS_CALLS);
	statement_begin();
	owner_enter(&owner);

	limit_announce(request->operation);
	caller_identify(request, &owner);
	rate_limit_acquire(request);
	caller_require_scope(request);
	require_writable(request);
	fields_prepare(request);
	request->read_fields(request);
	fields_check(request);
	caller_resolve_project(request);
	idempotency_read(request);
	if (request->operation->precompute)
		request->operation->precompute(request);

	if (!idempotency_replay(request))
	{
		caller_require_project_access(request);
		request->operation->run(request);
		audit_record(request);
		idempotency_store(request);
	}
	last_use_note(request);

	owner_leave(&owner);
	statement_end();
	stats_count(request->operation, STATS_SUCCESSES);
	if (request->replayed)
		stats_count(request->operation, STATS_REPLAYS);
}
