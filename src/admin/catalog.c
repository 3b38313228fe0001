/*
 * catalog.c
 *	  The table of operations as a SQL function, for users and for the test that
 *	  compares the install script with it.
 */
#include "admin/admin.h"

#include "call/field.h"
#include "funcapi.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

enum
{
	NAME,
	METHOD,
	PATH,
	SCOPE,
	STATUS,
	DIALECT,
	CHANGES_DATA,
	ARGUMENTS,
	CONCERNS_ACCOUNT,
	COLUMNS
};

PG_FUNCTION_INFO_V1(flagplane_operations);

/*
 * arguments_of writes an operation's arguments as pg_get_function_arguments
 * writes those of its function.
 */
static char *
arguments_of(const Operation *operation)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; operation->fields[i].name; i++)
	{
		const Field *field = &operation->fields[i];
		Oid type = field->type == FIELD_PROJECT_ID ? field_type_oid(FIELD_TEXT)
												   : field_type_oid(field->type);
		char *type_name = format_type_be(type);

		appendStringInfo(&list, "%s%s %s", i > 0 ? ", " : "", quote_identifier(field->name),
						 type_name);
		if (!field->required && field->fallback &&
			(field->type == FIELD_INTEGER || field->type == FIELD_BOOLEAN))
			appendStringInfo(&list, " DEFAULT %s", field->fallback);
		else if (!field->required && field->fallback)
			appendStringInfo(&list, " DEFAULT '%s'::%s", field->fallback, type_name);
		else if (!field->required)
			appendStringInfo(&list, " DEFAULT NULL::%s", type_name);
	}
	if (operation->kind != READS)
		appendStringInfo(&list, "%sidempotency_key uuid DEFAULT NULL::uuid",
						 list.len > 0 ? ", " : "");
	return list.data;
}

/*
 * flagplane_operations is operations(): a row for each operation.  It shows no
 * data and asks for no token.
 */
Datum
flagplane_operations(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < OPERATION_COUNT; i++)
	{
		const Operation *operation = &operations[i];
		Datum values[COLUMNS];
		bool nulls[COLUMNS] = {false};
		const char *scope =
			operation->scope == ROLE_ONLY ? NULL : scope_name((Scope) operation->scope);

		values[NAME] = CStringGetTextDatum(operation->name);
		nulls[METHOD] = nulls[PATH] = operation->method == NULL;
		values[METHOD] = nulls[METHOD] ? (Datum) 0 : CStringGetTextDatum(operation->method);
		values[PATH] = nulls[PATH] ? (Datum) 0 : CStringGetTextDatum(operation->path);
		nulls[SCOPE] = scope == NULL;
		values[SCOPE] = nulls[SCOPE] ? (Datum) 0 : CStringGetTextDatum(scope);
		values[STATUS] = Int32GetDatum(operation->status);
		values[DIALECT] =
			CStringGetTextDatum(operation->dialect == LAYERS ? "layers" : "launchdarkly");
		values[CHANGES_DATA] = BoolGetDatum(operation->kind != READS);
		values[ARGUMENTS] = CStringGetTextDatum(arguments_of(operation));
		values[CONCERNS_ACCOUNT] = BoolGetDatum(operation->whole_account);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
