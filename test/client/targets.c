/*
 * targets.c
 *	  The operations and a good call of each, from the catalog: an operation with an
 *	  argument that there is no good value for is found out by the test, since its call
 *	  fails.
 */
#include "hostile.h"
#include "mutate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A good value of an argument, as SQL; of the operations that begin so. */
typedef struct Good
{
	const char *operation;
	const char *argument;
	const char *sql;
} Good;

/* The first that fits counts. */
static const Good goods[] = {
	{"", "project_key", "'hostile'"},
	{"", "project_id", "(SELECT 'prj_' || id FROM flagplane_data.project WHERE key = 'hostile')"},
	{"delete_layer", "layer_key", "'empty'"},
	{"", "layer_key", "'l'"},
	{"", "segment_key", "'s'"},
	{"", "flag_key", "'f'"},
	{"stop_experiment", "experiment_key", "'running'"},
	{"", "experiment_key", "'e'"},
	{"", "environment_key", "'test'"},
	{"", "key", "'new'"},
	{"delete_sdk_key", "name", "'target'"},
	{"", "name", "'New'"},
	{"", "description", "'Something new'"},
	{"", "email", "'a@example.com'"},
	{"create_member", "role", "'writer'"},
	{"create_access_token", "scopes", "'{projects:read,flags:write}'"},
	{"", "first_name", "'A'"},
	{"", "last_name", "'B'"},
	{"", "member_id", "(SELECT id FROM flagplane_data.member WHERE email = 'h@example.com')"},
	{"", "projects", "'{hostile}'"},
	{"", "expires_at", "'2100-01-01'"},
	{"create_members", "members", "'[{\"email\": \"b@example.com\", \"role\": \"writer\"}]'"},
	{"", "service_token", "'false'"},
	{"", "default_api_version", "'20240415'"},
	{"", "show_all", "'true'"},
	{"", "rate_tier", "'standard'"},
	{"", "grace", "'1 day'"},
	{"update_flag_link", "id", "(SELECT id FROM flagplane_data.flag_link WHERE key = 'k')"},
	{"get_audit", "id", "flagplane.list_audit_log()->'items'->0->>'_id'"},
	{"get_member", "id", "(SELECT id FROM flagplane_data.member WHERE email = 'h@example.com')"},
	{"", "id", "(SELECT id FROM flagplane_data.access_token WHERE name = 'target')"},
	{"", "id_or_key", "'k'"},
	{"", "tags", "'{a,b}'"},
	{"", "unbounded", "'false'"},
	{"", "unbounded_context_kind", "'device'"},
	{"", "environments", "'[{\"key\": \"e\", \"name\": \"E\", \"color\": \"000000\"}]'"},
	{"", "include_in_snippet_by_default", "'true'"},
	{"", "default_client_side_availability",
	 "'{\"usingMobileKey\": true, \"usingEnvironmentId\": true}'"},
	{"", "naming_convention", "'{\"case\": \"camelCase\", \"prefix\": \"a-\"}'"},
	{"", "require", "'true'"},
	{"", "color", "'00ff00'"},
	{"", "default_ttl", "'5'"},
	{"", "secure_mode", "'true'"},
	{"", "default_track_events", "'true'"},
	{"", "confirm_changes", "'true'"},
	{"", "critical", "'true'"},
	{"", "source", "'{\"key\": \"production\", \"version\": 1}'"},
	{"", "value",
	 "(SELECT value FROM flagplane_data.environment_key ORDER BY created_at DESC LIMIT 1)"},
	{"reset_access_token", "expiry", "((extract(epoch FROM now()) + 86400) * 1000)::bigint"},
	{"", "expiry", "'4102444800000'"},
	{"", "variations", "'[{\"value\": {\"a\": [1]}, \"name\": \"A\"}, {\"value\": null}]'"},
	{"", "temporary", "'true'"},
	{"", "defaults", "'{\"onVariation\": 1, \"offVariation\": 0}'"},
	{"", "is_flag_on", "'true'"},
	{"", "integration_key", "'github'"},
	{"", "timestamp", "'1700000000000'"},
	{"", "deep_link", "'https://example.com/a?b#c'"},
	{"", "title", "'Title'"},
	{"", "metadata", "'{\"prNumber\": \"1\"}'"},
	{"", "manifest",
	 "'{\"capabilities\": {\"flagLink\": {\"uiBlocks\": {}, \"header\": \"h\", \"emptyState\":"
	 " \"e\"}}}'"},
	{"", "randomization_unit", "'user'"},
	{"update_layer", "instructions",
	 "'[{\"kind\": \"updateName\", \"name\": \"N\"}, {\"kind\": \"updateExperimentReservation\","
	 " \"experimentKey\": \"e\", \"reservationPercent\": 10}]'"},
	{"update_experiment", "instructions", "'[{\"kind\": \"updateName\", \"value\": \"N\"}]'"},
	{"", "comment", "'Why'"},
	{"update_flag_link", "patch", "'[{\"op\": \"add\", \"path\": \"/title\", \"value\": \"T\"}]'"},
	{"update_access_token", "patch",
	 "'[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"N\"}]'"},
	{"update", "patch",
	 "'[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"N\"}, {\"op\": \"add\", \"path\":"
	 " \"/tags/-\", \"value\": \"z\"}, {\"op\": \"test\", \"path\": \"/name\", \"value\": "
	 "\"N\"}]'"},
	{"", "app_id", "(SELECT id FROM flagplane_data.sdk_app WHERE name = 'target')"},
	{"create", "platform", "'expo'"},
	{"", "bundle_id", "'com.example.new'"},
	{"", "android_package", "'com.example.new'"},
	{"", "capi", "'{\"meta\": {\"enabled\": true}}'"},
	{"", "rotate_key", "'true'"},
	{"", "api_key", "(SELECT key FROM target)"},
	{"", "limit", "'5'"},
	{"", "offset", "'0'"},
	{"list_projects", "sort", "'name'"},
	{"", "context", "'{\"key\": \"a\"}'"},
	{"", "client_side_only", "'true'"},
	{"", "with_reasons", "'true'"},
	{"", "details_only_for_tracked_flags", "'true'"},
	{"", "units", "'1000'"},
	{"get_flag", "expand", "'evaluation'"},
	{"list_flags", "expand", "'evaluation'"},
	{"get_experiment", "expand", "'treatments'"},
	{"list_experiments", "expand", "'treatments'"},
	{"get_member", "expand", "'customRoles'"},
	{"list_members", "expand", "'customRoles'"},
	{"", "expand", "'environments'"},
	{"", "search", "'h'"},
	{"", "before", "'4102444800000'"},
	{"", "after", NULL},
};

/*
 * prepare makes what the good calls are about.
 */
static void
prepare(PGconn *owner)
{
	static const char *const statements[] = {
		"SET client_min_messages = warning",
		"CREATE EXTENSION flagplane CASCADE",
		PLAN_FUNCTION,
		"SELECT flagplane.create_project('other', 'Other')",
		"SELECT flagplane.create_project('hostile', 'Hostile')",
		"SELECT flagplane.create_flag('hostile', 'f', 'F')",
		"SELECT flagplane.create_segment('hostile', 'test', 's', 'S')",
		"SELECT flagplane.create_sdk_key('hostile', 'test', 'target')",
		"SELECT flagplane.create_flag_link('hostile', 'f', 'k')",
		"SELECT flagplane.create_layer('hostile', k, 'L', '') FROM unnest('{l,empty}'::text[]) k",
		"SELECT flagplane.create_experiment('hostile', 'test', k, 'E',"
		" iteration => public.plan('hostile', 'of-' || k))"
		" FROM unnest('{e,running}'::text[]) k",
		"SELECT flagplane.start_experiment('hostile', 'test', 'running')",
		"SELECT flagplane.create_member('h@example.com')",
		"SELECT flagplane.create_access_token('target', role => 'reader')",
		"CREATE TABLE target AS SELECT"
		" flagplane.create_sdk_app('hostile', 'target', 'expo')->>'apiKey' AS key",
	};

	for (int i = 0; i < (int) (sizeof(statements) / sizeof(statements[0])); i++)
	{
		char *answer = query(owner, "%s", statements[i]);

		if (strncmp(answer, "ERROR", 5) == 0)
			check(false, "%s: %s", statements[i], answer);
		free(answer);
	}
}

/*
 * is_start tells whether a text begins with another one.
 */
static bool
is_start(const char *start, const char *text)
{
	return strncmp(start, text, strlen(start)) == 0;
}

/*
 * wire_name is an argument's name in camelCase.
 */
static char *
wire_name(const char *name)
{
	char *wire = strdup(name);
	char *to = wire;

	for (; *name; name++)
		*to++ = *name == '_' ? (char) toupper((unsigned char) *++name) : *name;
	*to = '\0';
	return wire;
}

/*
 * find_good finds an argument's good value.
 */
static void
find_good(PGconn *owner, const Target *target, Argument *argument)
{
	for (int i = 0; i < (int) (sizeof(goods) / sizeof(goods[0])); i++)
	{
		const Good *good = &goods[i];

		if (!is_start(good->operation, target->name) ||
			(strcmp(good->argument, argument->name) != 0 &&
			 (strcmp(good->argument, "require") != 0 || !is_start("require", argument->name))))
			continue;
		if (good->sql == NULL)
			return;
		argument->value = query(owner, "SELECT %s", good->sql);
		/* A time is in milliseconds there. */
		argument->json =
			is_start("timestamp", argument->type)
				? query(owner, "SELECT (extract(epoch FROM (%s)::timestamptz) * 1000)::bigint",
						good->sql)
				: query(owner, "SELECT to_json((%s)::%s)", good->sql, argument->type);
		return;
	}
}

/*
 * add_part appends an argument's value in a path.
 */
static bool
add_part(Text *uri, Target *target, const char *name, size_t length)
{
	for (int i = 0; i < target->argument_count; i++)
	{
		Argument *argument = &target->arguments[i];

		if (argument->wire == NULL)
			continue;
		if ((strncmp(argument->wire, name, length) == 0 && strlen(argument->wire) == length) ||
			(is_start("id", name) && strcmp(argument->name, "id_or_key") == 0) ||
			(is_start("featureFlagKey", name) && strcmp(argument->name, "flag_key") == 0))
		{
			text_add(uri, argument->value);
			/* It is not in the body, then. */
			argument->wire = NULL;
			return true;
		}
	}
	return false;
}

/*
 * make_request makes the documented request of the good arguments.
 */
static void
make_request(Target *target, const char *path)
{
	bool has_body = strcmp(target->method, "POST") == 0 || strcmp(target->method, "PATCH") == 0;
	Text uri = {0};
	Text body = {0};

	while (*path)
	{
		size_t length = strcspn(path + 1, "/") + 1;

		if (path[1] != ':')
			text_append(&uri, path, length);
		else
		{
			text_add(&uri, "/");
			if (!add_part(&uri, target, path + 2, length - 2))
				check(false, "%s: what is %s?", target->name, path);
		}
		path += length;
	}
	for (int i = 0, queries = 0; i < target->argument_count; i++)
	{
		const Argument *argument = &target->arguments[i];

		if (argument->wire == NULL || argument->value == NULL ||
			strcmp(argument->name, "idempotency_key") == 0)
			continue;
		if (!has_body || (strcmp(argument->name, "expiry") == 0 && is_start("reset", target->name)))
		{
			text_add(&uri, queries++ == 0 ? "?" : "&");
			text_add(&uri, argument->wire);
			text_add(&uri, "=");
			text_add(&uri, argument->value);
		}
		else if (strcmp(argument->name, "patch") == 0 || strcmp(argument->name, "members") == 0)
			text_add(&body, argument->json);
		else
		{
			text_add(&body, body.length == 0 ? "{" : ", ");
			text_json(&body, argument->wire);
			text_add(&body, ": ");
			text_add(&body, argument->json);
		}
	}
	if (body.length > 0 && body.data[0] == '{')
		text_add(&body, "}");
	target->uri = uri.data;
	target->body = body.data;
}

/*
 * load_arguments reads an operation's arguments and makes the statement that calls it.
 */
static void
load_arguments(PGconn *owner, Target *target)
{
	char text[512];
	PGresult *result;
	Text statement = {0};

	snprintf(text, sizeof(text),
			 "SELECT p.proargnames[n], format_type(t, NULL) FROM pg_proc p,"
			 " unnest(p.proargtypes) WITH ORDINALITY u(t, n) WHERE p.proname = '%s'"
			 " AND p.pronamespace = 'flagplane'::regnamespace ORDER BY n",
			 target->name);
	result = PQexec(owner, text);
	target->argument_count = PQntuples(result);
	snprintf(text, sizeof(text), "SELECT flagplane.%s(", target->name);
	text_add(&statement, text);
	for (int i = 0; i < target->argument_count; i++)
	{
		Argument *argument = &target->arguments[i];

		argument->name = strdup(PQgetvalue(result, i, 0));
		argument->type = strdup(PQgetvalue(result, i, 1));
		argument->wire = wire_name(argument->name);
		find_good(owner, target, argument);
		snprintf(text, sizeof(text), "%s$%d::%s", i == 0 ? "" : ", ", i + 1, argument->type);
		text_add(&statement, text);
	}
	text_add(&statement, ")::jsonb");
	target->statement = statement.data;
	PQclear(result);
}

/*
 * targets_load reads the operations and the statuses that are documented for them.
 */
Target *
targets_load(PGconn *owner, int *count)
{
	PGresult *result;
	Target *targets;

	prepare(owner);
	result = PQexec(
		owner, "SELECT o.name, o.status, o.method, o.path, ' ' || (SELECT"
			   " string_agg(r, ' ') FROM json_each(flagplane.openapi()->'paths') p(path, m),"
			   " json_each(m) e(method, d), json_object_keys(d->'responses') r WHERE"
			   " p.path LIKE '/%' AND json_typeof(d) = 'object' AND d->>'operationId' = o.name)"
			   " || ' ' FROM flagplane.operations() o");
	*count = PQntuples(result);
	targets = calloc(*count, sizeof(Target));
	for (int i = 0; i < *count; i++)
	{
		Target *target = &targets[i];

		target->name = strdup(PQgetvalue(result, i, 0));
		target->succeeds = strdup(PQgetvalue(result, i, 1));
		load_arguments(owner, target);
		if (PQgetisnull(result, i, 2))
			continue;
		target->method = strdup(PQgetvalue(result, i, 2));
		target->documented = strdup(PQgetvalue(result, i, 4));
		make_request(target, PQgetvalue(result, i, 3));
	}
	PQclear(result);
	return targets;
}
