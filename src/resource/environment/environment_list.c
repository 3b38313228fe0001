/*
 * environment_list.c
 *	  Environments in lists: a page of them, and all that a project shows.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/uuid.h"

enum
{
	PROJECT_KEY,
	LIST_LIMIT
};

const Field list_environments_fields[] = {PROJECT_KEY_FIELD, PAGE_FIELDS, FIELDS_END};

#define LISTED_ENVIRONMENTS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.environment e" \
	" ON e.account_id = p.account_id AND e.project_id = p.id"          \
	" WHERE p.account_id = :account_id AND p.key = :project_key" PAGE_FILTERED("e")

#define SORTED_ENVIRONMENTS(sort)                         \
	PAGE_SORTED_BY("e", sort)                             \
	" CASE " sort " WHEN 'critical' THEN e.critical END," \
	" CASE " sort " WHEN '-critical' THEN e.critical END DESC, "

STATEMENT(list_environments,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS LISTED_ENVIRONMENTS
		  " ORDER BY " SORTED_ENVIRONMENTS(":sort1") SORTED_ENVIRONMENTS(":sort2")
			  SORTED_ENVIRONMENTS(":sort3") "e.created_at, e.key LIMIT :limit OFFSET :offset");

STATEMENT(count_environments, "SELECT count(*)" LISTED_ENVIRONMENTS);

/* Of a project that is at hand by its id. */
#define PROJECTS_ENVIRONMENTS \
	" FROM flagplane_data.environment e WHERE e.account_id = $1 AND e.project_id = $2"

STATEMENT(list_of_project, "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS PROJECTS_ENVIRONMENTS
						   " ORDER BY e.created_at, e.key");

/* The first environments of each of some projects, at most $3, and how many each has. */
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

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, project_id, false);
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
 * that environments_pages has read, as its member and as list_environments answers it.
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
		write_items(request, project_key, &rows, i, i + 1);
	document_close(request->response, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/projects/%s/environments", project_key);
}
