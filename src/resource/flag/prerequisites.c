/*
 * prerequisites.c
 *	  Prerequisites: the flags that a flag needs in an environment, each with one of its
 *	  variations.
 *
 * Whoever changes prerequisites, or removes what they may name, has locked the project with
 * FOR NO KEY UPDATE.  What others have committed until then counts, whatever the transaction's
 * snapshot: those statements run with STATEMENT_LATEST.
 */
#include "resource/flag/flag.h"

#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"

/* Each initial prerequisite with the index of the variation that it names; NULL if there is none. */
STATEMENT(
	find_prerequisites,
	"SELECT q.item->>'key' AS key, (SELECT v.place::integer - 1 FROM flagplane_data.project p"
	" JOIN flagplane_data.flag f ON f.account_id = p.account_id AND f.project_id = p.id"
	" CROSS JOIN LATERAL jsonb_array_elements(f.variations)"
	" WITH ORDINALITY v(item, place) WHERE p.account_id = :account_id AND p.key = :project_key"
	" AND f.key = q.item->>'key' AND v.item->>'_id' = q.item->>'variationId') AS variation"
	" FROM jsonb_array_elements(:initial_prerequisites) WITH ORDINALITY q(item, place) ORDER BY "
	"q.place");

/* The first prerequisite that names a flag or a variation that does not exist. */
STATEMENT(find_missing_prerequisite,
		  "SELECT q->>'key' AS key, place::integer - 1 AS index"
		  " FROM jsonb_array_elements(:prerequisites) WITH ORDINALITY u(q, place) WHERE NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.flag f JOIN flagplane_data.flag o"
		  " ON o.account_id = f.account_id AND o.project_id = f.project_id AND o.id <> f.id"
		  " WHERE f.account_id = :account_id AND f.id = :flag_id AND o.key = q->>'key'"
		  " AND (q->>'variation')::integer < jsonb_array_length(o.variations))"
		  " ORDER BY place LIMIT 1");

/* Whether the flag's prerequisites need the flag itself in the end. */
STATEMENT(
	find_cycle,
	"WITH RECURSIVE needed(key) AS (SELECT q->>'key' FROM jsonb_array_elements(:prerequisites) q"
	" UNION SELECT q->>'key' FROM needed n JOIN flagplane_data.flag f ON f.account_id = :account_id"
	" AND f.project_id = (SELECT t.project_id FROM flagplane_data.flag t"
	" WHERE t.account_id = :account_id AND t.id = :flag_id) AND f.key = n.key"
	" JOIN flagplane_data.environment e ON e.account_id = f.account_id"
	" AND e.project_id = f.project_id AND e.key = :environment_key"
	" JOIN flagplane_data.flag_environment c ON c.account_id = f.account_id"
	" AND c.flag_id = f.id AND c.environment_id = e.id,"
	" jsonb_array_elements(c.prerequisites) q)"
	" SELECT 1 FROM needed n JOIN flagplane_data.flag t ON t.account_id = :account_id AND t.id = "
	":flag_id"
	" AND t.key = n.key LIMIT 1");

/*
 * A flag that needs one of this flag's variations from :count on.  The settings are found
 * first, by the index flag_environment_prerequisites, whose expression this is: without
 * statistics the planner would rather read those of all flags.
 */
STATEMENT(
	find_dependent,
	"WITH needing AS MATERIALIZED (SELECT c.flag_id, c.prerequisites"
	" FROM flagplane_data.flag_environment c WHERE c.account_id = :account_id"
	" AND c.prerequisites <> '[]'"
	" AND ('{\"' || c.account_id::text || '\":' || c.prerequisites::text || '}')::jsonb"
	" @> jsonb_build_object((:account_id)::text, jsonb_build_array(jsonb_build_object('key', "
	":flag_key))))"
	" SELECT f.key, (q->>'variation')::integer AS variation"
	" FROM needing n CROSS JOIN jsonb_array_elements(n.prerequisites) q"
	" JOIN flagplane_data.flag f ON f.account_id = :account_id AND f.id = n.flag_id"
	" JOIN flagplane_data.project p ON p.account_id = f.account_id AND p.id = f.project_id"
	" WHERE p.account_id = :account_id AND p.key = :project_key AND f.key <> :flag_key"
	" AND q->>'key' = :flag_key AND (q->>'variation')::integer >= :count ORDER BY 1, 2 LIMIT 1");

/*
 * initial_prerequisites_check requires that a field is a list of {key, variationId}.
 */
void
initial_prerequisites_check(Request *request, int field)
{
	static const char *const members[] = {"key", "variationId", NULL};
	Jsonb *list;

	if (!request_given(request, field) || request->broken[field])
		return;
	list = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	if (!jsonb_is_array(list))
	{
		request_violation(request, field, "must be a list");
		return;
	}
	for (uint32 i = 0; i < JB_ROOT_COUNT(list) && !request->broken[field]; i++)
	{
		Jsonb *item = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		JsonbValue key;
		JsonbValue variation;

		if (!JB_ROOT_IS_OBJECT(item) || jsonb_unknown_key(item, members) != NULL ||
			!jsonb_member(item, "key", &key) || key.type != jbvString ||
			!jsonb_member(item, "variationId", &variation) || variation.type != jbvString)
			request_violation(request, field, "must hold objects with key and variationId");
	}
}

/*
 * initial_prerequisites is a new flag's prerequisites as its settings store them, with
 * the index of each variation that the field names by its id.  NULL if the field is
 * absent.
 */
Jsonb *
initial_prerequisites(Request *request, int field)
{
	Params params = {0};
	StringInfoData out;
	Rows rows;

	if (!request_given(request, field))
		return NULL;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, 0));
	bind_jsonb(&params, "initial_prerequisites", request->params.values[FIELD_PARAM(field)]);
	rows = statement_run(&find_prerequisites, &params, STATEMENT_WRITE);
	initStringInfo(&out);
	document_open(&out, '[');
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		if (row_is_null(&row, "variation"))
		{
			request_violation(request, field,
							  "name flag %s, which is not there or has no such variation",
							  row_get_string(&row, "key"));
			error_raise_violations(ERR_INVALID, &request->violations);
		}
		document_element(&out);
		document_open(&out, '{');
		document_string(&out, "key", row_get_string(&row, "key"));
		document_integer(&out, "variation", row_get_integer(&row, "variation"));
		document_close(&out, '}');
	}
	document_close(&out, ']');
	if (out.len > JSON_BYTES_MAX)
	{
		request_violation(request, field, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return jsonb_of_text(out.data);
}

/*
 * prerequisite_variation is the index of the variation of a flag of the request's project that
 * has an id; -1 if there is none.
 */
int
prerequisite_variation(Request *request, const char *flag_key, const char *variation_id)
{
	Params params = {0};
	StringInfoData list;
	Rows rows;
	Row row;

	initStringInfo(&list);
	document_open(&list, '[');
	document_element(&list);
	document_open(&list, '{');
	document_string(&list, "key", flag_key);
	document_string(&list, "variationId", variation_id);
	document_close(&list, '}');
	document_close(&list, ']');
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, 0));
	bind_jsonb(&params, "initial_prerequisites", JsonbPGetDatum(jsonb_of_text(list.data)));
	rows = statement_run(&find_prerequisites, &params, STATEMENT_LATEST);
	row_read(&rows, 0, &row);
	return row_is_null(&row, "variation") ? -1 : row_get_integer(&row, "variation");
}

/*
 * prerequisites_check requires that the changed prerequisites of a flag in an environment
 * name flags and variations that exist, and do not need the flag itself.
 */
void
prerequisites_check(Request *request, Violations *violations, const char *attribute, Datum flag_id,
					const char *environment_key, Jsonb *prerequisites)
{
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	bind_text(&params, "environment_key", environment_key);
	bind_jsonb(&params, "prerequisites", JsonbPGetDatum(prerequisites));
	rows = statement_run(&find_missing_prerequisite, &params, STATEMENT_LATEST);
	if (rows.count > 0)
	{
		Row row;

		row_read(&rows, 0, &row);
		error_violation(violations,
						psprintf("%s.prerequisites[%d]", attribute, row_get_integer(&row, "index")),
						"names flag %s, which is not there or has no such variation",
						row_get_string(&row, "key"));
	}
	else if (statement_run(&find_cycle, &params, STATEMENT_LATEST).count > 0)
		error_violation(violations, psprintf("%s.prerequisites", attribute),
						"need the flag itself");
}

/*
 * prerequisites_require_unused refuses to remove the variations of a flag from count on
 * while another flag needs one of them.
 */
void
prerequisites_require_unused(Request *request, const Flag *flag, int count)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, 0));
	bind_text(&params, "flag_key", flag->key);
	bind_integer(&params, "count", count);
	rows = statement_run(&find_dependent, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	if (count == 0)
		error_raise(ERR_IN_USE, "flag \"%s\" is a prerequisite of flag \"%s\"", flag->key,
					row_get_string(&row, "key"));
	error_raise(ERR_IN_USE, "variation %d of flag \"%s\" is a prerequisite of flag \"%s\"",
				row_get_integer(&row, "variation"), flag->key, row_get_string(&row, "key"));
}
