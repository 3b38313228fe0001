/*
 * environment_change.c
 *	  Environments: changed by a patch, and removed.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "util/json_patch.h"
#include "utils/fmgrprotos.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	PATCH
};

const Field update_environment_fields[] = {[PROJECT_KEY] = PROJECT_KEY_FIELD,
										   [ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
										   [PATCH] = PATCH_FIELD,
										   FIELDS_END};

const Field delete_environment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, FIELDS_END};

/* $4 to $13 are the fields of create_environment, as it takes them. */
STATEMENT(update_environment,
		  "UPDATE flagplane_data.environment e SET name = $4, color = $5,"
		  " default_ttl = coalesce($6, 0), secure_mode = coalesce($7, false),"
		  " default_track_events = coalesce($8, false), confirm_changes = coalesce($9, false),"
		  " require_comments = coalesce($10, false), tags = coalesce($11, '{}'),"
		  " critical = coalesce($13, false), approval_settings = $17, version = e.version + 1"
		  " WHERE e.account_id = $1 AND e.id = $16 RETURNING " ENVIRONMENT_COLUMNS);

/* Whoever deletes one holds the project, so that two cannot delete the last two. */
STATEMENT(lock_project,
		  "SELECT p.id FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2"
		  " FOR NO KEY UPDATE");

STATEMENT(find_other, "SELECT 1 FROM flagplane_data.project p JOIN flagplane_data.environment o"
					  " ON o.account_id = p.account_id AND o.project_id = p.id"
					  " WHERE p.account_id = $1 AND p.key = $2 AND o.key <> $3 LIMIT 1");

STATEMENT(delete_environment,
		  "DELETE FROM flagplane_data.environment e USING flagplane_data.project p"
		  " WHERE p.account_id = $1 AND p.key = $2 AND e.account_id = p.account_id"
		  " AND e.project_id = p.id AND e.key = $3");

/* A patched environment goes through the fields and rules of a creation. */
static const Operation creation = {
	.name = "update_environment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "environment",
	.fields = create_environment_fields,
	.check = check_create_environment,
};

/*
 * patchable_document is the environment as a patch sees it: its answer with all
 * approval settings, those too that are shown only where they are set.
 */
static Jsonb *
patchable_document(const Request *request, const Environment *environment)
{
	StringInfoData whole;

	initStringInfo(&whole);
	document_open(&whole, '[');
	document_element(&whole);
	document_open(&whole, '{');
	document_string(&whole, "op", "replace");
	document_string(&whole, "path", "/approvalSettings");
	approval_settings_document(&whole, "value", environment->approval_settings, true);
	document_close(&whole, '}');
	document_close(&whole, ']');
	return json_patch(jsonb_of_text(request->before), jsonb_of_text(whole.data));
}

/*
 * do_update_environment changes an environment by a JSON Patch of its document.
 */
void
do_update_environment(Request *request)
{
	static const char *const editable[] = {"name",
										   "color",
										   "defaultTtl",
										   "secureMode",
										   "defaultTrackEvents",
										   "requireComments",
										   "confirmChanges",
										   "tags",
										   "critical",
										   "approvalSettings",
										   NULL};
	char *project_key = request_string(request, PROJECT_KEY);
	Jsonb *operations = patching_operations(request, PATCH);
	Environment environment = environment_lock(request, false);
	Jsonb *before = patchable_document(request, &environment);
	Jsonb *after = json_patch(before, operations);
	Request *fields = patching_fields(request, &creation, before, after, editable);
	char *settings = approval_settings_read(&fields->violations, after);

	if (fields->violations.count > 0)
		error_raise_violations(ERR_INVALID, &fields->violations);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Environment changed;
		Rows rows;

		params_text(&fields->params, environment.id);
		params_add(&fields->params, JSONBOID,
				   settings ? JsonbPGetDatum(jsonb_of_text(settings)) : (Datum) 0,
				   settings == NULL);
		rows = request_run(fields, &update_environment);
		changed = environment_of_row(&rows, 0, false);
		changed.sdk_key = environment.sdk_key;
		changed.mobile_key = environment.mobile_key;
		environment = changed;
	}
	environment_document(request, project_key, &environment);
	request->version = environment.version;
	request_target(request, "proj/%s:env/%s", project_key, environment.key);
}

/*
 * do_delete_environment removes an environment with its keys and all settings of
 * flags in it; a project's last one stays.  Which others there are now counts,
 * whatever the transaction's snapshot.
 */
void
do_delete_environment(Request *request)
{
	Environment environment;

	if (request_run_first(request, &lock_project, 2).count == 0)
		project_missing(request);
	environment = environment_lock(request, true);
	if (statement_run(&find_other, &request->params, STATEMENT_LATEST).count == 0)
		error_raise(ERR_IN_USE, "the last environment of a project cannot be deleted");
	request_run(request, &delete_environment);
	request_target(request, "proj/%s:env/%s", request_string(request, PROJECT_KEY),
				   environment.key);
}
