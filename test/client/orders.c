/*
 * orders.c
 *	  Calls of several accounts on the nodes of a cluster, in the order of a file, while servers
 *	  fail and rows move.  A call that is refused for the time being is made again, the same one
 *	  under the same idempotency key, until it is answered: the accounts of other servers go on
 *	  meanwhile, and the calls of its own account wait, so that the answers are those of calls one
 *	  after the other.
 *
 * A line of standard input is: number, account, node, an expression or nothing, a statement, with
 * tabs between.  The expression is asked for first and once; its value is :id in the statement.
 * "! command" runs a command, "& command" does not wait for it.  NODE_<node> is where a node
 * is.  Prints number, account and answer, and in lines that begin with # what was refused.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNTS_MAX	4
#define NODES_MAX		8
#define BACKLOG_MAX		4096
#define COMMANDS_MAX	64
#define LINE_SIZE		65536
#define SECONDS_TO_WAIT 120

typedef struct Order
{
	char *number;
	char *node;
	char *expression; /* empty when there is none, or it has been asked for */
	char *statement;
	char *id; /* its value; NULL for NULL */
} Order;

/* An account, its connections, and its calls that wait, the first of which was refused. */
typedef struct Account
{
	char *name;
	int nodes;
	char *node_names[NODES_MAX];
	PGconn *connections[NODES_MAX];
	int first;
	int count;
	Order *backlog[BACKLOG_MAX];
} Account;

static Account accounts[ACCOUNTS_MAX];
static int account_count = 0;
static int refusals = 0;

static void
die(const char *what, const char *which)
{
	fprintf(stderr, "orders: %s: %s\n", what, which);
	exit(2);
}

static Account *
account_of(const char *name)
{
	for (int i = 0; i < account_count; i++)
		if (strcmp(accounts[i].name, name) == 0)
			return &accounts[i];
	if (account_count == ACCOUNTS_MAX)
		die("too many accounts", name);
	accounts[account_count].name = strdup(name);
	return &accounts[account_count++];
}

static PGconn *
connect_to(const char *node, const char *account)
{
	char variable[64];
	char where[1024];

	snprintf(variable, sizeof(variable), "NODE_%s", node);
	if (getenv(variable) == NULL)
		die("unknown node", node);
	snprintf(where, sizeof(where),
			 "%s options='-c client_min_messages=warning -c statement_timeout=30s"
			 " -c flagplane.account=%s'",
			 getenv(variable), account);
	return PQconnectdb(where);
}

/*
 * connection_of is an account's connection to a node, made anew if it was lost; NULL while the
 * node cannot be reached.
 */
static PGconn *
connection_of(Account *account, const char *node)
{
	int i = 0;

	while (i < account->nodes && strcmp(account->node_names[i], node) != 0)
		i++;
	if (i == account->nodes)
	{
		if (i == NODES_MAX)
			die("too many nodes", node);
		account->node_names[i] = strdup(node);
		account->connections[i] = connect_to(node, account->name);
		account->nodes++;
	}
	if (PQstatus(account->connections[i]) != CONNECTION_OK)
		PQreset(account->connections[i]);
	return PQstatus(account->connections[i]) == CONNECTION_OK ? account->connections[i] : NULL;
}

static bool
failed(const PGresult *result)
{
	return PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK;
}

/*
 * is_temporary tells whether a call that was answered so may be repeated as it is: the connection
 * was lost, a server is not to be had or has too little of something, or another transaction is in
 * the way, for which REST has the status 503.  Everything else is an answer.
 */
static bool
is_temporary(const PGresult *result)
{
	static const char *const states[] = {"08", "40", "53", "55P03", "57P0", "57014"};
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message;

	if (!failed(result))
		return PQntuples(result) > 0 && strcmp(PQgetvalue(result, 0, 0), "503") == 0;
	if (state == NULL)
		return true;
	/* What Citus says when a server was killed, which has no state of its own. */
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (strstr(message, "postmaster was shut down") ||
		strstr(message, "failure on connection marked as essential"))
		return true;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strncmp(state, states[i], strlen(states[i])) == 0)
			return true;
	return false;
}

static void
print_line(const char *text)
{
	for (; *text; text++)
		putchar(*text == '\n' ? ' ' : *text);
}

/*
 * refuse notes that a call was refused for the time being, and why.
 */
static bool
refuse(const Account *account, const Order *order, const PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

	refusals++;
	printf("# refused\t%s\t%s\t%s\t%s\t", order->number, account->name, order->node,
		   state ? state : "connection");
	print_line(result ? PQresultErrorMessage(result) : "");
	printf("\n");
	return false;
}

static void
answer(const Account *account, const Order *order, const PGresult *result)
{
	printf("%s\t%s\t", order->number, account->name);
	if (failed(result))
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		printf("%s: ", state ? state : "?");
		print_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	}
	else
		for (int row = 0; row < PQntuples(result); row++)
			for (int column = 0; column < PQnfields(result); column++)
			{
				if (row + column > 0)
					printf(" | ");
				print_line(PQgetisnull(result, row, column) ? "NULL"
															: PQgetvalue(result, row, column));
			}
	printf("\n");
}

/*
 * with_id is a statement with the value of :id in its place.
 */
static char *
with_id(PGconn *connection, const Order *order)
{
	char *literal =
		order->id ? PQescapeLiteral(connection, order->id, strlen(order->id)) : strdup("NULL");
	size_t size = strlen(order->statement) * (strlen(literal) + 1) + 1;
	char *statement = calloc(1, size);
	const char *from = order->statement;

	for (const char *at; (at = strstr(from, ":id")) != NULL; from = at + strlen(":id"))
	{
		strncat(statement, from, at - from);
		strcat(statement, literal);
	}
	strcat(statement, from);
	free(literal);
	return statement;
}

/*
 * call makes a call, and returns whether it was answered.
 */
static bool
call(Account *account, Order *order)
{
	PGconn *connection = connection_of(account, order->node);
	PGresult *result;
	char *statement;
	bool answered;

	if (connection == NULL)
		return refuse(account, order, NULL);
	if (order->expression[0] != '\0')
	{
		result = PQexec(connection, order->expression);
		answered = !is_temporary(result);
		if (!answered)
			refuse(account, order, result);
		else if (failed(result))
			answer(account, order, result);
		else
		{
			if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
				order->id = strdup(PQgetvalue(result, 0, 0));
			order->expression = "";
		}
		PQclear(result);
		if (!answered || order->expression[0] != '\0')
			return answered;
	}
	statement = with_id(connection, order);
	result = PQexec(connection, statement);
	answered = !is_temporary(result);
	if (answered)
		answer(account, order, result);
	else
		refuse(account, order, result);
	PQclear(result);
	free(statement);
	return answered;
}

/*
 * work_off makes the calls that wait, until one is refused again.
 */
static void
work_off(Account *account)
{
	while (account->first < account->count && call(account, account->backlog[account->first]))
		account->first++;
}

static void
take_order(char *line)
{
	Order *order = calloc(1, sizeof(Order));
	Account *account;
	char *name;

	order->number = strdup(strsep(&line, "\t"));
	name = strsep(&line, "\t");
	order->node = strdup(strsep(&line, "\t"));
	order->expression = strdup(strsep(&line, "\t"));
	if (line == NULL)
		die("not an order", order->number);
	order->statement = strdup(line);
	account = account_of(name);
	for (int i = 0; i < account_count; i++)
		work_off(&accounts[i]);
	if (account->first == account->count && call(account, order))
		return;
	if (account->count == BACKLOG_MAX)
		die("too many calls wait", order->number);
	account->backlog[account->count++] = order;
}

/*
 * wait_for_answers makes the calls that wait, for a bounded time.
 */
static void
wait_for_answers(void)
{
	time_t end = time(NULL) + SECONDS_TO_WAIT;
	bool waiting = true;

	while (waiting)
	{
		waiting = false;
		for (int i = 0; i < account_count; i++)
		{
			work_off(&accounts[i]);
			waiting |= accounts[i].first < accounts[i].count;
		}
		if (waiting && time(NULL) > end)
			die("calls are still refused", accounts[0].name);
		if (waiting)
			usleep(100000);
	}
}

static pid_t
start_command(const char *command)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
	{
		execl("/bin/bash", "bash", "-c", command, (char *) NULL);
		_exit(127);
	}
	return child;
}

static void
wait_for_command(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("a command failed", "see above");
}

void
test_orders(void)
{
	static char line[LINE_SIZE];
	pid_t commands[COMMANDS_MAX];
	int command_count = 0;

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '!')
			wait_for_command(start_command(line + 1));
		else if (line[0] == '&' && command_count < COMMANDS_MAX)
			commands[command_count++] = start_command(line + 1);
		else if (line[0] == '&')
			die("too many commands", line);
		else
			take_order(line);
	}
	for (int i = 0; i < command_count; i++)
		wait_for_command(commands[i]);
	wait_for_answers();
	printf("# %d refusals\n", refusals);
	exit(0);
}
