/*
 * flag_configuration.c
 *	  Each flag's settings in each environment.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "access/xact.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"

/* Salts must differ from one configuration to the next: they are made of one random value and the ids. */
STATEMENT(configure_flag,
		  "INSERT INTO flagplane_data.flag_environment"
		  " (account_id, flag_id, environment_id, is_on, fallthrough, off_variation, targets,"
		  " rules, prerequisites, salt, sel, track_events, version, last_modified)"
		  " SELECT $1, f.id, e.id, coalesce($3, s.is_on, false),"
		  " coalesce(s.fallthrough, jsonb_build_object('variation', f.on_variation)),"
		  " CASE WHEN s.flag_id IS NULL THEN f.off_variation ELSE s.off_variation END,"
		  " coalesce(s.targets, '[]'), coalesce(s.rules, '[]'),"
		  " coalesce($7, s.prerequisites, '[]'), md5($4 || 'salt' || f.id::text || e.id),"
		  " md5($4 || 'sel' || f.id::text || e.id),"
		  " coalesce(s.track_events, e.default_track_events), 1, $5"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " LEFT JOIN flagplane_data.flag_environment s ON s.account_id = f.account_id"
		  " AND s.flag_id = $6 AND s.environment_id = e.id"
		  " WHERE f.account_id = $1 AND f.id = $2");

STATEMENT(configure_environment,
		  "INSERT INTO flagplane_data.flag_environment"
		  " (account_id, flag_id, environment_id, is_on, fallthrough, off_variation, targets,"
		  " rules, prerequisites, salt, sel, track_events, version, last_modified)"
		  " SELECT $1, f.id, e.id, coalesce(s.is_on, false),"
		  " coalesce(s.fallthrough, jsonb_build_object('variation', f.on_variation)),"
		  " CASE WHEN s.flag_id IS NULL THEN f.off_variation ELSE s.off_variation END, '[]',"
		  " coalesce(s.rules, '[]'), coalesce(s.prerequisites, '[]'),"
		  " coalesce(s.salt, md5($4 || 'salt' || f.id::text || e.id)),"
		  " md5($4 || 'sel' || f.id::text || e.id),"
		  " coalesce(s.track_events, e.default_track_events), 1, $5"
		  " FROM flagplane_data.environment e JOIN flagplane_data.flag f"
		  " ON f.account_id = e.account_id AND f.project_id = e.project_id"
		  " LEFT JOIN flagplane_data.flag_environment s ON s.account_id = f.account_id"
		  " AND s.flag_id = f.id AND s.environment_id = $3"
		  " WHERE e.account_id = $1 AND e.id = $2");

STATEMENT(find_any_flag,
		  "SELECT 1 FROM flagplane_data.flag f WHERE f.account_id = $1 AND f.project_id = $2"
		  " LIMIT 1");

/* What a new flag's, or a new environment's, configurations are made of, and in which state it is. */
STATEMENT(list_environments_of_flag,
		  "SELECT md5(string_agg(e.id || ':' || e.version, ',' ORDER BY e.id))"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " WHERE f.account_id = $1 AND f.id = $2");

STATEMENT(list_flags_of_environment,
		  "SELECT md5(string_agg(f.id || ':' || f.version, ',' ORDER BY f.id))"
		  " FROM flagplane_data.environment e JOIN flagplane_data.flag f"
		  " ON f.account_id = e.account_id AND f.project_id = e.project_id"
		  " WHERE e.account_id = $1 AND e.id = $2");

STATEMENT(list_configurations,
		  "SELECT e.key, e.name, c.is_on, c.fallthrough, c.off_variation, c.targets, c.rules,"
		  " c.prerequisites, c.salt, c.sel, c.track_events, c.version, c.last_modified"
		  " FROM flagplane_data.flag_environment c JOIN flagplane_data.environment e"
		  " ON e.account_id = c.account_id AND e.id = c.environment_id"
		  " WHERE c.account_id = $1 AND c.flag_id = $2 AND ($3 IS NULL OR e.key = ANY ($3))"
		  " ORDER BY e.created_at, e.key");

/* What a patch has made of the settings, $4, in the environment whose key is $3. */
STATEMENT(change_configuration,
		  "UPDATE flagplane_data.flag_environment c SET is_on = ($4->>'on')::boolean,"
		  " fallthrough = $4->'fallthrough', off_variation = ($4->>'offVariation')::integer,"
		  " targets = $4->'targets', rules = $4->'rules', prerequisites = $4->'prerequisites',"
		  " track_events = ($4->>'trackEvents')::boolean, version = c.version + 1,"
		  " last_modified = $5"
		  " FROM flagplane_data.flag f JOIN flagplane_data.environment e"
		  " ON e.account_id = f.account_id AND e.project_id = f.project_id"
		  " WHERE f.account_id = $1 AND f.id = $2 AND e.key = $3"
		  " AND c.account_id = f.account_id AND c.flag_id = f.id AND c.environment_id = e.id"
		  " RETURNING 1");

/* Prerequisites, $4, of the flag in an environment that are none: the flag or its variation is not there. */
STATEMENT(find_missing_prerequisite,
		  "SELECT q->>'key', place::integer - 1"
		  " FROM jsonb_array_elements($4) WITH ORDINALITY u(q, place) WHERE NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.flag f JOIN flagplane_data.flag o"
		  " ON o.account_id = f.account_id AND o.project_id = f.project_id AND o.id <> f.id"
		  " WHERE f.account_id = $1 AND f.id = $2 AND o.key = q->>'key'"
		  " AND (q->>'variation')::integer < jsonb_array_length(o.variations))"
		  " ORDER BY place LIMIT 1");

/* Whether the flag's prerequisites, $4, in an environment need the flag itself in the end. */
STATEMENT(find_circle,
		  "WITH RECURSIVE needed(key) AS (SELECT q->>'key' FROM jsonb_array_elements($4) q"
		  " UNION SELECT q->>'key' FROM needed n JOIN flagplane_data.flag f ON f.account_id = $1"
		  " AND f.project_id = (SELECT t.project_id FROM flagplane_data.flag t"
		  " WHERE t.account_id = $1 AND t.id = $2) AND f.key = n.key"
		  " JOIN flagplane_data.environment e ON e.account_id = f.account_id"
		  " AND e.project_id = f.project_id AND e.key = $3"
		  " JOIN flagplane_data.flag_environment c ON c.account_id = f.account_id"
		  " AND c.flag_id = f.id AND c.environment_id = e.id,"
		  " jsonb_array_elements(c.prerequisites) q)"
		  " SELECT 1 FROM needed n JOIN flagplane_data.flag t ON t.account_id = $1 AND t.id = $2"
		  " AND t.key = n.key LIMIT 1");

/*
 * completed is a member of the settings as it is answered: with what was left out when
 * it was stored.
 */
static char *
completed(const char *name, const Row *row, int column)
{
	return jsonb_text(targeting_complete(name, DatumGetJsonbP(row->values[column]), true));
}

/*
 * configuration_document writes a flag's configuration in one environment, the
 * row of list_configurations, as a member of environments.
 */
static void
configuration_document(StringInfo out, const char *project_key, const char *flag_key, bool archived,
					   const Row *row)
{
	document_key(out, row_string(row, 0));
	document_open(out, '{');
	document_boolean(out, "on", row_boolean(row, 2));
	document_boolean(out, "archived", archived);
	document_string(out, "salt", row_string(row, 8));
	document_string(out, "sel", row_string(row, 9));
	document_milliseconds(out, "lastModified", row_time(row, 12));
	document_integer(out, "version", row_integer(row, 11));
	document_raw(out, "targets", completed("targets", row, 5));
	document_raw(out, "contextTargets", "[]");
	document_raw(out, "rules", completed("rules", row, 6));
	document_raw(out, "fallthrough", completed("fallthrough", row, 3));
	if (!row->nulls[4])
		document_integer(out, "offVariation", row_integer(row, 4));
	document_raw(out, "prerequisites", row_jsonb(row, 7));
	document_key(out, "_site");
	appendStringInfo(out, "{\"href\":\"/%s/%s/features/%s\",\"type\":\"text/html\"}", project_key,
					 row_string(row, 0), flag_key);
	document_string(out, "_environmentName", row_string(row, 1));
	document_boolean(out, "trackEvents", row_boolean(row, 10));
	document_boolean(out, "trackEventsFallthrough", false);
	document_close(out, '}');
}

/*
 * configurations_document writes a flag's configurations as the member
 * environments, by the environments' keys: those of the named ones, or all (NULL).
 */
void
configurations_document(Request *request, const Flag *flag, ArrayType *environments)
{
	StringInfo out = request->response;
	Params params = {0};
	Rows rows;

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, flag->id, false);
	params_add(&params, TEXTARRAYOID, PointerGetDatum(environments), environments == NULL);
	rows = statement_run(&list_configurations, &params, request->mode);
	document_key(out, "environments");
	document_open(out, '{');
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		configuration_document(out, request_string(request, 0), flag->key, flag->archived, &row);
	}
	document_close(out, '}');
}

/*
 * state_of is what a list's statement answers, in a snapshot.
 */
static char *
state_of(Statement *list, const Params *params, StatementMode mode)
{
	Rows rows = statement_run(list, params, mode);
	Row row;

	row_read(&rows, 0, &row);
	return row.nulls[0] ? "" : row_string(&row, 0);
}

/*
 * configure makes configurations, with the parameters of its statement, the
 * first two of which are those of the statement that lists what they are made of.
 * A transaction that looks through an old snapshot may miss some, or take some for
 * what they are no more: it is told so.
 */
static void
configure(Statement *make, Statement *list, Params *params)
{
	if (IsolationUsesXactSnapshot())
	{
		int all = params->count;

		params->count = 2;
		if (strcmp(state_of(list, params, STATEMENT_WRITE),
				   state_of(list, params, STATEMENT_LATEST)) != 0)
			error_raise_serialization();
		params->count = all;
	}
	statement_run(make, params, STATEMENT_WRITE);
}

/*
 * flags_configure_environment gives a new environment a configuration of every
 * flag of the request's project: the source environment's, without targets for single
 * contexts, or the flag's defaults where there is no source (NULL).  A look
 * whether there is any flag at all is much cheaper than to configure none.
 */
void
flags_configure_environment(Request *request, const char *environment_id,
							const char *source_environment_id)
{
	Params project = {0};
	Params params = {0};

	params_bigint(&project, request->caller.account);
	params_add(&project, UUIDOID, UUIDPGetDatum(request->project_id), false);
	if (statement_run(&find_any_flag, &project, STATEMENT_LATEST).count == 0)
		return;
	params_bigint(&params, request->caller.account);
	params_text(&params, environment_id);
	params_text(&params, source_environment_id);
	params_text(&params, uuid_text(random_uuid()->data));
	params_time(&params, request->now);
	configure(&configure_environment, &list_flags_of_environment, &params);
}

/*
 * flag_configure gives a new flag a configuration in every environment of its
 * project.
 */
void
flag_configure(Request *request, Datum flag_id, const FlagBeginning *beginning)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, flag_id, false);
	params_add(&params, BOOLOID, BoolGetDatum(beginning->is_on), !beginning->switched);
	params_text(&params, uuid_text(random_uuid()->data));
	params_time(&params, request->now);
	params_add(&params, UUIDOID, beginning->source, beginning->source == 0);
	params_add(&params, JSONBOID, JsonbPGetDatum(beginning->prerequisites),
			   beginning->prerequisites == NULL);
	configure(&configure_flag, &list_environments_of_flag, &params);
}

/*
 * check_prerequisites holds changed prerequisites to flags that are there and do
 * not need this one.  The caller holds the project; what others have changed until
 * then counts, whatever the transaction's snapshot.
 */
static void
check_prerequisites(Violations *violations, const char *attribute, Params *params)
{
	Rows rows = statement_run(&find_missing_prerequisite, params, STATEMENT_LATEST);

	if (rows.count > 0)
	{
		Row row;

		row_read(&rows, 0, &row);
		error_violation(
			violations, psprintf("%s.prerequisites[%d]", attribute, row_integer(&row, 1)),
			"names flag %s, which is not there or has no such variation", row_string(&row, 0));
	}
	else if (statement_run(&find_circle, params, STATEMENT_LATEST).count > 0)
		error_violation(violations, psprintf("%s.prerequisites", attribute),
						"need the flag itself");
}

/*
 * same_member tells whether two objects have the same as a member.
 */
static bool
same_member(const Jsonb *a, const Jsonb *b, const char *name)
{
	Jsonb *one = jsonb_member_of(a, name);
	Jsonb *other = jsonb_member_of(b, name);

	return one && other ? jsonb_equal(one, other) : one == other;
}

/*
 * change_configuration_of holds a patched configuration to its rules and writes it.
 */
static void
change_configuration_of(Request *request, Violations *violations, const Flag *flag,
						const char *environment_key, Jsonb *before, Jsonb *after, int variations,
						bool fewer)
{
	/* "fallthough" is how Terraform's provider resets what it means by fallthrough: the
	 * service takes no notice of it, and neither is any taken here. */
	static const char *const editable[] = {"on",		  "fallthrough", "offVariation",
										   "targets",	  "rules",		 "prerequisites",
										   "trackEvents", "fallthough",	 NULL};
	char *attribute = psprintf("environments.%s", environment_key);
	int broken = violations->count;
	Params params = {0};
	char *written;

	after = patching_plain(after);
	patching_compare(violations, attribute, before, after, editable);
	written = targeting_check(violations, attribute, fewer ? NULL : before, after, variations);
	if (violations->count > broken)
		return;

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, flag->id, false);
	params_text(&params, environment_key);
	if (!same_member(before, after, "prerequisites"))
	{
		Jsonb *prerequisites = jsonb_member_of(after, "prerequisites");

		params_add(&params, JSONBOID, JsonbPGetDatum(prerequisites), prerequisites == NULL);
		check_prerequisites(violations, attribute, &params);
		params.count--;
		if (violations->count > broken)
			return;
	}
	params_add(&params, JSONBOID, JsonbPGetDatum(jsonb_of_text(written)), false);
	params_time(&params, request->now);
	if (statement_run(&change_configuration, &params, STATEMENT_WRITE).count == 0)
		error_raise(ERR_NOT_FOUND, "environment \"%s\" does not exist", environment_key);
}

/*
 * configurations_change writes what a patch has made of a flag's configurations,
 * the member environments of its document.  One that has not changed is held to the
 * rules too if the flag has fewer variations than before.  What is wrong is raised.
 */
void
configurations_change(Request *request, const Flag *flag, Jsonb *before, Jsonb *after,
					  int variations, int variations_before)
{
	Violations violations = {0};
	Jsonb *had = jsonb_member_of(before, "environments");
	Jsonb *has = jsonb_member_of(after, "environments");
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;

	if (has == NULL || !JB_ROOT_IS_OBJECT(has) || JB_ROOT_COUNT(has) != JB_ROOT_COUNT(had))
	{
		error_violation(&violations, "environments", "must hold the environments of the project");
		error_raise_violations(ERR_INVALID, &violations);
	}
	iterator = JsonbIteratorInit(&had->root);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		char *name = jsonb_string(&key);
		Jsonb *old;
		Jsonb *now = jsonb_member_of(has, name);

		(void) JsonbIteratorNext(&iterator, &value, true);
		old = JsonbValueToJsonb(&value);
		if (now == NULL || !JB_ROOT_IS_OBJECT(now))
			error_violation(&violations, "environments",
							"must hold the environments of the project");
		else if (!jsonb_equal(old, now))
			change_configuration_of(request, &violations, flag, name, old, now, variations,
									variations < variations_before);
		else if (variations < variations_before)
			(void) targeting_check(&violations, psprintf("environments.%s", name), NULL, now,
								   variations);
	}
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}
