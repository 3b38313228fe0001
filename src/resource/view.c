/*
 * view.c
 *	  The rows of the views for one account: what schema/views.sql selects, with the caller known.
 *
 * On one server nobody reads them here: the views read the tables with their owner's rights.
 * Citus reads the rows of a query with the caller's rights, whatever view it was, so there the
 * views call view_rows(), which runs these in the owner context.  sql/views.sql compares both.
 */
#include "resource/view.h"

/* That a row's project is one that the token may see. */
#define READABLE(project)                                                                  \
	"(:limited_to::text IS NULL OR EXISTS (SELECT 1 FROM flagplane_data."                  \
	"access_token_project r WHERE r.account_id = :account_id AND r.token_id = :limited_to" \
	" AND r.project_id = " project "))"

STATEMENT(read_projects,
		  "SELECT p.account_id, p.id, p.key, p.name, p.tags::text[] AS tags,"
		  " p.include_in_snippet_by_default, p.using_environment_id, p.using_mobile_key,"
		  " p.version, p.created_at"
		  " FROM flagplane_data.project p"
		  " WHERE p.account_id = :account_id AND " READABLE("p.id"));

STATEMENT(read_environments,
		  "SELECT e.account_id, e.id, e.project_id, e.key, e.name, e.color,"
		  " e.default_ttl, e.secure_mode, e.default_track_events, e.confirm_changes,"
		  " e.require_comments, e.tags::text[] AS tags, e.critical, e.approval_settings, e.version,"
		  " e.created_at"
		  " FROM flagplane_data.environment e"
		  " WHERE e.account_id = :account_id AND " READABLE("e.project_id"));

STATEMENT(read_layers, "SELECT l.account_id, l.id, l.project_id, l.key, l.name, l.description,"
					   " l.randomization_unit, l.created_at"
					   " FROM flagplane_data.layer l"
					   " WHERE l.account_id = :account_id AND " READABLE("l.project_id"));

STATEMENT(read_flag_links,
		  "SELECT f.account_id, l.id, f.project_id, l.flag_id, f.key AS flag_key, l.key,"
		  " l.integration_key, l.timestamp, l.deep_link, l.title, l.description,"
		  " l.metadata, l.member_id, l.created_at"
		  " FROM flagplane_data.flag_link l"
		  " JOIN flagplane_data.flag f ON f.account_id = l.account_id"
		  " AND f.id = l.flag_id"
		  " WHERE l.account_id = :account_id AND " READABLE("f.project_id"));

STATEMENT(read_segments,
		  "SELECT s.account_id, e.project_id, s.environment_id, s.key, s.name,"
		  " s.description, s.tags::text[] AS tags, s.included, s.excluded, s.included_contexts,"
		  " s.excluded_contexts, s.rules, s.version, s.created_at, s.last_modified"
		  " FROM flagplane_data.segment s"
		  " JOIN flagplane_data.environment e ON e.account_id = s.account_id"
		  " AND e.id = s.environment_id"
		  " WHERE s.account_id = :account_id AND " READABLE("e.project_id"));

STATEMENT(read_sdk_apps, "SELECT s.account_id, s.id, s.project_id, s.name, s.platform, s.bundle_id,"
						 " s.android_package, s.web_domain, s.capi, s.created_at, s.rotated_at,"
						 " s.last_event_at"
						 " FROM flagplane_data.sdk_app s"
						 " WHERE s.account_id = :account_id AND " READABLE("s.project_id"));

STATEMENT(read_audit,
		  "SELECT a.account_id, a.epoch, a.xid, a.ordinal, a.at, a.actor, a.member_id,"
		  " a.operation, a.subject, a.project_id, a.target, a.before, a.after, a.comment,"
		  " a.request_id"
		  " FROM flagplane_data.audit_log a"
		  " WHERE a.account_id = :account_id AND " READABLE("a.project_id"));

static const View views[] = {
	{"projects", "projects:read", &read_projects},
	{"environments", "projects:read", &read_environments},
	{"layers", "layers:read", &read_layers},
	{"flag_links", "flags:read", &read_flag_links},
	{"segments", "flags:read", &read_segments},
	{"sdk_apps", "projects:read", &read_sdk_apps},
	{"audit", "audit:read", &read_audit},
};

/*
 * view_by_name finds a view; NULL if there is none of that name.
 */
const View *
view_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(views); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

/*
 * view_read reads a view's rows of an account, which are only those of the token's projects
 * where it is limited to projects.  Reads by the snapshot of the calling query.
 */
Rows
view_read(const View *view, int64 account, const char *limited_to)
{
	Params params = {0};

	bind_bigint(&params, "account_id", account);
	bind_text(&params, "limited_to", limited_to);
	return statement_run(view->rows, &params, STATEMENT_READ);
}
