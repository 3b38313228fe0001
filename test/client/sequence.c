/*
 * sequence.c
 *	  PostgREST's calling sequence: what it does in the database for one request,
 *	  statement by statement.  Test code, shared by the test of the sequence itself
 *	  and by the bridge that serves it over HTTP.
 */
#include "sequence.h"

#include <stdio.h>
#include <string.h>

/*
 * run sends one statement of the sequence; false if it fails, with the error
 * taken down.
 */
static bool
run(PGconn *connection, const char *statement, int count, const char *const *values,
	const int *lengths, const int *formats, Exchange *exchange)
{
	PGresult *result =
		PQexecParams(connection, statement, count, NULL, values, lengths, formats, 0);
	ExecStatusType status = PQresultStatus(result);

	PQclear(exchange->result);
	exchange->result = result;
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return true;
	exchange->state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	exchange->body = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	exchange->detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	exchange->hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	if (exchange->state == NULL)
		exchange->state = "08006";
	return false;
}

/*
 * value is a column of the answer; NULL for NULL.
 */
static const char *
value(const Exchange *exchange, int column)
{
	return PQgetisnull(exchange->result, 0, column) ? NULL
													: PQgetvalue(exchange->result, 0, column);
}

/*
 * exchange_run does the request in a transaction of its own: settings, the
 * pre-request, the statement, and the end that they deserve.
 */
void
exchange_run(PGconn *connection, const Call *call, Exchange *exchange)
{
	char claims[256];
	char pre_request[256];
	const char *settings[] = {"search_path",
							  "\"flagplane\", \"public\"",
							  "role",
							  call->role,
							  "request.jwt.claims",
							  claims,
							  "request.method",
							  call->method,
							  "request.path",
							  call->path,
							  "request.headers",
							  call->headers,
							  "request.cookies",
							  "{}"};

	exchange_clear(exchange);
	snprintf(claims, sizeof(claims), "{\"role\":\"%s\"}", call->role);
	snprintf(pre_request, sizeof(pre_request), "SELECT %s()",
			 call->pre_request ? call->pre_request : "");
	PQclear(PQexec(connection, call->read_only
								   ? "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
								   : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
	if (run(connection,
			"select set_config($1, $2, true), set_config($3, $4, true), set_config($5, $6, true),"
			" set_config($7, $8, true), set_config($9, $10, true), set_config($11, $12, true),"
			" set_config($13, $14, true)",
			14, settings, NULL, NULL, exchange) &&
		(call->pre_request == NULL ||
		 run(connection, pre_request, 0, NULL, NULL, NULL, exchange)) &&
		run(connection, call->statement, call->count, call->values, call->lengths, call->formats,
			exchange))
	{
		exchange->body = value(exchange, 2);
		exchange->headers = value(exchange, 3);
		exchange->status = value(exchange, 4);
	}
	PQclear(PQexec(connection, exchange->state[0] ? "ROLLBACK" : "COMMIT"));
}

/*
 * exchange_clear lets go of an answer.
 */
void
exchange_clear(Exchange *exchange)
{
	PQclear(exchange->result);
	memset(exchange, 0, sizeof(*exchange));
	exchange->state = "";
}

/*
 * statement_of_call writes the one statement of a call: a source of arguments, the
 * call itself, and how its result becomes the body.
 */
void
statement_of_call(char *statement, size_t size, const char *source, const char *call,
				  const char *body)
{
	snprintf(statement, size,
			 "WITH pgrst_source AS (%s%s)"
			 " SELECT NULL::bigint AS total_result_set, 1 AS page_total, %s AS body,"
			 " nullif(current_setting('response.headers', true), '') AS response_headers,"
			 " nullif(current_setting('response.status', true), '') AS response_status,"
			 " '' AS response_inserted"
			 " FROM (SELECT \"pgrst_source\".* FROM \"pgrst_source\") _postgrest_t",
			 source, call, body);
}
