/*
 * environment.c
 *	  Environments: where a project's flags have their settings, and the SDK and
 *	  mobile keys that open them.
 */
#include "resource/environment/environment.h"
#include "resource/environment/payload_version.h"
#include "resource/flag/flag.h"
#include "resource/resource.h"
#include "resource/segment/segment.h"

#include "call/field.h"
#include "call/page.h"
#include "call/patch_request.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/json_patch.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#define TTL_MINUTES_MAX 60

enum
{
	PROJECT_KEY,
	KEY,
	NAME,
	COLOR,
	DEFAULT_TTL,
	SECURE_MODE,
	DEFAULT_TRACK_EVENTS,
	CONFIRM_CHANGES,
	REQUIRE_COMMENTS,
	TAGS,
	SOURCE,
	CRITICAL
};

const Field create_environment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[COLOR] = FIELD("color", "color", FIELD_TEXT, .required = true, .rule = RULE_COLOR),
	[DEFAULT_TTL] = FIELD("default_ttl", "defaultTtl", FIELD_INTEGER, .rule = RULE_RANGE,
						  .max = TTL_MINUTES_MAX),
	[SECURE_MODE] = FIELD("secure_mode", "secureMode", FIELD_BOOLEAN),
	[DEFAULT_TRACK_EVENTS] = FIELD("default_track_events", "defaultTrackEvents", FIELD_BOOLEAN),
	[CONFIRM_CHANGES] = FIELD("confirm_changes", "confirmChanges", FIELD_BOOLEAN),
	[REQUIRE_COMMENTS] = FIELD("require_comments", "requireComments", FIELD_BOOLEAN),
	[TAGS] = FIELD("tags", "tags", FIELD_TEXTS, .rule = RULE_TAGS),
	[SOURCE] = FIELD("source", "source", FIELD_JSON, .rule = RULE_OBJECT),
	[CRITICAL] = FIELD("critical", "critical", FIELD_BOOLEAN),
	FIELDS_END};

const Field get_environment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, FIELDS_END};

enum
{
	ENVIRONMENT_KEY = 1,
	PATCH
};

const Field update_environment_fields[] = {[PROJECT_KEY] = PROJECT_KEY_FIELD,
										   [ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
										   [PATCH] = PATCH_FIELD,
										   FIELDS_END};

const Field delete_environment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, FIELDS_END};

enum
{
	LIST_LIMIT = 1
};

const Field list_environments_fields[] = {PROJECT_KEY_FIELD, PAGE_FIELDS, FIELDS_END};

/* A patched environment has the fields and rules of a new one. */
static const Operation creation = {
	.name = "update_environment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "environment",
	.fields = create_environment_fields,
	.check = check_create_environment,
};

STATEMENT(insert_environment,
		  "INSERT INTO flagplane_data.environment"
		  " (account_id, id, project_id, key, name, color, default_ttl, secure_mode,"
		  " default_track_events, confirm_changes, require_comments, tags, critical,"
		  " approval_settings, version, created_at)"
		  " VALUES (:account_id, :environment_id, :project_id, :key, :name, :color, :default_ttl,"
		  " :secure_mode, :default_track_events, :confirm_changes, :require_comments, :tags,"
		  " :critical, :approval_settings, 1, :created_at)"
		  " ON CONFLICT (account_id, project_id, key) DO NOTHING");

/* The settings of the source do not change until the copy is committed. */
STATEMENT(find_source,
		  "SELECT s.id, s.version, s.default_ttl, s.secure_mode, s.default_track_events,"
		  " s.confirm_changes, s.require_comments, s.tags::text[] AS tags, s.critical,"
		  " s.approval_settings FROM flagplane_data.environment s"
		  " WHERE s.account_id = :account_id AND s.project_id = :project_id"
		  " AND s.key = :source_key FOR SHARE");

STATEMENT(update_environment,
		  "UPDATE flagplane_data.environment e SET name = :name, color = :color,"
		  " default_ttl = coalesce(:default_ttl, 0), secure_mode = coalesce(:secure_mode, false),"
		  " default_track_events = coalesce(:default_track_events, false),"
		  " confirm_changes = coalesce(:confirm_changes, false),"
		  " require_comments = coalesce(:require_comments, false),"
		  " tags = coalesce(:tags, '{}'), critical = coalesce(:critical, false),"
		  " approval_settings = :approval_settings, version = e.version + 1"
		  " WHERE e.account_id = :account_id AND e.id = :environment_id"
		  " RETURNING " ENVIRONMENT_COLUMNS);

#define IN_PROJECT                                                     \
	" FROM flagplane_data.project p JOIN flagplane_data.environment e" \
	" ON e.account_id = p.account_id AND e.project_id = p.id"          \
	" WHERE p.account_id = :account_id AND p.key = :project_key"

/* The environment that the request names by its key. */
#define SELECT_ENVIRONMENT(columns) "SELECT " columns IN_PROJECT " AND e.key = :environment_key"

STATEMENT(is_environment, SELECT_ENVIRONMENT("1"));
STATEMENT(find_environment, SELECT_ENVIRONMENT(ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS));
STATEMENT(find_for_update, SELECT_ENVIRONMENT(ENVIRONMENT_COLUMNS) " FOR NO KEY UPDATE OF e");
STATEMENT(find_for_deletion, SELECT_ENVIRONMENT(ENVIRONMENT_COLUMNS) " FOR UPDATE OF e");

STATEMENT(find_other, "SELECT 1 FROM flagplane_data.environment o"
					  " WHERE o.account_id = :account_id AND o.project_id = :project_id"
					  " AND o.key <> :environment_key LIMIT 1");

STATEMENT(delete_environment, "DELETE FROM flagplane_data.environment e"
							  " WHERE e.account_id = :account_id AND e.project_id = :project_id"
							  " AND e.key = :environment_key");

#define LISTED_ENVIRONMENTS IN_PROJECT PAGE_FILTERED("e")

#define SORTED_ENVIRONMENTS(sort)                         \
	PAGE_SORTED_BY("e", sort)                             \
	" CASE " sort " WHEN 'critical' THEN e.critical END," \
	" CASE " sort " WHEN '-critical' THEN e.critical END DESC, "

STATEMENT(list_environments,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS LISTED_ENVIRONMENTS
		  " ORDER BY " SORTED_ENVIRONMENTS(":sort1") SORTED_ENVIRONMENTS(":sort2")
			  SORTED_ENVIRONMENTS(":sort3") "e.created_at, e.key LIMIT :limit OFFSET :offset");

STATEMENT(count_environments, "SELECT count(*)" LISTED_ENVIRONMENTS);

STATEMENT(list_of_project,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS " FROM flagplane_data.environment e"
		  " WHERE e.account_id = :account_id AND e.project_id = :project_id"
		  " ORDER BY e.created_at, e.key");

/* The first environments of each of some projects, at most :limit, and how many each has. */
STATEMENT(list_of_projects,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS ", s.total"
		  " FROM (SELECT n.account_id, n.id, row_number() OVER"
		  " (PARTITION BY n.project_id ORDER BY n.created_at, n.key) AS place,"
		  " count(*) OVER (PARTITION BY n.project_id) AS total"
		  " FROM flagplane_data.environment n"
		  " WHERE n.account_id = :account_id AND n.project_id = ANY (:project_ids)) s"
		  " JOIN flagplane_data.environment e ON e.account_id = s.account_id AND e.id = s.id"
		  " WHERE e.account_id = :account_id AND s.place <= :limit ORDER BY e.project_id, s.place");

/*
 * environment_of_row reads the columns of ENVIRONMENT_COLUMNS, and those of
 * ENVIRONMENT_KEYS if with_keys.
 */
Environment
environment_of_row(const Rows *rows, uint64 number, bool with_keys)
{
	Row row;
	Environment environment;

	row_read(rows, number, &row);
	environment.id = row_get_string(&row, "id");
	environment.key = row_get_string(&row, "key");
	environment.name = row_get_string(&row, "name");
	environment.color = row_get_string(&row, "color");
	environment.default_ttl = row_get_integer(&row, "default_ttl");
	environment.secure_mode = row_get_boolean(&row, "secure_mode");
	environment.default_track_events = row_get_boolean(&row, "default_track_events");
	environment.require_comments = row_get_boolean(&row, "require_comments");
	environment.confirm_changes = row_get_boolean(&row, "confirm_changes");
	environment.tags = row_get_array(&row, "tags");
	environment.critical = row_get_boolean(&row, "critical");
	environment.approval_settings = row_get_jsonb(&row, "approval_settings");
	environment.version = row_get_integer(&row, "version");
	environment.project_id = row_get_datum(&row, "project_id");
	environment.sdk_key = with_keys ? row_get_string(&row, "sdk_key") : NULL;
	environment.mobile_key = with_keys ? row_get_string(&row, "mobile_key") : NULL;
	return environment;
}

/* The environment that a new one is a copy of, as the request names it. */
typedef struct Source
{
	char *key;
	bool versioned;
	int32 version; /* which it must have, if versioned */
} Source;

/*
 * environment_document writes an environment as a response shows it.
 */
void
environment_document(Request *request, const char *project_key, const Environment *environment)
{
	StringInfo out = request->response;

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/projects/%s/environments/%s", project_key,
				  environment->key);
	document_close(out, '}');
	document_string(out, "_id", environment->id);
	document_string(out, "key", environment->key);
	document_string(out, "name", environment->name);
	request_secret(request, "apiKey", "", environment->sdk_key, false);
	request_secret(request, "mobileKey", "", environment->mobile_key, false);
	document_string(out, "color", environment->color);
	document_integer(out, "defaultTtl", environment->default_ttl);
	document_boolean(out, "secureMode", environment->secure_mode);
	document_boolean(out, "defaultTrackEvents", environment->default_track_events);
	document_boolean(out, "requireComments", environment->require_comments);
	document_boolean(out, "confirmChanges", environment->confirm_changes);
	document_texts(out, "tags", environment->tags);
	document_boolean(out, "critical", environment->critical);
	approval_settings_document(out, "approvalSettings", environment->approval_settings, false);
	document_raw(out, "resourceApprovalSettings", "{}");
	document_close(out, '}');
}

/*
 * check_create_environment reads source, {key, version}, into the request's state.
 */
void
check_create_environment(Request *request)
{
	static const char *const members[] = {"key", "version", NULL};
	Source *source;
	Jsonb *document;
	JsonbValue value;
	char *unknown;

	if (!request_given(request, SOURCE) || request->broken[SOURCE])
		return;
	source = palloc0(sizeof(Source));
	document = DatumGetJsonbP(request->params.values[FIELD_PARAM(SOURCE)]);
	if (jsonb_member(document, "key", &value))
		source->key = jsonb_string(&value);
	source->versioned = jsonb_member(document, "version", &value);
	unknown = jsonb_unknown_key(document, members);
	if (unknown)
		request_violation(request, SOURCE, "has an unknown member %s", unknown);
	else if (source->key == NULL)
		request_violation(request, SOURCE, "must have the key of an environment");
	else if (source->versioned && !jsonb_integer(&value, &source->version))
		request_violation(request, SOURCE, "must have a whole number as version");
	request->state = source;
}

static void
set_default(Request *request, int field, Datum value)
{
	if (!request_given(request, field))
		field_set(request, field, value);
}

/*
 * set_defaults sets the fields that a request without a source leaves out.
 */
static void
set_defaults(Request *request)
{
	set_default(request, DEFAULT_TTL, Int32GetDatum(0));
	set_default(request, SECURE_MODE, BoolGetDatum(false));
	set_default(request, DEFAULT_TRACK_EVENTS, BoolGetDatum(false));
	set_default(request, CONFIRM_CHANGES, BoolGetDatum(false));
	set_default(request, REQUIRE_COMMENTS, BoolGetDatum(false));
	set_default(request, CRITICAL, BoolGetDatum(false));
	if (!request_given(request, TAGS))
		field_set(request, TAGS, PointerGetDatum(construct_empty_array(TEXTOID)));
	bind_jsonb(&request->params, "approval_settings", (Datum) 0);
}

/*
 * copy_settings sets the fields that a request leaves out to the settings of its source, reads
 * its approval settings, and returns the source's id.
 */
static char *
copy_settings(Request *request, const Source *source, char **approval_settings)
{
	Rows rows;
	Row row;

	bind_text(&request->params, "source_key", source->key);
	rows = request_run(request, &find_source);
	if (rows.count == 0)
		error_raise(ERR_INVALID, "source environment \"%s\" does not exist", source->key);
	row_read(&rows, 0, &row);
	if (source->versioned && source->version != row_get_integer(&row, "version"))
		error_raise(ERR_STALE_VERSION,
					"source environment \"%s\" is at another version than that given", source->key);
	set_default(request, DEFAULT_TTL, row_get_datum(&row, "default_ttl"));
	set_default(request, SECURE_MODE, row_get_datum(&row, "secure_mode"));
	set_default(request, DEFAULT_TRACK_EVENTS, row_get_datum(&row, "default_track_events"));
	set_default(request, CONFIRM_CHANGES, row_get_datum(&row, "confirm_changes"));
	set_default(request, REQUIRE_COMMENTS, row_get_datum(&row, "require_comments"));
	set_default(request, TAGS, row_get_datum(&row, "tags"));
	set_default(request, CRITICAL, row_get_datum(&row, "critical"));
	bind_jsonb(&request->params, "approval_settings", row_get_datum(&row, "approval_settings"));
	*approval_settings = row_get_jsonb(&row, "approval_settings");
	return row_get_string(&row, "id");
}

/*
 * make_environment is the environment that a request makes, once its fields are set; the
 * response shows it.
 */
static Environment *
make_environment(Request *request, char *approval_settings)
{
	Environment *environment = palloc0(sizeof(Environment));
	char *project_key = request_string(request, PROJECT_KEY);

	environment->id = client_side_id_generate(request->caller.account);
	environment->key = request_string(request, KEY);
	environment->name = request_string(request, NAME);
	environment->color = request_string(request, COLOR);
	environment->default_ttl = request_integer(request, DEFAULT_TTL);
	environment->secure_mode = request_boolean(request, SECURE_MODE);
	environment->default_track_events = request_boolean(request, DEFAULT_TRACK_EVENTS);
	environment->confirm_changes = request_boolean(request, CONFIRM_CHANGES);
	environment->require_comments = request_boolean(request, REQUIRE_COMMENTS);
	environment->tags = request_array(request, TAGS);
	environment->critical = request_boolean(request, CRITICAL);
	environment->approval_settings = approval_settings;
	environment->version = 1;
	environment_keys_generate(request, environment);

	environment_document(request, project_key, environment);
	request->version = environment->version;
	request_location(request, "/api/v2/projects/%s/environments/%s", project_key, environment->key);
	request_target(request, "proj/%s:env/%s", project_key, environment->key);
	return environment;
}

/*
 * precompute_create_environment returns the environment that will be made, unless
 * it is a copy.
 */
void
precompute_create_environment(Request *request)
{
	if (request_given(request, SOURCE))
		return;
	set_defaults(request);
	request->state = make_environment(request, NULL);
	request->precomputed = true;
}

/*
 * do_create_environment makes an environment with its keys and a configuration of every
 * flag, its source's where it has one.  Creating an environment and creating a flag wait
 * for each other, so that neither misses the other.
 */
void
do_create_environment(Request *request)
{
	Environment *environment = request->state;
	char *source_id = NULL;
	bool has_flags = project_lock_for_environment(request);

	if (!request->precomputed)
	{
		char *approval_settings;

		source_id = copy_settings(request, request->state, &approval_settings);
		environment = make_environment(request, approval_settings);
	}
	bind_text(&request->params, "environment_id", environment->id);
	bind_time(&request->params, "created_at", request->now);
	if (request_run(request, &insert_environment).count == 0)
		error_raise(ERR_EXISTS, "environment \"%s\" already exists", request_string(request, KEY));
	environment_keys_insert(request, environment);
	payload_create(request, environment->id);
	if (source_id)
		segments_copy(request, SOURCE, environment->id, source_id);
	if (has_flags)
		flags_configure_environment(request, environment->id, source_id);
}

/*
 * environment_missing refuses a request about an environment that is not there, which its
 * second field names.
 */
void
environment_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "environment \"%s\" does not exist", request_string(request, KEY));
}

/*
 * environment_require refuses a request that names no environment.
 */
void
environment_require(Request *request)
{
	if (request_run(request, &is_environment).count == 0)
		environment_missing(request);
}

/*
 * find reads the environment that :project_key and :environment_key name, by a statement
 * that may lock it.
 */
static Environment
find(Request *request, Statement *statement, bool with_keys)
{
	Rows rows = request_run(request, statement);

	if (rows.count == 0)
		environment_missing(request);
	return environment_of_row(&rows, 0, with_keys);
}

/*
 * do_get_environment returns one environment.
 */
void
do_get_environment(Request *request)
{
	Environment environment = find(request, &find_environment, true);

	environment_document(request, request_string(request, PROJECT_KEY), &environment);
	request->version = environment.version;
}

/*
 * environment_lock_for_keys locks the environment that the request names against other changes of
 * its keys, and returns its id.
 */
char *
environment_lock_for_keys(Request *request)
{
	return find(request, &find_for_update, false).id;
}

/*
 * environment_lock_for_update locks the environment that the request names, so that it can
 * be changed or, with all that refers to it, deleted.  Reads it as it is now and compares
 * its version with If-Match.  The audit log gets its document as the state before.
 */
Environment
environment_lock_for_update(Request *request, bool for_deletion)
{
	Environment environment =
		find(request, for_deletion ? &find_for_deletion : &find_for_update, false);

	environment_keys_read(request, &environment);
	request_require_version(request, environment.version);
	environment_document(request, request_string(request, PROJECT_KEY), &environment);
	request_before(request);
	return environment;
}

/*
 * patchable_document is the environment as a patch sees it: its response with all
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
	Environment environment = environment_lock_for_update(request, false);
	Jsonb *before = patchable_document(request, &environment);
	Jsonb *after = json_patch(before, operations);
	Request *fields = patching_fields(request, &creation, before, after, editable);
	char *settings =
		approval_settings_read(&fields->violations, after, environment.approval_settings);

	if (fields->violations.count > 0)
		error_raise_violations(ERR_INVALID, &fields->violations);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Environment changed;
		Rows rows;

		bind_text(&fields->params, "environment_id", environment.id);
		bind_jsonb(&fields->params, "approval_settings",
				   settings ? JsonbPGetDatum(jsonb_of_text(settings)) : (Datum) 0);
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
 * do_delete_environment removes an environment with its keys and all settings of flags in
 * it, but not a project's last one.  The lock on the project keeps two requests from
 * deleting the last two; STATEMENT_LATEST sees the others that are there now, at any
 * isolation level.
 */
void
do_delete_environment(Request *request)
{
	Environment environment;

	project_lock(request, PROJECT_NO_KEY_UPDATE);
	/* What goes with the environment is locked in another order than changes of flags lock it. */
	if (payload_lock(request, request_string(request, PROJECT_KEY),
					 list_make1(request_string(request, KEY))) != NIL)
		environment_missing(request);
	environment = environment_lock_for_update(request, true);
	if (statement_run(&find_other, &request->params, STATEMENT_LATEST).count == 0)
		error_raise(ERR_IN_USE, "the last environment of a project cannot be deleted");
	request_run(request, &delete_environment);
	request_target(request, "proj/%s:env/%s", request_string(request, PROJECT_KEY),
				   environment.key);
}

/*
 * write_items writes some of the rows, as environments, as the elements of an array.
 */
static void
write_items(Request *request, const char *project_key, const Rows *rows, uint64 from, uint64 to)
{
	for (uint64 i = from; i < to; i++)
	{
		Environment environment = environment_of_row(rows, i, true);

		document_element(request->response);
		environment_document(request, project_key, &environment);
	}
}

/*
 * environments_array writes all environments of a project as its member.
 */
void
environments_array(Request *request, const char *project_key, Datum project_id)
{
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "project_id", project_id);
	rows = statement_run(&list_of_project, &params, request->mode);
	document_key(request->response, "environments");
	document_open(request->response, '[');
	write_items(request, project_key, &rows, 0, rows.count);
	document_close(request->response, ']');
}

/*
 * environments_pages reads the first page of each project's environments, by one
 * statement however many the projects are.
 */
Rows
environments_pages(Request *request, Datum *project_ids, int count)
{
	ArrayType *ids = construct_array(project_ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_value(&params, "project_ids", UUIDARRAYOID, PointerGetDatum(ids), false);
	bind_integer(&params, "limit", PAGE_LIMIT_DEFAULT);
	return statement_run(&list_of_projects, &params, request->mode);
}

/*
 * compare_project compares the project of an environment's row with another one.
 */
static int
compare_project(Row *row, Datum project_id)
{
	return memcmp(DatumGetUUIDP(row_get_datum(row, "project_id")), DatumGetUUIDP(project_id),
				  UUID_LEN);
}

/*
 * first_of_project is the number of the first row of those read by environments_pages
 * whose project's id is not below this one.
 */
static uint64
first_of_project(const Rows *pages, Datum project_id)
{
	uint64 low = 0;
	uint64 high = pages->count;

	while (low < high)
	{
		uint64 middle = low + (high - low) / 2;
		Row row;

		row_read(pages, middle, &row);
		if (compare_project(&row, project_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * environments_page writes the first page of a project's environments, out of those
 * that environments_pages has read, as its member and as list_environments returns it.
 */
void
environments_page(Request *request, const Rows *pages, const char *project_key, Datum project_id)
{
	uint64 from = first_of_project(pages, project_id);
	uint64 to = from;
	int64 total = 0;

	for (; to < pages->count; to++)
	{
		Row row;

		row_read(pages, to, &row);
		if (compare_project(&row, project_id) != 0)
			break;
		total = row_get_bigint(&row, "total");
	}
	document_key(request->response, "environments");
	document_open_items(request->response);
	write_items(request, project_key, pages, from, to);
	document_close(request->response, ']');
	page_links(request->response, psprintf("/api/v2/projects/%s/environments", project_key),
			   PAGE_LIMIT_DEFAULT, 0, total, "");
}

/*
 * check_list_environments reads filter and sort into parameters.
 */
void
check_list_environments(Request *request)
{
	static const char *const filters[] = {"query", "tags", NULL};
	static const char *const sorts[] = {"createdOn", "critical", "name", NULL};

	page_check(request, LIST_LIMIT, filters, sorts);
}

/*
 * do_list_environments returns a page of a project's environments, oldest
 * first.
 */
void
do_list_environments(Request *request)
{
	char *project_key = request_string(request, PROJECT_KEY);
	int64 total = page_total(request, &count_environments);
	Rows rows;

	if (total == 0 && !project_exists(request))
		project_missing(request);

	rows = request_run(request, &list_environments);
	document_open_items(request->response);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
		write_items(request, project_key, &rows, i, i + 1);
	document_close(request->response, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/projects/%s/environments", project_key);
}
