/*
 * context.c
 *	  For whom a flag is evaluated: a context, read where its jsonb lies.
 */
#include "evaluation/context.h"

/*
 * member finds a member of an object that is not null.
 */
static bool
member(JsonbContainer *object, StringView name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, name.data, name.length, value) != NULL &&
		   value->type != jbvNull;
}

/*
 * string_member finds a member of an object that is a string.
 */
static bool
string_member(JsonbContainer *object, StringView name, StringView *string)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(object, name.data, name.length, &value) == NULL ||
		value.type != jbvString)
		return false;
	*string = (StringView){.data = value.val.string.val, .length = value.val.string.len};
	return true;
}

/*
 * is_object tells whether a value is an object.
 */
static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

/*
 * may_be_kind tells whether a kind of a context may have this name.
 */
static bool
may_be_kind(StringView name)
{
	if (name.length == 0 || view_equal(name, STRING_VIEW("kind")) ||
		view_equal(name, STRING_VIEW("multi")))
		return false;
	for (int i = 0; i < name.length; i++)
	{
		char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

/*
 * read_part reads one kind; false if it is not valid.
 */
static bool
read_part(ContextPart *part, StringView kind, JsonbContainer *attributes)
{
	*part = (ContextPart){.attributes = attributes, .kind = kind};
	return may_be_kind(kind) && string_member(attributes, STRING_VIEW("key"), &part->key) &&
		   part->key.length > 0;
}

/*
 * read_old_user reads a user of the form that has no kind; its key may be empty.
 */
static bool
read_old_user(ContextPart *part, JsonbContainer *user)
{
	JsonbValue custom;

	*part = (ContextPart){.attributes = user, .old_user = true, .kind = STRING_VIEW("user")};
	if (member(user, STRING_VIEW("custom"), &custom) && is_object(&custom))
		part->custom = custom.val.binary.data;
	return string_member(user, STRING_VIEW("key"), &part->key);
}

/*
 * key_of is the key of a member of an object, by its place.
 */
static StringView
key_of(const JsonbContainer *object, int place)
{
	const char *data = (const char *) &object->children[JsonContainerSize(object) * 2];

	return (StringView){.data = data + getJsonbOffset(object, place),
						.length = (int) getJsonbLength(object, place)};
}

/*
 * context_next_kind gives the name of each kind in a context of several, from place 0 on.
 */
bool
context_next_kind(const JsonbContainer *kinds, int *place, StringView *kind)
{
	while (*place < (int) JsonContainerSize(kinds))
	{
		*kind = key_of(kinds, (*place)++);
		if (!view_equal(*kind, STRING_VIEW("kind")))
			return true;
	}
	return false;
}

/*
 * read_kinds reads the kinds of a multi-kind context, each of which must be valid.
 * One kind alone is a context of that kind.
 */
static bool
read_kinds(Context *context, JsonbContainer *root)
{
	StringView kind;
	JsonbValue value;
	int count = 0;

	for (int place = 0; context_next_kind(root, &place, &kind); count++)
		if (!member(root, kind, &value) || !is_object(&value) ||
			!read_part(&context->part, kind, value.val.binary.data))
			return false;
	if (count > 1)
		context->kinds = root;
	return count > 0;
}

/*
 * context_read reads a context from the root of its document, which must stay. The
 * context says itself whether it is valid.
 */
void
context_read(Context *context, JsonbContainer *root)
{
	JsonbValue kind;

	*context = (Context){0};
	if (!JsonContainerIsObject(root))
		return;
	if (getKeyJsonValueFromContainer(root, "kind", 4, &kind) == NULL)
		context->valid = read_old_user(&context->part, root);
	else if (kind.type == jbvString)
	{
		StringView name = {.data = kind.val.string.val, .length = kind.val.string.len};

		if (view_equal(name, STRING_VIEW("multi")))
			context->valid = read_kinds(context, root);
		else
			context->valid = read_part(&context->part, name, root);
	}
}

/*
 * context_part finds one kind of a valid context; false if it has no such kind.
 */
bool
context_part(const Context *context, StringView kind, ContextPart *part)
{
	JsonbValue value;

	if (context->kinds == NULL)
	{
		if (!view_equal(context->part.kind, kind))
			return false;
		*part = context->part;
		return true;
	}
	return member(context->kinds, kind, &value) && is_object(&value) &&
		   read_part(part, kind, value.val.binary.data);
}

/*
 * read_path splits the text of a reference behind its first slash; false if it is not
 * valid. A ~1 stands for a slash, a ~0 for a tilde.
 */
static bool
read_path(AttributeReference *reference, StringView text)
{
	char *unescaped = palloc(text.length + 1);
	int filled = 0;
	int start = 0;

	reference->parts = palloc0((text.length + 1) * sizeof(StringView));
	for (int i = 0; i <= text.length; i++)
	{
		if (i == text.length || text.data[i] == '/')
		{
			if (filled == start)
				return false;
			reference->parts[reference->depth++] =
				(StringView){.data = unescaped + start, .length = filled - start};
			start = filled;
		}
		else if (text.data[i] != '~')
			unescaped[filled++] = text.data[i];
		else if (i + 1 < text.length && (text.data[i + 1] == '0' || text.data[i + 1] == '1'))
			unescaped[filled++] = text.data[++i] == '0' ? '~' : '/';
		else
			return false;
	}
	return true;
}

/*
 * attribute_reference_read reads a reference, in the current memory context. What does not begin
 * with a slash is a name as it is, and so is everything that is literal. An
 * empty text is the same as none.
 */
void
attribute_reference_read(AttributeReference *reference, StringView text, bool literal)
{
	*reference = (AttributeReference){.given = text.length > 0};
	if (text.length == 0)
		return;
	if (literal || text.data[0] != '/')
	{
		reference->parts = palloc(sizeof(StringView));
		reference->parts[0] = text;
		reference->depth = 1;
	}
	else if (!read_path(reference, (StringView){.data = text.data + 1, .length = text.length - 1}))
		reference->depth = 0;
}

/*
 * attribute_reference_is tells whether a reference is to this attribute as a whole.
 */
bool
attribute_reference_is(const AttributeReference *reference, StringView name)
{
	return reference->depth == 1 && view_equal(reference->parts[0], name);
}

/*
 * string_value makes a string value of a view.
 */
static bool
string_value(StringView view, JsonbValue *value)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, view.data);
	value->val.string.len = view.length;
	return true;
}

/*
 * old_user_value finds an attribute of a user of the old form: the known ones are
 * beside the key, the others in "custom".
 */
static bool
old_user_value(const ContextPart *part, StringView name, JsonbValue *value)
{
	static const StringView known[] = {
		{.data = "name", .length = 4},		{.data = "email", .length = 5},
		{.data = "firstName", .length = 9}, {.data = "lastName", .length = 8},
		{.data = "country", .length = 7},	{.data = "avatar", .length = 6},
		{.data = "ip", .length = 2}};

	for (int i = 0; i < lengthof(known); i++)
		if (view_equal(name, known[i]) && member(part->attributes, name, value) &&
			value->type == jbvString)
			return true;
	return part->custom != NULL && !view_equal(name, known[0]) && member(part->custom, name, value);
}

/*
 * top_level_value finds an attribute by its name; false if there is none, or a null.
 */
static bool
top_level_value(const ContextPart *part, StringView name, JsonbValue *value)
{
	if (view_equal(name, STRING_VIEW("key")))
		return string_value(part->key, value);
	if (view_equal(name, STRING_VIEW("kind")))
		return string_value(part->kind, value);
	if (view_equal(name, STRING_VIEW("_meta")))
		return false;
	if (view_equal(name, STRING_VIEW("anonymous")))
	{
		bool anonymous =
			member(part->attributes, name, value) && value->type == jbvBool && value->val.boolean;

		value->type = jbvBool;
		value->val.boolean = anonymous;
		return true;
	}
	if (part->old_user)
		return old_user_value(part, name, value);
	return member(part->attributes, name, value);
}

/*
 * attribute_value finds what a valid reference points to; false if there is nothing, or a
 * null. A path goes through objects only.
 */
bool
attribute_value(const AttributeReference *reference, const ContextPart *part, JsonbValue *value)
{
	bool found = reference->depth > 0 && top_level_value(part, reference->parts[0], value);

	for (int i = 1; found && i < reference->depth; i++)
		found = is_object(value) && member(value->val.binary.data, reference->parts[i], value);
	return found;
}
