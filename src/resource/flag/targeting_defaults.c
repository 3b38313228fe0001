/*
 * targeting_defaults.c
 *	  What clients may leave out of a flag's settings, filled in.
 *
 * It is filled in before settings are stored, and again when they are read, for rows that
 * were stored without it: readers of documents and SDKs in typed languages need it.
 */
#include "resource/flag/flag.h"

#include "util/jsonb.h"
#include "util/jsonb_tree.h"

static const JsonbValue no = {.type = jbvBool, .val.boolean = false};

static bool
is_string(const JsonbValue *value, const char *text)
{
	return value && value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		   memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/*
 * fill gives an object a member that is absent or null, or an empty string where that
 * counts as absent.  Like the functions below it tells whether it changed anything.
 */
static bool
fill(JsonbValue *object, const char *name, JsonbValue value, bool replace_empty)
{
	const JsonbValue *present = tree_member(object, name);

	if (present && present->type != jbvNull && !(replace_empty && is_string(present, "")))
		return false;
	tree_set_member(object, name, strlen(name), value);
	return true;
}

static bool
fill_id(JsonbValue *object)
{
	const JsonbValue *id = tree_member(object, "_id");

	return (id == NULL || id->type == jbvNull) &&
		   fill(object, "_id", tree_string(uuid_text(random_uuid()->data)), false);
}

/*
 * complete_serve completes the rollout of a rule or of fallthrough.
 */
static bool
complete_serve(JsonbValue *object)
{
	JsonbValue *rollout = tree_member(object, "rollout");

	return rollout && rollout->type == jbvObject &&
		   fill(rollout, "contextKind", tree_string("user"), true);
}

static bool
complete_target(JsonbValue *target, bool stored)
{
	return fill(target, "contextKind", tree_string("user"), true);
}

/*
 * complete_clause completes a clause; its id is not made up for one that is stored.
 */
static bool
complete_clause(JsonbValue *clause, bool stored)
{
	bool segments = is_string(tree_member(clause, "op"), "segmentMatch");
	bool filled = !stored && fill_id(clause);

	filled |= fill(clause, "negate", no, false);
	filled |= fill(clause, "contextKind", tree_string("user"), !segments);
	if (segments)
		filled |= fill(clause, "attribute", tree_string(""), false);
	return filled;
}

static bool
complete_clauses(JsonbValue *rule, bool stored)
{
	bool filled = !stored && fill_id(rule);
	JsonbValue *clauses = tree_member(rule, "clauses"); /* until a member is added to the rule */

	if (clauses && clauses->type == jbvArray)
		for (int i = 0; i < clauses->val.array.nElems; i++)
		{
			JsonbValue *clause = &clauses->val.array.elems[i];

			if (clause->type == jbvObject)
				filled |= complete_clause(clause, stored);
		}
	return filled;
}

static bool
complete_rule(JsonbValue *rule, bool stored)
{
	bool filled = complete_serve(rule);

	filled |= complete_clauses(rule, stored);
	return fill(rule, "trackEvents", no, false) || filled;
}

/*
 * complete_segment_rule completes a rule of a segment, which has no share without a weight.
 */
static bool
complete_segment_rule(JsonbValue *rule, bool stored)
{
	bool filled = complete_clauses(rule, stored);

	if (tree_member(rule, "weight"))
		filled |= fill(rule, "rolloutContextKind", tree_string("user"), true);
	return filled;
}

/*
 * complete_list completes the objects of a list, which is returned as it is if nothing
 * was left out.
 */
static Jsonb *
complete_list(Jsonb *list, bool (*complete)(JsonbValue *, bool), bool stored)
{
	JsonbValue tree;
	bool filled = false;

	if (!jsonb_is_array(list) || JB_ROOT_COUNT(list) == 0)
		return list;
	tree = tree_of_jsonb(list);
	for (int i = 0; i < tree.val.array.nElems; i++)
		if (tree.val.array.elems[i].type == jbvObject)
			filled |= complete(&tree.val.array.elems[i], stored);
	return filled ? JsonbValueToJsonb(&tree) : list;
}

/*
 * targeting_complete is a member of the settings, by its name in their document, with
 * what clients may leave out.
 */
Jsonb *
targeting_complete(const char *name, Jsonb *member, bool stored)
{
	if (strcmp(name, "rules") == 0)
		return complete_list(member, complete_rule, stored);
	if (strcmp(name, "targets") == 0)
		return complete_list(member, complete_target, stored);
	if (strcmp(name, "fallthrough") == 0 && JB_ROOT_IS_OBJECT(member))
	{
		JsonbValue tree = tree_of_jsonb(member);

		return complete_serve(&tree) ? JsonbValueToJsonb(&tree) : member;
	}
	return member;
}

/*
 * segment_complete is a member of a segment, by its name in the document, with what clients
 * may leave out.
 */
Jsonb *
segment_complete(const char *name, Jsonb *member)
{
	if (strcmp(name, "rules") == 0)
		return complete_list(member, complete_segment_rule, false);
	if (strcmp(name, "includedContexts") == 0 || strcmp(name, "excludedContexts") == 0)
		return complete_list(member, complete_target, false);
	return member;
}
