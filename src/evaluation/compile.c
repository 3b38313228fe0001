/*
 * compile.c
 *	  Flags and segments, from the form that SDKs are sent to the one that is evaluated.
 *
 * Strings and variations stay where they are: the document must live as long as what is compiled of it.
 * A member of a wrong type makes the flag or segment malformed; what is absent or null has the
 * default that SDKs give it.
 */
#include "evaluation/evaluation.h"

#include "utils/memutils.h"

#define WEIGHTS 100000.0

/*
 * read_keys reads a list of keys into a set.
 */
static void
read_keys(KeySet *set, const Members *source, const char *name)
{
	StringView *keys;
	int count = member_strings(source, name, &keys);

	key_set_make(set, keys, count);
	pfree(keys);
}

/*
 * kind_member reads a kind of context: that of users if there is none, or an empty one.
 */
static StringView
kind_member(const Members *source, const char *name)
{
	StringView kind = STRING_VIEW("");

	(void) member_string(source, name, &kind);
	return kind.length == 0 ? STRING_VIEW("user") : kind;
}

/*
 * read_key_list reads the kind and the keys of an entry.
 */
static void
read_key_list(KeyList *list, const Members *entry)
{
	list->kind = kind_member(entry, "contextKind");
	read_keys(&list->keys, entry, "values");
}

/*
 * read_key_lists reads the included or excluded contexts of a segment.
 */
static KeyList *
read_key_lists(const Members *source, const char *name, int *count)
{
	Elements elements;
	Members element;
	KeyList *lists;

	member_elements(source, name, &elements);
	lists = palloc0(elements.count * sizeof(KeyList) + 1);
	*count = 0;
	while (elements_next_object(&elements, source, &element))
		read_key_list(&lists[(*count)++], &element);
	return lists;
}

/*
 * read_targets reads targets or contextTargets.
 */
static Target *
read_targets(const Members *source, const char *name, int *count)
{
	Elements elements;
	Members element;
	Target *targets;

	member_elements(source, name, &elements);
	targets = palloc0(elements.count * sizeof(Target) + 1);
	*count = 0;
	while (elements_next_object(&elements, source, &element))
	{
		Target *target = &targets[(*count)++];

		read_key_list(&target->list, &element);
		(void) member_integer(&element, "variation", &target->variation);
	}
	return targets;
}

/*
 * compile_targets brings the targets into the order in which they are tried. Where there are
 * contextTargets they say it: one for users without keys stands for the first of the targets with
 * its variation.
 */
static void
compile_targets(CompiledFlag *flag, const Members *source)
{
	int user_count;
	Target *users = read_targets(source, "targets", &user_count);

	for (int i = 0; i < user_count; i++)
		users[i].list.kind = STRING_VIEW("user");
	flag->targets = read_targets(source, "contextTargets", &flag->target_count);
	if (flag->target_count == 0)
	{
		flag->targets = users;
		flag->target_count = user_count;
		return;
	}
	for (int i = 0; i < flag->target_count; i++)
	{
		Target *target = &flag->targets[i];

		if (target->list.keys.slots != NULL || !view_equal(target->list.kind, STRING_VIEW("user")))
			continue;
		for (int j = 0; j < user_count; j++)
			if (users[j].variation == target->variation)
			{
				target->list = users[j].list;
				break;
			}
	}
}

/*
 * compile_variations reads the values that a flag can have.
 */
static void
compile_variations(CompiledFlag *flag, const Members *source)
{
	Elements elements;

	member_elements(source, "variations", &elements);
	flag->variations = palloc(elements.count * sizeof(JsonbValue) + 1);
	while (elements_next(&elements))
		flag->variations[flag->variation_count++] = elements.value;
}

/*
 * compile_names reads the names of the variations. SDKs are not sent them: what has none, or
 * something else in their place, is as good.
 */
static void
compile_names(CompiledFlag *flag, const Members *source)
{
	JsonbValue list;
	Elements elements;

	if (!member_value(source, "variationNames", &list) || list.type != jbvBinary ||
		!JsonContainerIsArray(list.val.binary.data) ||
		JsonContainerSize(list.val.binary.data) != flag->variation_count)
		return;
	member_elements(source, "variationNames", &elements);
	flag->variation_names = palloc0(elements.count * sizeof(StringView) + 1);
	for (int i = 0; elements_next(&elements); i++)
		if (elements.value.type == jbvString)
			flag->variation_names[i] = (StringView){.data = elements.value.val.string.val,
													.length = elements.value.val.string.len};
}

/*
 * compile_prerequisites reads what other flags must serve.
 */
static void
compile_prerequisites(CompiledFlag *flag, const Members *source)
{
	Elements elements;
	Members element;

	member_elements(source, "prerequisites", &elements);
	flag->prerequisites = palloc0(elements.count * sizeof(Prerequisite) + 1);
	while (elements_next_object(&elements, source, &element))
	{
		Prerequisite *prerequisite = &flag->prerequisites[flag->prerequisite_count++];

		prerequisite->key = STRING_VIEW("");
		(void) member_string(&element, "key", &prerequisite->key);
		(void) member_integer(&element, "variation", &prerequisite->variation);
	}
}

/*
 * compile_rules reads the rules of a flag.
 */
static void
compile_rules(CompiledFlag *flag, const Members *source, StringView salt)
{
	Elements elements;
	Members element;

	member_elements(source, "rules", &elements);
	flag->rules = palloc0(elements.count * sizeof(FlagRule) + 1);
	while (elements_next_object(&elements, source, &element))
	{
		FlagRule *rule = &flag->rules[flag->rule_count++];

		(void) member_string(&element, "id", &rule->id);
		rule->clauses = clauses_compile(&element, &rule->clause_count);
		variation_or_rollout_compile(&rule->serve, &element, flag->key, salt);
		member_boolean(&element, "trackEvents", &rule->track_events);
	}
}

/*
 * compile_tracking reads what does not decide an evaluation, but is told with it.
 */
static void
compile_tracking(CompiledFlag *flag, const Members *source)
{
	Members availability;
	StringView until;

	(void) member_integer(source, "version", &flag->version);
	member_boolean(source, "trackEvents", &flag->track_events);
	member_boolean(source, "trackEventsFallthrough", &flag->track_events_fallthrough);
	if (member_decimal(source, "debugEventsUntilDate", &until))
		flag->debug_events_until = strtoll(until.data, NULL, 10);
	flag->using_mobile_key = true;
	if (member_object(source, "clientSideAvailability", &availability))
	{
		member_boolean(&availability, "usingEnvironmentId", &flag->using_environment_id);
		flag->using_mobile_key = false;
		member_boolean(&availability, "usingMobileKey", &flag->using_mobile_key);
	}
	else
		member_boolean(source, "clientSide", &flag->using_environment_id);
}

/*
 * flag_compile compiles a flag into a memory context. The key is that under which the flag
 * is found; the flag's own counts, if it has one.
 */
CompiledFlag *
flag_compile(JsonbContainer *source, StringView key, MemoryContext context)
{
	MemoryContext before = MemoryContextSwitchTo(context);
	CompiledFlag *flag = palloc0(sizeof(CompiledFlag));
	Members members = {.object = source, .malformed = &flag->malformed};
	Members fallthrough;
	StringView salt = STRING_VIEW("");

	flag->key = key;
	(void) member_string(&members, "key", &flag->key);
	(void) member_string(&members, "salt", &salt);
	member_boolean(&members, "deleted", &flag->deleted);
	member_boolean(&members, "on", &flag->on);
	flag->has_off_variation = member_integer(&members, "offVariation", &flag->off_variation);
	compile_variations(flag, &members);
	compile_names(flag, &members);
	compile_prerequisites(flag, &members);
	compile_targets(flag, &members);
	compile_rules(flag, &members, salt);
	if (member_object(&members, "fallthrough", &fallthrough))
		variation_or_rollout_compile(&flag->fallthrough, &fallthrough, flag->key, salt);
	compile_tracking(flag, &members);
	MemoryContextSwitchTo(before);
	return flag;
}

/*
 * compile_segment_rules reads the rules of a segment.
 */
static void
compile_segment_rules(CompiledSegment *segment, const Members *source, StringView salt)
{
	Elements elements;
	Members element;

	member_elements(source, "rules", &elements);
	segment->rules = palloc0(elements.count * sizeof(SegmentRule) + 1);
	while (elements_next_object(&elements, source, &element))
	{
		SegmentRule *rule = &segment->rules[segment->rule_count++];
		int32 weight = 0;

		rule->clauses = clauses_compile(&element, &rule->clause_count);
		rule->weighted = member_integer(&element, "weight", &weight);
		rule->weight = weight / WEIGHTS;
		bucketing_compile(&rule->bucketing, &element, "rolloutContextKind", NULL, segment->key,
						  salt);
	}
}

/*
 * segment_compile compiles a segment into a memory context, as flag_compile does a flag.
 */
CompiledSegment *
segment_compile(JsonbContainer *source, StringView key, MemoryContext context)
{
	MemoryContext before = MemoryContextSwitchTo(context);
	CompiledSegment *segment = palloc0(sizeof(CompiledSegment));
	Members members = {.object = source, .malformed = &segment->malformed};
	StringView salt = STRING_VIEW("");
	int32 generation;

	segment->key = key;
	(void) member_string(&members, "key", &segment->key);
	(void) member_string(&members, "salt", &salt);
	member_boolean(&members, "deleted", &segment->deleted);
	read_keys(&segment->included, &members, "included");
	read_keys(&segment->excluded, &members, "excluded");
	segment->included_contexts =
		read_key_lists(&members, "includedContexts", &segment->included_count);
	segment->excluded_contexts =
		read_key_lists(&members, "excludedContexts", &segment->excluded_count);
	compile_segment_rules(segment, &members, salt);
	member_boolean(&members, "unbounded", &segment->unbounded);
	segment->has_generation = member_integer(&members, "generation", &generation);
	segment->unbounded_kind = kind_member(&members, "unboundedContextKind");
	MemoryContextSwitchTo(before);
	return segment;
}
