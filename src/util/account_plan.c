/*
 * account_plan.c
 *	  Plans for single accounts, where Citus has distributed the tables.
 *
 * Citus finds out from the account which server a statement goes to.  Where that is a parameter it
 * does so at each call, and makes the text for that server anew; a statement that joins it plans
 * anew as a whole.  Where the account stands in the text all this is kept with the plan.  A backend
 * makes such plans for the few accounts that it is called for first and often; it never drops one,
 * which might be running.
 */
#include "util/account_plan.h"

/* How often a statement runs for an account before that is worth a plan of its own. */
#define USES_BEFORE_PLAN 5

/*
 * account_param returns the place of :account_id among the parameters; -1 if the statement has none.
 */
static int
account_param(const Statement *statement)
{
	for (int i = 0; i < statement->param_count; i++)
		if (statement->params[i].type == INT8OID &&
			strcmp(statement->params[i].name, "account_id") == 0)
			return i;
	return -1;
}

/*
 * text_for_account is the statement's text with an account instead of a parameter, which stays
 * unused.
 */
static char *
text_for_account(const Statement *statement, int param, int64 account)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *at = statement->resolved; *at;)
	{
		const char *next = at + 1;

		if (*at == '\'' || *at == '"')
			next = statement_skip_quoted(at);
		else if (*at == '$')
		{
			char *end;

			if (strtol(at + 1, &end, 10) == param + 1)
			{
				appendStringInfo(&out, "'" INT64_FORMAT "'::pg_catalog.int8", account);
				at = end;
				continue;
			}
		}
		appendBinaryStringInfo(&out, at, next - at);
		at = next;
	}
	return out.data;
}

/*
 * place_of returns the place of an account's plan, perhaps instead of an account that has none
 * yet; NULL if all places have plans of others.
 */
static AccountPlan *
place_of(Statement *statement, int64 account)
{
	AccountPlan *place = NULL;

	for (int i = 0; i < ACCOUNT_PLANS; i++)
	{
		AccountPlan *other = &statement->account_plans[i];

		if (other->account == account)
			return other;
		if (other->plan == NULL && (place == NULL || other->uses < place->uses))
			place = other;
	}
	if (place)
		*place = (AccountPlan){.account = account};
	return place;
}

/*
 * account_plan returns the plan of a statement for the account among its values: its own, or that
 * of all others.
 */
SPIPlanPtr
account_plan(Statement *statement, const Datum *values, const char *nulls)
{
	int param = account_param(statement);
	int64 account;
	AccountPlan *place;

	if (param < 0 || nulls[param] == 'n')
		return statement->plan;
	account = DatumGetInt64(values[param]);
	place = account == 0 ? NULL : place_of(statement, account);
	if (place == NULL)
		return statement->plan;
	if (place->plan == NULL && ++place->uses > USES_BEFORE_PLAN)
		place->plan = statement_prepare(statement, text_for_account(statement, param, account));
	return place->plan ? place->plan : statement->plan;
}
