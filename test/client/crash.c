/*
 * crash.c
 *	  The postmaster is killed, again and again, at random moments of a load of every
 *	  operation that changes anything. After each recovery all that was acknowledged
 *	  is there, an idempotency key and its change are there together or not at all,
 *	  retries converge on one answer, each change has one audit row, and a consumer of
 *	  the feed has been told each once.
 *
 * CRASH_SEED is the seed of the moments, CRASH_RECOVER the command that starts the
 * server again.
 */
#include "changes.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CLIENTS	 12
#define KILLS	 24
#define CALL	 2 /* the phase after the steps */
#define PAGE	 200
#define ID_BYTES 24

/* A call of a change or of a step before it. */
typedef struct Sent
{
	const Change *change;
	int number;
	int phase;	  /* of the steps, or CALL */
	char *answer; /* NULL: not acknowledged */
} Sent;

static PGconn *clients[CLIENTS];
static int current[CLIENTS]; /* what each client has sent last; -1: nothing */

static Sent *sent;
static int sent_count = 0;
static int checked = 0; /* so many of those were looked at after a crash */
static int units = 0;

/* What the consumer of the feed was told: ids, one after the other. */
static char *told;
static int told_count = 0;
static char cursor[64] = "";

/*
 * statement_of is the SQL of what was sent, and the SQL of its idempotency key.
 */
static void
statement_of(const Sent *one, char *statement, char *key)
{
	change_key(key,
			   one->phase == CALL ? "crash"
			   : one->phase == 0  ? "first"
								  : "second",
			   one->change, one->number);
	if (one->phase == CALL)
		change_call(statement, one->change, one->number, key);
	else
		change_step(statement, one->change, one->phase, one->number);
}

/*
 * send_next sends a client's next call: what follows on its last one, or the first of
 * another change.
 */
static void
send_next(int client)
{
	Sent next = {.change = &changes[rand() % change_count]};
	char statement[STATEMENT_BYTES];
	char key[STATEMENT_BYTES];
	const Sent *last = current[client] < 0 ? NULL : &sent[current[client]];

	if (last && last->phase < CALL)
	{
		next = *last;
		next.answer = NULL;
		next.phase++;
	}
	else
		next.number = ++units;
	while (next.phase < CALL && next.change->steps[next.phase] == NULL)
		next.phase++;
	sent = realloc(sent, (sent_count + 1) * sizeof(Sent));
	sent[sent_count] = next;
	current[client] = sent_count++;
	statement_of(&next, statement, key);
	PQsendQuery(clients[client], statement);
}

/*
 * take_answer takes in the answer to a client's call and tells whether there was one:
 * there is none from a server that has died.
 */
static bool
take_answer(int client)
{
	Sent *one = &sent[current[client]];
	PGresult *result;

	while ((result = PQgetResult(clients[client])) != NULL)
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			one->answer = strdup(PQgetvalue(result, 0, 0));
		else if (state && strncmp(state, "57", 2) != 0)
			check(false, "%s: %s", one->change->operation, PQresultErrorMessage(result));
		PQclear(result);
	}
	return one->answer != NULL;
}

/*
 * read_feed reads a page of the feed and tells whether there is more.
 */
static bool
read_feed(PGconn *consumer)
{
	const char *after[1] = {cursor[0] ? cursor : NULL};
	PGresult *result =
		PQexecParams(consumer,
					 "SELECT p->>'nextCursor', p->>'hasMore', (SELECT string_agg(e->>'_id', ''"
					 " ORDER BY n) FROM json_array_elements(p->'items') WITH ORDINALITY i(e, n))"
					 " FROM (SELECT flagplane.changes($1, 200) AS p OFFSET 0) page",
					 1, NULL, after, NULL, NULL, 0);
	bool more;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		check(false, "the feed answers: %s", PQresultErrorMessage(result));
		exit(1);
	}
	int length = PQgetlength(result, 0, 2);

	told = realloc(told, (size_t) told_count * ID_BYTES + length + 1);
	memcpy(told + (size_t) told_count * ID_BYTES, PQgetvalue(result, 0, 2), length + 1);
	told_count += length / ID_BYTES;
	snprintf(cursor, sizeof(cursor), "%s", PQgetvalue(result, 0, 0));
	more = PQgetvalue(result, 0, 1)[0] == 't';
	PQclear(result);
	return more;
}

/*
 * load has the clients call until so many calls are acknowledged.
 */
static void
load(PGconn *consumer, int target)
{
	int acknowledged = 0;

	for (int i = 0; i < CLIENTS; i++)
		send_next(i);
	while (acknowledged < target)
	{
		struct pollfd sockets[CLIENTS];

		for (int i = 0; i < CLIENTS; i++)
			sockets[i] = (struct pollfd){.fd = PQsocket(clients[i]), .events = POLLIN};
		poll(sockets, CLIENTS, -1);
		for (int i = 0; i < CLIENTS; i++)
		{
			if (!sockets[i].revents)
				continue;
			if (!PQconsumeInput(clients[i]))
			{
				fprintf(stderr, "a backend has died: %s", PQerrorMessage(clients[i]));
				exit(1);
			}
			if (PQisBusy(clients[i]))
				continue;
			if (!take_answer(i))
				exit(1);
			send_next(i);
			if (++acknowledged % 25 == 0)
				(void) read_feed(consumer);
		}
	}
}

/*
 * kill_server kills the postmaster, and in every other round all other processes of
 * the server as well, which otherwise end what they are at and see that it is gone.
 */
static void
kill_server(PGconn *consumer, bool whole)
{
	PGresult *processes = PQexec(consumer, "SELECT pid FROM pg_stat_activity");
	char path[1024];
	FILE *file;
	int postmaster;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", getenv("FLAGPLANE_CLUSTER"));
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%d", &postmaster) != 1)
	{
		perror(path);
		exit(2);
	}
	fclose(file);
	kill(postmaster, SIGKILL);
	for (int i = 0; whole && i < PQntuples(processes); i++)
		kill(atoi(PQgetvalue(processes, i, 0)), SIGKILL);
	PQclear(processes);
}

/*
 * is_claimed tells whether an idempotency key is there with its answer.
 */
static bool
is_claimed(PGconn *owner, const char *key)
{
	char *answer = query(owner,
						 "SELECT EXISTS (SELECT FROM flagplane_data.idempotency_key WHERE"
						 " key_hash = sha256(uuid_send(%s))"
						 " AND (response IS NOT NULL OR operation LIKE 'delete\\_%%'))",
						 key);
	bool is = strcmp(answer, "t") == 0;

	free(answer);
	return is;
}

/*
 * is_done tells whether a change is there.
 */
static bool
is_done(PGconn *owner, const Sent *one)
{
	char condition[STATEMENT_BYTES];
	char *answer;
	bool is;

	change_text(condition, one->change->done, one->number, "");
	answer = query(owner, "SELECT %s", condition);
	is = strcmp(answer, "t") == 0;
	free(answer);
	return is;
}

/*
 * retry sends a call again and tells whether its answer is the one that it has had; if
 * it has had none, it is the first from now on.
 */
static bool
retry(PGconn *owner, Sent *one, const char *statement)
{
	char *answer = query(owner, "%s", statement);
	bool same = one->answer == NULL || strcmp(answer, one->answer) == 0;

	if (strncmp(answer, "ERROR", 5) == 0)
		same = false;
	if (!same)
		printf("# %s\n# %s\n# %s\n", statement, one->answer ? one->answer : "-", answer);
	if (one->answer == NULL)
		one->answer = answer;
	else
		free(answer);
	return same;
}

/*
 * look_after looks at all that was sent before the crash, and tells how many calls
 * were under way in it.
 */
static void
look_after(PGconn *owner, int kill, int *torn_count)
{
	bool kept = true;
	bool together = true;
	bool converged = true;
	char *rows;

	for (; checked < sent_count; checked++)
	{
		Sent *one = &sent[checked];
		char statement[STATEMENT_BYTES];
		char key[STATEMENT_BYTES];
		bool claimed;

		statement_of(one, statement, key);
		claimed = is_claimed(owner, key);
		if (one->answer)
			kept &= claimed && (one->phase < CALL || is_done(owner, one));
		else
		{
			(*torn_count)++;
			together &= one->phase < CALL || claimed == is_done(owner, one);
			converged &= retry(owner, one, statement);
		}
		converged &= retry(owner, one, statement);
	}
	/* The flags that plan() makes on the way are changes of their own. */
	rows = query(owner, "SELECT count(*) FROM flagplane_data.audit_log"
						" WHERE NOT (operation = 'create_flag' AND target LIKE '%%:flag/of-%%')");
	check(kept && together && converged && atoi(rows) == sent_count,
		  "crash %d: kept %d, together %d, converged %d, %s audit rows of %d calls", kill, kept,
		  together, converged, rows, sent_count);
	free(rows);
}

/*
 * say_nothing keeps what a dying backend has to say from the test's output.
 */
static void
say_nothing(void *context, const PGresult *result)
{
	(void) context;
	(void) result;
}

/*
 * connect_all opens the clients' connections.
 */
static void
connect_all(void)
{
	for (int i = 0; i < CLIENTS; i++)
	{
		clients[i] = connect_or_die();
		PQsetNoticeReceiver(clients[i], say_nothing, NULL);
	}
}

/*
 * crash runs the load until so many calls are acknowledged, kills the server under it,
 * and starts it again.
 */
static void
crash(PGconn *consumer, bool whole)
{
	connect_all();
	load(consumer, 50 + rand() % 250);
	kill_server(consumer, whole);
	for (int i = 0; i < CLIENTS; i++)
	{
		(void) take_answer(i);
		PQfinish(clients[i]);
	}
	PQfinish(consumer);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (system(getenv("CRASH_RECOVER")) != 0)
	{
		check(false, "the server starts again");
		exit(1);
	}
}

/*
 * look_at_feed compares what the consumer was told with the whole feed.
 */
static void
look_at_feed(PGconn *owner)
{
	char *before = told;
	int count = told_count;
	char *rows = query(owner, "SELECT count(*) FROM flagplane_data.audit_log");

	told = NULL;
	told_count = 0;
	cursor[0] = '\0';
	while (read_feed(owner))
		;
	check(told_count == atoi(rows), "the feed has each change once (%d of %s)", told_count, rows);
	check(count == told_count && memcmp(before, told, (size_t) count * ID_BYTES) == 0,
		  "the consumer was told each once, whatever crashed (%d of %d)", count, told_count);
	free(before);
	free(rows);
}

/*
 * test_crash kills the server again and again.
 */
void
test_crash(void)
{
	uint32_t seed = number_of("CRASH_SEED", 1);
	PGconn *owner = connect_or_die();
	bool all_there = true;
	int torn_count = 0;

	/* The orphans of a server that was started from here come here, and are waited for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	printf("# CRASH_SEED=%u\n", seed);
	srand(seed);
	changes_prepare(owner);
	changes_check_complete(owner);
	/* What was made until now counts as sent by nobody. */
	free(query(owner, "DELETE FROM flagplane_data.audit_log"));
	for (int i = 0; i < CLIENTS; i++)
		current[i] = -1;
	for (int kill = 1; kill <= KILLS; kill++)
	{
		crash(owner, kill % 2 == 0);
		owner = connect_or_die();
		look_after(owner, kill, &torn_count);
	}
	check(torn_count >= KILLS, "the crashes found calls under way (%d of %d)", torn_count,
		  sent_count);
	for (int i = 0; i < sent_count; i++)
	{
		char statement[STATEMENT_BYTES];
		char key[STATEMENT_BYTES];

		statement_of(&sent[i], statement, key);
		all_there &= retry(owner, &sent[i], statement);
		if (sent[i].phase == CALL)
			all_there &= is_done(owner, &sent[i]);
	}
	check(all_there, "all that was ever acknowledged is there in the end");
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.idempotency_key"
							 " WHERE response IS NULL AND operation NOT LIKE 'delete\\_%%'"),
				"0", "no claim lacks its answer");
	while (read_feed(owner))
		;
	look_at_feed(owner);
	PQfinish(owner);
}
