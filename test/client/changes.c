/*
 * changes.c
 *	  The table of calls: one for each changing operation.
 */
#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The id of what has a name or a key, in a statement. */
#define ID_OF(table, column, name) \
	"(SELECT id FROM flagplane_data." table " WHERE " column " = '" name "')"

/* The id of an app that may be gone. */
#define DELETED_APP(name)                                   \
	"(SELECT after->>'appId' FROM flagplane_data.audit_log" \
	" WHERE operation = 'create_sdk_app' AND after->>'name' = '" name "')"

/* The id of a token that may be gone. */
#define DELETED_TOKEN(name)                               \
	"(SELECT after->>'_id' FROM flagplane_data.audit_log" \
	" WHERE operation = 'create_access_token' AND after->>'name' = '" name "')"

#define TOKEN_STEP(name) \
	"SELECT flagplane.create_access_token('" name "', role => 'reader', idempotency_key => {s})"
#define ENVIRONMENT_STEP(key) \
	"SELECT flagplane.create_environment('env', '" key "', 'E', '000000', idempotency_key => {s})"
#define EXPERIMENT_STEP(key)                                             \
	"SELECT flagplane.create_experiment('race', 'test', '" key "', 'E'," \
	" iteration => public.plan('race', 'of-" key "'), idempotency_key => {s})"
#define SEGMENT_STEP(key) \
	"SELECT flagplane.create_segment('race', 'test', '" key "', 'S', idempotency_key => {s})"
#define APP_STEP(name) \
	"SELECT flagplane.create_sdk_app('race', '" name "', 'expo', idempotency_key => {s})"

#define THERE(table, condition) "EXISTS (SELECT FROM flagplane_data." table " WHERE " condition ")"
#define SET_TAGS				"'[{\"op\": \"replace\", \"path\": \"/tags\", \"value\": [\"mine\"]}]'"
#define KEPT_KEY(kind, key)                                                      \
	THERE("environment_key", "kind = '" kind "' AND expires_at IS NOT NULL AND " \
							 "environment_id = " ID_OF("environment", "key", key))
/* Milliseconds of the year 2100. */
#define LATER "4102444800000"
/* Milliseconds of a day from now, the same in each call of a statement. */
#define TOMORROW "((extract(epoch FROM date_trunc('day', now())) + 2 * 86400) * 1000)::bigint"

const Change changes[] = {
	{"create_account", REFUSED, {0}, "'ca-{n}', 'A'", THERE("account", "key = 'ca-{n}'")},
	{"create_member",
	 REFUSED,
	 {0},
	 "'cm-{n}@example.com'",
	 THERE("member", "email = 'cm-{n}@example.com'")},
	{"create_members",
	 REFUSED,
	 {0},
	 "'[{\"email\": \"cs-{n}@example.com\"}]'",
	 THERE("member", "email = 'cs-{n}@example.com'")},
	{"create_access_token",
	 TAKEN,
	 {0},
	 "'ct-{n}', role => 'reader'",
	 THERE("access_token", "name = 'ct-{n}'")},
	{"rotate_access_token",
	 TAKEN,
	 {TOKEN_STEP("rt-{n}")},
	 ID_OF("access_token", "name", "rt-{n}") ", grace => '1 day'",
	 THERE("access_token", "name = 'rt-{n}' AND previous_secret_hash IS NOT NULL")},
	{"reset_access_token",
	 TAKEN,
	 {TOKEN_STEP("xt-{n}")},
	 ID_OF("access_token", "name", "xt-{n}") ", expiry => " TOMORROW,
	 THERE("access_token", "name = 'xt-{n}' AND previous_secret_hash IS NOT NULL")},
	{"update_access_token",
	 SETTLED,
	 {TOKEN_STEP("ut-{n}")},
	 ID_OF("access_token", "name", "ut-{n}") //
	 ", '[{\"op\": \"add\", \"path\": \"/description\", \"value\": \"mine\"}]'",
	 THERE("access_token", "name = 'ut-{n}' AND description = 'mine'")},
	{"delete_access_token",
	 REFUSED,
	 {TOKEN_STEP("dt-{n}")},
	 DELETED_TOKEN("dt-{n}"),
	 "NOT " THERE("access_token", "name = 'dt-{n}'")},
	{"set_access_token_tier",
	 SETTLED,
	 {TOKEN_STEP("st-{n}")},
	 ID_OF("access_token", "name", "st-{n}") ", 'partner'",
	 THERE("access_token", "name = 'st-{n}' AND rate_tier = 'partner'")},
	{"revoke_access_token",
	 SETTLED,
	 {TOKEN_STEP("vt-{n}")},
	 ID_OF("access_token", "name", "vt-{n}"),
	 THERE("access_token", "name = 'vt-{n}' AND revoked_at IS NOT NULL")},
	{"kill_access_token",
	 SETTLED,
	 {TOKEN_STEP("kt-{n}")},
	 ID_OF("access_token", "name", "kt-{n}"),
	 THERE("access_token", "name = 'kt-{n}' AND killed_at IS NOT NULL")},
	{"create_project", REFUSED, {0}, "'cp-{n}', 'P'", THERE("project", "key = 'cp-{n}'")},
	{"update_project",
	 SETTLED,
	 {"SELECT flagplane.create_project('up-{n}', 'P', idempotency_key => {s})"},
	 "'up-{n}', " SET_TAGS,
	 THERE("project", "key = 'up-{n}' AND tags = '{mine}'")},
	{"delete_project",
	 REFUSED,
	 {"SELECT flagplane.create_project('dp-{n}', 'P', idempotency_key => {s})"},
	 "'dp-{n}'",
	 "NOT " THERE("project", "key = 'dp-{n}'")},
	{"create_environment",
	 REFUSED,
	 {0},
	 "'env', 'ce-{n}', 'E', '000000'",
	 THERE("environment", "key = 'ce-{n}'")},
	{"update_environment",
	 SETTLED,
	 {ENVIRONMENT_STEP("ue-{n}")},
	 "'env', 'ue-{n}', " SET_TAGS,
	 THERE("environment", "key = 'ue-{n}' AND tags = '{mine}'")},
	{"delete_environment",
	 REFUSED,
	 {ENVIRONMENT_STEP("de-{n}")},
	 "'env', 'de-{n}'",
	 "NOT " THERE("environment", "key = 'de-{n}'")},
	{"reset_environment_sdk_key",
	 TAKEN,
	 {ENVIRONMENT_STEP("rs-{n}")},
	 "'env', 'rs-{n}', " LATER,
	 KEPT_KEY("sdk", "rs-{n}")},
	{"reset_environment_mobile_key",
	 TAKEN,
	 {ENVIRONMENT_STEP("rm-{n}")},
	 "'env', 'rm-{n}', " LATER,
	 KEPT_KEY("mobile", "rm-{n}")},
	{"create_sdk_key",
	 REFUSED,
	 {ENVIRONMENT_STEP("cy-{n}")},
	 "'env', 'cy-{n}', 'k'",
	 THERE("environment_key",
		   "name = 'k' AND environment_id = " ID_OF("environment", "key", "cy-{n}"))},
	{"delete_sdk_key",
	 REFUSED,
	 {ENVIRONMENT_STEP("dy-{n}"),
	  "SELECT flagplane.create_sdk_key('env', 'dy-{n}', 'k', idempotency_key => {s})"},
	 "'env', 'dy-{n}', 'k'",
	 "NOT " THERE("environment_key",
				  "name = 'k' AND environment_id = " ID_OF("environment", "key", "dy-{n}"))},
	{"touch_environment",
	 TAKEN,
	 {ENVIRONMENT_STEP("te-{n}")},
	 "'env', 'te-{n}'",
	 THERE("environment_payload",
		   "version > 1 AND environment_id = " ID_OF("environment", "key", "te-{n}"))},
	{"import_environment",
	 SETTLED,
	 {0},
	 "'race', 'test', '{\"flags\": {\"ie-{n}\": {\"variations\": [1, 2], \"fallthrough\": "
	 "{\"variation\": 0}}}}'",
	 THERE("flag", "key = 'ie-{n}'")},
	{"create_flag", REFUSED, {0}, "'race', 'cf-{n}', 'F'", THERE("flag", "key = 'cf-{n}'")},
	{"update_flag",
	 SETTLED,
	 {"SELECT flagplane.create_flag('race', 'uf-{n}', 'F', idempotency_key => {s})"},
	 "'race', 'uf-{n}', " SET_TAGS,
	 THERE("flag", "key = 'uf-{n}' AND tags = '{mine}'")},
	{"delete_flag",
	 REFUSED,
	 {"SELECT flagplane.create_flag('race', 'df-{n}', 'F', idempotency_key => {s})"},
	 "'race', 'df-{n}'",
	 "NOT " THERE("flag", "key = 'df-{n}'")},
	{"create_segment",
	 REFUSED,
	 {0},
	 "'race', 'test', 'cg-{n}', 'S'",
	 THERE("segment", "key = 'cg-{n}'")},
	{"update_segment",
	 SETTLED,
	 {SEGMENT_STEP("ug-{n}")},
	 "'race', 'test', 'ug-{n}', " SET_TAGS,
	 THERE("segment", "key = 'ug-{n}' AND tags = '{mine}'")},
	{"delete_segment",
	 REFUSED,
	 {SEGMENT_STEP("dg-{n}")},
	 "'race', 'test', 'dg-{n}'",
	 "NOT " THERE("segment", "key = 'dg-{n}'")},
	{"create_flag_link",
	 REFUSED,
	 {0},
	 "'race', 'f', 'ck-{n}'",
	 THERE("flag_link", "key = 'ck-{n}'")},
	{"update_flag_link",
	 SETTLED,
	 {"SELECT flagplane.create_flag_link('race', 'f', 'uk-{n}', idempotency_key => {s})"},
	 "'race', 'f', " ID_OF("flag_link", "key", "uk-{n}") //
	 ", '[{\"op\": \"add\", \"path\": \"/title\", \"value\": \"mine\"}]'",
	 THERE("flag_link", "key = 'uk-{n}' AND title = 'mine'")},
	{"delete_flag_link",
	 REFUSED,
	 {"SELECT flagplane.create_flag_link('race', 'f', 'dk-{n}', idempotency_key => {s})"},
	 "'race', 'f', 'dk-{n}'",
	 "NOT " THERE("flag_link", "key = 'dk-{n}'")},
	{"register_integration",
	 REFUSED,
	 {0},
	 "'ri-{n}', '{\"capabilities\": {\"flagLink\": {\"uiBlocks\": {}, \"header\": \"h\","
	 " \"emptyState\": \"e\"}}}'",
	 THERE("integration", "key = 'ri-{n}'")},
	{"create_layer", REFUSED, {0}, "'race', 'cl-{n}', 'L', ''", THERE("layer", "key = 'cl-{n}'")},
	{"update_layer",
	 SETTLED,
	 {"SELECT flagplane.create_layer('race', 'ul-{n}', 'L', '', idempotency_key => {s})",
	  EXPERIMENT_STEP("ul-{n}")},
	 "'race', 'ul-{n}', '[{\"kind\": \"updateExperimentReservation\", \"experimentKey\":"
	 " \"ul-{n}\", \"reservationPercent\": 10}]', 'test'",
	 THERE("layer_reservation", "layer_id = " ID_OF("layer", "key", "ul-{n}"))},
	{"delete_layer",
	 REFUSED,
	 {"SELECT flagplane.create_layer('race', 'dl-{n}', 'L', '', idempotency_key => {s})"},
	 "'race', 'dl-{n}'",
	 "NOT " THERE("layer", "key = 'dl-{n}'")},
	{"create_experiment",
	 REFUSED,
	 {0},
	 "'race', 'test', 'cx-{n}', 'E'",
	 THERE("experiment", "key = 'cx-{n}'")},
	{"update_experiment",
	 SETTLED,
	 {EXPERIMENT_STEP("ux-{n}")},
	 "'race', 'test', 'ux-{n}', '[{\"kind\": \"updateName\", \"value\": \"Mine\"}]'",
	 THERE("experiment", "key = 'ux-{n}' AND name = 'Mine'")},
	{"start_experiment",
	 SETTLED,
	 {EXPERIMENT_STEP("sx-{n}")},
	 "'race', 'test', 'sx-{n}'",
	 THERE("experiment", "key = 'sx-{n}' AND status = 'running'")},
	{"stop_experiment",
	 SETTLED,
	 {EXPERIMENT_STEP("tx-{n}"),
	  "SELECT flagplane.start_experiment('race', 'test', 'tx-{n}', idempotency_key => {s})"},
	 "'race', 'test', 'tx-{n}'",
	 THERE("experiment", "key = 'tx-{n}' AND status = 'stopped'")},
	{"archive_experiment",
	 SETTLED,
	 {EXPERIMENT_STEP("ax-{n}")},
	 "'race', 'test', 'ax-{n}'",
	 THERE("experiment", "key = 'ax-{n}' AND archived_at IS NOT NULL")},
	{"delete_experiment",
	 REFUSED,
	 {EXPERIMENT_STEP("dx-{n}")},
	 "'race', 'test', 'dx-{n}'",
	 "NOT " THERE("experiment", "key = 'dx-{n}'")},
	{"create_sdk_app",
	 REFUSED,
	 {0},
	 "'race', 'ca-{n}', 'ios', bundle_id => 'com.example.ca-{n}'",
	 THERE("sdk_app", "name = 'ca-{n}'")},
	{"update_sdk_app",
	 SETTLED,
	 {APP_STEP("ua-{n}")},
	 "'race', " ID_OF("sdk_app", "name", "ua-{n}") ", bundle_id => 'com.example.ua-{n}'",
	 THERE("sdk_app", "name = 'ua-{n}' AND bundle_id IS NOT NULL")},
	{"delete_sdk_app",
	 REFUSED,
	 {APP_STEP("da-{n}")},
	 "'race', " DELETED_APP("da-{n}"),
	 "NOT " THERE("sdk_app", "name = 'da-{n}'")},
};
const int change_count = sizeof(changes) / sizeof(changes[0]);

/*
 * changes_prepare makes the extension and what every change is about.
 */
void
changes_prepare(PGconn *owner)
{
	static const char *const statements[] = {
		"SET client_min_messages = warning",
		"CREATE EXTENSION flagplane CASCADE",
		PLAN_FUNCTION,
		"SELECT flagplane.create_project('race', 'Race')",
		"SELECT flagplane.create_project('env', 'Environments')",
		"SELECT flagplane.create_flag('race', 'f', 'F')",
	};

	for (int i = 0; i < (int) (sizeof(statements) / sizeof(statements[0])); i++)
		free(query(owner, "%s", statements[i]));
}

/*
 * changes_check_complete checks that the table has each operation that changes
 * anything.
 */
void
changes_check_complete(PGconn *owner)
{
	char names[STATEMENT_BYTES * 4] = "";
	char *missing;

	for (int i = 0; i < change_count; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ",%s", changes[i].operation);
	missing = query(owner,
					"SELECT coalesce(string_agg(name, ' '), '') FROM flagplane.operations()"
					" WHERE changes AND name <> ALL (string_to_array('%s', ','))",
					names);
	check_equal(missing, "", "every changing operation is in the table of calls");
	free(missing);
}

/*
 * change_text fills in a statement's number and key.
 */
void
change_text(char *out, const char *template, int number, const char *key)
{
	char *end = out + STATEMENT_BYTES;

	for (const char *from = template; *from; from++)
	{
		if (from[0] != '{' || !strchr("nks", from[1]) || from[2] != '}')
			out += snprintf(out, end - out, "%c", *from);
		else
		{
			out += from[1] == 'n' ? snprintf(out, end - out, "%d", number)
								  : snprintf(out, end - out, "%s", key);
			from += 2;
		}
		if (out >= end)
		{
			fprintf(stderr, "a statement is too long: %s\n", template);
			exit(2);
		}
	}
	*out = '\0';
}

/*
 * change_key is the SQL of an idempotency key that this change of this number has
 * for itself: a UUID of version 4 in its form, as where secrets are generated.
 */
void
change_key(char *out, const char *prefix, const Change *change, int number)
{
	snprintf(out, STATEMENT_BYTES,
			 "regexp_replace(md5('%s %s %d'), '^(.{12}).(.{3}).', '\\14\\28')::uuid", prefix,
			 change->operation, number);
}

/*
 * change_step is a statement that makes what is changed; it can be repeated, too.
 */
void
change_step(char *out, const Change *change, int step, int number)
{
	char key[STATEMENT_BYTES];

	change_key(key, step == 0 ? "first" : "second", change, number);
	change_text(out, change->steps[step], number, key);
}

/*
 * change_call is the statement that makes the change; key is the SQL of its
 * idempotency key.
 */
void
change_call(char *out, const Change *change, int number, const char *key)
{
	char template[STATEMENT_BYTES];

	snprintf(template, sizeof(template), "SELECT flagplane.%s(%s, idempotency_key => {k})",
			 change->operation, change->arguments);
	change_text(out, template, number, key);
}
