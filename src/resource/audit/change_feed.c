/*
 * change_feed.c
 *	  changes(): the gap-free feed of changes.
 *
 * Transactions commit in another order than they begin in, so a reader of the newest rows
 * that remembers the last one can miss what commits later with an earlier time or id.
 * The feed's order is that of the transactions' ids, and it ends at the oldest
 * transaction that is still running: whatever commits from now on comes after that.
 * Changes that were made on another server are there whole or not at all; theirs are the
 * earlier epochs.
 */
#include "resource/resource.h"

#include "call/audit.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"

#define FEED_LIMIT_MAX 1000

/* A cursor is the account and the position of the last change, both in hexadecimal digits. */
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
 * One row more than a page shows whether there are more.  The second bound ends the scan
 * where nothing after it can be in the feed yet: the server that has the rows makes all
 * changes of the last epoch.  Epochs of another server are complete.  A token that is
 * limited to projects (:token_id) gets their changes only, but the page counts the others
 * too, so that a poll never reads more than a page.
 */
STATEMENT_IN_ORDER(
	list_changes,
	"SELECT l.epoch, l.xid, l.ordinal, l.at, l.operation, l.subject, l.actor, l.member_id,"
	" l.project_id, l.target, l.request_id, l.before, l.after, l.comment,"
	" :token_id IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r"
	" WHERE r.account_id = :account_id AND r.token_id = :token_id"
	" AND r.project_id = l.project_id) AS is_visible"
	" FROM flagplane_data.audit_log l WHERE l.account_id = :account_id"
	" AND (l.epoch, l.xid, l.ordinal) > (:epoch, :xid, :ordinal)"
	" AND (l.epoch, l.xid) < ((SELECT CASE WHEN g.system_identifier = "
	"flagplane_data.system_identifier()"
	" THEN g.number ELSE g.number + 1 END FROM flagplane_data.audit_epoch g"
	" WHERE g.account_id = :account_id ORDER BY g.number DESC LIMIT 1),"
	" (SELECT pg_snapshot_xmin(pg_current_snapshot())))"
	" AND (l.xid < (SELECT pg_snapshot_xmin(pg_current_snapshot()))"
	" OR l.epoch IN (SELECT g.number FROM flagplane_data.audit_epoch g"
	" WHERE g.account_id = :account_id AND g.system_identifier <> "
	"flagplane_data.system_identifier()))"
	" ORDER BY l.epoch, l.xid, l.ordinal LIMIT :limit + 1");

/*
 * read_cursor reads the position to continue after: before the first change, if no cursor
 * was given.  A cursor is valid for its own account only.
 */
static FeedPosition
read_cursor(Request *request)
{
	const char *cursor = request_string(request, AFTER);
	char *account = psprintf("%08x", (uint32) request->caller.account);
	FeedPosition position = {0};

	if (cursor && (strncmp(cursor, account, ACCOUNT_DIGITS) != 0 ||
				   !feed_position_parse(cursor + ACCOUNT_DIGITS, &position)))
	{
		request_violation(request, AFTER, "is not a cursor of this feed");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return position;
}

static void
change_document(StringInfo out, Row *row, const FeedPosition *position)
{
	char *project_id = row_get_uuid(row, "project_id");

	document_open(out, '{');
	document_string(out, "_id", feed_position_text(position));
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
 * do_changes writes the changes after the cursor, each once, and the next cursor, which
 * is there even if there is nothing new.
 */
void
do_changes(Request *request)
{
	StringInfo out = request->response;
	uint64 limit = (uint64) request_integer(request, LIMIT);
	FeedPosition position = read_cursor(request);
	uint64 examined = 0;
	Rows rows;

	feed_position_bind(&request->params, &position);
	bind_text(&request->params, "token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
	rows = request_run(request, &list_changes);

	document_open_items(out);
	for (; examined < Min(rows.count, limit) && !page_is_full(request); examined++)
	{
		Row row;

		row_read(&rows, examined, &row);
		position = feed_position_of_row(&row);
		if (!row_get_boolean(&row, "is_visible"))
			continue;
		document_element(out);
		change_document(out, &row, &position);
	}
	document_close(out, ']');
	if (request->caller.account == 0)
		document_raw(out, "nextCursor", NULL);
	else
		document_string(
			out, "nextCursor",
			psprintf("%08x%s", (uint32) request->caller.account, feed_position_text(&position)));
	document_boolean(out, "hasMore", rows.count > examined);
	document_close(out, '}');
}
