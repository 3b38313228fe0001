/*
 * operations.c
 *	  The table of operations in memory, made from operationlist.h.
 *
 * This file alone names the resources' functions.
 */
#include "operations.h"

#include "resource/resource.h"

const Operation operations[OPERATION_COUNT] = {
#define OPERATION(name, method, path, scope, status, dialect, kind, subject, check) \
	[OP_##name] = {#name, method,  path,		  scope, status,	dialect,        \
				   kind,  subject, name##_fields, check, do_##name, OP_##name + 1},
#include "operationlist.h"
#undef OPERATION
};
