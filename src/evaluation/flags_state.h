/*
 * flags_state.h
 *	  All flags, evaluated for a context: what client-side SDKs bootstrap from.
 */
#ifndef FLAGPLANE_FLAGS_STATE_H
#define FLAGPLANE_FLAGS_STATE_H

#include "evaluation/payload.h"

typedef struct FlagsStateOptions
{
	bool client_side_only;
	bool with_reasons;
	bool details_only_for_tracked_flags;
	int64 now; /* in milliseconds: what is debugged until then counts as tracked */
} FlagsStateOptions;

/* Writes down what an evaluation of a flag asks directly: the list of its prerequisites. */
typedef struct DirectPrerequisites
{
	EvaluationTrace trace;
	const CompiledFlag *flag;
	StringInfoData list;
} DirectPrerequisites;

extern void direct_prerequisites_begin(DirectPrerequisites *direct, const CompiledFlag *flag);
extern void direct_prerequisites_write(DirectPrerequisites *direct, StringInfo out);
extern bool evaluation_is_tracked(const CompiledFlag *flag, const Reason *reason);
extern void flags_state_append(StringInfo out, Payload *payload, const AllFlags *all,
							   const Context *context, const FlagsStateOptions *options);

#endif /* FLAGPLANE_FLAGS_STATE_H */
