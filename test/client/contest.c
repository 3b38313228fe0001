/*
 * contest.c
 *	  Many clients at once, with every operation that changes anything: on the same
 *	  thing and each on its own, with the same idempotency key, with their own, and
 *	  with none. One winner where there can be but one, equal replays, one audit row
 *	  a change, no refusal but a documented one, and no update lost.
 *
 * The statements are sent before any answer is read; nothing waits for the clock.
 */
#include "contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3

static PGconn *clients[CLIENTS];

/* Which idempotency keys the clients of a round have. */
typedef enum Keys
{
	NO_KEY,
	SAME_KEY,
	OWN_KEYS
} Keys;

/*
 * is_refusal tells whether an error is a documented refusal that a race can have.
 */
static bool
is_refusal(const PGresult *result)
{
	static const char *const documented[] = {
		"22000", "22023", "23505", "42501", "55000", "55006", "P0002",
	};
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	for (int i = 0; state && i < (int) (sizeof(documented) / sizeof(documented[0])); i++)
		if (strcmp(state, documented[i]) == 0)
			return true;
	return false;
}

/*
 * gather reads the answers to what each client was sent.
 */
Tally
gather(void)
{
	Tally tally = {.equal = true};
	char *first = NULL;

	wait_for_all(clients, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
	{
		PGresult *result = PQgetResult(clients[i]);

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
		{
			tally.answers++;
			if (first == NULL)
				first = strdup(PQgetvalue(result, 0, 0));
			else if (strcmp(first, PQgetvalue(result, 0, 0)) != 0)
				tally.equal = false;
		}
		else if (is_refusal(result))
			tally.refusals++;
		else
		{
			printf("# %s", PQresultErrorMessage(result));
			tally.others++;
		}
		PQclear(result);
		while ((result = PQgetResult(clients[i])) != NULL)
			PQclear(result);
	}
	free(first);
	return tally;
}

/*
 * send_or_die sends a statement.
 */
void
send_or_die(int client, const char *statement)
{
	if (!PQsendQuery(clients[client], statement))
	{
		fprintf(stderr, "%s", PQerrorMessage(clients[client]));
		exit(2);
	}
}

/*
 * prepare makes the things from one number to another.
 */
static void
prepare(PGconn *owner, const Change *change, int from, int to)
{
	char statement[STATEMENT_BYTES];

	for (int number = from; number <= to; number++)
		for (int step = 0; step < 2 && change->steps[step]; step++)
		{
			char *answer;

			change_step(statement, change, step, number);
			answer = query(owner, "%s", statement);
			if (strncmp(answer, "ERROR", 5) == 0)
				check(false, "%s: %s", statement, answer);
			free(answer);
		}
}

/*
 * count_of is a count of the rows of an operation in a table.
 */
static int
count_of(PGconn *owner, const char *table, const char *operation)
{
	char *text = query(owner, "SELECT count(*) FROM flagplane_data.%s WHERE operation = '%s'",
					   table, operation);
	int count = atoi(text);

	free(text);
	return count;
}

/*
 * all_done tells whether the changes from one number to another are there.
 */
static bool
all_done(PGconn *owner, const Change *change, int from, int to)
{
	char condition[STATEMENT_BYTES];
	bool all = true;

	for (int number = from; number <= to; number++)
	{
		char *answer;

		change_text(condition, change->done, number, "");
		answer = query(owner, "SELECT %s", condition);
		all &= strcmp(answer, "t") == 0;
		free(answer);
	}
	return all;
}

/*
 * contest runs a round of one operation, on one thing or on one for each client, and
 * tells whether it ended as it must.
 */
static bool
contest(PGconn *owner, const Change *change, int number, bool own, Keys keys)
{
	int last = own ? number + CLIENTS - 1 : number;
	int audited;
	int claimed;
	int expected;
	Tally tally;

	prepare(owner, change, number, last);
	audited = count_of(owner, "audit_log", change->operation);
	claimed = count_of(owner, "idempotency_key", change->operation);
	for (int i = 0; i < CLIENTS; i++)
	{
		char statement[STATEMENT_BYTES];
		char key[STATEMENT_BYTES] = "NULL";

		if (keys != NO_KEY)
			change_key(key, "race", change, keys == OWN_KEYS ? number * CLIENTS + i : number);
		change_call(statement, change, own ? number + i : number, key);
		send_or_die(i, statement);
	}
	tally = gather();
	audited = count_of(owner, "audit_log", change->operation) - audited;
	claimed = count_of(owner, "idempotency_key", change->operation) - claimed;

	/* Who has won has an answer; what replays has the same. */
	expected = own || keys == SAME_KEY || change->repeat != REFUSED ? CLIENTS : 1;
	if (tally.others > 0 || tally.answers != expected ||
		tally.answers + tally.refusals != CLIENTS || (keys == SAME_KEY && !tally.equal) ||
		!all_done(owner, change, number, last))
	{
		printf("# %d answers, %d refusals, %d others, %s\n", tally.answers, tally.refusals,
			   tally.others, tally.equal ? "equal" : "not equal");
		return false;
	}
	/* A refusal leaves no claim; each change leaves one audit row, and what changes nothing none. */
	if (claimed != (keys == NO_KEY ? 0 : keys == SAME_KEY ? 1 : expected))
	{
		printf("# %d idempotency keys\n", claimed);
		return false;
	}
	if (!own && (keys == SAME_KEY || change->repeat == SETTLED))
		expected = 1;
	if (audited == expected)
		return true;
	printf("# %d audit rows\n", audited);
	return false;
}

/*
 * contest_all runs the rounds of an operation in every way.
 */
static void
contest_all(PGconn *owner, const Change *change)
{
	bool good[5] = {true, true, true, true, true};

	for (int round = 1; round <= ROUNDS; round++)
	{
		int number = round * 1000;

		good[0] &= contest(owner, change, number, false, NO_KEY);
		good[1] &= contest(owner, change, number + 100, true, NO_KEY);
		good[2] &= contest(owner, change, number + 200, false, SAME_KEY);
		good[3] &= contest(owner, change, number + 300, false, OWN_KEYS);
		good[4] &= contest(owner, change, number + 400, true, OWN_KEYS);
	}
	check(good[0], "%s: one thing, no keys: %s", change->operation,
		  change->repeat == REFUSED ? "one winner" : "all are answered");
	check(good[1], "%s: own things, no keys: all are answered", change->operation);
	check(good[2], "%s: one thing, one key: one change, the same answer for all",
		  change->operation);
	check(good[3], "%s: one thing, own keys: %s", change->operation,
		  change->repeat == REFUSED ? "one winner, and no claim of the others"
									: "all are answered");
	check(good[4], "%s: own things, own keys: all are answered", change->operation);
}

/*
 * together sends each client its own statement, where %d is the client's number, and
 * checks that all are answered.
 */
static void
together(const char *what, const char *template)
{
	char statement[STATEMENT_BYTES];
	Tally tally;

	for (int i = 0; i < CLIENTS; i++)
	{
		change_text(statement, template, i, "");
		send_or_die(i, statement);
	}
	tally = gather();
	check(tally.answers == CLIENTS, "%s: %d at once are answered", what, CLIENTS);
}

/*
 * lose_nothing has all clients change one thing at once, each in a way of its own, and
 * looks for all of it in the end.
 */
static void
lose_nothing(PGconn *owner)
{
	char all[8];

	snprintf(all, sizeof(all), "%d", CLIENTS);
	together("update_project", "SELECT flagplane.update_project('race', '[{\"op\": \"add\","
							   " \"path\": \"/tags/-\", \"value\": \"mine-{n}\"}]')");
	check_equal(query(owner, "SELECT cardinality(tags) FROM flagplane_data.project"
							 " WHERE key = 'race'"),
				all, "update_project: no tag of a concurrent patch is lost");
	together("update_environment",
			 "SELECT flagplane.update_environment('race', 'test', '[{\"op\": \"add\","
			 " \"path\": \"/tags/-\", \"value\": \"mine-{n}\"}]')");
	check_equal(query(owner, "SELECT cardinality(e.tags) FROM flagplane_data.environment e JOIN"
							 " flagplane_data.project p ON p.id = e.project_id"
							 " WHERE e.key = 'test' AND p.key = 'race'"),
				all, "update_environment: no tag of a concurrent patch is lost");
	free(query(owner, "SELECT flagplane.create_layer('race', 'shared', 'L', '')"));
	together("create_experiment",
			 "SELECT flagplane.create_experiment('race', 'test', 'shared-{n}', 'E')");
	together("update_layer", "SELECT flagplane.update_layer('race', 'shared', '[{\"kind\":"
							 " \"updateExperimentReservation\", \"experimentKey\": \"shared-{n}\","
							 " \"reservationPercent\": 3}]', 'test')");
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.layer_reservation r WHERE"
							 " r.layer_id = (SELECT id FROM flagplane_data.layer WHERE"
							 " key = 'shared')"),
				all, "update_layer: no concurrent reservation is lost");
	together("reset_environment_sdk_key",
			 "SELECT flagplane.reset_environment_sdk_key('race', 'test', 4102444800000)");
	check_equal(query(owner, "SELECT count(*) - 1 FROM flagplane_data.environment_key k WHERE"
							 " k.kind = 'sdk' AND k.environment_id = (SELECT e.id FROM"
							 " flagplane_data.environment e JOIN flagplane_data.project p ON"
							 " p.id = e.project_id WHERE e.key = 'test' AND p.key = 'race')"),
				all, "reset_environment_sdk_key: every key of a concurrent reset is there");

	/* What has no list to add to: each update begins with what another one left. */
	free(query(owner, "SELECT flagplane.create_flag_link('race', 'f', 'shared')"));
	together("update_flag_link",
			 "SELECT flagplane.update_flag_link('race', 'f', (SELECT id FROM"
			 " flagplane_data.flag_link WHERE key = 'shared'), '[{\"op\": \"add\","
			 " \"path\": \"/title\", \"value\": \"Mine {n}\"}]')");
	free(query(owner, "SELECT flagplane.create_experiment('race', 'test', 'shared', 'E')"));
	together("update_experiment", "SELECT flagplane.update_experiment('race', 'test', 'shared',"
								  " '[{\"kind\": \"updateName\", \"value\": \"Mine {n}\"}]')");
	free(query(owner, "SELECT flagplane.create_sdk_app('race', 'shared', 'expo')"));
	together("update_sdk_app", "SELECT flagplane.update_sdk_app('race', (SELECT id FROM"
							   " flagplane_data.sdk_app WHERE name LIKE 'shared%'),"
							   " name => 'shared {n}')");
	check_equal(
		query(owner,
			  "SELECT coalesce(string_agg(target, ' '), '') FROM (SELECT operation, target"
			  " FROM (SELECT operation, target, after::jsonb - '{_version,environments}'::text[] "
			  "AS is FROM"
			  " flagplane_data.audit_log WHERE operation LIKE 'update%%' EXCEPT ALL"
			  " SELECT operation, target, before::jsonb - '{_version,environments}'::text[] FROM"
			  " flagplane_data.audit_log WHERE operation LIKE 'update%%') l"
			  " GROUP BY 1, 2 HAVING count(*) > 1) broken"),
		"", "every update began with what the one before it left");
}

/*
 * nothing_odd looks for what no order of changes can leave.
 */
static void
nothing_odd(PGconn *owner)
{
	/* Without statistics these questions can take minutes. */
	free(query(owner, "ANALYZE"));
	check_equal(query(owner,
					  "SELECT count(*) FROM flagplane_data.flag f JOIN flagplane_data.environment e"
					  " USING (account_id, project_id) LEFT JOIN flagplane_data.flag_environment c"
					  " ON c.flag_id = f.id AND c.environment_id = e.id WHERE c.flag_id IS NULL"),
				"0", "no flag lacks settings in an environment");
	check_equal(query(owner,
					  "SELECT count(*) FROM flagplane_data.environment e WHERE (SELECT"
					  " count(*) FROM flagplane_data.environment_key k WHERE"
					  " k.environment_id = e.id AND k.name IS NULL AND k.expires_at IS NULL) <> 2"),
				"0", "each environment has its two current keys");
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.idempotency_key"
							 " WHERE response IS NULL AND operation NOT LIKE 'delete\\_%%'"),
				"0", "no claim lacks its answer");
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.access_token t WHERE NOT EXISTS"
							 " (SELECT FROM flagplane_data.access_token_use u WHERE"
							 " u.token_id = t.id)"),
				"0", "no access token lacks the row of its use");
	check_equal(query(owner, "SELECT count(*) FROM (SELECT sum(upper(s) - lower(s)) AS owned FROM"
							 " flagplane_data.layer_reservation r, unnest(r.segments) s GROUP BY"
							 " r.layer_id, r.environment_id) l WHERE owned > 1000"),
				"0", "no layer has given away more than there is");
}

/*
 * test_contest has every change contested.
 */
void
test_contest(void)
{
	PGconn *owner = connect_or_die();

	changes_prepare(owner);
	changes_check_complete(owner);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_or_die();
	for (int i = 0; i < change_count; i++)
		contest_all(owner, &changes[i]);
	lose_nothing(owner);
	/* Flags and environments at once: each is made without knowing of the others. */
	together("create_environment and create_flag",
			 "SELECT CASE {n} % 2 WHEN 0 THEN flagplane.create_flag('env', 'x-{n}', 'F') ELSE"
			 " flagplane.create_environment('env', 'x-{n}', 'E', '000000') END");
	mix_all();
	nothing_odd(owner);
	for (int i = 0; i < CLIENTS; i++)
		PQfinish(clients[i]);
	PQfinish(owner);
}
