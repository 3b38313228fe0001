/*
 * targeting.c
 *	  The rules that a flag's settings in an environment are held to: whom it serves
 *	  which of its variations.
 */
#include "resource/flag/flag.h"

#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/* The weights of a rollout, in thousandths of a percent, add up to this. */
#define WEIGHTS_TOTAL 100000

/* Settings while they are checked. */
typedef struct Targeting
{
	Violations *violations;
	const char *attribute; /* environments.production */
	int variations;		   /* how many the flag has */
} Targeting;

/*
 * broken collects a broken rule of a part of the settings; always false, for the
 * caller to return.
 */
static bool
broken(const Targeting *targeting, const char *part, const char *reason)
{
	error_violation(targeting->violations, targeting->attribute, "%s %s", part, reason);
	return false;
}

/*
 * elements_of is a value as an array; NULL if it is none.
 */
static Jsonb *
elements_of(JsonbValue *value)
{
	Jsonb *list = JsonbValueToJsonb(value);

	return jsonb_is_array(list) ? list : NULL;
}

/*
 * element_of is an element of an array as a document of its own.
 */
static Jsonb *
element_of(const Jsonb *list, uint32 place)
{
	return JsonbValueToJsonb(
		getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), place));
}

/*
 * is_variation tells whether a value is the index of a variation.
 */
static bool
is_variation(const Targeting *targeting, const JsonbValue *value)
{
	int32 index;

	return jsonb_integer(value, &index) && index >= 0 && index < targeting->variations;
}

/*
 * is_strings tells whether a value is a list of strings.
 */
static bool
is_strings(JsonbValue *value)
{
	Jsonb *list = elements_of(value);

	for (uint32 i = 0; list && i < JB_ROOT_COUNT(list); i++)
		if (getIthJsonbValueFromContainer(&list->root, i)->type != jbvString)
			return false;
	return list != NULL;
}

/*
 * check_rollout holds a rollout, {variations: [{variation, weight}], ...}, to its
 * rules.
 */
static bool
check_rollout(const Targeting *targeting, const char *part, JsonbValue *rollout)
{
	static const char *const members[] = {
		"variations", "bucketBy", "contextKind", "experimentAllocation", "kind", "seed", NULL};
	static const char *const shares[] = {"variation", "weight", "untracked", "_untracked", NULL};
	Jsonb *object = JsonbValueToJsonb(rollout);
	JsonbValue value;
	Jsonb *list;
	int64 total = 0;

	if (!JB_ROOT_IS_OBJECT(object) || jsonb_unknown_key(object, members) != NULL ||
		!jsonb_member(object, "variations", &value) || (list = elements_of(&value)) == NULL)
		return broken(targeting, part, "must have a rollout with a list of variations");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *share = element_of(list, i);
		int32 weight;

		if (!JB_ROOT_IS_OBJECT(share) || jsonb_unknown_key(share, shares) != NULL ||
			!jsonb_member(share, "variation", &value) || !is_variation(targeting, &value))
			return broken(targeting, part, "must have the index of a variation in each share");
		if (!jsonb_member(share, "weight", &value) || !jsonb_integer(&value, &weight) ||
			weight < 0 || weight > WEIGHTS_TOTAL)
			return broken(targeting, part, "must have a weight from 0 to 100000 in each share");
		total += weight;
	}
	if (total != WEIGHTS_TOTAL)
		return broken(targeting, part, "must have weights that add up to 100000");
	return true;
}

/*
 * check_serve holds what is served, {variation} or {rollout}, to its rules.
 */
static bool
check_serve(const Targeting *targeting, const char *part, const Jsonb *object)
{
	JsonbValue variation;
	JsonbValue rollout;
	bool has_variation = jsonb_member(object, "variation", &variation);
	bool has_rollout = jsonb_member(object, "rollout", &rollout);

	if (has_variation && has_rollout)
		return broken(
			targeting, part,
			"must have a variation or a rollout, not both; a merge patch takes one away by "
			"null");
	if (!has_variation && !has_rollout)
		return broken(targeting, part, "must have a variation or a rollout");
	if (has_rollout)
		return check_rollout(targeting, part, &rollout);
	if (!is_variation(targeting, &variation))
		return broken(targeting, part, "must have the index of a variation");
	return true;
}

/*
 * check_fallthrough holds what is served to all others to its rules.
 */
static bool
check_fallthrough(const Targeting *targeting, const Jsonb *configuration)
{
	static const char *const members[] = {"variation", "rollout", NULL};
	JsonbValue value;
	Jsonb *object;

	if (!jsonb_member(configuration, "fallthrough", &value))
		return broken(targeting, "fallthrough", "is required");
	object = JsonbValueToJsonb(&value);
	if (!JB_ROOT_IS_OBJECT(object) || jsonb_unknown_key(object, members) != NULL)
		return broken(targeting, "fallthrough", "must be an object with a variation or a rollout");
	return check_serve(targeting, "fallthrough", object);
}

/*
 * check_targets holds the targets, [{values: [...], variation}], to their rules.
 */
static bool
check_targets(const Targeting *targeting, const Jsonb *configuration)
{
	static const char *const members[] = {"values", "variation", "contextKind", NULL};
	JsonbValue value;
	Jsonb *list = jsonb_member(configuration, "targets", &value) ? elements_of(&value) : NULL;

	if (list == NULL)
		return broken(targeting, "targets", "must be a list");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *target = element_of(list, i);

		if (!JB_ROOT_IS_OBJECT(target) || jsonb_unknown_key(target, members) != NULL ||
			!jsonb_member(target, "values", &value) || !is_strings(&value) ||
			!jsonb_member(target, "variation", &value) || !is_variation(targeting, &value))
			return broken(targeting, "targets",
						  "must have a list of strings as values and the index of a variation");
	}
	return true;
}

/*
 * check_prerequisites holds the prerequisites, [{key, variation}], to their form.
 */
static bool
check_prerequisites(const Targeting *targeting, const Jsonb *configuration)
{
	static const char *const members[] = {"key", "variation", NULL};
	JsonbValue value;
	int32 index;
	Jsonb *list = jsonb_member(configuration, "prerequisites", &value) ? elements_of(&value) : NULL;

	if (list == NULL)
		return broken(targeting, "prerequisites", "must be a list");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *prerequisite = element_of(list, i);

		if (!JB_ROOT_IS_OBJECT(prerequisite) || jsonb_unknown_key(prerequisite, members) != NULL ||
			!jsonb_member(prerequisite, "key", &value) || value.type != jbvString ||
			!jsonb_member(prerequisite, "variation", &value) || !jsonb_integer(&value, &index) ||
			index < 0)
			return broken(targeting, "prerequisites",
						  "must have the key of a flag and the index of its variation");
	}
	return true;
}

/*
 * write_members writes the members of an object that are there, and an _id where it
 * has none.
 */
static void
write_members(StringInfo out, const Jsonb *object, const char *const *members)
{
	if (jsonb_member_of(object, "_id") == NULL)
		document_string(out, "_id", uuid_text(random_uuid()->data));
	for (; *members; members++)
	{
		Jsonb *member = jsonb_member_of(object, *members);

		if (member)
			document_raw(out, *members, jsonb_text(member));
	}
}

/*
 * check_clauses holds the clauses of a rule to their rules, and writes them.
 */
static bool
check_clauses(const Targeting *targeting, StringInfo out, const Jsonb *rule)
{
	static const char *const members[] = {"_id",	"contextKind", "attribute", "op",
										  "values", "negate",	   NULL};
	JsonbValue value;
	Jsonb *list = jsonb_member(rule, "clauses", &value) ? elements_of(&value) : NULL;

	if (list == NULL)
		return broken(targeting, "rules", "must have a list of clauses");
	document_key(out, "clauses");
	document_open(out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *clause = element_of(list, i);

		if (!JB_ROOT_IS_OBJECT(clause) || jsonb_unknown_key(clause, members) != NULL ||
			!jsonb_member(clause, "attribute", &value) || value.type != jbvString ||
			!jsonb_member(clause, "op", &value) || value.type != jbvString ||
			!jsonb_member(clause, "values", &value) || elements_of(&value) == NULL ||
			(jsonb_member(clause, "negate", &value) && value.type != jbvBool))
			return broken(targeting, "rules",
						  "must have clauses with attribute and op as strings, values as a list, "
						  "and negate true or false");
		document_element(out);
		document_open(out, '{');
		write_members(out, clause, members);
		document_close(out, '}');
	}
	document_close(out, ']');
	return true;
}

/*
 * check_rules holds the rules of the settings to theirs, and writes them; new rules
 * and clauses get an id.
 */
static bool
check_rules(const Targeting *targeting, StringInfo out, const Jsonb *configuration)
{
	static const char *const known[] = {"_id",	   "variation",	  "rollout",
										"clauses", "trackEvents", "description",
										"ref",	   "disabled",	  NULL};
	static const char *const plain[] = {"_id",		   "variation", "rollout",	"trackEvents",
										"description", "ref",		"disabled", NULL};
	JsonbValue value;
	Jsonb *list = jsonb_member(configuration, "rules", &value) ? elements_of(&value) : NULL;

	if (list == NULL)
		return broken(targeting, "rules", "must be a list");
	document_key(out, "rules");
	document_open(out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *rule = element_of(list, i);

		if (!JB_ROOT_IS_OBJECT(rule) || jsonb_unknown_key(rule, known) != NULL)
			return broken(targeting, "rules", "must hold rules with known members only");
		if (!check_serve(targeting, "rules", rule))
			return false;
		document_element(out);
		document_open(out, '{');
		write_members(out, rule, plain);
		if (!check_clauses(targeting, out, rule))
			return false;
		document_close(out, '}');
	}
	document_close(out, ']');
	return true;
}

/*
 * check_off_variation holds the variation of a flag that is off to being one; it
 * may be absent.
 */
static bool
check_off_variation(const Targeting *targeting, const Jsonb *configuration)
{
	JsonbValue value;

	if (jsonb_member(configuration, "offVariation", &value) && !is_variation(targeting, &value))
		return broken(targeting, "offVariation", "must be the index of a variation");
	return true;
}

/*
 * check_switch holds a member to being true or false.
 */
static bool
check_switch(const Targeting *targeting, const Jsonb *configuration, const char *name)
{
	JsonbValue value;

	if (!jsonb_member(configuration, name, &value) || value.type != jbvBool)
		return broken(targeting, name, "must be true or false");
	return true;
}

/*
 * targeting_check holds patched settings to their rules, given how many variations
 * the flag has, and returns as JSON what is to be stored of them.  What is broken is
 * collected under the attribute, where the settings stand.
 */
char *
targeting_check(Violations *violations, const char *attribute, Jsonb *configuration, int variations)
{
	static const char *const members[] = {
		"on", "fallthrough", "offVariation", "targets", "prerequisites", "trackEvents", NULL};
	const Targeting targeting = {violations, attribute, variations};
	StringInfoData out;

	initStringInfo(&out);
	document_open(&out, '{');
	check_switch(&targeting, configuration, "on");
	check_switch(&targeting, configuration, "trackEvents");
	check_fallthrough(&targeting, configuration);
	check_off_variation(&targeting, configuration);
	check_targets(&targeting, configuration);
	check_prerequisites(&targeting, configuration);
	check_rules(&targeting, &out, configuration);
	for (int i = 0; members[i]; i++)
	{
		Jsonb *member = jsonb_member_of(configuration, members[i]);

		if (member)
			document_raw(&out, members[i], jsonb_text(member));
	}
	document_close(&out, '}');
	return out.data;
}
