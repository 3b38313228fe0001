/*
 * segment.h
 *	  Segments: groups of contexts in an environment, which rules name.
 *
 * Whoever changes a segment holds its environment's payload, and then the environment with FOR
 * NO KEY UPDATE: two changes never make a cycle together, and a copy of the environment waits.  Whoever stores a rule that names a segment holds that one
 * with FOR KEY SHARE, as a foreign key would, so that its deletion finds the rule.
 */
#ifndef FLAGPLANE_SEGMENT_H
#define FLAGPLANE_SEGMENT_H

#include "call/instruction.h"
#include "call/request.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* A value of a clause that names a segment. */
typedef struct SegmentUse
{
	char *key;
	uint32 rule;
	uint32 clause;
	uint32 value;
} SegmentUse;

/* segment.c */
extern void segments_copy(Request *request, int field, const char *environment_id,
						  const char *source_environment_id);

/* segment_use.c: the rules that name segments. */
extern List *segment_uses(Jsonb *rules);
extern void segment_uses_check(Request *request, Violations *violations, const char *attribute,
							   const char *environment_key, const char *own_key, Jsonb *rules);
extern void segment_require_unused(Request *request, const char *segment_key);

/* segment_instructions.c: semantic patches. */
extern const Field segment_semantic_patch_fields[];
extern const InstructionKind segment_instruction_kinds[];
extern Jsonb *segment_apply_instructions(Request *request, Jsonb *patch, Jsonb *document);

#endif /* FLAGPLANE_SEGMENT_H */
