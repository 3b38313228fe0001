/*
 * project.c
 *	  Projects: what flags, environments, layers and SDK apps belong to.
 */
#include "resource/environment/environment.h"
#include "resource/flag/flag.h"
#include "resource/nested.h"
#include "resource/resource.h"

#include "call/audit.h"
#include "call/field.h"
#include "call/page.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/json_patch.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/* A project is made with so many environments at most: each costs what a call of its own does. */
#define NEW_ENVIRONMENTS_MAX 64

/* The environments of a new project that names none. */
#define DEFAULT_ENVIRONMENTS                                                                    \
	"[{\"key\":\"production\",\"name\":\"Production\",\"color\":\"417505\",\"critical\":true}," \
	"{\"key\":\"test\",\"name\":\"Test\",\"color\":\"F5A623\"}]"

enum
{
	KEY,
	NAME,
	TAGS,
	ENVIRONMENTS,
	INCLUDE_IN_SNIPPET_BY_DEFAULT,
	DEFAULT_CLIENT_SIDE_AVAILABILITY,
	NAMING_CONVENTION
};

enum
{
	GET_PROJECT_KEY,
	GET_EXPAND
};

const Field create_project_fields[] = {
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = PROJECT_KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[TAGS] = FIELD("tags", "tags", FIELD_TEXTS, .rule = RULE_TAGS),
	[ENVIRONMENTS] = FIELD("environments", "environments", FIELD_JSON),
	[INCLUDE_IN_SNIPPET_BY_DEFAULT] =
		FIELD("include_in_snippet_by_default", "includeInSnippetByDefault", FIELD_BOOLEAN),
	[DEFAULT_CLIENT_SIDE_AVAILABILITY] =
		FIELD("default_client_side_availability", "defaultClientSideAvailability", FIELD_JSON,
			  .rule = RULE_OBJECT),
	[NAMING_CONVENTION] =
		FIELD("naming_convention", "namingConvention", FIELD_JSON, .rule = RULE_OBJECT),
	FIELD("require_view_association_for_new_flags", "requireViewAssociationForNewFlags",
		  FIELD_BOOLEAN),
	FIELD("require_view_association_for_new_segments", "requireViewAssociationForNewSegments",
		  FIELD_BOOLEAN),
	FIELDS_END};

static const char *const expandable[] = {"environments", NULL};

#define EXPAND_FIELD                                                            \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = expandable)

const Field get_project_fields[] = {
	[GET_PROJECT_KEY] = PROJECT_KEY_FIELD, [GET_EXPAND] = EXPAND_FIELD, FIELDS_END};

enum
{
	LIST_LIMIT,
	LIST_EXPAND = 4
};

const Field list_projects_fields[] = {
	[LIST_LIMIT] = PAGE_FIELDS, [LIST_EXPAND] = EXPAND_FIELD, FIELDS_END};

enum
{
	PATCH = 1
};

const Field update_project_fields[] = {PROJECT_KEY_FIELD, [PATCH] = PATCH_FIELD, FIELDS_END};

const Field delete_project_fields[] = {PROJECT_KEY_FIELD, FIELDS_END};

/* The rules between the fields of a project that is patched. */
static void
check_patched_project(Request *request)
{
	availability_read(request, DEFAULT_CLIENT_SIDE_AVAILABILITY);
	naming_convention_check(request, NAMING_CONVENTION);
}

/* A patched project has the fields and rules of a new one. */
static const Operation creation = {
	.name = "update_project",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "project",
	.fields = create_project_fields,
	.check = check_patched_project,
};

static const Operation environment_creation = {
	.name = "create_environment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "environment",
	.fields = create_environment_fields,
	.check = check_create_environment,
};

STATEMENT(insert_project,
		  "INSERT INTO flagplane_data.project AS p"
		  " (account_id, id, key, name, tags, include_in_snippet_by_default,"
		  " using_environment_id, using_mobile_key, naming_convention, require_view_for_new_flags,"
		  " require_view_for_new_segments, has_flags, version, created_at, updated_at)"
		  " VALUES (:account_id, :project_id, :key, :name, :sorted_tags,"
		  " coalesce(:include_in_snippet_by_default, false),"
		  " coalesce(:using_environment_id, false), coalesce(:using_mobile_key, true),"
		  " :naming_convention, coalesce(:require_view_association_for_new_flags, false),"
		  " coalesce(:require_view_association_for_new_segments, false), false, 1, :now, :now)"
		  " ON CONFLICT DO NOTHING RETURNING " PROJECT_COLUMNS);

STATEMENT(update_project,
		  "UPDATE flagplane_data.project p SET name = :name, tags = :sorted_tags,"
		  " include_in_snippet_by_default = coalesce(:include_in_snippet_by_default, false),"
		  " using_environment_id = coalesce(:using_environment_id, false),"
		  " using_mobile_key = coalesce(:using_mobile_key, true),"
		  " naming_convention = :naming_convention, require_view_for_new_flags ="
		  " coalesce(:require_view_association_for_new_flags, false),"
		  " require_view_for_new_segments ="
		  " coalesce(:require_view_association_for_new_segments, false),"
		  " version = p.version + 1, updated_at = :now"
		  " WHERE p.account_id = :account_id AND p.id = :project_id RETURNING " PROJECT_COLUMNS);

/* The project that the request names by its key. */
#define SELECT_PROJECT(columns)                        \
	"SELECT " columns " FROM flagplane_data.project p" \
	" WHERE p.account_id = :account_id AND p.key = :project_key"

STATEMENT(find_project, SELECT_PROJECT(PROJECT_COLUMNS));
STATEMENT(find_for_update, SELECT_PROJECT(PROJECT_COLUMNS) " FOR NO KEY UPDATE");
STATEMENT(find_for_deletion, SELECT_PROJECT(PROJECT_COLUMNS) " FOR UPDATE");
STATEMENT(project_is_there, SELECT_PROJECT("1"));

/* A lock as it is in tables of this server, and in those of Citus. */
#define LOCK_PROJECT(name, columns, strength)          \
	STATEMENT(name, SELECT_PROJECT(columns) strength); \
	STATEMENT(distributed_##name, SELECT_PROJECT(columns ", " ROW_SERVER_COLUMNS) strength)

LOCK_PROJECT(lock_key_share, "p.id", " FOR KEY SHARE");
LOCK_PROJECT(lock_no_key_update, "p.id", " FOR NO KEY UPDATE");
LOCK_PROJECT(lock_for_environment, "p.id, p.has_flags", " FOR SHARE");
LOCK_PROJECT(lock_for_flag,
			 "p.id, p.has_flags, p.naming_convention, p.using_environment_id, p.using_mobile_key",
			 " FOR NO KEY UPDATE");

STATEMENT(note_flags, "UPDATE flagplane_data.project p SET has_flags = true"
					  " WHERE p.account_id = :account_id AND p.id = :project_id"
					  " AND NOT p.has_flags");

/* Deletions of an account's projects wait for each other, so that two cannot delete the last two. */
STATEMENT(lock_account, "SELECT a.id FROM flagplane_data.account a WHERE a.id = :account_id"
						" FOR NO KEY UPDATE");

STATEMENT(find_other, "SELECT 1 FROM flagplane_data.project o WHERE o.account_id = :account_id"
					  " AND o.key <> :project_key LIMIT 1");

STATEMENT(delete_project, "DELETE FROM flagplane_data.project p"
						  " WHERE p.account_id = :account_id AND p.key = :project_key");

#define VISIBLE_PROJECTS                                                                    \
	" FROM flagplane_data.project p WHERE p.account_id = :account_id AND " PROJECT_VISIBLE( \
		":token_id") PAGE_FILTERED("p")

STATEMENT(list_projects,
		  "SELECT " PROJECT_COLUMNS VISIBLE_PROJECTS
		  " ORDER BY " PAGE_SORTED("p") "p.created_at, p.key LIMIT :limit OFFSET :offset");

STATEMENT(count_projects, "SELECT count(*)" VISIBLE_PROJECTS);

/*
 * project_of_row reads the columns of PROJECT_COLUMNS.
 */
Project
project_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Project project;

	row_read(rows, number, &row);
	project.id = DatumGetUUIDP(row_get_datum(&row, "id"));
	project.key = row_get_string(&row, "key");
	project.name = row_get_string(&row, "name");
	project.tags = row_get_array(&row, "tags");
	project.include_in_snippet_by_default = row_get_boolean(&row, "include_in_snippet_by_default");
	project.using_environment_id = row_get_boolean(&row, "using_environment_id");
	project.using_mobile_key = row_get_boolean(&row, "using_mobile_key");
	project.naming_convention = row_get_jsonb(&row, "naming_convention");
	project.require_view_for_new_flags = row_get_boolean(&row, "require_view_for_new_flags");
	project.require_view_for_new_segments = row_get_boolean(&row, "require_view_for_new_segments");
	project.version = row_get_integer(&row, "version");
	project.created_at = row_get_time(&row, "created_at");
	project.updated_at = row_get_time(&row, "updated_at");
	return project;
}

/*
 * project_document writes a project without the closing brace, so that the caller can add
 * members.  Its _id is the first 24 digits of its UUID.
 */
static void
project_document(StringInfo out, const Project *project)
{
	char *uuid = uuid_text(project->id->data);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "environments", "/api/v2/projects/%s/environments", project->key);
	document_link(out, "self", "/api/v2/projects/%s", project->key);
	document_close(out, '}');
	document_key(out, "_id");
	appendStringInfo(out, "\"%.8s%.4s%.4s%.4s%.4s\"", uuid, uuid + 9, uuid + 14, uuid + 19,
					 uuid + 24);
	document_string(out, "key", project->key);
	document_boolean(out, "includeInSnippetByDefault", project->include_in_snippet_by_default);
	document_key(out, "defaultClientSideAvailability");
	document_open(out, '{');
	document_boolean(out, "usingEnvironmentId", project->using_environment_id);
	document_boolean(out, "usingMobileKey", project->using_mobile_key);
	document_close(out, '}');
	document_string(out, "name", project->name);
	document_texts(out, "tags", project->tags);
	if (project->naming_convention)
		document_raw(out, "namingConvention", project->naming_convention);
	document_boolean(out, "requireViewAssociationForNewFlags", project->require_view_for_new_flags);
	document_boolean(out, "requireViewAssociationForNewSegments",
					 project->require_view_for_new_segments);
}

/*
 * project_exists tells whether the project is there that :project_key names.
 */
bool
project_exists(Request *request)
{
	return request_run(request, &project_is_there).count > 0;
}

/*
 * project_missing refuses a request about a project that is not there.
 */
void
project_missing(Request *request)
{
	error_raise(ERR_NOT_FOUND, "project \"%s\" does not exist", request_string(request, 0));
}

/*
 * find reads the project that :project_key names, by a statement that may lock it.
 */
static Project
find(Request *request, Statement *statement)
{
	Rows rows = request_run(request, statement);

	if (rows.count == 0)
		project_missing(request);
	return project_of_row(&rows, 0);
}

/*
 * lock locks the project that :project_key names by a statement, reads its row and binds its id
 * as :project_id.
 */
static void
lock(Request *request, Statement *here, Statement *distributed, Row *row)
{
	bool is_distributed = tables_are_distributed();
	Rows rows = request_run(request, is_distributed ? distributed : here);

	if (rows.count == 0)
		project_missing(request);
	row_read(&rows, 0, row);
	request->project_id = DatumGetUUIDP(row_get_datum(row, "id"));
	bind_uuid(&request->params, "project_id", UUIDPGetDatum(request->project_id));
	if (is_distributed)
		audit_note_server(request, row);
}

/*
 * project_lock locks the project that :project_key names and binds its id as :project_id.
 * The lock is a statement of its own: to insert what another plan selects costs more
 * than two plain statements.
 */
void
project_lock(Request *request, ProjectLock strength)
{
	Row row;

	if (strength == PROJECT_KEY_SHARE)
		lock(request, &lock_key_share, &distributed_lock_key_share, &row);
	else
		lock(request, &lock_no_key_update, &distributed_lock_no_key_update, &row);
}

/*
 * project_lock_for_environment is project_lock for a new environment, which no flag may be
 * created beside.  Returns whether there may be flags that need a configuration in it: who
 * creates the first one says so in the project's row.
 */
bool
project_lock_for_environment(Request *request)
{
	Row row;

	lock(request, &lock_for_environment, &distributed_lock_for_environment, &row);
	return row_get_boolean(&row, "has_flags");
}

/*
 * project_lock_for_flag is project_lock for a new flag, by PROJECT_NO_KEY_UPDATE.  Reads what a
 * flag takes from its project: naming_convention, using_environment_id and using_mobile_key.
 */
void
project_lock_for_flag(Request *request, Row *defaults)
{
	lock(request, &lock_for_flag, &distributed_lock_for_flag, defaults);
	if (!row_get_boolean(defaults, "has_flags"))
		project_note_flags(request);
}

/*
 * project_note_flags says in the row of a project that is locked by PROJECT_NO_KEY_UPDATE that it
 * has flags.
 */
void
project_note_flags(Request *request)
{
	request_run(request, &note_flags);
}

/*
 * availability_read reads a client-side availability, {usingEnvironmentId,
 * usingMobileKey}, and binds its members as :using_environment_id and :using_mobile_key.
 */
void
availability_read(Request *request, int field)
{
	static const char *const members[] = {"usingEnvironmentId", "usingMobileKey", NULL};
	static const char *const names[] = {"using_environment_id", "using_mobile_key"};
	Jsonb *availability = NULL;
	char *unknown = NULL;

	if (request_given(request, field) && !request->broken[field])
	{
		availability = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
		unknown = jsonb_unknown_key(availability, members);
	}
	if (unknown)
		request_violation(request, field, "has an unknown member %s", unknown);
	for (int i = 0; members[i]; i++)
	{
		JsonbValue value = {0};
		bool given = availability && jsonb_member(availability, members[i], &value);

		if (given && value.type != jbvBool)
			request_violation(request, field, "must have true or false as %s", members[i]);
		bind_value(&request->params, names[i], BOOLOID,
				   BoolGetDatum(given && value.type == jbvBool && value.val.boolean), !given);
	}
}

/*
 * environments_read reads the environments of a new project, or the default ones, as
 * requests to run once the project is there.
 */
static List *
environments_read(Request *request)
{
	Jsonb *list = request_given(request, ENVIRONMENTS)
					  ? DatumGetJsonbP(request->params.values[FIELD_PARAM(ENVIRONMENTS)])
					  : jsonb_of_text(DEFAULT_ENVIRONMENTS);

	if (!jsonb_is_array(list) || JB_ROOT_COUNT(list) == 0 ||
		JB_ROOT_COUNT(list) > NEW_ENVIRONMENTS_MAX)
	{
		request_violation(request, ENVIRONMENTS, "must be a list of 1 to %d environments",
						  NEW_ENVIRONMENTS_MAX);
		return NIL;
	}
	return nested_read(request, ENVIRONMENTS, &environment_creation, list);
}

/*
 * check_create_project checks the rules between the fields, and those of the environments.
 */
void
check_create_project(Request *request)
{
	check_patched_project(request);
	if (!request->broken[ENVIRONMENTS])
		request->state = environments_read(request);
}

/*
 * environments_create makes the environments of a new project, and writes them as the
 * member environments of its document.
 */
static void
environments_create(Request *project, const char *project_key)
{
	ListCell *cell;

	document_key(project->response, "environments");
	document_open(project->response, '[');
	foreach (cell, (List *) project->state)
	{
		Request *environment = lfirst(cell);

		field_set(environment, 0, CStringGetTextDatum(project_key));
		environment->secrets = project->secrets;
		environment->secret_count = project->secret_count;
		environment->secret_room = project->secret_room;
		document_element(project->response);
		precompute_create_environment(environment);
		do_create_environment(environment);
		project->secrets = environment->secrets;
		project->secret_count = environment->secret_count;
		project->secret_room = environment->secret_room;
	}
	document_close(project->response, ']');
}

static int
compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *) left, *(char *const *) right);
}

/*
 * bind_columns binds what both a creation and a change write beside the fields.
 */
static void
bind_columns(Request *fields, pg_uuid_t *id)
{
	ArrayType *tags = request_array(fields, TAGS);
	Datum *elements = NULL;
	char **texts;
	int count = 0;

	if (tags)
		deconstruct_array(tags, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	texts = palloc(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
		texts[i] = TextDatumGetCString(elements[i]);
	if (count > 1)
		qsort(texts, count, sizeof(char *), compare_texts);
	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(texts[i]);
	bind_texts(&fields->params, "sorted_tags",
			   construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
	bind_uuid(&fields->params, "project_id", UUIDPGetDatum(id));
	bind_time(&fields->params, "now", fields->now);
}

/*
 * do_create_project makes a project with its environments.
 */
void
do_create_project(Request *request)
{
	Project project;
	Rows rows;

	bind_columns(request, random_uuid());
	rows = request_run(request, &insert_project);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "project \"%s\" already exists", request_string(request, KEY));
	project = project_of_row(&rows, 0);
	request->project_id = project.id;
	project_document(request->response, &project);
	environments_create(request, project.key);
	document_close(request->response, '}');
	request->version = project.version;
	request_location(request, "/api/v2/projects/%s", project.key);
	request_target(request, "proj/%s", project.key);
}

/*
 * do_get_project returns one project.
 */
void
do_get_project(Request *request)
{
	Project project = find(request, &find_project);

	project_document(request->response, &project);
	if (request_given(request, GET_EXPAND))
	{
		Datum id = UUIDPGetDatum(project.id);
		Rows pages = environments_pages(request, &id, 1);

		environments_page(request, &pages, project.key, id);
	}
	document_close(request->response, '}');
	request->version = project.version;
	request->composed = request_given(request, GET_EXPAND);
}

/*
 * check_list_projects reads filter and sort into parameters.
 */
void
check_list_projects(Request *request)
{
	static const char *const filters[] = {"query", "tags", "keys", NULL};
	static const char *const sorts[] = {"createdOn", "name", NULL};

	page_check(request, LIST_LIMIT, filters, sorts);
}

/*
 * do_list_projects returns a page of the projects that the caller may see.
 */
void
do_list_projects(Request *request)
{
	StringInfo out = request->response;
	Datum *ids;
	Rows pages = {0};
	Rows rows;
	int64 total;

	bind_text(&request->params, "token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	total = page_total(request, &count_projects);
	rows = request_run(request, &list_projects);
	ids = palloc(sizeof(Datum) * (rows.count + 1));
	for (uint64 i = 0; i < rows.count; i++)
		ids[i] = UUIDPGetDatum(project_of_row(&rows, i).id);
	if (request_given(request, LIST_EXPAND))
		pages = environments_pages(request, ids, (int) rows.count);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		Project project = project_of_row(&rows, i);

		document_element(out);
		project_document(out, &project);
		if (request_given(request, LIST_EXPAND))
			environments_page(request, &pages, project.key, ids[i]);
		document_close(out, '}');
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/projects");
}

/*
 * lock_for_update locks the project, reads it as it is now, and compares its version with
 * If-Match.  The audit log gets its document as the state before.
 */
static Project
lock_for_update(Request *request, Statement *statement)
{
	Project project = find(request, statement);

	request_require_version(request, project.version);
	project_document(request->response, &project);
	document_close(request->response, '}');
	request_before(request);
	return project;
}

/*
 * write_with_environments writes the project with all its environments.
 */
static void
write_with_environments(Request *request, const Project *project)
{
	project_document(request->response, project);
	environments_array(request, project->key, UUIDPGetDatum(project->id));
	document_close(request->response, '}');
}

/*
 * do_update_project changes a project by a JSON Patch of its document, and
 * returns it and all its environments.
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
	Project project = lock_for_update(request, &find_for_update);
	Jsonb *before = jsonb_of_text(request->before);
	Jsonb *after = json_patch(before, operations);
	Request *fields = patching_fields(request, &creation, before, after, editable);

	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
	{
		Rows rows;

		/* The audit log compares documents of the same form: with the environments. */
		write_with_environments(request, &project);
		request_before(request);
		bind_columns(fields, project.id);
		rows = request_run(fields, &update_project);
		project = project_of_row(&rows, 0);
	}
	write_with_environments(request, &project);
	request->version = project.version;
	request_target(request, "proj/%s", project.key);
}

/*
 * do_delete_project removes a project with all that belongs to it, but not an account's
 * last one.  STATEMENT_LATEST sees the others that are there now, at any isolation level.
 */
void
do_delete_project(Request *request)
{
	Project project;

	request_run(request, &lock_account);
	project = lock_for_update(request, &find_for_deletion);
	request->project_id = project.id;
	if (statement_run(&find_other, &request->params, STATEMENT_LATEST).count == 0)
		error_raise(ERR_IN_USE, "the last project of an account cannot be deleted");
	request_run(request, &delete_project);
	request_target(request, "proj/%s", project.key);
}
