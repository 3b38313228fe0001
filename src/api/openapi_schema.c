/*
 * openapi_schema.c
 *	  The schemas of requests: of fields and bodies, out of the table of operations.
 */
#include "api/openapi.h"

#include "call/field.h"
#include "util/document.h"
#include "operations.h"

/* The rules that are patterns. */
static const char *const patterns[] = {
	[RULE_KEY] = "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
	[RULE_COLOR] = "^[0-9A-Fa-f]{6}$",
	[RULE_TAGS] = "^[A-Za-z0-9_.-]+$",
	[RULE_URL] = "^[Hh][Tt][Tt][Pp][Ss]?://",
	[RULE_APP_ID] = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$",
	[RULE_OBJECT] = NULL,
};

#define PROJECT_ID_PATTERN "^(prj_)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

/*
 * write_choices writes enum.
 */
static void
write_choices(StringInfo out, const char *const *choices)
{
	document_key(out, "enum");
	document_open(out, '[');
	for (; *choices; choices++)
	{
		document_element(out);
		document_quoted(out, *choices);
	}
	document_close(out, ']');
}

/*
 * write_text_rule writes what a text is held to.
 */
static void
write_text_rule(StringInfo out, const Field *field)
{
	if (field->choices && field->rule != RULE_LIST)
		write_choices(out, field->choices);
	if (field->rule == RULE_EMAIL)
		document_string(out, "format", "email");
	if (field->rule == RULE_DOMAIN)
		document_string(out, "format", "hostname");
	if (field->rule == RULE_URL)
		document_string(out, "format", "uri");
	if (field->rule < (int) lengthof(patterns) && patterns[field->rule])
		document_string(out, "pattern", patterns[field->rule]);
	if (field->min > 0)
		document_integer(out, "minLength", field->min);
	if (field->max > 0)
		document_integer(out, "maxLength", field->max);
}

/*
 * write_texts_rule writes what a list of texts is held to.
 */
static void
write_texts_rule(StringInfo out, const Field *field)
{
	Field element = *field;

	if (field->rule == RULE_TAGS)
	{
		element.min = 1;
		element.max = TAG_LENGTH_MAX;
	}
	document_integer(out, "maxItems", TAGS_MAX);
	document_key(out, "items");
	document_open(out, '{');
	document_string(out, "type", "string");
	write_text_rule(out, &element);
	document_close(out, '}');
}

/*
 * write_number writes the schema of a whole number within its limits.
 */
static void
write_number(StringInfo out, const Field *field)
{
	bool milliseconds = field->type == FIELD_TIME;

	document_string(out, "type", "integer");
	document_string(out, "format", field->type == FIELD_INTEGER ? "int32" : "int64");
	if (milliseconds || field->rule == RULE_RANGE)
	{
		document_integer(out, "minimum", milliseconds ? 0 : field->min);
		document_integer(out, "maximum", milliseconds ? MILLISECONDS_MAX : field->max);
	}
	if (field->fallback)
		document_raw(out, "default", field->fallback);
}

/*
 * write_json writes the schema of a field that holds any JSON: what is known of
 * it by its name, or that it is an object.
 */
static void
write_json(StringInfo out, const Field *field)
{
	if (!openapi_json_schema(out, field->json_name))
		appendStringInfoString(out, field->rule == RULE_OBJECT ? "{\"type\":\"object\"}" : "{}");
}

/*
 * openapi_field_schema writes the schema of a field's value on the wire.
 */
void
openapi_field_schema(StringInfo out, const Field *field)
{
	if (field->type == FIELD_JSON)
	{
		write_json(out, field);
		return;
	}
	document_open(out, '{');
	switch (field->type)
	{
		case FIELD_PROJECT_ID:
			document_string(out, "type", "string");
			document_string(out, "pattern", PROJECT_ID_PATTERN);
			break;
		case FIELD_BOOLEAN:
			document_string(out, "type", "boolean");
			if (field->fallback)
				document_raw(out, "default", field->fallback);
			break;
		case FIELD_TEXTS:
			document_string(out, "type", "array");
			write_texts_rule(out, field);
			break;
		case FIELD_INTEGER:
		case FIELD_BIGINT:
		case FIELD_TIME:
			write_number(out, field);
			break;
		case FIELD_TEXT:
		case FIELD_INTERVAL:
		case FIELD_JSON:
			document_string(out, "type", "string");
			write_text_rule(out, field);
			if (field->fallback)
				document_string(out, "default", field->fallback);
			break;
	}
	document_close(out, '}');
}

/*
 * openapi_camel_case joins words, separated by '_' or ' ', with a capital each: the name of
 * a component.
 */
char *
openapi_camel_case(const char *words, const char *ending)
{
	StringInfoData name;
	bool first = true;

	initStringInfo(&name);
	for (; *words; words++)
	{
		if (*words == '_' || *words == ' ')
			first = true;
		else
		{
			appendStringInfoChar(&name, first ? pg_ascii_toupper((unsigned char) *words)
											  : pg_ascii_tolower((unsigned char) *words));
			first = false;
		}
	}
	appendStringInfoString(&name, ending);
	return name.data;
}

/*
 * openapi_body_name is the name of the component that an operation's body is.
 */
char *
openapi_body_name(const Operation *operation)
{
	return openapi_camel_case(operation->name, "");
}

/*
 * openapi_has_body tells whether an operation takes a body.
 */
bool
openapi_has_body(const Operation *operation)
{
	for (int i = 0; operation->fields[i].name; i++)
		if (operation->fields[i].place == IN_BODY || operation->fields[i].place == AS_BODY)
			return true;
	return false;
}

/*
 * openapi_is_list tells whether an operation answers with a list: one that is called a
 * list, or makes several things.
 */
bool
openapi_is_list(const Operation *operation)
{
	return strncmp(operation->name, "list_", strlen("list_")) == 0 ||
		   operation->name[strlen(operation->name) - 1] == 's';
}

/*
 * write_body writes the schema of an operation's body: one field's, or an object of
 * fields.  A body with unknown members is refused.
 */
static void
write_body(StringInfo out, const Operation *operation)
{
	StringInfoData required;

	for (const Field *field = operation->fields; field->name; field++)
		if (field->place == AS_BODY)
		{
			/* What a patch may be depends on what it is a patch of. */
			if (!openapi_json_schema(out, operation->name))
				openapi_field_schema(out, field);
			return;
		}
	initStringInfo(&required);
	document_open(&required, '[');
	document_open(out, '{');
	document_string(out, "type", "object");
	document_boolean(out, "additionalProperties", false);
	document_key(out, "properties");
	document_open(out, '{');
	for (const Field *field = operation->fields; field->name; field++)
	{
		if (field->place != IN_BODY)
			continue;
		document_key(out, field->json_name);
		openapi_field_schema(out, field);
		if (field->required)
		{
			document_element(&required);
			document_quoted(&required, field->json_name);
		}
	}
	document_close(out, '}');
	document_close(&required, ']');
	document_raw(out, "required", required.data);
	document_close(out, '}');
}

/*
 * openapi_body_schemas writes the schemas of the bodies, each under its name.
 */
void
openapi_body_schemas(StringInfo out)
{
	for (int i = 0; i < OPERATION_COUNT; i++)
	{
		if (operations[i].path == NULL || !openapi_has_body(&operations[i]))
			continue;
		document_key(out, openapi_body_name(&operations[i]));
		write_body(out, &operations[i]);
	}
}
