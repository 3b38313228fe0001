/*
 * jsonb_tree.h
 *	  A jsonb document unpacked, so that parts of it can be changed.
 */
#ifndef FLAGPLANE_JSONB_TREE_H
#define FLAGPLANE_JSONB_TREE_H

#include "util/compat.h"

#include "utils/jsonb.h"

/* The size of a tree. */
typedef struct TreeSize
{
	int values;
	int64 bytes; /* of its strings, names and numbers */
} TreeSize;

extern JsonbValue tree_of_jsonb(Jsonb *document);
extern JsonbValue tree_copy(JsonbValue value);
extern int tree_measure(const JsonbValue *value, TreeSize *size);
extern JsonbValue tree_merge(JsonbValue value, const JsonbValue *patch);
extern bool trees_equal(const JsonbValue *a, const JsonbValue *b);
extern void tree_plain_numbers(JsonbValue *value);

extern JsonbValue tree_string(const char *text);
extern JsonbValue *tree_member(JsonbValue *object, const char *name);
extern bool tree_find_member(const JsonbValue *object, const char *name, int length, int *place);
extern void tree_set_member(JsonbValue *object, const char *name, int length, JsonbValue value);
extern void tree_remove_member(JsonbValue *object, int place);
extern void tree_insert_element(JsonbValue *array, int place, JsonbValue value);
extern void tree_remove_element(JsonbValue *array, int place);

#endif /* FLAGPLANE_JSONB_TREE_H */
