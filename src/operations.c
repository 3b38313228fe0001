/*
 * operations.c
 *	  The table of operations in memory, made from operationlist.h.
 *
 * This file alone names the resources' functions.
 */
#include "operations.h"

#include "resource/resource.h"

const Operation operations[OPERATION_COUNT] = {
#define ROW(name, method, path, scope, status, dialect, kind, subject, check, precompute) \
	[OP_##name] = {#name,                                                                 \
				   method,                                                                \
				   path,                                                                  \
				   (scope) & ~WHOLE_ACCOUNT,                                              \
				   ((scope) &WHOLE_ACCOUNT) != 0,                                         \
				   status,                                                                \
				   dialect,                                                               \
				   kind,                                                                  \
				   subject,                                                               \
				   name##_fields,                                                         \
				   check,                                                                 \
				   precompute,                                                            \
				   do_##name,                                                             \
				   OP_##name + 1},
#define OPERATION(name, method, path, scope, status, dialect, kind, subject, check) \
	ROW(name, method, path, scope, status, dialect, kind, subject, check, NULL)
#define PRECOMPUTED(name, method, path, scope, status, dialect, kind, subject, check) \
	ROW(name, method, path, scope, status, dialect, kind, subject, check, precompute_##name)
#include "operationlist.h"
#undef OPERATION
#undef ROW
};
