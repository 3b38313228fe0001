/*
 * rights.c
 *	  Nobody gets in who should not: every function of the schema, from the catalog,
 *	  with good arguments, for callers without a token, with one of another account, of
 *	  another project, or without the scope; and with a search_path in which every
 *	  function and operator of PostgreSQL's has a hostile twin.
 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who may call a function that is no operation. */
typedef enum Guard
{
	READERS,	  /* who may read the layer */
	FLAG_READERS, /* who may read the flag */
	ROLES,		  /* roles with rights on the data */
	OWNER,		  /* the owner of the extension */
	ANYBODY		  /* who may execute it: it shows no data */
} Guard;

typedef struct Other
{
	const char *name;
	Guard guard;
	const char *statement;
} Other;

/*
 * is_for_readers tells whether a guard asks for a scope.
 */
static int
is_for_readers(Guard guard)
{
	return guard == READERS || guard == FLAG_READERS;
}

static const Other others[] = {
	{"assign", READERS, "SELECT flagplane.assign('hostile', 'test', 'l', 'unit')"},
	{"assign_many", READERS, "SELECT flagplane.assign_many('hostile', 'test', 'l', '{unit}')"},
	{"variation", FLAG_READERS, "SELECT flagplane.variation('hostile', 'test', 'f', '{}')"},
	{"bool_variation", FLAG_READERS,
	 "SELECT flagplane.bool_variation('hostile', 'test', 'f', '{}', true)"},
	{"text_variation", FLAG_READERS,
	 "SELECT flagplane.text_variation('hostile', 'test', 'f', '{}', '')"},
	{"numeric_variation", FLAG_READERS,
	 "SELECT flagplane.numeric_variation('hostile', 'test', 'f', '{}', 0)"},
	{"variation_detail", FLAG_READERS,
	 "SELECT flagplane.variation_detail('hostile', 'test', 'f', '{}')"},
	{"explain_variation", FLAG_READERS,
	 "SELECT flagplane.explain_variation('hostile', 'test', 'f', '{}')"},
	{"draw_layer", READERS, "SELECT flagplane.draw_layer('hostile', 'test', 'l')"},
	{"layer_svg", READERS, "SELECT flagplane.layer_svg('hostile', 'test', 'l')"},
	{"purge", ROLES, "SELECT flagplane.purge()"},
	{"status", ROLES, "SELECT flagplane.status()"},
	{"operation_stats", ROLES, "SELECT count(*) FROM flagplane.operation_stats()"},
	{"environment_stats", ROLES, "SELECT count(*) FROM flagplane.environment_stats()"},
	{"reset_stats", ROLES, "SELECT flagplane.reset_stats()"},
	{"bucket", ANYBODY, "SELECT flagplane.bucket('seed', 'unit')"},
	{"evaluate", ANYBODY, "SELECT flagplane.evaluate('{}', 'f', '{}')"},
	{"evaluate_all", ANYBODY, "SELECT flagplane.evaluate_all('{}', '{}')"},
	{"user_context", ANYBODY, "SELECT flagplane.user_context('unit')"},
	{"json_patch", ANYBODY, "SELECT flagplane.json_patch('{}', '[]')"},
	{"openapi", ANYBODY, "SELECT flagplane.openapi()"},
	{"operations", ANYBODY, "SELECT flagplane.operations()"},
	{"handle", ANYBODY, "SELECT flagplane.handle('GET', '/api/v2/nothing')"},
	{"rest", ANYBODY, "SELECT flagplane.rest('')"},
	{"sdk", ANYBODY, "SELECT flagplane.sdk('')"},
	{"sdk_stream", ANYBODY, "SELECT flagplane.sdk_stream('')"},
	{"authenticate", ANYBODY, "SELECT flagplane.authenticate()"},
	{"current_caller", ROLES, "SELECT flagplane.current_caller('layers:read')"},
	{"view_rows", ROLES, "SELECT v::text FROM public.view_rows v"},
	{"doctor", ROLES, "SELECT flagplane.doctor()"},
	{"distribute", OWNER, "SELECT flagplane.distribute()"},
	{"drop_shards", OWNER, "SELECT flagplane.drop_shards()"},
};

#define OTHERS ((int) (sizeof(others) / sizeof(others[0])))

/* What only the account may come to see, and only those who are let into the project. */
#define OF_ACCOUNT "h@example.com"
#define OF_PROJECT "hostile"

static PGconn *owner;
static Target *targets;
static int target_count;

/*
 * call makes a call with good arguments in a transaction that is rolled back, a token
 * being in its headers if there is one. It returns the answer, or the SQLSTATE; and
 * tells whether an account's rows are as they were (0: does not ask).
 */
static char *
call(PGconn *connection, const char *statement, const Target *target, const char *token,
	 bool *untouched)
{
	const char *values[ARGUMENTS_MAX] = {0};
	char *before = NULL;
	char *answer;
	PGresult *result;

	for (int i = 0; target && i < target->argument_count; i++)
		values[i] = target->arguments[i].value;
	free(query(connection, "BEGIN"));
	if (untouched)
		before = query(connection, "SELECT public.fingerprint()");
	if (token)
		free(query(connection,
				   "SELECT set_config('request.method', 'POST', true),"
				   " set_config('request.headers', '{\"x-api-key\": \"%s\"}', true)",
				   token));
	result = PQexecParams(connection, statement, target ? target->argument_count : 0, NULL, values,
						  NULL, NULL, 0);
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		answer = strdup(PQgetvalue(result, 0, 0));
	else
	{
		/* Over /rpc the kind of a refusal is in the message. */
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

		answer = malloc(strlen(message) + 32);
		sprintf(answer, "ERROR %s %s", state, message);
	}
	PQclear(result);
	if (untouched)
	{
		char *after = strncmp(answer, "ERROR", 5) == 0
						  ? strdup(before)
						  : query(connection, "SELECT public.fingerprint()");

		*untouched = strcmp(before, after) == 0;
		free(before);
		free(after);
	}
	free(query(connection, "ROLLBACK"));
	return answer;
}

/*
 * is_refused tells whether an answer is a refusal of one of two codes, which are those
 * of the two dialects.
 */
static bool
is_refused(const char *answer, const char *code, const char *layers_code)
{
	char plain[64];
	char layers[64];

	snprintf(plain, sizeof(plain), "\"code\":\"%s\"", code);
	snprintf(layers, sizeof(layers), "\"code\":\"%s\"", layers_code);
	return strncmp(answer, "ERROR PGRST", 11) == 0 &&
		   (strstr(answer, plain) || strstr(answer, layers));
}

/*
 * is_telling tells whether an answer has something in it that is not for its caller.
 */
static bool
is_telling(const char *answer, const char *what)
{
	return strncmp(answer, "ERROR", 5) != 0 && strstr(answer, what) != NULL;
}

/*
 * has_project tells whether an operation is about a project.
 */
static bool
has_project(const Target *target)
{
	return target->argument_count > 0 && strncmp(target->arguments[0].name, "project_", 8) == 0;
}

/*
 * expect checks an answer, and shows it where it is wrong.
 */
static void
expect(bool good, const char *name, const char *what, char *answer)
{
	check(good, "%s: %s", name, what);
	if (!good)
		printf("# %.1000s\n", answer);
	free(answer);
}

/*
 * prepare makes the callers, and what tells whether the rows are as they were.
 */
static void
prepare(void)
{
	static const char *const statements[] = {
		"CREATE FUNCTION public.fingerprint() RETURNS text LANGUAGE plpgsql AS $$\n"
		"DECLARE\n"
		"	name regclass;\n"
		"	one text;\n"
		"	total text := '';\n"
		"BEGIN\n"
		"	FOR name IN SELECT attrelid FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE"
		" relkind = 'r' AND relnamespace = 'flagplane_data'::regnamespace AND attname ="
		" 'account_id' ORDER BY 1 LOOP\n"
		"		EXECUTE format('SELECT md5(string_agg(t::text, E''\\n'' ORDER BY t::text)) FROM %s "
		"t"
		" WHERE account_id = (SELECT id FROM flagplane_data.account WHERE key = ''default'')',"
		" name) INTO one;\n"
		"		total := total || coalesce(one, '-') || ' ';\n"
		"	END LOOP;\n"
		"	RETURN total;\n"
		"END $$",
		/* What the columns are may not be named by who has no right on the data. */
		"CREATE VIEW public.view_rows AS SELECT * FROM flagplane.view_rows('layers') AS v("
		"account_id bigint, id flagplane_data.object_id, project_id uuid, key flagplane_data.key,"
		" name flagplane_data.name, description text, randomization_unit flagplane_data.key,"
		" created_at timestamptz)",
		"SELECT flagplane.create_account('acme', 'Acme')",
		"CREATE ROLE fp_rights_none",
		"CREATE ROLE fp_rights_trusted",
		"GRANT USAGE ON SCHEMA flagplane TO fp_rights_none, fp_rights_trusted",
		"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_rights_none, fp_rights_trusted",
		"GRANT SELECT ON ALL TABLES IN SCHEMA flagplane TO fp_rights_none",
		"GRANT SELECT ON public.view_rows TO fp_rights_none, fp_rights_trusted",
		"GRANT USAGE ON SCHEMA flagplane_data TO fp_rights_trusted",
	};

	for (int i = 0; i < (int) (sizeof(statements) / sizeof(statements[0])); i++)
	{
		char *answer = query(owner, "%s", statements[i]);

		if (strncmp(answer, "ERROR", 5) == 0)
			check(false, "%s: %s", statements[i], answer);
		free(answer);
	}
}

/*
 * check_complete checks that no function or view of the schema is left out.
 */
static void
check_complete(void)
{
	char names[1024] = "";

	for (int i = 0; i < OTHERS; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ",%s", others[i].name);
	check_equal(query(owner,
					  "SELECT coalesce(string_agg(name, ' '), '') FROM (SELECT proname::text FROM"
					  " pg_proc WHERE pronamespace = 'flagplane'::regnamespace EXCEPT ALL (SELECT"
					  " name FROM flagplane.operations() UNION ALL SELECT"
					  " unnest(string_to_array(ltrim('%s', ','), ',')))) f(name)",
					  names),
				"", "every function of the schema is tried");
	/* Whose rows the others show to whom is tested in sql/views.sql. */
	check_equal(
		query(owner, "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class"
					 " WHERE relnamespace = 'flagplane'::regnamespace"),
		"audit environment_stats environments flag_links layers projects sdk_apps segments stats",
		"and every view");
}

/*
 * try_stranger has a role call that may execute all functions, but has no token and no
 * rights on the data.
 */
static void
try_stranger(void)
{
	PGconn *stranger = connect_or_die();
	char *answer;

	free(query(stranger, "SET ROLE fp_rights_none"));
	for (int i = 0; i < target_count; i++)
	{
		answer = call(stranger, targets[i].statement, &targets[i], NULL, NULL);
		expect(strncmp(answer, "ERROR 28000", 11) == 0, targets[i].name, "not without a token",
			   answer);
	}
	for (int i = 0; i < OTHERS; i++)
	{
		answer = call(stranger, others[i].statement, NULL, NULL, NULL);
		expect(others[i].guard == ANYBODY ? strncmp(answer, "ERROR", 5) != 0
										  : strncmp(answer, "ERROR 28000", 11) == 0,
			   others[i].name, others[i].guard == ANYBODY ? "for anybody" : "not without a token",
			   answer);
	}
	answer = call(stranger, "SELECT * FROM flagplane.stats", NULL, NULL, NULL);
	expect(strncmp(answer, "ERROR 28000", 11) == 0, "stats", "not without rights on the data",
		   answer);
	PQfinish(stranger);
}

/*
 * try_foreigners has tokens call that are good elsewhere: in another account, and for
 * another project of the same.
 */
static void
try_foreigners(void)
{
	char *foreign = query(owner, "SET flagplane.account = 'acme'; SELECT"
								 " flagplane.create_access_token('acme', '{*}')->>'token'");
	char *limited;
	bool untouched;
	char *answer;

	free(query(owner, "RESET flagplane.account"));
	limited = query(owner, "SELECT flagplane.create_access_token('limited', '{*}',"
						   " projects => '{other}')->>'token'");
	for (int i = 0; i < target_count; i++)
	{
		const Target *target = &targets[i];

		answer = call(owner, target->statement, target, foreign, &untouched);
		expect(untouched && !is_telling(answer, OF_ACCOUNT) && !is_telling(answer, OF_PROJECT) &&
				   (!has_project(target) || is_refused(answer, "not_found", "NOT_FOUND")),
			   target->name, "not of another account", answer);
		answer = call(owner, target->statement, target, limited, NULL);
		expect(!is_telling(answer, OF_PROJECT) &&
				   (!has_project(target) || is_refused(answer, "not_found", "NOT_FOUND")),
			   target->name, "not of another project", answer);
	}
	for (int i = 0; i < OTHERS; i++)
	{
		if (!is_for_readers(others[i].guard))
			continue;
		answer = call(owner, others[i].statement, NULL, foreign, NULL);
		expect(is_refused(answer, "not_found", "NOT_FOUND"), others[i].name,
			   "not of another account", answer);
		answer = call(owner, others[i].statement, NULL, limited, NULL);
		expect(is_refused(answer, "not_found", "NOT_FOUND"), others[i].name,
			   "not of another project", answer);
	}
	free(foreign);
	free(limited);
}

/*
 * try_scopes has each operation called by a token with every scope but its own.
 */
static void
try_scopes(void)
{
	for (int i = 0; i < target_count + OTHERS; i++)
	{
		const Target *target = i < target_count ? &targets[i] : NULL;
		const Other *other = target ? NULL : &others[i - target_count];
		char *token;
		char *answer;

		if (other && !is_for_readers(other->guard))
			continue;
		token = query(
			owner,
			"SELECT flagplane.create_access_token('but', (SELECT array_agg(DISTINCT n.scope) FROM"
			" flagplane.operations() n WHERE n.scope <> 'none' AND n.scope IS DISTINCT FROM"
			" o.scope))->>'token' FROM flagplane.operations() o WHERE o.name = '%s'"
			" AND o.scope IS DISTINCT FROM 'none'",
			target						   ? target->name
			: other->guard == FLAG_READERS ? "get_flag"
										   : "get_layer");
		/* What asks for no scope needs none. */
		if (token[0])
		{
			answer =
				call(owner, target ? target->statement : other->statement, target, token, NULL);
			expect(is_refused(answer, "forbidden", "FORBIDDEN_SCOPE"),
				   target ? target->name : other->name, "not without its scope", answer);
		}
		free(token);
	}
}

/*
 * make_twins makes a schema where everything that PostgreSQL has to call has a twin
 * that says so when it is called.
 */
static void
make_twins(void)
{
	free(
		query(owner, "%s",
			  "DO $$\n"
			  "DECLARE\n"
			  "	f record;\n"
			  "BEGIN\n"
			  "	CREATE SCHEMA twin;\n"
			  "	GRANT USAGE ON SCHEMA twin TO fp_rights_trusted;\n"
			  "	FOR f IN SELECT format('CREATE FUNCTION twin.%I(%s) RETURNS %s%s LANGUAGE plpgsql"
			  " AS ''BEGIN RAISE EXCEPTION ''''gotcha as %%'''', current_user; END''', proname,"
			  " (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM"
			  " unnest(proargtypes) WITH ORDINALITY u(t, n)), CASE WHEN proretset THEN 'SETOF '"
			  " END, format_type(prorettype, NULL)) AS made FROM pg_proc WHERE pronamespace ="
			  " 'pg_catalog'::regnamespace AND prokind = 'f' UNION ALL\n"
			  "		SELECT format('CREATE OPERATOR twin.%s (LEFTARG = %s, RIGHTARG = %s,"
			  " PROCEDURE = twin.%I)', oprname, format_type(oprleft, NULL),"
			  " format_type(oprright, NULL), (SELECT proname FROM pg_proc WHERE oid = oprcode))"
			  " FROM pg_operator WHERE oprleft <> 0 AND oprnamespace ="
			  " 'pg_catalog'::regnamespace\n"
			  "	LOOP\n"
			  "		BEGIN\n"
			  "			EXECUTE f.made;\n"
			  "		EXCEPTION WHEN OTHERS THEN NULL;\n"
			  "		END;\n"
			  "	END LOOP;\n"
			  "	FOR f IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
			  " 'flagplane_data'::regnamespace LOOP\n"
			  "		EXECUTE format('CREATE TABLE twin.%I (nothing int)', f.relname);\n"
			  "	END LOOP;\n"
			  "END $$"));
}

/*
 * try_twins makes every good call with the twins first in the search_path.
 */
static void
try_twins(void)
{
	PGconn *trusted = connect_or_die();
	char *answer;

	make_twins();
	free(query(trusted, "SET ROLE fp_rights_trusted"));
	free(query(trusted, "SET search_path = twin, pg_temp, pg_catalog"));
	answer = query(owner, "SELECT count(*) > 2000 FROM pg_proc WHERE pronamespace ="
						  " 'twin'::regnamespace");
	check_equal(answer, "t", "there are many twins");
	free(answer);
	answer = call(trusted, "SELECT lower('A') OPERATOR(pg_catalog.=) 'a'", NULL, NULL, NULL);
	expect(strstr(answer, "gotcha"), "lower", "a twin is called where it can be", answer);
	answer = call(trusted, "SELECT 1 = 1", NULL, NULL, NULL);
	expect(strstr(answer, "gotcha"), "=", "a twin is called where it can be", answer);
	for (int i = 0; i < target_count; i++)
	{
		answer = call(trusted, targets[i].statement, &targets[i], NULL, NULL);
		expect(strncmp(answer, "ERROR", 5) != 0, targets[i].name, "no twin is called", answer);
	}
	for (int i = 0; i < OTHERS; i++)
	{
		answer = call(trusted, others[i].statement, NULL, NULL, NULL);
		expect(strstr(answer, "gotcha") == NULL &&
				   (others[i].guard == OWNER) == (strncmp(answer, "ERROR", 5) == 0),
			   others[i].name, "no twin is called", answer);
	}
	answer = query(trusted, "SHOW search_path");
	check_equal(answer, "twin, pg_temp, pg_catalog", "and the search_path is itself again");
	free(answer);
	PQfinish(trusted);
}

/*
 * test_rights has the wrong callers call.
 */
void
test_rights(void)
{
	owner = connect_or_die();
	targets = targets_load(owner, &target_count);
	prepare();
	check_complete();
	try_stranger();
	try_foreigners();
	try_scopes();
	try_twins();
	free(query(owner, "DROP OWNED BY fp_rights_none, fp_rights_trusted CASCADE"));
	free(query(owner, "DROP ROLE fp_rights_none, fp_rights_trusted"));
	PQfinish(owner);
}
