/*
 * nested.h
 *	  Creations within another request: the environments of a new project, several
 *	  members at once.
 */
#ifndef FLAGPLANE_NESTED_H
#define FLAGPLANE_NESTED_H

#include "call/request.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

extern List *nested_read(Request *request, int field, const Operation *creation, Jsonb *list);

#endif /* FLAGPLANE_NESTED_H */
