/*
 * flag_instructions.c
 *	  Semantic patches of flags: {"environmentKey": ..., "instructions": [...]}.
 *
 * Each instruction is a merge patch of the flag's document, so that what comes of
 * them is held to the same rules as any other patch.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/body.h"
#include "call/field.h"
#include "call/instruction.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "util/json_patch.h"
#include "utils/builtins.h"

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
	[INSTRUCTIONS] = {"instructions", "instructions", FIELD_JSON, IN_BODY, true, RULE_NONE, 0, 0,
					  NULL, NULL, .kinds = flag_instruction_kinds},
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
 * merge_text changes the document by a merge patch that is at hand as text.
 */
static Jsonb *
merge_text(Jsonb *document, StringInfo patch)
{
	return json_merge_patch(document, jsonb_of_text(patch->data));
}

/*
 * merge_string gives the document a member that is a string.
 */
static Jsonb *
merge_string(Jsonb *document, const char *name, const char *value)
{
	StringInfoData patch;

	initStringInfo(&patch);
	document_open(&patch, '{');
	document_string(&patch, name, value);
	document_close(&patch, '}');
	return merge_text(document, &patch);
}

/*
 * merge_archived says of the document whether the flag is archived.
 */
static Jsonb *
merge_archived(Jsonb *document, bool archived)
{
	return json_merge_patch(
		document, jsonb_of_text(archived ? "{\"archived\":true}" : "{\"archived\":false}"));
}

/*
 * merge_on turns the flag on or off in an environment of the document.
 */
static Jsonb *
merge_on(Request *semantic, Jsonb *document, const Instruction *instruction, bool on)
{
	char *environment_key = request_string(semantic, ENVIRONMENT);
	StringInfoData patch;
	JsonbValue value;
	Jsonb *environments;

	if (environment_key == NULL)
	{
		instruction_violation(semantic, INSTRUCTIONS, instruction->number,
							  "needs environmentKey beside instructions");
		return document;
	}
	(void) jsonb_member(document, "environments", &value);
	environments = JsonbValueToJsonb(&value);
	if (!jsonb_member(environments, environment_key, &value))
	{
		if (!semantic->broken[ENVIRONMENT])
			request_violation(semantic, ENVIRONMENT, "is an unknown environment key: %s",
							  environment_key);
		return document;
	}
	initStringInfo(&patch);
	document_open(&patch, '{');
	document_key(&patch, "environments");
	document_open(&patch, '{');
	document_key(&patch, environment_key);
	document_open(&patch, '{');
	document_boolean(&patch, "on", on);
	document_close(&patch, '}');
	document_close(&patch, '}');
	document_close(&patch, '}');
	return merge_text(document, &patch);
}

/*
 * holds tells whether an array of strings has one.
 */
static bool
holds(const Jsonb *list, const char *text)
{
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		char *element = jsonb_string(
			getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), i));

		if (element && strcmp(element, text) == 0)
			return true;
	}
	return false;
}

/*
 * append_strings writes the strings of an array, without those of another.
 */
static void
append_strings(StringInfo out, const Jsonb *list, const Jsonb *without)
{
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		char *text = jsonb_string(
			getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), i));

		if (without && holds(without, text))
			continue;
		document_element(out);
		document_quoted(out, text);
	}
}

/*
 * merge_tags adds tags to the document, or removes them.
 */
static Jsonb *
merge_tags(Jsonb *document, const Jsonb *tags, bool add)
{
	StringInfoData patch;
	JsonbValue value;
	Jsonb *had;

	(void) jsonb_member(document, "tags", &value);
	had = JsonbValueToJsonb(&value);
	initStringInfo(&patch);
	document_open(&patch, '{');
	document_key(&patch, "tags");
	document_open(&patch, '[');
	append_strings(&patch, had, add ? NULL : tags);
	if (add)
		append_strings(&patch, tags, had);
	document_close(&patch, ']');
	document_close(&patch, '}');
	return merge_text(document, &patch);
}

/*
 * follow is the document after one instruction.
 */
static Jsonb *
follow(Request *semantic, Jsonb *document, const Instruction *instruction)
{
	switch (instruction->kind)
	{
		case TURN_FLAG_ON:
		case TURN_FLAG_OFF:
			return merge_on(semantic, document, instruction, instruction->kind == TURN_FLAG_ON);
		case UPDATE_NAME:
			return merge_string(document, "name", instruction->texts[0]);
		case UPDATE_DESCRIPTION:
			return merge_string(document, "description", instruction->texts[0]);
		case ADD_TAGS:
		case REMOVE_TAGS:
			return merge_tags(document, instruction->lists[0], instruction->kind == ADD_TAGS);
		default:
			return merge_archived(document, instruction->kind == ARCHIVE_FLAG);
	}
}

/*
 * flag_follow_instructions is a flag's document after the instructions of a semantic
 * patch, all of them.  What is wrong with one of them is raised.
 */
Jsonb *
flag_follow_instructions(Request *request, Jsonb *patch, Jsonb *document)
{
	Request *semantic = palloc0(sizeof(Request));
	char *text = jsonb_text(patch);
	char *problem;
	List *instructions;
	ListCell *cell;

	semantic->operation = &semantic_patch;
	semantic->rest = true;
	semantic->caller = request->caller;
	fields_prepare(semantic);
	problem = body_read(semantic, text, strlen(text));
	if (problem)
		error_raise(ERR_INVALID, "the patch cannot be read: %s", problem);
	fields_collect(semantic);
	instructions = instructions_read(semantic, INSTRUCTIONS);
	if (semantic->violations.count == 0)
		foreach (cell, instructions)
			document = follow(semantic, document, lfirst(cell));
	if (semantic->violations.count > 0)
		error_raise_violations(ERR_INVALID, &semantic->violations);
	request->comment = request_string(semantic, COMMENT);
	return document;
}
