/*
 * partner_project.c
 *	  Projects as Layers' Partner API shows them.
 *
 * They are the same projects.  Members that flagplane does not store are null: no
 * project has a customer's id, and none is archived.
 */
#include "resource/project/project.h"
#include "resource/resource.h"

#include "call/page.h"
#include "util/document.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"

#define PARTNER_LIMIT_MAX 200

/* A cursor of the list is valid for its account only. */
#define LIST_SCOPE "projects-" INT64_FORMAT

enum
{
	CURSOR,
	LIMIT,
	STATUS,
	SEARCH,
	CUSTOMER_EXTERNAL_ID
};

static const char *const statuses[] = {"active", "archived", NULL};

const Field get_partner_project_fields[] = {PROJECT_ID_FIELD, FIELDS_END};

const Field list_partner_projects_fields[] = {
	[CURSOR] = FIELD("cursor", "cursor", FIELD_TEXT, .place = IN_QUERY),
	[LIMIT] = FIELD("limit", "limit", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE,
					.min = 1, .max = PARTNER_LIMIT_MAX, .fallback = "25"),
	[STATUS] = FIELD("status", "status", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_ONE_OF,
					 .choices = statuses),
	[SEARCH] = FIELD("search", "search", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LENGTH,
					 .max = NAME_MAX_CHARS),
	[CUSTOMER_EXTERNAL_ID] = FIELD("customer_external_id", "customerExternalId", FIELD_TEXT,
								   .place = IN_QUERY, .rule = RULE_LENGTH, .max = NAME_MAX_CHARS),
	FIELDS_END};

STATEMENT(find_project,
		  "SELECT " PROJECT_COLUMNS
		  " FROM flagplane_data.project p WHERE p.account_id = :account_id AND p.id = :project_id");

STATEMENT(
	list_projects,
	"SELECT " PROJECT_COLUMNS
	" FROM flagplane_data.project p WHERE p.account_id = :account_id AND " PROJECT_VISIBLE(
		":token_id") " AND coalesce(:status, 'active') = 'active'"
					 " AND :customer_external_id IS NULL"
					 " AND (:search IS NULL OR position(" FOLDED(":search") " IN " FOLDED(
						 "p.name") ") > 0)"
								   " AND (:after_id IS NULL"
								   " OR (p.created_at, p.id) < (:after_time, :after_id::uuid))"
								   " ORDER BY p.created_at DESC, p.id DESC LIMIT :limit + 1");

/*
 * common_document writes the members that all documents of a project begin with.
 */
static void
common_document(StringInfo out, const Project *project)
{
	document_open(out, '{');
	document_string(out, "id", psprintf("prj_%s", uuid_text(project->id->data)));
	document_string(out, "name", project->name);
	document_string(out, "status", "active");
	document_string(out, "customerExternalId", NULL);
	document_string(out, "timezone", NULL);
	document_string(out, "primaryLanguage", NULL);
	document_string(out, "ownerEmail", NULL);
	document_iso(out, "createdAt", project->created_at);
	document_iso(out, "updatedAt", project->updated_at);
}

/*
 * do_get_partner_project returns one project.
 */
void
do_get_partner_project(Request *request)
{
	StringInfo out = request->response;
	Rows rows = request_run(request, &find_project);
	Project project;

	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the project does not exist");
	project = project_of_row(&rows, 0);
	common_document(out, &project);
	document_string(out, "key", project.key);
	document_texts(out, "tags", project.tags);
	document_raw(out, "metadata", "{}");
	document_close(out, '}');
}

/*
 * do_list_partner_projects returns a page of the projects that the caller
 * may see, newest first.
 */
void
do_list_partner_projects(Request *request)
{
	StringInfo out = request->response;
	char *scope = psprintf(LIST_SCOPE, request->caller.account);
	int limit = request_integer(request, LIMIT);
	char *next = NULL;
	Rows rows;

	page_cursor_read(request, CURSOR, scope, is_uuid);
	bind_text(&request->params, "token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	rows = request_run(request, &list_projects);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count && next == NULL; i++)
	{
		Project project = project_of_row(&rows, i);

		document_element(out);
		common_document(out, &project);
		document_close(out, '}');
		if (rows.count > i + 1 && (i + 1 == (uint64) limit || page_is_full(request)))
			next = page_cursor_text(scope, project.created_at, uuid_text(project.id->data));
	}
	document_close(out, ']');
	document_string(out, "nextCursor", next);
	document_close(out, '}');
}
