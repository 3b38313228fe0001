/*
 * audit_entry.h
 *	  An audit log entry's row and document.
 */
#ifndef FLAGPLANE_AUDIT_ENTRY_H
#define FLAGPLANE_AUDIT_ENTRY_H

#include "call/request.h"

/* What a thing is called: its name where it has one. */
#define NAME_OF(document)                                                           \
	document "->>'name', " document "->>'email', " document "->>'title', " document \
			 "->>'_key', " document "->>'key'"
#define ENTRY_NAME                                              \
	"coalesce(" NAME_OF("l.after") ", " NAME_OF("l.before") "," \
															" substring(l.target from '[^/]*$'))"

/* Which members of the document the change has changed. */
#define ENTRY_CHANGED                                                                           \
	"(SELECT string_agg(c.key, ', ') FROM json_each_text(l.after) c"                            \
	" WHERE l.before IS NOT NULL AND c.key <> 'lastModified' AND l.before->>c.key IS DISTINCT " \
	"FROM c.value)"

/* A part of the target, which is made of kind/id with colons in between. */
#define TARGET_PART(kind) "substring(l.target from '(?:^|:)" kind "/([^:]*)')"

#define TARGET_PROJECT                                                                \
	"EXISTS (SELECT 1 FROM flagplane_data.project p WHERE p.account_id = :account_id" \
	" AND p.key = " TARGET_PART("proj")

/* What an object of a project, or of the account, is found by. */
#define TARGET_KEY(kind) "o.project_id = p.id AND o.key = " TARGET_PART(kind)
#define TARGET_ID(kind)	 "o.account_id = :account_id AND o.id = " TARGET_PART(kind)

#define TARGET_IN_PROJECT(table, found_by)                            \
	TARGET_PROJECT " AND EXISTS (SELECT 1 FROM flagplane_data." table \
				   " o WHERE o.account_id = :account_id AND " found_by "))"

#define TARGET_OF_ACCOUNT(table, found_by) \
	"EXISTS (SELECT 1 FROM flagplane_data." table " o WHERE " found_by ")"

#define TARGET_ENVIRONMENT TARGET_IN_PROJECT("environment", TARGET_KEY("env"))
#define TARGET_FLAG		   TARGET_IN_PROJECT("flag", TARGET_KEY("flag"))
#define TARGET_LAYER	   TARGET_IN_PROJECT("layer", TARGET_KEY("layer"))
#define TARGET_LINK		   TARGET_OF_ACCOUNT("flag_link", TARGET_ID("link"))
#define TARGET_MEMBER	   TARGET_OF_ACCOUNT("member", TARGET_ID("member"))
#define TARGET_TOKEN	   TARGET_OF_ACCOUNT("access_token", TARGET_ID("service-token"))
#define TARGET_APP_ID	   "o.account_id = :account_id AND 'app_' || o.id = " TARGET_PART("sdk-app")
#define TARGET_APP		   TARGET_OF_ACCOUNT("sdk_app", TARGET_APP_ID)

/* Whether what was changed is still there: a link to what is not would be a dead one. */
#define ENTRY_IS_THERE                                                              \
	"CASE l.subject WHEN 'project' THEN " TARGET_PROJECT ")"                        \
	" WHEN 'environment' THEN " TARGET_ENVIRONMENT " WHEN 'flag' THEN " TARGET_FLAG \
	" WHEN 'layer' THEN " TARGET_LAYER " WHEN 'flag link' THEN " TARGET_LINK        \
	" WHEN 'member' THEN " TARGET_MEMBER " WHEN 'access token' THEN " TARGET_TOKEN  \
	" WHEN 'SDK app' THEN " TARGET_APP " END"

#define ENTRY_COLUMNS                                                                  \
	"l.generation, l.xid, l.ordinal, l.at, l.operation, l.subject, l.actor,"           \
	" l.target, " ENTRY_NAME ", " ENTRY_CHANGED ", m.id, m.email, m.first_name,"       \
	" m.last_name, t.id, t.name, t.ending, t.member_id IS NULL, l.comment, l.before, " \
	"l.after, " ENTRY_IS_THERE

/* The columns of ENTRY_COLUMNS. */
enum EntryColumn
{
	ENTRY_PLACE,
	ENTRY_AT = 3,
	ENTRY_OPERATION,
	ENTRY_SUBJECT,
	ENTRY_ACTOR,
	ENTRY_TARGET,
	ENTRY_CALLED,
	ENTRY_MEMBERS,
	ENTRY_MEMBER_ID,
	ENTRY_MEMBER_EMAIL,
	ENTRY_MEMBER_FIRST_NAME,
	ENTRY_MEMBER_LAST_NAME,
	ENTRY_TOKEN_ID,
	ENTRY_TOKEN_NAME,
	ENTRY_TOKEN_ENDING,
	ENTRY_TOKEN_IS_SERVICE,
	ENTRY_COMMENT,
	ENTRY_BEFORE,
	ENTRY_AFTER,
	ENTRY_THERE
};

extern void audit_entry_document(StringInfo out, const Caller *caller, const Row *row);

#endif /* FLAGPLANE_AUDIT_ENTRY_H */
