/*
 * member.c
 *	  Members: the people of an account, whom tokens and flag links name.
 */
#include "resource/resource.h"

#include "call/body.h"
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
	GET_ID
};

enum
{
	MEMBERS
};

/* So many members can be made at once. */
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

/* Neither is there for a member: they have no roles beside that one. */
static const char *const expandable[] = {"customRoles", "roleAttributes", NULL};

#define EXPAND_FIELD                                                            \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = expandable)

const Field get_member_fields[] = {
	[GET_ID] = FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true),
	EXPAND_FIELD,
	FIELDS_END};

const Field list_members_fields[] = {[LIST_LIMIT] = PAGE_FIELDS, EXPAND_FIELD, FIELDS_END};

/* The terms of filter, $13 to $15; the last two are lists. */
static const PageTerm member_terms[] = {{"role", "filter_role", NULL},
										{"id", "filter_id", NULL},
										{"email", "filter_email", NULL},
										{NULL}};

/* A member of an element of create_members goes through the fields and rules of a creation. */
static const Operation nested_creation = {
	.name = "create_member",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "member",
	.fields = create_member_fields,
};

STATEMENT(insert_member, "INSERT INTO flagplane_data.member AS m"
						 " (account_id, id, email, role, first_name, last_name, created_at)"
						 " VALUES ($1, $6, $2, $3, $4, $5, $7)"
						 " ON CONFLICT DO NOTHING RETURNING " MEMBER_COLUMNS);

#define MEMBER_WORDS \
	"lower(m.email || ' ' || coalesce(m.first_name, '') || ' ' || coalesce(m.last_name, ''))"

/* An owner counts as an admin. */
#define LISTED_MEMBERS                                                      \
	" FROM flagplane_data.member m WHERE m.account_id = $1"                 \
	" AND ($7 IS NULL OR NOT EXISTS (SELECT 1 FROM unnest($7) w"            \
	" WHERE position(lower(w) IN " MEMBER_WORDS ") = 0))"                   \
	" AND ($13 IS NULL OR m.role = ANY (string_to_array($13, '|'))"         \
	" OR (m.role = 'owner' AND 'admin' = ANY (string_to_array($13, '|'))))" \
	" AND ($14 IS NULL OR m.id = ANY (string_to_array($14, '|')))"          \
	" AND ($15 IS NULL OR m.email = ANY (string_to_array(lower($15), '|')))"

#define DISPLAY_NAME \
	"lower(coalesce(nullif(concat_ws(' ', m.first_name, m.last_name), ''), m.email))"

#define MEMBERS_SORTED(sort)                                                  \
	" CASE " sort " WHEN 'displayName' THEN " DISPLAY_NAME " END, CASE " sort \
	" WHEN '-displayName' THEN " DISPLAY_NAME " END DESC,"

STATEMENT(list_members, "SELECT " MEMBER_COLUMNS LISTED_MEMBERS " ORDER BY" MEMBERS_SORTED("$10")
							MEMBERS_SORTED("$11") MEMBERS_SORTED("$12") " m.created_at, m.id"
																		" LIMIT $2 OFFSET $3");

STATEMENT(count_members, "SELECT count(*)" LISTED_MEMBERS);

STATEMENT(get_member, "SELECT " MEMBER_COLUMNS
					  " FROM flagplane_data.member m WHERE m.account_id = $1 AND m.id = $2");

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
	/* There are no invitations, and members do not come in by a session of their own. */
	document_boolean(out, "_pendingInvite", false);
	document_boolean(out, "_verified", false);
	document_raw(out, "customRoles", "[]");
	document_string(out, "mfa", "disabled");
	document_integer(out, "_lastSeen", 0);
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
 * check_create_members reads the members that are to be made.  What is wrong with them is
 * collected.
 */
void
check_create_members(Request *request)
{
	List *members = NIL;
	Jsonb *list;

	if (request->broken[MEMBERS] || !request_given(request, MEMBERS))
		return;
	list = DatumGetJsonbP(request->params.values[FIELD_PARAM(MEMBERS)]);
	if (!jsonb_is_array(list) || JB_ROOT_COUNT(list) == 0 || JB_ROOT_COUNT(list) > MEMBERS_MAX)
	{
		request_violation(request, MEMBERS, "must be a list of 1 to %d members", MEMBERS_MAX);
		return;
	}
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		char *text = jsonb_text(JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i)));
		Request *member = palloc0(sizeof(Request));

		member->operation = &nested_creation;
		member->rest = true;
		member->caller = request->caller;
		member->mode = STATEMENT_WRITE;
		member->now = request->now;
		member->response = request->response;
		member->location = makeStringInfo();
		fields_prepare(member);
		if (body_read(member, text, strlen(text)) != NULL)
			request_violation(request, MEMBERS, "must hold objects");
		else
		{
			fields_collect(member);
			if (member->violations.count > 0)
				request_violation(request, MEMBERS, "[%u]: %s", i, member->violations.message.data);
		}
		members = lappend(members, member);
	}
	request->state = members;
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
 * do_get_member answers with one member.
 */
void
do_get_member(Request *request)
{
	Rows rows = request_run(request, &get_member);

	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the member does not exist");
	member_document(request->response, &rows, 0);
}

/*
 * check_list_members reads filter and sort into $7 to $15.
 */
void
check_list_members(Request *request)
{
	static const char *const filters[] = {"query", NULL};
	static const char *const sorts[] = {"displayName", NULL};

	(void) page_check_terms(request, LIST_LIMIT, filters, member_terms, sorts);
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
