/*
 * audit_entry.h
 *	  An audit log entry: the columns to read and the document to write.
 */
#ifndef FLAGPLANE_AUDIT_ENTRY_H
#define FLAGPLANE_AUDIT_ENTRY_H

#include "call/request.h"

/* The name of a resource in a document: the first of these members that it has. */
#define NAME_OF(document)                                                           \
	document "->>'name', " document "->>'email', " document "->>'title', " document \
			 "->>'_key', " document "->>'key'"
#define ENTRY_NAME                                              \
	"coalesce(" NAME_OF("l.after") ", " NAME_OF("l.before") "," \
															" substring(l.target from '[^/]*$'))"

/* The members of the document that the change has changed, joined by commas. */
#define ENTRY_CHANGED                                                                           \
	"(SELECT string_agg(c.key, ', ') FROM json_each_text(l.after) c"                            \
	" WHERE l.before IS NOT NULL AND c.key <> 'lastModified' AND l.before->>c.key IS DISTINCT " \
	"FROM c.value)"

/* A part of the target, which is made of kind/id joined by colons. */
#define TARGET_PART(kind) "substring(l.target from '(?:^|:)" kind "/([^:]*)')"

#define TARGET_PROJECT                                                                \
	"EXISTS (SELECT 1 FROM flagplane_data.project p WHERE p.account_id = :account_id" \
	" AND p.key = " TARGET_PART("proj")

/* How to find an object of a project, or of the account, by the target. */
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

/* Whether the target still exists: a link to one that does not would be a dead one. */
#define ENTRY_TARGET_EXISTS                                                         \
	"CASE l.subject WHEN 'project' THEN " TARGET_PROJECT ")"                        \
	" WHEN 'environment' THEN " TARGET_ENVIRONMENT " WHEN 'flag' THEN " TARGET_FLAG \
	" WHEN 'layer' THEN " TARGET_LAYER " WHEN 'flag link' THEN " TARGET_LINK        \
	" WHEN 'member' THEN " TARGET_MEMBER " WHEN 'access token' THEN " TARGET_TOKEN  \
	" WHEN 'SDK app' THEN " TARGET_APP " END"

#define ENTRY_COLUMNS                                                                              \
	"l.epoch, l.xid, l.ordinal, l.at, l.operation, l.subject, l.actor, l.target,"                  \
	" " ENTRY_NAME " AS name, " ENTRY_CHANGED " AS changed_members,"                               \
	" m.id AS member_id, m.email, m.first_name, m.last_name, t.id AS token_id,"                    \
	" t.name AS token_name, t.ending AS token_ending,"                                             \
	" t.member_id IS NULL AS is_service_token, l.comment, l.before, l.after, " ENTRY_TARGET_EXISTS \
	" AS target_exists"

extern void audit_entry_document(StringInfo out, const Caller *caller, Row *row);

#endif /* FLAGPLANE_AUDIT_ENTRY_H */
