/*
 * audit_log.c
 *	  The audit log for people: newest first, in LaunchDarkly's words.
 */
#include "resource/audit/audit_entry.h"
#include "resource/resource.h"

#include "call/audit.h"
#include "call/field.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/xid8.h"

#define FILTER_MAX 1000

/* The most entries, and bytes of their documents, that one call examines when it filters. */
#define EXAMINED_MAX	   10000
#define EXAMINED_BYTES_MAX (2 * 1024 * 1024)

/* A cursor is account, time and feed position of the last entry of a page, in hexadecimal digits. */
#define CURSOR_LENGTH (8 + 16 + FEED_POSITION_LENGTH)

enum
{
	BEFORE,
	AFTER,
	LIMIT,
	FILTER,
	CURSOR,
	SPEC
};

enum
{
	ID
};

const Field list_audit_log_fields[] = {
	[BEFORE] = FIELD("before", "before", FIELD_BIGINT, .place = IN_QUERY, .rule = RULE_RANGE,
					 .max = MILLISECONDS_MAX),
	[AFTER] = FIELD("after", "after", FIELD_BIGINT, .place = IN_QUERY, .rule = RULE_RANGE,
					.max = MILLISECONDS_MAX),
	[LIMIT] = PAGE_LIMIT_FIELD,
	[FILTER] =
		FIELD("filter", "q", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LENGTH, .max = FILTER_MAX),
	[CURSOR] = FIELD("cursor", "cursor", FIELD_TEXT, .place = IN_QUERY),
	[SPEC] = FIELD("spec", "spec", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LENGTH, .min = 1,
				   .max = FILTER_MAX),
	FIELDS_END};

const Field get_audit_log_entry_fields[] = {
	[ID] = FIELD("id", "id", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

/* A token that is limited to projects reads their entries only; :token_id is NULL for any other caller. */
#define ENTRIES                                                                                  \
	" FROM flagplane_data.audit_log l LEFT JOIN flagplane_data.member m"                         \
	" ON m.account_id = l.account_id AND m.id = l.member_id"                                     \
	" LEFT JOIN flagplane_data.access_token t ON t.account_id = l.account_id"                    \
	" AND t.id = substr(l.actor, 7) AND l.actor LIKE 'token:%' WHERE l.account_id = :account_id" \
	" AND (:token_id IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r"     \
	" WHERE r.account_id = :account_id AND r.token_id = :token_id"                               \
	" AND r.project_id = l.project_id))"

/* From the first bound, exclusively, to the last one, newest first: a range of the index. */
#define ENTRY_POSITION "(l.at, l.epoch, l.xid, l.ordinal)"
#define WITHIN_BOUNDS                                                                 \
	" AND " ENTRY_POSITION " < (:first_at, :first_epoch, :first_xid, :first_ordinal)" \
	" AND " ENTRY_POSITION " >= (:last_at, :last_epoch, :last_xid, :last_ordinal)"
#define NEWEST_FIRST " ORDER BY l.at DESC, l.epoch DESC, l.xid DESC, l.ordinal DESC"

/* One entry more than a page has shows whether there is a next page. */
STATEMENT_IN_ORDER(list_entries,
				   "SELECT " ENTRY_COLUMNS ENTRIES WITHIN_BOUNDS
				   " AND (:pattern IS NULL OR l.target ~ :pattern)"
				   " AND (:filter IS NULL"
				   " OR position(" FOLDED(":filter") " IN " FOLDED(
					   "coalesce(l.target, '')") ") > 0"
												 " OR position(" FOLDED(":filter") " IN " FOLDED(
													 ENTRY_NAME) ") > 0)" NEWEST_FIRST
																 " LIMIT :limit + 1");

/*
 * Entries are matched one by one, and any number of them may not match: a call examines
 * a limited number of entries, and of their stored bytes, and leaves the others to the
 * next call.
 */
STATEMENT_IN_ORDER(
	find_last_examined,
	"SELECT w.at, w.epoch, w.xid, w.ordinal FROM"
	" (SELECT s.at, s.epoch, s.xid, s.ordinal, row_number() OVER o AS number,"
	" sum(s.bytes) OVER o AS bytes FROM"
	" (SELECT l.at, l.epoch, l.xid, l.ordinal,"
	" coalesce(pg_column_size(l.before), 0) + coalesce(pg_column_size(l.after), 0) AS bytes"
	" FROM flagplane_data.audit_log l WHERE l.account_id = :account_id" WITHIN_BOUNDS NEWEST_FIRST
	" LIMIT :examined) s"
	" WINDOW o AS (ORDER BY s.at DESC, s.epoch DESC, s.xid DESC, s.ordinal DESC"
	" ROWS UNBOUNDED PRECEDING)) w"
	" WHERE w.number = :examined OR w.bytes >= :examined_bytes"
	" ORDER BY w.at DESC, w.epoch DESC, w.xid DESC, w.ordinal DESC LIMIT 1");

STATEMENT(find_entry, "SELECT " ENTRY_COLUMNS ENTRIES
					  " AND l.epoch = :epoch AND l.xid = :xid AND l.ordinal = :ordinal");

/* Where a page begins, exclusively, or ends: a time, and the position of an entry at that time. */
typedef struct Bound
{
	TimestampTz at;
	FeedPosition position;
} Bound;

static char *
cursor_text(const Request *request, const Bound *bound)
{
	return psprintf("%08x%016llx%s", (uint32) request->caller.account,
					(unsigned long long) bound->at, feed_position_text(&bound->position));
}

/*
 * bind_position binds the three parts of a position by the given names.
 */
static void
bind_position(Params *params, const FeedPosition *position, const char *epoch, const char *xid,
			  const char *ordinal)
{
	bind_integer(params, epoch, position->epoch);
	bind_value(params, xid, XID8OID,
			   FullTransactionIdGetDatum(FullTransactionIdFromU64(position->xid)), false);
	bind_integer(params, ordinal, position->ordinal);
}

static void
bind_bounds(Params *params, const Bound *first, const Bound *last)
{
	bind_time(params, "first_at", first->at);
	bind_position(params, &first->position, "first_epoch", "first_xid", "first_ordinal");
	bind_time(params, "last_at", last->at);
	bind_position(params, &last->position, "last_epoch", "last_xid", "last_ordinal");
}

/*
 * bind_token binds the token, if it is limited to projects.
 */
static void
bind_token(Request *request)
{
	bind_text(&request->params, "token_id",
			  request->caller.all_projects ? NULL : request->caller.token_id);
}

/*
 * read_cursor reads the cursor; false if none was given.  A cursor is valid for its own
 * account only.
 */
static bool
read_cursor(Request *request, Bound *bound)
{
	const char *cursor = request_string(request, CURSOR);
	bool good;

	if (cursor == NULL)
		return false;
	good = strlen(cursor) == CURSOR_LENGTH &&
		   feed_position_parse(cursor + CURSOR_LENGTH - FEED_POSITION_LENGTH, &bound->position);
	/* Only the exact form that cursor_text writes is accepted. */
	if (good)
	{
		bound->at = (TimestampTz) strtou64(pnstrdup(cursor + 8, 16), NULL, 16);
		good = strcmp(cursor, cursor_text(request, bound)) == 0 && IS_VALID_TIMESTAMP(bound->at);
	}
	if (!good)
	{
		request_violation(request, CURSOR, "is not a cursor of this list");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	return true;
}

/*
 * first_bound is where a page begins: at the cursor or at the time before, whichever is
 * earlier.  It is one bound, so that the index is entered once.
 */
static Bound
first_bound(Request *request)
{
	Bound first = {DT_NOEND, {0, 0, 0}};
	Bound cursor;

	if (request_given(request, BEFORE))
		first.at = time_of_milliseconds(request_bigint(request, BEFORE));
	if (read_cursor(request, &cursor) && cursor.at < first.at)
		first = cursor;
	return first;
}

/*
 * last_bound is the last entry that a page may have: the first one after the time after,
 * or the last one to examine where entries are filtered; returns true in that case.
 */
static bool
last_bound(Request *request, const Bound *first, Bound *last)
{
	Params params = {0};
	Rows rows;
	Row row;

	*last = (Bound){time_of_milliseconds(0), {0, 0, 0}};
	if (request_given(request, AFTER))
		last->at = time_of_milliseconds(request_bigint(request, AFTER) + 1);
	if (!request_given(request, FILTER) && !request_given(request, SPEC) &&
		request->caller.all_projects)
		return false;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_bounds(&params, first, last);
	bind_integer(&params, "examined", EXAMINED_MAX);
	/* Only a filter reads the documents: for the names in them. */
	bind_bigint(&params, "examined_bytes",
				request_given(request, FILTER) ? EXAMINED_BYTES_MAX : PG_INT64_MAX);
	rows = statement_run(&find_last_examined, &params, request->mode);
	if (rows.count == 0)
		return false;
	row_read(&rows, 0, &row);
	*last = (Bound){row_get_time(&row, "at"), feed_position_of_row(&row)};
	return true;
}

/*
 * spec_pattern is the regular expression for a resource specifier; NULL if none was
 * given.  A star is any text within one part; tags are not recorded.
 */
static char *
spec_pattern(Request *request)
{
	char *spec = request_string(request, SPEC);
	StringInfoData pattern;

	if (spec == NULL)
		return NULL;
	if (strchr(spec, ';'))
	{
		request_violation(request, SPEC, "must be a resource specifier without tags");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	initStringInfo(&pattern);
	appendStringInfoChar(&pattern, '^');
	for (char *c = spec; *c; c++)
	{
		if (*c == '*')
		{
			/* Several are as good as one, and much quicker to match. */
			if (c == spec || c[-1] != '*')
				appendStringInfoString(&pattern, "[^:]*");
			continue;
		}
		if (!IS_HIGHBIT_SET(*c) && !isalnum((unsigned char) *c))
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *c);
	}
	appendStringInfoChar(&pattern, '$');
	return pattern.data;
}

/*
 * page_link writes a link to a page of the same query.
 */
static void
page_link(Request *request, const char *relation, const char *cursor)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "limit=%d", request_integer(request, LIMIT));
	if (request_given(request, BEFORE))
		appendStringInfo(&query, "&before=" INT64_FORMAT, request_bigint(request, BEFORE));
	if (request_given(request, AFTER))
		appendStringInfo(&query, "&after=" INT64_FORMAT, request_bigint(request, AFTER));
	append_encoded(&query, "q", request_string(request, FILTER));
	append_encoded(&query, "spec", request_string(request, SPEC));
	append_encoded(&query, "cursor", cursor);
	document_link(request->response, relation, "/api/v2/auditlog?%s", query.data);
}

/*
 * do_list_audit_log lists a page of entries, newest first.  The times before and after
 * are exclusive, in the milliseconds that entries show.
 */
void
do_list_audit_log(Request *request)
{
	StringInfo out = request->response;
	uint64 limit = (uint64) request_integer(request, LIMIT);
	Bound first = first_bound(request);
	Bound last;
	bool more = last_bound(request, &first, &last);
	bool ended = false;
	Rows rows;

	bind_token(request);
	bind_bounds(&request->params, &first, &last);
	bind_text(&request->params, "pattern", spec_pattern(request));
	rows = request_run(request, &list_entries);

	document_open_items(out);
	for (uint64 i = 0; i < rows.count && !ended; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		document_element(out);
		audit_entry_document(out, &request->caller, &row);
		document_close(out, '}');
		if (rows.count > i + 1 && (i + 1 == limit || page_is_full(request)))
		{
			last = (Bound){row_get_time(&row, "at"), feed_position_of_row(&row)};
			ended = more = true;
		}
	}
	document_close(out, ']');
	document_key(out, "_links");
	document_open(out, '{');
	page_link(request, "self", request_string(request, CURSOR));
	if (more)
		page_link(request, "next", cursor_text(request, &last));
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * do_get_audit_log_entry writes one entry, with the documents before and after the
 * change.
 */
void
do_get_audit_log_entry(Request *request)
{
	StringInfo out = request->response;
	FeedPosition position;
	Rows rows = {0};
	Row row;

	if (feed_position_parse(request_string(request, ID), &position))
	{
		bind_token(request);
		bind_position(&request->params, &position, "epoch", "xid", "ordinal");
		rows = request_run(request, &find_entry);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the audit log entry does not exist");
	row_read(&rows, 0, &row);
	audit_entry_document(out, &request->caller, &row);
	document_raw(out, "delta", NULL);
	document_raw(out, "previousVersion", row_get_string(&row, "before"));
	document_raw(out, "currentVersion", row_get_string(&row, "after"));
	document_close(out, '}');
}
