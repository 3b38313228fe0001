/*
 * operations.h
 *	  The operations, by number.
 */
#ifndef FLAGPLANE_OPERATIONS_H
#define FLAGPLANE_OPERATIONS_H

#include "call/request.h"

typedef enum OperationId
{
#define OPERATION(name, ...) OP_##name,
#include "operationlist.h"
#undef OPERATION
	OPERATION_COUNT
} OperationId;

extern const Operation operations[OPERATION_COUNT];

#endif /* FLAGPLANE_OPERATIONS_H */
