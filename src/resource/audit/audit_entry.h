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

#define TARGET_PROJECT                                                                 \
	"EXISTS (SELECT 1 FROM flagplane_data.project p WHERE p.account_id = l.account_id" \
	" AND p.key = " TARGET_PART("proj")

#define TARGET_IN_PROJECT(table, kind)                                                     \
	TARGET_PROJECT                                                                         \
	" AND EXISTS (SELECT 1 FROM flagplane_data." table " o"                                \
	" WHERE o.account_id = p.account_id AND o.project_id = p.id AND o.key = " TARGET_PART( \
		kind) "))"

#define TARGET_OF_ACCOUNT(table, kind)                                                   \
	"EXISTS (SELECT 1 FROM flagplane_data." table " o WHERE o.account_id = l.account_id" \
	" AND o.id = " TARGET_PART(kind) ")"

/* Whether what was changed is still there: a link to what is not would be a dead one. */
#define ENTRY_IS_THERE                                                                                                                                          \
	"CASE l.subject WHEN 'project' THEN " TARGET_PROJECT ")"                                                                                                    \
	" WHEN 'environment' THEN " TARGET_IN_PROJECT(                                                                                                              \
		"environment",                                                                                                                                          \
		"env") " WHEN 'flag' "                                                                                                                                  \
			   "THEN " TARGET_IN_PROJECT("flag", "flag") " WHEN 'layer' THEN " TARGET_IN_PROJECT("layer", "layer") " WHEN 'flag link' THEN " TARGET_OF_ACCOUNT( \
				   "flag_link",                                                                                                                                 \
				   "link") " WHEN "                                                                                                                             \
						   "'member' "                                                                                                                          \
						   "THEN"                                                                                                                               \
						   " " TARGET_OF_ACCOUNT("member",                                                                                                      \
												 "member") " WHEN 'access token' "                                                                              \
														   "THEN " TARGET_OF_ACCOUNT(                                                                           \
															   "access_token",                                                                                  \
															   "service-token") " WHEN "                                                                        \
																				"'SDK "                                                                         \
																				"app' "                                                                         \
																				"THEN "                                                                         \
																				"EXISTS"                                                                        \
																				" ("                                                                            \
																				"SELECT"                                                                        \
																				" 1 "                                                                           \
																				"FROM "                                                                         \
																				"flagpl"                                                                        \
																				"ane_"                                                                          \
																				"data."                                                                         \
																				"sdk_"                                                                          \
																				"app o"                                                                         \
																				" WHERE"                                                                        \
																				" o."                                                                           \
																				"accoun"                                                                        \
																				"t_id "                                                                         \
																				"= "                                                                            \
																				"l."                                                                            \
																				"accoun"                                                                        \
																				"t_id "                                                                         \
																				"AND "                                                                          \
																				"'app_'"                                                                        \
																				" || "                                                                          \
																				"o.id "                                                                         \
																				"="                                                                             \
																				" " TARGET_PART(                                                                \
																					"sd"                                                                        \
																					"k-"                                                                        \
																					"ap"                                                                        \
																					"p") ") END"

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
