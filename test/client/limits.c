/*
 * limits.c
 *	  Rate limits and counters, on a server of their own that has preloaded the
 *	  library: limits.sh starts it, with a period of a day, so that no budget grows
 *	  by a whole call while the test runs, and with room for eight tokens.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS			8
#define CALLS_OF_CLIENT 40

#define GET_PROJECTS  "'GET', '/api/v2/projects'"
#define POST_LAYER	  "'POST', '/api/v2/projects/p/layers'"
#define GET_SDK_APPS  "'GET', '/v1/projects/00000000-0000-4000-8000-000000000000/sdk-apps'"
#define POST_SDK_APPS "'POST', '/v1/projects/00000000-0000-4000-8000-000000000000/sdk-apps'"

static PGconn *owner;

/*
 * make_token makes an access token and returns it.
 */
static char *
make_token(const char *arguments)
{
	return query(owner, "SELECT flagplane.create_access_token('t', %s)->>'token'", arguments);
}

/*
 * call makes so many REST requests with a token, one after the other, and returns
 * what the SQL expression "what" makes of the answers h.
 */
static char *
call(const char *token, const char *request, int times, const char *what)
{
	return query(
		owner,
		"SELECT %s FROM generate_series(1, %d) g, LATERAL"
		" flagplane.handle(%s, jsonb_build_object('Authorization', '%s', 'n', g::text), '{}') h",
		what, times, request, token);
}

/*
 * rpc makes a call as PostgREST does, and returns "status headers".
 */
static char *
rpc(const char *token, const char *statement)
{
	char *answer;

	query(owner, "BEGIN");
	query(owner,
		  "SELECT set_config('request.method', 'POST', true), set_config('request.headers',"
		  " json_build_object('x-api-key', '%s')::text, true)",
		  token);
	query(owner,
		  "DO $d$ DECLARE detail text; BEGIN PERFORM %s; PERFORM set_config('test.answer',"
		  " current_setting('response.headers', true), false);"
		  " EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;"
		  " PERFORM set_config('test.answer', SQLSTATE || ' ' || SQLERRM || detail, false);"
		  " END $d$",
		  statement);
	query(owner, "COMMIT");
	answer = query(owner, "SELECT current_setting('test.answer')");
	return answer;
}

/*
 * test_budgets uses the budgets of one token up.
 */
static void
test_budgets(void)
{
	char *token = make_token("role => 'admin'");

	check_equal(
		call(token, GET_PROJECTS, 1, "h.headers - 'Content-Type' - 'ETag' - 'X-Ratelimit-Reset'"),
		"{\"X-Ratelimit-Route-Remaining\": \"119\", \"X-Ratelimit-Global-Remaining\": \"119\"}",
		"a read takes one of 120");
	check_equal(call(token, GET_PROJECTS, 1,
					 "(h.headers->>'X-Ratelimit-Reset')::numeric / 1000 - extract(epoch FROM now())"
					 " BETWEEN 1000 AND 1450"),
				"t", "the time of the whole budget is in Unix milliseconds");
	check_equal(call(token, GET_PROJECTS, 130, "count(*) FILTER (WHERE h.status = 200)"), "118",
				"the rest of the reads pass, no more");
	check_equal(
		call(token, GET_PROJECTS, 1,
			 "concat_ws(' ', h.status, h.body->>'code', h.headers->>'X-Ratelimit-Global-Remaining',"
			 " (h.headers->>'Retry-After')::int BETWEEN 1 AND 720)"),
		"429 rate_limited 0 t", "then 429, and when to come back");
	check_equal(
		call(token, GET_SDK_APPS, 1,
			 "concat_ws(' ', h.status, h.body->'error'->>'code', h.headers->>'X-RateLimit-Limit',"
			 " h.headers->>'X-RateLimit-Remaining', h.headers->>'X-RateLimit-Endpoint-Class',"
			 " (h.headers->>'Retry-After')::int BETWEEN 1 AND 720)"),
		"429 RATE_LIMITED 120 0 read-light t", "in both dialects");
	check_equal(call(token, POST_LAYER, 2,
					 "string_agg(concat_ws(' ', h.status, "
					 "h.headers->>'X-Ratelimit-Route-Remaining'), ', ' ORDER BY g)"),
				"400 59, 400 58", "writes have a budget of their own, and what is refused counts");
	check_equal(
		call(token, POST_SDK_APPS, 1,
			 "concat_ws(' ', h.headers->>'X-RateLimit-Endpoint-Class', "
			 "h.headers->>'X-RateLimit-Limit',"
			 " h.headers->>'X-RateLimit-Remaining', (h.headers->>'X-RateLimit-Reset')::numeric"
			 " - extract(epoch FROM now()) BETWEEN 4000 AND 4330)"),
		"write-light 60 57 t", "the headers of Layers, with Unix seconds");
	check_contains(rpc(token, "flagplane.create_layer('p', 'rpc', 'L', '')"),
				   "{\"X-Ratelimit-Route-Remaining\":\"56\"}",
				   "over /rpc the headers of a success");
	check_contains(rpc(token, "flagplane.list_projects()"), "\"Retry-After\":\"",
				   "over /rpc the headers of a refusal");
	check_contains(rpc(token, "flagplane.list_projects()"), "PGRST {\"code\":\"rate_limited\"",
				   "over /rpc its code");
	check_contains(rpc(token, "flagplane.list_projects()"), "{\"status\":429,",
				   "over /rpc its status");
	query(owner, "SET flagplane.rate_limits = off");
	check_equal(call(token, GET_PROJECTS, 1,
					 "h.status || ' ' || (h.headers - 'Content-Type' - 'ETag')::text"),
				"200 {}", "off by the setting");
	check_equal(query(owner, "SELECT rate_limits FROM flagplane.status()"), "f",
				"status() says so");
	query(owner, "RESET flagplane.rate_limits");
	check_equal(query(owner,
					  "SELECT count(*) FILTER (WHERE h.status = 200) FROM generate_series(1, 200),"
					  " LATERAL flagplane.handle(" GET_PROJECTS ") h"),
				"200", "database roles are not limited");
	/* A token that has no right to call spends its budget all the same: token, rate, scope. */
	token = make_token("'{flags:read}'");
	check_equal(call(token, POST_LAYER, 70,
					 "count(*) FILTER (WHERE h.status = 403) || ' ' || count(*) FILTER"
					 " (WHERE h.status = 429)"),
				"60 10", "the rate is checked before the scope");
}

/*
 * test_tiers looks at the tiers, and who may give them.
 */
static void
test_tiers(void)
{
	char *token = make_token("role => 'admin', rate_tier => 'pilot'");
	char *id = query(owner, "SELECT id FROM flagplane_data.access_token WHERE rate_tier = 'pilot'");
	char statement[256];

	check_equal(call(token, GET_PROJECTS, 1, "h.headers->>'X-Ratelimit-Route-Remaining'"), "1199",
				"pilot: 1200 reads");
	check_equal(call(token, POST_LAYER, 1, "h.headers->>'X-Ratelimit-Route-Remaining'"), "599",
				"pilot: 600 writes");
	snprintf(statement, sizeof(statement), "flagplane.set_access_token_tier('%s', 'partner')", id);
	check_contains(rpc(token, statement), "rate tier partner is required",
				   "nobody lifts themselves above their tier");
	query(owner, "SELECT %s", statement);
	check_equal(call(token, POST_SDK_APPS, 1, "h.headers->>'X-RateLimit-Limit'"), "3000",
				"partner: 3000 writes");
	check_equal(call(token, GET_SDK_APPS, 1, "h.headers->>'X-RateLimit-Limit'"), "6000",
				"partner: 6000 reads, from the moment it is set");
}

/*
 * test_set_back looks at a budget that has been used further ahead than its period
 * is long, as it is when the clock or the period has been set back.
 */
static void
test_set_back(void)
{
	char *token = make_token("role => 'admin'");

	check_equal(call(token, GET_PROJECTS, 121, "max(h.status)"), "429", "a day's budget is spent");
	query(owner, "SET flagplane.rate_limit_period = '1min'");
	check_equal(call(token, GET_PROJECTS, 1,
					 "h.status || ' ' || (h.headers->>'X-Ratelimit-Route-Remaining')"),
				"200 119", "where the period is a minute again, nobody waits for a day");
	query(owner, "RESET flagplane.rate_limit_period");
}

/*
 * test_day uses up a day's writes, with periods so short that a call refused by
 * one has to wait for less than a second.
 */
static void
test_day(void)
{
	char *token = make_token("'{flags:read}'");

	query(owner, "SET flagplane.rate_limit_period = '1ms'");
	query(owner,
		  "DO $d$ DECLARE passed int := 0; answer record; BEGIN LOOP"
		  " SELECT * INTO answer FROM flagplane.handle(" POST_SDK_APPS
		  ", '{\"Authorization\": \"%s\"}');"
		  " EXIT WHEN (answer.headers->>'Retry-After')::int > 1 OR passed > 30000;"
		  " IF answer.status = 403 THEN passed := passed + 1; END IF; END LOOP;"
		  " PERFORM set_config('test.answer', concat_ws(' ', passed BETWEEN 10000 AND 30000,"
		  " answer.status, answer.headers->>'X-RateLimit-Remaining',"
		  " (answer.headers->>'Retry-After')::int <= 9), false); END $d$",
		  token);
	check_equal(query(owner, "SELECT current_setting('test.answer')"), "t 429 0 t",
				"10000 writes a day, and when the next one passes");
	query(owner, "RESET flagplane.rate_limit_period");
}

/*
 * test_crowd has eight clients use one new token at once: whoever comes first, as
 * many calls pass as the budget has.
 */
static void
test_crowd(void)
{
	PGconn *clients[CLIENTS];
	char *token = make_token("role => 'admin'");
	char statement[1024];
	int passed = 0;

	snprintf(statement, sizeof(statement),
			 "SELECT count(*) FILTER (WHERE h.status <> 429) FROM generate_series(1, %d) g, LATERAL"
			 " flagplane.handle(" POST_LAYER
			 ", jsonb_build_object('Authorization', '%s', 'n', g::text)) h",
			 CALLS_OF_CLIENT, token);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_or_die();
	for (int i = 0; i < CLIENTS; i++)
		PQsendQuery(clients[i], statement);
	for (int i = 0; i < CLIENTS; i++)
	{
		PGresult *result = PQgetResult(clients[i]);

		passed += atoi(PQgetvalue(result, 0, 0));
		PQclear(result);
		PQfinish(clients[i]);
	}
	check(passed == 60, "8 clients with one token: 60 of %d calls pass, not %d",
		  CLIENTS * CALLS_OF_CLIENT, passed);
}

/*
 * test_full has more tokens call than there is room for: all may, and the one
 * that has used its budget up is not forgotten.
 */
static void
test_full(void)
{
	char *spent = make_token("role => 'admin'");

	check_equal(call(spent, POST_LAYER, 60, "count(*) FILTER (WHERE h.status = 400)"), "60",
				"a token spends its budget");
	for (int i = 0; i < 20; i++)
	{
		char *answer = call(make_token("role => 'admin'"), GET_PROJECTS, 1,
							"h.status || ' ' || (h.headers->>'X-Ratelimit-Route-Remaining')");

		if (strcmp(answer, "200 119") != 0 || i == 19)
			check_equal(answer, "200 119", "twenty others find room among eight");
	}
	check_equal(query(owner,
					  "SELECT tokens_max || ' ' || tokens || ' ' || (tokens_taken_over >= 12)"
					  " FROM flagplane.status()"),
				"8 8 true", "status() says how full the table is");
	check_equal(call(spent, POST_LAYER, 1, "h.status"), "429",
				"who has spent theirs is refused still");
}

/*
 * test_strangers presents bad tokens.
 */
static void
test_strangers(void)
{
	char *token = make_token("role => 'admin'");
	char *bad = query(owner, "SELECT left('%s', -4) || 'AAAA'", token);
	char *unknown = query(owner, "SELECT overlay('%s' PLACING '0000' FROM 13)", token);
	char *answer;

	query(owner, "SELECT flagplane.reset_stats()");
	answer =
		call(bad, GET_PROJECTS, 1, "h.status || ' ' || h.body::text || ' ' || h.headers::text");
	check_equal(
		call(unknown, GET_PROJECTS, 1, "h.status || ' ' || h.body::text || ' ' || h.headers::text"),
		answer, "an unknown token is answered as one with a wrong secret");
	check_contains(answer, "401 ", "with 401");
	check_equal(call(bad, GET_PROJECTS, 60, "count(*) FILTER (WHERE h.status = 401)"), "58",
				"60 bad tokens of an account are told so");
	check_equal(call(bad, GET_PROJECTS, 1,
					 "concat_ws(' ', h.status, h.body->>'code', (h.headers->>'Retry-After')::int "
					 "BETWEEN 1 AND 1440)"),
				"429 rate_limited t", "then 429");
	check_equal(call(unknown, GET_PROJECTS, 1, "h.status"), "429",
				"whether or not there is such a token");
	check_contains(rpc(unknown, "flagplane.list_projects()"), "\"Retry-After\":\"",
				   "over /rpc too");
	check_equal(call(token, GET_PROJECTS, 1, "h.status"), "200",
				"a good token of the account passes");
	check_equal(call("x", GET_PROJECTS, 61, "string_agg(DISTINCT h.status::text, ' ')"), "401 429",
				"what has not the form of a token has a budget too");
	check_equal(query(owner, "SELECT concat_ws(' ', calls, errors, rate_limited, unauthenticated)"
							 " FROM flagplane.stats WHERE operation = 'list_projects'"),
				"127 126 6 126", "all of it is counted");
}

/*
 * test_counters looks at the counters of operations.
 */
static void
test_counters(void)
{
	const char *create = "SELECT flagplane.create_layer('p', 'counted', 'L', '', idempotency_key =>"
						 " '11111111-1111-4111-8111-111111111111')";

	query(owner, "SELECT flagplane.reset_stats()");
	check_equal(query(owner,
					  "SELECT sum(calls) || ' ' || bool_and(since > now() - interval '1 hour')"
					  " FROM flagplane.stats"),
				"0 true", "reset_stats() begins anew");
	query(owner, "%s", create);
	query(owner, "%s", create);
	query(owner, "SELECT flagplane.create_layer('p', 'counted', 'L', '')");
	query(owner, "SELECT flagplane.handle(" POST_LAYER ", '{}', '{}')");
	query(owner, "BEGIN");
	query(owner, "SELECT flagplane.create_layer('p', 'undone', 'L', '')");
	query(owner, "ROLLBACK");
	check_equal(
		query(owner, "SELECT concat_ws(' ', calls, errors, replays, rate_limited, unauthenticated)"
					 " FROM flagplane.stats WHERE operation = 'create_layer'"),
		"5 2 1 0 0", "calls, errors and replays are counted, whatever became of the transaction");
	query(owner, "SELECT flagplane.draw_layer('p', 'production', 'counted')");
	query(owner, "SELECT flagplane.assign('p', 'production', 'counted', 'u')");
	check_equal(query(owner, "SELECT count(*) FROM flagplane.stats WHERE calls = 0"
							 " AND operation !~ '^(sdk|ofrep)_'"),
				query(owner, "SELECT count(*) - 1 FROM flagplane.operations()"),
				"there is a row for each operation, and what is none counts for none");
	query(owner, "CREATE ROLE fp_limits");
	query(owner, "GRANT USAGE ON SCHEMA flagplane TO fp_limits");
	query(owner, "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_limits");
	query(owner, "GRANT SELECT ON ALL TABLES IN SCHEMA flagplane TO fp_limits");
	query(owner, "SET ROLE fp_limits");
	check_equal(query(owner, "SELECT flagplane.status()"), "ERROR 28000", "status() wants rights");
	check_equal(query(owner, "SELECT flagplane.reset_stats()"), "ERROR 28000",
				"reset_stats() does");
	check_equal(query(owner, "SELECT calls FROM flagplane.stats"), "ERROR 28000",
				"and so do the counters, even for who may read all views");
	query(owner, "RESET ROLE");
	query(owner, "DROP OWNED BY fp_limits");
	query(owner, "DROP ROLE fp_limits");
}

/*
 * test_views reads views, and calls after PostgREST's pre-request.
 */
static void
test_views(void)
{
	char *token = make_token("role => 'admin'");
	char *pilot = make_token("role => 'admin', rate_tier => 'pilot'");

	(void) rpc(token, "count(*) FROM flagplane.projects");
	(void) rpc(token, "count(*) FROM flagplane.environments");
	(void) rpc(token, "flagplane.authenticate()");
	check_equal(call(token, GET_PROJECTS, 1, "h.headers->>'X-Ratelimit-Global-Remaining'"), "117",
				"a view is a read; the pre-request takes nothing");
	check_contains(rpc(pilot, "flagplane.authenticate(), flagplane.list_projects()"),
				   "{\"X-Ratelimit-Global-Remaining\":\"1199\"}",
				   "a remembered token has the budget of its tier");
	check_contains(rpc(pilot, "flagplane.authenticate(), flagplane.list_projects()"),
				   "{\"X-Ratelimit-Global-Remaining\":\"1198\"}", "and its own");
	(void) call(token, GET_PROJECTS, 117, "count(*)");
	check_contains(rpc(token, "count(*) FROM flagplane.projects"), "{\"status\":429,",
				   "a view is refused over the limit");
	check_contains(rpc(token, "count(*) FROM flagplane.projects"), "\"Retry-After\":\"",
				   "and says when to come back");
	check_contains(rpc("fp_x", "flagplane.authenticate()"), "{\"status\":4",
				   "the pre-request refuses a bad token");
	free(token);
	free(pilot);
}

/*
 * test_limits runs the tests of a preloaded library.
 */
void
test_limits(void)
{
	owner = connect_or_die();
	query(owner, "SET client_min_messages = warning");
	query(owner, "CREATE EXTENSION flagplane CASCADE");
	/* A known account: two of them can share a budget for bad tokens. */
	query(owner, "INSERT INTO flagplane_data.account VALUES (1, 'default', 'Default', now())");
	query(owner, "SELECT flagplane.create_project('p', 'P')");
	check_equal(
		query(owner,
			  "SELECT concat_ws(' ', preloaded, rate_limits, tokens_max, tokens, tokens_taken_over)"
			  " FROM flagplane.status()"),
		"t t 8 0 0", "status() says that the library is preloaded");
	test_budgets();
	test_tiers();
	test_set_back();
	test_day();
	test_crowd();
	test_full();
	test_strangers();
	test_counters();
	test_views();
	PQfinish(owner);
}
