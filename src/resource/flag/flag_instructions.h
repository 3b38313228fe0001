/*
 * flag_instructions.h
 *	  Instructions of semantic patches of flags, by what they are about.
 */
#ifndef FLAGPLANE_FLAG_INSTRUCTIONS_H
#define FLAGPLANE_FLAG_INSTRUCTIONS_H

#include "call/semantic_patch.h"

/* flag_instructions.c */
extern int variation_place(SemanticPatch *patch, const Instruction *instruction, const char *id);

/* serve_instructions.c: what is served, and whether it is tracked. */
extern void apply_add_rule(SemanticPatch *patch, const Instruction *instruction);
extern void apply_replace_rules(SemanticPatch *patch, const Instruction *instruction);
extern void apply_rule_serve(SemanticPatch *patch, const Instruction *instruction);
extern void apply_rule_track_events(SemanticPatch *patch, const Instruction *instruction);
extern void apply_fallthrough(SemanticPatch *patch, const Instruction *instruction);
extern void apply_off_variation(SemanticPatch *patch, const Instruction *instruction);
extern void apply_track_events(SemanticPatch *patch, const Instruction *instruction);
extern void apply_track_fallthrough(SemanticPatch *patch, const Instruction *instruction);

/* target_instructions.c: contexts that are named one by one. */
extern void apply_add_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_add_user_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_user_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_clear_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_clear_user_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_replace_targets(SemanticPatch *patch, const Instruction *instruction);
extern void apply_replace_user_targets(SemanticPatch *patch, const Instruction *instruction);

/* prerequisite_instructions.c */
extern void apply_add_prerequisite(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_prerequisite(SemanticPatch *patch, const Instruction *instruction);
extern void apply_update_prerequisite(SemanticPatch *patch, const Instruction *instruction);
extern void apply_replace_prerequisites(SemanticPatch *patch, const Instruction *instruction);

/* variation_instructions.c */
extern void apply_add_variation(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_variation(SemanticPatch *patch, const Instruction *instruction);
extern void apply_update_variation(SemanticPatch *patch, const Instruction *instruction);
extern void apply_default_variation(SemanticPatch *patch, const Instruction *instruction);

#endif /* FLAGPLANE_FLAG_INSTRUCTIONS_H */
