/*
 * layer.h
 *	  A layer's row and document, for the files that are about layers.
 */
#ifndef FLAGPLANE_LAYER_H
#define FLAGPLANE_LAYER_H

#include "call/instruction.h"
#include "call/request.h"

#define LAYER_COLUMNS "l.key, l.name, l.description, l.created_at, l.randomization_unit, l.id"

typedef struct Layer
{
	char *key;
	char *name;
	char *description;
	TimestampTz created_at;
	char *randomization_unit; /* NULL until the first experiment sets it */
	char *id;
} Layer;

extern const InstructionKind layer_instruction_kinds[];

extern Layer layer_of_row(const Rows *rows, uint64 number);
extern Layer layer_find(Request *request);
extern Layer layer_lock(Request *request, bool for_deletion);
extern void layer_respond(Request *request, const Layer *layer, const char *environment_key);
pg_noreturn extern void layer_missing(Request *request);

#endif /* FLAGPLANE_LAYER_H */
