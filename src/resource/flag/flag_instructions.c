/*
 * flag_instructions.c
 *	  Semantic patches of flags: {"environmentKey": ..., "instructions": [...]}.
 *
 * Each instruction changes the flag's document, so that the result is checked by the
 * same rules as that of any other patch.  A new kind has a number, a row in
 * flag_instruction_kinds with its members, and a row in appliers with its function.  One
 * that changes prerequisites or variations must be known to may_concern_others in flag.c,
 * which locks the project for it.
 */
#include "resource/flag/flag.h"
#include "resource/flag/flag_instructions.h"
#include "resource/flag/rule_instructions.h"
#include "resource/resource.h"

#include "call/field.h"
#include "util/jsonb_tree.h"

const Field flag_semantic_patch_fields[] = {
	[SEMANTIC_COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	[SEMANTIC_ENVIRONMENT] = FIELD("environment_key", "environmentKey", FIELD_TEXT),
	[SEMANTIC_INSTRUCTIONS] = FIELD("instructions", "instructions", FIELD_JSON, .required = true,
									.kinds = flag_instruction_kinds),
	FIELDS_END};

static const Operation semantic_patch = {
	.name = "update_flag",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "flag",
	.fields = flag_semantic_patch_fields,
};

enum
{
	TURN_FLAG_ON,
	TURN_FLAG_OFF,
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	ADD_TAGS,
	REMOVE_TAGS,
	ARCHIVE_FLAG,
	RESTORE_FLAG,
	DEPRECATE_FLAG,
	RESTORE_DEPRECATED_FLAG,
	MAKE_FLAG_PERMANENT,
	MAKE_FLAG_TEMPORARY,
	UPDATE_MAINTAINER_MEMBER,
	REMOVE_MAINTAINER,
	TURN_ON_AVAILABILITY,
	TURN_OFF_AVAILABILITY,
	ADD_CUSTOM_PROPERTIES,
	REPLACE_CUSTOM_PROPERTIES,
	REMOVE_CUSTOM_PROPERTIES,
	ADD_VARIATION,
	REMOVE_VARIATION,
	UPDATE_VARIATION,
	UPDATE_DEFAULT_VARIATION,
	ADD_RULE,
	REMOVE_RULE,
	REPLACE_RULES,
	REORDER_RULES,
	UPDATE_RULE_SERVE,
	UPDATE_RULE_DESCRIPTION,
	UPDATE_RULE_TRACK_EVENTS,
	ADD_CLAUSES,
	REMOVE_CLAUSES,
	UPDATE_CLAUSE,
	ADD_VALUES,
	REMOVE_VALUES,
	ADD_TARGETS,
	REMOVE_TARGETS,
	REPLACE_TARGETS,
	CLEAR_TARGETS,
	ADD_USER_TARGETS,
	REMOVE_USER_TARGETS,
	REPLACE_USER_TARGETS,
	CLEAR_USER_TARGETS,
	ADD_PREREQUISITE,
	REMOVE_PREREQUISITE,
	UPDATE_PREREQUISITE,
	REPLACE_PREREQUISITES,
	UPDATE_FALLTHROUGH,
	UPDATE_OFF_VARIATION,
	UPDATE_TRACK_EVENTS,
	UPDATE_TRACK_EVENTS_FALLTHROUGH
};

/* What is served. */
#define SERVED                                                            \
	{"variationId", .type = MEMBER_TEXT, .max = KEY_MAX},                 \
		{"rolloutWeights", .type = MEMBER_JSON, .shape = "integer{}"},    \
		{"rolloutBucketBy", .type = MEMBER_TEXT, .max = DESCRIPTION_MAX}, \
	{                                                                     \
		"rolloutContextKind", .type = MEMBER_TEXT, .max = KEY_MAX         \
	}

#define CONTEXT_KIND                                       \
	{                                                      \
		"contextKind", .type = MEMBER_TEXT, .max = KEY_MAX \
	}
#define TRACK_EVENTS                                           \
	{                                                          \
		"trackEvents", .required = true, .type = MEMBER_SWITCH \
	}

/* What a variation has for people. */
#define VARIATION_TEXTS                                             \
	{"name", .type = MEMBER_NAME, .min = 1, .max = NAME_MAX_CHARS}, \
	{                                                               \
		"description", .type = MEMBER_TEXT, .max = DESCRIPTION_MAX  \
	}

const InstructionKind flag_instruction_kinds[] = {
	[TURN_FLAG_ON] = {"turnFlagOn", {{NULL}}},
	[TURN_FLAG_OFF] = {"turnFlagOff", {{NULL}}},
	[UPDATE_NAME] = {"updateName", {VALUE_MEMBER(MEMBER_NAME, NAME_MAX_CHARS)}},
	[UPDATE_DESCRIPTION] = {"updateDescription", {VALUE_MEMBER(MEMBER_TEXT, DESCRIPTION_MAX)}},
	[ADD_TAGS] = {"addTags", {TEXTS_MEMBER("values")}},
	[REMOVE_TAGS] = {"removeTags", {TEXTS_MEMBER("values")}},
	[ARCHIVE_FLAG] = {"archiveFlag", {{NULL}}},
	[RESTORE_FLAG] = {"restoreFlag", {{NULL}}},
	[DEPRECATE_FLAG] = {"deprecateFlag", {{NULL}}},
	[RESTORE_DEPRECATED_FLAG] = {"restoreDeprecatedFlag", {{NULL}}},
	[MAKE_FLAG_PERMANENT] = {"makeFlagPermanent", {{NULL}}},
	[MAKE_FLAG_TEMPORARY] = {"makeFlagTemporary", {{NULL}}},
	[UPDATE_MAINTAINER_MEMBER] = {"updateMaintainerMember", {ID_MEMBER("value")}},
	[REMOVE_MAINTAINER] = {"removeMaintainer", {{NULL}}},
	[TURN_ON_AVAILABILITY] = {"turnOnClientSideAvailability", {ID_MEMBER("value")}},
	[TURN_OFF_AVAILABILITY] = {"turnOffClientSideAvailability", {ID_MEMBER("value")}},
	[ADD_CUSTOM_PROPERTIES] = {"addCustomProperties",
							   {ID_MEMBER("key"), ID_MEMBER("name"), TEXTS_MEMBER("values")}},
	[REPLACE_CUSTOM_PROPERTIES] = {"replaceCustomProperties",
								   {ID_MEMBER("key"), ID_MEMBER("name"), TEXTS_MEMBER("values")}},
	[REMOVE_CUSTOM_PROPERTIES] = {"removeCustomProperties",
								  {ID_MEMBER("key"), TEXTS_MEMBER("values")}},
	[ADD_VARIATION] = {"addVariation", {JSON_MEMBER("value", "any"), VARIATION_TEXTS}},
	[REMOVE_VARIATION] = {"removeVariation", {ID_MEMBER("variationId")}},
	[UPDATE_VARIATION] = {"updateVariation",
						  {ID_MEMBER("variationId"),
						   {"value", .type = MEMBER_JSON, .shape = "any"},
						   VARIATION_TEXTS}},
	[UPDATE_DEFAULT_VARIATION] = {"updateDefaultVariation",
								  {{"onVariationValue", .type = MEMBER_JSON, .shape = "any"},
								   {"offVariationValue", .type = MEMBER_JSON, .shape = "any"}}},
	[ADD_RULE] = {"addRule",
				  {JSON_MEMBER("clauses", "NewClause[]"),
				   {"beforeRuleId", .type = MEMBER_TEXT, .min = 1, .max = KEY_MAX},
				   SERVED,
				   DESCRIPTION_MEMBER(false)}},
	[REMOVE_RULE] = REMOVE_RULE_KIND,
	[REPLACE_RULES] = {"replaceRules", {JSON_MEMBER("rules", "RuleInstruction[]")}},
	[REORDER_RULES] = REORDER_RULES_KIND,
	[UPDATE_RULE_SERVE] = {"updateRuleVariationOrRollout", {ID_MEMBER("ruleId"), SERVED}},
	[UPDATE_RULE_DESCRIPTION] = RULE_DESCRIPTION_KIND,
	[UPDATE_RULE_TRACK_EVENTS] = {"updateRuleTrackEvents", {ID_MEMBER("ruleId"), TRACK_EVENTS}},
	[ADD_CLAUSES] = ADD_CLAUSES_KIND,
	[REMOVE_CLAUSES] = REMOVE_CLAUSES_KIND,
	[UPDATE_CLAUSE] = UPDATE_CLAUSE_KIND,
	[ADD_VALUES] = ADD_VALUES_KIND,
	[REMOVE_VALUES] = REMOVE_VALUES_KIND,
	[ADD_TARGETS] = {"addTargets",
					 {ID_MEMBER("variationId"), TEXTS_MEMBER("values"), CONTEXT_KIND}},
	[REMOVE_TARGETS] = {"removeTargets",
						{ID_MEMBER("variationId"), TEXTS_MEMBER("values"), CONTEXT_KIND}},
	[REPLACE_TARGETS] = {"replaceTargets", {JSON_MEMBER("targets", "TargetInstruction[]")}},
	[CLEAR_TARGETS] = {"clearTargets", {ID_MEMBER("variationId")}},
	[ADD_USER_TARGETS] = {"addUserTargets", {ID_MEMBER("variationId"), TEXTS_MEMBER("values")}},
	[REMOVE_USER_TARGETS] = {"removeUserTargets",
							 {ID_MEMBER("variationId"), TEXTS_MEMBER("values")}},
	[REPLACE_USER_TARGETS] = {"replaceUserTargets",
							  {JSON_MEMBER("targets", "UserTargetInstruction[]")}},
	[CLEAR_USER_TARGETS] = {"clearUserTargets", {ID_MEMBER("variationId")}},
	[ADD_PREREQUISITE] = {"addPrerequisite", {ID_MEMBER("key"), ID_MEMBER("variationId")}},
	[REMOVE_PREREQUISITE] = {"removePrerequisite", {ID_MEMBER("key")}},
	[UPDATE_PREREQUISITE] = {"updatePrerequisite", {ID_MEMBER("key"), ID_MEMBER("variationId")}},
	[REPLACE_PREREQUISITES] = {"replacePrerequisites",
							   {JSON_MEMBER("prerequisites", "InitialPrerequisite[]")}},
	[UPDATE_FALLTHROUGH] = {"updateFallthroughVariationOrRollout", {SERVED}},
	[UPDATE_OFF_VARIATION] = {"updateOffVariation", {ID_MEMBER("variationId")}},
	[UPDATE_TRACK_EVENTS] = {"updateTrackEvents", {TRACK_EVENTS}},
	[UPDATE_TRACK_EVENTS_FALLTHROUGH] = {"updateTrackEventsFallthrough", {TRACK_EVENTS}},
	{NULL, {{NULL}}}};

/*
 * environment_member is the settings in the environment that the patch is for.  NULL if
 * it names none, or one that does not exist, which is then a violation.
 */
static JsonbValue *
environment_member(SemanticPatch *patch, const Instruction *instruction)
{
	Request *semantic = patch->semantic;
	char *environment_key = request_string(semantic, SEMANTIC_ENVIRONMENT);
	JsonbValue *settings;

	if (environment_key == NULL)
	{
		semantic_violation(patch, instruction, "needs environmentKey beside instructions");
		return NULL;
	}
	settings = tree_member(tree_member(&patch->document, "environments"), environment_key);
	if (settings == NULL && !semantic->broken[SEMANTIC_ENVIRONMENT])
		request_violation(semantic, SEMANTIC_ENVIRONMENT, "is an unknown environment key: %s",
						  environment_key);
	return settings;
}

static void
apply_on(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = environment_member(patch, instruction);

	if (settings)
		semantic_set(settings, "on", semantic_boolean(instruction->kind == TURN_FLAG_ON));
}

/*
 * apply_lifecycle switches what the whole flag has to be true or false.
 */
static void
apply_lifecycle(SemanticPatch *patch, const Instruction *instruction)
{
	static const struct
	{
		const char *name;
		bool value;
	} switches[] = {
		[ARCHIVE_FLAG] = {"archived", true},
		[RESTORE_FLAG] = {"archived", false},
		[DEPRECATE_FLAG] = {"deprecated", true},
		[RESTORE_DEPRECATED_FLAG] = {"deprecated", false},
		[MAKE_FLAG_TEMPORARY] = {"temporary", true},
		[MAKE_FLAG_PERMANENT] = {"temporary", false},
	};

	semantic_set(&patch->document, switches[instruction->kind].name,
				 semantic_boolean(switches[instruction->kind].value));
}

static void
apply_maintainer(SemanticPatch *patch, const Instruction *instruction)
{
	semantic_set(&patch->document, "maintainerId",
				 tree_string(instruction_text(instruction, "value")));
}

static void
apply_remove_maintainer(SemanticPatch *patch, const Instruction *instruction)
{
	int place;

	if (tree_find_member(&patch->document, "maintainerId", strlen("maintainerId"), &place))
		tree_remove_member(&patch->document, place);
}

static void
apply_availability(SemanticPatch *patch, const Instruction *instruction)
{
	static const char *const choices[] = {"usingMobileKey", "usingEnvironmentId", NULL};
	char *value = instruction_text(instruction, "value");

	if (is_one_of(value, choices))
		semantic_set(tree_member(&patch->document, "clientSideAvailability"), value,
					 semantic_boolean(instruction->kind == TURN_ON_AVAILABILITY));
	else
		semantic_violation(patch, instruction, "must have as value one of: %s",
						   list_choices(choices));
}

/*
 * apply_set_property adds values to a custom property, or replaces them.
 */
static void
apply_set_property(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *properties = tree_member(&patch->document, "customProperties");
	char *key = instruction_text(instruction, "key");
	JsonbValue *property;

	if (tree_member(properties, key) == NULL)
		semantic_set(properties, key, semantic_object());
	property = tree_member(properties, key);
	semantic_set(property, "name", tree_string(instruction_text(instruction, "name")));
	if (instruction->kind == REPLACE_CUSTOM_PROPERTIES || tree_member(property, "value") == NULL)
		semantic_set(property, "value", semantic_array());
	values_add(tree_member(property, "value"), instruction_json(instruction, "values"));
}

/*
 * apply_remove_property removes values of a custom property, and the property with its last.
 */
static void
apply_remove_property(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *properties = tree_member(&patch->document, "customProperties");
	char *key = instruction_text(instruction, "key");
	JsonbValue *property = tree_member(properties, key);
	int place;

	if (property == NULL)
		return;
	values_remove(tree_member(property, "value"), instruction_json(instruction, "values"));
	if (tree_member(property, "value")->val.array.nElems == 0 &&
		tree_find_member(properties, key, strlen(key), &place))
		tree_remove_member(properties, place);
}

/*
 * variation_place is the place of the variation with an id; -1 if there is none, which is then
 * a violation.
 */
int
variation_place(SemanticPatch *patch, const Instruction *instruction, const char *id)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	JsonbValue wanted = tree_string(id);

	for (int i = 0; i < variations->val.array.nElems; i++)
	{
		const JsonbValue *its = tree_member(&variations->val.array.elems[i], "_id");

		if (its && trees_equal(its, &wanted))
			return i;
	}
	semantic_violation(patch, instruction, "has as variationId what no variation has as _id");
	return -1;
}

/* How the document is changed by each kind of instruction. */
static const InstructionApplier appliers[] = {
	[TURN_FLAG_ON] = apply_on,
	[TURN_FLAG_OFF] = apply_on,
	[UPDATE_NAME] = apply_update_name,
	[UPDATE_DESCRIPTION] = apply_update_description,
	[ADD_TAGS] = apply_add_tags,
	[REMOVE_TAGS] = apply_remove_tags,
	[ARCHIVE_FLAG] = apply_lifecycle,
	[RESTORE_FLAG] = apply_lifecycle,
	[DEPRECATE_FLAG] = apply_lifecycle,
	[RESTORE_DEPRECATED_FLAG] = apply_lifecycle,
	[MAKE_FLAG_PERMANENT] = apply_lifecycle,
	[MAKE_FLAG_TEMPORARY] = apply_lifecycle,
	[UPDATE_MAINTAINER_MEMBER] = apply_maintainer,
	[REMOVE_MAINTAINER] = apply_remove_maintainer,
	[TURN_ON_AVAILABILITY] = apply_availability,
	[TURN_OFF_AVAILABILITY] = apply_availability,
	[ADD_CUSTOM_PROPERTIES] = apply_set_property,
	[REPLACE_CUSTOM_PROPERTIES] = apply_set_property,
	[REMOVE_CUSTOM_PROPERTIES] = apply_remove_property,
	[ADD_VARIATION] = apply_add_variation,
	[REMOVE_VARIATION] = apply_remove_variation,
	[UPDATE_VARIATION] = apply_update_variation,
	[UPDATE_DEFAULT_VARIATION] = apply_default_variation,
	[ADD_RULE] = apply_add_rule,
	[REMOVE_RULE] = apply_remove_rule,
	[REPLACE_RULES] = apply_replace_rules,
	[REORDER_RULES] = apply_reorder_rules,
	[UPDATE_RULE_SERVE] = apply_rule_serve,
	[UPDATE_RULE_DESCRIPTION] = apply_rule_description,
	[UPDATE_RULE_TRACK_EVENTS] = apply_rule_track_events,
	[ADD_CLAUSES] = apply_add_clauses,
	[REMOVE_CLAUSES] = apply_remove_clauses,
	[UPDATE_CLAUSE] = apply_update_clause,
	[ADD_VALUES] = apply_add_values,
	[REMOVE_VALUES] = apply_remove_values,
	[ADD_TARGETS] = apply_add_targets,
	[REMOVE_TARGETS] = apply_remove_targets,
	[REPLACE_TARGETS] = apply_replace_targets,
	[CLEAR_TARGETS] = apply_clear_targets,
	[ADD_USER_TARGETS] = apply_add_user_targets,
	[REMOVE_USER_TARGETS] = apply_remove_user_targets,
	[REPLACE_USER_TARGETS] = apply_replace_user_targets,
	[CLEAR_USER_TARGETS] = apply_clear_user_targets,
	[ADD_PREREQUISITE] = apply_add_prerequisite,
	[REMOVE_PREREQUISITE] = apply_remove_prerequisite,
	[UPDATE_PREREQUISITE] = apply_update_prerequisite,
	[REPLACE_PREREQUISITES] = apply_replace_prerequisites,
	[UPDATE_FALLTHROUGH] = apply_fallthrough,
	[UPDATE_OFF_VARIATION] = apply_off_variation,
	[UPDATE_TRACK_EVENTS] = apply_track_events,
	[UPDATE_TRACK_EVENTS_FALLTHROUGH] = apply_track_fallthrough,
};

/*
 * flag_apply_instructions is a flag's document after all the instructions of a semantic
 * patch.  It refuses the patch for what is wrong with any of them.
 */
Jsonb *
flag_apply_instructions(Request *request, Jsonb *given, Jsonb *document)
{
	SemanticPatch patch = {.request = request, .settings = environment_member};

	return semantic_patch_apply(&patch, &semantic_patch, given, document, appliers);
}
