/*
 * secrets.c
 *	  Generates every kind of secret, and uses each as PostgREST does: as a parameter. What
 *	  it prints is for secrets.sh to look for: "once" before a secret that is shown once,
 *	  "again" before one that is stored to be shown again.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_OF_TOKEN "11111111-1111-4111-8111-111111111111"
#define KEY_OF_APP	 "22222222-2222-4222-8222-222222222222"
#define KEY_OF_TURN	 "33333333-3333-4333-8333-333333333333"

static PGconn *connection;

/*
 * ask runs a statement with up to two parameters; it returns its first value, or "" of
 * one that is refused.
 */
static char *
ask(const char *statement, const char *first, const char *second)
{
	const char *values[2] = {first, second};
	PGresult *result = PQexecParams(connection, statement,
									second	? 2
									: first ? 1
											: 0,
									NULL, values, NULL, NULL, 0);
	char *value = strdup(PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0
							 ? PQgetvalue(result, 0, 0)
							 : "");

	PQclear(result);
	return value;
}

/*
 * tell prints a secret, without what all of its kind begin with.
 */
static char *
tell(const char *kind, const char *what, char *value)
{
	const char *secret = strrchr(value, '_');

	check(strlen(value) > 30, "there is %s", what);
	printf("%s %s\n", kind, secret ? secret + 1 : value);
	return value;
}

/*
 * headers_of are the headers of a request with a token and an idempotency key.
 */
static const char *
headers_of(const char *token, const char *key)
{
	static char headers[512];

	snprintf(headers, sizeof(headers), "{\"authorization\": \"%s\", \"idempotency-key\": \"%s\"}",
			 token, key);
	return headers;
}

/*
 * mint_tokens makes access tokens in every way there is; it returns one that is good.
 */
static char *
mint_tokens(void)
{
	char *token = NULL;
	char *id;

	free(tell(
		"once", "a token",
		ask("SELECT flagplane.create_access_token('a', role => 'admin')->>'token'", NULL, NULL)));
	id = ask("SELECT flagplane.list_access_tokens()->'items'->0->>'_id'", NULL, NULL);
	for (int i = 0; i < 2; i++)
		token = tell("once", i == 0 ? "a token with an idempotency key" : "its replay",
					 ask("SELECT flagplane.create_access_token('b', role => 'admin',"
						 " idempotency_key => $1)->>'token'",
						 KEY_OF_TOKEN, NULL));
	tell("once", "a rotated token",
		 ask("SELECT flagplane.rotate_access_token($1, '1 day')->>'token'", id, NULL));
	tell("once", "one rotated with an idempotency key",
		 ask("SELECT flagplane.rotate_access_token($1, idempotency_key => $2)->>'token'", id,
			 KEY_OF_TURN));
	tell("once", "one that is rotated away",
		 ask("SELECT flagplane.rotate_access_token($1)->>'token'", id, NULL));
	free(ask("SELECT flagplane.revoke_access_token($1)", id, NULL));
	free(id);
	tell("once", "a token that is killed",
		 ask("SELECT flagplane.create_access_token('c', role => 'admin')->>'token'", NULL, NULL));
	free(ask("SELECT flagplane.kill_access_token(id) FROM flagplane_data.access_token"
			 " WHERE name = 'c'",
			 NULL, NULL));
	printf("once %s\nonce %s\nonce %s\n", KEY_OF_TOKEN, KEY_OF_APP, KEY_OF_TURN);
	return token;
}

/*
 * mint_apps makes SDK apps and rotates their keys, by REST requests too.
 */
static void
mint_apps(const char *token)
{
	char uri[256];
	char *project = ask("SELECT 'prj_' || id FROM flagplane_data.project", NULL, NULL);
	char *app;
	char *key;

	snprintf(uri, sizeof(uri), "/v1/projects/%s/sdk-apps", project);
	for (int i = 0; i < 2; i++)
		key = tell("once", i == 0 ? "an app's key" : "its replay",
				   ask("SELECT body->>'apiKey' FROM flagplane.handle('POST', $1, $2::jsonb,"
					   " '{\"name\": \"A\", \"platform\": \"expo\"}')",
					   uri, headers_of(token, KEY_OF_APP)));
	app = ask("SELECT flagplane.authenticate_sdk_app($1)->>'appId'", key, NULL);
	check(strlen(app) > 0, "the app's key is good");
	snprintf(uri, sizeof(uri), "/v1/projects/%s/sdk-apps/%s", project, app);
	tell("once", "an app's rotated key",
		 ask("SELECT body->>'apiKey' FROM flagplane.handle('PATCH', $1, $2::jsonb,"
			 " '{\"rotateKey\": true}')",
			 uri, headers_of(token, KEY_OF_TURN)));
	tell("once", "one more",
		 ask("SELECT flagplane.update_sdk_app('p', $1, rotate_key => true)->>'apiKey'", app, NULL));
	free(ask("SELECT flagplane.authenticate_sdk_app($1)", key, NULL));
	free(project);
	free(app);
	free(key);
}

/*
 * mint_environment_keys makes an environment and resets its keys.
 */
static void
mint_environment_keys(void)
{
	char *key = tell(
		"again", "an environment's SDK key",
		ask("SELECT flagplane.create_environment('p', 'e', 'E', '000000')->>'apiKey'", NULL, NULL));

	tell("again", "its mobile key",
		 ask("SELECT flagplane.get_environment('p', 'e')->>'mobileKey'", NULL, NULL));
	tell("again", "its SDK key after a reset",
		 ask("SELECT flagplane.reset_environment_sdk_key('p', 'e')->>'apiKey'", NULL, NULL));
	tell("again", "its mobile key after a reset",
		 ask("SELECT flagplane.reset_environment_mobile_key('p', 'e', 4102444800000)->>'mobileKey'",
			 NULL, NULL));
	tell("again", "a named SDK key",
		 ask("SELECT flagplane.create_sdk_key('p', 'e', 'k')->>'apiKey'", NULL, NULL));
	free(ask("SELECT flagplane.delete_sdk_key('p', 'e', 'k')", NULL, NULL));
	/* Dead by now: it is refused, and the refusal is in the log. */
	free(ask("SELECT flagplane.resolve_environment_key($1)", key, NULL));
	free(key);
}

/*
 * use_wrongly has calls with secrets refused in every way.
 */
static void
use_wrongly(const char *token)
{
	char wrong[256];

	snprintf(wrong, sizeof(wrong), "%s", token);
	wrong[strlen(wrong) - 1] ^= 1;
	tell("once", "a token that is nearly good", strdup(wrong));
	free(ask("SELECT set_config('request.method', 'POST', false),"
			 " set_config('request.headers', $1, false)",
			 headers_of(wrong, KEY_OF_TURN), NULL));
	free(ask("SELECT flagplane.whoami()", NULL, NULL));
	/* Headers that are no JSON. */
	snprintf(wrong, sizeof(wrong), "{\"authorization\": \"%s\" and}", token);
	free(ask("SELECT set_config('request.headers', $1, false)", wrong, NULL));
	free(ask("SELECT flagplane.whoami()", NULL, NULL));
	free(ask("SELECT set_config('request.headers', $1, false)", headers_of(token, KEY_OF_TURN),
			 NULL));
	free(ask("SELECT flagplane.create_sdk_app('p', 'B', 'none')", NULL, NULL));
	free(ask("SELECT flagplane.create_access_token('d', '{none}', member_id => 'x')", NULL, NULL));
	free(ask("SELECT set_config('request.method', '', false)", NULL, NULL));
}

/*
 * test_secrets generates and uses the secrets.
 */
void
test_secrets(void)
{
	char *token;

	connection = connect_or_die();
	free(ask("SELECT flagplane.create_project('p', 'P')", NULL, NULL));
	token = mint_tokens();
	mint_apps(token);
	mint_environment_keys();
	use_wrongly(token);
	free(token);
	PQfinish(connection);
}
