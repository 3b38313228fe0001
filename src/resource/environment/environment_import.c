/*
 * environment_import.c
 *	  The flags and segments that server-side SDKs are sent of an environment, brought into one.
 *
 * The document is read and checked before anything is locked.  The order of locks is that of all
 * changes: the project, with FOR NO KEY UPDATE, against other changes of its flags; the payloads,
 * of all environments if a flag is created; the environment, with FOR NO KEY UPDATE, against
 * changes of its segments.  Then nothing else changes what is read and written.
 */
#include "resource/environment/environment.h"
#include "resource/environment/payload_version.h"
#include "resource/flag/flag_import.h"
#include "resource/resource.h"
#include "resource/segment/segment_import.h"

#include "call/field.h"
#include "util/document.h"

/* The largest document, in JSON. */
#define IMPORT_BYTES_MAX (16 * 1024 * 1024)

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	PAYLOAD
};

const Field import_environment_fields[] = {[PROJECT_KEY] = PROJECT_KEY_FIELD,
										   [ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
										   [PAYLOAD] = FIELD("payload", "payload", FIELD_JSON,
															 .place = AS_BODY, .required = true,
															 .max = IMPORT_BYTES_MAX),
										   FIELDS_END};

STATEMENT(lock_environment, "SELECT e.id FROM flagplane_data.environment e"
							" WHERE e.account_id = :account_id AND e.project_id = :project_id"
							" AND e.key = :environment_key FOR NO KEY UPDATE");

STATEMENT(list_tombstones, "SELECT t.kind, t.key, t.version FROM flagplane_data.payload_tombstone t"
						   " WHERE t.account_id = :account_id"
						   " AND t.environment_id = :environment_id");

/*
 * check_import_environment reads the document, which is the request's state from then on.
 */
void
check_import_environment(Request *request)
{
	Import *import = palloc0(sizeof(Import));
	Jsonb *document;

	request->state = import;
	if (!request_given(request, PAYLOAD) || request->broken[PAYLOAD])
		return;
	document = DatumGetJsonbP(request->params.values[FIELD_PARAM(PAYLOAD)]);
	if (!JB_ROOT_IS_OBJECT(document) || jsonb_member_of(document, "flags") == NULL)
	{
		request_violation(request, PAYLOAD, "must be an object with flags, by their keys");
		return;
	}
	import_read_set(&request->violations, document, "flags", flag_import_read, &import->flags);
	import_read_set(&request->violations, document, "segments", segment_import_read,
					&import->segments);
	if (request->violations.count == 0)
		import_check_needs(&request->violations, import);
}

/*
 * lock locks the environment, and the payloads of those that will be changed, and returns the
 * environment's id.
 */
static char *
lock(Request *request, bool all_environments)
{
	Rows rows;
	Row row;

	if (all_environments)
		payload_lock_all(request, request_string(request, PROJECT_KEY));
	else if (payload_lock(request, request_string(request, PROJECT_KEY),
						  list_make1(request_string(request, ENVIRONMENT_KEY))) != NIL)
		environment_missing(request);
	rows = request_run(request, &lock_environment);
	if (rows.count == 0)
		environment_missing(request);
	row_read(&rows, 0, &row);
	return row_get_string(&row, "id");
}

/*
 * write_counts writes what has become of the flags or the segments.
 */
static void
write_counts(StringInfo out, const ImportSet *set)
{
	document_key(out, set->name);
	document_open(out, '{');
	document_integer(out, "created", import_count(set, false, false));
	document_integer(out, "updated", import_count(set, true, false));
	document_integer(out, "unchanged", import_count(set, true, true));
	document_close(out, '}');
}

/*
 * go_on lets what is created go on from the versions of what was deleted under its key.
 */
static void
go_on(Request *request, const char *environment_id, Import *import)
{
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	rows = statement_run(&list_tombstones, &params, STATEMENT_LATEST);
	for (uint64 i = 0; i < rows.count; i++)
	{
		ImportItem *item;
		bool flag;
		Row row;

		row_read(&rows, i, &row);
		flag = strcmp(row_get_string(&row, "kind"), "flag") == 0;
		item = import_find(flag ? &import->flags : &import->segments, row_get_string(&row, "key"));
		if (item && !item->there)
			item->version = Max(item->version, row_get_integer(&row, "version") + 1);
	}
}

/*
 * store stores what says something new.
 */
static void
store(Request *request, const char *environment_id, Import *import, bool all_environments)
{
	experiments_require_none(request, environment_id, import_changed_keys(&import->flags));
	go_on(request, environment_id, import);
	segments_import_store(request, environment_id, &import->segments);
	flags_import_store(request, environment_id, &import->flags);
	if (all_environments)
		project_note_flags(request);
	payload_raise(request, request_string(request, PROJECT_KEY),
				  all_environments ? NULL : request_string(request, ENVIRONMENT_KEY));
}

/*
 * do_import_environment stores the flags and segments of a document, those that say what is there
 * already left alone.
 */
void
do_import_environment(Request *request)
{
	Import *import = request->state;
	StringInfo out = request->response;
	PayloadScope scope = {.account = request->caller.account, .mode = STATEMENT_LATEST};
	Row project;
	bool creates;

	if (import->flags.count > 0)
		project_lock_for_flag(request, &project);
	else
		project_lock(request, PROJECT_NO_KEY_UPDATE);
	flags_import_find(request, &import->flags);
	creates = import_count(&import->flags, false, false) > 0;
	scope.environment_id = lock(request, creates);
	scope.project_id = request->project_id;
	flags_import_compare(request, &scope, &import->flags);
	segments_import_compare(&scope, &import->segments);
	request->unchanged = import_count(&import->flags, true, true) == import->flags.count &&
						 import_count(&import->segments, true, true) == import->segments.count;
	if (!request->unchanged)
		store(request, scope.environment_id, import, creates);
	document_open(out, '{');
	document_string(out, "environmentKey", request_string(request, ENVIRONMENT_KEY));
	document_integer(out, "payloadVersion", payload_version(request));
	write_counts(out, &import->flags);
	write_counts(out, &import->segments);
	document_close(out, '}');
	request_target(request, "proj/%s:env/%s", request_string(request, PROJECT_KEY),
				   request_string(request, ENVIRONMENT_KEY));
}
