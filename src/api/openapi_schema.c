/*
 * openapi_schema.c
 *	  Schemas of shapes: the notation of openapi_shape.c as JSON Schema.
 */
#include "api/openapi.h"

#include "util/document.h"

/*
 * openapi_lookup finds what a table says of a name; NULL if it is not there.
 */
const char *
openapi_lookup(const NamedText *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table->text;
	return NULL;
}

/* A member of a shape. */
typedef struct Member
{
	char *name;
	char mark; /* '?', '+' or '!'; NUL if it is always there */
	char *type;
} Member;

/*
 * next_member reads the member that a shape's text begins with, and returns what
 * follows it; NULL after the last.
 */
static const char *
next_member(const char *members, Member *member)
{
	size_t name_length = strcspn(members, " ");
	size_t type_length;

	if (*members == '\0')
		return NULL;
	member->mark = strchr("?+!", members[name_length - 1]) ? members[name_length - 1] : '\0';
	member->name = pnstrdup(members, member->mark ? name_length - 1 : name_length);
	members += name_length + 1;
	type_length = strcspn(members, ",");
	member->type = pnstrdup(members, type_length);
	members += type_length;
	return members + strspn(members, ", ");
}

/*
 * differs_in_requests returns whether a shape has members that are not in requests
 * what they are in responses.
 */
static bool
differs_in_requests(const char *shape)
{
	const char *members = openapi_lookup(openapi_shapes, shape);
	Member member;

	while (members && (members = next_member(members, &member)) != NULL)
		if (member.mark == '+' || member.mark == '!')
			return true;
	return false;
}

/*
 * openapi_type writes the schema of a type in the notation of the shapes; in a
 * request's shape, with the shapes in requests.
 */
void
openapi_type(StringInfo out, const char *type, size_t length, bool request)
{
	const char *end = type + length;
	const char *bar = memchr(type, '|', length);

	document_open(out, '{');
	if (end[-1] == '?' || bar)
	{
		document_key(out, "anyOf");
		document_open(out, '[');
		for (; bar; type = bar + 1, bar = memchr(type, '|', end - type))
		{
			document_element(out);
			openapi_type(out, type, bar - type, request);
		}
		document_element(out);
		openapi_type(out, type, end[-1] == '?' ? end - type - 1 : end - type, request);
		if (end[-1] == '?')
		{
			document_element(out);
			appendStringInfoString(out, "{\"type\":\"null\"}");
		}
		document_close(out, ']');
	}
	else if (end[-1] == ']' || end[-1] == '}')
	{
		document_string(out, "type", end[-1] == ']' ? "array" : "object");
		document_key(out, end[-1] == ']' ? "items" : "additionalProperties");
		openapi_type(out, type, length - 2, request);
	}
	else if (type[0] >= 'A' && type[0] <= 'Z')
	{
		char *name = pnstrdup(type, length);

		document_string(out, "$ref",
						psprintf("#/components/schemas/%s%s",
								 request && differs_in_requests(name) ? "New" : "", name));
	}
	else
	{
		char *name = pnstrdup(type, length);
		const char *plain = openapi_lookup(openapi_plain_types, name);

		if (plain == NULL)
			elog(ERROR, "no type is called %s", name);
		appendStringInfoString(out, plain);
	}
	document_close(out, '}');
}

/*
 * write_shape writes the schema of an object out of its members, as responses or
 * requests contain it.
 */
static void
write_shape(StringInfo out, const char *members, bool request)
{
	StringInfoData required;
	Member member;

	initStringInfo(&required);
	document_open(&required, '[');
	document_open(out, '{');
	document_string(out, "type", "object");
	document_key(out, "properties");
	document_open(out, '{');
	while ((members = next_member(members, &member)) != NULL)
	{
		if (request && member.mark == '!')
			continue;
		document_key(out, member.name);
		openapi_type(out, member.type, strlen(member.type), request);
		if (member.mark != '?' && !(request && member.mark == '+'))
		{
			document_element(&required);
			document_quoted(&required, member.name);
		}
	}
	document_close(out, '}');
	document_close(&required, ']');
	document_raw(out, "required", required.data);
	document_close(out, '}');
}

/*
 * openapi_shape_schemas writes the schemas of all shapes, each under its name.
 */
void
openapi_shape_schemas(StringInfo out)
{
	for (const NamedText *shape = openapi_shapes; shape->name; shape++)
	{
		document_key(out, shape->name);
		write_shape(out, shape->text, false);
		if (!differs_in_requests(shape->name))
			continue;
		document_key(out, psprintf("New%s", shape->name));
		write_shape(out, shape->text, true);
	}
}

/*
 * openapi_response_schema writes the schema of an operation's response: that of its
 * subject, or of a list of them.
 */
void
openapi_response_schema(StringInfo out, const Operation *operation)
{
	char *name = openapi_camel_case(operation->subject, openapi_is_list(operation) ? "List" : "");

	openapi_type(out, name, strlen(name), false);
}
