/*
 * environment.h
 *	  An environment's row and document, and what other resources ask of environments.
 */
#ifndef FLAGPLANE_ENVIRONMENT_H
#define FLAGPLANE_ENVIRONMENT_H

#include "call/request.h"
#include "utils/jsonb.h"

typedef struct Environment
{
	char *id;
	char *key;
	char *name;
	char *color;
	int32 default_ttl; /* minutes */
	bool secure_mode;
	bool default_track_events;
	bool require_comments;
	bool confirm_changes;
	ArrayType *tags;
	bool critical;
	char *approval_settings; /* NULL: the defaults */
	int32 version;
	Datum project_id;
	char *sdk_key;
	char *mobile_key;
} Environment;

#define ENVIRONMENT_COLUMNS                                                                       \
	"e.id, e.key, e.name, e.color, e.default_ttl, e.secure_mode, e.default_track_events,"         \
	" e.require_comments, e.confirm_changes, e.tags, e.critical, e.approval_settings, e.version," \
	" e.project_id"

#define CURRENT_KEY(kind)                                                                   \
	"(SELECT k.value FROM flagplane_data.environment_key k"                                 \
	" WHERE k.account_id = :account_id AND k.environment_id = e.id AND k.kind = '" kind "'" \
	" AND k.name IS NULL AND k.replaced_in IS NULL)"

#define ENVIRONMENT_KEYS CURRENT_KEY("sdk") " AS sdk_key, " CURRENT_KEY("mobile") " AS mobile_key"

extern Environment environment_of_row(const Rows *rows, uint64 number, bool with_keys);
extern void
environment_document(Request *request, const char *project_key, const Environment *environment);
extern Environment environment_lock_for_update(Request *request, bool for_deletion);
extern char *environment_lock_for_keys(Request *request);
extern void environment_require(Request *request);
pg_noreturn extern void environment_missing(Request *request);

/* What a project shows of its environments. */
extern void environments_array(Request *request, const char *project_key, Datum project_id);
extern Rows environments_pages(Request *request, Datum *project_ids, int count);
extern void
environments_page(Request *request, const Rows *pages, const char *project_key, Datum project_id);

/* approval_settings.c */
extern void
approval_settings_document(StringInfo out, const char *name, const char *stored_text, bool all);
extern char *
approval_settings_read(Violations *violations, Jsonb *document, const char *stored_before);

/* environment_key.c */
extern void environment_keys_generate(const Request *request, Environment *environment);
extern void environment_keys_insert(Request *request, const Environment *environment);
extern void environment_keys_read(Request *request, Environment *environment);

#endif /* FLAGPLANE_ENVIRONMENT_H */
