/*
 * instruction.c
 *	  Semantic patches: [{"kind": "updateName", "name": "Checkout"}, ...].
 *
 * All instructions are checked before the first is applied, and a violation names the
 * instruction by its place: instructions[0].
 */
#include "call/instruction.h"

#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "util/visible.h"
#include "mb/pg_wchar.h"

/* The most kinds of instructions there are, and how many a refusal lists. */
#define KINDS_MAX	 128
#define KINDS_LISTED 8

/*
 * instruction_violation collects what is wrong with one of the instructions.
 */
void
instruction_violation(Request *request, int field, int number, const char *reason, ...)
{
	const Field *which = &request->operation->fields[field];
	StringInfoData text;
	va_list args;

	initStringInfo(&text);
	va_start(args, reason);
	append_formatted(&text, reason, args);
	va_end(args);
	error_violation(&request->violations,
					psprintf("%s[%d]", request->rest ? which->json_name : which->name, number),
					"%s", text.data);
	request->broken[field] = true;
}

/*
 * kind_by_name finds a kind; -1 if there is none of that name.
 */
static int
kind_by_name(const InstructionKind *kinds, const char *name)
{
	for (int i = 0; kinds[i].name; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	return -1;
}

/*
 * refuse_kind says which kinds there are; of many, the one that was perhaps meant.
 */
static void
refuse_kind(Request *request, int field, const InstructionKind *kinds, int number, char *name)
{
	const char *names[KINDS_MAX + 1] = {NULL};
	const char *nearest;
	int count = 0;

	for (; kinds[count].name; count++)
		names[count] = kinds[count].name;
	if (count <= KINDS_LISTED)
	{
		instruction_violation(request, field, number, "must have as kind one of: %s",
							  list_choices(names));
		return;
	}
	nearest = name ? nearest_name(name, names) : NULL;
	if (name == NULL)
		instruction_violation(request, field, number, "must have a string as kind");
	else if (nearest)
		instruction_violation(request, field, number,
							  "has as kind %s, which is not known; perhaps %s is meant",
							  error_word(name), nearest);
	else
		instruction_violation(request, field, number, "has as kind %s, which is not known",
							  error_word(name));
}

static void
read_number(Request *request, int field, const InstructionMember *member, const JsonbValue *value,
			Instruction *instruction, int place)
{
	int32 *number = &instruction->numbers[place];

	if (!jsonb_integer(value, number) || *number < member->min || *number > member->max)
		instruction_violation(request, field, instruction->number,
							  "must have a whole number from %d to %d as %s", member->min,
							  member->max, member->name);
}

static void
read_text(Request *request, int field, const InstructionMember *member, const JsonbValue *value,
		  Instruction *instruction, int place)
{
	char *text = jsonb_string(value);
	int length = text ? pg_mbstrlen(text) : 0;
	const char *problem;

	if (text == NULL || length < member->min || length > member->max)
		instruction_violation(request, field, instruction->number,
							  "must have a string of %d to %d characters as %s", member->min,
							  member->max, member->name);
	else if (member->type == MEMBER_NAME && (problem = visible_problem(text)) != NULL)
		instruction_violation(request, field, instruction->number, "%s %s", member->name, problem);
	instruction->texts[place] = text;
}

static void
read_texts(Request *request, int field, const InstructionMember *member, JsonbValue *value,
		   Instruction *instruction, int place)
{
	Jsonb *list = JsonbValueToJsonb(value);
	bool good = jsonb_is_array(list);

	for (uint32 i = 0; good && i < JB_ROOT_COUNT(list); i++)
		good = getIthJsonbValueFromContainer(&list->root, i)->type == jbvString;
	if (!good)
		instruction_violation(request, field, instruction->number,
							  "must have a list of strings as %s", member->name);
	instruction->jsons[place] = list;
}

/*
 * read_json reads a value whose shape says whether it is a list, an object or anything.
 */
static void
read_json(Request *request, int field, const InstructionMember *member, JsonbValue *value,
		  Instruction *instruction, int place)
{
	Jsonb *json = JsonbValueToJsonb(value);
	const char *end = member->shape + strlen(member->shape);
	bool list = end[-1] == ']';

	if (strcmp(member->shape, "any") == 0 ||
		(list ? jsonb_is_array(json) : JB_ROOT_IS_OBJECT(json)))
		instruction->jsons[place] = json;
	else
		instruction_violation(request, field, instruction->number, "must have %s as %s",
							  list ? "a list" : "an object", member->name);
}

static void
read_switch(Request *request, int field, const InstructionMember *member, const JsonbValue *value,
			Instruction *instruction, int place)
{
	if (value->type == jbvBool)
		instruction->numbers[place] = value->val.boolean;
	else
		instruction_violation(request, field, instruction->number, "must have true or false as %s",
							  member->name);
}

/*
 * read_member reads a member by its type.
 */
static void
read_member(Request *request, int field, const InstructionMember *member, JsonbValue *value,
			Instruction *instruction, int place)
{
	switch (member->type)
	{
		case MEMBER_TEXT:
		case MEMBER_NAME:
			read_text(request, field, member, value, instruction, place);
			break;
		case MEMBER_NUMBER:
			read_number(request, field, member, value, instruction, place);
			break;
		case MEMBER_TEXTS:
			read_texts(request, field, member, value, instruction, place);
			break;
		case MEMBER_SWITCH:
			read_switch(request, field, member, value, instruction, place);
			break;
		case MEMBER_JSON:
			read_json(request, field, member, value, instruction, place);
			break;
	}
}

/*
 * read_members reads what an instruction has besides its kind.
 */
static void
read_members(Request *request, int field, const InstructionKind *kind, const Jsonb *object,
			 Instruction *instruction)
{
	const char *known[INSTRUCTION_MEMBERS + 2] = {"kind"};
	char *unknown;

	for (int i = 0; i < INSTRUCTION_MEMBERS && kind->members[i].name; i++)
	{
		const InstructionMember *member = &kind->members[i];
		JsonbValue value;

		known[i + 1] = member->name;
		if (!jsonb_member(object, member->name, &value))
		{
			if (member->required)
				instruction_violation(request, field, instruction->number, "must have %s for %s",
									  member->name, kind->name);
		}
		else
			read_member(request, field, member, &value, instruction, i);
	}
	unknown = jsonb_unknown_key(object, known);
	if (unknown)
		instruction_violation(request, field, instruction->number, "has an unknown member %s",
							  unknown);
}

/*
 * read_instruction reads one of the instructions; NULL if its kind is not known.
 */
static Instruction *
read_instruction(Request *request, int field, const InstructionKind *kinds, JsonbValue *element,
				 int number)
{
	Instruction *instruction = palloc0(sizeof(Instruction));
	Jsonb *object = JsonbValueToJsonb(element);
	JsonbValue value;
	char *name;

	if (!JB_ROOT_IS_OBJECT(object))
	{
		instruction_violation(request, field, number, "must be an object");
		return NULL;
	}
	name = jsonb_member(object, "kind", &value) ? jsonb_string(&value) : NULL;
	instruction->number = number;
	instruction->kind = name ? kind_by_name(kinds, name) : -1;
	if (instruction->kind < 0)
	{
		refuse_kind(request, field, kinds, number, name);
		return NULL;
	}
	instruction->description = &kinds[instruction->kind];
	read_members(request, field, instruction->description, object, instruction);
	return instruction;
}

/*
 * instructions_read reads a field with instructions of the kinds that it names, and
 * collects what is wrong with them.  The list has the valid ones.
 */
List *
instructions_read(Request *request, int field)
{
	const InstructionKind *kinds = request->operation->fields[field].kinds;
	List *instructions = NIL;
	Jsonb *list;

	if (!request_given(request, field) || request->broken[field])
		return NIL;
	list = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	if (!jsonb_is_array(list))
		request_violation(request, field, "must be an array of instructions");
	else if (JB_ROOT_COUNT(list) > INSTRUCTIONS_MAX)
		request_violation(request, field, "must have at most %d instructions", INSTRUCTIONS_MAX);
	else
		for (int i = 0; i < (int) JB_ROOT_COUNT(list); i++)
		{
			Instruction *instruction = read_instruction(
				request, field, kinds, getIthJsonbValueFromContainer(&list->root, i), i);

			if (instruction)
				instructions = lappend(instructions, instruction);
		}
	return instructions;
}

/*
 * place_of is the place of a member, which must be one of the instruction's kind.
 */
static int
place_of(const Instruction *instruction, const char *name)
{
	const InstructionMember *members = instruction->description->members;

	for (int i = 0; i < INSTRUCTION_MEMBERS && members[i].name; i++)
		if (strcmp(members[i].name, name) == 0)
			return i;
	elog(ERROR, "instruction %s has no member %s", instruction->description->name, name);
}

char *
instruction_text(const Instruction *instruction, const char *name)
{
	return instruction->texts[place_of(instruction, name)];
}

Jsonb *
instruction_json(const Instruction *instruction, const char *name)
{
	return instruction->jsons[place_of(instruction, name)];
}

int32
instruction_integer(const Instruction *instruction, const char *name)
{
	return instruction->numbers[place_of(instruction, name)];
}
