/*
 * doctor.c
 *	  What those who run the server should know about an installation: doctor()
 *	  looks at the catalog, the settings and the rows, and says what to do.
 *
 * It looks over all accounts, so it is for database roles with rights on the data, and for
 * those who watch the server, whom it shows no more than keys and counts.
 * It changes nothing and acquires no lock that a change would wait for.
 */
#include "admin/admin.h"

#include "access/xact.h"
#include "call/rate_limit.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

enum
{
	FINDING,
	SEVERITY,
	WHAT_TO_DO,
	DOCTOR_COLUMNS
};

/* A check: its name, which its findings begin with, and what to do about them. */
typedef struct Check
{
	const char *name;
	const char *severity;
	const char *relation; /* that the statement needs and others make; NULL: none */
	bool each_account;	  /* asked of each account by itself */
	Statement *statement;
	const char *what_to_do;
} Check;

/* Without rights on such a relation its check is left out, as if it were not there. */
STATEMENT(relation_readable,
		  "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		  " WHERE c.oid = to_regclass(:relation) AND has_schema_privilege(n.oid, 'USAGE')"
		  " AND has_table_privilege(c.oid, 'SELECT')");

#define CHECK(name, severity, sql, what_to_do) CHECK_IF(name, severity, NULL, sql, what_to_do)
#define CHECK_IF(name, severity, relation, sql, what_to_do)                 \
	STATEMENT(name, "SELECT f.found::text AS found FROM (" sql ") f(found)" \
					" ORDER BY f.found::text COLLATE \"C\"");
#define CHECK_EACH(name, severity, sql, what_to_do) \
	CHECK_IF(name##_of_account, severity, NULL, sql, what_to_do)
#include "admin/doctorlist.h"
#undef CHECK_IF
#undef CHECK_EACH

STATEMENT(list_accounts, "SELECT a.id, a.key FROM flagplane_data.account a ORDER BY a.key");

static const Check checks[] = {
#define CHECK_IF(name, severity, relation, sql, what_to_do) \
	{#name, severity, relation, false, &name, what_to_do},
#define CHECK_EACH(name, severity, sql, what_to_do) \
	{#name, severity, NULL, true, &name##_of_account, what_to_do},
#include "admin/doctorlist.h"
#undef CHECK_IF
#undef CHECK_EACH
#undef CHECK
};

PG_FUNCTION_INFO_V1(flagplane_doctor);

/*
 * relation_is_readable: whether the owner of the extension may read a relation that is
 * none of the extension's.
 */
static bool
relation_is_readable(const char *relation)
{
	Params params = {0};

	bind_text(&params, "relation", relation);
	return statement_run(&relation_readable, &params, STATEMENT_READ).count > 0;
}

/*
 * run_check puts a check's findings into the result, and returns how many there are.
 */
static uint64
run_check(const Check *check, const Params *params, ReturnSetInfo *result)
{
	Rows found;

	if (check->relation && !relation_is_readable(check->relation))
		return 0;
	found = statement_run(check->statement, params, STATEMENT_READ);
	for (uint64 i = 0; i < found.count; i++)
	{
		Datum values[DOCTOR_COLUMNS];
		bool nulls[DOCTOR_COLUMNS] = {false};
		Row row;

		row_read(&found, i, &row);
		values[FINDING] =
			CStringGetTextDatum(psprintf("%s: %s", check->name, row_get_string(&row, "found")));
		values[SEVERITY] = CStringGetTextDatum(check->severity);
		values[WHAT_TO_DO] = CStringGetTextDatum(check->what_to_do);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return found.count;
}

/*
 * run_check_each puts a check's findings about each account into the result.
 */
static void
run_check_each(const Check *check, ReturnSetInfo *result)
{
	Params none = {0};
	Rows accounts = statement_run(&list_accounts, &none, STATEMENT_READ);

	for (uint64 i = 0; i < accounts.count; i++)
	{
		Params params = {0};
		Row row;

		row_read(&accounts, i, &row);
		bind_bigint(&params, "account_id", row_get_bigint(&row, "id"));
		bind_text(&params, "account", row_get_string(&row, "key"));
		bind_time(&params, "now", GetCurrentTransactionStartTimestamp());
		/* Whatever the number of accounts, the rows about one are gone with the next. */
		statement_begin();
		run_check(check, &params, result);
		statement_end();
	}
}

/*
 * flagplane_doctor is doctor(): a row for each finding, in the order of the list,
 * the worst first; none if all is well.  Refuses database roles that may not watch the
 * server.
 */
Datum
flagplane_doctor(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	OwnerContext owner;
	Params params = {0};
	LimitUsage usage;

	postgrest_set_error_format(LAUNCHDARKLY, NULL);
	InitMaterializedSRF(fcinfo, 0);
	limit_usage(&usage);
	bind_boolean(&params, "preloaded", usage.slots > 0);

	statement_begin();
	owner_enter(&owner);
	owner_require_monitoring(&owner, "doctor");
	/* Compiling a statement of so many parts takes seconds, running it milliseconds. */
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	for (int i = 0; i < (int) lengthof(checks); i++)
	{
		if (checks[i].each_account)
		{
			run_check_each(&checks[i], result);
			continue;
		}
		/* The rows of another version's tables are not checked. */
		if (run_check(&checks[i], &params, result) > 0 && checks[i].statement == &version_mismatch)
			break;
	}
	owner_leave(&owner);
	statement_end();
	return (Datum) 0;
}
