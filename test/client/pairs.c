/*
 * pairs.c
 *	  Which changes wait for each other.  Each changing operation runs in an open
 *	  transaction while each one runs in another session, about the same thing and about
 *	  its neighbour; whether the second one waits must be what the table says.
 *
 * What waits is told by lock_timeout, which counts nothing but waiting for a lock: the
 * first transaction stays open, so that who must wait for it runs into the timeout
 * however long that is, and who need not wait never does.  All is rolled back.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * An operation, or a second kind of using it.  In the text # is the number of the thing
 * that it is about; things of one kind are neighbours in one project.  Then those that wait
 * for it, about the same thing and about its neighbour, with commas; all others must not.
 */
typedef struct Change
{
	const char *name;	   /* operation, then a word in parentheses for another kind of use */
	const char *statement; /* an expression */
	const char *same;
	const char *neighbour;
} Change;

#define PATCH(member, value)                                                        \
	"jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/" member "', " \
	"'value', '" value "'))"
#define TOKEN "(SELECT id FROM flagplane_data.access_token WHERE name = 'token#')"
#define LINK  "(SELECT id FROM flagplane_data.flag_link WHERE key = 'link#')"
#define APP	  "(SELECT 'app_' || id FROM flagplane_data.sdk_app WHERE name = 'app#')"

/* What holds the project: flags and environments come and go one after the other, by its settings. */
#define THOSE_OF_PROJECT                                                                  \
	"update_project, create_environment, create_environment (copy), delete_environment, " \
	"create_flag, create_flag (copy), update_flag (variations), delete_flag, import_environment"
/* What is in a project. */
#define ALL_IN_PROJECT                                                                          \
	"create_access_token, create_environment, create_environment (copy), "                      \
	"update_environment, "                                                                      \
	"delete_environment, reset_environment_sdk_key, reset_environment_mobile_key, "             \
	"create_sdk_key, delete_sdk_key, create_flag, "                                             \
	"create_flag (copy), update_flag, update_flag (variations), delete_flag, create_segment, "  \
	"update_segment, delete_segment, touch_environment, import_environment, create_flag_link, " \
	"update_flag_link, delete_flag_link, create_layer, update_layer, update_layer (reserve), "  \
	"delete_layer, create_experiment, update_experiment, start_experiment, stop_experiment, "   \
	"archive_experiment, delete_experiment, create_sdk_app, update_sdk_app, update_sdk_app "    \
	"(identifier), delete_sdk_app"
/* What changes the payload of one environment, and of all of a project's. */
#define THOSE_OF_PAYLOAD \
	"create_segment, update_segment, delete_segment, touch_environment, import_environment"
#define THOSE_OF_PAYLOADS "create_flag, create_flag (copy), update_flag (variations), delete_flag"
/* What changes the payload of the environment of the experiments. */
#define THOSE_OF_EXPERIMENTS "update_layer (reserve), start_experiment, stop_experiment"
/* What changes an environment or its segments. */
#define THOSE_OF_SEGMENTS                                                                 \
	"delete_project, create_environment (copy), update_environment, delete_environment, " \
	"reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, "           \
	"delete_sdk_key, " THOSE_OF_PAYLOAD ", " THOSE_OF_PAYLOADS
/* What changes a token. */
#define THOSE_OF_TOKEN                                                                      \
	"rotate_access_token, reset_access_token, set_access_token_tier, update_access_token, " \
	"revoke_access_token, kill_access_token, delete_access_token"

static const Change changes[] = {
	{"create_account", "flagplane.create_account('account#', 'A')", "create_account", ""},
	{"create_member", "flagplane.create_member('new#@example.com')",
	 "create_member, create_members", ""},
	{"create_members", "flagplane.create_members('[{\"email\": \"new#@example.com\"}]')",
	 "create_member, create_members", ""},
	{"create_access_token", "flagplane.create_access_token('new#', '{*}', projects => ARRAY['p1'])",
	 "delete_project", ""},
	{"rotate_access_token", "flagplane.rotate_access_token(" TOKEN ")", THOSE_OF_TOKEN, ""},
	{"reset_access_token", "flagplane.reset_access_token(" TOKEN ")", THOSE_OF_TOKEN, ""},
	{"update_access_token", "flagplane.update_access_token(" TOKEN ", " PATCH("name", "N") ")",
	 THOSE_OF_TOKEN, ""},
	{"delete_access_token", "flagplane.delete_access_token(" TOKEN ")", THOSE_OF_TOKEN, ""},
	{"set_access_token_tier", "flagplane.set_access_token_tier(" TOKEN ", 'partner')",
	 THOSE_OF_TOKEN, ""},
	{"revoke_access_token", "flagplane.revoke_access_token(" TOKEN ")", THOSE_OF_TOKEN, ""},
	{"kill_access_token", "flagplane.kill_access_token(" TOKEN ")", THOSE_OF_TOKEN, ""},
	{"create_project", "flagplane.create_project('new#', 'P')", "create_project", ""},
	{"update_project", "flagplane.update_project('p#', " PATCH("name", "N") ")",
	 THOSE_OF_PROJECT ", delete_project",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"},
	{"delete_project", "flagplane.delete_project('p#')",
	 ALL_IN_PROJECT ", update_project, delete_project", ALL_IN_PROJECT ", delete_project"},
	{"create_environment", "flagplane.create_environment('p1', 'new#', 'E', '000000')",
	 THOSE_OF_PROJECT ", delete_project",
	 "delete_environment, create_flag, create_flag (copy), update_flag (variations), delete_flag, "
	 "import_environment"},
	{"create_environment (copy)",
	 "flagplane.create_environment('p1', 'new#', 'E', '000000', source => "
	 "jsonb_build_object('key', 'e#'))",
	 THOSE_OF_PROJECT ", delete_project, update_environment, reset_environment_sdk_key, "
					  "reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
					  "create_segment, update_segment, delete_segment",
	 "delete_environment, create_flag, create_flag (copy), update_flag (variations), delete_flag, "
	 "import_environment"},
	{"update_environment", "flagplane.update_environment('p1', 'e#', " PATCH("name", "N") ")",
	 "delete_project, create_environment (copy), update_environment, delete_environment, "
	 "reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
	 "create_segment, update_segment, delete_segment, import_environment",
	 ""},
	{"delete_environment", "flagplane.delete_environment('p1', 'e#')",
	 THOSE_OF_PROJECT ", delete_project, update_environment, reset_environment_sdk_key, "
					  "reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
					  "create_segment, update_segment, delete_segment, touch_environment, "
					  "delete_layer, create_experiment",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment, delete_layer"},
	{"reset_environment_sdk_key", "flagplane.reset_environment_sdk_key('p1', 'e#')",
	 "delete_project, create_environment (copy), update_environment, delete_environment, "
	 "reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
	 "create_segment, update_segment, delete_segment, import_environment",
	 ""},
	{"reset_environment_mobile_key", "flagplane.reset_environment_mobile_key('p1', 'e#')",
	 "delete_project, create_environment (copy), update_environment, delete_environment, "
	 "reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
	 "create_segment, update_segment, delete_segment, import_environment",
	 ""},
	{"create_sdk_key", "flagplane.create_sdk_key('p1', 'e#', 'new')",
	 "delete_project, create_environment (copy), update_environment, delete_environment, "
	 "reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
	 "create_segment, update_segment, delete_segment, import_environment",
	 ""},
	{"delete_sdk_key", "flagplane.delete_sdk_key('p1', 'e#', 'k#')",
	 "delete_project, create_environment (copy), update_environment, delete_environment, "
	 "reset_environment_sdk_key, reset_environment_mobile_key, create_sdk_key, delete_sdk_key, "
	 "create_segment, update_segment, delete_segment, import_environment",
	 ""},
	{"create_flag", "flagplane.create_flag('p1', 'new#', 'F')",
	 THOSE_OF_PROJECT ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS ", delete_project",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"
	 ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS},
	{"create_flag (copy)", "flagplane.create_flag('p1', 'new#', 'F', clone => 'f#')",
	 THOSE_OF_PROJECT ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS
					  ", delete_project, update_flag",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"
	 ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS},
	{"update_flag", "flagplane.update_flag('p1', 'f#', " PATCH("name", "N") ")",
	 "delete_project, create_flag (copy), update_flag, update_flag (variations), delete_flag", ""},
	{"update_flag (variations)",
	 "flagplane.update_flag('p1', 'f#', " PATCH("variations/0/name", "N") ")",
	 THOSE_OF_PROJECT ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS
					  ", delete_project, update_flag",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"
	 ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS},
	{"delete_flag", "flagplane.delete_flag('p1', 'f#')",
	 THOSE_OF_PROJECT ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS
					  ", delete_project, update_flag, create_flag_link, update_flag_link, "
					  "delete_flag_link, create_experiment",
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"
	 ", " THOSE_OF_PAYLOAD ", " THOSE_OF_EXPERIMENTS},
	{"touch_environment", "flagplane.touch_environment('p1', 'e#')",
	 "delete_project, delete_environment, " THOSE_OF_PAYLOAD ", " THOSE_OF_PAYLOADS,
	 THOSE_OF_PAYLOADS},
	{"import_environment", "flagplane.import_environment('p1', 'e#', '{\"flags\": {}}')",
	 THOSE_OF_PROJECT ", update_project, " THOSE_OF_SEGMENTS,
	 "create_environment, create_environment (copy), delete_environment, create_flag, create_flag "
	 "(copy), update_flag (variations), delete_flag, import_environment"},
	{"create_segment", "flagplane.create_segment('p1', 'e#', 'new', 'S')", THOSE_OF_SEGMENTS,
	 THOSE_OF_PAYLOADS},
	{"update_segment", "flagplane.update_segment('p1', 'e#', 's#', " PATCH("name", "N") ")",
	 THOSE_OF_SEGMENTS, THOSE_OF_PAYLOADS},
	{"delete_segment", "flagplane.delete_segment('p1', 'e#', 's#')", THOSE_OF_SEGMENTS,
	 THOSE_OF_PAYLOADS},
	{"create_flag_link", "flagplane.create_flag_link('p1', 'f#', 'new')",
	 "delete_project, delete_flag, create_flag_link", ""},
	{"update_flag_link",
	 "flagplane.update_flag_link('p1', 'f#', " LINK ", " PATCH("title", "N") ")",
	 "delete_project, delete_flag, update_flag_link, delete_flag_link", ""},
	{"delete_flag_link", "flagplane.delete_flag_link('p1', 'f#', 'link#')",
	 "delete_project, delete_flag, update_flag_link, delete_flag_link", ""},
	{"register_integration",
	 "flagplane.register_integration('new#', '{\"capabilities\": {\"flagLink\": {\"uiBlocks\": {}, "
	 "\"header\": \"h\", \"emptyState\": \"e\"}}}')",
	 "register_integration", ""},
	{"create_layer", "flagplane.create_layer('p1', 'new#', 'L', '')",
	 "delete_project, create_layer", ""},
	{"update_layer",
	 "flagplane.update_layer('p1', 'busy#', '[{\"kind\": \"updateName\", \"name\": \"N\"}]')",
	 "delete_project, update_layer, update_layer (reserve), stop_experiment, archive_experiment, "
	 "delete_experiment",
	 ""},
	{"update_layer (reserve)",
	 "flagplane.update_layer('p1', 'busy#', '[{\"kind\": \"updateExperimentReservation\", "
	 "\"experimentKey\": \"fresh#\", \"reservationPercent\": 20}]', 'test')",
	 "delete_project, " THOSE_OF_PAYLOADS
	 ", update_layer, update_layer (reserve), update_experiment, start_experiment, "
	 "stop_experiment, archive_experiment, delete_experiment",
	 THOSE_OF_EXPERIMENTS ", " THOSE_OF_PAYLOADS},
	{"delete_layer", "flagplane.delete_layer('p1', 'idle#')",
	 "delete_project, delete_environment, delete_layer", "delete_environment"},
	{"create_experiment", "flagplane.create_experiment('p1', 'e#', 'new', 'X', flag_key => 'f#')",
	 "delete_project, delete_environment, delete_flag, create_experiment", ""},
	{"update_experiment",
	 "flagplane.update_experiment('p1', 'test', 'fresh#', '[{\"kind\": \"updateName\", \"value\": "
	 "\"N\"}]')",
	 "delete_project, update_layer (reserve), update_experiment, start_experiment, "
	 "archive_experiment, delete_experiment",
	 ""},
	{"start_experiment", "flagplane.start_experiment('p1', 'test', 'fresh#')",
	 "delete_project, " THOSE_OF_PAYLOADS
	 ", stop_experiment, update_layer (reserve), update_experiment, start_experiment, "
	 "archive_experiment, delete_experiment",
	 THOSE_OF_EXPERIMENTS ", " THOSE_OF_PAYLOADS},
	{"stop_experiment", "flagplane.stop_experiment('p1', 'test', 'running#')",
	 "delete_project, " THOSE_OF_PAYLOADS
	 ", start_experiment, update_layer, update_layer (reserve), "
	 "stop_experiment, archive_experiment, "
	 "delete_experiment",
	 THOSE_OF_EXPERIMENTS ", " THOSE_OF_PAYLOADS},
	{"archive_experiment", "flagplane.archive_experiment('p1', 'test', 'fresh#')",
	 "delete_project, update_layer, update_layer (reserve), update_experiment, start_experiment, "
	 "stop_experiment, archive_experiment, delete_experiment",
	 ""},
	{"delete_experiment", "flagplane.delete_experiment('p1', 'test', 'fresh#')",
	 "delete_project, update_layer, update_layer (reserve), update_experiment, start_experiment, "
	 "stop_experiment, archive_experiment, delete_experiment",
	 ""},
	{"create_sdk_app", "flagplane.create_sdk_app('p1', 'new', 'ios', 'com.new#')",
	 "delete_project, create_sdk_app, update_sdk_app (identifier)", ""},
	{"update_sdk_app", "flagplane.update_sdk_app('p1', " APP ", 'N')",
	 "delete_project, update_sdk_app, update_sdk_app (identifier), delete_sdk_app", ""},
	{"update_sdk_app (identifier)",
	 "flagplane.update_sdk_app('p1', " APP ", bundle_id => 'com.new#')",
	 "delete_project, create_sdk_app, update_sdk_app, update_sdk_app (identifier), delete_sdk_app",
	 ""},
	{"delete_sdk_app", "flagplane.delete_sdk_app('p1', " APP ")",
	 "delete_project, update_sdk_app, update_sdk_app (identifier), delete_sdk_app", ""},
};

#define CHANGES ((int) (sizeof(changes) / sizeof(changes[0])))

/* What there is: two of each kind. */
static const char *const fixture[] = {
	"SELECT flagplane.create_project('p#', 'P', environments => jsonb_build_array("
	"jsonb_build_object('key', 'e1', 'name', 'E', 'color', '000000'),"
	" jsonb_build_object('key', 'e2', 'name', 'E', 'color', '000000'),"
	" jsonb_build_object('key', 'test', 'name', 'E', 'color', '000000')))",
	"SELECT flagplane.create_member('member#@example.com')",
	"SELECT flagplane.create_access_token('token#', '{*}')",
	"SELECT flagplane.create_flag('p1', 'f#', 'F')",
	"SELECT flagplane.create_segment('p1', 'e#', 's#', 'S')",
	"SELECT flagplane.create_sdk_key('p1', 'e#', 'k#')",
	"SELECT flagplane.create_flag_link('p1', 'f#', 'link#')",
	"SELECT flagplane.create_sdk_app('p1', 'app#', 'ios', 'com.app#')",
	"SELECT flagplane.create_layer('p1', 'idle#', 'L', '')",
	"SELECT flagplane.create_layer('p1', 'busy#', 'L', '')",
	"SELECT flagplane.create_experiment('p1', 'test', 'fresh#', 'X', iteration => "
	"public.plan('p1', 'of-fresh#'))",
	"SELECT flagplane.create_experiment('p1', 'test', 'running#', 'X', iteration => "
	"public.plan('p1', 'of-running#'))",
	"SELECT flagplane.create_experiment('p1', 'test', 'free#', 'X')",
	"SELECT flagplane.update_layer('p1', 'busy#', ('[{\"kind\": \"updateExperimentReservation\", "
	"\"experimentKey\": \"fresh#\","
	" \"reservationPercent\": 10}, {\"kind\": \"updateExperimentReservation\","
	" \"experimentKey\": \"running#\", \"reservationPercent\": 10}]')::jsonb, 'test')",
	"SELECT flagplane.start_experiment('p1', 'test', 'running#')",
};

/*
 * numbered puts a number for # into a text.
 */
static char *
numbered(const char *text, int number)
{
	char *result = strdup(text);

	for (char *at = result; (at = strchr(at, '#')) != NULL;)
		*at = (char) ('0' + number);
	return result;
}

/*
 * run runs a change in a transaction that has begun; "waits", or what it answers.
 */
static char *
run(PGconn *connection, const Change *change, int number)
{
	char *statement = numbered(change->statement, number);
	char *answer = query(connection, "SELECT length(coalesce((%s)::text, '')) >= 0", statement);

	free(statement);
	return answer;
}

/*
 * is_listed tells whether a list has a name.
 */
static bool
is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

/*
 * compare runs each change beside one that is open, and compares who waits with a list.
 */
static void
compare(PGconn *second, const Change *first, int number, const char *expected)
{
	int wrong = 0;

	for (int i = 0; i < CHANGES; i++)
	{
		char *answer;
		bool waits;

		free(query(second, "BEGIN"));
		answer = run(second, &changes[i], number);
		free(query(second, "ROLLBACK"));
		waits = strcmp(answer, "ERROR 55P03") == 0;
		if (!waits && strcmp(answer, "t") != 0)
			printf("# %s then %s: %s\n", first->name, changes[i].name, answer);
		else if (waits != is_listed(expected, changes[i].name))
			printf("# %s %s for %s\n", changes[i].name, waits ? "waits" : "does not wait",
				   first->name);
		else
		{
			free(answer);
			continue;
		}
		free(answer);
		wrong++;
	}
	check(wrong == 0, "who waits for %s about %s", first->name,
		  number == 1 ? "the same" : "a neighbour");
}

/*
 * check_table checks that the table has every operation that changes something.
 */
static void
check_table(PGconn *connection)
{
	PGresult *result =
		PQexec(connection, "SELECT name FROM flagplane.operations() WHERE changes ORDER BY name");

	for (int i = 0; i < PQntuples(result); i++)
	{
		const char *name = PQgetvalue(result, i, 0);
		bool found = false;

		for (int j = 0; j < CHANGES && !found; j++)
			found = strcmp(changes[j].name, name) == 0;
		check(found, "the table of pairs has %s", name);
	}
	check(PQntuples(result) > 0, "there are operations");
	PQclear(result);
}

/*
 * test_pairs asks for each pair of changes.
 */
void
test_pairs(void)
{
	PGconn *first = connect_or_die();
	PGconn *second = connect_or_die();

	free(query(first, "CREATE EXTENSION flagplane CASCADE"));
	free(query(first, "%s", PLAN_FUNCTION));
	check_table(first);
	for (size_t i = 0; i < sizeof(fixture) / sizeof(fixture[0]); i++)
		for (int number = 1; number <= 2; number++)
		{
			char *statement = numbered(fixture[i], number);
			char *answer = query(first, "%s", statement);

			if (strncmp(answer, "ERROR", 5) == 0)
				check(false, "%s: %s", statement, answer);
			free(answer);
			free(statement);
		}
	free(query(second, "SET lock_timeout = '1ms'"));
	for (int i = 0; i < CHANGES; i++)
	{
		char *answer;

		free(query(first, "BEGIN"));
		answer = run(first, &changes[i], 1);
		check_equal(answer, "t", changes[i].name);
		free(answer);
		compare(second, &changes[i], 1, changes[i].same);
		compare(second, &changes[i], 2, changes[i].neighbour);
		free(query(first, "ROLLBACK"));
	}
	PQfinish(first);
	PQfinish(second);
}
