/*
 * targeting.c
 *	  The rules that a flag's settings in an environment are held to: whom it serves
 *	  which of its variations.
 *
 * What no SDK could evaluate is refused, by its path.  What a client may leave out is
 * filled in, on the way in and, for rows that were stored without, on the way out:
 * readers of documents and SDKs in typed languages rely on it.
 */
#include "resource/flag/flag.h"

#include "call/field.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "utils/builtins.h"

/* The weights of a rollout, in thousandths of a percent, add up to this. */
#define WEIGHTS_TOTAL 100000

/* Settings while they are checked. */
typedef struct Targeting
{
	Violations *violations;
	int variations; /* how many the flag has */
} Targeting;

/*
 * broken collects a broken rule by the path of the fault; always false, for the
 * caller to return.
 */
static bool
broken(const Targeting *targeting, const char *path, const char *reason)
{
	error_violation(targeting->violations, path, "%s", reason);
	return false;
}

/*
 * elements_of is a member that is an array; NULL if it is none.
 */
static Jsonb *
elements_of(const Jsonb *object, const char *name)
{
	Jsonb *list = jsonb_member_of(object, name);

	return list && jsonb_is_array(list) ? list : NULL;
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
 * is_variation tells whether a member is the index of a variation.
 */
static bool
is_variation(const Targeting *targeting, const Jsonb *object, const char *name)
{
	JsonbValue value;
	int32 index;

	return jsonb_member(object, name, &value) && jsonb_integer(&value, &index) && index >= 0 &&
		   index < targeting->variations;
}

/*
 * is_strings tells whether a list holds strings alone.
 */
static bool
is_strings(const Jsonb *list)
{
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), i)->type !=
			jbvString)
			return false;
	return true;
}

/*
 * is_reference tells whether a text is a reference to an attribute: a name, or after
 * a slash the names on the way to it, in which ~1 is a slash and ~0 a tilde.
 */
static bool
is_reference(const char *text)
{
	if (text[0] != '/')
		return text[0] != '\0';
	for (const char *c = text; *c; c++)
		if ((c[0] == '/' && (c[1] == '/' || c[1] == '\0')) ||
			(c[0] == '~' && c[1] != '0' && c[1] != '1'))
			return false;
	return true;
}

/*
 * is_context_kind tells whether a text can be the kind of a single context.
 */
static bool
is_context_kind(const char *text)
{
	return text[0] != '\0' &&
		   strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
			   strlen(text) &&
		   strcmp(text, "kind") != 0 && strcmp(text, "multi") != 0;
}

/*
 * check_object holds a value to being an object of known members.
 */
static bool
check_object(const Targeting *targeting, const char *path, const Jsonb *value,
			 const char *const *members)
{
	char *stranger;

	if (!JB_ROOT_IS_OBJECT(value))
		return broken(targeting, path, "must be an object");
	stranger = jsonb_unknown_key(value, members);
	if (stranger)
		return broken(targeting, psprintf("%s.%s", path, error_word(stranger)),
					  "is not a known member");
	return true;
}

/*
 * check_type holds a member, which may be absent, to being a string or a boolean.
 */
static bool
check_type(const Targeting *targeting, const char *path, const Jsonb *object, const char *name,
		   enum jbvType type)
{
	JsonbValue value;

	if (jsonb_member(object, name, &value) && value.type != type)
		return broken(targeting, psprintf("%s.%s", path, name),
					  type == jbvBool ? "must be true or false" : "must be a string");
	return true;
}

/*
 * check_variation holds a member to being the index of a variation.
 */
static bool
check_variation(const Targeting *targeting, const char *path, const Jsonb *object, const char *name)
{
	if (!is_variation(targeting, object, name))
		return broken(targeting, psprintf("%s.%s", path, name), "must be the index of a variation");
	return true;
}

/*
 * check_context_kind holds the kind of the contexts that are meant, which may be
 * absent, to being one; it may be empty where it says nothing.
 */
static bool
check_context_kind(const Targeting *targeting, const char *path, const Jsonb *object,
				   bool may_be_empty)
{
	JsonbValue value;
	char *kind;

	if (!jsonb_member(object, "contextKind", &value))
		return true;
	kind = jsonb_string(&value);
	if (kind && (is_context_kind(kind) || (may_be_empty && kind[0] == '\0')))
		return true;
	return broken(targeting, psprintf("%s.contextKind", path),
				  "must be letters, digits, '.', '_' and '-', and neither kind nor multi");
}

/*
 * check_share holds a share of a rollout, {variation, weight}, to its rules, and adds
 * its weight.
 */
static bool
check_share(const Targeting *targeting, const char *path, const Jsonb *share, int64 *total)
{
	static const char *const members[] = {"variation", "weight", "untracked", "_untracked", NULL};
	JsonbValue value;
	int32 weight;

	if (!check_object(targeting, path, share, members) ||
		!check_variation(targeting, path, share, "variation") ||
		!check_type(targeting, path, share, "untracked", jbvBool) ||
		!check_type(targeting, path, share, "_untracked", jbvBool))
		return false;
	if (!jsonb_member(share, "weight", &value) || !jsonb_integer(&value, &weight) || weight < 0 ||
		weight > WEIGHTS_TOTAL)
		return broken(targeting, psprintf("%s.weight", path),
					  "must be a whole number from 0 to 100000");
	*total += weight;
	return true;
}

/*
 * check_bucketing holds the members of a rollout that say how contexts come into its
 * buckets to their rules.
 */
static bool
check_bucketing(const Targeting *targeting, const char *path, const Jsonb *rollout)
{
	static const char *const kinds[] = {"rollout", "experiment", NULL};
	static const char *const members[] = {"defaultVariation", "canReshuffle", NULL};
	JsonbValue value;
	char *text;
	int32 seed;
	Jsonb *allocation = jsonb_member_of(rollout, "experimentAllocation");

	if (jsonb_member(rollout, "kind", &value) &&
		((text = jsonb_string(&value)) == NULL || !is_one_of(text, kinds)))
		return broken(targeting, psprintf("%s.kind", path), "must be rollout or experiment");
	if (jsonb_member(rollout, "bucketBy", &value) &&
		((text = jsonb_string(&value)) == NULL || (text[0] != '\0' && !is_reference(text))))
		return broken(targeting, psprintf("%s.bucketBy", path),
					  "must be a reference to an attribute");
	if (jsonb_member(rollout, "seed", &value) && (!jsonb_integer(&value, &seed) || seed < 1))
		return broken(targeting, psprintf("%s.seed", path),
					  "must be a whole number from 1 to 2147483647");
	if (allocation)
	{
		const char *inner = psprintf("%s.experimentAllocation", path);

		if (!check_object(targeting, inner, allocation, members) ||
			!check_variation(targeting, inner, allocation, "defaultVariation") ||
			!check_type(targeting, inner, allocation, "canReshuffle", jbvBool))
			return false;
	}
	return check_context_kind(targeting, path, rollout, false);
}

/*
 * check_rollout holds a rollout, {variations: [{variation, weight}], ...}, to its
 * rules.
 */
static bool
check_rollout(const Targeting *targeting, const char *path, const Jsonb *rollout)
{
	static const char *const members[] = {
		"variations", "bucketBy", "contextKind", "experimentAllocation", "kind", "seed", NULL};
	const char *inner = psprintf("%s.variations", path);
	Jsonb *list;
	int64 total = 0;

	if (!check_object(targeting, path, rollout, members))
		return false;
	list = elements_of(rollout, "variations");
	if (list == NULL)
		return broken(targeting, inner, "must be a list of shares");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (!check_share(targeting, psprintf("%s[%u]", inner, i), element_of(list, i), &total))
			return false;
	if (total != WEIGHTS_TOTAL)
		return broken(targeting, inner, "must have weights that add up to 100000");
	return check_bucketing(targeting, path, rollout);
}

/*
 * check_serve holds what is served, {variation} or {rollout}, to its rules.
 */
static bool
check_serve(const Targeting *targeting, const char *path, const Jsonb *object)
{
	Jsonb *rollout = jsonb_member_of(object, "rollout");

	if ((jsonb_member_of(object, "variation") != NULL) == (rollout != NULL))
		return broken(
			targeting, path,
			rollout ? "has both a variation and a rollout; a merge patch takes one away with null"
					: "must have a variation or a rollout");
	if (rollout)
		return check_rollout(targeting, psprintf("%s.rollout", path), rollout);
	return check_variation(targeting, path, object, "variation");
}

/*
 * check_fallthrough holds what is served to all others to its rules.
 */
static bool
check_fallthrough(const Targeting *targeting, const char *path, const Jsonb *fallthrough)
{
	static const char *const members[] = {"variation", "rollout", NULL};

	return check_object(targeting, path, fallthrough, members) &&
		   check_serve(targeting, path, fallthrough);
}

/*
 * check_target holds a target, {values: [...], variation}, to its rules.
 */
static bool
check_target(const Targeting *targeting, const char *path, const Jsonb *target)
{
	static const char *const members[] = {"values", "variation", "contextKind", NULL};
	Jsonb *values;

	if (!check_object(targeting, path, target, members))
		return false;
	values = elements_of(target, "values");
	if (values == NULL || !is_strings(values))
		return broken(targeting, psprintf("%s.values", path), "must be a list of strings");
	return check_variation(targeting, path, target, "variation") &&
		   check_context_kind(targeting, path, target, true);
}

/*
 * check_prerequisite holds a prerequisite, {key, variation}, to its form.
 */
static bool
check_prerequisite(const Targeting *targeting, const char *path, const Jsonb *prerequisite)
{
	static const char *const members[] = {"key", "variation", NULL};
	JsonbValue value;
	int32 index;

	if (!check_object(targeting, path, prerequisite, members))
		return false;
	if (!jsonb_member(prerequisite, "key", &value) || value.type != jbvString)
		return broken(targeting, psprintf("%s.key", path), "must be the key of a flag");
	if (!jsonb_member(prerequisite, "variation", &value) || !jsonb_integer(&value, &index) ||
		index < 0)
		return broken(targeting, psprintf("%s.variation", path),
					  "must be the index of a variation");
	return true;
}

/*
 * check_clause holds a clause to its rules.  segmentMatch asks nothing of the context
 * itself: it needs no attribute, but names of segments.
 */
static bool
check_clause(const Targeting *targeting, const char *path, const Jsonb *clause)
{
	static const char *const members[] = {"_id",	"contextKind", "attribute", "op",
										  "values", "negate",	   NULL};
	static const char *const operators[] = {
		"in",		"startsWith",	   "endsWith",		 "contains",		   "matches",
		"lessThan", "lessThanOrEqual", "greaterThan",	 "greaterThanOrEqual", "before",
		"after",	"semVerEqual",	   "semVerLessThan", "semVerGreaterThan",  "segmentMatch",
		NULL};
	JsonbValue value;
	char *text;
	bool segments;
	Jsonb *values;

	if (!check_object(targeting, path, clause, members) ||
		!check_type(targeting, path, clause, "_id", jbvString) ||
		!check_type(targeting, path, clause, "negate", jbvBool))
		return false;
	text = jsonb_member(clause, "op", &value) ? jsonb_string(&value) : NULL;
	if (text == NULL || !is_one_of(text, operators))
		return broken(targeting, psprintf("%s.op", path),
					  psprintf("must be one of: %s", list_choices(operators)));
	segments = strcmp(text, "segmentMatch") == 0;
	values = elements_of(clause, "values");
	if (values == NULL)
		return broken(targeting, psprintf("%s.values", path), "must be a list");
	if (segments && !is_strings(values))
		return broken(targeting, psprintf("%s.values", path),
					  "must be a list of the keys of segments");
	if (segments)
		return check_type(targeting, path, clause, "attribute", jbvString) &&
			   check_context_kind(targeting, path, clause, true);
	text = jsonb_member(clause, "attribute", &value) ? jsonb_string(&value) : NULL;
	if (text == NULL || !is_reference(text))
		return broken(targeting, psprintf("%s.attribute", path),
					  "must be a reference to an attribute: a name, or a slash and names with "
					  "slashes between them");
	return check_context_kind(targeting, path, clause, true);
}

/*
 * check_rule holds a rule to its rules.
 */
static bool
check_rule(const Targeting *targeting, const char *path, const Jsonb *rule)
{
	static const char *const members[] = {"_id",	 "variation",	"rollout",
										  "clauses", "trackEvents", "description",
										  "ref",	 "disabled",	NULL};
	Jsonb *list;

	if (!check_object(targeting, path, rule, members) || !check_serve(targeting, path, rule) ||
		!check_type(targeting, path, rule, "_id", jbvString) ||
		!check_type(targeting, path, rule, "description", jbvString) ||
		!check_type(targeting, path, rule, "ref", jbvString) ||
		!check_type(targeting, path, rule, "trackEvents", jbvBool) ||
		!check_type(targeting, path, rule, "disabled", jbvBool))
		return false;
	list = elements_of(rule, "clauses");
	if (list == NULL)
		return broken(targeting, psprintf("%s.clauses", path), "must be a list");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (!check_clause(targeting, psprintf("%s.clauses[%u]", path, i), element_of(list, i)))
			return false;
	return true;
}

/*
 * check_list holds a list to the rules of its elements.
 */
static void
check_list(const Targeting *targeting, const char *path, const Jsonb *list,
		   bool (*check)(const Targeting *, const char *, const Jsonb *))
{
	if (!jsonb_is_array(list))
	{
		broken(targeting, path, "must be a list");
		return;
	}
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (!check(targeting, psprintf("%s[%u]", path, i), element_of(list, i)))
			return;
}

/*
 * has_changed tells whether a member must be held to its rules: those that were in
 * force when it was stored may have been others, and must not keep the rest from
 * being changed.
 */
static bool
has_changed(const Jsonb *before, const Jsonb *configuration, const char *name)
{
	Jsonb *had = before ? jsonb_member_of(before, name) : NULL;
	Jsonb *has = jsonb_member_of(configuration, name);

	return had == NULL || has == NULL || !jsonb_equal(had, has);
}

/*
 * check_settings holds each member of the settings to its rules.
 */
static void
check_settings(const Targeting *targeting, const char *attribute, const Jsonb *before,
			   const Jsonb *configuration)
{
	static const struct
	{
		const char *name;
		bool (*element)(const Targeting *, const char *, const Jsonb *);
	} lists[] = {
		{"targets", check_target}, {"prerequisites", check_prerequisite}, {"rules", check_rule}};
	static const char *const switches[] = {"on", "trackEvents"};
	JsonbValue value;
	Jsonb *member;

	for (int i = 0; i < (int) lengthof(switches); i++)
		if (!jsonb_member(configuration, switches[i], &value) || value.type != jbvBool)
			broken(targeting, psprintf("%s.%s", attribute, switches[i]), "must be true or false");
	member = jsonb_member_of(configuration, "fallthrough");
	if (member == NULL)
		broken(targeting, psprintf("%s.fallthrough", attribute), "is required");
	else if (has_changed(before, configuration, "fallthrough"))
		(void) check_fallthrough(targeting, psprintf("%s.fallthrough", attribute), member);
	if (jsonb_member(configuration, "offVariation", &value))
		(void) check_variation(targeting, attribute, configuration, "offVariation");
	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		char *path = psprintf("%s.%s", attribute, lists[i].name);

		member = jsonb_member_of(configuration, lists[i].name);
		if (member == NULL)
			broken(targeting, path, "must be a list");
		else if (has_changed(before, configuration, lists[i].name))
			check_list(targeting, path, member, lists[i].element);
	}
}

/*
 * fill gives an object a member that it has not, or has as a null or as an empty
 * string that empty says to be as good; true if it did.
 */
static bool
fill(JsonbValue *object, const char *name, JsonbValue value, bool empty)
{
	int place;

	if (tree_find_member(object, name, strlen(name), &place))
	{
		const JsonbValue *had = &object->val.object.pairs[place].value;

		if (had->type != jbvNull && !(empty && had->type == jbvString && had->val.string.len == 0))
			return false;
	}
	tree_set_member(object, name, strlen(name), value);
	return true;
}

/*
 * string_value is a string as a value.
 */
static JsonbValue
string_value(const char *text)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = pstrdup(text);
	value.val.string.len = strlen(text);
	return value;
}

/*
 * fill_id gives an object an id of its own; true if it did.
 */
static bool
fill_id(JsonbValue *object)
{
	int place;

	return (!tree_find_member(object, "_id", 3, &place) ||
			object->val.object.pairs[place].value.type == jbvNull) &&
		   fill(object, "_id", string_value(uuid_text(random_uuid()->data)), false);
}

/*
 * array_member is a member of an object that is an array; NULL if it has none.
 */
static JsonbValue *
array_member(JsonbValue *object, const char *name)
{
	int place;

	if (object->type != jbvObject || !tree_find_member(object, name, strlen(name), &place) ||
		object->val.object.pairs[place].value.type != jbvArray)
		return NULL;
	return &object->val.object.pairs[place].value;
}

/*
 * complete_serve fills in what a rollout leaves out; true if there was anything.
 */
static bool
complete_serve(JsonbValue *object)
{
	int place;

	return object->type == jbvObject && tree_find_member(object, "rollout", 7, &place) &&
		   object->val.object.pairs[place].value.type == jbvObject &&
		   fill(&object->val.object.pairs[place].value, "contextKind", string_value("user"), true);
}

/*
 * complete_target fills in what a target leaves out; true if there was anything.
 */
static bool
complete_target(JsonbValue *target, bool stored)
{
	return target->type == jbvObject && fill(target, "contextKind", string_value("user"), true);
}

/*
 * complete_rule fills in what a rule and its clauses leave out; true if there was
 * anything.
 */
static bool
complete_rule(JsonbValue *rule, bool stored)
{
	static const JsonbValue no = {.type = jbvBool, .val.boolean = false};
	JsonbValue *clauses = array_member(rule, "clauses");
	bool filled;
	int place;

	if (rule->type != jbvObject)
		return false;
	filled = complete_serve(rule);
	for (int i = 0; clauses && i < clauses->val.array.nElems; i++)
	{
		JsonbValue *clause = &clauses->val.array.elems[i];
		bool segments;

		if (clause->type != jbvObject)
			continue;
		segments = tree_find_member(clause, "op", 2, &place) &&
				   clause->val.object.pairs[place].value.type == jbvString &&
				   clause->val.object.pairs[place].value.val.string.len == strlen("segmentMatch") &&
				   memcmp(clause->val.object.pairs[place].value.val.string.val, "segmentMatch",
						  strlen("segmentMatch")) == 0;
		filled |= !stored && fill_id(clause);
		filled |= fill(clause, "negate", no, false);
		filled |= fill(clause, "contextKind", string_value("user"), !segments);
		if (segments)
			filled |= fill(clause, "attribute", string_value(""), false);
	}
	filled |= !stored && fill_id(rule);
	return fill(rule, "trackEvents", no, false) || filled;
}

/*
 * complete_list is a list with what its elements leave out filled in.
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
		filled |= complete(&tree.val.array.elems[i], stored);
	return filled ? JsonbValueToJsonb(&tree) : list;
}

/*
 * targeting_complete is a member of the settings, named as in their document, with
 * what a client may leave out filled in.
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
 * targeting_check holds patched settings to their rules, given how many variations
 * the flag has, and returns as JSON what is to be stored of them.  What is broken is
 * collected by its path, which begins with attribute, where the settings stand.  What
 * they share with those before is held to nothing again, unless before is NULL.
 */
char *
targeting_check(Violations *violations, const char *attribute, Jsonb *before, Jsonb *configuration,
				int variations)
{
	static const char *const members[] = {
		"on",	 "fallthrough", "offVariation", "targets", "prerequisites", "trackEvents",
		"rules", NULL};
	const Targeting targeting = {violations, variations};
	int count = violations->count;
	StringInfoData out;

	check_settings(&targeting, attribute, before, configuration);
	if (violations->count > count)
		return NULL;
	initStringInfo(&out);
	document_open(&out, '{');
	for (int i = 0; members[i]; i++)
	{
		Jsonb *member = jsonb_member_of(configuration, members[i]);

		if (member)
			document_raw(&out, members[i],
						 jsonb_text(targeting_complete(members[i], member, false)));
	}
	document_close(&out, '}');
	if (out.len > JSON_BYTES_MAX && (before == NULL || out.len > (int) strlen(jsonb_text(before))))
		broken(&targeting, attribute, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
	return out.data;
}
