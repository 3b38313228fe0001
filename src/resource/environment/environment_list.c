/*
 * environment_list.c
 *	  Environments in lists: a page of them, and all that a project shows.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"

enum
{
	PROJECT_KEY,
	LIST_LIMIT
};

const Field list_environments_fields[] = {PROJECT_KEY_FIELD, PAGE_FIELDS, FIELDS_END};

#define LISTED_ENVIRONMENTS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.environment e" \
	" ON e.account_id = p.account_id AND e.project_id = p.id"          \
	" WHERE p.account_id = $1 AND p.key = $2" PAGE_FILTERED("e", "$7", "$8", "$9")

#define SORTED_ENVIRONMENTS(sort)                         \
	PAGE_SORTED("e", sort)                                \
	" CASE " sort " WHEN 'critical' THEN e.critical END," \
	" CASE " sort " WHEN '-critical' THEN e.critical END DESC, "

STATEMENT(list_environments,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS LISTED_ENVIRONMENTS
		  " ORDER BY " SORTED_ENVIRONMENTS("$10") SORTED_ENVIRONMENTS("$11")
			  SORTED_ENVIRONMENTS("$12") "e.created_at, e.key LIMIT $3 OFFSET $4");

STATEMENT(count_environments, "SELECT count(*)" LISTED_ENVIRONMENTS);

/* Of a project that is at hand by its id. */
#define PROJECTS_ENVIRONMENTS \
	" FROM flagplane_data.environment e WHERE e.account_id = $1 AND e.project_id = $2"

STATEMENT(list_of_project, "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS PROJECTS_ENVIRONMENTS
						   " ORDER BY e.created_at, e.key LIMIT $3");

STATEMENT(count_of_project, "SELECT count(*)" PROJECTS_ENVIRONMENTS);

/*
 * write_item writes an environment as an element of an array.
 */
static void
write_item(Request *request, const char *project_key, const Rows *rows, uint64 number)
{
	Environment environment = environment_of_row(rows, number, true);

	document_element(request->response);
	environment_document(request, project_key, &environment);
}

/*
 * write_of_project writes the first environments of a project, at most limit
 * (NULL: all).
 */
static void
write_of_project(Request *request, const char *project_key, Datum project_id, const int *limit)
{
	Params params = {0};
	Rows rows;

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, project_id, false);
	params_add(&params, INT8OID, Int64GetDatum(limit ? *limit : 0), limit == NULL);
	rows = statement_run(&list_of_project, &params, request->mode);
	for (uint64 i = 0; i < rows.count; i++)
		write_item(request, project_key, &rows, i);
}

/*
 * environments_array writes all environments of a project as its member.
 */
void
environments_array(Request *request, const char *project_key, Datum project_id)
{
	document_key(request->response, "environments");
	document_open(request->response, '[');
	write_of_project(request, project_key, project_id, NULL);
	document_close(request->response, ']');
}

/*
 * environments_page writes the first page of a project's environments as its
 * member, as list_environments answers it.
 */
void
environments_page(Request *request, const char *project_key, Datum project_id)
{
	const int limit = PAGE_LIMIT_DEFAULT;
	Params params = {0};
	Rows rows;
	Row row;

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, project_id, false);
	rows = statement_run(&count_of_project, &params, request->mode);
	row_read(&rows, 0, &row);
	document_key(request->response, "environments");
	document_open_items(request->response);
	write_of_project(request, project_key, project_id, &limit);
	document_close(request->response, ']');
	page_links(request->response, psprintf("/api/v2/projects/%s/environments", project_key), limit,
			   0, row_bigint(&row, 0), "");
}

/*
 * check_list_environments reads filter and sort into $7 to $12.
 */
void
check_list_environments(Request *request)
{
	static const char *const filters[] = {"query", "tags", NULL};
	static const char *const sorts[] = {"createdOn", "critical", "name", NULL};

	page_check(request, LIST_LIMIT, filters, sorts);
}

/*
 * do_list_environments answers with a page of a project's environments, oldest
 * first.
 */
void
do_list_environments(Request *request)
{
	char *project_key = request_string(request, PROJECT_KEY);
	Rows rows;
	Row row;
	int64 total;

	rows = request_run(request, &count_environments);
	row_read(&rows, 0, &row);
	total = row_bigint(&row, 0);
	if (total == 0 && !project_exists(request))
		project_missing(request);

	rows = request_run(request, &list_environments);
	document_open_items(request->response);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
		write_item(request, project_key, &rows, i);
	document_close(request->response, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/projects/%s/environments", project_key);
}
