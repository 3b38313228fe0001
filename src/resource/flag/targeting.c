/*
 * targeting.c
 *	  The rules of a flag's settings in an environment, which say to whom it serves which
 *	  of its variations, and of who is in a segment.
 *
 * What no SDK could evaluate is refused, by its path.  What a client may leave out is
 * filled in before it is stored: see targeting_defaults.c.
 */
#include "resource/flag/flag.h"

#include "call/field.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
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
 * broken adds a violation of the member at a path.  It is always false, for the caller to
 * return.
 */
static bool
broken(const Targeting *targeting, const char *path, const char *reason)
{
	error_violation(targeting->violations, path, "%s", reason);
	return false;
}

/*
 * elements_of is a member that is an array; NULL if it is absent or something else.
 */
static Jsonb *
elements_of(const Jsonb *object, const char *name)
{
	Jsonb *list = jsonb_member_of(object, name);

	return list && jsonb_is_array(list) ? list : NULL;
}

static Jsonb *
element_of(const Jsonb *list, uint32 index)
{
	return JsonbValueToJsonb(
		getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &list->root), index));
}

static bool
is_variation(const Targeting *targeting, const Jsonb *object, const char *name)
{
	JsonbValue value;
	int32 index;

	return jsonb_member(object, name, &value) && jsonb_integer(&value, &index) && index >= 0 &&
		   index < targeting->variations;
}

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
bool
is_context_kind(const char *text)
{
	return text[0] != '\0' &&
		   strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
			   strlen(text) &&
		   strcmp(text, "kind") != 0 && strcmp(text, "multi") != 0;
}

/*
 * check_object requires that a value is an object of known members.
 */
static bool
check_object(const Targeting *targeting, const char *path, const Jsonb *value,
			 const char *const *members)
{
	char *unknown;

	if (!JB_ROOT_IS_OBJECT(value))
		return broken(targeting, path, "must be an object");
	unknown = jsonb_unknown_key(value, members);
	if (unknown)
		return broken(targeting, psprintf("%s.%s", path, error_word(unknown)),
					  "is not a known member");
	return true;
}

/*
 * check_type requires that a member, which may be absent, is a string or a boolean.
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

static bool
check_variation(const Targeting *targeting, const char *path, const Jsonb *object, const char *name)
{
	if (!is_variation(targeting, object, name))
		return broken(targeting, psprintf("%s.%s", path, name), "must be the index of a variation");
	return true;
}

/*
 * check_kind_member checks a member that is a kind of contexts, which may be absent, and in
 * some objects empty.
 */
static bool
check_kind_member(const Targeting *targeting, const char *path, const Jsonb *object,
				  const char *name, bool may_be_empty)
{
	JsonbValue value;
	char *kind;

	if (!jsonb_member(object, name, &value))
		return true;
	kind = jsonb_string(&value);
	if (kind && (is_context_kind(kind) || (may_be_empty && kind[0] == '\0')))
		return true;
	return broken(targeting, psprintf("%s.%s", path, name),
				  "must be letters, digits, '.', '_' and '-', and neither kind nor multi");
}

/*
 * check_context_kind checks the member contextKind, which may be absent, and in some
 * objects empty.
 */
static bool
check_context_kind(const Targeting *targeting, const char *path, const Jsonb *object,
				   bool may_be_empty)
{
	return check_kind_member(targeting, path, object, "contextKind", may_be_empty);
}

/*
 * check_share checks a share of a rollout, {variation, weight}, and adds its weight to the
 * total.
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

static bool
check_bucket_by(const Targeting *targeting, const char *path, const Jsonb *object)
{
	JsonbValue value;
	char *text;

	if (jsonb_member(object, "bucketBy", &value) &&
		((text = jsonb_string(&value)) == NULL || (text[0] != '\0' && !is_reference(text))))
		return broken(targeting, psprintf("%s.bucketBy", path),
					  "must be a reference to an attribute");
	return true;
}

/*
 * check_bucketing checks the members of a rollout that say how contexts are bucketed.
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
	if (!check_bucket_by(targeting, path, rollout))
		return false;
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
 * check_rollout checks a rollout, {variations: [{variation, weight}], ...}.
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
 * check_serve requires that an object serves either a variation or a rollout.
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

static bool
check_fallthrough(const Targeting *targeting, const char *path, const Jsonb *fallthrough)
{
	static const char *const members[] = {"variation", "rollout", NULL};

	return check_object(targeting, path, fallthrough, members) &&
		   check_serve(targeting, path, fallthrough);
}

/*
 * check_target checks a target, {values: [...], variation}.
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
 * check_context_target checks an entry of contextTargets.  One for users says where that of
 * targets with its variation is tried.
 */
static bool
check_context_target(const Targeting *targeting, const char *path, const Jsonb *target)
{
	if (!check_target(targeting, path, target))
		return false;
	if (target_is_of_users(target) && JB_ROOT_COUNT(elements_of(target, "values")) > 0)
		return broken(targeting, psprintf("%s.values", path),
					  "must be empty: those of users are in targets");
	return true;
}

/*
 * check_prerequisite checks the form of a prerequisite, {key, variation}; whether the
 * flag exists is checked by prerequisites_check.
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
 * check_clause checks a clause.  segmentMatch needs no attribute, but keys of segments.
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

static bool
check_clauses(const Targeting *targeting, const char *path, const Jsonb *rule)
{
	Jsonb *list = elements_of(rule, "clauses");

	if (list == NULL)
		return broken(targeting, psprintf("%s.clauses", path), "must be a list");
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		if (!check_clause(targeting, psprintf("%s.clauses[%u]", path, i), element_of(list, i)))
			return false;
	return true;
}

static bool
check_rule(const Targeting *targeting, const char *path, const Jsonb *rule)
{
	static const char *const members[] = {"_id",	 "variation",	"rollout",
										  "clauses", "trackEvents", "description",
										  "ref",	 "disabled",	NULL};

	if (!check_object(targeting, path, rule, members) || !check_serve(targeting, path, rule) ||
		!check_type(targeting, path, rule, "_id", jbvString) ||
		!check_type(targeting, path, rule, "description", jbvString) ||
		!check_type(targeting, path, rule, "ref", jbvString) ||
		!check_type(targeting, path, rule, "trackEvents", jbvBool) ||
		!check_type(targeting, path, rule, "disabled", jbvBool))
		return false;
	return check_clauses(targeting, path, rule);
}

/*
 * check_list checks a list up to its first element that breaks a rule.
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
 * has_changed tells whether a member must be checked.  What was stored under older rules
 * and has not changed must not prevent a change of the rest.
 */
static bool
has_changed(const Jsonb *before, const Jsonb *configuration, const char *name)
{
	Jsonb *had = before ? jsonb_member_of(before, name) : NULL;
	Jsonb *has = jsonb_member_of(configuration, name);

	return had == NULL || has == NULL || !jsonb_equal(had, has);
}

static void
check_settings(const Targeting *targeting, const char *attribute, const Jsonb *before,
			   const Jsonb *configuration)
{
	static const struct
	{
		const char *name;
		bool (*element)(const Targeting *, const char *, const Jsonb *);
	} lists[] = {{"targets", check_target},
				 {"contextTargets", check_context_target},
				 {"prerequisites", check_prerequisite},
				 {"rules", check_rule}};
	static const char *const switches[] = {"on", "trackEvents", "trackEventsFallthrough"};
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
		if (member == NULL && strcmp(lists[i].name, "contextTargets") != 0)
			broken(targeting, path, "must be a list");
		else if (member && has_changed(before, configuration, lists[i].name))
			check_list(targeting, path, member, lists[i].element);
	}
}

/*
 * targeting_check checks patched settings of a flag with so many variations, and returns
 * as JSON what is to be stored; NULL if there are violations.  Their paths begin with
 * attribute, where the settings are in the flag's document.  Members that are the same
 * before are not checked again, unless before is NULL.
 */
char *
targeting_check(Violations *violations, const char *attribute, Jsonb *before, Jsonb *configuration,
				int variations)
{
	static const char *const members[] = {"on",
										  "fallthrough",
										  "offVariation",
										  "targets",
										  "prerequisites",
										  "trackEvents",
										  "trackEventsFallthrough",
										  "rules",
										  NULL};
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
		Jsonb *member = strcmp(members[i], "targets") == 0
							? targets_join(configuration, variations)
							: jsonb_member_of(configuration, members[i]);

		if (member)
			document_raw(&out, members[i],
						 jsonb_text(targeting_complete(members[i], member, false)));
	}
	document_close(&out, '}');
	if (out.len > JSON_BYTES_MAX && (before == NULL || out.len > (int) strlen(jsonb_text(before))))
		broken(&targeting, attribute, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
	return out.data;
}

/*
 * check_segment_rule checks a rule of a segment, with weight the share of those who match.
 */
static bool
check_segment_rule(const Targeting *targeting, const char *path, const Jsonb *rule)
{
	static const char *const members[] = {"_id",	  "clauses",	 "weight", "rolloutContextKind",
										  "bucketBy", "description", NULL};
	JsonbValue value;
	int32 weight;

	if (!check_object(targeting, path, rule, members) ||
		!check_type(targeting, path, rule, "_id", jbvString) ||
		!check_type(targeting, path, rule, "description", jbvString))
		return false;
	if (jsonb_member(rule, "weight", &value) &&
		(!jsonb_integer(&value, &weight) || weight < 0 || weight > WEIGHTS_TOTAL))
		return broken(targeting, psprintf("%s.weight", path),
					  "must be a whole number from 0 to 100000");
	return check_bucket_by(targeting, path, rule) &&
		   check_kind_member(targeting, path, rule, "rolloutContextKind", true) &&
		   check_clauses(targeting, path, rule);
}

/*
 * check_segment_target checks {values: [...], contextKind}.
 */
static bool
check_segment_target(const Targeting *targeting, const char *path, const Jsonb *target)
{
	static const char *const members[] = {"values", "contextKind", NULL};
	Jsonb *values;

	if (!check_object(targeting, path, target, members))
		return false;
	values = elements_of(target, "values");
	if (values == NULL || !is_strings(values))
		return broken(targeting, psprintf("%s.values", path), "must be a list of strings");
	return check_context_kind(targeting, path, target, true);
}

/*
 * segment_targeting_check checks who is in a segment, and returns as JSON what is to be stored;
 * NULL if there are violations.  Their paths begin with attribute, unless that is NULL.  Members
 * that are the same before are not checked again, unless before is NULL.
 */
char *
segment_targeting_check(Violations *violations, const char *attribute, const Jsonb *before,
						const Jsonb *segment)
{
	static const struct
	{
		const char *name;
		bool (*element)(const Targeting *, const char *, const Jsonb *); /* NULL: a string */
	} lists[] = {{"included", NULL},
				 {"excluded", NULL},
				 {"includedContexts", check_segment_target},
				 {"excludedContexts", check_segment_target},
				 {"rules", check_segment_rule}};
	const Targeting targeting = {violations, 0};
	int count = violations->count;
	StringInfoData out;

	initStringInfo(&out);
	document_open(&out, '{');
	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		const char *name = lists[i].name;
		const char *path = attribute ? psprintf("%s.%s", attribute, name) : name;
		Jsonb *list = jsonb_member_of(segment, name);

		if (list == NULL || !jsonb_is_array(list) || (!lists[i].element && !is_strings(list)))
			broken(&targeting, path,
				   lists[i].element ? "must be a list" : "must be a list of strings");
		else if (lists[i].element && has_changed(before, segment, name))
			check_list(&targeting, path, list, lists[i].element);
		if (violations->count == count)
			document_raw(&out, name, jsonb_text(segment_complete(name, list)));
	}
	document_close(&out, '}');
	return violations->count > count ? NULL : out.data;
}
