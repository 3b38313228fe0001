/*
 * access_token.c
 *	  Access tokens: who may call, and for what.
 *
 * A token is shown once; the table holds what it is found by and the SHA-256 of
 * its secret.  Nobody can give a token more than they have themselves.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "call/caller.h"
#include "call/field.h"
#include "call/rate_limit.h"
#include "call/page.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

enum
{
	NAME,
	SCOPES,
	ROLE,
	MEMBER_ID,
	PROJECTS,
	EXPIRES_AT,
	RATE_TIER,
	DESCRIPTION,
	SERVICE_TOKEN,
	DEFAULT_API_VERSION
};

enum
{
	LIST_LIMIT,
	LIST_SHOW_ALL = 2
};

enum
{
	GET_ID
};

static const char *const scopes[] = {
	"projects:read", "projects:write", "flags:read", "flags:write", "layers:read",
	"layers:write",	 "tokens:admin",   "audit:read", "*",			NULL};

const char *const token_roles[] = {"reader", "writer", "admin", NULL};

/* The scopes that a role is a name for, as SQL arrays. */
static const char *const role_scopes[] = {
	"{projects:read,flags:read,layers:read,audit:read}",
	"{projects:read,projects:write,flags:read,flags:write,layers:read,layers:write,audit:read}",
	"{*}"};

const Field create_access_token_fields[] = {
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = TOKEN_NAME_MAX),
	[SCOPES] = FIELD("scopes", "scopes", FIELD_TEXTS, .rule = RULE_SOME_OF, .choices = scopes),
	[ROLE] = FIELD("role", "role", FIELD_TEXT, .rule = RULE_ONE_OF, .choices = token_roles),
	[MEMBER_ID] = FIELD("member_id", "memberId", FIELD_TEXT),
	[PROJECTS] = FIELD("projects", "projects", FIELD_TEXTS),
	[EXPIRES_AT] = FIELD("expires_at", "expiresAt", FIELD_TIME),
	[RATE_TIER] = FIELD("rate_tier", "rateTier", FIELD_TEXT, .rule = RULE_ONE_OF,
						.choices = rate_tier_names, .fallback = "standard"),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = TOKEN_DESCRIPTION_MAX),
	[SERVICE_TOKEN] = FIELD("service_token", "serviceToken", FIELD_BOOLEAN),
	[DEFAULT_API_VERSION] =
		FIELD("default_api_version", "defaultApiVersion", FIELD_INTEGER, .rule = RULE_RANGE,
			  .min = API_VERSION_MIN, .max = API_VERSION_MAX),
	FIELDS_END};

const Field list_access_tokens_fields[] = {
	[LIST_LIMIT] = FIELD("limit", "limit", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE,
						 .min = 1, .max = PAGE_LIMIT_MAX, .fallback = "25"),
	PAGE_OFFSET_FIELD,
	[LIST_SHOW_ALL] =
		FIELD("show_all", "showAll", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "false"),
	FIELDS_END};

const Field get_access_token_fields[] = {
	[GET_ID] = FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

STATEMENT(insert_token,
		  "INSERT INTO flagplane_data.access_token AS t"
		  " (account_id, id, selector, secret_hash, ending, name, role, scopes, all_projects,"
		  " member_id, created_at, expires_at, rate_tier, description, default_api_version,"
		  " updated_at)"
		  " VALUES ($1, $12, $13, $14, $15, $2, $4, $16, $6::text[] IS NULL, $5, $17, $7, $8,"
		  " $9, $11, $17)");

STATEMENT(insert_token_use, "INSERT INTO flagplane_data.access_token_use (account_id, token_id)"
							" VALUES ($1, $2)");

/* The projects are locked as their foreign key would, so that one that is being deleted is missed. */
STATEMENT(insert_token_projects,
		  "INSERT INTO flagplane_data.access_token_project (account_id, token_id, project_id)"
		  " SELECT $1, $2, p.id FROM flagplane_data.project p"
		  " WHERE p.account_id = $1 AND p.key = ANY ($3) AND ($4 IS NULL OR EXISTS"
		  " (SELECT 1 FROM flagplane_data.access_token_project r WHERE r.account_id = $1"
		  " AND r.project_id = p.id AND r.token_id = $4)) ORDER BY p.key FOR KEY SHARE OF p");

STATEMENT(find_member,
		  "SELECT 1 FROM flagplane_data.member m WHERE m.account_id = $1 AND m.id = $5");

STATEMENT(find_token_by_id,
		  "SELECT " TOKEN_COLUMNS ", " TOKEN_PROJECTS ", " TOKEN_USE ", " TOKEN_DETAILS
		  " FROM flagplane_data.access_token t WHERE t.account_id = $1 AND t.id = $2");

STATEMENT(find_foreign_project,
		  "SELECT 1 FROM flagplane_data.access_token_project r"
		  " WHERE r.account_id = $1 AND r.token_id = $2 AND NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.access_token_project o WHERE o.account_id = r.account_id"
		  " AND o.project_id = r.project_id AND o.token_id = $3) LIMIT 1");

/*
 * Without show_all ($4) a token's caller sees no personal tokens but those of its own
 * member ($6).  A caller that is limited to projects ($5) sees the tokens that reach no
 * further, since the others name projects that it must not know, and that are no
 * other member's than its own.
 */
#define VISIBLE_TOKENS                                                            \
	" FROM flagplane_data.access_token t WHERE t.account_id = $1"                 \
	" AND ($7 OR ($4 AND $5 IS NULL) OR t.member_id IS NULL OR t.member_id = $6)" \
	" AND ($5 IS NULL OR (NOT t.all_projects AND NOT EXISTS"                      \
	" (SELECT 1 FROM flagplane_data.access_token_project r"                       \
	" WHERE r.account_id = t.account_id AND r.token_id = t.id"                    \
	" AND NOT EXISTS (SELECT 1 FROM flagplane_data.access_token_project o"        \
	" WHERE o.account_id = r.account_id AND o.project_id = r.project_id"          \
	" AND o.token_id = $5))))"

STATEMENT(list_tokens,
		  "SELECT " TOKEN_COLUMNS ", " TOKEN_PROJECTS ", " TOKEN_USE
		  ", " TOKEN_DETAILS VISIBLE_TOKENS " ORDER BY t.created_at, t.id LIMIT $2 OFFSET $3");

STATEMENT(count_tokens, "SELECT count(*)" VISIBLE_TOKENS);

/*
 * time_member writes a time in Unix milliseconds, or null for none.
 */
static void
time_member(StringInfo out, const char *key, TimestampTz time)
{
	if (TIMESTAMP_IS_NOBEGIN(time))
		document_raw(out, key, NULL);
	else
		document_milliseconds(out, key, time);
}

/*
 * access_token_document writes the row of TOKEN_COLUMNS, TOKEN_PROJECTS and TOKEN_USE:
 * with the new token, where its secret is given, else with the ending of its secret.
 */
void
access_token_document(Request *request, const Row *row, const char *public_part, const char *secret)
{
	StringInfo out = request->response;
	char *id = row_string(row, 0);

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/tokens/%s", id);
	document_close(out, '}');
	document_string(out, "_id", id);
	document_string(out, "ownerId", psprintf("%024x", (uint32) request->caller.account));
	document_string(out, "name", row_string(row, 1));
	if (!row->nulls[14])
		document_string(out, "description", row_string(row, 14));
	if (secret)
		request_secret(request, "token", public_part, secret, true);
	else
		document_string(out, "token", row_string(row, 6));
	document_string(out, "role", row_string(row, 2));
	document_texts(out, "scopes", row_array(row, 3));
	if (row_boolean(row, 4))
		document_raw(out, "projects", NULL);
	else
		document_texts(out, "projects", row_array(row, 12));
	document_string(out, "rateTier", row_string(row, 11));
	document_string(out, "memberId", row_string(row, 5));
	document_boolean(out, "serviceToken", row->nulls[5]);
	if (!row->nulls[15])
		document_integer(out, "defaultApiVersion", row_integer(row, 15));
	document_milliseconds(out, "creationDate", row_time(row, 7));
	document_milliseconds(out, "lastModified", row_time(row, 16));
	time_member(out, "expiresAt", row_time(row, 8));
	time_member(out, "revokedAt", row_time(row, 9));
	time_member(out, "killedAt", row_time(row, 10));
	time_member(out, "lastUsed", row_time(row, 13));
	document_close(out, '}');
}

/*
 * check_owner holds a token that is said to be a service's, or a member's, to that.  One
 * that is a member's is the caller's, unless another member is named.
 */
static void
check_owner(Request *request)
{
	bool service = request_boolean(request, SERVICE_TOKEN);

	if (!request_given(request, SERVICE_TOKEN) || request->broken[SERVICE_TOKEN])
		return;
	if (service && request_given(request, MEMBER_ID))
		request_violation(request, SERVICE_TOKEN, "cannot be true for the token of a member");
	else if (!service && !request_given(request, MEMBER_ID) && request->caller.member_id)
		field_set(request, MEMBER_ID, CStringGetTextDatum(request->caller.member_id));
	else if (!service && !request_given(request, MEMBER_ID))
		request_violation(request, SERVICE_TOKEN,
						  "cannot be false where neither the caller is a member nor one is named");
}

/*
 * check_create_access_token holds a new token to one of scopes and role, and to
 * an expiry that is still to come.
 */
void
check_create_access_token(Request *request)
{
	bool has_scopes = request_given(request, SCOPES);

	if (has_scopes == request_given(request, ROLE) && !request->broken[SCOPES] &&
		!request->broken[ROLE])
		request_violation(request, SCOPES,
						  has_scopes ? "cannot be given together with role"
									 : "is required, or role in its place");
	else if (has_scopes && ARR_NDIM(request_array(request, SCOPES)) == 0)
		request_violation(request, SCOPES, "must not be empty");
	if (request_given(request, PROJECTS) && !request->broken[PROJECTS] &&
		ARR_NDIM(request_array(request, PROJECTS)) == 0)
		request_violation(request, PROJECTS, "must not be empty; leave it out for all projects");
	if (request_given(request, EXPIRES_AT) && !request->broken[EXPIRES_AT] &&
		request_bigint(request, EXPIRES_AT) <= request->now)
		request_violation(request, EXPIRES_AT, "must be in the future");
	check_owner(request);
}

/*
 * access_token_require_scopes refuses a caller who has not all of these scopes.
 */
void
access_token_require_scopes(const Request *request, ArrayType *scope_names)
{
	Datum *elements;
	int count;

	deconstruct_array(scope_names, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *name = TextDatumGetCString(elements[i]);
		int scope;

		if (!scope_by_name(name, &scope) || (request->caller.scopes & scope) != scope)
			error_raise(ERR_FORBIDDEN, "scope %s is required to grant it", name);
	}
}

/*
 * access_token_require_tier refuses a caller whose own token has a lower tier.
 */
void
access_token_require_tier(const Request *request, const char *tier)
{
	if (request->caller.token_id && rate_tier_by_name(tier) > request->caller.tier)
		error_raise(ERR_FORBIDDEN, "rate tier %s is required to grant it", tier);
}

/*
 * access_token_role_scopes is the array of the scopes that a role stands for; NULL if
 * there is no such role.
 */
ArrayType *
access_token_role_scopes(const char *role)
{
	for (int i = 0; token_roles[i]; i++)
		if (strcmp(token_roles[i], role) == 0)
			return DatumGetArrayTypeP(
				OidInputFunctionCall(F_ARRAY_IN, unconstify(char *, role_scopes[i]), TEXTOID, -1));
	return NULL;
}

/*
 * access_token_is_of_others tells whether a caller that is limited to projects is not the
 * member of this id.
 */
bool
access_token_is_of_others(const Request *request, const char *member_id)
{
	const Caller *caller = &request->caller;

	return !caller->all_projects && member_id &&
		   (caller->member_id == NULL || strcmp(caller->member_id, member_id) != 0);
}

/*
 * require_member refuses a token for a member who does not exist, or who is not the caller's
 * own where the caller is limited to projects.
 */
static void
require_member(Request *request)
{
	if (access_token_is_of_others(request, request_string(request, MEMBER_ID)))
		error_raise(ERR_FORBIDDEN, "a token that is limited to projects cannot make one for "
								   "another member");
	if (request_given(request, MEMBER_ID) && request_run(request, &find_member).count == 0)
	{
		request_violation(request, MEMBER_ID, "is not the id of a member");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
}

/*
 * granted_scopes is the array of the scopes that the new token gets; the caller
 * must have them all.
 */
static ArrayType *
granted_scopes(Request *request)
{
	ArrayType *granted = request_array(request, SCOPES);
	char *role = request_string(request, ROLE);

	if (role)
		granted = access_token_role_scopes(role);
	access_token_require_scopes(request, granted);
	return granted;
}

/*
 * limit_to_projects names the projects that the new token is limited to; the
 * caller must see them all.
 */
static void
limit_to_projects(Request *request, const char *token_id)
{
	ArrayType *keys = request_array(request, PROJECTS);
	Params params = {0};

	if (keys == NULL)
	{
		if (!request->caller.all_projects)
			error_raise(ERR_FORBIDDEN,
						"a token that is limited to projects cannot grant all projects");
		return;
	}
	params_bigint(&params, request->caller.account);
	params_text(&params, token_id);
	params_add(&params, TEXTARRAYOID, PointerGetDatum(keys), false);
	params_text(&params, request->caller.all_projects ? NULL : request->caller.token_id);
	if (statement_run(&insert_token_projects, &params, STATEMENT_WRITE).count !=
		(uint64) ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys)))
	{
		request_violation(request, PROJECTS, "must be keys of projects, each once");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
}

/*
 * do_create_access_token makes a token, which this answer alone shows.
 */
void
do_create_access_token(Request *request)
{
	char *id = object_id();
	char selector[SELECTOR_LENGTH + 1];
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];
	ArrayType *granted = granted_scopes(request);
	Params find = {0};
	Rows rows;
	Row row;

	access_token_require_tier(request, request_string(request, RATE_TIER));
	require_member(request);
	selector_generate(selector);
	secret_generate(request, secret);
	sha256(secret, SECRET_LENGTH, hash);

	params_text(&request->params, id);
	params_text(&request->params, selector);
	params_bytes(&request->params, hash, sizeof(hash));
	params_text(&request->params, secret + SECRET_LENGTH - ENDING_LENGTH);
	params_add(&request->params, TEXTARRAYOID, PointerGetDatum(granted), false);
	params_time(&request->params, request->now);
	request_run(request, &insert_token);
	params_bigint(&find, request->caller.account);
	params_text(&find, id);
	statement_run(&insert_token_use, &find, STATEMENT_WRITE);
	limit_to_projects(request, id);

	rows = statement_run(&find_token_by_id, &find, STATEMENT_WRITE);
	row_read(&rows, 0, &row);
	access_token_document(request, &row, token_text(request->caller.account, selector), secret);
	request_location(request, "/api/v2/tokens/%s", id);
	request_target(request, "service-token/%s", id);
	explicit_bzero(secret, sizeof(secret));
}

/*
 * access_token_is_hidden tells whether a token reaches further than the projects that the
 * caller is limited to, or is another member's.  Such a token is not listed to them either.
 */
bool
access_token_is_hidden(Request *request, const Row *row)
{
	Params params = {0};

	if (request->caller.all_projects)
		return false;
	params_bigint(&params, request->caller.account);
	params_text(&params, row_string(row, 0));
	params_text(&params, request->caller.token_id);
	return row_boolean(row, 4) || access_token_is_of_others(request, row_string(row, 5)) ||
		   statement_run(&find_foreign_project, &params, request->mode).count > 0;
}

/*
 * do_get_access_token answers with one token, with no more than the ending of its secret.
 */
void
do_get_access_token(Request *request)
{
	Rows rows = request_run(request, &find_token_by_id);
	Row row;

	if (rows.count > 0)
		row_read(&rows, 0, &row);
	if (rows.count == 0 && request->caller.all_projects)
		error_raise(ERR_NOT_FOUND, "the access token does not exist");
	/* Whether there is one is none of the caller's business. */
	if (rows.count == 0 || access_token_is_hidden(request, &row))
		error_raise(ERR_FORBIDDEN, "a token that is limited to projects sees only tokens that are "
								   "its own and reach no further");
	access_token_document(request, &row, NULL, NULL);
}

/*
 * do_list_access_tokens answers with a page of the tokens, oldest first, each with
 * no more than the ending of its secret.
 */
void
do_list_access_tokens(Request *request)
{
	StringInfo out = request->response;
	int64 total;
	Rows rows;

	params_text(&request->params, request->caller.all_projects ? NULL : request->caller.token_id);
	params_text(&request->params, request->caller.member_id);
	params_boolean(&request->params, request->caller.token_id == NULL);
	total = page_total(request, &count_tokens);
	rows = request_run(request, &list_tokens);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		Row row;

		row_read(&rows, i, &row);
		document_element(out);
		access_token_document(request, &row, NULL, NULL);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/tokens");
}
