/*
 * flag_change.c
 *	  Flags: changed by a patch of their documents, and removed.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "access/xact.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/jsonb.h"
#include "util/json_patch.h"
#include "utils/resowner.h"
#include "utils/uuid.h"

enum
{
	PROJECT_KEY,
	KEY,
	PATCH,
	IGNORE_CONFLICTS,
	DRY_RUN
};

const Field update_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FLAG_KEY_FIELD,
	[PATCH] = PATCH_FIELD,
	/* There are no scheduled changes or approvals that a patch could be in conflict with. */
	[IGNORE_CONFLICTS] = FIELD("ignore_conflicts", "ignoreConflicts", FIELD_BOOLEAN,
							   .place = IN_QUERY, .fallback = "false"),
	[DRY_RUN] = FIELD("dry_run", "dryRun", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "false"),
	FIELDS_END};

const Field delete_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD, [KEY] = FLAG_KEY_FIELD, FIELDS_END};

/* Whoever changes what flags need each other, or what there is of a flag to need, holds the project. */
STATEMENT(lock_project,
		  "SELECT p.id FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2"
		  " FOR NO KEY UPDATE");

STATEMENT(lock_flag,
		  "SELECT " FLAG_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.flag f"
		  " ON f.account_id = p.account_id AND f.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND f.key = $3 FOR NO KEY UPDATE OF f");

/* $4 to $22 are what create_flag makes of its fields. */
#define PATCHED_MAINTAINER 12
#define PATCHED_VARIATIONS 16
STATEMENT(update_flag,
		  "UPDATE flagplane_data.flag f SET name = $4, description = coalesce($5, ''),"
		  " kind = $18, variations = $17, temporary = coalesce($7, true),"
		  " tags = coalesce($8, '{}'), on_variation = $19, off_variation = $20,"
		  " using_environment_id = coalesce($21, f.using_environment_id),"
		  " using_mobile_key = coalesce($22, f.using_mobile_key),"
		  " custom_properties = coalesce($12, '{}'), maintainer_id = $14, archived = $24,"
		  " deprecated = $25, version = f.version + 1"
		  " WHERE f.account_id = $1 AND f.id = $23 RETURNING " FLAG_COLUMNS);

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
	" SELECT f.key, (q->>'variation')::integer"
	" FROM needing n CROSS JOIN jsonb_array_elements(n.prerequisites) q"
	" JOIN flagplane_data.flag f ON f.account_id = :account_id AND f.id = n.flag_id"
	" JOIN flagplane_data.project p ON p.account_id = f.account_id AND p.id = f.project_id"
	" WHERE p.account_id = :account_id AND p.key = :project_key AND f.key <> :flag_key"
	" AND q->>'key' = :flag_key AND (q->>'variation')::integer >= :count ORDER BY 1, 2 LIMIT 1");

STATEMENT(delete_flag, "DELETE FROM flagplane_data.flag f USING flagplane_data.project p"
					   " WHERE p.account_id = $1 AND p.key = $2 AND f.account_id = p.account_id"
					   " AND f.project_id = p.id AND f.key = $3");

/* A patched flag goes through the fields and rules of a creation. */
static const Operation creation = {
	.name = "update_flag",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "flag",
	.fields = create_flag_fields,
	.check = check_create_flag,
};

/*
 * take locks the flag, reads it as it is now, and holds it to the version in
 * If-Match.  What it was before the change is kept for the audit log.
 */
static Flag
take(Request *request)
{
	Rows rows = request_run_first(request, &lock_flag, 3);
	Flag flag;

	if (rows.count == 0)
		flag_missing(request);
	flag = flag_of_row(&rows, 0);
	request_require_version(request, flag.version);
	flag_document(request, &flag, NULL);
	request_before(request);
	flag_target(request, &flag);
	return flag;
}

/*
 * may_touch_others tells whether a patch can change what other flags, or environments
 * that are being made, go by: prerequisites or variations.  It names them, or moves
 * or copies what may hold them.
 */
static bool
may_touch_others(Jsonb *patch)
{
	char *text = jsonb_text(patch);

	return strstr(text, "prerequisites") != NULL || strstr(text, "variations") != NULL ||
		   strstr(text, "\"from\"") != NULL;
}

/*
 * require_not_needed refuses to take away variations, those from count on, that other
 * flags need.  Whoever needs a flag holds the project while they say so, and so does
 * the caller; what they said counts, whatever the transaction's snapshot.
 */
static void
require_not_needed(Request *request, const Flag *flag, int count)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "project_key", request_string(request, PROJECT_KEY));
	bind_text(&params, "flag_key", flag->key);
	bind_integer(&params, "count", count);
	rows = statement_run(&find_dependent, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	if (count == 0)
		error_raise(ERR_IN_USE, "flag \"%s\" is a prerequisite of flag \"%s\"", flag->key,
					row_string(&row, 0));
	error_raise(ERR_IN_USE, "variation %d of flag \"%s\" is a prerequisite of flag \"%s\"",
				row_integer(&row, 1), flag->key, row_string(&row, 0));
}

/*
 * follow_patch is the flag's document after a patch, of whichever kind it is: the
 * operations of a JSON Patch, instructions, or a merge patch, which may stand with
 * a comment.
 */
static Jsonb *
follow_patch(Request *request, Jsonb *patch, Jsonb *document)
{
	static const char *const members[] = {"comment", "merge", NULL};
	JsonbValue value;
	JsonbValue comment;

	if (!JB_ROOT_IS_OBJECT(patch) || jsonb_member(patch, "patch", &value))
		return json_patch_leniently(document, patching_operations(request, PATCH));
	if (jsonb_member(patch, "instructions", &value))
		return flag_follow_instructions(request, patch, document);
	if (!jsonb_member(patch, "merge", &value))
		return json_merge_patch(document, patch);
	if (jsonb_unknown_key(patch, members) != NULL)
		error_raise(ERR_INVALID, "beside merge there can be a comment alone");
	if (jsonb_member(patch, "comment", &comment) &&
		(request->comment = jsonb_string(&comment)) == NULL)
		error_raise(ERR_INVALID, "comment must be a string");
	return json_merge_patch(document, JsonbValueToJsonb(&value));
}

/*
 * read_switch reads a member of a patched flag that no creation takes: archived or
 * deprecated.
 */
static bool
read_switch(const Jsonb *document, const char *name)
{
	JsonbValue value;
	Violations violations = {0};

	if (!jsonb_member(document, name, &value) || value.type != jbvBool)
	{
		error_violation(&violations, name, "must be true or false");
		error_raise_violations(ERR_INVALID, &violations);
	}
	return value.val.boolean;
}

/*
 * refuse_misplaced refuses settings that a patch puts beside environments, where they
 * would be nobody's, and tells where they stand.
 */
static void
refuse_misplaced(const Jsonb *after)
{
	static const char *const settings[] = {
		"on",	 "fallthrough",	  "offVariation", "targets", "contextTargets",
		"rules", "prerequisites", "trackEvents"};
	Violations violations = {0};
	JsonbValue value;

	for (int i = 0; i < (int) lengthof(settings); i++)
		if (JB_ROOT_IS_OBJECT(after) && jsonb_member(after, settings[i], &value))
			error_violation(&violations, settings[i],
							"is a setting of each environment: environments.<environment key>.%s",
							settings[i]);
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}

/*
 * change changes a flag and its settings by a patch of its document.  The flag's version
 * grows with any change, an environment's with those of its settings.
 */
static void
change(Request *request)
{
	static const char *const editable[] = {"name",
										   "description",
										   "variations",
										   "temporary",
										   "tags",
										   "defaults",
										   "archived",
										   "deprecated",
										   "maintainerId",
										   "environments",
										   "clientSideAvailability",
										   "customProperties",
										   NULL};
	Jsonb *patch = DatumGetJsonbP(request->params.values[FIELD_PARAM(PATCH)]);
	Jsonb *before;
	Jsonb *after;
	Flag flag;
	size_t size;

	if (may_touch_others(patch))
		request_run_first(request, &lock_project, 2);
	flag = take(request);
	size = flag_size(&flag);
	before = jsonb_of_text(request->before);
	after = follow_patch(request, patch, before);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Jsonb *variations = jsonb_member_of(before, "variations");
		Request *fields;
		Rows rows;
		int count;

		refuse_misplaced(after);
		request->state = variations;
		fields = patching_fields(request, &creation, before, after, editable);
		params_add(&fields->params, UUIDOID, flag.id, false);
		params_boolean(&fields->params, read_switch(after, "archived"));
		params_boolean(&fields->params, read_switch(after, "deprecated"));
		member_require(fields, PATCHED_MAINTAINER);
		count = JB_ROOT_COUNT(DatumGetJsonbP(fields->params.values[PATCHED_VARIATIONS]));
		configurations_change(request, &flag, before, after, count, JB_ROOT_COUNT(variations));
		if (count < (int) JB_ROOT_COUNT(variations))
			require_not_needed(request, &flag, count);
		rows = request_run(fields, &update_flag);
		flag = flag_of_row(&rows, 0);
		flag_require_size(&flag, size);
	}
	flag_document(request, &flag, NULL);
	request->version = flag.version;
}

/*
 * preview answers as change does, and undoes what that has changed.
 */
static void
preview(Request *request)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		change(request);
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ReThrowError(error);
	}
	PG_END_TRY();
	request->unchanged = true;
}

/*
 * do_update_flag changes a flag, or tells what would come of it.
 */
void
do_update_flag(Request *request)
{
	if (request_boolean(request, DRY_RUN))
		preview(request);
	else
		change(request);
}

/*
 * do_delete_flag removes a flag with its settings and links; one that another
 * flag or an experiment needs first stays.
 */
void
do_delete_flag(Request *request)
{
	Flag flag;

	if (request_run_first(request, &lock_project, 2).count == 0)
		project_missing(request);
	flag = take(request);
	require_not_needed(request, &flag, 0);
	experiments_leave_flag(request, flag.id, flag.key);
	request_run(request, &delete_flag);
}
