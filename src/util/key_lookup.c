/*
 * key_lookup.c
 *	  A row by its primary key, without a plan: for what is asked at each poll and evaluation.
 *
 * To start and end a plan takes several times as long as to find a row. The row is the one that
 * the query's snapshot shows, and is only read. Whatever else there is, a table that Citus has
 * distributed or an index that was renamed, is a matter of the statement that runs where no row
 * is found here.
 */
#include "util/key_lookup.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "util/statement.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* The first column of each table, account_id. */
#define ACCOUNT_ID 1

/*
 * column_number is the number of a column: they may be in another order where the extension was
 * updated.
 */
static AttrNumber
column_number(Relation table, const char *name)
{
	TupleDesc columns = RelationGetDescr(table);

	for (int i = 0; i < columns->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
			return i + 1;
	elog(ERROR, "column %s of table %s is missing", name, RelationGetRelationName(table));
}

/*
 * key_lookup_begin looks for the row of a table whose primary key is the account and the text in
 * a column; false if it is not found. Either way key_lookup_end must follow.
 */
bool
key_lookup_begin(KeyLookup *lookup, const char *table, int64 account, const char *column,
				 const char *key)
{
	Oid schema = get_namespace_oid("flagplane_data", false);
	char index_name[NAMEDATALEN];
	ScanKeyData keys[2];
	Oid index;

	*lookup = (KeyLookup){0};
	snprintf(index_name, sizeof(index_name), "%s_pkey", table);
	index = get_relname_relid(index_name, schema);
	if (!OidIsValid(index) || tables_are_distributed())
		return false;
	lookup->table = table_open(get_relname_relid(table, schema), AccessShareLock);
	ScanKeyInit(&keys[0], ACCOUNT_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(account));
	ScanKeyEntryInitialize(&keys[1], 0, column_number(lookup->table, column), BTEqualStrategyNumber,
						   InvalidOid, C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(key));
	lookup->scan =
		systable_beginscan(lookup->table, index, true, GetActiveSnapshot(), lengthof(keys), keys);
	lookup->tuple = systable_getnext(lookup->scan);
	return HeapTupleIsValid(lookup->tuple);
}

/*
 * key_lookup_value is the value of a column of the row that was found.
 */
Datum
key_lookup_value(const KeyLookup *lookup, const char *column, bool *isnull)
{
	return heap_getattr(lookup->tuple, column_number(lookup->table, column),
						RelationGetDescr(lookup->table), isnull);
}

/*
 * key_lookup_is_own tells whether the transaction that asks has written the row that was found.
 */
bool
key_lookup_is_own(const KeyLookup *lookup)
{
	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(lookup->tuple->t_data));
}

/*
 * key_lookup_end lets go of the row.
 */
void
key_lookup_end(KeyLookup *lookup)
{
	if (lookup->table == NULL)
		return;
	systable_endscan(lookup->scan);
	table_close(lookup->table, AccessShareLock);
}
