/*
 * variation_instructions.c
 *	  Instructions about the variations of a flag.
 */
#include "resource/flag/flag_instructions.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

/*
 * set_members gives a variation what an instruction has of it.
 */
static void
set_members(JsonbValue *variation, const Instruction *instruction)
{
	static const char *const texts[] = {"name", "description"};
	Jsonb *value = instruction_json(instruction, "value");

	if (value)
		semantic_set(variation, "value", tree_of_jsonb(value));
	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		char *text = instruction_text(instruction, texts[i]);

		if (text)
			semantic_set(variation, texts[i], tree_string(text));
	}
}

void
apply_add_variation(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	JsonbValue variation = semantic_object();

	set_members(&variation, instruction);
	tree_insert_element(variations, variations->val.array.nElems, variation);
}

/*
 * apply_remove_variation removes the last variation: settings name all of them by their
 * places.
 */
void
apply_remove_variation(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	int place = variation_place(patch, instruction, instruction_text(instruction, "variationId"));

	if (place < 0)
		return;
	if (place < variations->val.array.nElems - 1)
		semantic_violation(patch, instruction, "can remove only the last of the variations");
	else
		tree_remove_element(variations, place);
}

void
apply_update_variation(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	int place = variation_place(patch, instruction, instruction_text(instruction, "variationId"));

	if (place >= 0)
		set_members(&variations->val.array.elems[place], instruction);
}

/*
 * set_default makes the variation with a value one of the defaults.
 */
static void
set_default(SemanticPatch *patch, const Instruction *instruction, const char *name, Jsonb *value)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	JsonbValue wanted;

	if (value == NULL)
		return;
	wanted = tree_of_jsonb(value);
	for (int i = 0; i < variations->val.array.nElems; i++)
		if (trees_equal(tree_member(&variations->val.array.elems[i], "value"), &wanted))
		{
			semantic_set(tree_member(&patch->document, "defaults"), name, semantic_integer(i));
			return;
		}
	semantic_violation(patch, instruction, "has as %sValue what no variation has as value", name);
}

void
apply_default_variation(SemanticPatch *patch, const Instruction *instruction)
{
	set_default(patch, instruction, "onVariation",
				instruction_json(instruction, "onVariationValue"));
	set_default(patch, instruction, "offVariation",
				instruction_json(instruction, "offVariationValue"));
}
