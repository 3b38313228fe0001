/*
 * statement.c
 *	  Statements that are prepared once per backend; the only file that uses SPI.
 *
 * A plan is made at a statement's first use in a backend and saved; PostgreSQL
 * revalidates it by name before every use, so ALTER, DROP EXTENSION and a later
 * CREATE EXTENSION cannot leave it stale.  Plans are generic: a parameter's
 * value never changes how these statements should run.  What does is the size of
 * the tables.  Over a small one the planner uses any index or none, and until
 * autovacuum comes by, which it cannot within a transaction, all of an account would
 * be read for one row: so plans over a statement's tables are made anew now and then.
 *
 * Where Citus has distributed the tables, plans are not forced to be generic: it cannot
 * distribute a generic plan that joins.
 */
#include "util/statement.h"

#include <ctype.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "util/account_plan.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

/* Names are mostly the same literal, or differ in their first two characters. */
static inline bool
is_same_name(const char *one, const char *other)
{
	return one == other ||
		   (one[0] == other[0] && one[1] == other[1] && strcmp(one + 1, other + 1) == 0);
}

/*
 * param_by_name is the place of a bound parameter; -1 if the name is not bound.
 */
static pg_attribute_always_inline int
param_by_name(const Params *params, const char *name)
{
	for (int i = 0; i < params->count; i++)
		if (is_same_name(params->names[i], name))
			return i;
	return -1;
}

/*
 * bind_value gives a name a value that statements can refer to as :name; a name that has one
 * already gets the new one, of the same type.
 */
void
bind_value(Params *params, const char *name, Oid type, Datum value, bool isnull)
{
	int index = param_by_name(params, name);

	if (index < 0)
	{
		index = params->count++;
		if (index >= PARAMS_MAX)
			elog(ERROR, "too many parameters");
		params->names[index] = name;
		params->types[index] = type;
	}
	else if (params->types[index] != type)
		elog(ERROR, "parameter %s has another type already", name);
	params->values[index] = value;
	params->nulls[index] = isnull ? 'n' : ' ';
}

/*
 * bound_text is a text that has been bound; NULL if it is NULL.
 */
char *
bound_text(const Params *params, const char *name)
{
	int index = param_by_name(params, name);

	if (index < 0 || params->types[index] != TEXTOID)
		elog(ERROR, "no text is bound as %s", name);
	return params->nulls[index] == ' ' ? TextDatumGetCString(params->values[index]) : NULL;
}

/*
 * bind_text binds a text; a NULL pointer is NULL.
 */
void
bind_text(Params *params, const char *name, const char *value)
{
	bind_value(params, name, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0,
			   value == NULL);
}

void
bind_bigint(Params *params, const char *name, int64 value)
{
	bind_value(params, name, INT8OID, Int64GetDatum(value), false);
}

void
bind_integer(Params *params, const char *name, int32 value)
{
	bind_value(params, name, INT4OID, Int32GetDatum(value), false);
}

void
bind_boolean(Params *params, const char *name, bool value)
{
	bind_value(params, name, BOOLOID, BoolGetDatum(value), false);
}

/*
 * bind_time binds a timestamptz; DT_NOBEGIN stands for NULL.
 */
void
bind_time(Params *params, const char *name, TimestampTz value)
{
	bind_value(params, name, TIMESTAMPTZOID, TimestampTzGetDatum(value),
			   TIMESTAMP_IS_NOBEGIN(value));
}

/*
 * bind_uuid binds a uuid; the null pointer is NULL.
 */
void
bind_uuid(Params *params, const char *name, Datum value)
{
	bind_value(params, name, UUIDOID, value, DatumGetPointer(value) == NULL);
}

/*
 * bind_jsonb binds a jsonb; the null pointer is NULL.
 */
void
bind_jsonb(Params *params, const char *name, Datum value)
{
	bind_value(params, name, JSONBOID, value, DatumGetPointer(value) == NULL);
}

/*
 * bind_texts binds a text[]; a NULL pointer is NULL.
 */
void
bind_texts(Params *params, const char *name, ArrayType *value)
{
	bind_value(params, name, TEXTARRAYOID, PointerGetDatum(value), value == NULL);
}

/*
 * bind_bytes binds a bytea, copied from the given bytes.
 */
void
bind_bytes(Params *params, const char *name, const void *bytes, int length)
{
	bytea *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), bytes, length);
	bind_value(params, name, BYTEAOID, PointerGetDatum(value), false);
}

/*
 * statement_begin opens the call's work on tables; memory allocated from now on is
 * freed by statement_end, or by the abort of the transaction.
 */
void
statement_begin(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

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
 * needs_plan tells whether a statement is to be planned before it runs.
 */
static bool
needs_plan(const Statement *statement)
{
	const ListCell *cell;

	foreach (cell, SPI_plan_get_plan_sources(statement->plan))
	{
		const CachedPlanSource *source = lfirst(cell);

		if (!source->is_valid || source->gplan == NULL || !source->gplan->is_valid)
			return true;
	}
	return false;
}

/*
 * is_distributed_table looks a table up among Citus's, which are known by the first column
 * of a catalog of its own.  It is asked for once, not at each statement.
 */
static bool
is_distributed_table(Oid table)
{
	Oid catalog = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
	ScanKeyData key;
	Relation relation;
	SysScanDesc scan;
	bool found;

	if (!OidIsValid(catalog))
		return false;
	relation = table_open(catalog, AccessShareLock);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

/* The table that distribute() puts first, whose shards those of all others are put with. */
static Oid anchor = InvalidOid;

/* Whether it is distributed, as far as that is known. */
static enum { NOT_KNOWN, LOCAL, DISTRIBUTED } distribution = NOT_KNOWN;

/* How often that, or where the rows are, has changed. */
static uint64 arrangement = 0;

/*
 * forget_distribution is called when a table has changed, or any may have: Citus invalidates
 * a table that it takes over.
 */
static void
forget_distribution(Datum arg, Oid table)
{
	if (OidIsValid(table) && table != anchor)
		return;
	distribution = NOT_KNOWN;
	arrangement++;
}

/*
 * tables_arrangement tells the arrangements of the tables apart: it is another number from when
 * Citus has moved an account to another server, which a transaction that has run a statement
 * for the account keeps from happening.
 */
uint64
tables_arrangement(void)
{
	return arrangement;
}

/*
 * tables_are_distributed: whether Citus has the tables.
 */
bool
tables_are_distributed(void)
{
	static bool registered = false;

	if (distribution != NOT_KNOWN)
		return distribution == DISTRIBUTED;
	if (!registered)
		CacheRegisterRelcacheCallback(forget_distribution, (Datum) 0);
	registered = true;
	anchor = get_relname_relid("project", get_namespace_oid("flagplane_data", false));
	distribution = is_distributed_table(anchor) ? DISTRIBUTED : LOCAL;
	return distribution == DISTRIBUTED;
}

/*
 * guide_planner says how a statement is to be planned, until the end of the level of
 * settings that it returns.  Whoever distributes the tables invalidates the plans that are
 * there.  Where there are no statistics, to sort the few rows that are expected looks
 * cheaper than to read a large index in its order.
 */
static int
guide_planner(Statement *statement)
{
	bool generic = !tables_are_distributed();
	int level = NewGUCNestLevel();
	ListCell *cell;

	foreach (cell, SPI_plan_get_plan_sources(statement->plan))
	{
		CachedPlanSource *source = lfirst(cell);

		source->cursor_options &= ~CURSOR_OPT_GENERIC_PLAN;
		source->cursor_options |= generic ? CURSOR_OPT_GENERIC_PLAN : 0;
	}
	if (statement->in_order)
		set_config_option("enable_sort", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
						  0, false);
	return level;
}

/*
 * note_write has a change that was made on another server count as one of this
 * transaction: what was found out before it, and is good as long as the transaction writes
 * nothing, is told by the number of its commands.
 */
static void
note_write(int result)
{
	if (result != SPI_OK_SELECT && SPI_processed > 0 && tables_are_distributed())
		(void) GetCurrentCommandId(true);
}

/*
 * statement_skip_quoted steps over a quoted text or name, given its first character.
 */
const char *
statement_skip_quoted(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end ? end + 1 : at + strlen(at);
}

/*
 * parse_name reads a parameter's name that begins after a colon; NULL if there is none,
 * as after that of a cast.
 */
static char *
parse_name(const char *text, const char *colon)
{
	size_t length = strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (length == 0 || isdigit((unsigned char) colon[1]) || (colon > text && colon[-1] == ':'))
		return NULL;
	return pnstrdup(colon + 1, length);
}

/*
 * add_param finds or adds a parameter among those that a statement has named so far, and
 * returns its number, counted from 1.
 */
static int
add_param(const Statement *statement, StatementParam *named, int *count, const Params *params,
		  const char *name)
{
	int found = param_by_name(params, name);

	if (found < 0)
		elog(ERROR, "parameter %s of a statement is not bound: %s", name, statement->text);
	for (int i = 0; i < *count; i++)
		if (strcmp(named[i].name, name) == 0)
			return i + 1;
	if (*count == PARAMS_MAX)
		elog(ERROR, "too many parameters");
	named[*count].name = MemoryContextStrdup(TopMemoryContext, name);
	named[*count].type = params->types[found];
	named[*count].found_at = found;
	named[*count].found_as = params->names[found];
	return ++*count;
}

/*
 * resolve_names makes a statement's text with $1, $2 ... for the names in it, which are
 * noted with the types that they are bound with.
 */
static void
resolve_names(Statement *statement, const Params *params)
{
	StatementParam named[PARAMS_MAX];
	StringInfoData out;
	int count = 0;

	initStringInfo(&out);
	for (const char *at = statement->text; *at;)
	{
		const char *next = at + 1;
		char *name;

		if (*at == '\'' || *at == '"')
			next = statement_skip_quoted(at);
		else if (*at == ':' && (name = parse_name(statement->text, at)) != NULL)
		{
			appendStringInfo(&out, "$%d", add_param(statement, named, &count, params, name));
			at += 1 + strlen(name);
			continue;
		}
		appendBinaryStringInfo(&out, at, next - at);
		at = next;
	}
	statement->params =
		MemoryContextAlloc(TopMemoryContext, Max(count, 1) * sizeof(StatementParam));
	memcpy(statement->params, named, count * sizeof(StatementParam));
	statement->param_count = count;
	statement->resolved = MemoryContextStrdup(TopMemoryContext, out.data);
}

/*
 * statement_prepare makes a plan of a text with the parameters of a statement, for the life of this
 * backend.
 */
SPIPlanPtr
statement_prepare(const Statement *statement, const char *text)
{
	Oid types[PARAMS_MAX];
	SPIPlanPtr plan;

	for (int i = 0; i < statement->param_count; i++)
		types[i] = statement->params[i].type;
	plan = SPI_prepare(text, statement->param_count, types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * prepare makes the plan of a statement at its first use in this backend.
 */
static void
prepare(Statement *statement, const Params *params)
{
	if (statement->resolved == NULL)
		resolve_names(statement, params);
	statement->plan = statement_prepare(statement, statement->resolved);
}

/*
 * find_again finds a parameter that is not where it was the last time.
 */
static int
find_again(const Statement *statement, StatementParam *param, const Params *params)
{
	int found = param_by_name(params, param->name);

	if (found < 0)
		elog(ERROR, "parameter %s of a statement is not bound: %s", param->name, statement->text);
	param->found_at = found;
	param->found_as = params->names[found];
	return found;
}

/*
 * values_by_name collects the values of the parameters that a statement names.
 */
static void
values_by_name(Statement *statement, const Params *params, Datum *values, char *nulls)
{
	for (int i = 0; i < statement->param_count; i++)
	{
		StatementParam *param = &statement->params[i];
		int found = param->found_at;

		if (found >= params->count || params->names[found] != param->found_as)
			found = find_again(statement, param, params);
		if (params->types[found] != param->type)
			elog(ERROR, "parameter %s of a statement has another type than before", param->name);
		values[i] = params->values[found];
		nulls[i] = params->nulls[found];
	}
}

/* A lock of this server's, which costs no round trip; 5 is ShareLock. */
STATEMENT(lock_shard, "SELECT pg_catalog.lock_shard_metadata(5, ARRAY["
					  "pg_catalog.get_shard_id_for_distribution_column("
					  "'flagplane_data.project', :account_id)])");

/*
 * hold_shard keeps the account's shard where it is until the transaction ends, unless that
 * cannot change anything any more.  Citus takes this lock at the first change only: one that
 * waits for a shard to be moved then goes to the place that the transaction has read from, and is
 * lost.  A shard of the anchor is locked, since whoever moves an account locks that first.
 */
static void
hold_shard(const Params *params, StatementMode mode)
{
	static TimestampTz transaction = 0;
	static SubTransactionId subtransaction = InvalidSubTransactionId;
	static int64 held = 0;
	Datum value;
	int at = 0;

	if (XactReadOnly || (mode == STATEMENT_READ && !IsTransactionBlock()))
		return;
	while (at < params->count && strcmp(params->names[at], "account_id") != 0)
		at++;
	if (at == params->count || params->types[at] != INT8OID || params->nulls[at] == 'n')
		return;
	if (transaction == GetCurrentTransactionStartTimestamp() &&
		subtransaction == GetCurrentSubTransactionId() && held == DatumGetInt64(params->values[at]))
		return;
	value = params->values[at];
	if (lock_shard.plan == NULL)
		prepare(&lock_shard, params);
	if (SPI_execute_plan(lock_shard.plan, &value, NULL, false, 0) < 0)
		elog(ERROR, "could not run a statement: %s", SPI_result_code_string(SPI_result));
	SPI_freetuptable(SPI_tuptable);
	transaction = GetCurrentTransactionStartTimestamp();
	subtransaction = GetCurrentSubTransactionId();
	held = DatumGetInt64(value);
}

/*
 * statement_run executes a statement with the parameters that it names and returns all
 * rows.
 */
Rows
statement_run(Statement *statement, const Params *params, StatementMode mode)
{
	Datum values[PARAMS_MAX];
	char nulls[PARAMS_MAX];
	SPIPlanPtr plan;
	Rows rows;
	int guc_level = 0;
	int result;

	if (statement->plan == NULL)
		prepare(statement, params);
	count_use(statement);
	if (needs_plan(statement))
		guc_level = guide_planner(statement);
	values_by_name(statement, params, values, nulls);
	plan = statement->plan;
	if (tables_are_distributed())
	{
		hold_shard(params, mode);
		plan = account_plan(statement, values, nulls);
	}

	if (mode == STATEMENT_LATEST)
		result = SPI_execute_snapshot(plan, values, nulls, GetLatestSnapshot(), InvalidSnapshot,
									  false, true, 0);
	else
		result = SPI_execute_plan(plan, values, nulls, mode == STATEMENT_READ, 0);
	if (result < 0)
		elog(ERROR, "could not run a statement: %s", SPI_result_code_string(result));
	note_write(result);
	if (guc_level > 0)
		AtEOXact_GUC(true, guc_level);

	rows.count = SPI_processed;
	rows.table = SPI_tuptable;
	return rows;
}

/*
 * row_read unpacks row number (from 0) of what a statement returned.
 */
void
row_read(const Rows *rows, uint64 number, Row *row)
{
	TupleDesc columns = rows->table->tupdesc;

	if (columns->natts > COLUMNS_MAX)
		elog(ERROR, "too many columns");
	heap_deform_tuple(rows->table->vals[number], columns, row->values, row->nulls);
	row->columns = columns;
	row->next = 0;
}

/*
 * row_read_start is row_read for the first columns of a row, which are all that may be read of it.
 */
void
row_read_start(const Rows *rows, uint64 number, int columns, Row *row)
{
	HeapTuple tuple = rows->table->vals[number];

	row->columns = rows->table->tupdesc;
	row->next = 0;
	for (int i = 0; i < columns; i++)
		row->values[i] = heap_getattr(tuple, i + 1, row->columns, &row->nulls[i]);
}

/*
 * column_by_name is the place of a column.  Columns are mostly read in their order, so the
 * one after the last is looked at first.
 */
static int
column_by_name(Row *row, const char *name)
{
	int count = row->columns->natts;

	for (int i = 0; i < count; i++)
	{
		int column = (row->next + i) % count;

		if (is_same_name(NameStr(TupleDescAttr(row->columns, column)->attname), name))
		{
			row->next = column + 1 == count ? 0 : column + 1;
			return column;
		}
	}
	elog(ERROR, "a statement has no column %s", name);
}

/*
 * row_is_null tells whether a column is NULL.  Where it is not, it is mostly read next.
 */
bool
row_is_null(Row *row, const char *column)
{
	row->next = column_by_name(row, column);
	return row->nulls[row->next];
}

/*
 * row_get_datum reads a column of any type; NULL is 0.
 */
Datum
row_get_datum(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? (Datum) 0 : row->values[index];
}

/*
 * row_get_string reads a text column; NULL is a NULL pointer.
 */
char *
row_get_string(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? NULL : TextDatumGetCString(row->values[index]);
}

/*
 * row_get_bigint reads a bigint column; NULL is 0.
 */
int64
row_get_bigint(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? 0 : DatumGetInt64(row->values[index]);
}

/*
 * row_get_integer reads an integer column; NULL is 0.
 */
int32
row_get_integer(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? 0 : DatumGetInt32(row->values[index]);
}

/*
 * row_get_boolean reads a boolean column; NULL is false.
 */
bool
row_get_boolean(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? false : DatumGetBool(row->values[index]);
}

/*
 * row_get_time reads a timestamptz column; NULL is DT_NOBEGIN.
 */
TimestampTz
row_get_time(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? DT_NOBEGIN : DatumGetTimestampTz(row->values[index]);
}

/*
 * row_get_array reads an array column; NULL is a NULL pointer.
 */
ArrayType *
row_get_array(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? NULL : DatumGetArrayTypeP(row->values[index]);
}

/*
 * row_get_jsonb reads a jsonb column as json text; NULL is a NULL pointer.
 */
char *
row_get_jsonb(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? NULL : jsonb_text(DatumGetJsonbP(row->values[index]));
}

/*
 * row_get_uuid reads a uuid column in its usual form; NULL is a NULL pointer.
 */
char *
row_get_uuid(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? NULL
							 : DatumGetCString(DirectFunctionCall1(uuid_out, row->values[index]));
}

/*
 * row_get_bytes reads a bytea column; NULL is a NULL pointer.
 */
bytea *
row_get_bytes(Row *row, const char *column)
{
	int index = column_by_name(row, column);

	return row->nulls[index] ? NULL : DatumGetByteaPP(row->values[index]);
}
