/*
 * distribute.c
 *	  The tables on several servers: distribute() distributes them with Citus by
 *	  account, drop_shards() removes the shards before DROP EXTENSION.
 *
 * Citus is neither required nor linked: its functions are called by name once it
 * is known to be there.  They are called as the caller, not in the owner context,
 * since they require the tables' owner, who connects to the other servers.
 * The search_path is pinned by the functions' own SET clause.
 *
 * The tables are read from the catalog, so that none is forgotten: those without
 * an account_id go to every server, the others are spread by it, parents first.
 */
#include "admin/admin.h"

#include "access/xlog.h"
#include "utils/guc.h"

#define SHARDS_MAX 64000

/* Its shards are where those of all others are put. */
#define ANCHOR "flagplane_data.project"

PG_FUNCTION_INFO_V1(flagplane_distribute);
PG_FUNCTION_INFO_V1(flagplane_drop_shards);
PG_FUNCTION_INFO_V1(flagplane_route_views);
PG_FUNCTION_INFO_V1(flagplane_system_identifier);
PG_FUNCTION_INFO_V1(flagplane_timeline);

STATEMENT(find_citus, "SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extname = 'citus'");

STATEMENT(find_node, "SELECT g.groupid = 0 AS is_true FROM pg_catalog.pg_dist_local_group g");

STATEMENT(find_rights, "SELECT pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS is_true"
					   " FROM pg_catalog.pg_namespace n WHERE n.nspname = 'flagplane_data'");

/* Calls are done as the owner, as whom this server connects to the others then. */
STATEMENT(find_owner, "SELECT r.rolcanlogin AS is_true FROM pg_catalog.pg_namespace n"
					  " JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner"
					  " WHERE n.nspname = 'flagplane_data'");

/* Of two who distribute at once the second waits; those who read and write do not. */
STATEMENT(lock_accounts, "LOCK TABLE flagplane_data.account IN SHARE UPDATE EXCLUSIVE MODE");

/*
 * Otherwise Citus would first turn all tables that refer to an account into tables of its
 * own.  What it says of each table is no news to whoever calls.
 */
STATEMENT(
	prepare_session,
	"SELECT pg_catalog.set_config('citus.enable_local_reference_table_foreign_keys', 'off', true),"
	" pg_catalog.set_config('citus.multi_shard_modify_mode', 'sequential', true),"
	" pg_catalog.set_config('client_min_messages', 'warning', true)");

/* Parents first, by the longest way up; among equals the anchor, then by name. */
STATEMENT(
	list_tables,
	"WITH RECURSIVE ours(id, name) AS"
	" (SELECT c.oid, n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'flagplane_data'"
	" WHERE c.relkind IN ('r', 'p')), depth(id, depth) AS (SELECT o.id, 0 FROM ours o"
	" UNION ALL SELECT k.conrelid, d.depth + 1 FROM depth d"
	" JOIN pg_catalog.pg_constraint k ON k.confrelid = d.id AND k.contype = 'f'"
	" AND k.conrelid <> k.confrelid)"
	" SELECT o.name, EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a"
	" WHERE a.attrelid = o.id AND a.attname = 'account_id') AS has_account,"
	" EXISTS (SELECT 1 FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = o.id::regclass)"
	" AS distributed"
	" FROM ours o JOIN depth d ON d.id = o.id GROUP BY o.id, o.name"
	" ORDER BY 2, o.name <> '" ANCHOR "', max(d.depth), o.name");

STATEMENT(make_reference, "SELECT pg_catalog.create_reference_table(:name::regclass)");

STATEMENT(make_anchor, "SELECT pg_catalog.create_distributed_table(:name::regclass, 'account_id',"
					   " colocate_with => 'none', shard_count => :shards)");

STATEMENT(make_distributed,
		  "SELECT pg_catalog.create_distributed_table(:name::regclass, 'account_id',"
		  " colocate_with => '" ANCHOR "')");

/* The rows have been copied to the shards; what is left here nobody would see again. */
STATEMENT(truncate_local,
		  "SELECT pg_catalog.truncate_local_data_after_distributing_table(:name::regclass)");

STATEMENT(count_placements,
		  "SELECT count(DISTINCT p.colocationid) AS count FROM pg_catalog.pg_dist_partition p"
		  " JOIN pg_catalog.pg_attribute a ON a.attrelid = p.logicalrelid"
		  " AND a.attname = 'account_id' JOIN pg_catalog.pg_class c"
		  " ON c.oid = p.logicalrelid JOIN pg_catalog.pg_namespace n"
		  " ON n.oid = c.relnamespace AND n.nspname = 'flagplane_data'");

STATEMENT(drop_table_shards,
		  "SELECT pg_catalog.citus_drop_all_shards(:name::regclass, 'flagplane_data',"
		  " split_part(:name, '.', 2))");

/* Only where there is Citus, for without it the catalog is not there either. */
STATEMENT(find_worker, "SELECT g.groupid <> 0 AS is_true FROM pg_catalog.pg_dist_local_group g");

/*
 * The views that limit their rows by current_caller(), each with the statement that has it read
 * through view_rows(), which then does that.  Names, types and order of the columns stay.
 */
STATEMENT(list_views,
		  "SELECT pg_catalog.format('CREATE OR REPLACE VIEW flagplane.%1$I WITH"
		  " (security_barrier) AS SELECT %2$s FROM flagplane.view_rows(%1$L) r(%3$s)', c.relname,"
		  " string_agg(pg_catalog.format('r.%I', a.attname), ', ' ORDER BY a.attnum),"
		  " string_agg(pg_catalog.format('%I %s', a.attname,"
		  " pg_catalog.format_type(a.atttypid, a.atttypmod)) || CASE WHEN a.attcollation <>"
		  " t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END, ', '"
		  " ORDER BY a.attnum))"
		  " AS definition FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
		  " ON n.oid = c.relnamespace AND n.nspname = 'flagplane'"
		  " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
		  " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
		  " WHERE c.relkind = 'v' AND EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite w"
		  " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass"
		  " AND d.objid = w.oid"
		  " AND d.refobjid = 'flagplane.current_caller(text)'::regprocedure"
		  " WHERE w.ev_class = c.oid) GROUP BY c.oid, c.relname");

/*
 * A worker that had the extension before it joined the cluster.  Where this very transaction makes
 * the extension, its own script does it, and nothing is found here.
 */
STATEMENT(route_on_workers, "SELECT count(*) AS count FROM pg_catalog.run_command_on_workers("
							"'SELECT flagplane_data.route_views()')");

/* A table, and where its rows are. */
typedef struct Table
{
	char *name;
	bool has_account;
	bool distributed;
} Table;

/*
 * condition_holds tells whether the condition of a statement without parameters holds.
 */
static bool
condition_holds(Statement *statement)
{
	Params params = {0};
	Rows rows = statement_run(statement, &params, STATEMENT_READ);
	Row row;

	if (rows.count == 0)
		return false;
	row_read(&rows, 0, &row);
	return row_get_boolean(&row, "is_true");
}

/*
 * require_citus refuses a call for which there is no Citus, on another server than
 * the coordinator, or by anyone who is not the tables' owner.
 */
static void
require_citus(const char *function)
{
	Params params = {0};

	if (!condition_holds(&find_rights))
		error_raise(ERR_UNAUTHENTICATED, "%s is for the owner of the extension", function);
	if (statement_run(&find_citus, &params, STATEMENT_READ).count == 0)
		error_raise(ERR_UNSUPPORTED, "%s needs the extension citus in this database", function);
	if (!condition_holds(&find_node))
		error_raise(ERR_UNSUPPORTED, "%s is to be called on the coordinator", function);
	if (!condition_holds(&find_owner))
		error_raise_with_hint(
			ERR_UNSUPPORTED,
			"The servers connect to each other as this role: give it LOGIN, and let "
			"it in from server to server in pg_hba.conf and the password file.",
			"the owner of the extension cannot log in");
}

/*
 * run_for runs a statement about a table, which may name a number of shards.
 */
static void
run_for(Statement *statement, const Table *table, int shards)
{
	Params params = {0};

	bind_text(&params, "name", table->name);
	bind_integer(&params, "shards", shards);
	statement_run(statement, &params, STATEMENT_WRITE);
}

static Table *
read_tables(int *count)
{
	Params params = {0};
	Rows rows = statement_run(&list_tables, &params, STATEMENT_WRITE);
	Table *tables = palloc(sizeof(Table) * rows.count);

	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		tables[i].name = row_get_string(&row, "name");
		tables[i].has_account = row_get_boolean(&row, "has_account");
		tables[i].distributed = row_get_boolean(&row, "distributed");
	}
	*count = (int) rows.count;
	return tables;
}

static void
distribute_table(const Table *table, int shards)
{
	if (!table->has_account)
		run_for(&make_reference, table, 0);
	else if (strcmp(table->name, ANCHOR) == 0)
		run_for(&make_anchor, table, shards);
	else
		run_for(&make_distributed, table, 0);
}

/*
 * require_one_placement makes sure that the rows of an account are on one server.
 */
static void
require_one_placement(void)
{
	Params params = {0};
	Rows rows = statement_run(&count_placements, &params, STATEMENT_WRITE);
	Row row;

	row_read(&rows, 0, &row);
	if (row_get_bigint(&row, "count") != 1)
		error_raise(ERR_UNSUPPORTED, "the tables were distributed by somebody else, and apart");
}

/*
 * route_views has the views of this server read through view_rows(), and returns how many
 * did not before.  Citus lets workers change nothing unless what they do is their own affair.
 */
static int
route_views(void)
{
	Params params = {0};
	Rows views = statement_run(&list_views, &params, STATEMENT_WRITE);
	int level = NewGUCNestLevel();

	set_config_option("citus.enable_ddl_propagation", "off", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	for (uint64 i = 0; i < views.count; i++)
	{
		Statement statement = {.new_plans_at = NEW_PLANS_FIRST_AT};
		Row row;

		row_read(&views, i, &row);
		statement.text = row_get_string(&row, "definition");
		statement_run(&statement, &params, STATEMENT_WRITE);
	}
	AtEOXact_GUC(true, level);
	return (int) views.count;
}

/*
 * flagplane_distribute is distribute(shard_count integer): it distributes the tables
 * that are not yet distributed, and returns how many.  Refuses where Citus is not
 * there, and whoever does not own the tables.
 */
Datum
flagplane_distribute(PG_FUNCTION_ARGS)
{
	Params none = {0};
	Table *tables;
	int count;
	int64 distributed = 0;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	if (PG_ARGISNULL(0) || PG_GETARG_INT32(0) < 1 || PG_GETARG_INT32(0) > SHARDS_MAX)
		error_raise(ERR_INVALID, "shard_count must be between 1 and %d", SHARDS_MAX);

	statement_begin();
	require_citus("distribute");
	statement_run(&lock_accounts, &none, STATEMENT_WRITE);
	statement_run(&prepare_session, &none, STATEMENT_WRITE);
	tables = read_tables(&count);
	for (int i = 0; i < count; i++)
	{
		if (tables[i].distributed)
			continue;
		distribute_table(&tables[i], PG_GETARG_INT32(0));
		distributed++;
	}
	/* Only now, for a table cannot be emptied while one that is still here refers to it. */
	for (int i = 0; i < count; i++)
		if (!tables[i].distributed)
			run_for(&truncate_local, &tables[i], 0);
	require_one_placement();
	route_views();
	statement_run(&route_on_workers, &none, STATEMENT_WRITE);
	statement_end();
	PG_RETURN_INT64(distributed);
}

/*
 * flagplane_drop_shards is drop_shards(): it drops the shards of the distributed
 * tables, children first, and returns how many tables had any.  Refuses as
 * distribute() does.
 */
Datum
flagplane_drop_shards(PG_FUNCTION_ARGS)
{
	Table *tables;
	int count;
	int64 dropped = 0;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	statement_begin();
	require_citus("drop_shards");
	tables = read_tables(&count);
	for (int i = count - 1; i >= 0; i--)
	{
		if (!tables[i].distributed)
			continue;
		run_for(&drop_table_shards, &tables[i], 0);
		dropped++;
	}
	statement_end();
	PG_RETURN_INT64(dropped);
}

/*
 * flagplane_route_views is route_views(): on a node of a cluster it has the views read
 * through view_rows(), and returns how many did not before; elsewhere it does nothing.  It changes
 * the views as the caller, who must own them.
 */
Datum
flagplane_route_views(PG_FUNCTION_ARGS)
{
	Params params = {0};
	int routed = 0;

	statement_begin();
	if (statement_run(&find_citus, &params, STATEMENT_READ).count > 0 &&
		(condition_holds(&find_worker) || tables_are_distributed()))
		routed = route_views();
	statement_end();
	PG_RETURN_INT32(routed);
}

/*
 * flagplane_system_identifier is system_identifier(): that of the server where it runs, which
 * in a statement over an account's rows is the one that has them.
 */
Datum
flagplane_system_identifier(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) GetSystemIdentifier());
}

/*
 * flagplane_timeline is timeline(): the one that this server writes.
 */
Datum
flagplane_timeline(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) GetWALInsertionTimeLine());
}
