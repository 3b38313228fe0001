/*
 * targets.c
 *	  The contexts that a flag's settings name one by one.
 *
 * They are stored in one list, in the order in which they are tried.  Documents have two:
 * targets for users, and contextTargets for the other kinds, where an entry for users without
 * values stands for the first one of targets with its variation and so says the order.
 */
#include "resource/flag/flag.h"

#include "util/document.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"

/* The targets for users while the two lists are joined. */
typedef struct Users
{
	JsonbValue list; /* a tree */
	bool *placed;
	int *first;		/* by variation: the first that is not placed, or -1 */
	int *following; /* by target: the next one with its variation, or -1 */
	int variations; /* how many the flag has */
} Users;

/*
 * target_is_of_users tells whether a target is one for users: whether a document has it in
 * targets.
 */
bool
target_is_of_users(const Jsonb *target)
{
	JsonbValue value;
	char *kind = jsonb_member(target, "contextKind", &value) ? jsonb_string(&value) : NULL;

	return kind == NULL || kind[0] == '\0' || strcmp(kind, "user") == 0;
}

/*
 * write_reference writes what stands in contextTargets for a target for users.
 */
static void
write_reference(StringInfo out, const Jsonb *target)
{
	appendStringInfo(out, "{\"values\": [], \"variation\": %s, \"contextKind\": \"user\"}",
					 jsonb_text(jsonb_member_of(target, "variation")));
}

/*
 * write_kind writes the targets that stand in targets, or in contextTargets, and tells
 * whether any is for another kind than users.
 */
static bool
write_kind(StringInfo out, Jsonb *list, bool users)
{
	JsonbIterator *iterator = JsonbIteratorInit(&list->root);
	JsonbValue value;
	bool others = false;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM)
	{
		Jsonb *target = JsonbValueToJsonb(&value);
		bool is_of_users = target_is_of_users(target);

		others |= !is_of_users;
		if (users && !is_of_users)
			continue;
		document_element(out);
		if (is_of_users && !users)
			write_reference(out, target);
		else
			jsonb_append(out, target);
	}
	return others;
}

/*
 * targets_write writes the members targets and contextTargets of settings.
 */
void
targets_write(StringInfo out, Jsonb *stored)
{
	Jsonb *list = targeting_complete("targets", stored, true);
	bool others;

	document_key(out, "targets");
	document_open(out, '[');
	others = write_kind(out, list, true);
	document_close(out, ']');
	document_key(out, "contextTargets");
	document_open(out, '[');
	if (others)
		(void) write_kind(out, list, false);
	document_close(out, ']');
}

/*
 * variation_of is the variation of a target in a tree, or -1 if the flag has it no more.
 */
static int
variation_of(const Users *users, JsonbValue *target)
{
	JsonbValue *value = tree_member(target, "variation");
	int32 variation;

	return value && jsonb_integer(value, &variation) && variation >= 0 &&
				   variation < users->variations
			   ? variation
			   : -1;
}

static void
index_users(Users *users)
{
	users->placed = palloc0(sizeof(bool) * (users->list.val.array.nElems + 1));
	users->following = palloc(sizeof(int) * (users->list.val.array.nElems + 1));
	users->first = palloc(sizeof(int) * (users->variations + 1));
	for (int i = 0; i < users->variations; i++)
		users->first[i] = -1;
	for (int i = users->list.val.array.nElems - 1; i >= 0; i--)
	{
		int variation = variation_of(users, &users->list.val.array.elems[i]);

		if (variation < 0)
			continue;
		users->following[i] = users->first[variation];
		users->first[variation] = i;
	}
}

/*
 * take is the target for users that an entry of contextTargets stands for, which is placed by
 * that; -1 if there is none.
 */
static int
take(Users *users, JsonbValue *entry)
{
	int variation = variation_of(users, entry);
	int taken = variation < 0 ? -1 : users->first[variation];

	if (taken >= 0)
	{
		users->first[variation] = users->following[taken];
		users->placed[taken] = true;
	}
	return taken;
}

/*
 * targets_join is the one list of the targets and contextTargets of checked settings.  Where
 * contextTargets do not tell the place of a target for users, it follows the last one whose
 * place they tell, or is the first.
 */
Jsonb *
targets_join(const Jsonb *settings, int variations)
{
	Jsonb *contexts = jsonb_member_of(settings, "contextTargets");
	Jsonb *targets = jsonb_member_of(settings, "targets");
	Users users = {.variations = variations};
	JsonbValue entries;
	JsonbValue joined = {.type = jbvArray};
	int *taken;
	int last = -1;

	if (contexts == NULL || JB_ROOT_COUNT(contexts) == 0)
		return targets;
	users.list = tree_of_jsonb(targets);
	index_users(&users);
	entries = tree_of_jsonb(contexts);
	taken = palloc(sizeof(int) * entries.val.array.nElems);
	joined.val.array.elems =
		palloc(sizeof(JsonbValue) * (entries.val.array.nElems + users.list.val.array.nElems));
	for (int i = 0; i < entries.val.array.nElems; i++)
	{
		JsonbValue *entry = &entries.val.array.elems[i];

		taken[i] = target_is_of_users(JsonbValueToJsonb(entry)) ? take(&users, entry) : -1;
		if (taken[i] >= 0)
			last = i;
	}
	for (int i = -1; i < entries.val.array.nElems; i++)
	{
		JsonbValue *entry = i < 0 ? NULL : &entries.val.array.elems[i];

		if (entry && taken[i] >= 0)
			entry = &users.list.val.array.elems[taken[i]];
		else if (entry && target_is_of_users(JsonbValueToJsonb(entry)))
			entry = NULL;
		if (entry)
			joined.val.array.elems[joined.val.array.nElems++] = *entry;
		for (int j = 0; i == last && j < users.list.val.array.nElems; j++)
			if (!users.placed[j])
				joined.val.array.elems[joined.val.array.nElems++] = users.list.val.array.elems[j];
	}
	return JsonbValueToJsonb(&joined);
}
