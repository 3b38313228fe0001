/*
 * import.c
 *	  A document that SDKs are sent, {flags, segments}, on its way into an environment.
 */
#include "resource/import.h"

#include "call/field.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "resource/resource.h"
#include "util/document.h"
#include "util/id.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Versions grow, so that the highest one is none to begin with. */
#define VERSION_MAX 2000000000

/* As many as fit into a message. */
#define VIOLATIONS_ENOUGH 50

static int
compare_items(const void *a, const void *b)
{
	return strcmp(((const ImportItem *) a)->key, ((const ImportItem *) b)->key);
}

/*
 * is_deleted tells whether an entry stands for one that has been deleted.  Such ones are not
 * there for SDKs.
 */
static bool
is_deleted(Violations *violations, const char *path, const Jsonb *source)
{
	JsonbValue value;

	if (!jsonb_member(source, "deleted", &value))
		return false;
	if (value.type != jbvBool)
		error_violation(violations, psprintf("%s.deleted", path), "must be true or false");
	return value.type == jbvBool && value.val.boolean;
}

/*
 * read_version reads the version of an item: 0 if it has none.
 */
static void
read_version(Violations *violations, const char *path, const Jsonb *source, ImportItem *item)
{
	JsonbValue value;

	if (jsonb_member(source, "version", &value) &&
		(!jsonb_integer(&value, &item->version) || item->version < 0 ||
		 item->version > VERSION_MAX))
		error_violation(violations, psprintf("%s.version", path),
						"must be a whole number from 0 to %d", VERSION_MAX);
}

/*
 * copy_jsonb copies a document into the current memory context.
 */
static Jsonb *
copy_jsonb(const Jsonb *document)
{
	Jsonb *copy;

	if (document == NULL)
		return NULL;
	copy = palloc(VARSIZE(document));
	memcpy(copy, document, VARSIZE(document));
	return copy;
}

static List *
copy_needs(const List *needs)
{
	List *copies = NIL;
	ListCell *cell;

	foreach (cell, needs)
	{
		ImportNeed *copy = palloc(sizeof(ImportNeed));

		*copy = *(ImportNeed *) lfirst(cell);
		copy->key = pstrdup(copy->key);
		copy->path = pstrdup(copy->path);
		copies = lappend(copies, copy);
	}
	return copies;
}

/*
 * read_item reads an entry under its key; false if it is passed over.
 */
static bool
read_item(Violations *violations, const char *path, Jsonb *source, ImportRead read,
		  ImportItem *item)
{
	JsonbValue value;
	const char *problem;
	char *own;

	if (!JB_ROOT_IS_OBJECT(source))
	{
		error_violation(violations, path, "must be an object");
		return false;
	}
	if (is_deleted(violations, path, source))
		return false;
	problem = strlen(item->key) > KEY_MAX ? "must have a key of at most 256 characters as its name"
										  : flag_key_problem(item->key);
	if (problem)
	{
		error_violation(violations, path, "%s", problem);
		return false;
	}
	own = jsonb_member(source, "key", &value) ? jsonb_string(&value) : item->key;
	if (own == NULL || strcmp(own, item->key) != 0)
		error_violation(violations, psprintf("%s.key", path),
						"must be %s, like the name of the member", item->key);
	read_version(violations, path, source, item);
	read(violations, path, source, item);
	return true;
}

/*
 * read_apart reads an entry in memory of its own, which takes many times that of what it becomes,
 * and is kept only if it has violations.
 */
static bool
read_apart(Violations *violations, const char *name, const JsonbValue *key, JsonbValue *value,
		   ImportRead read, ImportItem *item)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "flagplane import", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	int count = violations->count;
	bool found;
	char *path;

	*item = (ImportItem){.key = jsonb_string(key)};
	path = psprintf("%s.%s", name, error_word(pstrdup(item->key)));
	found = read_item(violations, path, JsonbValueToJsonb(value), read, item);
	MemoryContextSwitchTo(before);
	if (violations->count > count)
		return false;
	item->key = pstrdup(item->key);
	item->stored = copy_jsonb(item->stored);
	item->variations = copy_jsonb(item->variations);
	item->needs = copy_needs(item->needs);
	item->segments = copy_needs(item->segments);
	MemoryContextDelete(context);
	return found;
}

/*
 * import_read_set reads the flags or the segments of a document, up to where there are too many
 * violations to tell.
 */
void
import_read_set(Violations *violations, const Jsonb *document, const char *name, ImportRead read,
				ImportSet *set)
{
	Jsonb *sources = jsonb_member_of(document, name);
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;

	*set = (ImportSet){.name = name};
	if (sources == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(sources))
	{
		error_violation(violations, name, "must be an object, by their keys");
		return;
	}
	set->items = MemoryContextAllocExtended(
		CurrentMemoryContext, sizeof(ImportItem) * ((Size) JB_ROOT_COUNT(sources) + 1),
		MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	iterator = JsonbIteratorInit(&sources->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY &&
		   violations->count < VIOLATIONS_ENOUGH)
	{
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (read_apart(violations, name, &key, &value, read, &set->items[set->count]))
			set->count++;
	}
	qsort(set->items, set->count, sizeof(ImportItem), compare_items);
}

/*
 * import_says_same tells whether what SDKs are sent of an item now is what it would become, of no
 * lower version.
 */
bool
import_says_same(const ImportItem *item, ImportRead read, const char *served)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "flagplane import", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	ImportItem now = {.key = item->key};
	Violations ignored = {0};
	Jsonb *source = jsonb_of_text(served);
	bool same;

	read_version(&ignored, "", source, &now);
	read(&ignored, "", source, &now);
	same = now.stored && now.version >= item->version && jsonb_equal(now.stored, item->stored);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
	return same;
}

/*
 * import_find is an item by its key; NULL if there is none.
 */
ImportItem *
import_find(const ImportSet *set, const char *key)
{
	ImportItem sought = {.key = unconstify(char *, key)};

	if (set->count == 0)
		return NULL;
	return bsearch(&sought, set->items, set->count, sizeof(ImportItem), compare_items);
}

/*
 * check_found requires that what is named is in the document; false if something is not.
 */
static bool
check_found(Violations *violations, const List *needs, const ImportSet *set)
{
	ListCell *cell;
	bool found = true;

	foreach (cell, needs)
	{
		ImportNeed *need = lfirst(cell);
		ImportItem *item = import_find(set, need->key);
		bool flag = need->variation >= 0;

		if (item == NULL)
			error_violation(violations, need->path, "names %s %s, which is not in the document",
							flag ? "flag" : "segment", error_word(pstrdup(need->key)));
		else if (flag && item->variations &&
				 (uint32) need->variation >= JB_ROOT_COUNT(item->variations))
			error_violation(violations, need->path, "names a variation that flag %s has not",
							need->key);
		else
			continue;
		found = false;
	}
	return found;
}

/*
 * find_cycle follows what an item needs, and returns where an item on the way needs one that
 * needs it; NULL if none does.  The way, which may be as long as there are items, has room in way
 * and next.
 */
static const char *
find_cycle(const ImportSet *set, ImportItem *item, ImportItem **way, int *next)
{
	int length = 0;

	for (;;)
	{
		ImportItem *last;
		ImportNeed *need;

		if (item->mark == IMPORT_NEW)
		{
			item->mark = IMPORT_OPEN;
			way[length] = item;
			next[length++] = 0;
		}
		last = way[length - 1];
		if (next[length - 1] == list_length(last->needs))
		{
			last->mark = IMPORT_DONE;
			if (--length == 0)
				return NULL;
			continue;
		}
		need = list_nth(last->needs, next[length - 1]++);
		item = import_find(set, need->key);
		if (item->mark == IMPORT_OPEN)
			return need->path;
	}
}

/*
 * check_cycles requires that nothing needs itself in the end.
 */
static void
check_cycles(Violations *violations, const ImportSet *set)
{
	ImportItem **way = palloc(sizeof(ImportItem *) * (set->count + 1));
	int *next = palloc(sizeof(int) * (set->count + 1));
	const char *path = NULL;

	for (int i = 0; i < set->count && path == NULL; i++)
		if (set->items[i].mark == IMPORT_NEW)
			path = find_cycle(set, &set->items[i], way, next);
	if (path)
		error_violation(violations, path, "closes a ring: what it names needs it");
}

/*
 * import_check_needs requires that flags and segments name only what is in the document, and
 * no ring of themselves.
 */
void
import_check_needs(Violations *violations, Import *import)
{
	bool flags_found = true;
	bool segments_found = true;

	for (int i = 0; i < import->flags.count; i++)
	{
		const ImportItem *flag = &import->flags.items[i];

		flags_found &= check_found(violations, flag->needs, &import->flags);
		(void) check_found(violations, flag->segments, &import->segments);
	}
	for (int i = 0; i < import->segments.count; i++)
		segments_found &=
			check_found(violations, import->segments.items[i].needs, &import->segments);
	if (flags_found)
		check_cycles(violations, &import->flags);
	if (segments_found)
		check_cycles(violations, &import->segments);
}

/*
 * import_changed_keys are the keys of the items that do not say what is there already.
 */
ArrayType *
import_changed_keys(const ImportSet *set)
{
	Datum *keys = palloc(sizeof(Datum) * (set->count + 1));
	int count = 0;

	for (int i = 0; i < set->count; i++)
		if (!set->items[i].unchanged)
			keys[count++] = CStringGetTextDatum(set->items[i].key);
	return construct_array(keys, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * import_count counts the items that are there, or are not, and that say the same, or do not.
 */
int
import_count(const ImportSet *set, bool there, bool unchanged)
{
	int count = 0;

	for (int i = 0; i < set->count; i++)
		count += set->items[i].there == there && set->items[i].unchanged == unchanged;
	return count;
}

/*
 * import_rows is what is to be stored: a list of {id, key, version, stored} of the items that do
 * not say what is there already.
 */
Jsonb *
import_rows(const ImportSet *set)
{
	StringInfoData rows;

	initStringInfo(&rows);
	document_open(&rows, '[');
	for (int i = 0; i < set->count; i++)
	{
		const ImportItem *item = &set->items[i];

		if (item->unchanged)
			continue;
		document_element(&rows);
		document_open(&rows, '{');
		if (item->id)
			document_string(&rows, "id", uuid_text(item->id->data));
		document_string(&rows, "key", item->key);
		document_integer(&rows, "version", Max(item->version, 1));
		document_key(&rows, "stored");
		jsonb_append(&rows, item->stored);
		document_close(&rows, '}');
	}
	document_close(&rows, ']');
	return jsonb_of_text(rows.data);
}
