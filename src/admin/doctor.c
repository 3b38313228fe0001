/*
 * doctor.c
 *	  What those who run the server should know about an installation: doctor()
 *	  looks at the catalog, the settings and the rows, and says what to do.
 *
 * It looks over all accounts, so it is for database roles with rights on the data, and for
 * those who watch the server, whom it shows no more than keys and counts.
 * It changes nothing and takes no lock that a change would wait for.
 */
#include "api/response.h"

#include "call/caller.h"
#include "call/rate_limit.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
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
	Statement *statement;
	const char *what_to_do;
} Check;

#define CHECK(name, severity, sql, what_to_do)                     \
	STATEMENT(name, "SELECT f.found::text FROM (" sql ") f(found)" \
					" ORDER BY f.found::text COLLATE \"C\"");
#include "admin/doctorlist.h"
#undef CHECK

static const Check checks[] = {
#define CHECK(name, severity, sql, what_to_do) {#name, severity, &name, what_to_do},
#include "admin/doctorlist.h"
#undef CHECK
};

PG_FUNCTION_INFO_V1(flagplane_doctor);

/*
 * run_check puts a check's findings into the result.
 */
static void
run_check(const Check *check, const Params *params, ReturnSetInfo *result)
{
	Rows found = statement_run(check->statement, params, STATEMENT_READ);

	for (uint64 i = 0; i < found.count; i++)
	{
		Datum values[DOCTOR_COLUMNS];
		bool nulls[DOCTOR_COLUMNS] = {false};
		Row row;

		row_read(&found, i, &row);
		values[FINDING] = CStringGetTextDatum(psprintf("%s: %s", check->name, row_string(&row, 0)));
		values[SEVERITY] = CStringGetTextDatum(check->severity);
		values[WHAT_TO_DO] = CStringGetTextDatum(check->what_to_do);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
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
	params_boolean(&params, usage.slots > 0);

	statement_begin();
	owner_enter(&owner);
	owner_require_monitoring(&owner, "doctor");
	for (int i = 0; i < (int) lengthof(checks); i++)
		run_check(&checks[i], &params, result);
	owner_leave(&owner);
	statement_end();
	return (Datum) 0;
}
