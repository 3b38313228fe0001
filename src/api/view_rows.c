/*
 * view_rows.c
 *	  What the views read where Citus has distributed the tables: their rows by a function.
 */
#include "api/reader.h"

#include "api/response.h"
#include "call/call.h"
#include "funcapi.h"
#include "resource/view.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(flagplane_view_rows);

/* A view that is being read, and where its rows go. */
typedef struct Reading
{
	const View *view;
	Request request;
	Operation operation;
	char limited_to[OBJECT_ID_LENGTH + 1];
	ReturnSetInfo *result;
} Reading;

/*
 * describe_rows says what the rows are, so that the executor compares it with what the query
 * declares: nobody else does.
 */
static void
describe_rows(ReturnSetInfo *result, TupleDesc columns)
{
	MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);

	result->setDesc = CreateTupleDescCopy(columns);
	MemoryContextSwitchTo(old);
}

/*
 * read_rows admits the caller and copies the rows, all in one owner context.
 */
static void
read_rows(void *state)
{
	Reading *reading = state;
	OwnerContext owner;
	Rows rows;

	statement_begin();
	owner_enter(&owner);
	reader_admit(&reading->request, &owner);
	rows = view_read(reading->view, reading->request.caller.account,
					 reading->limited_to[0] == '\0' ? NULL : reading->limited_to);
	describe_rows(reading->result, rows.table->tupdesc);
	for (uint64 i = 0; i < rows.count; i++)
		tuplestore_puttuple(reading->result->setResult, rows.table->vals[i]);
	owner_leave(&owner);
	statement_end();
}

/*
 * flagplane_view_rows is view_rows(view text): the rows that one of the views shows, of the
 * caller's account and projects, as the record that the query declares.  Refuses as the view does,
 * and a name that is no view's.
 */
Datum
flagplane_view_rows(PG_FUNCTION_ARGS)
{
	Reading reading = {.result = (ReturnSetInfo *) fcinfo->resultinfo};

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	if (!PG_ARGISNULL(0))
		reading.view = view_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (reading.view == NULL)
		error_raise(ERR_INVALID, "view must be the name of a view");
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	reader_begin(&reading.request, &reading.operation, reading.view->scope, reading.limited_to);
	postgrest_protect(read_rows, &reading, reading.request.id);
	return (Datum) 0;
}
