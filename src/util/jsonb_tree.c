/*
 * jsonb_tree.c
 *	  A jsonb document unpacked, so that parts of it can be changed.
 *
 * The tree is made of JsonbValues, which is what jsonb is made from again.  The
 * members of an object are in the order in which jsonb stores them: by the length of
 * the name, then by its bytes.
 *
 * The memory of an object's members and of an array's elements is a list: before
 * its first item stands for how many items there is room, which grows by doubling.
 * Removing an item leaves the room as it is.
 */
#include "util/jsonb_tree.h"

#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/*
 * compare_names orders names as jsonb orders the keys of an object: by length
 * first.
 */
static int
compare_names(const JsonbValue *key, const char *name, int length)
{
	if (key->val.string.len != length)
		return key->val.string.len > length ? 1 : -1;
	return memcmp(key->val.string.val, name, length);
}

/* For how many items a list has room; it stands before them. */
typedef struct ListHead
{
	int room;
} ListHead;

#define LIST_HEAD_SIZE MAXALIGN(sizeof(ListHead))

static void *
list_make(int room, size_t item_size)
{
	ListHead *head;

	room = Max(room, 1);
	head = MemoryContextAllocHuge(CurrentMemoryContext, LIST_HEAD_SIZE + room * item_size);
	head->room = room;
	return (char *) head + LIST_HEAD_SIZE;
}

/*
 * list_open makes room for one more item before the one at a place of a list, which
 * may be NULL, and returns the list.
 */
static void *
list_open(void *list, int count, int place, size_t item_size)
{
	ListHead *head = list ? (ListHead *) ((char *) list - LIST_HEAD_SIZE) : NULL;
	char *gap;

	if (head == NULL)
		list = list_make(1, item_size);
	else if (count == head->room)
	{
		int room = count * 2;

		head = repalloc_huge(head, LIST_HEAD_SIZE + room * item_size);
		head->room = room;
		list = (char *) head + LIST_HEAD_SIZE;
	}
	gap = (char *) list + place * item_size;
	memmove(gap + item_size, gap, (count - place) * item_size);
	memset(gap, 0, item_size);
	return list;
}

/*
 * list_close removes the item at a place from a list of count items.
 */
static void
list_close(void *list, int count, int place, size_t item_size)
{
	char *gap = (char *) list + place * item_size;

	memmove(gap, gap + item_size, (count - place - 1) * item_size);
}

/*
 * tree_find_member finds where in an object a name is or would be; true if it is there.
 */
bool
tree_find_member(const JsonbValue *object, const char *name, int length, int *place)
{
	int low = 0;
	int high = object->val.object.nPairs;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = compare_names(&object->val.object.pairs[middle].key, name, length);

		if (order == 0)
		{
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return false;
}

/*
 * tree_member is a member of an object; NULL if it has none of that name.
 */
JsonbValue *
tree_member(JsonbValue *object, const char *name)
{
	int place;

	return tree_find_member(object, name, strlen(name), &place)
			   ? &object->val.object.pairs[place].value
			   : NULL;
}

/*
 * tree_string is a text as a value of a tree.
 */
JsonbValue
tree_string(const char *text)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = pstrdup(text);
	value.val.string.len = strlen(text);
	return value;
}

/*
 * tree_set_member gives an object a member, in place of the one of the same name.
 */
void
tree_set_member(JsonbValue *object, const char *name, int length, JsonbValue value)
{
	int place;
	JsonbPair *pairs = object->val.object.pairs;
	int count = object->val.object.nPairs;

	if (!tree_find_member(object, name, length, &place))
	{
		pairs = list_open(pairs, count, place, sizeof(JsonbPair));
		pairs[place].key.type = jbvString;
		pairs[place].key.val.string.val = pnstrdup(name, length);
		pairs[place].key.val.string.len = length;
		object->val.object.pairs = pairs;
		object->val.object.nPairs = count + 1;
	}
	pairs[place].value = value;
}

void
tree_remove_member(JsonbValue *object, int place)
{
	list_close(object->val.object.pairs, object->val.object.nPairs--, place, sizeof(JsonbPair));
}

/*
 * tree_insert_element puts a value into an array before the element at a place.
 */
void
tree_insert_element(JsonbValue *array, int place, JsonbValue value)
{
	JsonbValue *elements =
		list_open(array->val.array.elems, array->val.array.nElems, place, sizeof(JsonbValue));

	elements[place] = value;
	array->val.array.elems = elements;
	array->val.array.nElems++;
}

void
tree_remove_element(JsonbValue *array, int place)
{
	list_close(array->val.array.elems, array->val.array.nElems--, place, sizeof(JsonbValue));
}

/*
 * unpack makes a tree of a value, which shares no array with any other.
 */
static JsonbValue
unpack(JsonbValue value)
{
	JsonbValue tree = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue found;
	JsonbValue key;
	int count = 0;

	check_stack_depth();
	if (value.type != jbvBinary)
		return value;
	iterator = JsonbIteratorInit(value.val.binary.data);
	token = JsonbIteratorNext(&iterator, &found, true);
	if (token == WJB_BEGIN_OBJECT)
	{
		tree.type = jbvObject;
		tree.val.object.nPairs = found.val.object.nPairs;
		tree.val.object.pairs = list_make(found.val.object.nPairs, sizeof(JsonbPair));
		while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
		{
			(void) JsonbIteratorNext(&iterator, &found, true);
			tree.val.object.pairs[count].key = key;
			tree.val.object.pairs[count++].value = unpack(found);
		}
		return tree;
	}
	tree.type = jbvArray;
	tree.val.array.nElems = found.val.array.nElems;
	tree.val.array.elems = list_make(found.val.array.nElems, sizeof(JsonbValue));
	while (JsonbIteratorNext(&iterator, &found, true) == WJB_ELEM)
		tree.val.array.elems[count++] = unpack(found);
	return tree;
}

JsonbValue
tree_of_jsonb(Jsonb *document)
{
	JsonbValue value;

	if (JB_ROOT_IS_SCALAR(document))
	{
		(void) JsonbExtractScalar(&document->root, &value);
		return value;
	}
	JsonbToJsonbValue(document, &value);
	return unpack(value);
}

/*
 * tree_copy copies a tree, so that a change of the copy leaves the original alone.
 */
JsonbValue
tree_copy(JsonbValue value)
{
	if (value.type == jbvObject)
	{
		JsonbPair *pairs = list_make(value.val.object.nPairs, sizeof(JsonbPair));

		for (int i = 0; i < value.val.object.nPairs; i++)
		{
			pairs[i] = value.val.object.pairs[i];
			pairs[i].value = tree_copy(pairs[i].value);
		}
		value.val.object.pairs = pairs;
	}
	else if (value.type == jbvArray)
	{
		JsonbValue *elements = list_make(value.val.array.nElems, sizeof(JsonbValue));

		for (int i = 0; i < value.val.array.nElems; i++)
			elements[i] = tree_copy(value.val.array.elems[i]);
		value.val.array.elems = elements;
	}
	return value;
}

/*
 * tree_measure adds the size of a tree, itself included, to a total, and returns how
 * many objects and arrays are nested in it.
 */
int
tree_measure(const JsonbValue *value, TreeSize *size)
{
	bool object = value->type == jbvObject;
	bool array = value->type == jbvArray;
	int children = object ? value->val.object.nPairs : array ? value->val.array.nElems : 0;
	int deepest = 0;

	check_stack_depth();
	size->values++;
	if (value->type == jbvString)
		size->bytes += value->val.string.len;
	else if (value->type == jbvNumeric)
		size->bytes += VARSIZE_ANY(value->val.numeric);
	for (int i = 0; i < children; i++)
	{
		int depth = tree_measure(
			object ? &value->val.object.pairs[i].value : &value->val.array.elems[i], size);

		if (object)
			size->bytes += value->val.object.pairs[i].key.val.string.len;
		deepest = Max(deepest, depth);
	}
	return object || array ? deepest + 1 : 0;
}

/*
 * tree_merge changes a tree by a merge patch: a null removes a member, an object
 * changes an object member by member, anything else replaces the value.  Both
 * have their members in one order, so that one walk along both merges them.
 */
JsonbValue
tree_merge(JsonbValue value, const JsonbValue *patch)
{
	JsonbValue merged = {0};
	const JsonbPair *change = patch->val.object.pairs;
	const JsonbPair *change_end;
	const JsonbPair *had = NULL;
	const JsonbPair *had_end = NULL;
	JsonbPair *made;

	check_stack_depth();
	if (patch->type != jbvObject)
		return *patch;
	change_end = change + patch->val.object.nPairs;
	if (value.type == jbvObject)
	{
		had = value.val.object.pairs;
		had_end = had + value.val.object.nPairs;
	}
	made = list_make((had_end - had) + patch->val.object.nPairs, sizeof(JsonbPair));
	merged.type = jbvObject;
	merged.val.object.pairs = made;
	while (had < had_end || change < change_end)
	{
		int order = had == had_end		   ? 1
					: change == change_end ? -1
										   : compare_names(&had->key, change->key.val.string.val,
														   change->key.val.string.len);
		static const JsonbValue absent = {.type = jbvNull};

		if (order < 0)
			*made++ = *had++;
		else
		{
			if (change->value.type != jbvNull)
			{
				*made = *change;
				made->value = tree_merge(order == 0 ? had->value : absent, &change->value);
				made++;
			}
			change++;
			had += order == 0;
		}
	}
	merged.val.object.nPairs = made - merged.val.object.pairs;
	return merged;
}

/*
 * trees_equal tells whether two values are the same: numbers by their value,
 * objects whatever the order of their members.
 */
bool
trees_equal(const JsonbValue *a, const JsonbValue *b)
{
	check_stack_depth();
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvNumeric:
			return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(a->val.numeric),
													NumericGetDatum(b->val.numeric)));
		case jbvString:
			return compare_names(a, b->val.string.val, b->val.string.len) == 0;
		case jbvObject:
			if (a->val.object.nPairs != b->val.object.nPairs)
				return false;
			for (int i = 0; i < a->val.object.nPairs; i++)
			{
				const JsonbPair *other = &b->val.object.pairs[i];

				if (compare_names(&a->val.object.pairs[i].key, other->key.val.string.val,
								  other->key.val.string.len) != 0 ||
					!trees_equal(&a->val.object.pairs[i].value, &other->value))
					return false;
			}
			return true;
		case jbvArray:
			if (a->val.array.nElems != b->val.array.nElems)
				return false;
			for (int i = 0; i < a->val.array.nElems; i++)
				if (!trees_equal(&a->val.array.elems[i], &b->val.array.elems[i]))
					return false;
			return true;
		default:
			elog(ERROR, "unexpected type of JSON value: %d", (int) a->type);
	}
}

/*
 * tree_plain_numbers writes every number of a tree without needless zeros after its
 * point: 1.0 is 1, which is all that readers of whole numbers know.
 */
void
tree_plain_numbers(JsonbValue *value)
{
	check_stack_depth();
	if (value->type == jbvNumeric)
		value->val.numeric = DatumGetNumeric(
			DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvObject)
		for (int i = 0; i < value->val.object.nPairs; i++)
			tree_plain_numbers(&value->val.object.pairs[i].value);
	else if (value->type == jbvArray)
		for (int i = 0; i < value->val.array.nElems; i++)
			tree_plain_numbers(&value->val.array.elems[i]);
}
