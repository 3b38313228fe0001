/*
 * target_instructions.c
 *	  Instructions about contexts that are named one by one.
 *
 * Keys of users are in targets, those of other kinds in contextTargets, where an entry for
 * users without keys stands for that of the same variation in targets.
 */
#include "resource/flag/flag_instructions.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

#define USER "user"

static bool
is_string(const JsonbValue *value, const char *text)
{
	return value && value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		   memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

static bool
is_of_kind(JsonbValue *target, const char *kind)
{
	const JsonbValue *value = tree_member(target, "contextKind");

	if (value == NULL || is_string(value, ""))
		return strcmp(kind, USER) == 0;
	return is_string(value, kind);
}

/*
 * is_target tells whether a target is one of a kind of contexts (NULL: of any) and of a
 * variation (-1: of any).
 */
static bool
is_target(JsonbValue *target, const char *kind, int variation)
{
	const JsonbValue *value = tree_member(target, "variation");
	int32 index;

	return (kind == NULL || is_of_kind(target, kind)) &&
		   (variation < 0 || (value && jsonb_integer(value, &index) && index == variation));
}

static JsonbValue *
list_of_kind(JsonbValue *settings, const char *kind)
{
	return tree_member(settings, strcmp(kind, USER) == 0 ? "targets" : "contextTargets");
}

static void
remove_targets(JsonbValue *list, const char *kind, int variation)
{
	for (int i = list->val.array.nElems - 1; i >= 0; i--)
		if (is_target(&list->val.array.elems[i], kind, variation))
			tree_remove_element(list, i);
}

/*
 * insert_target adds an entry without keys to a list.
 */
static void
insert_target(JsonbValue *list, const char *kind, int variation)
{
	JsonbValue target = semantic_object();

	semantic_set(&target, "contextKind", tree_string(kind));
	semantic_set(&target, "variation", semantic_integer(variation));
	semantic_set(&target, "values", semantic_array());
	tree_insert_element(list, list->val.array.nElems, target);
}

static JsonbValue *
find_target(JsonbValue *list, const char *kind, int variation)
{
	for (int i = 0; i < list->val.array.nElems; i++)
		if (is_target(&list->val.array.elems[i], kind, variation))
			return &list->val.array.elems[i];
	return NULL;
}

/*
 * add_keys names contexts, which no other variation may name too.
 */
static void
add_keys(SemanticPatch *patch, const Instruction *instruction, JsonbValue *settings,
		 const char *kind, int variation, Jsonb *keys)
{
	JsonbValue *list = list_of_kind(settings, kind);
	JsonbValue *order = tree_member(settings, "contextTargets");

	for (int i = 0; i < list->val.array.nElems; i++)
	{
		JsonbValue *target = &list->val.array.elems[i];

		if (is_target(target, kind, -1) && !is_target(target, kind, variation) &&
			values_shared(tree_member(target, "values"), keys))
			semantic_violation(patch, instruction,
							   "has a key that another variation is served to already");
	}
	if (JB_ROOT_COUNT(keys) == 0)
		return;
	if (find_target(list, kind, variation) == NULL)
		insert_target(list, kind, variation);
	if (find_target(order, kind, variation) == NULL)
		insert_target(order, kind, variation);
	values_add(tree_member(find_target(list, kind, variation), "values"), keys);
}

/*
 * kind_or_user is a kind of contexts that may be left out.
 */
static const char *
kind_or_user(const char *kind)
{
	return kind == NULL || kind[0] == '\0' ? USER : kind;
}

static void
add_of_instruction(SemanticPatch *patch, const Instruction *instruction, const char *kind)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	int variation =
		variation_place(patch, instruction, instruction_text(instruction, "variationId"));

	if (settings && variation >= 0)
		add_keys(patch, instruction, settings, kind, variation,
				 instruction_json(instruction, "values"));
}

void
apply_add_targets(SemanticPatch *patch, const Instruction *instruction)
{
	add_of_instruction(patch, instruction,
					   kind_or_user(instruction_text(instruction, "contextKind")));
}

void
apply_add_user_targets(SemanticPatch *patch, const Instruction *instruction)
{
	add_of_instruction(patch, instruction, USER);
}

/*
 * remove_of_instruction removes keys, and an entry that none are left of.
 */
static void
remove_of_instruction(SemanticPatch *patch, const Instruction *instruction, const char *kind)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	int variation =
		variation_place(patch, instruction, instruction_text(instruction, "variationId"));
	JsonbValue *target;
	JsonbValue *list;

	if (settings == NULL || variation < 0)
		return;
	list = list_of_kind(settings, kind);
	target = find_target(list, kind, variation);
	if (target == NULL)
		return;
	values_remove(tree_member(target, "values"), instruction_json(instruction, "values"));
	if (tree_member(target, "values")->val.array.nElems > 0)
		return;
	remove_targets(list, kind, variation);
	remove_targets(tree_member(settings, "contextTargets"), kind, variation);
}

void
apply_remove_targets(SemanticPatch *patch, const Instruction *instruction)
{
	remove_of_instruction(patch, instruction,
						  kind_or_user(instruction_text(instruction, "contextKind")));
}

void
apply_remove_user_targets(SemanticPatch *patch, const Instruction *instruction)
{
	remove_of_instruction(patch, instruction, USER);
}

/*
 * clear removes the entries of a kind (NULL: any) and a variation (-1: any).
 */
static void
clear(JsonbValue *settings, const char *kind, int variation)
{
	remove_targets(tree_member(settings, "targets"), kind, variation);
	remove_targets(tree_member(settings, "contextTargets"), kind, variation);
}

static void
clear_of_instruction(SemanticPatch *patch, const Instruction *instruction, const char *kind)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	int variation =
		variation_place(patch, instruction, instruction_text(instruction, "variationId"));

	if (settings && variation >= 0)
		clear(settings, kind, variation);
}

void
apply_clear_targets(SemanticPatch *patch, const Instruction *instruction)
{
	clear_of_instruction(patch, instruction, NULL);
}

void
apply_clear_user_targets(SemanticPatch *patch, const Instruction *instruction)
{
	clear_of_instruction(patch, instruction, USER);
}

/*
 * is_strings tells whether a value is a list of strings.
 */
static bool
is_strings(const Jsonb *list)
{
	if (list == NULL || !jsonb_is_array(list))
		return false;
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), i)->type !=
			jbvString)
			return false;
	return true;
}

/*
 * add_target adds one of the targets of an instruction, and returns its variation; -1 if it
 * is broken, which is then a violation.  Only targets that may have a kind of contexts may
 * be for others than users.
 */
static int
add_target(SemanticPatch *patch, const Instruction *instruction, JsonbValue *settings,
		   Jsonb *target, bool with_kind)
{
	static const char *const members[] = {"variationId", "values", "contextKind", NULL};
	JsonbValue value;
	char *id = NULL;
	char *kind = NULL;
	int variation;

	if (JB_ROOT_IS_OBJECT(target) && jsonb_member(target, "variationId", &value))
		id = jsonb_string(&value);
	if (id && jsonb_member(target, "contextKind", &value))
		kind = jsonb_string(&value);
	if (id == NULL || jsonb_unknown_key(target, members) != NULL ||
		!is_strings(jsonb_member_of(target, "values")) ||
		(jsonb_member_of(target, "contextKind") && (kind == NULL || !with_kind)))
	{
		semantic_violation(patch, instruction, "must have as targets objects with %s",
						   with_kind ? "variationId, values and at most contextKind"
									 : "variationId and values");
		return -1;
	}
	variation = variation_place(patch, instruction, id);
	if (variation >= 0)
		add_keys(patch, instruction, settings, kind_or_user(kind), variation,
				 jsonb_member_of(target, "values"));
	return variation;
}

/*
 * replace adds the targets of an instruction in place of those that were cleared, and returns
 * which variations they are of.
 */
static Bitmapset *
replace(SemanticPatch *patch, const Instruction *instruction, JsonbValue *settings, bool with_kind)
{
	Jsonb *targets = instruction_json(instruction, "targets");
	Bitmapset *variations = NULL;

	for (uint32 i = 0; i < JB_ROOT_COUNT(targets); i++)
	{
		Jsonb *target = JsonbValueToJsonb(getIthJsonbValueFromContainer(&targets->root, i));
		int variation = add_target(patch, instruction, settings, target, with_kind);

		if (variation >= 0)
			variations = bms_add_member(variations, variation);
	}
	return variations;
}

void
apply_replace_targets(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);

	if (settings == NULL)
		return;
	clear(settings, NULL, -1);
	replace(patch, instruction, settings, true);
}

/*
 * apply_replace_user_targets replaces the keys of users, for every variation.
 */
void
apply_replace_user_targets(SemanticPatch *patch, const Instruction *instruction)
{
	JsonbValue *settings = patch->settings(patch, instruction);
	JsonbValue *variations = tree_member(&patch->document, "variations");

	if (settings == NULL)
		return;
	clear(settings, USER, -1);
	if (bms_num_members(replace(patch, instruction, settings, false)) !=
		variations->val.array.nElems)
		semantic_violation(patch, instruction, "must have a target for each variation");
}
