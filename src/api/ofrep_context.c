/*
 * ofrep_context.c
 *	  The context of an OpenFeature provider, as the one that flags are evaluated for.
 *
 * OpenFeature knows a targeting key and attributes. They are read as LaunchDarkly's own providers
 * read them: the targeting key, or else the attribute key, is the key; the attribute kind
 * is the kind, user if there is none; under the kind multi each attribute that is an object is a
 * context of the kind of its name.
 */
#include "api/ofrep.h"

#include "util/jsonb_tree.h"

/* Members of a context that are no attributes. */
static const char *const not_attributes[] = {"targetingKey", "key", "privateAttributes"};

/*
 * text_member is a string of an object; NULL if it is absent, null or empty. Refuses another type.
 */
static char *
text_member(JsonbValue *object, const char *name)
{
	JsonbValue *value = tree_member(object, name);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		error_raise(ERR_INVALID, "%s of the context must be a string", name);
	return value->val.string.len > 0 ? pnstrdup(value->val.string.val, value->val.string.len)
									 : NULL;
}

/*
 * remove_member removes a member, if it is there.
 */
static void
remove_member(JsonbValue *object, const char *name)
{
	int place;

	if (tree_find_member(object, name, strlen(name), &place))
		tree_remove_member(object, place);
}

/*
 * read_part makes a context of one kind of its attributes. Refuses one that has no key.
 */
static void
read_part(JsonbValue *attributes)
{
	char *key = text_member(attributes, "targetingKey");
	JsonbValue *name = tree_member(attributes, "name");

	if (name != NULL && name->type != jbvString)
		remove_member(attributes, "name");
	if (key == NULL)
		key = text_member(attributes, "key");
	if (key == NULL)
		error_raise(ERR_TARGETING_KEY, "the context has no targetingKey");
	for (int i = 0; i < (int) lengthof(not_attributes); i++)
		remove_member(attributes, not_attributes[i]);
	tree_set_member(attributes, "key", strlen("key"), tree_string(key));
}

/*
 * read_kinds makes a context of several kinds. What is no object is of none of them.
 */
static void
read_kinds(JsonbValue *context)
{
	for (int i = context->val.object.nPairs - 1; i >= 0; i--)
	{
		JsonbPair *pair = &context->val.object.pairs[i];

		if (pair->value.type == jbvObject)
			read_part(&pair->value);
		else
			tree_remove_member(context, i);
	}
}

/*
 * kind_of is the kind of a context: that of users, if there is none.
 */
static JsonbValue
kind_of(JsonbValue *context)
{
	JsonbValue *kind = tree_member(context, "kind");

	if (kind == NULL || kind->type == jbvNull)
		return tree_string("user");
	if (kind->type != jbvString)
		error_raise(ERR_INVALID, "kind of the context must be a string");
	return *kind;
}

/*
 * read_kind makes a context of the kind that it is of.
 */
static void
read_kind(JsonbValue *context)
{
	JsonbValue kind = kind_of(context);
	StringView name = {.data = kind.val.string.val, .length = kind.val.string.len};

	if (view_equal(name, STRING_VIEW("multi")))
		read_kinds(context);
	else
		read_part(context);
	tree_set_member(context, "kind", strlen("kind"), kind);
}

/*
 * ofrep_context_read reads the context of a request's body, and returns the document that it
 * lies in. Refuses what is none.
 */
Jsonb *
ofrep_context_read(const char *body, int length, Context *context)
{
	JsonValue value;
	JsonbValue tree;
	JsonbValue *given;
	Datum document;
	Jsonb *read;
	char *problem = json_read_value(body, length, &value);

	if (problem)
		error_raise(ERR_MALFORMED, "the request body is not JSON: %s", problem);
	if (value.kind != JSON_OBJECT)
		error_raise(ERR_MALFORMED, "the request body must be an object");
	if (!json_read_jsonb(&value, &document))
		error_raise(ERR_INVALID, "the context has a character that cannot be stored");
	tree = tree_of_jsonb(DatumGetJsonbP(document));
	given = tree_member(&tree, "context");
	if (given == NULL || given->type == jbvNull)
		error_raise(ERR_TARGETING_KEY, "the request has no context");
	if (given->type != jbvObject)
		error_raise(ERR_INVALID, "the context must be an object");
	read_kind(given);
	read = JsonbValueToJsonb(given);
	context_read(context, &read->root);
	if (!context->valid)
		error_raise(ERR_INVALID, "the context has no kind, or one that no context can have");
	return read;
}
