/*
 * document.c
 *	  Writing responses as json text; times in the forms that they have there.
 *
 * A comma is written when the byte before is not an opening bracket, so the
 * functions need no state of their own.  Strings are escaped by PostgreSQL.
 */
#include "util/document.h"

#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/*
 * append_formatted is vappendStringInfo: it appends text formatted like vprintf.
 */
void
append_formatted(StringInfo out, const char *format, va_list args)
{
	for (;;)
	{
		va_list copy;
		int needed;

		va_copy(copy, args);
		needed = appendStringInfoVA(out, format, copy);
		va_end(copy);
		if (needed == 0)
			return;
		enlargeStringInfo(out, needed);
	}
}

/*
 * follows_another tells whether a comma comes before what is written next.
 */
static inline bool
follows_another(const StringInfo out)
{
	return out->len > 0 && out->data[out->len - 1] != '{' && out->data[out->len - 1] != '[';
}

/*
 * document_element separates the next array element from the one before.
 */
void
document_element(StringInfo out)
{
	if (follows_another(out))
		appendStringInfoChar(out, ',');
}

void
document_open(StringInfo out, char bracket)
{
	appendStringInfoChar(out, bracket);
}

/*
 * document_open_items opens a list's document and the array of its items.
 */
void
document_open_items(StringInfo out)
{
	appendStringInfoString(out, "{\"items\":[");
}

void
document_close(StringInfo out, char bracket)
{
	appendStringInfoChar(out, bracket);
}

/*
 * document_key starts a member; its value is to be written next.  Keys are the
 * program's own names and need no escaping.
 */
void
document_key(StringInfo out, const char *key)
{
	size_t length = strlen(key);
	char *to;

	enlargeStringInfo(out, length + 4);
	to = out->data + out->len;
	if (follows_another(out))
		*to++ = ',';
	*to++ = '"';
	memcpy(to, key, length);
	to += length;
	*to++ = '"';
	*to++ = ':';
	*to = '\0';
	out->len = to - out->data;
}

/*
 * plain_length is the length of the part of a text before the first character that JSON has
 * to escape.
 */
static size_t
plain_length(const char *value)
{
	const unsigned char *end = (const unsigned char *) value;

	while (*end >= ' ' && *end != '"' && *end != '\\')
		end++;
	return (const char *) end - value;
}

/*
 * document_quoted writes a string value, or null for a NULL pointer.  Most values have nothing
 * to escape, and are copied whole.
 */
void
document_quoted(StringInfo out, const char *value)
{
	size_t length = value ? plain_length(value) : 0;

	if (value == NULL)
		appendBinaryStringInfo(out, "null", 4);
	else if (value[length] != '\0')
		escape_json(out, value);
	else
	{
		appendStringInfoChar(out, '"');
		appendBinaryStringInfo(out, value, length);
		appendStringInfoChar(out, '"');
	}
}

/*
 * document_string writes a member with a string, or null for a NULL pointer.
 */
void
document_string(StringInfo out, const char *key, const char *value)
{
	document_key(out, key);
	document_quoted(out, value);
}

void
document_integer(StringInfo out, const char *key, int64 value)
{
	char digits[MAXINT8LEN + 1];

	document_key(out, key);
	appendBinaryStringInfo(out, digits, pg_lltoa(value, digits));
}

void
document_boolean(StringInfo out, const char *key, bool value)
{
	document_key(out, key);
	if (value)
		appendBinaryStringInfo(out, "true", 4);
	else
		appendBinaryStringInfo(out, "false", 5);
}

/*
 * document_raw writes a member whose value is json text already, or null for a
 * NULL pointer.
 */
void
document_raw(StringInfo out, const char *key, const char *json)
{
	document_key(out, key);
	appendStringInfoString(out, json ? json : "null");
}

/*
 * document_texts writes a member with an array of strings, of text or a domain
 * over it.
 */
void
document_texts(StringInfo out, const char *key, ArrayType *texts)
{
	Datum *elements;
	int count;

	document_key(out, key);
	document_open(out, '[');
	if (ARR_NDIM(texts) > 0)
	{
		deconstruct_array(texts, ARR_ELEMTYPE(texts), -1, false, TYPALIGN_INT, &elements, NULL,
						  &count);
		for (int i = 0; i < count; i++)
		{
			document_element(out);
			document_quoted(out, TextDatumGetCString(elements[i]));
		}
	}
	document_close(out, ']');
}

/*
 * document_milliseconds writes a member with a time in Unix milliseconds.
 */
void
document_milliseconds(StringInfo out, const char *key, TimestampTz time)
{
	document_integer(out, key, milliseconds_of_time(time));
}

/*
 * document_iso writes a member with a time in ISO 8601, UTC, whole seconds; the
 * value DT_NOBEGIN stands for null.
 */
void
document_iso(StringInfo out, const char *key, TimestampTz time)
{
	document_string(out, key, TIMESTAMP_IS_NOBEGIN(time) ? NULL : iso_of_time(time, 'T', true));
}

/*
 * document_link writes a member of _links: {"href": ..., "type": ...}.  The href
 * is formatted like printf; what is put into it must be safe in a path.
 */
void
document_link(StringInfo out, const char *relation, const char *href, ...)
{
	va_list args;

	document_key(out, relation);
	appendStringInfoString(out, "{\"href\":\"");
	va_start(args, href);
	append_formatted(out, href, args);
	va_end(args);
	appendStringInfoString(out, "\",\"type\":\"application/json\"}");
}

/*
 * milliseconds_of_time gives Unix milliseconds, rounded down.
 */
int64
milliseconds_of_time(TimestampTz time)
{
	int64 microseconds = time + ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * USECS_PER_DAY;
	int64 milliseconds = microseconds / 1000;

	if (microseconds % 1000 < 0)
		milliseconds--;
	return milliseconds;
}

/*
 * time_of_milliseconds is the inverse of milliseconds_of_time.  The caller has
 * checked that the value lies in the years 1970 to 9999.
 */
TimestampTz
time_of_milliseconds(int64 milliseconds)
{
	return milliseconds * 1000 -
		   ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * USECS_PER_DAY;
}

/*
 * iso_of_time writes a time in UTC to the second, with the given byte between
 * date and time, and with or without the Z.
 */
char *
iso_of_time(TimestampTz time, char between, bool zone)
{
	struct pg_tm tm;
	fsec_t fraction;

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		elog(ERROR, "time out of range");
	return psprintf("%04d-%02d-%02d%c%02d:%02d:%02d%s", tm.tm_year, tm.tm_mon, tm.tm_mday, between,
					tm.tm_hour, tm.tm_min, tm.tm_sec, zone ? "Z" : "");
}
