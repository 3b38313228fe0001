/*
 * authenticate.c
 *	  Who calls, for what is no operation: PostgREST's pre-request and the views.
 */
#include "call/call.h"

#include "access/htup_details.h"
#include "call/caller.h"
#include "call/verified.h"
#include "door/door.h"
#include "door/response.h"
#include "funcapi.h"
#include "operations.h"
#include "utils/builtins.h"

#define RPC_PREFIX "/rpc/"

PG_FUNCTION_INFO_V1(flagplane_authenticate);
PG_FUNCTION_INFO_V1(flagplane_current_caller);

/* What the views need to know of the caller. */
typedef struct Identity
{
	int64 account;
	char limited_to[OBJECT_ID_LENGTH + 1]; /* the token, if it is for some projects only */
} Identity;

/*
 * identify finds out who calls, by the token if there is one and by the database
 * role otherwise, and refuses a caller without the scope.  A good token can be
 * remembered for the rest of the transaction.
 */
static void
identify(int scope, Dialect dialect, const char *token, bool remember, Identity *identity)
{
	Operation reading = {.name = "identify", .scope = scope, .dialect = dialect, .kind = READS};
	OwnerBracket bracket;
	Request request;

	call_prepare(&request, &reading);
	error_speak(postgrest_calls() ? VOICE_POSTGREST : VOICE_SQL, dialect, request.id);
	request.token = token;

	statement_begin();
	owner_enter(&bracket);
	caller_identify(&request, &bracket);
	caller_require_scope(&request);
	identity->account = request.caller.account;
	strlcpy(identity->limited_to, request.caller.all_projects ? "" : request.caller.token_id,
			sizeof(identity->limited_to));
	if (remember)
		verified_keep(token, &request.caller);
	owner_leave(&bracket);
	statement_end();
}

/*
 * dialect_of_path is the dialect of the operation that PostgREST is going to
 * call, as its path names it.
 */
static Dialect
dialect_of_path(const char *path)
{
	if (strncmp(path, RPC_PREFIX, strlen(RPC_PREFIX)) == 0)
		for (int i = 0; i < OPERATION_COUNT; i++)
			if (strcmp(path + strlen(RPC_PREFIX), operations[i].name) == 0)
				return operations[i].dialect;
	return LAUNCHDARKLY;
}

/*
 * flagplane_authenticate is authenticate(), PostgREST's pre-request: it refuses a
 * request with a bad token and remembers a good one until the transaction ends.
 * A request without one goes on, and is refused by what needs to know who calls.
 * So does one for rest(), which refuses in the form that is documented for its
 * path.
 */
Datum
flagplane_authenticate(PG_FUNCTION_ARGS)
{
	const char *path = postgrest_setting("request.path");
	Identity identity;
	Headers headers;

	if (!postgrest_calls() || (path && strcmp(path, RPC_PREFIX "rest") == 0))
		PG_RETURN_VOID();
	headers_of_postgrest(&headers);
	if (headers.token)
		identify(SCOPE_NONE, path ? dialect_of_path(path) : LAUNCHDARKLY, headers.token, true,
				 &identity);
	PG_RETURN_VOID();
}

/*
 * flagplane_current_caller is current_caller(scope text, OUT account_id bigint,
 * OUT limited_to text), what the views limit their rows by: the caller's account
 * and the id of the token that is limited to projects.  It refuses a caller
 * without the scope.
 */
Datum
flagplane_current_caller(PG_FUNCTION_ARGS)
{
	Identity identity;
	Headers headers = {0};
	TupleDesc columns;
	Datum values[2];
	bool nulls[2] = {false, false};
	int scope;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "current_caller must return a row");
	error_speak(postgrest_calls() ? VOICE_POSTGREST : VOICE_SQL, LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0) || !scope_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)), &scope))
		error_raise(ERR_INVALID, "scope must be the name of a scope");
	if (postgrest_calls())
		headers_of_postgrest(&headers);
	identify(scope, LAUNCHDARKLY, headers.token, false, &identity);

	values[0] = Int64GetDatum(identity.account);
	nulls[1] = identity.limited_to[0] == '\0';
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(identity.limited_to);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
