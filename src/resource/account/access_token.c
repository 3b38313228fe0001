/*
 * access_token.c
 *	  Access tokens: who may call, and for what.
 *
 * A token is shown once; the table stores the selector that finds it and the SHA-256 of
 * its secret.  Nobody can give a token more than they have themselves.
 */
#include "resource/account/access_token.h"
#include "resource/account/member.h"
#include "resource/resource.h"

#include "call/caller.h"
#include "call/field.h"
#include "call/page.h"
#include "call/patch_request.h"
#include "call/rate_limit.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "util/document.h"
#include "util/json_patch.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#define TOKEN_NAME_MAX 120

/* The version of the API that a token asks for is a date. */
#define API_VERSION_MIN		20160426
#define API_VERSION_CURRENT 20240415
#define API_VERSION_MAX		99991231

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

static const char *const scopes[] = {
	"projects:read", "projects:write", "flags:read", "flags:write", "layers:read",
	"layers:write",	 "tokens:admin",   "audit:read", "*",			NULL};

static const char *const roles[] = {"reader", "writer", "admin", NULL};

/* The scopes that a role is a name for, as SQL arrays. */
static const char *const role_scopes[] = {
	"{projects:read,flags:read,layers:read,audit:read}",
	"{projects:read,projects:write,flags:read,flags:write,layers:read,layers:write,audit:read}",
	"{*}"};

const Field create_access_token_fields[] = {
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = TOKEN_NAME_MAX),
	[SCOPES] = FIELD("scopes", "scopes", FIELD_TEXTS, .rule = RULE_SOME_OF, .choices = scopes),
	[ROLE] = FIELD("role", "role", FIELD_TEXT, .rule = RULE_ONE_OF, .choices = roles),
	[MEMBER_ID] = FIELD("member_id", "memberId", FIELD_TEXT),
	[PROJECTS] = FIELD("projects", "projects", FIELD_TEXTS),
	[EXPIRES_AT] = FIELD("expires_at", "expiresAt", FIELD_TIME),
	[RATE_TIER] = FIELD("rate_tier", "rateTier", FIELD_TEXT, .rule = RULE_ONE_OF,
						.choices = rate_tier_names, .fallback = "standard"),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = DESCRIPTION_MAX),
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

const Field get_access_token_fields[] = {TOKEN_ID_FIELD, FIELDS_END};

enum
{
	PATCH = 1
};

const Field update_access_token_fields[] = {TOKEN_ID_FIELD, [PATCH] = PATCH_FIELD, FIELDS_END};

const Field delete_access_token_fields[] = {TOKEN_ID_FIELD, FIELDS_END};

enum
{
	NEW_RATE_TIER = 1
};

const Field set_access_token_tier_fields[] = {
	TOKEN_ID_FIELD,
	[NEW_RATE_TIER] = FIELD("rate_tier", "rateTier", FIELD_TEXT, .required = true,
							.rule = RULE_ONE_OF, .choices = rate_tier_names),
	FIELDS_END};

const Field revoke_access_token_fields[] = {TOKEN_ID_FIELD, FIELDS_END};

const Field kill_access_token_fields[] = {TOKEN_ID_FIELD, FIELDS_END};

STATEMENT(insert_token,
		  "INSERT INTO flagplane_data.access_token AS t"
		  " (account_id, id, selector, secret_hash, ending, name, role, scopes, all_projects,"
		  " member_id, created_at, expires_at, rate_tier, description, default_api_version,"
		  " updated_at)"
		  " VALUES (:account_id, :id, :selector, :secret_hash, :ending, :name, :role,"
		  " :granted_scopes, :projects IS NULL, :member_id, :now, :expires_at, :rate_tier,"
		  " :description, :default_api_version, :now)");

STATEMENT(insert_token_use, "INSERT INTO flagplane_data.access_token_use (account_id, token_id)"
							" VALUES (:account_id, :id)");

/* Locked as their foreign key would, so that none of them is deleted meanwhile. */
STATEMENT(lock_projects,
		  "SELECT p.id FROM flagplane_data.project p"
		  " WHERE p.account_id = :account_id AND p.key = ANY (:projects)"
		  " AND " PROJECT_VISIBLE(":limited_token_id") " ORDER BY p.key FOR KEY SHARE OF p");

STATEMENT(insert_token_projects,
		  "INSERT INTO flagplane_data.access_token_project (account_id, token_id, project_id)"
		  " SELECT p.account_id, :id, p.id FROM flagplane_data.project p"
		  " WHERE p.account_id = :account_id AND p.key = ANY (:projects)");

STATEMENT(find_token, "SELECT " TOKEN_COLUMNS " FROM flagplane_data.access_token t"
					  " WHERE t.account_id = :account_id AND t.id = :id");

/* Citus locks no rows of a query with subqueries in its select list: find_token reads the row. */
STATEMENT(lock_token, "SELECT t.id FROM flagplane_data.access_token t"
					  " WHERE t.account_id = :account_id AND t.id = :id FOR NO KEY UPDATE");

/* A project of the token that the caller, a token limited to projects, does not have. */
STATEMENT(find_foreign_project,
		  "SELECT 1 FROM flagplane_data.access_token_project r"
		  " WHERE r.account_id = :account_id AND r.token_id = :id AND NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.access_token_project o WHERE o.account_id = :account_id"
		  " AND o.project_id = r.project_id AND o.token_id = :caller_token_id) LIMIT 1");

/*
 * A database role sees all tokens.  A token sees no personal tokens but those of its own
 * member, unless it asks for all.  A token that is limited to projects sees only tokens
 * limited to some of these projects, since others name projects that it must not know;
 * and no other member's token.
 */
#define VISIBLE_TOKENS                                                      \
	" FROM flagplane_data.access_token t WHERE t.account_id = :account_id"  \
	" AND (:is_role OR (:show_all AND :limited_token_id IS NULL)"           \
	" OR t.member_id IS NULL OR t.member_id = :caller_member_id)"           \
	" AND (:limited_token_id IS NULL OR (NOT t.all_projects AND NOT EXISTS" \
	" (SELECT 1 FROM flagplane_data.access_token_project r"                 \
	" WHERE r.account_id = :account_id AND r.token_id = t.id"               \
	" AND NOT EXISTS (SELECT 1 FROM flagplane_data.access_token_project o"  \
	" WHERE o.account_id = :account_id AND o.project_id = r.project_id"     \
	" AND o.token_id = :limited_token_id))))"

STATEMENT(list_tokens, "SELECT " TOKEN_COLUMNS VISIBLE_TOKENS
					   " ORDER BY t.created_at, t.id LIMIT :limit OFFSET :offset");

STATEMENT(count_tokens, "SELECT count(*)" VISIBLE_TOKENS);

STATEMENT(set_tier, "UPDATE flagplane_data.access_token t"
					" SET rate_tier = :rate_tier, updated_at = :now"
					" WHERE t.account_id = :account_id AND t.id = :id");

STATEMENT(revoke_token,
		  "UPDATE flagplane_data.access_token t SET revoked_at = coalesce(t.revoked_at, :now),"
		  " updated_at = CASE WHEN t.revoked_at IS NULL THEN :now ELSE t.updated_at END"
		  " WHERE t.account_id = :account_id AND t.id = :id");

STATEMENT(kill_token,
		  "UPDATE flagplane_data.access_token t SET killed_at = coalesce(t.killed_at, :now),"
		  " updated_at = CASE WHEN t.killed_at IS NULL THEN :now ELSE t.updated_at END"
		  " WHERE t.account_id = :account_id AND t.id = :id");

STATEMENT(update_token,
		  "UPDATE flagplane_data.access_token t SET name = :name, description = :description,"
		  " role = :role, scopes = coalesce(:scopes, t.scopes),"
		  " default_api_version = :default_api_version, updated_at = :now"
		  " WHERE t.account_id = :account_id AND t.id = :id");

STATEMENT(delete_token, "DELETE FROM flagplane_data.access_token t"
						" WHERE t.account_id = :account_id AND t.id = :id");

/*
 * access_token_of_row reads the columns of TOKEN_COLUMNS.
 */
AccessToken
access_token_of_row(const Rows *rows, uint64 number)
{
	Row row;
	AccessToken token;

	row_read(rows, number, &row);
	token.id = row_get_string(&row, "id");
	token.selector = row_get_string(&row, "selector");
	token.ending = row_get_string(&row, "ending");
	token.name = row_get_string(&row, "name");
	token.description = row_get_string(&row, "description");
	token.role = row_get_string(&row, "role");
	token.scopes = row_get_array(&row, "scopes");
	token.all_projects = row_get_boolean(&row, "all_projects");
	token.projects = row_get_array(&row, "projects");
	token.rate_tier = row_get_string(&row, "rate_tier");
	token.member_id = row_get_string(&row, "member_id");
	token.default_api_version = row_get_integer(&row, "default_api_version");
	token.created_at = row_get_time(&row, "created_at");
	token.updated_at = row_get_time(&row, "updated_at");
	token.expires_at = row_get_time(&row, "expires_at");
	token.revoked_at = row_get_time(&row, "revoked_at");
	token.killed_at = row_get_time(&row, "killed_at");
	token.used_at = row_get_time(&row, "used_at");
	return token;
}

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
 * write_token writes a token: with the new secret, if there is one, else with the last
 * characters of its secret.
 */
static void
write_token(Request *request, const AccessToken *token, const char *secret)
{
	StringInfo out = request->response;

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/tokens/%s", token->id);
	document_close(out, '}');
	document_string(out, "_id", token->id);
	document_string(out, "ownerId", psprintf("%024x", (uint32) request->caller.account));
	document_string(out, "name", token->name);
	if (token->description)
		document_string(out, "description", token->description);
	if (secret)
		request_secret(request, "token", token_text(request->caller.account, token->selector),
					   secret, true);
	else
		document_string(out, "token", token->ending);
	document_string(out, "role", token->role);
	document_texts(out, "scopes", token->scopes);
	if (token->all_projects)
		document_raw(out, "projects", NULL);
	else
		document_texts(out, "projects", token->projects);
	document_string(out, "rateTier", token->rate_tier);
	document_string(out, "memberId", token->member_id);
	document_boolean(out, "serviceToken", token->member_id == NULL);
	document_integer(out, "defaultApiVersion",
					 token->default_api_version > 0 ? token->default_api_version
													: API_VERSION_CURRENT);
	document_milliseconds(out, "creationDate", token->created_at);
	document_milliseconds(out, "lastModified", token->updated_at);
	time_member(out, "expiresAt", token->expires_at);
	time_member(out, "revokedAt", token->revoked_at);
	time_member(out, "killedAt", token->killed_at);
	time_member(out, "lastUsed", token->used_at);
	document_close(out, '}');
}

/*
 * find reads the token of :id; false if there is none.
 */
static bool
find(Request *request, AccessToken *token)
{
	Rows rows = request_run(request, &find_token);

	if (rows.count > 0)
		*token = access_token_of_row(&rows, 0);
	return rows.count > 0;
}

/*
 * access_token_respond returns the token of :id as it is now.
 */
void
access_token_respond(Request *request, const char *secret)
{
	AccessToken token;

	if (!find(request, &token))
		elog(ERROR, "an access token has disappeared");
	write_token(request, &token, secret);
}

/*
 * is_of_another_member tells whether a caller that is limited to projects is not the member
 * of this id.
 */
static bool
is_of_another_member(const Request *request, const char *member_id)
{
	const Caller *caller = &request->caller;

	return !caller->all_projects && member_id &&
		   (caller->member_id == NULL || strcmp(caller->member_id, member_id) != 0);
}

/*
 * is_hidden tells whether a token has more projects than the caller is limited to, or is
 * another member's.  VISIBLE_TOKENS leaves such tokens out of lists.
 */
static bool
is_hidden(Request *request, const AccessToken *token)
{
	if (request->caller.all_projects)
		return false;
	bind_text(&request->params, "caller_token_id", request->caller.token_id);
	return token->all_projects || is_of_another_member(request, token->member_id) ||
		   request_run(request, &find_foreign_project).count > 0;
}

/*
 * find_visible reads the token of :id, and refuses a caller who may not see it.  A caller that
 * is limited to projects does not learn whether a token exists.
 */
static AccessToken
find_visible(Request *request, const char *verb)
{
	AccessToken token;
	bool found = find(request, &token);

	if (!found && request->caller.all_projects)
		error_raise(ERR_NOT_FOUND, "the access token does not exist");
	if (!found || is_hidden(request, &token))
		error_raise(ERR_FORBIDDEN,
					"a token that is limited to projects %s only tokens that are its own and "
					"reach no further",
					verb);
	return token;
}

/*
 * access_token_lock_for_update locks the token of :id and reads it as it is now.  The audit log
 * gets its document as the state before.
 */
AccessToken
access_token_lock_for_update(Request *request)
{
	AccessToken token;

	request_run(request, &lock_token);
	token = find_visible(request, "may change");
	write_token(request, &token, NULL);
	request_before(request);
	request_target(request, "service-token/%s", token.id);
	return token;
}

/*
 * check_owner compares serviceToken with memberId.  A token that is no service's belongs to
 * the caller's member, unless another one is named.
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
 * check_create_access_token requires either scopes or a role, and an expiry in the future.
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
 * scopes_of_role is the array of a role's scopes; NULL if there is no such role.
 */
static ArrayType *
scopes_of_role(const char *role)
{
	for (int i = 0; roles[i]; i++)
		if (strcmp(roles[i], role) == 0)
			return DatumGetArrayTypeP(
				OidInputFunctionCall(F_ARRAY_IN, unconstify(char *, role_scopes[i]), TEXTOID, -1));
	return NULL;
}

/*
 * require_member refuses a token for a member who does not exist, or who is not the caller's
 * own where the caller is limited to projects.
 */
static void
require_member(Request *request)
{
	if (is_of_another_member(request, request_string(request, MEMBER_ID)))
		error_raise(ERR_FORBIDDEN, "a token that is limited to projects cannot make one for "
								   "another member");
	if (request_given(request, MEMBER_ID) &&
		!member_exists(request, request_string(request, MEMBER_ID)))
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
		granted = scopes_of_role(role);
	access_token_require_scopes(request, granted);
	return granted;
}

/*
 * limit_to_projects stores the projects that the new token is limited to; the caller must
 * see them all.
 */
static void
limit_to_projects(Request *request)
{
	ArrayType *keys = request_array(request, PROJECTS);

	if (keys == NULL)
	{
		if (!request->caller.all_projects)
			error_raise(ERR_FORBIDDEN,
						"a token that is limited to projects cannot grant all projects");
		return;
	}
	bind_text(&request->params, "limited_token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	if (request_run(request, &lock_projects).count !=
		(uint64) ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys)))
	{
		request_violation(request, PROJECTS, "must be keys of projects, each once");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	request_run(request, &insert_token_projects);
}

/*
 * do_create_access_token makes a token, which only this response shows.
 */
void
do_create_access_token(Request *request)
{
	char *id = object_id();
	char selector[SELECTOR_LENGTH + 1];
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];
	ArrayType *granted = granted_scopes(request);

	access_token_require_tier(request, request_string(request, RATE_TIER));
	require_member(request);
	selector_generate(selector);
	secret_generate(request, secret);
	sha256(secret, SECRET_LENGTH, hash);

	bind_text(&request->params, "id", id);
	bind_text(&request->params, "selector", selector);
	bind_bytes(&request->params, "secret_hash", hash, sizeof(hash));
	bind_text(&request->params, "ending", secret + SECRET_LENGTH - ENDING_LENGTH);
	bind_texts(&request->params, "granted_scopes", granted);
	bind_time(&request->params, "now", request->now);
	request_run(request, &insert_token);
	request_run(request, &insert_token_use);
	limit_to_projects(request);

	access_token_respond(request, secret);
	request_location(request, "/api/v2/tokens/%s", id);
	request_target(request, "service-token/%s", id);
	explicit_bzero(secret, sizeof(secret));
}

/*
 * do_get_access_token returns one token, with no more than the ending of its secret.
 */
void
do_get_access_token(Request *request)
{
	AccessToken token = find_visible(request, "sees");

	write_token(request, &token, NULL);
}

/*
 * do_list_access_tokens returns a page of the tokens, oldest first, each with
 * no more than the ending of its secret.
 */
void
do_list_access_tokens(Request *request)
{
	StringInfo out = request->response;
	int64 total;
	Rows rows;

	bind_text(&request->params, "limited_token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	bind_text(&request->params, "caller_member_id", request->caller.member_id);
	bind_boolean(&request->params, "is_role", request->caller.token_id == NULL);
	total = page_total(request, &count_tokens);
	rows = request_run(request, &list_tokens);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		AccessToken token = access_token_of_row(&rows, i);

		document_element(out);
		write_token(request, &token, NULL);
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/tokens");
}

/*
 * read_text reads a text of a patched token; NULL if it is not there.
 */
static char *
read_text(Violations *violations, const Jsonb *document, const char *name, int min, int max)
{
	JsonbValue value;
	char *text;
	int length;

	if (!jsonb_member(document, name, &value))
	{
		if (min > 0)
			error_violation(violations, name, "is required");
		return NULL;
	}
	text = jsonb_string(&value);
	length = text ? pg_mbstrlen(text) : -1;
	if (length < min || length > max)
		error_violation(violations, name, "must be a string of %d to %d characters", min, max);
	return text;
}

/*
 * read_role reads the role of a patched token, and its scopes if it is another role than
 * before.  Nobody can give more than they have.
 */
static char *
read_role(Request *request, Violations *violations, const Jsonb *document, const char *before,
		  ArrayType **scopes)
{
	JsonbValue value;
	char *role = jsonb_member(document, "role", &value) ? jsonb_string(&value) : NULL;

	*scopes = NULL;
	if (before && role && strcmp(role, before) == 0)
		return role;
	if (role)
		*scopes = scopes_of_role(role);
	if (*scopes)
		access_token_require_scopes(request, *scopes);
	else if (role || before)
		error_violation(violations, "role", "must be one of: %s", list_choices(roles));
	return role;
}

/*
 * read_api_version reads the default version of the API of a patched token; 0 for the current one.
 */
static int32
read_api_version(Violations *violations, const Jsonb *document)
{
	JsonbValue value;
	int32 version = 0;

	if (jsonb_member(document, "defaultApiVersion", &value) &&
		(!jsonb_integer(&value, &version) || version < API_VERSION_MIN ||
		 version > API_VERSION_MAX))
		error_violation(violations, "defaultApiVersion", "must be between %d and %d",
						API_VERSION_MIN, API_VERSION_MAX);
	return version;
}

/*
 * do_update_access_token changes a token by a JSON Patch of its document.
 */
void
do_update_access_token(Request *request)
{
	static const char *const editable[] = {"name", "description", "role", "defaultApiVersion",
										   NULL};
	Params *params = &request->params;
	Jsonb *operations = patching_operations(request, PATCH);
	AccessToken token = access_token_lock_for_update(request);
	Jsonb *before = jsonb_of_text(request->before);
	Jsonb *after = json_patch_leniently(before, operations);
	Violations violations = {0};
	ArrayType *new_scopes;
	int32 version;

	if (!JB_ROOT_IS_OBJECT(after))
		error_raise(ERR_INVALID, "the patched document is not an object");
	request->unchanged = jsonb_equal(before, after);
	patching_compare(&violations, NULL, before, after, editable);
	bind_text(params, "name", read_text(&violations, after, "name", 1, TOKEN_NAME_MAX));
	bind_text(params, "description",
			  read_text(&violations, after, "description", 0, DESCRIPTION_MAX));
	bind_text(params, "role", read_role(request, &violations, after, token.role, &new_scopes));
	bind_texts(params, "scopes", new_scopes);
	version = read_api_version(&violations, after);
	bind_value(params, "default_api_version", INT4OID, Int32GetDatum(version), version == 0);
	bind_time(params, "now", request->now);
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
	if (!request->unchanged)
		request_run(request, &update_token);
	access_token_respond(request, NULL);
}

/*
 * do_delete_access_token removes a token.
 */
void
do_delete_access_token(Request *request)
{
	access_token_lock_for_update(request);
	request_run(request, &delete_token);
}

/*
 * do_set_access_token_tier changes how many calls a token may make.  The share of its
 * budget that is used up stays the same.
 */
void
do_set_access_token_tier(Request *request)
{
	AccessToken token = access_token_lock_for_update(request);
	char *tier = request_string(request, NEW_RATE_TIER);

	access_token_require_tier(request, tier);
	request->unchanged = strcmp(token.rate_tier, tier) == 0;
	bind_time(&request->params, "now", request->now);
	request_run(request, &set_tier);
	access_token_respond(request, NULL);
}

/*
 * do_revoke_access_token ends a token: from now on it is unknown.
 */
void
do_revoke_access_token(Request *request)
{
	AccessToken token = access_token_lock_for_update(request);

	request->unchanged = !TIMESTAMP_IS_NOBEGIN(token.revoked_at);
	bind_time(&request->params, "now", request->now);
	request_run(request, &revoke_token);
	access_token_respond(request, NULL);
}

/*
 * do_kill_access_token ends a token.  Its callers are told that it was killed, if their
 * dialect has an error for that.
 */
void
do_kill_access_token(Request *request)
{
	AccessToken token = access_token_lock_for_update(request);

	request->unchanged = !TIMESTAMP_IS_NOBEGIN(token.killed_at);
	bind_time(&request->params, "now", request->now);
	request_run(request, &kill_token);
	access_token_respond(request, NULL);
}
