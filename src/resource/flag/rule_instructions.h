/*
 * rule_instructions.h
 *	  Instructions about rules and their clauses, which flags and segments have alike.
 */
#ifndef FLAGPLANE_RULE_INSTRUCTIONS_H
#define FLAGPLANE_RULE_INSTRUCTIONS_H

#include "call/semantic_patch.h"

/* Members that instructions of several kinds have. */
#define ID_MEMBER(id)                                                       \
	{                                                                       \
		id, .required = true, .type = MEMBER_TEXT, .min = 1, .max = KEY_MAX \
	}
#define JSON_MEMBER(member, of_shape)                                    \
	{                                                                    \
		member, .required = true, .type = MEMBER_JSON, .shape = of_shape \
	}
#define TEXTS_MEMBER(member)                           \
	{                                                  \
		member, .required = true, .type = MEMBER_TEXTS \
	}
#define VALUE_MEMBER(value_type, most)                                                           \
	{                                                                                            \
		"value", .required = true, .type = value_type, .min = value_type == MEMBER_NAME ? 1 : 0, \
				 .max = most                                                                     \
	}
#define DESCRIPTION_MEMBER(is_required)                                                     \
	{                                                                                       \
		"description", .required = is_required, .type = MEMBER_TEXT, .max = DESCRIPTION_MAX \
	}

/* The kinds, as rows of a table of kinds. */
#define ADD_CLAUSES_KIND                                               \
	{                                                                  \
		"addClauses",                                                  \
		{                                                              \
			ID_MEMBER("ruleId"), JSON_MEMBER("clauses", "NewClause[]") \
		}                                                              \
	}
#define REMOVE_CLAUSES_KIND                                \
	{                                                      \
		"removeClauses",                                   \
		{                                                  \
			ID_MEMBER("ruleId"), TEXTS_MEMBER("clauseIds") \
		}                                                  \
	}
#define UPDATE_CLAUSE_KIND                                                                 \
	{                                                                                      \
		"updateClause",                                                                    \
		{                                                                                  \
			ID_MEMBER("ruleId"), ID_MEMBER("clauseId"), JSON_MEMBER("clause", "NewClause") \
		}                                                                                  \
	}
#define ADD_VALUES_KIND                                                                \
	{                                                                                  \
		"addValuesToClause",                                                           \
		{                                                                              \
			ID_MEMBER("ruleId"), ID_MEMBER("clauseId"), JSON_MEMBER("values", "any[]") \
		}                                                                              \
	}
#define REMOVE_VALUES_KIND                                                             \
	{                                                                                  \
		"removeValuesFromClause",                                                      \
		{                                                                              \
			ID_MEMBER("ruleId"), ID_MEMBER("clauseId"), JSON_MEMBER("values", "any[]") \
		}                                                                              \
	}
#define REMOVE_RULE_KIND        \
	{                           \
		"removeRule",           \
		{                       \
			ID_MEMBER("ruleId") \
		}                       \
	}
#define REORDER_RULES_KIND          \
	{                               \
		"reorderRules",             \
		{                           \
			TEXTS_MEMBER("ruleIds") \
		}                           \
	}
#define RULE_DESCRIPTION_KIND                             \
	{                                                     \
		"updateRuleDescription",                          \
		{                                                 \
			ID_MEMBER("ruleId"), DESCRIPTION_MEMBER(true) \
		}                                                 \
	}

extern JsonbValue *rule_of_instruction(SemanticPatch *patch, const Instruction *instruction);
extern int rule_place(const JsonbValue *rules, const char *id);

extern void apply_add_clauses(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_clauses(SemanticPatch *patch, const Instruction *instruction);
extern void apply_update_clause(SemanticPatch *patch, const Instruction *instruction);
extern void apply_add_values(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_values(SemanticPatch *patch, const Instruction *instruction);
extern void apply_remove_rule(SemanticPatch *patch, const Instruction *instruction);
extern void apply_reorder_rules(SemanticPatch *patch, const Instruction *instruction);
extern void apply_rule_description(SemanticPatch *patch, const Instruction *instruction);

#endif /* FLAGPLANE_RULE_INSTRUCTIONS_H */
