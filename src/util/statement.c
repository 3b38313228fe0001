/*
 * statement.c
 *	  Prepared statements kept per backend; the only file that talks to SPI.
 *
 * A plan is made at a statement's first use in a backend and kept; PostgreSQL
 * revalidates it by name before every use, so ALTER, DROP EXTENSION and a later
 * CREATE EXTENSION cannot leave it stale.  Plans are generic: a parameter's
 * value never changes how these statements should run.  What does is the size of
 * the tables.  Over a small one the planner takes any index or none, and until
 * autovacuum comes by, which it cannot within a transaction, all of an account would
 * be read for one row: so plans over a statement's tables are made anew now and then.
 *
 * Where Citus is, plans are not forced to be generic: it cannot distribute a generic
 * plan that joins.
 */
#include "util/statement.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

/*
 * params_add appends a parameter and returns its index, counted from 0.
 */
int
params_add(Params *params, Oid type, Datum value, bool isnull)
{
	int index = params->count++;

	if (index >= PARAMS_MAX)
		elog(ERROR, "too many parameters");
	params->types[index] = type;
	params->values[index] = value;
	params->nulls[index] = isnull ? 'n' : ' ';
	return index;
}

/*
 * params_text appends a text parameter; a NULL pointer is NULL.
 */
int
params_text(Params *params, const char *value)
{
	return params_add(params, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0,
					  value == NULL);
}

/*
 * params_bigint appends a bigint parameter.
 */
int
params_bigint(Params *params, int64 value)
{
	return params_add(params, INT8OID, Int64GetDatum(value), false);
}

/*
 * params_integer appends an integer parameter.
 */
int
params_integer(Params *params, int32 value)
{
	return params_add(params, INT4OID, Int32GetDatum(value), false);
}

/*
 * params_boolean appends a boolean parameter.
 */
int
params_boolean(Params *params, bool value)
{
	return params_add(params, BOOLOID, BoolGetDatum(value), false);
}

/*
 * params_time appends a timestamptz parameter; DT_NOBEGIN stands for NULL.
 */
int
params_time(Params *params, TimestampTz value)
{
	return params_add(params, TIMESTAMPTZOID, TimestampTzGetDatum(value),
					  TIMESTAMP_IS_NOBEGIN(value));
}

/*
 * params_bytes appends a bytea parameter, copied from the given bytes.
 */
int
params_bytes(Params *params, const void *bytes, int length)
{
	bytea *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), bytes, length);
	return params_add(params, BYTEAOID, PointerGetDatum(value), false);
}

/*
 * statement_begin opens the call's work on tables; memory taken from now on is
 * given back by statement_end, or by the abort of the transaction.
 */
void
statement_begin(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/*
 * statement_end closes what statement_begin opened.
 */
void
statement_end(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * invalidate_table has this backend make its plans over a table anew, when they are used
 * next: ours, those of foreign keys, which no other way leads to, and those of views
 * over our tables.  It is what ANALYZE of the table does, in this backend alone.
 */
static void
invalidate_table(Oid table)
{
	SharedInvalidationMessage message;

	memset(&message, 0, sizeof(message));
	message.rc.id = SHAREDINVALRELCACHE_ID;
	message.rc.dbId = MyDatabaseId;
	message.rc.relId = table;
	LocalExecuteInvalidationMessage(&message);
}

/*
 * count_use counts a statement's uses, and at the 64th, 256th, 1024th ... has plans over
 * its tables made anew.
 */
static void
count_use(Statement *statement)
{
	ListCell *source;
	ListCell *table;

	if (++statement->uses < statement->new_plans_at)
		return;
	statement->new_plans_at = 4 * statement->uses;
	foreach (source, SPI_plan_get_plan_sources(statement->plan))
		foreach (table, ((CachedPlanSource *) lfirst(source))->relationOids)
			invalidate_table(lfirst_oid(table));
}

/*
 * force_generic decides whether a plan that is to be made is forced to be generic.  Who
 * makes or removes Citus, or distributes the tables, invalidates the plans that are there.
 */
static void
force_generic(Statement *statement)
{
	ListCell *cell;

	foreach (cell, SPI_plan_get_plan_sources(statement->plan))
	{
		CachedPlanSource *source = lfirst(cell);

		if (source->is_valid && source->gplan && source->gplan->is_valid)
			continue;
		if (OidIsValid(get_extension_oid("citus", true)))
			source->cursor_options &= ~CURSOR_OPT_GENERIC_PLAN;
		else
			source->cursor_options |= CURSOR_OPT_GENERIC_PLAN;
	}
}

/*
 * statement_run executes a statement with its parameters and returns all rows.
 */
Rows
statement_run(Statement *statement, const Params *params, StatementMode mode)
{
	Rows rows;
	int result;

	if (statement->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(statement->text, params->count, (Oid *) params->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
		statement->plan = plan;
		statement->params = params->count;
	}
	count_use(statement);
	force_generic(statement);
	if (params->count != statement->params)
		elog(ERROR, "a statement was given %d parameters where it takes %d", params->count,
			 statement->params);

	if (mode == STATEMENT_LATEST)
		result = SPI_execute_snapshot(statement->plan, (Datum *) params->values, params->nulls,
									  GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
	else
		result = SPI_execute_plan(statement->plan, (Datum *) params->values, params->nulls,
								  mode == STATEMENT_READ, 0);
	if (result < 0)
		elog(ERROR, "could not run a statement: %s", SPI_result_code_string(result));

	rows.count = SPI_processed;
	rows.table = SPI_tuptable;
	return rows;
}

/*
 * row_read takes apart row number (from 0) of what a statement answered.
 */
void
row_read(const Rows *rows, uint64 number, Row *row)
{
	TupleDesc columns = rows->table->tupdesc;

	if (columns->natts > COLUMNS_MAX)
		elog(ERROR, "too many columns");
	heap_deform_tuple(rows->table->vals[number], columns, row->values, row->nulls);
}

/*
 * row_string reads a text column; NULL is a NULL pointer.
 */
char *
row_string(const Row *row, int column)
{
	return row->nulls[column] ? NULL : TextDatumGetCString(row->values[column]);
}

/*
 * row_bigint reads a bigint column; NULL is 0.
 */
int64
row_bigint(const Row *row, int column)
{
	return row->nulls[column] ? 0 : DatumGetInt64(row->values[column]);
}

/*
 * row_integer reads an integer column; NULL is 0.
 */
int32
row_integer(const Row *row, int column)
{
	return row->nulls[column] ? 0 : DatumGetInt32(row->values[column]);
}

/*
 * row_boolean reads a boolean column; NULL is false.
 */
bool
row_boolean(const Row *row, int column)
{
	return row->nulls[column] ? false : DatumGetBool(row->values[column]);
}

/*
 * row_time reads a timestamptz column; NULL is DT_NOBEGIN.
 */
TimestampTz
row_time(const Row *row, int column)
{
	return row->nulls[column] ? DT_NOBEGIN : DatumGetTimestampTz(row->values[column]);
}

/*
 * row_array reads an array column; NULL is a NULL pointer.
 */
ArrayType *
row_array(const Row *row, int column)
{
	return row->nulls[column] ? NULL : DatumGetArrayTypeP(row->values[column]);
}

/*
 * row_jsonb reads a jsonb column as json text; NULL is a NULL pointer.
 */
char *
row_jsonb(const Row *row, int column)
{
	return row->nulls[column] ? NULL : jsonb_text(DatumGetJsonbP(row->values[column]));
}

/*
 * row_uuid reads a uuid column in its usual form; NULL is a NULL pointer.
 */
char *
row_uuid(const Row *row, int column)
{
	return row->nulls[column] ? NULL
							  : DatumGetCString(DirectFunctionCall1(uuid_out, row->values[column]));
}

/*
 * row_bytes reads a bytea column; NULL is a NULL pointer.
 */
bytea *
row_bytes(const Row *row, int column)
{
	return row->nulls[column] ? NULL : DatumGetByteaPP(row->values[column]);
}
