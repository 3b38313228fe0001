/*
 * member.c
 *	  Members: the people of an account, whom tokens and flag links name.
 */
#include "resource/resource.h"

#include "call/page.h"
#include "util/document.h"

#define EMAIL_MAX		254
#define PERSON_NAME_MAX 128

#define MEMBER_COLUMNS "m.id, m.role, m.email, m.first_name, m.last_name, m.created_at"

enum
{
	EMAIL,
	ROLE,
	FIRST_NAME,
	LAST_NAME
};

enum
{
	LIST_LIMIT
};

static const char *const roles[] = {"reader", "writer", "admin", "owner", "no_access", NULL};

const Field create_member_fields[] = {
	[EMAIL] = {"email", "email", FIELD_TEXT, IN_BODY, true, RULE_EMAIL, 3, EMAIL_MAX, NULL, NULL},
	[ROLE] = {"role", "role", FIELD_TEXT, IN_BODY, false, RULE_ONE_OF, 0, 0, roles, "reader"},
	[FIRST_NAME] = {"first_name", "firstName", FIELD_TEXT, IN_BODY, false, RULE_NAME, 1,
					PERSON_NAME_MAX, NULL, NULL},
	[LAST_NAME] = {"last_name", "lastName", FIELD_TEXT, IN_BODY, false, RULE_NAME, 1,
				   PERSON_NAME_MAX, NULL, NULL},
	FIELDS_END};

const Field list_members_fields[] = {PAGE_LIMIT_FIELD, PAGE_OFFSET_FIELD, FIELDS_END};

STATEMENT(insert_member, "INSERT INTO flagplane_data.member AS m"
						 " (account_id, id, email, role, first_name, last_name, created_at)"
						 " VALUES ($1, $6, $2, $3, $4, $5, $7)"
						 " ON CONFLICT DO NOTHING RETURNING " MEMBER_COLUMNS);

STATEMENT(list_members,
		  "SELECT " MEMBER_COLUMNS " FROM flagplane_data.member m WHERE m.account_id = $1"
		  " ORDER BY m.created_at, m.id LIMIT $2 OFFSET $3");

STATEMENT(count_members, "SELECT count(*) FROM flagplane_data.member m WHERE m.account_id = $1");

STATEMENT(find_member, "SELECT m.first_name, m.last_name FROM flagplane_data.member m"
					   " WHERE m.account_id = $1 AND m.id = $2");

/*
 * member_document writes the row of MEMBER_COLUMNS.
 */
static void
member_document(StringInfo out, const Rows *rows, uint64 number)
{
	Row row;

	row_read(rows, number, &row);
	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/members/%s", row_string(&row, 0));
	document_close(out, '}');
	document_string(out, "_id", row_string(&row, 0));
	document_string(out, "role", row_string(&row, 1));
	document_string(out, "email", row_string(&row, 2));
	document_string(out, "firstName", row_string(&row, 3));
	document_string(out, "lastName", row_string(&row, 4));
	document_milliseconds(out, "creationDate", row_time(&row, 5));
	document_close(out, '}');
}

/*
 * do_create_member makes a member.
 */
void
do_create_member(Request *request)
{
	char *id = object_id();
	Rows rows;

	params_text(&request->params, id);
	params_time(&request->params, request->now);
	rows = request_run(request, &insert_member);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "a member with this e-mail address already exists");
	member_document(request->response, &rows, 0);
	request_location(request, "/api/v2/members/%s", id);
	request_target(request, "member/%s", id);
}

/*
 * find finds a member of the request's account by id.
 */
static Rows
find(Request *request, const char *id)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, id);
	return statement_run(&find_member, &params, request->mode);
}

/*
 * member_names reads a member's names; what is not there is NULL.
 */
void
member_names(Request *request, const char *id, char **first_name, char **last_name)
{
	Rows rows = find(request, id);
	Row row;

	*first_name = *last_name = NULL;
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	*first_name = row_string(&row, 0);
	*last_name = row_string(&row, 1);
}

/*
 * member_require refuses a request one of whose fields names a member who is not
 * there.
 */
void
member_require(Request *request, int field)
{
	if (!request_given(request, field) || find(request, request_string(request, field)).count > 0)
		return;
	request_violation(request, field, "names a member who does not exist");
	error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * do_list_members answers with a page of the members, oldest first.
 */
void
do_list_members(Request *request)
{
	StringInfo out = request->response;
	int64 total = page_total(request, &count_members);
	Rows rows = request_run(request, &list_members);

	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		document_element(out);
		member_document(out, &rows, i);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/members");
}
