/*
 * jsonb_tree.c
 *	  A jsonb taken apart, so that parts of it can be changed.
 *
 * The tree is made of JsonbValues, which is what jsonb is made from again.  The
 * members of an object are kept in the order in which jsonb stores them: by the
 * length of the name, then by its bytes.
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
		pairs =
			pairs ? repalloc(pairs, sizeof(JsonbPair) * (count + 1)) : palloc(sizeof(JsonbPair));
		memmove(pairs + place + 1, pairs + place, sizeof(JsonbPair) * (count - place));
		memset(&pairs[place], 0, sizeof(JsonbPair));
		pairs[place].key.type = jbvString;
		pairs[place].key.val.string.val = pnstrdup(name, length);
		pairs[place].key.val.string.len = length;
		object->val.object.pairs = pairs;
		object->val.object.nPairs = count + 1;
	}
	pairs[place].value = value;
}

/*
 * tree_remove_member takes the member at a place out of an object.
 */
void
tree_remove_member(JsonbValue *object, int place)
{
	JsonbPair *pairs = object->val.object.pairs;
	int count = --object->val.object.nPairs;

	memmove(pairs + place, pairs + place + 1, sizeof(JsonbPair) * (count - place));
}

/*
 * tree_insert_element puts a value into an array before the element at a place.
 */
void
tree_insert_element(JsonbValue *array, int place, JsonbValue value)
{
	JsonbValue *elements = array->val.array.elems;
	int count = array->val.array.nElems;

	elements = elements ? repalloc(elements, sizeof(JsonbValue) * (count + 1))
						: palloc(sizeof(JsonbValue));
	memmove(elements + place + 1, elements + place, sizeof(JsonbValue) * (count - place));
	elements[place] = value;
	array->val.array.elems = elements;
	array->val.array.nElems = count + 1;
}

/*
 * tree_remove_element takes the element at a place out of an array.
 */
void
tree_remove_element(JsonbValue *array, int place)
{
	JsonbValue *elements = array->val.array.elems;
	int count = --array->val.array.nElems;

	memmove(elements + place, elements + place + 1, sizeof(JsonbValue) * (count - place));
}

/*
 * unpack takes a value apart into a tree of its own, which shares no array with
 * any other.
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
		tree.val.object.pairs = palloc0(sizeof(JsonbPair) * Max(1, found.val.object.nPairs));
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
	tree.val.array.elems = palloc0(sizeof(JsonbValue) * Max(1, found.val.array.nElems));
	while (JsonbIteratorNext(&iterator, &found, true) == WJB_ELEM)
		tree.val.array.elems[count++] = unpack(found);
	return tree;
}

/*
 * tree_of_jsonb takes a whole jsonb apart.
 */
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
		JsonbPair *pairs = palloc(sizeof(JsonbPair) * Max(1, value.val.object.nPairs));

		for (int i = 0; i < value.val.object.nPairs; i++)
		{
			pairs[i] = value.val.object.pairs[i];
			pairs[i].value = tree_copy(pairs[i].value);
		}
		value.val.object.pairs = pairs;
	}
	else if (value.type == jbvArray)
	{
		JsonbValue *elements = palloc(sizeof(JsonbValue) * Max(1, value.val.array.nElems));

		for (int i = 0; i < value.val.array.nElems; i++)
			elements[i] = tree_copy(value.val.array.elems[i]);
		value.val.array.elems = elements;
	}
	return value;
}

/*
 * tree_measure adds what a tree holds, itself included, to a size, and returns how
 * deep the tree is.
 */
int
tree_measure(const JsonbValue *value, TreeSize *size)
{
	bool object = value->type == jbvObject;
	int children = object					 ? value->val.object.nPairs
				   : value->type == jbvArray ? value->val.array.nElems
											 : 0;
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
	return deepest + 1;
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
