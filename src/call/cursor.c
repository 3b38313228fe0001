/*
 * cursor.c
 *	  Opaque cursors: a place in a list, by time and id.
 *
 * What is added or removed before the place while somebody turns the pages moves
 * nothing behind it.  A cursor is good for one list only, its scope.
 */
#include "call/cursor.h"

#include "common/base64.h"
#include "utils/timestamp.h"

/*
 * cursor_text makes the cursor that stands for the place after a row.
 */
char *
cursor_text(const char *scope, TimestampTz time, const char *id)
{
	char *place = psprintf("%s:" INT64_FORMAT ":%s", scope, time, id);
	int length = strlen(place);
	int room = pg_b64_enc_len(length) + 1;
	char *text = palloc0(room);

	if (pg_b64_encode((void *) place, length, text, room) < 0)
		elog(ERROR, "could not encode a cursor");
	return text;
}

/*
 * cursor_read binds the place of the cursor in a field as :after_time and :after_id, or
 * NULL where there is no cursor.  Refuses what is no cursor of this list.
 */
void
cursor_read(Request *request, int field, const char *scope, bool (*is_id)(const char *))
{
	const char *cursor = request_string(request, field);
	int scope_length = strlen(scope);
	char *place;
	char *end;
	int room;
	int64 time;

	if (cursor == NULL)
	{
		bind_time(&request->params, "after_time", DT_NOBEGIN);
		bind_text(&request->params, "after_id", NULL);
		return;
	}
	room = pg_b64_dec_len(strlen(cursor));
	place = palloc0(room + 1);
	if (pg_b64_decode(cursor, strlen(cursor), (void *) place, room) > 0 &&
		strncmp(place, scope, scope_length) == 0 && place[scope_length] == ':')
	{
		errno = 0;
		time = strtoi64(place + scope_length + 1, &end, 10);
		if (errno == 0 && *end == ':' && is_id(end + 1) && IS_VALID_TIMESTAMP(time))
		{
			bind_time(&request->params, "after_time", time);
			bind_text(&request->params, "after_id", end + 1);
			return;
		}
	}
	request_violation(request, field, "is not a cursor of this list");
	error_raise_violations(ERR_INVALID, &request->violations);
}
