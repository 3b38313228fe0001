/*
 * project.c
 *	  Projects: what flags, environments, layers and SDK apps belong to.
 */
#include "resource/project/project.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

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

STATEMENT(insert_project,
		  "INSERT INTO flagplane_data.project AS p"
		  " (account_id, id, key, name, tags, include_in_snippet_by_default,"
		  " using_environment_id, using_mobile_key, naming_convention, require_view_for_new_flags,"
		  " require_view_for_new_segments, version, created_at, updated_at)"
		  " VALUES ($1, $13, $2, $3,"
		  " (SELECT coalesce(array_agg(t ORDER BY t COLLATE \"C\"), '{}') FROM unnest($4) t),"
		  " coalesce($6, false), coalesce($11, false), coalesce($12, true), $8,"
		  " coalesce($9, false), coalesce($10, false), 1, $14, $14)"
		  " ON CONFLICT DO NOTHING RETURNING " PROJECT_COLUMNS);

STATEMENT(find_project, "SELECT " PROJECT_COLUMNS
						" FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2");

#define VISIBLE_PROJECTS                                                                    \
	" FROM flagplane_data.project p WHERE p.account_id = :account_id AND " PROJECT_VISIBLE( \
		":token_id") PAGE_FILTERED("p")

STATEMENT(list_projects,
		  "SELECT " PROJECT_COLUMNS VISIBLE_PROJECTS
		  " ORDER BY " PAGE_SORTED("p") "p.created_at, p.key LIMIT :limit OFFSET :offset");

STATEMENT(count_projects, "SELECT count(*)" VISIBLE_PROJECTS);

STATEMENT(lock_project_key_share, "SELECT p.id FROM flagplane_data.project p"
								  " WHERE p.account_id = :account_id AND p.key = :project_key"
								  " FOR KEY SHARE");

STATEMENT(share_project, "SELECT p.id FROM flagplane_data.project p"
						 " WHERE p.account_id = :account_id AND p.key = :project_key FOR SHARE");

STATEMENT(project_is_there, "SELECT 1 FROM flagplane_data.project p"
							" WHERE p.account_id = :account_id AND p.key = :project_key");

/*
 * project_of_row reads the columns of PROJECT_COLUMNS.
 */
Project
project_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Project project;

	row_read(rows, number, &row);
	project.id = DatumGetUUIDP(row.values[0]);
	project.key = row_string(&row, 1);
	project.name = row_string(&row, 2);
	project.tags = row_array(&row, 3);
	project.include_in_snippet_by_default = row_boolean(&row, 4);
	project.using_environment_id = row_boolean(&row, 5);
	project.using_mobile_key = row_boolean(&row, 6);
	project.naming_convention = row_jsonb(&row, 7);
	project.require_view_for_new_flags = row_boolean(&row, 8);
	project.require_view_for_new_segments = row_boolean(&row, 9);
	project.version = row_integer(&row, 10);
	project.created_at = row_time(&row, 11);
	project.updated_at = row_time(&row, 12);
	return project;
}

/*
 * project_document writes a project, the closing brace left to the caller.  Its
 * _id of 24 digits is the beginning of its UUID.
 */
void
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
 * project_exists tells whether the project is there whose key is the request's
 * first field.
 */
bool
project_exists(Request *request)
{
	return request_run(request, &project_is_there).count > 0;
}

/*
 * project_lock locks the project that the request names and binds its id as
 * :project_id.  It locks as a foreign key would, so that a project that is
 * being deleted is missed in time; or so that nobody makes a flag in it meanwhile.
 * A statement of its own, since to insert what another plan selects costs more than
 * two plain statements.
 */
void
project_lock(Request *request, bool against_flags)
{
	Rows rows = request_run(request, against_flags ? &share_project : &lock_project_key_share);
	Row row;

	if (rows.count == 0)
		project_missing(request);
	row_read(&rows, 0, &row);
	request->project_id = DatumGetUUIDP(row_get_datum(&row, "id"));
	bind_uuid(&request->params, "project_id", UUIDPGetDatum(request->project_id));
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
 * availability_read reads a client-side availability, {usingEnvironmentId,
 * usingMobileKey}, into two parameters of their own.
 */
void
availability_read(Request *request, int field)
{
	static const char *const members[] = {"usingEnvironmentId", "usingMobileKey", NULL};
	Jsonb *availability = NULL;
	char *stranger = NULL;

	if (request_given(request, field) && !request->broken[field])
	{
		availability = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
		stranger = jsonb_unknown_key(availability, members);
	}
	if (stranger)
		request_violation(request, field, "has an unknown member %s", stranger);
	for (int i = 0; members[i]; i++)
	{
		JsonbValue value = {0};
		bool given = availability && jsonb_member(availability, members[i], &value);

		if (given && value.type != jbvBool)
			request_violation(request, field, "must have true or false as %s", members[i]);
		params_add(&request->params, BOOLOID,
				   BoolGetDatum(given && value.type == jbvBool && value.val.boolean), !given);
	}
}

/*
 * check_create_project reads the availability into $11 and $12, and the
 * environments to be made.
 */
void
check_create_project(Request *request)
{
	availability_read(request, DEFAULT_CLIENT_SIDE_AVAILABILITY);
	naming_convention_check(request, NAMING_CONVENTION);
	if (!request->broken[ENVIRONMENTS])
		request->state = environments_read(request, ENVIRONMENTS);
}

/*
 * do_create_project makes a project with its environments.
 */
void
do_create_project(Request *request)
{
	Project project;
	Rows rows;

	params_add(&request->params, UUIDOID, UUIDPGetDatum(random_uuid()), false);
	params_time(&request->params, request->now);
	rows = request_run(request, &insert_project);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "project \"%s\" already exists", request_string(request, KEY));
	project = project_of_row(&rows, 0);
	request->project_id = project.id;
	project_document(request->response, &project);
	environments_create(request, request->state, project.key);
	document_close(request->response, '}');
	request->version = project.version;
	request_location(request, "/api/v2/projects/%s", project.key);
	request_target(request, "proj/%s", project.key);
}

/*
 * do_get_project answers with one project.
 */
void
do_get_project(Request *request)
{
	Rows rows = request_run(request, &find_project);
	Project project;

	if (rows.count == 0)
		project_missing(request);
	project = project_of_row(&rows, 0);
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
 * do_list_projects answers with a page of the projects that the caller may see.
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
