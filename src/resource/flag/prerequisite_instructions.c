/*
 * prerequisite_instructions.c
 *	  Instructions about the flags that a flag needs, each with one of its variations, which
 *	  they name by its id.
 */
#include "resource/flag/flag.h"
#include "resource/flag/flag_instructions.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

static JsonbValue *
prerequisites_of(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);

	return settings ? tree_member(settings, "prerequisites") : NULL;
}

/*
 * place_of is the place of a flag among prerequisites; -1 if it is not there.
 */
static int
place_of(const JsonbValue *prerequisites, const char *flag_key)
{
	JsonbValue wanted = tree_string(flag_key);

	for (int i = 0; i < prerequisites->val.array.nElems; i++)
	{
		const JsonbValue *key = tree_member(&prerequisites->val.array.elems[i], "key");

		if (key && trees_equal(key, &wanted))
			return i;
	}
	return -1;
}

/*
 * add_prerequisite adds a flag, or changes its variation if it is there.
 */
static void
add_prerequisite(SemanticPatch *patch, const Instruction *instruction, JsonbValue *prerequisites,
				 char *flag_key, const char *variation_id)
{
	int variation = prerequisite_variation(patch->request, flag_key, variation_id);
	int place = place_of(prerequisites, flag_key);
	JsonbValue prerequisite = semantic_object();

	if (variation < 0)
	{
		semantic_violation(patch, instruction,
						   "names flag %s, which is not there or has no such variation",
						   error_word(flag_key));
		return;
	}
	semantic_set(&prerequisite, "key", tree_string(flag_key));
	semantic_set(&prerequisite, "variation", semantic_integer(variation));
	if (place >= 0)
		prerequisites->val.array.elems[place] = prerequisite;
	else
		tree_insert_element(prerequisites, prerequisites->val.array.nElems, prerequisite);
}

void
apply_add_prerequisite(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *prerequisites = prerequisites_of(patch, instruction);

	if (prerequisites)
		add_prerequisite(patch, instruction, prerequisites, instruction_text(instruction, "key"),
						 instruction_text(instruction, "variationId"));
}

/*
 * apply_remove_prerequisite removes a flag, if it is there.
 */
void
apply_remove_prerequisite(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *prerequisites = prerequisites_of(patch, instruction);
	int place = prerequisites ? place_of(prerequisites, instruction_text(instruction, "key")) : -1;

	if (place >= 0)
		tree_remove_element(prerequisites, place);
}

void
apply_update_prerequisite(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *prerequisites = prerequisites_of(patch, instruction);
	char *flag_key = instruction_text(instruction, "key");

	if (prerequisites == NULL)
		return;
	if (place_of(prerequisites, flag_key) < 0)
		semantic_violation(patch, instruction, "has as key that of no prerequisite");
	else
		add_prerequisite(patch, instruction, prerequisites, flag_key,
						 instruction_text(instruction, "variationId"));
}

static char *
string_of(const Jsonb *object, const char *name)
{
	JsonbValue value;

	return JB_ROOT_IS_OBJECT(object) && jsonb_member(object, name, &value) ? jsonb_string(&value)
																		   : NULL;
}

void
apply_replace_prerequisites(SemanticPatch *patch, const Instruction *instruction)
{
	static const char *const members[] = {"key", "variationId", NULL};
	JsonbValue *prerequisites = prerequisites_of(patch, instruction);
	Jsonb *list = instruction_json(instruction, "prerequisites");

	if (prerequisites == NULL)
		return;
	*prerequisites = semantic_array();
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *item = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		char *flag_key = string_of(item, "key");
		char *variation_id = string_of(item, "variationId");

		if (flag_key == NULL || variation_id == NULL || jsonb_unknown_key(item, members) != NULL)
			semantic_violation(patch, instruction,
							   "must have as prerequisites objects with key and variationId");
		else
			add_prerequisite(patch, instruction, prerequisites, flag_key, variation_id);
	}
}
