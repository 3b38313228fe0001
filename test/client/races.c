/*
 * races.c
 *	  Many clients at once: each of them sends the same request, or its own, with
 *	  and without idempotency keys. One winner, equal replays, no duplicates, and
 *	  no error but the documented ones.
 *
 * The requests are sent before any answer is read, so that the server has them
 * all at the same time; nothing waits for the clock.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 32
#define ROUNDS	10

static PGconn *clients[CLIENTS];

/* How one round ended. */
typedef struct Tally
{
	int made; /* 201, not replayed */
	int replayed;
	int conflicts; /* 409 */
	int others;
	bool equal; /* all 201 have the same body */
} Tally;

/*
 * round_of sends one request from each client and counts the answers.  In uri and
 * body %d stands for the round, and for the client where its own is asked for.
 */
static Tally
round_of(int round, const char *uri, const char *body, bool own, const char *key)
{
	Tally tally = {.equal = true};
	char *first = NULL;

	for (int i = 0; i < CLIENTS; i++)
	{
		int number = own ? round * CLIENTS + i : round;
		char text[1024];
		char headers[128];
		const char *values[3] = {uri, headers, text};

		snprintf(text, sizeof(text), body, number, number);
		if (key)
			snprintf(headers, sizeof(headers), "{\"Idempotency-Key\": \"%s%012d\"}", key, number);
		else
			snprintf(headers, sizeof(headers), "{}");
		PQsendQueryParams(clients[i],
						  "SELECT status, headers->>'Idempotent-Replayed', body"
						  " FROM flagplane.handle('POST', $1, $2::jsonb, $3)",
						  3, NULL, values, NULL, NULL, 0);
	}
	wait_for_all(clients, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
	{
		PGresult *result = PQgetResult(clients[i]);
		const char *status;

		if (PQresultStatus(result) != PGRES_TUPLES_OK)
		{
			printf("# %s", PQerrorMessage(clients[i]));
			tally.others++;
		}
		else
		{
			status = PQgetvalue(result, 0, 0);
			if (strcmp(status, "201") == 0)
			{
				if (first == NULL)
					first = strdup(PQgetvalue(result, 0, 2));
				else if (strcmp(first, PQgetvalue(result, 0, 2)) != 0)
					tally.equal = false;
				if (PQgetisnull(result, 0, 1))
					tally.made++;
				else
					tally.replayed++;
			}
			else if (strcmp(status, "409") == 0)
				tally.conflicts++;
			else
			{
				printf("# %s %s\n", status, PQgetvalue(result, 0, 2));
				tally.others++;
			}
		}
		PQclear(result);
		while ((result = PQgetResult(clients[i])) != NULL)
			PQclear(result);
	}
	free(first);
	return tally;
}

/*
 * race_of runs the rounds of one operation in its four ways.
 */
static void
race_of(const char *name, const char *uri, const char *body, bool needs_key, const char *table,
		PGconn *owner)
{
	bool same_good = true;
	bool own_good = true;
	bool same_keyed_good = true;
	bool own_keyed_good = true;
	char key[64];
	char expected[32];
	char what[128];
	int made = needs_key ? ROUNDS * (1 + CLIENTS) : ROUNDS * 2 * (1 + CLIENTS);
	int start = atoi(query(owner, "SELECT count(*) FROM flagplane_data.%s", table));
	static int made_races = 0;

	made_races++;

	for (int round = 0; round < ROUNDS; round++)
	{
		Tally tally;

		if (!needs_key)
		{
			tally = round_of(10000 + round, uri, body, false, NULL);
			same_good &= tally.made == 1 && tally.conflicts == CLIENTS - 1 && tally.others == 0;
			tally = round_of(20000 + round, uri, body, true, NULL);
			own_good &= tally.made == CLIENTS && tally.others == 0;
		}
		/* A key serves one operation. */
		snprintf(key, sizeof(key), "%08x-0000-4000-8000-", made_races);
		tally = round_of(30000 + round, uri, body, false, key);
		same_keyed_good &=
			tally.made == 1 && tally.replayed == CLIENTS - 1 && tally.others == 0 && tally.equal;
		tally = round_of(50000 + round, uri, body, true, key);
		own_keyed_good &= tally.made == CLIENTS && tally.others == 0;
	}
	if (!needs_key)
	{
		check(same_good, "%s: the same key, %d clients: one winner, conflicts for the rest", name,
			  CLIENTS);
		check(own_good, "%s: own keys: all are made", name);
	}
	check(same_keyed_good,
		  "%s: the same idempotency key: one makes, the rest replay the same answer", name);
	check(own_keyed_good, "%s: own idempotency keys: all are made", name);
	snprintf(expected, sizeof(expected), "%d", start + made);
	snprintf(what, sizeof(what), "%s: as many rows as were answered", name);
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.%s", table), expected, what);
	snprintf(what, sizeof(what), "%s: as many audit rows", name);
	snprintf(expected, sizeof(expected), "%d", made);
	check_equal(query(owner,
					  "SELECT count(*) FROM flagplane_data.audit_log WHERE operation = '%s'"
					  " AND target NOT IN (%s)",
					  name, "'proj/race', 'proj/race:env/*:flag/f'"),
				expected, what);
}

/*
 * test_races races every documented create.
 */
void
test_races(void)
{
	PGconn *owner = connect_or_die();
	char uri[128];
	char *project;

	query(owner, "SET client_min_messages = warning");
	query(owner, "CREATE EXTENSION flagplane CASCADE");
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_or_die();
	query(owner, "SELECT flagplane.create_project('race', 'Race', environments => "
				 "'[{\"key\":\"e\",\"name\":\"E\",\"color\":\"000000\"}]')");
	query(owner, "SELECT flagplane.create_flag('race', 'f', 'F')");
	project = query(owner, "SELECT id FROM flagplane_data.project WHERE key = 'race'");

	race_of("create_layer", "/api/v2/projects/race/layers",
			"{\"key\": \"race-%d\", \"name\": \"Race %d\", \"description\": \"\"}", false, "layer",
			owner);
	race_of("create_flag", "/api/v2/flags/race", "{\"key\": \"race-%d\", \"name\": \"Race %d\"}",
			false, "flag", owner);
	race_of("create_environment", "/api/v2/projects/race/environments",
			"{\"key\": \"race-%d\", \"name\": \"Race %d\", \"color\": \"000000\"}", false,
			"environment", owner);
	race_of("create_flag_link", "/api/v2/flag-links/projects/race/flags/f",
			"{\"key\": \"race-%d\", \"title\": \"Race %d\"}", false, "flag_link", owner);
	race_of("create_project", "/api/v2/projects", "{\"key\": \"race-%d\", \"name\": \"Race %d\"}",
			false, "project", owner);
	snprintf(uri, sizeof(uri), "/v1/projects/%s/sdk-apps", project);
	race_of("create_sdk_app", uri,
			"{\"name\": \"Race %d\", \"platform\": \"ios\", \"bundleId\": \"com.example.race-%d\"}",
			true, "sdk_app", owner);

	/* Without statistics the next questions can take minutes. */
	query(owner, "ANALYZE");

	/* Whatever the order, each flag has its settings in each environment of its project. */
	check_equal(query(owner,
					  "SELECT count(*) FROM flagplane_data.flag f JOIN flagplane_data.environment e"
					  " USING (account_id, project_id) LEFT JOIN flagplane_data.flag_environment c"
					  " ON c.flag_id = f.id AND c.environment_id = e.id WHERE c.flag_id IS NULL"),
				"0", "no flag lacks settings in an environment");
	check_equal(query(owner,
					  "SELECT count(*) FROM flagplane_data.environment e WHERE (SELECT count(*)"
					  " FROM flagplane_data.environment_key k WHERE k.environment_id = e.id) <> 2"),
				"0", "each environment has its two keys");
	check_equal(
		query(owner, "SELECT count(*) FROM flagplane_data.idempotency_key WHERE response IS NULL"),
		"0", "no claim lacks its answer");
	for (int i = 0; i < CLIENTS; i++)
		PQfinish(clients[i]);
	PQfinish(owner);
	free(project);
}
