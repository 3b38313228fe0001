/*
 * segment_instructions.c
 *	  Semantic patches of segments: {"instructions": [...]}.
 *
 * A new kind has a number, a row in segment_instruction_kinds with its members, and a row in
 * appliers with its function.
 */
#include "resource/flag/rule_instructions.h"
#include "resource/resource.h"
#include "resource/segment/segment.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

/* How many keys the instructions of one patch may have, as the service allows. */
#define KEYS_MAX 1500

#define USER "user"

const Field segment_semantic_patch_fields[] = {
	[SEMANTIC_COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	[SEMANTIC_ENVIRONMENT] = FIELD("environment_key", "environmentKey", FIELD_TEXT),
	[SEMANTIC_INSTRUCTIONS] = FIELD("instructions", "instructions", FIELD_JSON, .required = true,
									.kinds = segment_instruction_kinds),
	FIELDS_END};

static const Operation semantic_patch = {
	.name = "update_segment",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "segment",
	.fields = segment_semantic_patch_fields,
};

enum
{
	ADD_INCLUDED_TARGETS,
	ADD_INCLUDED_USERS,
	ADD_EXCLUDED_TARGETS,
	ADD_EXCLUDED_USERS,
	REMOVE_INCLUDED_TARGETS,
	REMOVE_INCLUDED_USERS,
	REMOVE_EXCLUDED_TARGETS,
	REMOVE_EXCLUDED_USERS,
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	ADD_TAGS,
	REMOVE_TAGS,
	ADD_RULE,
	REMOVE_RULE,
	REORDER_RULES,
	UPDATE_RULE_DESCRIPTION,
	UPDATE_RULE_ROLLOUT,
	ADD_CLAUSES,
	REMOVE_CLAUSES,
	UPDATE_CLAUSE,
	ADD_VALUES,
	REMOVE_VALUES
};

#define TARGETS_KIND(name)                                                               \
	{                                                                                    \
		name,                                                                            \
		{                                                                                \
			{"contextKind", .type = MEMBER_TEXT, .max = KEY_MAX}, TEXTS_MEMBER("values") \
		}                                                                                \
	}
#define USERS_KIND(name)           \
	{                              \
		name,                      \
		{                          \
			TEXTS_MEMBER("values") \
		}                          \
	}

const InstructionKind segment_instruction_kinds[] = {
	[ADD_INCLUDED_TARGETS] = TARGETS_KIND("addIncludedTargets"),
	[ADD_INCLUDED_USERS] = USERS_KIND("addIncludedUsers"),
	[ADD_EXCLUDED_TARGETS] = TARGETS_KIND("addExcludedTargets"),
	[ADD_EXCLUDED_USERS] = USERS_KIND("addExcludedUsers"),
	[REMOVE_INCLUDED_TARGETS] = TARGETS_KIND("removeIncludedTargets"),
	[REMOVE_INCLUDED_USERS] = USERS_KIND("removeIncludedUsers"),
	[REMOVE_EXCLUDED_TARGETS] = TARGETS_KIND("removeExcludedTargets"),
	[REMOVE_EXCLUDED_USERS] = USERS_KIND("removeExcludedUsers"),
	[UPDATE_NAME] = {"updateName", {VALUE_MEMBER(MEMBER_NAME, NAME_MAX_CHARS)}},
	[UPDATE_DESCRIPTION] = {"updateDescription", {VALUE_MEMBER(MEMBER_TEXT, DESCRIPTION_MAX)}},
	[ADD_TAGS] = {"addTags", {TEXTS_MEMBER("values")}},
	[REMOVE_TAGS] = {"removeTags", {TEXTS_MEMBER("values")}},
	[ADD_RULE] = {"addRule", {JSON_MEMBER("clauses", "NewClause[]"), DESCRIPTION_MEMBER(false)}},
	[REMOVE_RULE] = REMOVE_RULE_KIND,
	[REORDER_RULES] = REORDER_RULES_KIND,
	[UPDATE_RULE_DESCRIPTION] = RULE_DESCRIPTION_KIND,
	[UPDATE_RULE_ROLLOUT] = {"updateRuleRolloutAndContextKind",
							 {ID_MEMBER("ruleId"),
							  {"weight", .required = true, .type = MEMBER_NUMBER, .max = 100000},
							  {"contextKind", .type = MEMBER_TEXT, .max = KEY_MAX}}},
	[ADD_CLAUSES] = ADD_CLAUSES_KIND,
	[REMOVE_CLAUSES] = REMOVE_CLAUSES_KIND,
	[UPDATE_CLAUSE] = UPDATE_CLAUSE_KIND,
	[ADD_VALUES] = ADD_VALUES_KIND,
	[REMOVE_VALUES] = REMOVE_VALUES_KIND,
	{NULL, {{NULL}}}};

/* The patch of a segment, and how many keys its instructions have had. */
typedef struct SegmentPatch
{
	SemanticPatch patch;
	int keys;
} SegmentPatch;

/* What an instruction about keys changes. */
typedef struct KeyChange
{
	const char *list; /* of the keys of users */
	const char *contexts;
	const char *opposite; /* which must not have the same keys */
	const char *opposite_contexts;
	bool remove;
	bool users; /* and no other kind */
} KeyChange;

#define INCLUDED_OF "included", "includedContexts", "excluded", "excludedContexts"
#define EXCLUDED_OF "excluded", "excludedContexts", "included", "includedContexts"

static const KeyChange key_changes[] = {
	[ADD_INCLUDED_TARGETS] = {INCLUDED_OF, false, false},
	[ADD_INCLUDED_USERS] = {INCLUDED_OF, false, true},
	[ADD_EXCLUDED_TARGETS] = {EXCLUDED_OF, false, false},
	[ADD_EXCLUDED_USERS] = {EXCLUDED_OF, false, true},
	[REMOVE_INCLUDED_TARGETS] = {INCLUDED_OF, true, false},
	[REMOVE_INCLUDED_USERS] = {INCLUDED_OF, true, true},
	[REMOVE_EXCLUDED_TARGETS] = {EXCLUDED_OF, true, false},
	[REMOVE_EXCLUDED_USERS] = {EXCLUDED_OF, true, true},
};

static bool
has_kind(JsonbValue *target, const char *kind)
{
	JsonbValue *value = target->type == jbvObject ? tree_member(target, "contextKind") : NULL;
	JsonbValue wanted = tree_string(kind);

	return value && trees_equal(value, &wanted);
}

/*
 * keys_of_kind is the keys of a kind of contexts in a segment; NULL if there are none.  They
 * are made if make.
 */
static JsonbValue *
keys_of_kind(JsonbValue *segment, const char *list, const char *contexts, const char *kind,
			 bool make)
{
	JsonbValue *targets = tree_member(segment, contexts);
	JsonbValue target = semantic_object();

	if (strcmp(kind, USER) == 0)
		return tree_member(segment, list);
	for (int i = 0; i < targets->val.array.nElems; i++)
		if (has_kind(&targets->val.array.elems[i], kind))
			return tree_member(&targets->val.array.elems[i], "values");
	if (!make)
		return NULL;
	semantic_set(&target, "contextKind", tree_string(kind));
	semantic_set(&target, "values", semantic_array());
	tree_insert_element(targets, targets->val.array.nElems, target);
	return tree_member(&targets->val.array.elems[targets->val.array.nElems - 1], "values");
}

/*
 * drop_empty_targets removes the kinds of contexts that no keys are left of.
 */
static void
drop_empty_targets(JsonbValue *segment, const char *contexts)
{
	JsonbValue *targets = tree_member(segment, contexts);

	for (int i = targets->val.array.nElems - 1; i >= 0; i--)
		if (tree_member(&targets->val.array.elems[i], "values")->val.array.nElems == 0)
			tree_remove_element(targets, i);
}

/*
 * apply_keys adds keys to those that are in the segment, or out of it, or removes them.
 */
static void
apply_keys(SemanticPatch *patch, const Instruction *instruction)
{
	const KeyChange *change = &key_changes[instruction->kind];
	JsonbValue *segment = &patch->document;
	Jsonb *values = instruction_json(instruction, "values");
	char *kind = change->users ? NULL : instruction_text(instruction, "contextKind");
	JsonbValue *keys;
	JsonbValue *others;
	SegmentPatch *counted = (SegmentPatch *) patch;

	if (kind == NULL || kind[0] == '\0')
		kind = USER;
	counted->keys += JB_ROOT_COUNT(values);
	if (counted->keys > KEYS_MAX)
	{
		semantic_violation(patch, instruction, "brings the keys of the patch over %d", KEYS_MAX);
		return;
	}
	keys = keys_of_kind(segment, change->list, change->contexts, kind, !change->remove);
	if (change->remove)
	{
		if (keys)
			values_remove(keys, values);
		drop_empty_targets(segment, change->contexts);
		return;
	}
	values_add(keys, values);
	others = keys_of_kind(segment, change->opposite, change->opposite_contexts, kind, false);
	if (others && values_shared(others, values))
		semantic_violation(patch, instruction, "has a key that would be in %s and in %s",
						   change->list, change->opposite);
}

static void
apply_add_rule(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = tree_member(&patch->document, "rules");
	JsonbValue rule = semantic_object();
	char *description = instruction_text(instruction, "description");

	semantic_set(&rule, "clauses", tree_of_jsonb(instruction_json(instruction, "clauses")));
	if (description)
		semantic_set(&rule, "description", tree_string(description));
	tree_insert_element(rules, rules->val.array.nElems, rule);
}

static void
apply_rule_rollout(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rule = rule_of_instruction(patch, instruction);
	char *kind = instruction_text(instruction, "contextKind");

	if (rule == NULL)
		return;
	semantic_set(rule, "weight", semantic_integer(instruction_integer(instruction, "weight")));
	if (kind)
		semantic_set(rule, "rolloutContextKind", tree_string(kind));
}

/* How the document is changed by each kind of instruction. */
static const InstructionApplier appliers[] = {
	[ADD_INCLUDED_TARGETS] = apply_keys,
	[ADD_INCLUDED_USERS] = apply_keys,
	[ADD_EXCLUDED_TARGETS] = apply_keys,
	[ADD_EXCLUDED_USERS] = apply_keys,
	[REMOVE_INCLUDED_TARGETS] = apply_keys,
	[REMOVE_INCLUDED_USERS] = apply_keys,
	[REMOVE_EXCLUDED_TARGETS] = apply_keys,
	[REMOVE_EXCLUDED_USERS] = apply_keys,
	[UPDATE_NAME] = apply_update_name,
	[UPDATE_DESCRIPTION] = apply_update_description,
	[ADD_TAGS] = apply_add_tags,
	[REMOVE_TAGS] = apply_remove_tags,
	[ADD_RULE] = apply_add_rule,
	[REMOVE_RULE] = apply_remove_rule,
	[REORDER_RULES] = apply_reorder_rules,
	[UPDATE_RULE_DESCRIPTION] = apply_rule_description,
	[UPDATE_RULE_ROLLOUT] = apply_rule_rollout,
	[ADD_CLAUSES] = apply_add_clauses,
	[REMOVE_CLAUSES] = apply_remove_clauses,
	[UPDATE_CLAUSE] = apply_update_clause,
	[ADD_VALUES] = apply_add_values,
	[REMOVE_VALUES] = apply_remove_values,
};

/*
 * whole_document is what has the rules.
 */
static JsonbValue *
whole_document(SemanticPatch *patch, const Instruction *instruction)
{
	return &patch->document;
}

/*
 * segment_apply_instructions is a segment's document after all the instructions of a semantic
 * patch.  It refuses the patch for what is wrong with any of them.
 */
Jsonb *
segment_apply_instructions(Request *request, Jsonb *given, Jsonb *document)
{
	SegmentPatch patch = {.patch = {.request = request, .settings = whole_document}};
	Jsonb *after = semantic_patch_apply(&patch.patch, &semantic_patch, given, document, appliers);
	char *named = request_string(patch.patch.semantic, SEMANTIC_ENVIRONMENT);

	if (named && strcmp(named, request_string(request, 1)) != 0)
		error_raise(ERR_INVALID, "environmentKey is another environment than that of the segment");
	return after;
}
