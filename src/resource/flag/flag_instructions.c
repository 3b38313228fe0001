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
#include "resource/resource.h"

#include "call/semantic_patch.h"
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
	RESTORE_FLAG
};

const InstructionKind flag_instruction_kinds[] = {
	[TURN_FLAG_ON] = {"turnFlagOn", {{NULL}}},
	[TURN_FLAG_OFF] = {"turnFlagOff", {{NULL}}},
	[UPDATE_NAME] = {"updateName", {{"value", true, MEMBER_NAME, 1, NAME_MAX_CHARS}}},
	[UPDATE_DESCRIPTION] = {"updateDescription",
							{{"value", true, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[ADD_TAGS] = {"addTags", {{"values", true, MEMBER_TEXTS}}},
	[REMOVE_TAGS] = {"removeTags", {{"values", true, MEMBER_TEXTS}}},
	[ARCHIVE_FLAG] = {"archiveFlag", {{NULL}}},
	[RESTORE_FLAG] = {"restoreFlag", {{NULL}}},
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

static void
apply_archived(SemanticPatch *patch, const Instruction *instruction)
{
	semantic_set(&patch->document, "archived", semantic_boolean(instruction->kind == ARCHIVE_FLAG));
}

/* How the document is changed by each kind of instruction. */
static const InstructionApplier appliers[] = {
	[TURN_FLAG_ON] = apply_on,		   [TURN_FLAG_OFF] = apply_on,
	[UPDATE_NAME] = apply_update_name, [UPDATE_DESCRIPTION] = apply_update_description,
	[ADD_TAGS] = apply_add_tags,	   [REMOVE_TAGS] = apply_remove_tags,
	[ARCHIVE_FLAG] = apply_archived,   [RESTORE_FLAG] = apply_archived,
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
