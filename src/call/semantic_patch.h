/*
 * semantic_patch.h
 *	  Semantic patches of documents: {"environmentKey": ..., "instructions": [...]}.
 *
 * Each instruction changes the document, so that the result is checked by the same rules as
 * that of any other patch.
 */
#ifndef FLAGPLANE_SEMANTIC_PATCH_H
#define FLAGPLANE_SEMANTIC_PATCH_H

#include "call/instruction.h"

/* The fields of a semantic patch, in this order. */
enum
{
	SEMANTIC_COMMENT,
	SEMANTIC_ENVIRONMENT,
	SEMANTIC_INSTRUCTIONS
};

/* A document while instructions change it. */
typedef struct SemanticPatch
{
	Request *request;  /* the call */
	Request *semantic; /* the fields of the patch, and its violations */
	JsonbValue document;

	/* What has the rules; NULL if there is none, which is then a violation. */
	JsonbValue *(*settings)(struct SemanticPatch *patch, const Instruction *instruction);
} SemanticPatch;

/* Changes the document, or collects what is wrong. */
typedef void (*InstructionApplier)(SemanticPatch *patch, const Instruction *instruction);

extern Jsonb *semantic_patch_apply(SemanticPatch *patch, const Operation *operation, Jsonb *given,
								   Jsonb *document, const InstructionApplier *appliers);
extern void semantic_violation(SemanticPatch *patch, const Instruction *instruction,
							   const char *reason, ...) pg_attribute_printf(3, 4);

/* What is done to documents of several kinds. */
extern void semantic_set(JsonbValue *object, const char *name, JsonbValue value);
extern JsonbValue semantic_boolean(bool boolean);
extern JsonbValue semantic_integer(int32 integer);
extern JsonbValue semantic_array(void);
extern JsonbValue semantic_object(void);
extern bool values_shared(const JsonbValue *array, Jsonb *list);
extern void values_add(JsonbValue *array, Jsonb *added);
extern void values_remove(JsonbValue *array, Jsonb *removed);
extern void apply_update_name(SemanticPatch *patch, const Instruction *instruction);
extern void apply_update_description(SemanticPatch *patch, const Instruction *instruction);
extern void apply_add_tags(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_tags(SemanticPatch *patch, const Instruction *instruction);

#endif /* FLAGPLANE_SEMANTIC_PATCH_H */
