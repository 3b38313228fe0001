/*
 * access_token.h
 *	  An access token's row and document, for the files that are about tokens.
 */
#ifndef FLAGPLANE_ACCESS_TOKEN_H
#define FLAGPLANE_ACCESS_TOKEN_H

#include "call/request.h"

/* How much of a secret is kept to tell tokens apart. */
#define ENDING_LENGTH 4

#define TOKEN_COLUMNS                                                                      \
	"t.id, t.name, t.role, t.scopes, t.all_projects, t.member_id, t.ending, t.created_at," \
	" t.expires_at, t.revoked_at, t.killed_at, t.rate_tier"

#define TOKEN_PROJECTS                                                          \
	"(SELECT coalesce(array_agg(p.key::text ORDER BY p.key), '{}')"             \
	" FROM flagplane_data.access_token_project r JOIN flagplane_data.project p" \
	" ON p.account_id = r.account_id AND p.id = r.project_id"                   \
	" WHERE r.account_id = t.account_id AND r.token_id = t.id)"

#define TOKEN_USE                                              \
	"(SELECT u.used_at FROM flagplane_data.access_token_use u" \
	" WHERE u.account_id = t.account_id AND u.token_id = t.id)"

/* What stands behind these in each row of which a document is made. */
#define TOKEN_DETAILS "t.description, t.default_api_version, t.updated_at"

#define TOKEN_NAME_MAX		  120
#define TOKEN_DESCRIPTION_MAX 4096

/* The version of the API that a token asks for is a date. */
#define API_VERSION_MIN 20160426
#define API_VERSION_MAX 99991231

extern const char *const token_roles[];

extern bool access_token_is_hidden(Request *request, const Row *row);
extern ArrayType *access_token_role_scopes(const char *role);
extern void access_token_document(Request *request, const Row *row, const char *public_part,
								  const char *secret);
extern void access_token_require_scopes(const Request *request, ArrayType *scopes);
extern void access_token_require_tier(const Request *request, const char *tier);
extern bool access_token_is_of_others(const Request *request, const char *member_id);

#endif /* FLAGPLANE_ACCESS_TOKEN_H */
