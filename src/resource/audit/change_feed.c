/*
 * change_feed.c
 *	  changes(): the gap-free feed of what has been changed.
 *
 * Transactions commit in another order than they begin in, so whoever reads the
 * newest rows and remembers the last one can miss what commits later with an
 * earlier time or id.  Here the order is that of the transactions' ids, and only
 * changes below the oldest transaction that is still running are told: whatever
 * commits from now on stands behind all of them.  Changes that came from another
 * server are there whole or not at all; theirs are the earlier generations.
 */
#include "resource/resource.h"

#include "call/audit.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"

#define FEED_LIMIT_MAX 1000

/* A cursor is the account and the place after which to go on, both in hexadecimal digits. */
#define ACCOUNT_DIGITS 8

enum
{
	AFTER,
	LIMIT
};

const Field changes_fields[] = {[AFTER] = FIELD("after", "after", FIELD_TEXT, .place = IN_QUERY),
								[LIMIT] = FIELD("limit", "limit", FIELD_INTEGER, .place = IN_QUERY,
												.rule = RULE_RANGE, .min = 1, .max = FEED_LIMIT_MAX,
												.fallback = "100"),
								FIELDS_END};

/*
 * One row more than a page has, so that it is known whether there are more.  The
 * second bound ends the scan where nothing behind it can be told: that server's
 * changes are all of this one, which is the one that has the rows.  A token that is limited
 * to projects, which is :token_id, is told those alone, but the page counts the others too,
 * so that a poll never reads more than a page.
 */
STATEMENT_IN_ORDER(list_changes,
				   "SELECT l.generation, l.xid, l.ordinal, l.at, l.operation, l.subject, l.actor,"
				   " l.member_id, l.project_id, l.target, l.request_id, l.before, l.after,"
				   " l.comment, :token_id IS NULL OR EXISTS"
				   " (SELECT 1 FROM flagplane_data.access_token_project r"
				   " WHERE r.account_id = :account_id AND r.token_id = :token_id"
				   " AND r.project_id = l.project_id) AS is_told"
				   " FROM flagplane_data.audit_log l WHERE l.account_id = :account_id"
				   " AND (l.generation, l.xid, l.ordinal) > (:generation, :xid, :ordinal)"
				   " AND (l.generation, l.xid) < ((SELECT CASE WHEN g.system_identifier"
				   " = flagplane_data.system_identifier() THEN g.number ELSE g.number + 1 END"
				   " FROM flagplane_data.audit_generation g"
				   " WHERE g.account_id = :account_id ORDER BY g.number DESC LIMIT 1),"
				   " (SELECT pg_snapshot_xmin(pg_current_snapshot())))"
				   " AND (l.xid < (SELECT pg_snapshot_xmin(pg_current_snapshot()))"
				   " OR l.generation IN (SELECT g.number FROM flagplane_data.audit_generation g"
				   " WHERE g.account_id = :account_id"
				   " AND g.system_identifier <> flagplane_data.system_identifier()))"
				   " ORDER BY l.generation, l.xid, l.ordinal LIMIT :limit + 1");

/*
 * read_cursor reads the place after which to go on: the beginning, if no cursor
 * was given.  A cursor is good for its own account only.
 */
static AuditPlace
read_cursor(Request *request)
{
	const char *cursor = request_string(request, AFTER);
	char *account = psprintf("%08x", (uint32) request->caller.account);
	AuditPlace place = {0};

	if (cursor && (strncmp(cursor, account, ACCOUNT_DIGITS) != 0 ||
				   !audit_place_parse(cursor + ACCOUNT_DIGITS, &place)))
	{
		request_violation(request, AFTER, "is not a cursor of this feed");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return place;
}

/*
 * change_document writes a change.
 */
static void
change_document(StringInfo out, Row *row, const AuditPlace *place)
{
	char *project_id = row_get_uuid(row, "project_id");

	document_open(out, '{');
	document_string(out, "_id", audit_place_text(place));
	document_milliseconds(out, "date", row_get_time(row, "at"));
	document_string(out, "operation", row_get_string(row, "operation"));
	document_string(out, "subject", row_get_string(row, "subject"));
	document_string(out, "actor", row_get_string(row, "actor"));
	document_string(out, "memberId", row_get_string(row, "member_id"));
	document_string(out, "projectId", project_id ? psprintf("prj_%s", project_id) : NULL);
	document_string(out, "target", row_get_string(row, "target"));
	document_string(out, "comment", row_get_string(row, "comment"));
	document_string(out, "requestId", row_get_string(row, "request_id"));
	document_raw(out, "before", row_get_string(row, "before"));
	document_raw(out, "after", row_get_string(row, "after"));
	document_close(out, '}');
}

/*
 * do_changes answers with the changes after the cursor, each once, and with the
 * cursor to go on from, which is there even where there is nothing new.
 */
void
do_changes(Request *request)
{
	StringInfo out = request->response;
	uint64 limit = (uint64) request_integer(request, LIMIT);
	AuditPlace place = read_cursor(request);
	uint64 told = 0;
	Rows rows;

	audit_place_bind(&request->params, &place);
	bind_text(&request->params, "token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	rows = request_run(request, &list_changes);

	document_open_items(out);
	for (; told < Min(rows.count, limit) && !page_is_full(request); told++)
	{
		Row row;

		row_read(&rows, told, &row);
		place = audit_place_read(&row);
		if (!row_get_boolean(&row, "is_told"))
			continue;
		document_element(out);
		change_document(out, &row, &place);
	}
	document_close(out, ']');
	if (request->caller.account == 0)
		document_raw(out, "nextCursor", NULL);
	else
		document_string(
			out, "nextCursor",
			psprintf("%08x%s", (uint32) request->caller.account, audit_place_text(&place)));
	document_boolean(out, "hasMore", rows.count > told);
	document_close(out, '}');
}
