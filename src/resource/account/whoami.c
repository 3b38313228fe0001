/*
 * whoami.c
 *	  Who is calling, in the shape of either service.
 *
 * Any caller may ask, whatever their scopes: they learn only about themselves.
 */
#include "resource/account/access_token.h"
#include "resource/resource.h"

#include "util/document.h"

/* Credentials contain the account as the same eight digits. */
#define ACCOUNT_FORMAT "%08x"

const Field whoami_fields[] = {FIELDS_END};

const Field get_caller_identity_fields[] = {FIELDS_END};

STATEMENT(find_token, "SELECT " TOKEN_COLUMNS ", a.name AS account_name"
					  " FROM flagplane_data.access_token t"
					  " JOIN flagplane_data.account a ON a.id = t.account_id"
					  " WHERE t.account_id = :account_id AND t.id = :token_id");

STATEMENT(find_account, "SELECT a.name AS account_name FROM flagplane_data.account a"
						" WHERE a.id = :account_id");

/*
 * find reads the caller's token, if it is one, and the name of its account; NULL for a role
 * whose account has no rows yet.
 */
static char *
find(Request *request, AccessToken *token)
{
	Rows rows = {0};
	Row row;

	*token = (AccessToken){.expires_at = DT_NOBEGIN, .used_at = DT_NOBEGIN};
	if (request->caller.token_id)
	{
		bind_text(&request->params, "token_id", request->caller.token_id);
		rows = request_run(request, &find_token);
		if (rows.count > 0)
			*token = access_token_of_row(&rows, 0);
	}
	if (rows.count == 0)
		rows = request_run(request, &find_account);
	if (rows.count == 0)
		return NULL;
	row_read(&rows, 0, &row);
	return row_get_string(&row, "account_name");
}

/*
 * do_whoami responds in the shape of Layers: the organization is the account, and
 * its only workspace.
 */
void
do_whoami(Request *request)
{
	StringInfo out = request->response;
	const Caller *caller = &request->caller;
	AccessToken token;
	char *name = find(request, &token);
	char *organization = name ? psprintf("org_" ACCOUNT_FORMAT, (uint32) caller->account) : NULL;

	document_open(out, '{');
	document_string(out, "organizationId", organization);
	document_string(out, "workspaceId", organization);
	document_string(out, "organizationName", name);
	document_string(out, "apiKeyId", caller->token_id);
	document_string(out, "name", token.name);
	document_string(out, "actor", caller->actor);
	document_string(out, "memberId", caller->member_id);
	if (caller->token_id)
		document_texts(out, "scopes", token.scopes);
	else
		document_raw(out, "scopes", "[\"*\"]");
	if (caller->all_projects)
		document_raw(out, "projects", NULL);
	else
		document_texts(out, "projects", token.projects);
	if (caller->token_id)
		document_string(out, "rateLimitTier", token.rate_tier);
	document_iso(out, "expiresAt", token.expires_at);
	document_iso(out, "lastUsedAt", token.used_at);
	document_close(out, '}');
}

/*
 * do_get_caller_identity responds in the shape of LaunchDarkly, where all members
 * are optional: a member without a value is left out.
 */
void
do_get_caller_identity(Request *request)
{
	StringInfo out = request->response;
	const Caller *caller = &request->caller;
	AccessToken token;

	document_open(out, '{');
	if (find(request, &token))
		document_string(out, "accountId", psprintf(ACCOUNT_FORMAT, (uint32) caller->account));
	document_string(out, "authKind", caller->token_id ? "token" : "role");
	if (caller->token_id)
	{
		document_string(out, "tokenKind", caller->member_id ? "personal" : "service");
		document_string(out, "tokenName", token.name);
		document_string(out, "tokenId", caller->token_id);
		if (caller->member_id)
			document_string(out, "memberId", caller->member_id);
		document_boolean(out, "serviceToken", caller->member_id == NULL);
	}
	document_close(out, '}');
}
