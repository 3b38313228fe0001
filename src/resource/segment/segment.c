/*
 * segment.c
 *	  Segments: created, read, listed, changed by a patch of their documents, deleted, and
 *	  copied with their environment.
 */
#include "resource/segment/segment.h"

#include "resource/environment/environment.h"
#include "resource/environment/payload_version.h"
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "call/patch_request.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

/* An environment with more segments is not copied, as by the service. */
#define COPIED_MAX 1000

#define SEGMENT_COLUMNS                                                            \
	"s.key, s.name, s.description, s.tags, s.included, s.excluded,"                \
	" s.included_contexts, s.excluded_contexts, s.rules, s.version, s.created_at," \
	" s.last_modified, s.unbounded_context_kind"

/* The fields that every operation starts with. */
enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY
};

enum
{
	KEY = 2,
	NAME,
	DESCRIPTION,
	TAGS,
	UNBOUNDED,
	UNBOUNDED_CONTEXT_KIND
};

#define SEGMENT_KEY_FIELD \
	FIELD("segment_key", "segmentKey", FIELD_TEXT, .place = IN_PATH, .required = true)

const Field create_segment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_FLAG_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = DESCRIPTION_MAX),
	[TAGS] = FIELD("tags", "tags", FIELD_TEXTS, .rule = RULE_TAGS),
	[UNBOUNDED] = FIELD("unbounded", "unbounded", FIELD_BOOLEAN),
	[UNBOUNDED_CONTEXT_KIND] = FIELD("unbounded_context_kind", "unboundedContextKind", FIELD_TEXT,
									 .rule = RULE_LENGTH, .max = KEY_MAX),
	FIELDS_END};

const Field get_segment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, SEGMENT_KEY_FIELD,
									FIELDS_END};

enum
{
	LIST_LIMIT = 2
};

const Field list_segments_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, PAGE_FIELDS,
									  FIELDS_END};

enum
{
	SEGMENT_KEY = 2,
	PATCH,
	DRY_RUN
};

const Field update_segment_fields[] = {
	PROJECT_KEY_FIELD,
	ENVIRONMENT_KEY_FIELD,
	SEGMENT_KEY_FIELD,
	[PATCH] = PATCH_FIELD,
	[DRY_RUN] = FIELD("dry_run", "dryRun", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "false"),
	FIELDS_END};

const Field delete_segment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, SEGMENT_KEY_FIELD,
									   FIELDS_END};

/* A patched segment has the fields and rules of a new one. */
static const Operation creation = {
	.name = "update_segment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "segment",
	.fields = create_segment_fields,
	.check = check_create_segment,
};

STATEMENT(lock_environment,
		  "SELECT n.id, p.id AS project_id FROM flagplane_data.project p"
		  " JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " AND n.key = :environment_key FOR KEY SHARE OF p FOR NO KEY UPDATE OF n");

STATEMENT(find_tombstone, "SELECT t.version FROM flagplane_data.payload_tombstone t"
						  " WHERE t.account_id = :account_id AND t.kind = 'segment'"
						  " AND t.environment_id = :environment_id AND t.key = :key");

STATEMENT(insert_segment,
		  "INSERT INTO flagplane_data.segment AS s"
		  " (account_id, environment_id, key, name, description, tags, included, excluded,"
		  " included_contexts, excluded_contexts, rules, salt, version, created_at,"
		  " last_modified, unbounded_context_kind)"
		  " VALUES (:account_id, :environment_id, :key, :name,"
		  " coalesce(:description, ''), coalesce(:tags, '{}'), '[]', '[]', '[]', '[]', '[]', :salt,"
		  " :version, :now, :now, :unbounded_context_kind) ON CONFLICT (account_id, "
		  "environment_id, key) DO NOTHING"
		  " RETURNING " SEGMENT_COLUMNS);

#define SEGMENTS                                                       \
	" FROM flagplane_data.project p JOIN flagplane_data.environment n" \
	" ON n.account_id = p.account_id AND n.project_id = p.id"          \
	" JOIN flagplane_data.segment s"                                   \
	" ON s.account_id = n.account_id AND s.environment_id = n.id"      \
	" WHERE p.account_id = :account_id AND p.key = :project_key"       \
	" AND n.key = :environment_key"

STATEMENT(find_segment, "SELECT " SEGMENT_COLUMNS SEGMENTS " AND s.key = :segment_key");

/* Rules that name it hold it with FOR KEY SHARE. */
#define LOCK_SEGMENT(strength)                                                                  \
	"SELECT " SEGMENT_COLUMNS " FROM flagplane_data.segment s WHERE s.account_id = :account_id" \
	" AND s.environment_id = :environment_id AND s.key = :segment_key FOR " strength

STATEMENT(lock_for_update, LOCK_SEGMENT("NO KEY UPDATE"));
STATEMENT(lock_for_deletion, LOCK_SEGMENT("UPDATE"));

STATEMENT(update_segment,
		  "UPDATE flagplane_data.segment s SET name = :name,"
		  " description = coalesce(:description, ''), tags = coalesce(:tags, '{}'),"
		  " included = :targeting->'included', excluded = :targeting->'excluded',"
		  " included_contexts = :targeting->'includedContexts',"
		  " excluded_contexts = :targeting->'excludedContexts', rules = :targeting->'rules',"
		  " version = s.version + 1, last_modified = :now"
		  " WHERE s.account_id = :account_id AND s.environment_id = :environment_id"
		  " AND s.key = :segment_key RETURNING " SEGMENT_COLUMNS);

STATEMENT(delete_segment, "DELETE FROM flagplane_data.segment s"
						  " WHERE s.account_id = :account_id"
						  " AND s.environment_id = :environment_id AND s.key = :segment_key");

STATEMENT(keep_version, "INSERT INTO flagplane_data.payload_tombstone"
						" (account_id, environment_id, kind, key, version)"
						" VALUES (:account_id, :environment_id, 'segment', :segment_key, :version)"
						" ON CONFLICT (account_id, environment_id, kind, key)"
						" DO UPDATE SET version = excluded.version");

#define LISTED_SEGMENTS SEGMENTS PAGE_FILTERED("s")

#define SEGMENTS_SORTED(sort)                                      \
	PAGE_SORTED_BY("s", sort)                                      \
	" CASE " sort " WHEN 'lastModified' THEN s.last_modified END," \
	" CASE " sort " WHEN '-lastModified' THEN s.last_modified END DESC,"

STATEMENT(list_segments,
		  "SELECT " SEGMENT_COLUMNS LISTED_SEGMENTS " ORDER BY " SEGMENTS_SORTED(":sort1")
			  SEGMENTS_SORTED(":sort2")
				  SEGMENTS_SORTED(":sort3") " s.created_at, s.key LIMIT :limit OFFSET :offset");

STATEMENT(count_segments, "SELECT count(*)" LISTED_SEGMENTS);

STATEMENT(count_of_environment, "SELECT count(*) AS count FROM flagplane_data.segment s"
								" WHERE s.account_id = :account_id"
								" AND s.environment_id = :source_id");

/* Rollouts stay as they are: the salts are those of the source. */
STATEMENT(copy_segments,
		  "INSERT INTO flagplane_data.segment"
		  " (account_id, environment_id, key, name, description, tags, included, excluded,"
		  " included_contexts, excluded_contexts, rules, salt, version, created_at,"
		  " last_modified, unbounded_context_kind)"
		  " SELECT s.account_id, :environment_id, s.key, s.name, s.description, s.tags, '[]', '[]',"
		  " '[]', '[]', s.rules, s.salt, 1, :now, :now, s.unbounded_context_kind FROM "
		  "flagplane_data.segment s"
		  " WHERE s.account_id = :account_id AND s.environment_id = :source_id");

/*
 * segment_document writes a row of SEGMENT_COLUMNS as a response shows it.
 */
static void
segment_document(Request *request, Row *row)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);
	char *environment_key = request_string(request, ENVIRONMENT_KEY);
	char *key = row_get_string(row, "key");

	document_open(out, '{');
	document_string(out, "name", row_get_string(row, "name"));
	document_string(out, "description", row_get_string(row, "description"));
	document_texts(out, "tags", row_get_array(row, "tags"));
	document_milliseconds(out, "creationDate", row_get_time(row, "created_at"));
	document_milliseconds(out, "lastModifiedDate", row_get_time(row, "last_modified"));
	document_string(out, "key", key);
	document_raw(out, "included", row_get_jsonb(row, "included"));
	document_raw(out, "excluded", row_get_jsonb(row, "excluded"));
	document_raw(out, "includedContexts", row_get_jsonb(row, "included_contexts"));
	document_raw(out, "excludedContexts", row_get_jsonb(row, "excluded_contexts"));
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/segments/%s/%s", project_key, environment_key);
	document_link(out, "self", "/api/v2/segments/%s/%s/%s", project_key, environment_key, key);
	document_close(out, '}');
	document_raw(out, "rules", row_get_jsonb(row, "rules"));
	document_integer(out, "version", row_get_integer(row, "version"));
	document_boolean(out, "deleted", false);
	document_boolean(out, "unbounded", false);
	if (!row_is_null(row, "unbounded_context_kind"))
		document_string(out, "unboundedContextKind", row_get_string(row, "unbounded_context_kind"));
	document_integer(out, "generation", 1);
	document_close(out, '}');
}

/*
 * respond writes the first of some rows as the response, with its version.
 */
static void
respond(Request *request, const Rows *rows)
{
	Row row;

	row_read(rows, 0, &row);
	segment_document(request, &row);
	request->version = row_get_integer(&row, "version");
}

pg_noreturn static void
segment_missing(Request *request)
{
	environment_require(request);
	error_raise(ERR_NOT_FOUND, "segment \"%s\" does not exist",
				request_string(request, SEGMENT_KEY));
}

/*
 * environment_lock locks the environment against other changes of its segments.  Binds
 * :environment_id, and keeps it as the request's state.
 */
static void
environment_lock(Request *request)
{
	Rows rows;
	Row row;

	project_lock(request, PROJECT_KEY_SHARE);
	if (payload_lock(request, request_string(request, PROJECT_KEY),
					 list_make1(request_string(request, ENVIRONMENT_KEY))) != NIL)
		environment_missing(request);
	rows = request_run(request, &lock_environment);
	if (rows.count == 0)
		environment_missing(request);
	row_read(&rows, 0, &row);
	request->state = row_get_string(&row, "id");
	request->project_id = DatumGetUUIDP(row_get_datum(&row, "project_id"));
	bind_text(&request->params, "environment_id", request->state);
	bind_time(&request->params, "now", request->now);
}

/*
 * raise_payload raises the version of what SDKs are sent of the environment.
 */
static void
raise_payload(Request *request)
{
	payload_raise(request, request_string(request, PROJECT_KEY),
				  request_string(request, ENVIRONMENT_KEY));
}

static void
set_target(Request *request, const char *key)
{
	request_target(request, "proj/%s:env/%s:segment/%s", request_string(request, PROJECT_KEY),
				   request_string(request, ENVIRONMENT_KEY), key);
}

/*
 * check_create_segment refuses segments that another store holds, which only some servers
 * know.  The kind of their contexts says nothing of others: clients send it all the same.
 */
void
check_create_segment(Request *request)
{
	char *kind = request_string(request, UNBOUNDED_CONTEXT_KIND);

	if (kind && kind[0] != '\0' && !is_context_kind(kind))
		request_violation(request, UNBOUNDED_CONTEXT_KIND,
						  "must be letters, digits, '.', '_' and '-', and neither kind nor multi");
	if (request_given(request, UNBOUNDED) && request_boolean(request, UNBOUNDED))
		request_violation(request, UNBOUNDED, "must be false: there are no big segments here");
}

/*
 * do_create_segment makes a segment with nobody in it.  The version goes on from that of one
 * with the same key that has been deleted.
 */
void
do_create_segment(Request *request)
{
	char *key = request_string(request, KEY);
	int32 version = 1;
	Rows rows;

	environment_lock(request);
	rows = statement_run(&find_tombstone, &request->params, STATEMENT_LATEST);
	if (rows.count > 0)
	{
		Row row;

		row_read(&rows, 0, &row);
		version = row_get_integer(&row, "version") + 1;
	}
	bind_integer(&request->params, "version", version);
	bind_text(&request->params, "salt", uuid_text(random_uuid()->data));
	rows = request_run(request, &insert_segment);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "segment \"%s\" already exists", key);
	raise_payload(request);
	respond(request, &rows);
	request_location(request, "/api/v2/segments/%s/%s/%s", request_string(request, PROJECT_KEY),
					 request_string(request, ENVIRONMENT_KEY), key);
	set_target(request, key);
}

/*
 * do_get_segment returns one segment.
 */
void
do_get_segment(Request *request)
{
	Rows rows = request_run(request, &find_segment);

	if (rows.count == 0)
		segment_missing(request);
	respond(request, &rows);
}

/*
 * segment_lock locks the segment, reads it as it is now, and requires the version in
 * If-Match.  The document becomes what the segment was before the change.
 */
static Rows
segment_lock(Request *request, Statement *lock)
{
	Rows rows;

	environment_lock(request);
	rows = request_run(request, lock);
	if (rows.count == 0)
		segment_missing(request);
	respond(request, &rows);
	request_require_version(request, request->version);
	request_before(request);
	set_target(request, request_string(request, SEGMENT_KEY));
	return rows;
}

/*
 * read_targeting checks who is in a patched segment, and returns what is to be stored.
 */
static Jsonb *
read_targeting(Request *request, Jsonb *before, Jsonb *after)
{
	Violations violations = {0};
	char *targeting = segment_targeting_check(&violations, NULL, before, after);
	Jsonb *rules;

	if (targeting)
	{
		rules = jsonb_member_of(after, "rules");
		if (!jsonb_equal(rules, jsonb_member_of(before, "rules")))
			segment_uses_check(request, &violations, "rules",
							   request_string(request, ENVIRONMENT_KEY),
							   request_string(request, SEGMENT_KEY), rules);
		if (strlen(targeting) > JSON_BYTES_MAX && strlen(targeting) > strlen(request->before))
			error_violation(&violations, "segment",
							"would be larger than " JSON_BYTES_MAX_IS " in JSON");
	}
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
	return jsonb_of_text(targeting);
}

/*
 * drop_targets_of_nobody removes the targets of a list that have no values.
 */
static void
drop_targets_of_nobody(JsonbValue *segment, const char *name)
{
	JsonbValue *targets = tree_member(segment, name);

	if (targets == NULL || targets->type != jbvArray)
		return;
	for (int i = targets->val.array.nElems - 1; i >= 0; i--)
	{
		JsonbValue *target = &targets->val.array.elems[i];

		if (target->type == jbvObject && tree_member(target, "values") == NULL)
			tree_remove_element(targets, i);
	}
}

/*
 * without_leftovers is a patched segment without what says nothing: the member temporary, which
 * segments have not, and targets without values.  LaunchDarkly's Terraform provider up to
 * version 2 sets the one to a text with every change, and sends as many empty targets as there
 * are others.
 */
static Jsonb *
without_leftovers(Jsonb *after)
{
	JsonbValue segment;
	int place;

	if (!JB_ROOT_IS_OBJECT(after))
		return after;
	segment = tree_of_jsonb(after);
	if (tree_find_member(&segment, "temporary", strlen("temporary"), &place))
		tree_remove_member(&segment, place);
	drop_targets_of_nobody(&segment, "includedContexts");
	drop_targets_of_nobody(&segment, "excludedContexts");
	return JsonbValueToJsonb(&segment);
}

/*
 * change changes a segment by a patch of its document.
 */
static void
change(Request *request)
{
	static const char *const editable[] = {"name",
										   "description",
										   "tags",
										   "included",
										   "excluded",
										   "includedContexts",
										   "excludedContexts",
										   "rules",
										   NULL};
	Rows rows = segment_lock(request, &lock_for_update);
	Jsonb *before = jsonb_of_text(request->before);
	Jsonb *after =
		without_leftovers(patching_apply(request, PATCH, before, segment_apply_instructions));

	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Request *fields;
		Jsonb *targeting;

		fields = patching_fields(request, &creation, before, after, editable);
		targeting = read_targeting(request, before, patching_plain(after));
		bind_text(&fields->params, "environment_id", request->state);
		bind_text(&fields->params, "segment_key", request_string(request, SEGMENT_KEY));
		bind_jsonb(&fields->params, "targeting", JsonbPGetDatum(targeting));
		bind_time(&fields->params, "now", request->now);
		raise_payload(request);
		rows = request_run(fields, &update_segment);
	}
	respond(request, &rows);
}

/*
 * do_update_segment changes a segment, or shows what it would become.
 */
void
do_update_segment(Request *request)
{
	if (request_boolean(request, DRY_RUN))
		patching_preview(request, change);
	else
		change(request);
}

/*
 * do_delete_segment deletes a segment that no rule names, and keeps its version.
 */
void
do_delete_segment(Request *request)
{
	segment_lock(request, &lock_for_deletion);
	segment_require_unused(request, request_string(request, SEGMENT_KEY));
	bind_integer(&request->params, "version", request->version);
	request->version = 0;
	raise_payload(request);
	request_run(request, &keep_version);
	request_run(request, &delete_segment);
}

void
check_list_segments(Request *request)
{
	static const char *const filters[] = {"query", "tags", "keys", NULL};
	static const char *const sorts[] = {"creationDate", "lastModified", "name", NULL};

	page_check(request, LIST_LIMIT, filters, sorts);
}

/*
 * do_list_segments returns a page of an environment's segments, oldest first.
 */
void
do_list_segments(Request *request)
{
	int64 total = page_total(request, &count_segments);
	Rows rows;

	if (total == 0)
		environment_require(request);
	rows = request_run(request, &list_segments);
	document_open_items(request->response);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		Row row;

		row_read(&rows, i, &row);
		document_element(request->response);
		segment_document(request, &row);
	}
	document_close(request->response, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/segments/%s/%s",
			 request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY));
}

/*
 * segments_copy gives a new environment the segments of its source, without the contexts that
 * are named one by one.  field is the one that names the source.
 */
void
segments_copy(Request *request, int field, const char *environment_id,
			  const char *source_environment_id)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_text(&params, "source_id", source_environment_id);
	bind_time(&params, "now", request->now);
	rows = statement_run(&count_of_environment, &params, STATEMENT_WRITE);
	row_read(&rows, 0, &row);
	if (row_get_bigint(&row, "count") > COPIED_MAX)
	{
		request_violation(request, field, "must have at most %d segments", COPIED_MAX);
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	statement_run(&copy_segments, &params, STATEMENT_WRITE);
}
