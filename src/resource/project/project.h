/*
 * project.h
 *	  A project's row, and what other resources ask of projects.
 */
#ifndef FLAGPLANE_PROJECT_H
#define FLAGPLANE_PROJECT_H

#include "call/request.h"

#define PROJECT_COLUMNS                                                                     \
	"p.id, p.key, p.name, p.tags, p.include_in_snippet_by_default, p.using_environment_id," \
	" p.using_mobile_key, p.naming_convention, p.require_view_for_new_flags,"               \
	" p.require_view_for_new_segments, p.version, p.created_at, p.updated_at"

/* A token that is limited to projects sees only those; the parameter is NULL for any other caller. */
#define PROJECT_VISIBLE(token)                                                          \
	"(" token " IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r" \
	" WHERE r.account_id = :account_id AND r.project_id = p.id AND r.token_id = " token "))"

typedef struct Project
{
	pg_uuid_t *id;
	char *key;
	char *name;
	ArrayType *tags;
	bool include_in_snippet_by_default;
	bool using_environment_id;
	bool using_mobile_key;
	char *naming_convention; /* NULL: none */
	bool require_view_for_new_flags;
	bool require_view_for_new_segments;
	int32 version;
	TimestampTz created_at;
	TimestampTz updated_at;
} Project;

/* How a request locks the project that it is about. */
typedef enum ProjectLock
{
	PROJECT_KEY_SHARE,	  /* as a foreign key does: it is not deleted meanwhile */
	PROJECT_NO_KEY_UPDATE /* nobody else holds this one, or creates an environment */
} ProjectLock;

extern Project project_of_row(const Rows *rows, uint64 number);
extern void project_lock(Request *request, ProjectLock strength);
extern bool project_lock_for_environment(Request *request);
extern void project_lock_for_flag(Request *request, Row *defaults);
extern void project_note_flags(Request *request);
extern bool project_exists(Request *request);
pg_noreturn extern void project_missing(Request *request);
extern void availability_read(Request *request, int field);

#endif /* FLAGPLANE_PROJECT_H */
