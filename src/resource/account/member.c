/*
 * member.c
 *	  Members: the people of an account, whom tokens and flag links name.
 */
#include "resource/account/member.h"
#include "resource/nested.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/page.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/jsonb.h"

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

enum
{
	MEMBERS
};

/* At most so many members can be created at once. */
#define MEMBERS_MAX 50

static const char *const roles[] = {"reader", "writer", "admin", "owner", "no_access", NULL};

const Field create_member_fields[] = {
	[EMAIL] = FIELD("email", "email", FIELD_TEXT, .required = true, .rule = RULE_EMAIL, .min = 3,
					.max = EMAIL_MAX),
	[ROLE] = FIELD("role", "role", FIELD_TEXT, .rule = RULE_ONE_OF, .choices = roles,
				   .fallback = "reader"),
	[FIRST_NAME] = FIELD("first_name", "firstName", FIELD_TEXT, .rule = RULE_NAME, .min = 1,
						 .max = PERSON_NAME_MAX),
	[LAST_NAME] = FIELD("last_name", "lastName", FIELD_TEXT, .rule = RULE_NAME, .min = 1,
						.max = PERSON_NAME_MAX),
	FIELDS_END};

const Field create_members_fields[] = {
	[MEMBERS] = FIELD("members", "members", FIELD_JSON, .place = AS_BODY, .required = true),
	FIELDS_END};

/* Accepted, but both are always empty: a member has only one role. */
static const char *const expandable[] = {"customRoles", "roleAttributes", NULL};

#define EXPAND_FIELD                                                            \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = expandable)

const Field get_member_fields[] = {
	FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true), EXPAND_FIELD, FIELDS_END};

const Field list_members_fields[] = {[LIST_LIMIT] = PAGE_FIELDS, EXPAND_FIELD, FIELDS_END};

/* The terms of filter; the last two are lists. */
static const PageTerm member_terms[] = {{"role", "filter_role", NULL},
										{"id", "filter_id", NULL},
										{"email", "filter_email", NULL},
										{NULL}};

/* Each element of create_members has the fields and rules of create_member. */
static const Operation nested_creation = {
	.name = "create_member",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "member",
	.fields = create_member_fields,
};

STATEMENT(insert_member, "INSERT INTO flagplane_data.member AS m"
						 " (account_id, id, email, role, first_name, last_name, created_at)"
						 " VALUES (:account_id, :id, :email, :role, :first_name, :last_name, :now)"
						 " ON CONFLICT DO NOTHING RETURNING " MEMBER_COLUMNS);

#define MEMBER_WORDS \
	"lower(m.email || ' ' || coalesce(m.first_name, '') || ' ' || coalesce(m.last_name, ''))"

/* An owner counts as an admin. */
#define LISTED_MEMBERS                                                                 \
	" FROM flagplane_data.member m WHERE m.account_id = :account_id"                   \
	" AND (:filter_words IS NULL OR NOT EXISTS (SELECT 1 FROM unnest(:filter_words) w" \
	" WHERE position(lower(w) IN " MEMBER_WORDS ") = 0))"                              \
	" AND (:filter_role IS NULL OR m.role = ANY (string_to_array(:filter_role, '|'))"  \
	" OR (m.role = 'owner' AND 'admin' = ANY (string_to_array(:filter_role, '|'))))"   \
	" AND (:filter_id IS NULL OR m.id = ANY (string_to_array(:filter_id, '|')))"       \
	" AND (:filter_email IS NULL OR m.email = ANY (string_to_array(lower(:filter_email), '|')))"

#define DISPLAY_NAME \
	"lower(coalesce(nullif(concat_ws(' ', m.first_name, m.last_name), ''), m.email))"

#define MEMBERS_SORTED(sort)                                                  \
	" CASE " sort " WHEN 'displayName' THEN " DISPLAY_NAME " END, CASE " sort \
	" WHEN '-displayName' THEN " DISPLAY_NAME " END DESC,"

STATEMENT(list_members,
		  "SELECT " MEMBER_COLUMNS LISTED_MEMBERS " ORDER BY" MEMBERS_SORTED(":sort1")
			  MEMBERS_SORTED(":sort2") MEMBERS_SORTED(":sort3") " m.created_at, m.id"
																" LIMIT :limit OFFSET :offset");

STATEMENT(count_members, "SELECT count(*)" LISTED_MEMBERS);

STATEMENT(find_member, "SELECT " MEMBER_COLUMNS " FROM flagplane_data.member m"
					   " WHERE m.account_id = :account_id AND m.id = :id");

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
	document_link(out, "self", "/api/v2/members/%s", row_get_string(&row, "id"));
	document_close(out, '}');
	document_string(out, "_id", row_get_string(&row, "id"));
	document_string(out, "role", row_get_string(&row, "role"));
	document_string(out, "email", row_get_string(&row, "email"));
	document_string(out, "firstName", row_get_string(&row, "first_name"));
	document_string(out, "lastName", row_get_string(&row, "last_name"));
	/* Members are not invited and do not log in. */
	document_boolean(out, "_pendingInvite", false);
	document_boolean(out, "_verified", false);
	document_raw(out, "customRoles", "[]");
	document_string(out, "mfa", "disabled");
	document_integer(out, "_lastSeen", 0);
	document_milliseconds(out, "creationDate", row_get_time(&row, "created_at"));
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

	bind_text(&request->params, "id", id);
	bind_time(&request->params, "now", request->now);
	rows = request_run(request, &insert_member);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "a member with this e-mail address already exists");
	member_document(request->response, &rows, 0);
	request_location(request, "/api/v2/members/%s", id);
	request_target(request, "member/%s", id);
}

/*
 * check_create_members reads the elements as requests to run later.
 */
void
check_create_members(Request *request)
{
	Jsonb *list;

	if (request->broken[MEMBERS] || !request_given(request, MEMBERS))
		return;
	list = DatumGetJsonbP(request->params.values[FIELD_PARAM(MEMBERS)]);
	if (!jsonb_is_array(list) || JB_ROOT_COUNT(list) == 0 || JB_ROOT_COUNT(list) > MEMBERS_MAX)
		request_violation(request, MEMBERS, "must be a list of 1 to %d members", MEMBERS_MAX);
	else
		request->state = nested_read(request, MEMBERS, &nested_creation, list);
}

/*
 * do_create_members makes members, all or none.
 */
void
do_create_members(Request *request)
{
	StringInfo out = request->response;
	ListCell *cell;

	document_open_items(out);
	foreach (cell, (List *) request->state)
	{
		document_element(out);
		do_create_member(lfirst(cell));
	}
	document_close(out, ']');
	document_integer(out, "totalCount", list_length(request->state));
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/members");
	document_close(out, '}');
	document_close(out, '}');
	request_target(request, "member/*");
}

/*
 * do_get_member returns one member.
 */
void
do_get_member(Request *request)
{
	Rows rows = request_run(request, &find_member);

	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the member does not exist");
	member_document(request->response, &rows, 0);
}

/*
 * check_list_members reads filter and sort into parameters.
 */
void
check_list_members(Request *request)
{
	static const char *const filters[] = {"query", NULL};
	static const char *const sorts[] = {"displayName", NULL};

	page_check_terms(request, LIST_LIMIT, filters, member_terms, sorts);
}

static Rows
find(Request *request, const char *id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "id", id);
	return statement_run(&find_member, &params, request->mode);
}

/*
 * member_exists tells whether the account has a member of this id.
 */
bool
member_exists(Request *request, const char *id)
{
	return find(request, id).count > 0;
}

/*
 * member_names reads a member's names; NULL for each that the member does not have.
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
	*first_name = row_get_string(&row, "first_name");
	*last_name = row_get_string(&row, "last_name");
}

/*
 * member_require refuses a request with a field that names a member who does not exist.
 */
void
member_require(Request *request, int field)
{
	if (!request_given(request, field) || member_exists(request, request_string(request, field)))
		return;
	request_violation(request, field, "names a member who does not exist");
	error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * do_list_members returns a page of the members, oldest first.
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
