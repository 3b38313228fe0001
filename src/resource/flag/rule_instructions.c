/*
 * rule_instructions.c
 *	  Instructions about rules and their clauses, which flags and segments have alike.
 *
 * What they write is not checked here: the whole document is, once all are applied.
 */
#include "resource/flag/rule_instructions.h"

#include "util/jsonb_tree.h"

static bool
has_id(JsonbValue *object, const char *id)
{
	const JsonbValue *value = object->type == jbvObject ? tree_member(object, "_id") : NULL;

	return value && value->type == jbvString && value->val.string.len == (int) strlen(id) &&
		   memcmp(value->val.string.val, id, value->val.string.len) == 0;
}

/*
 * place_of is the place of the object with an id in an array; -1 if there is none.
 */
static int
place_of(const JsonbValue *array, const char *id)
{
	for (int i = 0; array && array->type == jbvArray && i < array->val.array.nElems; i++)
		if (has_id(&array->val.array.elems[i], id))
			return i;
	return -1;
}

int
rule_place(const JsonbValue *rules, const char *id)
{
	return place_of(rules, id);
}

static JsonbValue *
rules_of_instruction(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);

	return settings ? tree_member(settings, "rules") : NULL;
}

/*
 * rule_of_instruction is the rule that an instruction names by its ruleId; NULL if there is
 * none, which is then a violation.
 */
JsonbValue *
rule_of_instruction(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = rules_of_instruction(patch, instruction);
	int place;

	if (rules == NULL)
		return NULL;
	place = rule_place(rules, instruction_text(instruction, "ruleId"));
	if (place >= 0)
		return &rules->val.array.elems[place];
	semantic_violation(patch, instruction, "has as ruleId what no rule has as _id");
	return NULL;
}

/*
 * clauses_of_instruction is the clauses of the rule that an instruction names.
 */
static JsonbValue *
clauses_of_instruction(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rule = rule_of_instruction(patch, instruction);

	return rule ? tree_member(rule, "clauses") : NULL;
}

/*
 * clause_of_instruction is the clause that an instruction names by its clauseId; NULL if
 * there is none, which is then a violation.
 */
static JsonbValue *
clause_of_instruction(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clauses = clauses_of_instruction(patch, instruction);
	int place;

	if (clauses == NULL)
		return NULL;
	place = place_of(clauses, instruction_text(instruction, "clauseId"));
	if (place >= 0)
		return &clauses->val.array.elems[place];
	semantic_violation(patch, instruction, "has as clauseId what no clause of the rule has as _id");
	return NULL;
}

void
apply_add_clauses(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clauses = clauses_of_instruction(patch, instruction);
	JsonbValue added = tree_of_jsonb(instruction_json(instruction, "clauses"));

	for (int i = 0; clauses && i < added.val.array.nElems; i++)
		tree_insert_element(clauses, clauses->val.array.nElems, added.val.array.elems[i]);
}

void
apply_remove_clauses(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clauses = clauses_of_instruction(patch, instruction);
	JsonbValue ids = tree_of_jsonb(instruction_json(instruction, "clauseIds"));

	for (int i = 0; clauses && i < ids.val.array.nElems; i++)
	{
		const JsonbValue *id = &ids.val.array.elems[i];
		int place = place_of(clauses, pnstrdup(id->val.string.val, id->val.string.len));

		if (place >= 0)
			tree_remove_element(clauses, place);
		else
			semantic_violation(patch, instruction,
							   "has in clauseIds what no clause of the rule has as _id");
	}
}

/*
 * apply_update_clause replaces a clause, which keeps its id.
 */
void
apply_update_clause(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clause = clause_of_instruction(patch, instruction);

	if (clause == NULL)
		return;
	*clause = tree_of_jsonb(instruction_json(instruction, "clause"));
	semantic_set(clause, "_id", tree_string(instruction_text(instruction, "clauseId")));
}

void
apply_add_values(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clause = clause_of_instruction(patch, instruction);

	if (clause)
		values_add(tree_member(clause, "values"), instruction_json(instruction, "values"));
}

void
apply_remove_values(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *clause = clause_of_instruction(patch, instruction);

	if (clause)
		values_remove(tree_member(clause, "values"), instruction_json(instruction, "values"));
}

/*
 * apply_remove_rule removes a rule, if it is there.
 */
void
apply_remove_rule(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = rules_of_instruction(patch, instruction);
	int place = rule_place(rules, instruction_text(instruction, "ruleId"));

	if (place >= 0)
		tree_remove_element(rules, place);
}

/*
 * apply_reorder_rules puts the rules into an order, in which all of them must be.
 */
void
apply_reorder_rules(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = rules_of_instruction(patch, instruction);
	JsonbValue ids = tree_of_jsonb(instruction_json(instruction, "ruleIds"));
	JsonbValue ordered = semantic_array();

	if (rules == NULL)
		return;
	for (int i = 0; i < ids.val.array.nElems; i++)
	{
		const JsonbValue *id = &ids.val.array.elems[i];
		char *text = pnstrdup(id->val.string.val, id->val.string.len);
		int place = rule_place(rules, text);

		if (place >= 0 && rule_place(&ordered, text) < 0)
			tree_insert_element(&ordered, ordered.val.array.nElems, rules->val.array.elems[place]);
	}
	if (ordered.val.array.nElems != rules->val.array.nElems ||
		ordered.val.array.nElems != ids.val.array.nElems)
		semantic_violation(patch, instruction, "must have the _id of every rule once as ruleIds");
	else
		*rules = ordered;
}

void
apply_rule_description(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rule = rule_of_instruction(patch, instruction);

	if (rule)
		semantic_set(rule, "description",
					 tree_string(instruction_text(instruction, "description")));
}
