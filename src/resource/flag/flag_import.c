/*
 * flag_import.c
 *	  A flag in the form that SDKs are sent it, read as what is to be stored.
 *
 * What an SDK takes one way and what is stored says another is brought into the form that
 * is stored: null members, names that are no references, the order of targets.  What could
 * not be evaluated, or is not done here, is refused by its path.
 */
#include "resource/flag/flag_import.h"

#include "resource/flag/flag.h"
#include "resource/flag/sdk_form.h"
#include "resource/segment/segment_import.h"
#include "util/json.h"

/*
 * member_is tells whether a member is absent, null or this number.
 */
static bool
member_is(const Jsonb *object, const char *name, int32 number)
{
	JsonbValue value;
	int32 found;

	return !jsonb_member(object, name, &value) ||
		   (jsonb_integer(&value, &found) && found == number);
}

/*
 * check_undone refuses what SDKs would do with a flag and nothing here asks them to.
 */
static void
check_undone(Violations *violations, const char *path, Jsonb *source)
{
	bool malformed = false;
	Members members = {.object = &source->root, .malformed = &malformed};
	StringView digits;
	JsonbValue value;

	if (!member_is(source, "samplingRatio", 1))
		error_violation(violations, psprintf("%s.samplingRatio", path),
						"must be 1 or absent: events are not thinned out here");
	if (jsonb_member(source, "excludeFromSummaries", &value) &&
		(value.type != jbvBool || value.val.boolean))
		error_violation(violations, psprintf("%s.excludeFromSummaries", path),
						"must be false or absent: no flag is left out of summaries here");
	(void) member_decimal(&members, "debugEventsUntilDate", &digits);
	if (malformed)
		error_violation(violations, psprintf("%s.debugEventsUntilDate", path),
						"must be a whole number");
	if (jsonb_member(source, "migration", &value))
		error_violation(violations, psprintf("%s.migration", path),
						"must be absent: there is no check ratio here; without it the flag serves "
						"the same stages");
}

static void
read_variations(Violations *violations, const char *path, const Jsonb *source, ImportItem *item)
{
	Jsonb *values = jsonb_member_of(source, "variations");
	const char *inner = psprintf("%s.variations", path);
	const char *problem = values ? variation_values_problem(values) : "is required";

	if (problem)
		error_violation(violations, inner, "%s", problem);
	else if (strlen(jsonb_text(values)) > JSON_BYTES_MAX)
		error_violation(violations, inner, "would be larger than " JSON_BYTES_MAX_IS " in JSON");
	else
		item->variations = values;
}

/*
 * read_boolean reads a member that may be absent.
 */
static void
read_boolean(Violations *violations, const char *path, const Jsonb *source, const char *name,
			 bool *value)
{
	JsonbValue found;

	if (!jsonb_member(source, name, &found))
		return;
	if (found.type == jbvBool)
		*value = found.val.boolean;
	else
		error_violation(violations, psprintf("%s.%s", path, name), "must be true or false");
}

/*
 * read_availability reads for which client-side SDKs the flag is there, with the defaults of
 * server-side SDKs.
 */
static void
read_availability(Violations *violations, const char *path, const Jsonb *source, ImportItem *item)
{
	Jsonb *availability = jsonb_member_of(source, "clientSideAvailability");
	char *inner = psprintf("%s.clientSideAvailability", path);

	item->using_mobile_key = availability == NULL;
	item->using_environment_id = false;
	if (availability == NULL)
		read_boolean(violations, path, source, "clientSide", &item->using_environment_id);
	else if (!JB_ROOT_IS_OBJECT(availability))
		error_violation(violations, inner, "must be an object");
	else
	{
		read_boolean(violations, inner, availability, "usingMobileKey", &item->using_mobile_key);
		read_boolean(violations, inner, availability, "usingEnvironmentId",
					 &item->using_environment_id);
	}
}

/*
 * drop_usual removes a member that says what its absence says too, so that one document is stored in
 * one form.
 */
static void
drop_usual(JsonbValue *object, const char *name, bool usual)
{
	int place;

	if (usual && tree_find_member(object, name, strlen(name), &place))
		tree_remove_member(object, place);
}

/*
 * is_usual_kind tells whether the kind of a rollout is that of one where none is told.
 */
static bool
is_usual_kind(const JsonbValue *kind)
{
	char *text = kind ? jsonb_string(kind) : NULL;

	return text && strcmp(text, "rollout") == 0;
}

static bool
is_false(const JsonbValue *value)
{
	return value && value->type == jbvBool && !value->val.boolean;
}

/*
 * rollout_of is a rollout.
 */
static JsonbValue
rollout_of(JsonbValue *source)
{
	JsonbValue made = {.type = jbvObject};
	JsonbValue *shares;

	if (source->type != jbvObject)
		return *source;
	(void) sdk_form_text(&made, source, "kind");
	drop_usual(&made, "kind", is_usual_kind(tree_member(&made, "kind")));
	sdk_form_bucket_by(&made, source, "contextKind");
	sdk_form_pick(&made, source, "seed", "seed");
	shares = sdk_form_list(&made, source, "variations");
	for (int i = 0; shares->type == jbvArray && i < shares->val.array.nElems; i++)
	{
		JsonbValue *given = &shares->val.array.elems[i];
		JsonbValue share = {.type = jbvObject};

		if (given->type != jbvObject)
			continue;
		sdk_form_pick(&share, given, "variation", "variation");
		sdk_form_pick(&share, given, "weight", "weight");
		sdk_form_pick(&share, given, "untracked", "_untracked");
		drop_usual(&share, "_untracked", is_false(tree_member(&share, "_untracked")));
		*given = share;
	}
	return made;
}

/*
 * pick_serve copies what a rule or the fallthrough serves.  A variation counts before a rollout.
 */
static void
pick_serve(JsonbValue *into, JsonbValue *from)
{
	JsonbValue *rollout = tree_member(from, "rollout");

	sdk_form_pick(into, from, "variation", "variation");
	if (tree_member(into, "variation") == NULL && rollout && rollout->type != jbvNull)
		tree_set_member(into, "rollout", strlen("rollout"), rollout_of(rollout));
}

static JsonbValue
rule_of(JsonbValue *source, const char *owner, int number)
{
	JsonbValue made = {.type = jbvObject};

	if (source->type != jbvObject)
		return *source;
	sdk_form_rule(&made, source, owner, number);
	pick_serve(&made, source);
	sdk_form_boolean(&made, source, "trackEvents");
	return made;
}

static JsonbValue
prerequisite_of(JsonbValue *source)
{
	JsonbValue made = {.type = jbvObject};

	if (source->type != jbvObject)
		return *source;
	sdk_form_pick(&made, source, "key", "key");
	sdk_form_pick(&made, source, "variation", "variation");
	return made;
}

/*
 * pick_target_lists copies targets and contextTargets as they are.  The kind of those in targets
 * is that of users, whatever they say.
 */
static void
pick_target_lists(JsonbValue *into, JsonbValue *from)
{
	static const char *const names[] = {"targets", "contextTargets"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		JsonbValue *list = sdk_form_list(into, from, names[i]);

		for (int j = 0; list->type == jbvArray && j < list->val.array.nElems; j++)
		{
			JsonbValue *target = &list->val.array.elems[j];

			*target = sdk_form_contexts(target);
			if (i == 0 && target->type == jbvObject)
				tree_set_member(target, "contextKind", strlen("contextKind"), tree_string("user"));
		}
	}
}

/*
 * settings_of is the settings of a flag, as a document shows them.
 */
static Jsonb *
settings_of(JsonbValue *flag, const char *key)
{
	static const char *const switches[] = {"on", "trackEvents", "trackEventsFallthrough"};
	const char *owner = psprintf("flag/%s", key);
	JsonbValue made = {.type = jbvObject};
	JsonbValue *fallthrough = tree_member(flag, "fallthrough");
	JsonbValue *list;

	for (int i = 0; i < (int) lengthof(switches); i++)
		sdk_form_boolean(&made, flag, switches[i]);
	sdk_form_pick(&made, flag, "offVariation", "offVariation");
	if (fallthrough && fallthrough->type == jbvObject)
	{
		JsonbValue served = {.type = jbvObject};

		pick_serve(&served, fallthrough);
		tree_set_member(&made, "fallthrough", strlen("fallthrough"), served);
	}
	else
		sdk_form_pick(&made, flag, "fallthrough", "fallthrough");
	pick_target_lists(&made, flag);
	list = sdk_form_list(&made, flag, "rules");
	for (int i = 0; list->type == jbvArray && i < list->val.array.nElems; i++)
		list->val.array.elems[i] = rule_of(&list->val.array.elems[i], owner, i);
	list = sdk_form_list(&made, flag, "prerequisites");
	for (int i = 0; list->type == jbvArray && i < list->val.array.nElems; i++)
		list->val.array.elems[i] = prerequisite_of(&list->val.array.elems[i]);
	tree_plain_numbers(&made);
	return JsonbValueToJsonb(&made);
}

static int
variation_of(JsonbValue *target)
{
	int32 variation = -1;

	(void) jsonb_integer(tree_member(target, "variation"), &variation);
	return variation;
}

/*
 * targets_in_order is the one list of checked targets and contextTargets, in the order in which
 * SDKs try them.  Where there are contextTargets they tell all: one for users stands for the first of
 * targets with its variation, and what none stands for is never tried.
 */
static JsonbValue
targets_in_order(const Jsonb *settings)
{
	JsonbValue users = tree_of_jsonb(jsonb_member_of(settings, "targets"));
	JsonbValue entries = tree_of_jsonb(jsonb_member_of(settings, "contextTargets"));
	JsonbValue joined = {.type = jbvArray};
	bool placed[VARIATIONS_MAX] = {false};

	if (entries.val.array.nElems == 0)
		return users;
	for (int i = 0; i < entries.val.array.nElems; i++)
	{
		JsonbValue *entry = &entries.val.array.elems[i];
		int variation = variation_of(entry);

		if (!target_is_of_users(JsonbValueToJsonb(entry)))
		{
			tree_insert_element(&joined, joined.val.array.nElems, *entry);
			continue;
		}
		for (int j = 0; !placed[variation] && j < users.val.array.nElems; j++)
			if (variation_of(&users.val.array.elems[j]) == variation)
			{
				tree_insert_element(&joined, joined.val.array.nElems, users.val.array.elems[j]);
				placed[variation] = true;
			}
	}
	return joined;
}

/*
 * prerequisite_needs is the flags that checked settings name, as a list of ImportNeed.
 */
static List *
prerequisite_needs(const char *path, Jsonb *prerequisites)
{
	List *needs = NIL;

	for (uint32 i = 0; i < JB_ROOT_COUNT(prerequisites); i++)
	{
		Jsonb *source = JsonbValueToJsonb(getIthJsonbValueFromContainer(&prerequisites->root, i));
		ImportNeed *need = palloc(sizeof(ImportNeed));
		JsonbValue key;
		JsonbValue variation;
		int32 index = 0;

		(void) jsonb_member(source, "key", &key);
		(void) (jsonb_member(source, "variation", &variation) && jsonb_integer(&variation, &index));
		*need = (ImportNeed){jsonb_string(&key), index, psprintf("%s.prerequisites[%u]", path, i)};
		needs = lappend(needs, need);
	}
	return needs;
}

/*
 * drop_weightless removes the shares without weight of what a rule or the fallthrough serves: they are
 * not sent to SDKs either.
 */
static void
drop_weightless(JsonbValue *served)
{
	JsonbValue *rollout = tree_member(served, "rollout");
	JsonbValue *shares = rollout ? tree_member(rollout, "variations") : NULL;
	int32 weight;

	for (int i = shares ? shares->val.array.nElems - 1 : -1; i >= 0; i--)
		if (jsonb_integer(tree_member(&shares->val.array.elems[i], "weight"), &weight) &&
			weight == 0)
			tree_remove_element(shares, i);
}

/*
 * flag_import_read reads a flag.
 */
void
flag_import_read(Violations *violations, const char *path, Jsonb *source, ImportItem *item)
{
	JsonbValue flag = tree_of_jsonb(source);
	JsonbValue salt = sdk_form_salt(violations, path, source);
	JsonbValue stored;
	JsonbValue *rules;
	Jsonb *settings;
	char *written;

	check_undone(violations, path, source);
	read_variations(violations, path, source, item);
	read_availability(violations, path, source, item);
	if (item->variations == NULL)
		return;
	settings = settings_of(&flag, item->key);
	written = targeting_check(violations, path, NULL, settings, JB_ROOT_COUNT(item->variations));
	if (written == NULL)
		return;
	stored = tree_of_jsonb(jsonb_of_text(written));
	drop_weightless(tree_member(&stored, "fallthrough"));
	rules = tree_member(&stored, "rules");
	for (int i = 0; i < rules->val.array.nElems; i++)
		drop_weightless(&rules->val.array.elems[i]);
	tree_set_member(&stored, "targets", strlen("targets"), targets_in_order(settings));
	tree_set_member(&stored, "salt", strlen("salt"), salt);
	item->stored = JsonbValueToJsonb(&stored);
	item->needs = prerequisite_needs(path, jsonb_member_of(settings, "prerequisites"));
	item->segments = segment_needs(path, jsonb_member_of(settings, "rules"));
}
