/*
 * bridge.c
 *	  Test code: what PostgREST makes of HTTP requests, as far as the tests of the
 *	  whole path need it.  "bridge postgrest.conf" reads PostgREST's own settings,
 *	  prints the port that it listens on, and serves functions by POST and GET and
 *	  views by GET, over one connection to the database that is used for every
 *	  request, as those of PostgREST's pool are.
 *
 * Not there: JWTs, the schema cache (the catalog is asked each time), embedding,
 * counting, changes of views, the OpenAPI description.
 */
#include "http.h"
#include "sequence.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define COLUMNS_MAX		16
#define JSON_TYPE		"Content-Type: application/json; charset=utf-8\r\n"

static PGconn *pool;	/* the connection that requests are run on */
static PGconn *catalog; /* what PostgREST's cache and its own code would know */
static char anonymous[64];
static char pre_request[128];
static char uri[512];
static int port;

/*
 * read_settings reads PostgREST's settings file.
 */
static void
read_settings(const char *name)
{
	char line[1024];
	FILE *file = fopen(name, "r");

	if (file == NULL)
	{
		perror(name);
		exit(1);
	}
	while (fgets(line, sizeof(line), file))
	{
		sscanf(line, "db-anon-role = \"%63[^\"]\"", anonymous);
		sscanf(line, "db-pre-request = \"%127[^\"]\"", pre_request);
		sscanf(line, "db-uri = \"%511[^\"]\"", uri);
		sscanf(line, "server-port = %d", &port);
	}
	fclose(file);
}

/*
 * refuse answers with an error of PostgREST's own.
 */
static void
refuse(int connection, const HttpRequest *request, int status, const char *code)
{
	char body[256];

	snprintf(body, sizeof(body),
			 "{\"code\":\"%s\",\"details\":null,\"hint\":null,\"message\":\"%s\"}", code, code);
	http_answer(connection, request, status, JSON_TYPE, body);
}

/*
 * status_of_state is the status that PostgREST gives to a SQLSTATE.
 */
static int
status_of_state(const char *state)
{
	static const struct
	{
		const char *start;
		int status;
	} table[] = {{"23503", 409}, {"23505", 409}, {"25006", 405}, {"42501", 401}, {"42883", 404},
				 {"42P01", 404}, {"53400", 500}, {"P0001", 400}, {"08", 503},	 {"53", 503},
				 {"28", 403},	 {"40", 500},	 {"54", 500},	 {"55", 500},	 {"57", 500},
				 {"58", 500},	 {"XX", 500},	 {"P0", 500},	 {"", 400}};

	if (strncmp(state, "PT", 2) == 0)
		return atoi(state + 2);
	for (int i = 0;; i++)
		if (strncmp(state, table[i].start, strlen(table[i].start)) == 0)
			return table[i].status;
}

/*
 * add_headers adds the lines of a JSON object, or of an array of such, of headers.
 */
static bool
add_headers(const char *json, Text *lines)
{
	PGresult *result =
		PQexecParams(catalog,
					 "SELECT h.key, h.value FROM json_array_elements(CASE json_typeof($1::json)"
					 " WHEN 'array' THEN $1::json ELSE json_build_array($1::json) END) o,"
					 " json_each_text(o) h",
					 1, NULL, &json, NULL, NULL, 0);
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
	bool typed = false;

	for (int i = 0; good && i < PQntuples(result); i++)
	{
		typed |= strcasecmp(PQgetvalue(result, i, 0), "Content-Type") == 0;
		text_add(lines, "%s: %s\r\n", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
	}
	PQclear(result);
	if (!typed)
		text_add(lines, JSON_TYPE);
	return good;
}

/*
 * answer_error answers with what the database refused.  SQLSTATE PGRST says
 * everything itself.
 */
static void
answer_error(int connection, const HttpRequest *request, const Exchange *exchange)
{
	const char *values[] = {exchange->state, exchange->body, exchange->detail, exchange->hint};
	bool whole = strcmp(exchange->state, "PGRST") == 0;
	Text lines = {0};
	PGresult *result = PQexecParams(
		catalog,
		whole ? "SELECT json_build_object('code', m->>'code', 'details', m->>'details', 'hint',"
				" m->>'hint', 'message', m->>'message'), $3::json->>'status', $3::json->'headers'"
				" FROM (SELECT $2::json AS m) s WHERE $1::text IS NOT NULL OR $4::text IS NOT NULL"
			  : "SELECT json_build_object('code', $1::text, 'details', $3::text, 'hint', $4::text,"
				" 'message', $2::text), NULL, '{}'",
		4, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK || !add_headers(PQgetvalue(result, 0, 2), &lines))
		refuse(connection, request, 500, "PGRST121");
	else
		http_answer(connection, request,
					whole ? atoi(PQgetvalue(result, 0, 1)) : status_of_state(exchange->state),
					lines.data, PQgetvalue(result, 0, 0));
	text_free(&lines);
	PQclear(result);
}

/*
 * serve runs a statement in PostgREST's sequence and answers.
 */
static void
serve(int connection, const HttpRequest *request, Call *call, int status)
{
	Exchange exchange = {0};
	Text headers = {0};
	Text lines = {0};

	http_headers_json(request, &headers);
	call->role = anonymous;
	call->method = request->method;
	call->path = request->path;
	call->headers = headers.data;
	call->pre_request = pre_request[0] ? pre_request : NULL;
	exchange_run(pool, call, &exchange);

	if (exchange.state[0])
		answer_error(connection, request, &exchange);
	else if (!add_headers(exchange.headers ? exchange.headers : "[]", &lines))
		refuse(connection, request, 500, "PGRST111");
	else
	{
		text_add(&lines, "Content-Range: 0-0/*\r\n");
		http_answer(connection, request, exchange.status ? atoi(exchange.status) : status,
					lines.data, exchange.body ? exchange.body : "");
	}
	exchange_clear(&exchange);
	text_free(&headers);
	text_free(&lines);
}

/*
 * query_object writes the parameters of the query string as a JSON object.
 */
static void
query_object(const HttpRequest *request, Text *out)
{
	const char *next = request->query;

	text_add(out, "{");
	while (*next)
	{
		size_t length = strcspn(next, "&");
		size_t name = strcspn(next, "=&");
		char *key = http_decode(next, name);
		char *value = name < length ? http_decode(next + name + 1, length - name - 1) : strdup("");

		text_add(out, out->length > 1 ? "," : "");
		text_add_json(out, key);
		text_add(out, ":");
		text_add_json(out, value);
		free(key);
		free(value);
		next += length + (next[length] == '&');
	}
	text_add(out, "}");
}

/*
 * find_function finds the function whose required arguments are all there and
 * whose arguments are all that is there; or, for a raw body, the one with a single
 * argument of that type without a name.
 */
static PGresult *
find_function(const char *name, const char *arguments, const char *raw_type)
{
	const char *values[] = {name, arguments, raw_type};

	return PQexecParams(
		catalog,
		"SELECT p.provolatile, p.prorettype = 'void'::regtype, p.proretset,"
		" p.prorettype = 'record'::regtype,"
		" CASE WHEN t.typtype = 'd' AND t.typname ~ '/' THEN t.typname END,"
		" coalesce(string_agg(format('%I', a.name), ', ') FILTER (WHERE a.name <> ''), ''),"
		" coalesce(string_agg(format('%I %s', a.name, a.type), ', ') FILTER (WHERE a.name <> ''), "
		"''),"
		" coalesce(string_agg(format('%I := pgrst_body.%1$I', a.name), ', ') FILTER (WHERE a.name "
		"<> ''), '')"
		" FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype LEFT JOIN LATERAL"
		" (SELECT p.proargnames[i] AS name, format_type(p.proargtypes[i - 1], NULL) AS type"
		" FROM generate_series(1, p.pronargs) i WHERE p.proargnames[i] IN"
		" (SELECT json_object_keys($2::json))) a ON true"
		" WHERE p.pronamespace = 'flagplane'::regnamespace AND p.proname = $1"
		" AND CASE WHEN $3::text IS NOT NULL THEN p.pronargs = 1 AND"
		" coalesce(p.proargnames[1], '') = '' AND p.proargtypes[0] = $3::regtype"
		" ELSE NOT EXISTS (SELECT FROM generate_series(1, p.pronargs - p.pronargdefaults) i"
		" WHERE coalesce(p.proargnames[i], '') NOT IN (SELECT json_object_keys($2::json)))"
		" AND NOT EXISTS (SELECT FROM json_object_keys($2::json) k"
		" WHERE p.pronargs = 0 OR k <> ALL (p.proargnames[1:p.pronargs])) END"
		" GROUP BY p.oid, t.oid",
		3, NULL, values, NULL, NULL, 0);
}

/*
 * media_type is what a function answers with: the domain that it returns may say so.
 */
static const char *
media_type(PGresult *found)
{
	return PQgetisnull(found, 0, 4) ? "application/json" : PQgetvalue(found, 0, 4);
}

/*
 * call_found writes the statement that calls the function and answers with what
 * came of it.
 */
static void
call_found(int connection, const HttpRequest *request, const char *name, PGresult *found,
		   const char *value, int length, bool raw)
{
	bool is_void = PQgetvalue(found, 0, 1)[0] == 't';
	bool is_set = PQgetvalue(found, 0, 2)[0] == 't';
	bool is_rows = is_set || PQgetvalue(found, 0, 3)[0] == 't';
	int format = raw ? 1 : 0;
	Text source = {0};
	Text function = {0};
	Text body = {0};
	char statement[16384];

	text_add(&source,
			 is_rows ? "SELECT pgrst_call.* FROM " : "SELECT pgrst_call.pgrst_scalar FROM ");
	if (raw)
		text_add(&source, "(SELECT $1::bytea AS body) pgrst_body");
	else if (PQgetvalue(found, 0, 5)[0])
		text_add(&source,
				 "(SELECT $1::json AS json_data) pgrst_payload, LATERAL (SELECT %s FROM"
				 " json_to_record(pgrst_payload.json_data) AS _(%s)) pgrst_body",
				 PQgetvalue(found, 0, 5), PQgetvalue(found, 0, 6));
	else
		text_add(&source, "(SELECT $1::json) pgrst_body");
	text_add(&function,
			 is_rows ? ", LATERAL \"flagplane\".\"%s\"(%s) pgrst_call"
					 : ", LATERAL (SELECT \"flagplane\".\"%s\"(%s) pgrst_scalar) pgrst_call",
			 name, raw ? "pgrst_body.body" : PQgetvalue(found, 0, 7));
	if (is_void)
		text_add(&body, "''::text");
	else if (!PQgetisnull(found, 0, 4))
		text_add(&body, "\"flagplane\".\"%s\"(_postgrest_t.pgrst_scalar)", PQgetvalue(found, 0, 4));
	else if (is_set)
		text_add(&body, "coalesce(json_agg(_postgrest_t), '[]')");
	else
		text_add(&body, "coalesce(json_agg(_postgrest_t%s)->0, 'null')",
				 is_rows ? "" : ".pgrst_scalar");
	statement_of_call(statement, sizeof(statement), source.data, function.data, body.data);
	serve(connection, request,
		  &(Call){.read_only =
					  strcmp(request->method, "POST") != 0 || PQgetvalue(found, 0, 0)[0] != 'v',
				  .statement = statement,
				  .count = 1,
				  .values = &value,
				  .lengths = &length,
				  .formats = &format},
		  is_void ? 204 : 200);
	text_free(&source);
	text_free(&function);
	text_free(&body);
}

/*
 * call_function serves /rpc/<name>.
 */
static void
call_function(int connection, const HttpRequest *request, const char *name)
{
	bool post = strcmp(request->method, "POST") == 0;
	const char *type = http_header(request, "content-type");
	const char *accept = http_header(request, "accept");
	bool raw = post && type && strncmp(type, "application/octet-stream", 24) == 0;
	Text arguments = {0};
	PGresult *found;

	if (!post && strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
	{
		refuse(connection, request, 405, "PGRST101");
		return;
	}
	if (post && request->query[0])
	{
		refuse(connection, request, 400, "PGRST100");
		return;
	}
	if (!post)
		query_object(request, &arguments);
	else
		text_add(&arguments, "%s", raw || request->length == 0 ? "{}" : request->body);
	found = find_function(name, arguments.data, raw ? "bytea" : NULL);
	if (PQresultStatus(found) != PGRES_TUPLES_OK)
		refuse(connection, request, 400, "PGRST102");
	else if (PQntuples(found) != 1)
		refuse(connection, request, 404, "PGRST202");
	else if (accept && strcmp(media_type(found), "*/*") != 0 && strstr(accept, "*/*") == NULL &&
			 strstr(accept, media_type(found)) == NULL)
		refuse(connection, request, 406, "PGRST107");
	else
		call_found(connection, request, name, found, raw ? request->body : arguments.data,
				   (int) request->length, raw);
	PQclear(found);
	text_free(&arguments);
}

/*
 * read_view serves /<view>, with select=, order=, limit= and column=op.value.
 */
static void
read_view(int connection, const HttpRequest *request, const char *name)
{
	static const char *const operators[][2] = {
		{"eq.", "="}, {"neq.", "<>"}, {"gt.", ">"}, {"lt.", "<"}, {"like.", "LIKE"}};
	PGresult *known = PQexecParams(catalog,
								   "SELECT oid FROM pg_class WHERE relname = $1 AND relkind = 'v'"
								   " AND relnamespace = 'flagplane'::regnamespace",
								   1, NULL, &name, NULL, NULL, 0);
	bool there = PQntuples(known) == 1;
	const char *values[COLUMNS_MAX];
	char *kept[3 * COLUMNS_MAX];
	char statement[16384];
	Text source = {0};
	Text where = {0};
	Text rest = {0};
	int count = 0;
	int keep = 0;
	const char *columns = "*";
	const char *next = request->query;

	PQclear(known);
	if (!there || (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0))
	{
		refuse(connection, request, there ? 405 : 404, there ? "PGRST117" : "PGRST205");
		return;
	}
	while (*next && count < COLUMNS_MAX - 1)
	{
		size_t length = strcspn(next, "&");
		size_t until = strcspn(next, "=&");
		char *column = kept[keep++] = http_decode(next, until);
		char *value = kept[keep++] = http_decode(next + until + 1, length - until - 1);

		if (strcmp(column, "select") == 0)
			columns = value;
		else if (strcmp(column, "order") == 0)
			text_add(&rest, " ORDER BY \"%.*s\"", (int) strcspn(value, "."), value);
		else if (strcmp(column, "limit") == 0)
			text_add(&rest, " LIMIT %d", atoi(value));
		else
			for (int i = 0; i < (int) (sizeof(operators) / sizeof(operators[0])); i++)
				if (strncmp(value, operators[i][0], strlen(operators[i][0])) == 0)
				{
					values[count++] = value + strlen(operators[i][0]);
					text_add(&where, " %s \"%s\" %s $%d", count == 1 ? "WHERE" : "AND", column,
							 operators[i][1], count);
				}
		next += length + (next[length] == '&');
	}
	text_add(&source, "SELECT %s FROM \"flagplane\".\"%s\"%s%s", columns, name,
			 where.data ? where.data : "", rest.data ? rest.data : "");
	statement_of_call(statement, sizeof(statement), source.data, "",
					  "coalesce(json_agg(_postgrest_t), '[]')");
	serve(connection, request,
		  &(Call){.read_only = true, .statement = statement, .count = count, .values = values},
		  200);
	while (keep > 0)
		free(kept[--keep]);
	text_free(&source);
	text_free(&where);
	text_free(&rest);
}

/*
 * is_connected tells whether there is a database, and connects to one that is there again.
 */
static bool
is_connected(void)
{
	if (PQstatus(pool) != CONNECTION_OK)
		PQreset(pool);
	if (PQstatus(catalog) != CONNECTION_OK)
		PQreset(catalog);
	return PQstatus(pool) == CONNECTION_OK && PQstatus(catalog) == CONNECTION_OK;
}

/*
 * route finds out what a request is for.  What follows Bearer is a JWT, and there
 * is no secret to check it with.
 */
static void
route(int connection, const HttpRequest *request)
{
	const char *authorization = http_header(request, "authorization");

	if (!is_connected())
		refuse(connection, request, 503, "PGRST000");
	else if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		refuse(connection, request, 500, "PGRST300");
	else if (strncmp(request->path, "/rpc/", 5) == 0)
		call_function(connection, request, request->path + 5);
	else
		read_view(connection, request, request->path + 1);
}

int
main(int argc, char **argv)
{
	struct pollfd sockets[CONNECTIONS_MAX];
	int count = 1;

	if (argc != 2)
	{
		fprintf(stderr, "usage: %s postgrest.conf | --free-port\n", argv[0]);
		return 2;
	}
	if (strcmp(argv[1], "--free-port") == 0)
	{
		printf("%d\n", http_port(http_listen(0)));
		return 0;
	}
	read_settings(argv[1]);
	pool = PQconnectdb(uri);
	catalog = PQconnectdb(uri);
	if (PQstatus(pool) != CONNECTION_OK || PQstatus(catalog) != CONNECTION_OK)
	{
		fprintf(stderr, "%s", PQerrorMessage(pool));
		return 1;
	}
	sockets[0] = (struct pollfd){.fd = http_listen(port), .events = POLLIN};
	printf("%d\n", http_port(sockets[0].fd));
	fflush(stdout);
	for (;;)
	{
		if (poll(sockets, count, -1) < 0 && errno != EINTR)
			return 1;
		for (int i = count - 1; i > 0; i--)
		{
			HttpRequest request;

			if (sockets[i].revents == 0)
				continue;
			if (http_read(sockets[i].fd, &request))
				route(sockets[i].fd, &request);
			else
			{
				close(sockets[i].fd);
				sockets[i] = sockets[--count];
			}
			http_free(&request);
		}
		if (sockets[0].revents && count < CONNECTIONS_MAX)
			sockets[count++] =
				(struct pollfd){.fd = accept(sockets[0].fd, NULL, NULL), .events = POLLIN};
	}
}
