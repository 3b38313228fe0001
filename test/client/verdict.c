/*
 * verdict.c
 *	  What has to hold for the answer to a hostile call.
 */
#include "hostile.h"

#include <stdio.h>
#include <string.h>

/*
 * field_of is a field of an error; empty if it has none.
 */
const char *
field_of(const PGresult *result, int code)
{
	const char *field = PQresultErrorField(result, code);

	return field ? field : "";
}

/*
 * wrong_error is what is wrong with an error: NULL, if PostgreSQL refused a value that
 * is none of its type, or a function refused it as documented.
 */
const char *
wrong_error(const Case *this, const PGresult *result)
{
	static const char *const rows[] = {"invalid",
									   "malformed",
									   "server_generated_id",
									   "patch",
									   "unauthenticated",
									   "killed",
									   "forbidden",
									   "not_found",
									   "exists",
									   "stale_version",
									   "idempotency_conflict",
									   "idempotency_required",
									   "rate_limited",
									   "in_use"};
	const char *name = field_of(result, PG_DIAG_CONSTRAINT_NAME);

	if (strstr(field_of(result, PG_DIAG_CONTEXT), "portal parameter $") ||
		strcmp(field_of(result, PG_DIAG_SQLSTATE), "22021") == 0)
		return NULL;
	if (this->is_request)
		return "handle() raised an error";
	if (strcmp(field_of(result, PG_DIAG_SQLSTATE), "PGRST") == 0)
		return strstr(field_of(result, PG_DIAG_MESSAGE_DETAIL), "\"status\":5") ? "status 5xx"
																				: NULL;
	for (int i = 0; i < (int) (sizeof(rows) / sizeof(rows[0])); i++)
		if (strcmp(name, rows[i]) == 0)
			return NULL;
	return "the error is not a documented one";
}

/*
 * wrong_answer is what is wrong with the answer to a request; NULL: nothing.
 */
const char *
wrong_answer(const Case *this, const PGresult *result)
{
	char status[16];

	if (!this->is_request)
		return NULL;
	snprintf(status, sizeof(status), " %s ", PQgetvalue(result, 0, 0));
	if (strcmp(status, " 500 ") == 0)
		return "status 500";
	if (!this->rerouted && !strstr(this->target->documented, status))
		return "the status is not documented for the operation";
	if (strstr(PQgetvalue(result, 0, 1), "\\n") || strstr(PQgetvalue(result, 0, 1), "\\r"))
		return "a line break is in an answer's header";
	if (PQgetvalue(result, 0, 3)[0] == 't')
		return "the answer has no body";
	return NULL;
}
