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

#include "call/body.h"
#include "call/field.h"
#include "call/instruction.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"

enum
{
	COMMENT,
	ENVIRONMENT,
	INSTRUCTIONS
};

const Field flag_semantic_patch_fields[] = {
	[COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	[ENVIRONMENT] = FIELD("environment_key", "environmentKey", FIELD_TEXT),
	[INSTRUCTIONS] = FIELD("instructions", "instructions", FIELD_JSON, .required = true,
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

/* The flag's document while instructions change it. */
typedef struct FlagPatch
{
	Request *semantic; /* the fields of the patch, and its violations */
	JsonbValue document;
} FlagPatch;

static void
set_member(JsonbValue *object, const char *name, JsonbValue value)
{
	tree_set_member(object, name, strlen(name), value);
}

static JsonbValue
boolean_value(bool boolean)
{
	return (JsonbValue){.type = jbvBool, .val.boolean = boolean};
}

/*
 * environment_member is the settings in the environment that the patch is for.  NULL if
 * it names none, or one that does not exist, which is then a violation.
 */
static JsonbValue *
environment_member(FlagPatch *patch, const Instruction *instruction)
{
	Request *semantic = patch->semantic;
	char *environment_key = request_string(semantic, ENVIRONMENT);
	JsonbValue *settings;

	if (environment_key == NULL)
	{
		instruction_violation(semantic, INSTRUCTIONS, instruction->number,
							  "needs environmentKey beside instructions");
		return NULL;
	}
	settings = tree_member(tree_member(&patch->document, "environments"), environment_key);
	if (settings == NULL && !semantic->broken[ENVIRONMENT])
		request_violation(semantic, ENVIRONMENT, "is an unknown environment key: %s",
						  environment_key);
	return settings;
}

static void
apply_on(FlagPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = environment_member(patch, instruction);

	if (settings)
		set_member(settings, "on", boolean_value(instruction->kind == TURN_FLAG_ON));
}

static void
apply_name(FlagPatch *patch, const Instruction *instruction)
{
	set_member(&patch->document, "name", tree_string(instruction->texts[0]));
}

static void
apply_description(FlagPatch *patch, const Instruction *instruction)
{
	set_member(&patch->document, "description", tree_string(instruction->texts[0]));
}

static void
apply_archived(FlagPatch *patch, const Instruction *instruction)
{
	set_member(&patch->document, "archived", boolean_value(instruction->kind == ARCHIVE_FLAG));
}

/*
 * contains tells whether an array of strings has one among its first elements.
 */
static bool
contains(const JsonbValue *array, int count, const JsonbValue *string)
{
	for (int i = 0; i < count; i++)
	{
		const JsonbValue *element = &array->val.array.elems[i];

		if (element->val.string.len == string->val.string.len &&
			memcmp(element->val.string.val, string->val.string.val, string->val.string.len) == 0)
			return true;
	}
	return false;
}

static void
apply_add_tags(FlagPatch *patch, const Instruction *instruction)
{
	JsonbValue *tags = tree_member(&patch->document, "tags");
	JsonbValue added = tree_of_jsonb(instruction->lists[0]);

	for (int i = 0; i < added.val.array.nElems; i++)
		if (!contains(tags, tags->val.array.nElems, &added.val.array.elems[i]))
			tree_insert_element(tags, tags->val.array.nElems, added.val.array.elems[i]);
}

static void
apply_remove_tags(FlagPatch *patch, const Instruction *instruction)
{
	JsonbValue *tags = tree_member(&patch->document, "tags");
	JsonbValue removed = tree_of_jsonb(instruction->lists[0]);

	for (int i = tags->val.array.nElems - 1; i >= 0; i--)
		if (contains(&removed, removed.val.array.nElems, &tags->val.array.elems[i]))
			tree_remove_element(tags, i);
}

/* How the document is changed by each kind of instruction. */
static void (*const appliers[])(FlagPatch *, const Instruction *) = {
	[TURN_FLAG_ON] = apply_on,		 [TURN_FLAG_OFF] = apply_on,
	[UPDATE_NAME] = apply_name,		 [UPDATE_DESCRIPTION] = apply_description,
	[ADD_TAGS] = apply_add_tags,	 [REMOVE_TAGS] = apply_remove_tags,
	[ARCHIVE_FLAG] = apply_archived, [RESTORE_FLAG] = apply_archived,
};

/*
 * read_semantic_patch reads the fields of a semantic patch.
 */
static Request *
read_semantic_patch(Request *request, Jsonb *patch)
{
	Request *semantic = palloc0(sizeof(Request));

	semantic->operation = &semantic_patch;
	semantic->rest = true;
	semantic->caller = request->caller;
	fields_prepare(semantic);
	body_read_jsonb(semantic, patch);
	fields_collect(semantic);
	return semantic;
}

/*
 * flag_apply_instructions is a flag's document after all the instructions of a semantic
 * patch.  It refuses the patch for what is wrong with any of them.
 */
Jsonb *
flag_apply_instructions(Request *request, Jsonb *patch, Jsonb *document)
{
	Request *semantic = read_semantic_patch(request, patch);
	List *instructions = instructions_read(semantic, INSTRUCTIONS);
	FlagPatch applied = {semantic, tree_of_jsonb(document)};
	ListCell *cell;

	if (semantic->violations.count == 0)
		foreach (cell, instructions)
		{
			const Instruction *instruction = lfirst(cell);

			appliers[instruction->kind](&applied, instruction);
		}
	if (semantic->violations.count > 0)
		error_raise_violations(ERR_INVALID, &semantic->violations);
	request->comment = request_string(semantic, COMMENT);
	return JsonbValueToJsonb(&applied.document);
}
