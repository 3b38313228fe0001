/*
 * json_patch.c
 *	  Documents changed by JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396).
 *
 * Patches are not trusted: copies of copies would grow without end, so what they may
 * add and how deep a document may become is bounded.
 */
#include "util/json_patch.h"

#include "util/error.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/jsonb_tree.h"
#include "miscadmin.h"

/*
 * How many operations a patch may have, how many values and bytes all its copies may
 * make, and how many values all of them together may move: those that they name, and
 * an eighth of the elements and members that change their places for them, which are
 * not looked into.
 */
#define OPERATIONS_MAX	 1000
#define COPIES_MAX		 100000
#define COPIED_BYTES_MAX (16 * 1024 * 1024)
#define MOVES_MAX		 20000000
#define SHIFTS_A_MOVE	 8

/* The names that a path consists of. */
typedef struct JsonPointer
{
	const char *text;
	int count;
	char **names;
} JsonPointer;

/* A patch while it is applied. */
typedef struct Patching
{
	JsonbValue root;
	int number; /* of the operation, for messages */
	TreeSize copied;
	int64 moves;  /* values named, and elements and members shifted for them, in shifts */
	bool lenient; /* what is replaced in an object need not be there */
} Patching;

/*
 * member finds a member of an operation of the patch; NULL if it is absent.
 */
static JsonbValue *
member(const JsonbValue *operation, const char *name)
{
	int place;

	return tree_find_member(operation, name, strlen(name), &place)
			   ? &operation->val.object.pairs[place].value
			   : NULL;
}

/*
 * unescape reads one name of a JSON Pointer: ~1 is a slash, ~0 a tilde.
 */
static char *
unescape(const Patching *patching, const char *text, size_t length)
{
	char *name = palloc(length + 1);
	char *to = name;

	for (size_t i = 0; i < length; i++)
	{
		char c = text[i];

		if (c == '~')
		{
			c = ++i < length ? text[i] : '\0';
			if (c != '0' && c != '1')
				error_raise(ERR_INVALID, "patch[%d]: ~ in a path must be followed by 0 or 1",
							patching->number);
			c = c == '0' ? '~' : '/';
		}
		*to++ = c;
	}
	*to = '\0';
	return name;
}

/*
 * read_pointer reads a JSON Pointer (RFC 6901) out of an operation of the patch.
 */
static JsonPointer
read_pointer(const Patching *patching, const JsonbValue *operation, const char *member_name)
{
	JsonbValue *value = member(operation, member_name);
	JsonPointer pointer = {0};
	const char *rest;

	if (value == NULL || value->type != jbvString)
		error_raise(ERR_INVALID, "patch[%d] must have a string as %s", patching->number,
					member_name);
	rest = pointer.text = pnstrdup(value->val.string.val, value->val.string.len);
	if (*rest != '\0' && *rest != '/')
		error_raise(ERR_INVALID, "patch[%d]: %s must be empty or start with /", patching->number,
					member_name);
	pointer.names = palloc(sizeof(char *) * (strlen(rest) + 1));
	while (*rest == '/')
	{
		size_t length = strcspn(++rest, "/");

		pointer.names[pointer.count++] = unescape(patching, rest, length);
		rest += length;
	}
	return pointer;
}

/*
 * read_index reads the index of an element: digits without a leading zero, less
 * than limit.  Returns -1 if it is none.
 */
static int
read_index(const char *name, int limit)
{
	long index;
	char *end;

	if (strspn(name, "0123456789") != strlen(name) || name[0] == '\0' ||
		(name[0] == '0' && name[1] != '\0'))
		return -1;
	errno = 0;
	index = strtol(name, &end, 10);
	return errno == 0 && index < limit ? (int) index : -1;
}

/*
 * nothing_there refuses a patch that names what the document does not have.
 */
pg_noreturn static void
nothing_there(const Patching *patching, const JsonPointer *pointer)
{
	error_raise(ERR_PATCH, "patch[%d]: there is nothing at \"%s\"", patching->number,
				pointer->text);
}

/*
 * find finds the value that the first names of a pointer lead to.
 */
static JsonbValue *
find(Patching *patching, const JsonPointer *pointer, int names)
{
	JsonbValue *value = &patching->root;

	for (int i = 0; i < names; i++)
	{
		const char *name = pointer->names[i];
		int place = -1;

		if (value->type == jbvObject && tree_find_member(value, name, strlen(name), &place))
			value = &value->val.object.pairs[place].value;
		else if (value->type == jbvArray &&
				 (place = read_index(name, value->val.array.nElems)) >= 0)
			value = &value->val.array.elems[place];
		else
			nothing_there(patching, pointer);
	}
	return value;
}

/*
 * count_moves limits the work of the whole patch, in shifts.
 */
static void
count_moves(Patching *patching, int64 shifts)
{
	patching->moves += shifts;
	if (patching->moves > (int64) MOVES_MAX * SHIFTS_A_MOVE)
		error_raise(ERR_PATCH, "patch[%d]: the patch would move more than %d values",
					patching->number, MOVES_MAX);
}

/*
 * measure adds the size of a value to a total, and returns how deep it is.
 */
static int
measure(Patching *patching, const JsonbValue *value, TreeSize *size)
{
	int before = size->values;
	int depth = tree_measure(value, size);

	count_moves(patching, (int64) (size->values - before) * SHIFTS_A_MOVE);
	return depth;
}

/*
 * require_depth refuses a value that would be nested too deeply where a pointer
 * leads.
 */
static void
require_depth(Patching *patching, const JsonPointer *pointer, const JsonbValue *value)
{
	TreeSize size = {0};

	if (pointer->count + measure(patching, value, &size) > JSON_DEPTH_MAX)
		error_raise(ERR_PATCH, "patch[%d]: the document would be nested too deeply",
					patching->number);
}

/*
 * add puts a value where a pointer leads: as a new document, as a member, or
 * before an element; - is the end of an array.
 */
static void
add(Patching *patching, const JsonPointer *pointer, JsonbValue value)
{
	JsonbValue *parent;
	const char *name;
	int place;

	require_depth(patching, pointer, &value);
	if (pointer->count == 0)
	{
		patching->root = value;
		return;
	}
	parent = find(patching, pointer, pointer->count - 1);
	name = pointer->names[pointer->count - 1];
	if (parent->type == jbvObject)
	{
		count_moves(patching, parent->val.object.nPairs);
		tree_set_member(parent, name, strlen(name), value);
	}
	else if (parent->type == jbvArray)
	{
		place = strcmp(name, "-") == 0 ? parent->val.array.nElems
									   : read_index(name, parent->val.array.nElems + 1);
		if (place < 0)
			nothing_there(patching, pointer);
		count_moves(patching, parent->val.array.nElems - place);
		tree_insert_element(parent, place, value);
	}
	else
		nothing_there(patching, pointer);
}

/*
 * remove_at removes the value that a pointer leads to, and returns it.
 */
static JsonbValue
remove_at(Patching *patching, const JsonPointer *pointer)
{
	JsonbValue value = *find(patching, pointer, pointer->count);
	JsonbValue *parent;
	const char *name;
	int place;

	if (pointer->count == 0)
		error_raise(ERR_PATCH, "patch[%d]: the whole document cannot be removed", patching->number);
	parent = find(patching, pointer, pointer->count - 1);
	name = pointer->names[pointer->count - 1];
	if (parent->type == jbvObject && tree_find_member(parent, name, strlen(name), &place))
	{
		count_moves(patching, parent->val.object.nPairs - place);
		tree_remove_member(parent, place);
	}
	else
	{
		place = read_index(name, parent->val.array.nElems);
		count_moves(patching, parent->val.array.nElems - place);
		tree_remove_element(parent, place);
	}
	return value;
}

/*
 * is_inside tells whether a pointer leads to something inside what another leads to.
 */
static bool
is_inside(const JsonPointer *inner, const JsonPointer *outer)
{
	if (inner->count <= outer->count)
		return false;
	for (int i = 0; i < outer->count; i++)
		if (strcmp(inner->names[i], outer->names[i]) != 0)
			return false;
	return true;
}

/*
 * is_absent_member tells whether a pointer leads to a member that its object has
 * not; the object must be there.
 */
static bool
is_absent_member(Patching *patching, const JsonPointer *pointer)
{
	JsonbValue *parent;
	const char *name;
	int place;

	if (pointer->count == 0)
		return false;
	parent = find(patching, pointer, pointer->count - 1);
	name = pointer->names[pointer->count - 1];
	return parent->type == jbvObject && !tree_find_member(parent, name, strlen(name), &place);
}

/*
 * operand is the value of an operation of the patch, which must have one.
 */
static JsonbValue
operand(const Patching *patching, const JsonbValue *operation)
{
	JsonbValue *value = member(operation, "value");

	if (value == NULL)
		error_raise(ERR_INVALID, "patch[%d] must have a value", patching->number);
	return tree_copy(*value);
}

static void
apply(Patching *patching, const JsonbValue *operation)
{
	JsonbValue *op = operation->type == jbvObject ? member(operation, "op") : NULL;
	JsonPointer path;
	char *verb;

	if (op == NULL || op->type != jbvString)
		error_raise(ERR_INVALID, "patch[%d] must be an object with a string as op",
					patching->number);
	verb = pnstrdup(op->val.string.val, op->val.string.len);
	path = read_pointer(patching, operation, "path");
	if (strcmp(verb, "add") == 0)
		add(patching, &path, operand(patching, operation));
	else if (strcmp(verb, "remove") == 0)
		remove_at(patching, &path);
	else if (strcmp(verb, "replace") == 0)
	{
		JsonbValue value = operand(patching, operation);

		if (patching->lenient && is_absent_member(patching, &path))
			add(patching, &path, value);
		else
		{
			require_depth(patching, &path, &value);
			*find(patching, &path, path.count) = value;
		}
	}
	else if (strcmp(verb, "move") == 0)
	{
		JsonPointer from = read_pointer(patching, operation, "from");

		if (is_inside(&path, &from))
			error_raise(ERR_PATCH, "patch[%d]: \"%s\" cannot be moved into itself",
						patching->number, from.text);
		find(patching, &from, from.count);
		if (strcmp(path.text, from.text) != 0)
			add(patching, &path, remove_at(patching, &from));
	}
	else if (strcmp(verb, "copy") == 0)
	{
		JsonPointer from = read_pointer(patching, operation, "from");
		JsonbValue *value = find(patching, &from, from.count);

		measure(patching, value, &patching->copied);
		if (patching->copied.values > COPIES_MAX || patching->copied.bytes > COPIED_BYTES_MAX)
			error_raise(ERR_PATCH, "patch[%d]: more than %d values or %d bytes would be copied",
						patching->number, COPIES_MAX, COPIED_BYTES_MAX);
		add(patching, &path, tree_copy(*value));
	}
	else if (strcmp(verb, "test") == 0)
	{
		JsonbValue value = operand(patching, operation);

		if (!trees_equal(find(patching, &path, path.count), &value))
			error_raise(ERR_PATCH, "patch[%d]: the value at \"%s\" is another", patching->number,
						path.text);
	}
	else
		error_raise(ERR_INVALID,
					"patch[%d]: op must be one of: add, remove, replace, move, copy, test",
					patching->number);
}

/*
 * follow applies a JSON Patch, an array of operations, to a document: all of them
 * or, with an error, none.
 */
static Jsonb *
follow(Jsonb *document, Jsonb *patch, bool lenient)
{
	Patching patching = {.lenient = lenient};
	JsonbValue operations;

	if (!jsonb_is_array(patch))
		error_raise(ERR_INVALID, "a JSON Patch is an array of operations");
	patching.root = tree_of_jsonb(document);
	operations = tree_of_jsonb(patch);
	if (operations.val.array.nElems > OPERATIONS_MAX)
		error_raise(ERR_INVALID, "a JSON Patch has at most %d operations", OPERATIONS_MAX);
	for (int i = 0; i < operations.val.array.nElems; i++)
	{
		patching.number = i;
		CHECK_FOR_INTERRUPTS();
		apply(&patching, &operations.val.array.elems[i]);
	}
	return JsonbValueToJsonb(&patching.root);
}

Jsonb *
json_patch(Jsonb *document, Jsonb *patch)
{
	return follow(document, patch, false);
}

/*
 * json_patch_leniently applies a JSON Patch, in which to replace a member that is
 * absent is to add it: for documents that leave out what has no value.
 */
Jsonb *
json_patch_leniently(Jsonb *document, Jsonb *patch)
{
	return follow(document, patch, true);
}

Jsonb *
json_merge_patch(Jsonb *document, Jsonb *patch)
{
	JsonbValue change = tree_of_jsonb(patch);
	JsonbValue merged = tree_merge(tree_of_jsonb(document), &change);
	TreeSize size = {0};

	if (tree_measure(&merged, &size) > JSON_DEPTH_MAX)
		error_raise(ERR_PATCH, "the document would be nested too deeply");
	return JsonbValueToJsonb(&merged);
}
