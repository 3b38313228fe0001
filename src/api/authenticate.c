/*
 * authenticate.c
 *	  Who calls, for what is no operation: PostgREST's pre-request and the views.
 */
#include "call/call.h"

#include "access/htup_details.h"
#include "call/caller.h"
#include "call/rate_limit.h"
#include "call/auth_cache.h"
#include "api/api.h"
#include "api/reader.h"
#include "api/response.h"
#include "funcapi.h"
#include "operations.h"
#include "utils/builtins.h"

#define RPC_PREFIX "/rpc/"

PG_FUNCTION_INFO_V1(flagplane_authenticate);
PG_FUNCTION_INFO_V1(flagplane_current_caller);

/*
 * begin starts a request that is no operation's, but follows the rules that an operation
 * of this scope and dialect would be; refusals leave in the format of who calls.
 */
static void
begin(Request *request, Operation *operation, int scope, Dialect dialect)
{
	memset(operation, 0, sizeof(*operation));
	operation->kind = READS;
	operation->scope = scope;
	operation->dialect = dialect;
	call_prepare(request, operation);
	postgrest_set_error_format(dialect, request->id);
}

/*
 * identify finds out who calls, and remembers a good token until the transaction ends.
 */
static void
identify(void *state)
{
	Request *request = state;
	OwnerContext owner;

	statement_begin();
	owner_enter(&owner);
	caller_identify(request, &owner);
	auth_cache_put(request->token, &request->caller);
	owner_leave(&owner);
	statement_end();
}

/*
 * reader_begin starts the request of somebody who reads a view and needs a scope, given by
 * its name. limited_to, with room for an id, is to be the token's if it is limited to projects.
 */
void
reader_begin(Request *request, Operation *operation, const char *scope, char *limited_to)
{
	int needed;

	begin(request, operation, SCOPE_NONE, LAUNCHDARKLY);
	if (scope == NULL || !scope_by_name(scope, &needed))
		error_raise(ERR_INVALID, "scope must be the name of a scope");
	operation->scope = needed;
	if (postgrest_calls())
	{
		Headers headers;

		headers_of_postgrest(&headers);
		request->token = headers.token;
	}
	limited_to[0] = '\0';
	request->state = limited_to;
}

/*
 * reader_admit identifies the caller, takes a call from their budget and checks the scope: in
 * the owner context, between statement_begin and statement_end.
 */
void
reader_admit(Request *request, const OwnerContext *owner)
{
	caller_identify(request, owner);
	rate_limit_acquire(request);
	caller_require_scope(request);
	if (!request->caller.all_projects)
		strlcpy(request->state, request->caller.token_id, OBJECT_ID_LENGTH + 1);
}

static void
admit(void *state)
{
	OwnerContext owner;

	statement_begin();
	owner_enter(&owner);
	reader_admit(state, &owner);
	owner_leave(&owner);
	statement_end();
}

/*
 * operation_of_path is the operation that PostgREST is going to call, as its path
 * names it; NULL if that is none.
 */
static const Operation *
operation_of_path(const char *path)
{
	if (strncmp(path, RPC_PREFIX, strlen(RPC_PREFIX)) == 0)
		for (int i = 0; i < OPERATION_COUNT; i++)
			if (strcmp(path + strlen(RPC_PREFIX), operations[i].name) == 0)
				return &operations[i];
	return NULL;
}

/*
 * answers_documented_paths tells whether a path is of a function that finds out itself who
 * calls, and refuses in the form that is documented for the path that was asked for.
 */
static bool
answers_documented_paths(const char *path)
{
	static const char *const functions[] = {"rest", "sdk", "sdk_stream"};

	if (strncmp(path, RPC_PREFIX, strlen(RPC_PREFIX)) != 0)
		return false;
	for (int i = 0; i < (int) lengthof(functions); i++)
		if (strcmp(path + strlen(RPC_PREFIX), functions[i]) == 0)
			return true;
	return false;
}

/*
 * flagplane_authenticate is authenticate(), PostgREST's pre-request: it refuses a
 * request with a bad token and remembers a good one until the transaction ends.
 * A request without one goes on, and is refused by what needs to know who calls.
 * So does one for rest(), sdk() and sdk_stream().
 */
Datum
flagplane_authenticate(PG_FUNCTION_ARGS)
{
	const char *path = postgrest_setting("request.path");
	const Operation *called = path ? operation_of_path(path) : NULL;
	Operation operation;
	Request request;
	Headers headers;

	if (!postgrest_calls() || (path && answers_documented_paths(path)))
		PG_RETURN_VOID();
	begin(&request, &operation, SCOPE_NONE, called ? called->dialect : LAUNCHDARKLY);
	headers_of_postgrest(&headers);
	if (headers.token == NULL)
		PG_RETURN_VOID();
	request.token = headers.token;

	if (called)
		limit_announce(called);
	postgrest_protect(identify, &request, request.id);
	PG_RETURN_VOID();
}

/*
 * flagplane_current_caller is current_caller(scope text, OUT account_id bigint,
 * OUT limited_to text), what the views limit their rows by: the caller's account
 * and the id of the token that is limited to projects.  It refuses a caller
 * without the scope, and is a read like others to the limits of a token.
 */
Datum
flagplane_current_caller(PG_FUNCTION_ARGS)
{
	char limited_to[OBJECT_ID_LENGTH + 1];
	Operation operation;
	Request request;
	TupleDesc columns;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "current_caller must return a row");
	reader_begin(&request, &operation,
				 PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)), limited_to);
	postgrest_protect(admit, &request, request.id);

	values[0] = Int64GetDatum(request.caller.account);
	nulls[1] = limited_to[0] == '\0';
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(limited_to);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
