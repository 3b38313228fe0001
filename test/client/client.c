/*
 * client.c
 *	  Tests that need a client of their own, by their names.
 *	  The connection is the one that PGHOST and friends name.
 */
#include "client.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tests = 0;
static int failures = 0;

/*
 * connect_or_die opens a connection.
 */
PGconn *
connect_or_die(void)
{
	PGconn *connection = PQconnectdb("");

	if (PQstatus(connection) != CONNECTION_OK)
	{
		fprintf(stderr, "%s", PQerrorMessage(connection));
		exit(2);
	}
	return connection;
}

/*
 * query runs a statement and returns its first value, or "ERROR <SQLSTATE>".
 */
char *
query(PGconn *connection, const char *format, ...)
{
	char statement[16384];
	char *value;
	PGresult *result;
	va_list args;

	va_start(args, format);
	vsnprintf(statement, sizeof(statement), format, args);
	va_end(args);
	result = PQexec(connection, statement);
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
		value = strdup(PQgetvalue(result, 0, 0));
	else if (PQresultStatus(result) == PGRES_COMMAND_OK ||
			 PQresultStatus(result) == PGRES_TUPLES_OK)
		value = strdup("");
	else
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		value = malloc(32);
		snprintf(value, 32, "ERROR %s", state ? state : "?");
	}
	PQclear(result);
	return value;
}

/*
 * number_of is a number in the environment.
 */
uint32_t
number_of(const char *name, uint32_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? (uint32_t) strtoul(value, NULL, 10) : otherwise;
}

/*
 * wait_for_all takes in what the server sends to any client until every answer
 * is complete: a server that cannot send its answer holds its locks.
 */
void
wait_for_all(PGconn **clients, int count)
{
	for (;;)
	{
		struct pollfd sockets[count];
		bool busy = false;

		for (int i = 0; i < count; i++)
		{
			if (!PQconsumeInput(clients[i]))
			{
				fprintf(stderr, "%s", PQerrorMessage(clients[i]));
				exit(2);
			}
			busy |= PQisBusy(clients[i]);
			sockets[i].fd = PQisBusy(clients[i]) ? PQsocket(clients[i]) : -1;
			sockets[i].events = POLLIN;
		}
		if (!busy)
			return;
		poll(sockets, count, -1);
	}
}

/*
 * check counts a test and prints its result.
 */
void
check(bool good, const char *format, ...)
{
	va_list args;

	tests++;
	if (!good)
		failures++;
	printf("%s %d - ", good ? "ok" : "not ok", tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/*
 * check_equal checks that a value is the expected one.
 */
void
check_equal(const char *got, const char *expected, const char *what)
{
	check(strcmp(got, expected) == 0, "%s", what);
	if (strcmp(got, expected) != 0)
		printf("# got      %s\n# expected %s\n", got, expected);
}

/*
 * check_contains checks that a value has the expected part.
 */
void
check_contains(const char *got, const char *part, const char *what)
{
	check(strstr(got, part) != NULL, "%s", what);
	if (strstr(got, part) == NULL)
		printf("# got      %s\n# expected %s\n", got, part);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "postgrest") == 0)
		test_postgrest();
	else if (argc == 2 && strcmp(argv[1], "races") == 0)
		test_races();
	else if (argc == 2 && strcmp(argv[1], "limits") == 0)
		test_limits();
	else if (argc == 2 && strcmp(argv[1], "feed") == 0)
		test_feed();
	else if (argc == 2 && strcmp(argv[1], "contest") == 0)
		test_contest();
	else if (argc == 2 && strcmp(argv[1], "crash") == 0)
		test_crash();
	else if (argc == 2 && strcmp(argv[1], "orders") == 0)
		test_orders();
	else if (argc == 2 && strcmp(argv[1], "pairs") == 0)
		test_pairs();
	else if (argc == 2 && strcmp(argv[1], "hostile") == 0)
		test_hostile();
	else if (argc == 2 && strcmp(argv[1], "rights") == 0)
		test_rights();
	else if (argc == 2 && strcmp(argv[1], "secrets") == 0)
		test_secrets();
	else
	{
		fprintf(stderr,
				"usage: %s postgrest | races | limits | feed | contest | crash | orders | pairs "
				"| hostile | rights | secrets\n",
				argv[0]);
		return 2;
	}
	printf("1..%d\n", tests);
	return failures == 0 ? 0 : 1;
}
