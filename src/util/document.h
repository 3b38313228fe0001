/*
 * document.h
 *	  Writing responses as json text.
 *
 * A document is a few known keys in a known order.  It is written once, as the very text
 * that SQL and PostgREST return and that is stored with the idempotency key.
 */
#ifndef FLAGPLANE_DOCUMENT_H
#define FLAGPLANE_DOCUMENT_H

#include "util/compat.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/array.h"

extern void
append_formatted(StringInfo out, const char *format, va_list args) pg_attribute_printf(2, 0);
extern void document_open(StringInfo out, char bracket);
extern void document_open_items(StringInfo out);
extern void document_close(StringInfo out, char bracket);
extern void document_key(StringInfo out, const char *key);
extern void document_element(StringInfo out);
extern void document_quoted(StringInfo out, const char *value);
extern void document_string(StringInfo out, const char *key, const char *value);
extern void document_integer(StringInfo out, const char *key, int64 value);
extern void document_boolean(StringInfo out, const char *key, bool value);
extern void document_raw(StringInfo out, const char *key, const char *json);
extern void document_texts(StringInfo out, const char *key, ArrayType *texts);
extern void document_milliseconds(StringInfo out, const char *key, TimestampTz time);
extern void document_iso(StringInfo out, const char *key, TimestampTz time);
extern void document_link(StringInfo out, const char *relation, const char *href, ...)
	pg_attribute_printf(3, 4);

extern int64 milliseconds_of_time(TimestampTz time);
extern TimestampTz time_of_milliseconds(int64 milliseconds);
extern char *iso_of_time(TimestampTz time, char between, bool zone);

#endif /* FLAGPLANE_DOCUMENT_H */
