/*
 * body.h
 *	  A JSON object as the source of an operation's fields.
 */
#ifndef FLAGPLANE_BODY_H
#define FLAGPLANE_BODY_H

#include "call/request.h"
#include "utils/jsonb.h"

extern char *body_read(Request *request, const char *json, int length);
extern void body_read_jsonb(Request *request, Jsonb *object);

#endif /* FLAGPLANE_BODY_H */
