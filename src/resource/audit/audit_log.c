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

#define FILTER_MAX 1000

/* A cursor is account, time and place of the last entry told, in hexadecimal digits. */
#define CURSOR_LENGTH (8 + 16 + AUDIT_PLACE_LENGTH)

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
	[BEFORE] = {"before", "before", FIELD_BIGINT, IN_QUERY, false, RULE_RANGE, 0, MILLISECONDS_MAX,
				NULL, NULL},
	[AFTER] = {"after", "after", FIELD_BIGINT, IN_QUERY, false, RULE_RANGE, 0, MILLISECONDS_MAX,
			   NULL, NULL},
	[LIMIT] = PAGE_LIMIT_FIELD,
	[FILTER] = {"filter", "q", FIELD_TEXT, IN_QUERY, false, RULE_LENGTH, 0, FILTER_MAX, NULL, NULL},
	[CURSOR] = {"cursor", "cursor", FIELD_TEXT, IN_QUERY, false, RULE_NONE, 0, 0, NULL, NULL},
	[SPEC] = {"spec", "spec", FIELD_TEXT, IN_QUERY, false, RULE_LENGTH, 1, FILTER_MAX, NULL, NULL},
	FIELDS_END};

const Field get_audit_log_entry_fields[] = {
	[ID] = {"id", "id", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL}, FIELDS_END};

/* A token that is limited to projects, the parameter, sees their entries alone. */
#define ENTRIES(token)                                                                       \
	" FROM flagplane_data.audit_log l LEFT JOIN flagplane_data.member m"                     \
	" ON m.account_id = l.account_id AND m.id = l.member_id"                                 \
	" LEFT JOIN flagplane_data.access_token t ON t.account_id = l.account_id"                \
	" AND t.id = substr(l.actor, 7) AND l.actor LIKE 'token:%' WHERE l.account_id = $1"      \
	" AND (" token " IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r" \
	" WHERE r.account_id = l.account_id AND r.token_id = " token                             \
	" AND r.project_id = l.project_id))"

/* One entry more than a page has, so that it is known whether there are more. */
STATEMENT(list_entries,
		  "SELECT " ENTRY_COLUMNS ENTRIES(
			  "$8") " AND l.at < $9 AND l.at >= $10"
					" AND (l.at, l.generation, l.xid, l.ordinal) < ($11, $12, $13, $14)"
					" AND ($15 IS NULL OR l.target ~ $15)"
					" AND ($5 IS NULL OR position(" FOLDED("$5") " IN " FOLDED(
						"coalesce(l.target, '')") ") > 0"
												  " OR position(" FOLDED("$5") " IN " FOLDED(
													  ENTRY_NAME) ") > 0)"
																  " ORDER BY l.at DESC, "
																  "l.generation DESC, l.xid DESC, "
																  "l.ordinal DESC LIMIT $4 + 1");

STATEMENT(find_entry, "SELECT " ENTRY_COLUMNS ENTRIES(
						  "$3") " AND l.generation = $4 AND l.xid = $5 AND l.ordinal = $6");

/*
 * cursor_text writes a cursor.
 */
static char *
cursor_text(const Request *request, TimestampTz at, const AuditPlace *place)
{
	return psprintf("%08x%016llx%s", (uint32) request->caller.account, (unsigned long long) at,
					audit_place_text(place));
}

/*
 * read_cursor adds the time and the place before which to go on to the parameters:
 * the end of all times where no cursor was given.  A cursor is good for its own
 * account only.
 */
static void
read_cursor(Request *request)
{
	const char *cursor = request_string(request, CURSOR);
	AuditPlace place = {PG_INT32_MAX, PG_UINT64_MAX, PG_INT32_MAX};
	TimestampTz at = DT_NOEND;

	if (cursor)
	{
		bool good = strlen(cursor) == CURSOR_LENGTH &&
					audit_place_parse(cursor + CURSOR_LENGTH - AUDIT_PLACE_LENGTH, &place);

		/* What is written again in our form must be what was given. */
		if (good)
		{
			at = (TimestampTz) strtou64(pnstrdup(cursor + 8, 16), NULL, 16);
			good = strcmp(cursor, cursor_text(request, at, &place)) == 0 && IS_VALID_TIMESTAMP(at);
		}
		if (!good)
		{
			request_violation(request, CURSOR, "is not a cursor of this list");
			error_raise_violations(ERR_INVALID, &request->violations);
		}
	}
	params_time(&request->params, at);
	audit_place_params(&request->params, &place);
}

/*
 * spec_pattern is the regular expression of what a resource specifier means; NULL if
 * none was given.  A star is any text within one part; tags are not known here.
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
 * page_link writes a link to a page of the same question.
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
 * do_list_audit_log answers with a page of entries, newest first.  Both bounds are
 * of the milliseconds that entries show, and belong to neither side.
 */
void
do_list_audit_log(Request *request)
{
	StringInfo out = request->response;
	uint64 limit = (uint64) request_integer(request, LIMIT);
	char *next = NULL;
	Rows rows;

	params_text(&request->params, request->caller.all_projects ? NULL : request->caller.token_id);
	params_time(&request->params, request_given(request, BEFORE)
									  ? time_of_milliseconds(request_bigint(request, BEFORE))
									  : DT_NOEND);
	params_time(&request->params, request_given(request, AFTER)
									  ? time_of_milliseconds(request_bigint(request, AFTER) + 1)
									  : time_of_milliseconds(0));
	read_cursor(request);
	params_text(&request->params, spec_pattern(request));
	rows = request_run(request, &list_entries);

	document_open_items(out);
	for (uint64 i = 0; i < rows.count && next == NULL; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		document_element(out);
		audit_entry_document(out, &request->caller, &row);
		document_close(out, '}');
		if (rows.count > i + 1 && (i + 1 == limit || page_is_full(request)))
		{
			AuditPlace place = audit_place_of_row(&row, ENTRY_PLACE);

			next = cursor_text(request, row_time(&row, ENTRY_AT), &place);
		}
	}
	document_close(out, ']');
	document_key(out, "_links");
	document_open(out, '{');
	page_link(request, "self", request_string(request, CURSOR));
	if (next)
		page_link(request, "next", next);
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * do_get_audit_log_entry answers with one entry, and with what was there before the
 * change and after it.
 */
void
do_get_audit_log_entry(Request *request)
{
	StringInfo out = request->response;
	AuditPlace place;
	Rows rows = {0};
	Row row;

	if (audit_place_parse(request_string(request, ID), &place))
	{
		params_text(&request->params,
					request->caller.all_projects ? NULL : request->caller.token_id);
		audit_place_params(&request->params, &place);
		rows = request_run(request, &find_entry);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the audit log entry does not exist");
	row_read(&rows, 0, &row);
	audit_entry_document(out, &request->caller, &row);
	document_raw(out, "delta", NULL);
	document_raw(out, "previousVersion", row_string(&row, ENTRY_BEFORE));
	document_raw(out, "currentVersion", row_string(&row, ENTRY_AFTER));
	document_close(out, '}');
}
