/*
 * access_token.h
 *	  An access token's row, for the files that are about tokens.
 */
#ifndef FLAGPLANE_ACCESS_TOKEN_H
#define FLAGPLANE_ACCESS_TOKEN_H

#include "call/request.h"

/* The last characters of a secret are stored as they are, so that people can tell tokens apart. */
#define ENDING_LENGTH 4

#define TOKEN_ID_FIELD FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true)

#define TOKEN_COLUMNS                                                                      \
	"t.id, t.selector, t.ending, t.name, t.description, t.role, t.scopes, t.all_projects," \
	" (SELECT coalesce(array_agg(p.key::text ORDER BY p.key), '{}')"                       \
	" FROM flagplane_data.access_token_project r JOIN flagplane_data.project p"            \
	" ON p.account_id = r.account_id AND p.id = r.project_id"                              \
	" WHERE r.account_id = :account_id AND r.token_id = t.id) AS projects,"                \
	" t.rate_tier, t.member_id, t.default_api_version, t.created_at, t.updated_at,"        \
	" t.expires_at, t.revoked_at, t.killed_at,"                                            \
	" (SELECT u.used_at FROM flagplane_data.access_token_use u"                            \
	" WHERE u.account_id = :account_id AND u.token_id = t.id) AS used_at"

typedef struct AccessToken
{
	char *id;
	char *selector;
	char *ending;
	char *name;
	char *description; /* NULL: none */
	char *role;		   /* NULL: scopes of its own */
	ArrayType *scopes;
	bool all_projects;
	ArrayType *projects; /* keys, if not all_projects */
	char *rate_tier;
	char *member_id;		   /* NULL: a service token */
	int32 default_api_version; /* 0: the current one */
	TimestampTz created_at;
	TimestampTz updated_at;
	TimestampTz expires_at; /* this and the following: DT_NOBEGIN for never */
	TimestampTz revoked_at;
	TimestampTz killed_at;
	TimestampTz used_at;
} AccessToken;

extern AccessToken access_token_of_row(const Rows *rows, uint64 number);
extern AccessToken access_token_lock_for_update(Request *request);
extern void access_token_respond(Request *request, const char *secret);
extern void access_token_require_scopes(const Request *request, ArrayType *scope_names);
extern void access_token_require_tier(const Request *request, const char *tier);

#endif /* FLAGPLANE_ACCESS_TOKEN_H */
