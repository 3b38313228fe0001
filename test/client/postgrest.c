/*
 * postgrest.c
 *	  PostgREST's calling sequence, statement by statement, over one connection
 *	  that is used again and again, as the anonymous role and as a backend's.
 */
#include "client.h"
#include "sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * call does what PostgREST does for one request to /rpc/<function>: arguments are
 * a JSON object, columns their names with types as it finds them in its cache.
 */
static void
call(Exchange *exchange, PGconn *connection, const char *role, bool read_only, const char *headers,
	 const char *function, const char *columns, const char *arguments)
{
	char statement[8192];
	char source[4096];
	char function_call[4096];
	char names[1024] = "";
	char passed[2048] = "";
	char path[128];
	char list[1024];
	char *rest = NULL;

	snprintf(path, sizeof(path), "/rpc/%s", function);
	snprintf(list, sizeof(list), "%s", columns);
	for (char *column = strtok_r(list, ",", &rest); column; column = strtok_r(NULL, ",", &rest))
	{
		char name[128];

		sscanf(column, " %127s", name);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", names[0] ? ", " : "",
				 name);
		snprintf(passed + strlen(passed), sizeof(passed) - strlen(passed), "%s%s := pgrst_body.%s",
				 passed[0] ? ", " : "", name, name);
	}
	snprintf(
		source, sizeof(source),
		"SELECT pgrst_call.pgrst_scalar FROM (SELECT $1::json AS json_data) pgrst_payload,"
		" LATERAL (SELECT %s FROM json_to_record(pgrst_payload.json_data) AS _(%s)) pgrst_body",
		names, columns);
	snprintf(function_call, sizeof(function_call),
			 ", LATERAL (SELECT \"flagplane\".\"%s\"(%s) pgrst_scalar) pgrst_call", function,
			 passed);
	statement_of_call(statement, sizeof(statement), source, function_call,
					  "coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null')::text");
	exchange_run(connection,
				 &(Call){.role = role,
						 .method = "POST",
						 .path = path,
						 .headers = headers,
						 .read_only = read_only,
						 .statement = statement,
						 .count = 1,
						 .values = &arguments},
				 exchange);
}

#define LAYER_COLUMNS "project_key text, key text, name text, description text"
#define ENVIRONMENT_COLUMNS \
	"project_key text, key text, name text, color text, tags text[], default_ttl integer"
#define LINK_COLUMNS                                                                    \
	"project_key text, flag_key text, key text, metadata jsonb, integration_key text, " \
	"\"timestamp\" bigint"
#define APP_COLUMNS "project_id text, name text, platform text, bundle_id text"

/*
 * test_postgrest makes the calls and checks the answers.
 */
void
test_postgrest(void)
{
	PGconn *connection = connect_or_die();
	PGconn *owner = connect_or_die();
	Exchange exchange = {0};
	Exchange again = {0};
	char *token;
	char *reader;
	char headers[512];
	char keyed[768];

	query(owner, "SET client_min_messages = warning");
	query(owner, "CREATE EXTENSION flagplane CASCADE");
	query(owner, "SELECT flagplane.create_project('default', 'Default')");
	query(owner, "SELECT flagplane.create_flag('default', 'flag', 'Flag')");
	query(owner,
		  "CREATE ROLE rest_anonymous; CREATE ROLE rest_backend;"
		  " GRANT USAGE ON SCHEMA flagplane TO rest_anonymous, rest_backend;"
		  " GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO rest_anonymous, rest_backend;"
		  " GRANT USAGE ON SCHEMA flagplane_data TO rest_backend");
	token = query(owner, "SELECT flagplane.create_access_token('rest', role => 'admin')->>'token'");
	reader =
		query(owner, "SELECT flagplane.create_access_token('look', role => 'reader')->>'token'");

	/* As a backend's role, no token is needed. */
	call(&exchange, connection, "rest_backend", false, "{}", "create_layer", LAYER_COLUMNS,
		 "{\"project_key\":\"default\",\"key\":\"checkout\",\"name\":\"Checkout\","
		 "\"description\":\"\"}");
	check_equal(exchange.status, "201", "create_layer answers 201");
	check_equal(exchange.headers, "[{\"Location\":\"/api/v2/projects/default/layers/checkout\"}]",
				"create_layer says where the layer is");
	check_contains(
		exchange.body,
		"{\"key\":\"checkout\",\"name\":\"Checkout\",\"description\":\"\",\"createdAt\":",
		"create_layer answers with the document, byte for byte");

	/* The anonymous role needs one, in any of three headers. */
	call(&exchange, connection, "rest_anonymous", false, "{}", "create_layer", LAYER_COLUMNS,
		 "{\"project_key\":\"default\",\"key\":\"a\",\"name\":\"A\",\"description\":\"\"}");
	check_equal(exchange.state, "PGRST", "without a token the error leaves in PostgREST's form");
	check_contains(exchange.detail, "\"status\":401", "with status 401");
	check_contains(exchange.body, "\"code\":\"unauthorized\"", "and the dialect's code");
	for (int i = 0; i < 3; i++)
	{
		static const char *const names[] = {"authorization", "x-api-key",
											"x-original-authorization"};
		char arguments[256];

		snprintf(headers, sizeof(headers), "{\"%s\":\"%s%s\"}", names[i], i == 2 ? "Bearer " : "",
				 token);
		snprintf(arguments, sizeof(arguments),
				 "{\"project_key\":\"default\",\"key\":\"env%d\",\"name\":\"E\",\"color\":"
				 "\"DADBEE\",\"tags\":[\"a\"],\"default_ttl\":5}",
				 i);
		call(&exchange, connection, "rest_anonymous", false, headers, "create_environment",
			 ENVIRONMENT_COLUMNS, arguments);
		check(strcmp(exchange.status, "201") == 0 && strstr(exchange.headers, "ETag"),
			  "a token in %s is good", names[i]);
	}
	snprintf(headers, sizeof(headers), "{\"x-api-key\":\"%s\"}", token);
	call(&exchange, connection, "rest_anonymous", false, headers, "create_flag_link", LINK_COLUMNS,
		 "{\"project_key\":\"default\",\"flag_key\":\"flag\",\"key\":\"pr-1\",\"metadata\":{"
		 "\"prNumber\":\"1\"},\"integration_key\":\"github\",\"timestamp\":1655342199935}");
	check_equal(exchange.status, "201", "create_flag_link answers 201");
	check_contains(exchange.body, "\"rfc3339\":\"2022-06-16T01:16:39Z\"", "and takes a bigint");

	/* An idempotency key in the header, a retry, another request under it. */
	snprintf(keyed, sizeof(keyed),
			 "{\"x-api-key\":\"%s\",\"idempotency-key\":\"2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10\"}",
			 token);
	call(&exchange, connection, "rest_anonymous", false, keyed, "create_sdk_app", APP_COLUMNS,
		 "{\"project_id\":\"default\",\"name\":\"App\",\"platform\":\"ios\",\"bundle_"
		 "id\":\"com.acme\"}");
	check_equal(exchange.status, "201", "create_sdk_app answers 201");
	check_contains(exchange.headers, "X-Request-Id", "and names the request");
	call(&again, connection, "rest_anonymous", false, keyed, "create_sdk_app", APP_COLUMNS,
		 "{\"bundle_id\":\"com.acme\",\"platform\":\"ios\",\"name\":\"App\",\"project_id\":"
		 "\"default\"}");
	check_equal(again.body, exchange.body, "a retry gets the same answer, the key in it");
	check_contains(again.headers, "{\"Idempotent-Replayed\":\"true\"}", "and is told so");
	call(&again, connection, "rest_anonymous", false, keyed, "create_sdk_app", APP_COLUMNS,
		 "{\"project_id\":\"default\",\"name\":\"Other\",\"platform\":\"ios\",\"bundle_"
		 "id\":\"com.acme\"}");
	check_contains(again.detail, "\"status\":409", "another request under the key is a conflict");
	check_contains(again.body, "IDEMPOTENCY_CONFLICT", "in the dialect of Layers");

	/* Refusals have their documented statuses. */
	call(&exchange, connection, "rest_anonymous", false, headers, "create_layer", LAYER_COLUMNS,
		 "{\"project_key\":\"default\",\"key\":\"checkout\",\"name\":\"C\",\"description\":\"\"}");
	check_contains(exchange.detail, "\"status\":409", "a layer that exists: 409");
	call(&exchange, connection, "rest_anonymous", false, headers, "create_sdk_app", APP_COLUMNS,
		 "{\"project_id\":\"default\",\"name\":\"App\",\"platform\":\"ios\",\"bundle_id\":null}");
	check_contains(exchange.detail, "\"status\":422", "a missing identifier: 422");
	check_contains(exchange.body, "bundle_id is required when platform is ios",
				   "by its name in SQL");
	call(&exchange, connection, "rest_anonymous", false, headers, "create_environment",
		 ENVIRONMENT_COLUMNS,
		 "{\"project_key\":\"default\",\"key\":\"x\",\"name\":\"E\",\"color\":"
		 "\"DADBEE\",\"tags\":[],\"default_ttl\":\"x\"}");
	check_equal(exchange.state, "22P02", "a wrong type is the server's own refusal");

	/* Readers run in read-only transactions, with a token too. */
	snprintf(headers, sizeof(headers), "{\"authorization\":\"%s\"}", reader);
	call(&exchange, connection, "rest_anonymous", true, headers, "get_layer",
		 "project_key text, layer_key text",
		 "{\"project_key\":\"default\",\"layer_key\":\"checkout\"}");
	check_contains(exchange.body, "{\"key\":\"checkout\"", "get_layer in a read-only transaction");
	check(exchange.status == NULL, "with PostgREST's own status");
	call(&exchange, connection, "rest_anonymous", false, headers, "create_layer", LAYER_COLUMNS,
		 "{\"project_key\":\"default\",\"key\":\"b\",\"name\":\"B\",\"description\":\"\"}");
	check_contains(exchange.detail, "\"status\":403", "a reader's token cannot create: 403");

	/* After a transaction the settings are empty, not NULL: plain SQL is plain again. */
	check_equal(query(connection, "SELECT current_setting('request.method', true) = ''"), "t",
				"request.method is empty now");
	check_equal(query(connection, "SELECT flagplane.get_layer('default', 'nothing')"),
				"ERROR P0002", "and errors leave in PostgreSQL's form");
	check_equal(query(owner, "SELECT count(*) FROM flagplane_data.sdk_app"), "1",
				"one app was made");

	query(owner,
		  "DROP OWNED BY rest_anonymous, rest_backend; DROP ROLE rest_anonymous, rest_backend");
	exchange_clear(&exchange);
	exchange_clear(&again);
	PQfinish(connection);
	PQfinish(owner);
	free(token);
	free(reader);
}
