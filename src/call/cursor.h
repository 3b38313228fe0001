/*
 * cursor.h
 *	  Opaque cursors: a place in a list, by time and id.
 */
#ifndef FLAGPLANE_CURSOR_H
#define FLAGPLANE_CURSOR_H

#include "call/request.h"

extern char *cursor_text(const char *scope, TimestampTz time, const char *id);
extern void
cursor_read(Request *request, int field, const char *scope, bool (*is_id)(const char *));

#endif /* FLAGPLANE_CURSOR_H */
