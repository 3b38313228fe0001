/*
 * serve_instructions.c
 *	  Instructions about what a flag serves in an environment, by its rules and otherwise, and
 *	  what of it is tracked.
 */
#include "resource/flag/flag_instructions.h"
#include "resource/flag/rule_instructions.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

/* What is served, as an instruction names it: a variation, or shares of several. */
typedef struct Served
{
	char *variation_id;
	Jsonb *weights;
	char *bucket_by;
	char *context_kind;
} Served;

static Served
served_of_instruction(const Instruction *instruction)
{
	return (Served){instruction_text(instruction, "variationId"),
					instruction_json(instruction, "rolloutWeights"),
					instruction_text(instruction, "rolloutBucketBy"),
					instruction_text(instruction, "rolloutContextKind")};
}

static void
remove_member(JsonbValue *object, const char *name)
{
	int place;

	if (tree_find_member(object, name, strlen(name), &place))
		tree_remove_member(object, place);
}

/*
 * shares_of_weights is the shares of a rollout, in the order of the flag's variations.
 */
static JsonbValue
shares_of_weights(SemanticPatch *patch, const Instruction *instruction, Jsonb *weights)
{
	JsonbValue *variations = tree_member(&patch->document, "variations");
	JsonbValue shares = semantic_array();

	for (int i = 0; i < variations->val.array.nElems; i++)
	{
		JsonbValue *id = tree_member(&variations->val.array.elems[i], "_id");
		JsonbValue share = semantic_object();
		JsonbValue weight;

		/* One that another instruction of the patch adds has no id yet. */
		if (id == NULL || !jsonb_member(weights, jsonb_string(id), &weight))
			continue;
		semantic_set(&share, "variation", semantic_integer(i));
		semantic_set(&share, "weight", weight);
		tree_insert_element(&shares, shares.val.array.nElems, share);
	}
	if (shares.val.array.nElems != (int) JB_ROOT_COUNT(weights))
		semantic_violation(patch, instruction,
						   "has in rolloutWeights what no variation has as _id");
	return shares;
}

static JsonbValue
rollout_of(SemanticPatch *patch, const Instruction *instruction, const Served *served)
{
	JsonbValue rollout = semantic_object();

	semantic_set(&rollout, "variations", shares_of_weights(patch, instruction, served->weights));
	if (served->bucket_by)
		semantic_set(&rollout, "bucketBy", tree_string(served->bucket_by));
	if (served->context_kind)
		semantic_set(&rollout, "contextKind", tree_string(served->context_kind));
	return rollout;
}

/*
 * set_served gives a rule or fallthrough what it serves.
 */
static void
set_served(SemanticPatch *patch, const Instruction *instruction, const Served *served,
		   JsonbValue *object)
{
	int place;

	if ((served->variation_id != NULL) == (served->weights != NULL))
	{
		semantic_violation(patch, instruction, "must have either variationId or rolloutWeights");
		return;
	}
	if (served->weights)
	{
		remove_member(object, "variation");
		semantic_set(object, "rollout", rollout_of(patch, instruction, served));
		return;
	}
	place = variation_place(patch, instruction, served->variation_id);
	if (place < 0)
		return;
	remove_member(object, "rollout");
	semantic_set(object, "variation", semantic_integer(place));
}

static JsonbValue *
rules_of(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);

	return settings ? tree_member(settings, "rules") : NULL;
}

/*
 * apply_add_rule adds a rule before another one, or at the end.
 */
void
apply_add_rule(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = rules_of(patch, instruction);
	Served served = served_of_instruction(instruction);
	char *description = instruction_text(instruction, "description");
	char *before = instruction_text(instruction, "beforeRuleId");
	JsonbValue rule = semantic_object();
	int place;

	if (rules == NULL)
		return;
	place = before ? rule_place(rules, before) : rules->val.array.nElems;
	if (place < 0)
		semantic_violation(patch, instruction, "has as beforeRuleId what no rule has as _id");
	semantic_set(&rule, "clauses", tree_of_jsonb(instruction_json(instruction, "clauses")));
	if (description)
		semantic_set(&rule, "description", tree_string(description));
	set_served(patch, instruction, &served, &rule);
	if (place >= 0)
		tree_insert_element(rules, place, rule);
}

static char *
string_of(const Jsonb *object, const char *name)
{
	JsonbValue value;

	return jsonb_member(object, name, &value) ? jsonb_string(&value) : NULL;
}

/*
 * replacing_rule is a rule as replaceRules has it: with ids of variations instead of indexes.
 */
static JsonbValue
replacing_rule(SemanticPatch *patch, const Instruction *instruction, Jsonb *given)
{
	static const char *const by_id[] = {"variationId", "rolloutWeights", "rolloutBucketBy",
										"rolloutContextKind"};
	Served served = {string_of(given, "variationId"), jsonb_member_of(given, "rolloutWeights"),
					 string_of(given, "rolloutBucketBy"), string_of(given, "rolloutContextKind")};
	JsonbValue rule = tree_of_jsonb(given);

	if (served.weights && !JB_ROOT_IS_OBJECT(served.weights))
		semantic_violation(patch, instruction, "must have an object as rolloutWeights");
	else
		set_served(patch, instruction, &served, &rule);
	for (int i = 0; i < (int) lengthof(by_id); i++)
		remove_member(&rule, by_id[i]);
	return rule;
}

void
apply_replace_rules(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rules = rules_of(patch, instruction);
	Jsonb *given = instruction_json(instruction, "rules");
	JsonbValue replaced = semantic_array();

	if (rules == NULL)
		return;
	for (uint32 i = 0; i < JB_ROOT_COUNT(given); i++)
	{
		Jsonb *rule = JsonbValueToJsonb(getIthJsonbValueFromContainer(&given->root, i));

		if (!JB_ROOT_IS_OBJECT(rule))
			semantic_violation(patch, instruction, "must have a list of objects as rules");
		else
			tree_insert_element(&replaced, replaced.val.array.nElems,
								replacing_rule(patch, instruction, rule));
	}
	*rules = replaced;
}

void
apply_rule_serve(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rule = rule_of_instruction(patch, instruction);
	Served served = served_of_instruction(instruction);

	if (rule)
		set_served(patch, instruction, &served, rule);
}

void
apply_rule_track_events(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *rule = rule_of_instruction(patch, instruction);

	if (rule)
		semantic_set(rule, "trackEvents",
					 semantic_boolean(instruction_integer(instruction, "trackEvents")));
}

void
apply_fallthrough(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	Served served = served_of_instruction(instruction);

	if (settings)
		set_served(patch, instruction, &served, tree_member(settings, "fallthrough"));
}

void
apply_off_variation(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	int place = variation_place(patch, instruction, instruction_text(instruction, "variationId"));

	if (settings && place >= 0)
		semantic_set(settings, "offVariation", semantic_integer(place));
}

static void
set_switch(SemanticPatch *patch, const Instruction *instruction, const char *name)
{
	JsonbValue *settings = patch->settings(patch, instruction);

	if (settings)
		semantic_set(settings, name,
					 semantic_boolean(instruction_integer(instruction, "trackEvents")));
}

void
apply_track_events(SemanticPatch *patch, const Instruction *instruction)
{
	set_switch(patch, instruction, "trackEvents");
}

void
apply_track_fallthrough(SemanticPatch *patch, const Instruction *instruction)
{
	set_switch(patch, instruction, "trackEventsFallthrough");
}
