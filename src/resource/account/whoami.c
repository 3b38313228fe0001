/*
 * whoami.c
 *	  Who is calling, as each of the two services tells its callers.
 *
 * Any caller may ask, whatever their scopes: they learn what they have brought.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "util/document.h"

/* The account goes by the same eight digits as in every credential. */
#define ACCOUNT_FORMAT "%08x"

const Field whoami_fields[] = {FIELDS_END};

const Field get_caller_identity_fields[] = {FIELDS_END};

/* $2 is the token; NULL, and nothing of one is found, for a database role. */
STATEMENT(find_identity, "SELECT " TOKEN_COLUMNS ", " TOKEN_PROJECTS ", " TOKEN_USE ", a.name"
						 " FROM flagplane_data.account a LEFT JOIN flagplane_data.access_token t"
						 " ON t.account_id = a.id AND t.id = $2 WHERE a.id = $1");

/* Where the columns of the row stand. */
enum
{
	TOKEN_NAME = 1,
	SCOPES = 3,
	EXPIRES_AT = 8,
	RATE_TIER = 11,
	PROJECTS = 12,
	LAST_USED = 13,
	ACCOUNT_NAME = 14
};

/*
 * find reads the caller's account and token; false for a role whose account has
 * no rows yet.
 */
static bool
find(Request *request, Row *row)
{
	Rows rows;

	params_text(&request->params, request->caller.token_id);
	rows = request_run(request, &find_identity);
	if (rows.count > 0)
		row_read(&rows, 0, row);
	return rows.count > 0;
}

/*
 * do_whoami answers in the shape of Layers: the organization is the account, and
 * its only workspace.
 */
void
do_whoami(Request *request)
{
	StringInfo out = request->response;
	const Caller *caller = &request->caller;
	Row row;
	bool found = find(request, &row);
	char *organization = found ? psprintf("org_" ACCOUNT_FORMAT, (uint32) caller->account) : NULL;

	document_open(out, '{');
	document_string(out, "organizationId", organization);
	document_string(out, "workspaceId", organization);
	document_string(out, "organizationName", found ? row_string(&row, ACCOUNT_NAME) : NULL);
	document_string(out, "apiKeyId", caller->token_id);
	document_string(out, "name", caller->token_id ? row_string(&row, TOKEN_NAME) : NULL);
	document_string(out, "actor", caller->actor);
	document_string(out, "memberId", caller->member_id);
	if (caller->token_id)
		document_texts(out, "scopes", row_array(&row, SCOPES));
	else
		document_raw(out, "scopes", "[\"*\"]");
	if (caller->all_projects)
		document_raw(out, "projects", NULL);
	else
		document_texts(out, "projects", row_array(&row, PROJECTS));
	if (caller->token_id)
		document_string(out, "rateLimitTier", row_string(&row, RATE_TIER));
	document_iso(out, "expiresAt", caller->token_id ? row_time(&row, EXPIRES_AT) : DT_NOBEGIN);
	document_iso(out, "lastUsedAt", caller->token_id ? row_time(&row, LAST_USED) : DT_NOBEGIN);
	document_close(out, '}');
}

/*
 * do_get_caller_identity answers in the shape of LaunchDarkly, where all members
 * are optional: what there is not is left out.
 */
void
do_get_caller_identity(Request *request)
{
	StringInfo out = request->response;
	const Caller *caller = &request->caller;
	Row row;

	document_open(out, '{');
	if (find(request, &row))
		document_string(out, "accountId", psprintf(ACCOUNT_FORMAT, (uint32) caller->account));
	document_string(out, "authKind", caller->token_id ? "token" : "role");
	if (caller->token_id)
	{
		document_string(out, "tokenKind", caller->member_id ? "personal" : "service");
		document_string(out, "tokenName", row_string(&row, TOKEN_NAME));
		document_string(out, "tokenId", caller->token_id);
		if (caller->member_id)
			document_string(out, "memberId", caller->member_id);
		document_boolean(out, "serviceToken", caller->member_id == NULL);
	}
	document_close(out, '}');
}
