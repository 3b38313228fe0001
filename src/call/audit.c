/*
 * audit.c
 *	  One row for each change, in the change's own transaction: who, what,
 *	  before, after, and the request it came with.  No secret gets in.
 */
#include "call/audit.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

STATEMENT(insert_audit,
		  "INSERT INTO flagplane_data.audit_log"
		  " (account_id, id, at, actor, member_id, operation, subject, target, before, after,"
		  " request_id)"
		  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");

/*
 * params_json appends a json parameter from text that is json already; a NULL
 * pointer is NULL.
 */
static void
params_json(Params *params, const char *json)
{
	params_add(params, JSONOID, json ? CStringGetTextDatum(json) : (Datum) 0, json == NULL);
}

/*
 * audit_record writes the row of the request's change.
 */
void
audit_record(const Request *request)
{
	Params params = {0};

	if (request->operation->kind == READS || request->unchanged)
		return;
	params_bigint(&params, request->caller.account);
	params_text(&params, object_id());
	params_time(&params, request->now);
	params_text(&params, request->caller.actor);
	params_text(&params, request->caller.member_id);
	params_text(&params, request->operation->name);
	params_text(&params, request->operation->subject);
	params_text(&params, request->target);
	params_json(&params, request->before);
	params_json(&params, request->answer->len > 0 ? request_without_secrets(request, false) : NULL);
	params_text(&params, request->id);
	statement_run(&insert_audit, &params, STATEMENT_WRITE);
}
