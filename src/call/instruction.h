/*
 * instruction.h
 *	  Semantic patches: a list of instructions, each of a kind with its members.
 */
#ifndef FLAGPLANE_INSTRUCTION_H
#define FLAGPLANE_INSTRUCTION_H

#include "call/request.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#define INSTRUCTIONS_MAX	500
#define INSTRUCTION_MEMBERS 8

/* What a member of an instruction is. */
typedef enum InstructionMemberType
{
	MEMBER_TEXT,   /* of min to max characters */
	MEMBER_NAME,   /* the same, in one line that can be seen */
	MEMBER_NUMBER, /* a whole number from min to max */
	MEMBER_TEXTS,  /* a list of strings */
	MEMBER_SWITCH, /* true or false */
	MEMBER_JSON	   /* what shape says */
} InstructionMemberType;

typedef struct InstructionMember
{
	const char *name;
	bool required;
	InstructionMemberType type;
	int32 min;
	int32 max;
	const char *shape; /* of MEMBER_JSON, as openapi_shape.c has it: NewClause[] */
} InstructionMember;

/* A kind of instruction; a list of kinds ends with a NULL name. */
typedef struct InstructionKind
{
	const char *name;
	InstructionMember members[INSTRUCTION_MEMBERS];
} InstructionKind;

/* An instruction as it was given; what is absent is NULL. */
typedef struct Instruction
{
	const InstructionKind *description;
	int kind;	/* which of the kinds */
	int number; /* which of the instructions, from 0 */
	char *texts[INSTRUCTION_MEMBERS];
	int32 numbers[INSTRUCTION_MEMBERS]; /* of a switch, whether it is true */
	Jsonb *jsons[INSTRUCTION_MEMBERS];
} Instruction;

/* A member by its name; NULL if it is absent. */
extern char *instruction_text(const Instruction *instruction, const char *name);
extern Jsonb *instruction_json(const Instruction *instruction, const char *name);

/* One that is required. */
extern int32 instruction_integer(const Instruction *instruction, const char *name);

extern List *instructions_read(Request *request, int field);
extern void instruction_violation(Request *request, int field, int number, const char *reason, ...)
	pg_attribute_printf(4, 5);

#endif /* FLAGPLANE_INSTRUCTION_H */
