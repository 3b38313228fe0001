/*
 * feed.c
 *	  The feed of changes under many transactions that begin, change things, roll
 *	  back and commit in any order, a consumer polling all the while: each
 *	  committed change is told once, in the feed's order, and nothing else is.
 *
 * The order of steps is drawn at random from a fixed seed, so that what fails once
 * fails again; the server has up to sixteen transactions open at any time.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITERS 16
#define STEPS	4000
#define PAGE	7

static PGconn *writers[WRITERS];
static bool is_open[WRITERS];

/*
 * step moves one transaction on: begins it, changes something in it, takes some of
 * it back, or ends it.
 */
static void
step(int writer, int number)
{
	PGconn *connection = writers[writer];

	if (!is_open[writer])
		free(query(connection, "BEGIN"));
	is_open[writer] = true;
	switch (rand() % 8)
	{
		case 0:
			free(query(connection, "COMMIT"));
			is_open[writer] = false;
			break;
		case 1:
			free(query(connection, "ROLLBACK"));
			is_open[writer] = false;
			break;
		case 2:
			free(query(connection, "SAVEPOINT s"));
			free(query(connection,
					   "SELECT flagplane.create_layer('feed', 'undone-%d', 'Undone', '')", number));
			free(query(connection, "ROLLBACK TO s"));
			break;
		case 3:
			free(query(connection,
					   "SELECT status FROM flagplane.handle('POST', '/api/v2/projects/feed/layers',"
					   " '{}', '{\"key\": \"rest-%d\", \"name\": \"L\", \"description\": \"\"}')",
					   number));
			break;
		case 4:
			/* Open, and nothing written yet. */
			break;
		default:
			free(query(connection, "SELECT flagplane.create_layer('feed', 'l-%d', 'L', '')",
					   number));
	}
}

/*
 * poll reads a page of the feed and keeps what it was told, in the order of telling,
 * in a table of the consumer's own; it tells whether there is more.
 */
static bool
poll(PGconn *consumer)
{
	char *more = query(
		consumer,
		"WITH page AS MATERIALIZED (SELECT flagplane.changes(cursor, %d) AS page FROM consumer),"
		" kept AS (INSERT INTO told (id, target) SELECT e->>'_id', e->>'target' FROM page,"
		" json_array_elements(page->'items') WITH ORDINALITY i(e, n) ORDER BY n),"
		" moved AS (UPDATE consumer SET cursor = page->>'nextCursor' FROM page)"
		" SELECT page->>'hasMore' FROM page",
		PAGE);
	bool is_more = strcmp(more, "true") == 0;

	if (strcmp(more, "false") != 0 && !is_more)
		check(false, "a poll answers %s", more);
	free(more);
	return is_more;
}

/*
 * test_feed runs the steps, then compares what was told with what is there.
 */
void
test_feed(void)
{
	PGconn *consumer = connect_or_die();
	char *committed;
	char *settled = NULL;

	free(query(consumer, "SET client_min_messages = warning"));
	free(query(consumer, "CREATE EXTENSION flagplane CASCADE"));
	free(query(consumer, "CREATE TABLE consumer (cursor text)"));
	free(query(consumer, "INSERT INTO consumer VALUES (NULL)"));
	free(query(consumer, "CREATE TABLE told (place serial, id text, target text)"));
	free(query(consumer, "SELECT flagplane.create_project('feed', 'Feed')"));
	for (int i = 0; i < WRITERS; i++)
		writers[i] = connect_or_die();

	srand(1);
	for (int i = 0; i < STEPS; i++)
	{
		step(rand() % WRITERS, i);
		if (rand() % 3 == 0)
			(void) poll(consumer);
	}
	for (int i = 0; i < WRITERS; i++)
	{
		if (is_open[i])
			free(query(writers[i], i % 2 == 0 ? "COMMIT" : "ROLLBACK"));
		PQfinish(writers[i]);
	}

	/* A transaction of another database may be in the way for a moment. */
	committed = query(consumer, "SELECT count(*) FROM flagplane_data.audit_log");
	check(atoi(committed) > STEPS / 8, "many changes were committed (%s)", committed);
	do
	{
		free(settled);
		settled = query(consumer, "SELECT max(xid) < pg_snapshot_xmin(pg_current_snapshot())"
								  " FROM flagplane_data.audit_log");
	} while (strcmp(settled, "f") == 0);
	while (poll(consumer))
		;
	check_equal(query(consumer, "SELECT count(*) - count(DISTINCT id) FROM told"), "0",
				"no change is told twice");
	check_equal(query(consumer,
					  "SELECT count(*) FROM (SELECT target FROM flagplane_data.audit_log EXCEPT ALL"
					  " SELECT target FROM told) missed"),
				"0", "no change is missed");
	check_equal(query(consumer, "SELECT count(*) FROM (SELECT target FROM told EXCEPT ALL"
								" SELECT target FROM flagplane_data.audit_log) invented"),
				"0", "nothing is told that was not committed");
	check_equal(query(consumer, "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY place)"
								" AS before FROM told) t WHERE id COLLATE \"C\" <= before"),
				"0", "no later answer tells of an earlier place");
	/* The test is one only if time and ids would have misled the consumer. */
	check_equal(query(consumer,
					  "SELECT count(*) > 0 FROM (SELECT l.at, lag(l.at) OVER (ORDER BY l.epoch,"
					  " l.xid, l.ordinal) AS before FROM flagplane_data.audit_log l) t"
					  " WHERE at < before"),
				"t", "transactions changed things in another order than they began in");
	free(committed);
	free(settled);
	PQfinish(consumer);
}
