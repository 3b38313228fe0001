/*
 * operations.c
 *	  The table of operations in memory, made from operationlist.h.
 *
 * This file alone names the resources' functions.
 */
#include "operations.h"

#include "resource/resource.h"

const Operation operations[OPERATION_COUNT] = {
#define OPERATION(operation, ...)                     \
	[OP_##operation] = {.name = #operation,           \
						.number = OP_##operation + 1, \
						.fields = operation##_fields, \
						.run = do_##operation,        \
						__VA_ARGS__},
#include "operationlist.h"
#undef OPERATION
};
