/*
 * project_change.c
 *	  Projects: changed by a patch, and removed.
 */
#include "resource/project/project.h"
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
	PATCH
};

const Field update_project_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD, [PATCH] = PATCH_FIELD, FIELDS_END};

const Field delete_project_fields[] = {PROJECT_KEY_FIELD, FIELDS_END};

#define FIND_PROJECT          \
	"SELECT " PROJECT_COLUMNS \
	" FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2"

STATEMENT(lock_for_change, FIND_PROJECT " FOR NO KEY UPDATE");
STATEMENT(lock_for_deletion, FIND_PROJECT " FOR UPDATE");

/* $3 to $12 are the fields of create_project, as it takes them. */
STATEMENT(
	update_project,
	"UPDATE flagplane_data.project p SET name = $3,"
	" tags = (SELECT coalesce(array_agg(t ORDER BY t COLLATE \"C\"), '{}') FROM unnest($4) t),"
	" include_in_snippet_by_default = coalesce($6, false),"
	" using_environment_id = coalesce($11, false), using_mobile_key = coalesce($12, true),"
	" naming_convention = $8, require_view_for_new_flags = coalesce($9, false),"
	" require_view_for_new_segments = coalesce($10, false), version = p.version + 1,"
	" updated_at = $14 WHERE p.account_id = $1 AND p.id = $13 RETURNING " PROJECT_COLUMNS);

/* Whoever deletes one holds the account, so that two cannot delete the last two. */
STATEMENT(lock_account,
		  "SELECT a.id FROM flagplane_data.account a WHERE a.id = $1 FOR NO KEY UPDATE");

STATEMENT(find_other, "SELECT 1 FROM flagplane_data.project o WHERE o.account_id = $1"
					  " AND o.key <> $2 LIMIT 1");

STATEMENT(delete_project,
		  "DELETE FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2");

/* A patched project goes through the fields and rules of a creation. */
static const Operation creation = {
	.name = "update_project",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "project",
	.fields = create_project_fields,
	.check = check_create_project,
};

/*
 * lock_for_update locks the project, reads it as it is now, and holds it to the
 * version in If-Match.  What it was before the change is kept for the audit log.
 */
static Project
lock_for_update(Request *request, Statement *lock)
{
	Rows rows = request_run_first(request, lock, 2);
	Project project;

	if (rows.count == 0)
		project_missing(request);
	project = project_of_row(&rows, 0);
	request_require_version(request, project.version);
	project_document(request->response, &project);
	document_close(request->response, '}');
	request_before(request);
	return project;
}

/*
 * write_whole answers with the project and all its environments.
 */
static void
write_whole(Request *request, const Project *project)
{
	project_document(request->response, project);
	environments_array(request, project->key, UUIDPGetDatum(project->id));
	document_close(request->response, '}');
}

/*
 * do_update_project changes a project by a JSON Patch of its document, and
 * answers with it and all its environments.
 */
void
do_update_project(Request *request)
{
	static const char *const editable[] = {"name",
										   "tags",
										   "includeInSnippetByDefault",
										   "defaultClientSideAvailability",
										   "namingConvention",
										   "requireViewAssociationForNewFlags",
										   "requireViewAssociationForNewSegments",
										   NULL};
	Jsonb *operations = patching_operations(request, PATCH);
	Project project = lock_for_update(request, &lock_for_change);
	Jsonb *before = jsonb_of_text(request->before);
	Jsonb *after = json_patch(before, operations);
	Request *fields = patching_fields(request, &creation, before, after, editable);

	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Rows rows;

		/* In the audit log what it was has the form of what it is. */
		write_whole(request, &project);
		request_before(request);
		params_add(&fields->params, UUIDOID, UUIDPGetDatum(project.id), false);
		params_time(&fields->params, request->now);
		rows = request_run(fields, &update_project);
		project = project_of_row(&rows, 0);
	}
	write_whole(request, &project);
	request->version = project.version;
	request_target(request, "proj/%s", project.key);
}

/*
 * do_delete_project removes a project with all that belongs to it; an account's
 * last one stays, which is decided by what there is now, whatever the transaction's
 * snapshot.  Tokens that are limited to it are good for nothing then.
 */
void
do_delete_project(Request *request)
{
	Project project;

	request_run_first(request, &lock_account, 1);
	project = lock_for_update(request, &lock_for_deletion);
	request->project_id = project.id;
	if (statement_run(&find_other, &request->params, STATEMENT_LATEST).count == 0)
		error_raise(ERR_IN_USE, "the last project of an account cannot be deleted");
	request_run(request, &delete_project);
	request_target(request, "proj/%s", project.key);
}
