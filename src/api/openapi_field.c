/*
 * openapi_field.c
 *	  Schemas of requests: operations' fields and their rules, and the kinds of
 *	  instructions, as JSON Schema.
 */
#include "api/openapi.h"

#include "call/field.h"
#include "call/instruction.h"
#include "operations.h"
#include "resource/flag/flag.h"
#include "resource/segment/segment.h"
#include "util/document.h"

/* The rules that are patterns. */
static const char *const patterns[] = {
	[RULE_KEY] = "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
	[RULE_FLAG_KEY] = "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
	[RULE_COLOR] = "^[0-9A-Fa-f]{6}$",
	[RULE_TAGS] = "^[A-Za-z0-9_.-]+$",
	[RULE_URL] = "^[Hh][Tt][Tt][Pp][Ss]?://",
	[RULE_APP_ID] = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$",
	[RULE_OBJECT] = NULL,
};

/* Bodies that are no operation's own, by the name of their component. */
static const struct
{
	const char *name;
	const Field *fields;
} field_bodies[] = {
	{"FlagSemanticPatch", flag_semantic_patch_fields},
	{"SegmentSemanticPatch", segment_semantic_patch_fields},
};

#define PROJECT_ID_PATTERN "^(prj_)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

/*
 * write_member_schema writes the schema of a member of an instruction.
 */
static void
write_member_schema(StringInfo out, const InstructionMember *member)
{
	if (member->type == MEMBER_JSON)
	{
		openapi_type(out, member->shape, strlen(member->shape), false);
		return;
	}
	document_open(out, '{');
	switch (member->type)
	{
		case MEMBER_TEXT:
		case MEMBER_NAME:
			document_string(out, "type", "string");
			document_integer(out, "minLength", member->min);
			document_integer(out, "maxLength", member->max);
			break;
		case MEMBER_NUMBER:
			document_string(out, "type", "integer");
			document_integer(out, "minimum", member->min);
			document_integer(out, "maximum", member->max);
			break;
		case MEMBER_TEXTS:
			document_string(out, "type", "array");
			document_raw(out, "items", "{\"type\":\"string\"}");
			break;
		case MEMBER_SWITCH:
			document_string(out, "type", "boolean");
			break;
		case MEMBER_JSON:
			break;
	}
	document_close(out, '}');
}

/*
 * write_instruction writes the schema of an instruction of one kind.
 */
static void
write_instruction(StringInfo out, const InstructionKind *kind)
{
	StringInfoData required;

	initStringInfo(&required);
	appendStringInfoString(&required, "[\"kind\"");
	document_open(out, '{');
	document_string(out, "title", kind->name);
	document_string(out, "type", "object");
	document_boolean(out, "additionalProperties", false);
	document_key(out, "properties");
	document_open(out, '{');
	document_key(out, "kind");
	document_open(out, '{');
	document_string(out, "type", "string");
	document_string(out, "const", kind->name);
	document_close(out, '}');
	for (int i = 0; i < INSTRUCTION_MEMBERS && kind->members[i].name; i++)
	{
		document_key(out, kind->members[i].name);
		write_member_schema(out, &kind->members[i]);
		if (kind->members[i].required)
			appendStringInfo(&required, ",\"%s\"", kind->members[i].name);
	}
	document_close(out, '}');
	appendStringInfoChar(&required, ']');
	document_raw(out, "required", required.data);
	document_close(out, '}');
}

/*
 * write_instructions writes the schema of a field that is a list of instructions.
 */
static void
write_instructions(StringInfo out, const InstructionKind *kinds)
{
	document_open(out, '{');
	document_string(out, "type", "array");
	document_integer(out, "maxItems", INSTRUCTIONS_MAX);
	document_key(out, "items");
	document_open(out, '{');
	document_key(out, "oneOf");
	document_open(out, '[');
	for (; kinds->name; kinds++)
	{
		document_element(out);
		write_instruction(out, kinds);
	}
	document_close(out, ']');
	document_close(out, '}');
	document_close(out, '}');
}

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
 * write_text_rule writes the rule of a text.
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
 * write_texts_rule writes the rule of a list of texts.
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
 * write_default writes what a field is without a value.  Generators of clients take
 * a member of a body that has a default for one that is always there, so that a
 * body's default is in its description.
 */
static void
write_default(StringInfo out, const Field *field)
{
	StringInfoData value;

	if (field->fallback == NULL)
		return;
	initStringInfo(&value);
	if (field->type == FIELD_TEXT)
		document_quoted(&value, field->fallback);
	else
		appendStringInfoString(&value, field->fallback);
	if (field->place == IN_BODY)
		document_string(out, "description", psprintf("Default: %s.", value.data));
	else
		document_raw(out, "default", value.data);
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
}

/*
 * write_json writes the schema of a field of an operation that contains JSON.
 */
static void
write_json(StringInfo out, const char *operation, const Field *field)
{
	const char *type = openapi_lookup(openapi_json_fields, operation);

	if (field->kinds)
	{
		write_instructions(out, field->kinds);
		return;
	}
	if (type == NULL || field->place != AS_BODY)
		type = openapi_lookup(openapi_json_fields, field->json_name);
	if (type)
		openapi_type(out, type, strlen(type), false);
	else
		appendStringInfoString(out, "{}");
}

/*
 * openapi_field_schema writes the schema of a value in a request of an operation's
 * field.
 */
void
openapi_field_schema(StringInfo out, const char *operation, const Field *field)
{
	if (field->type == FIELD_JSON)
	{
		write_json(out, operation, field);
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
			break;
	}
	write_default(out, field);
	document_close(out, '}');
}

/*
 * write_body writes the schema of a body: one field's, or an object of fields.  A
 * body with unknown members is refused.
 */
static void
write_body(StringInfo out, const char *operation, const Field *fields)
{
	StringInfoData required;

	for (const Field *field = fields; field->name; field++)
		if (field->place == AS_BODY)
		{
			openapi_field_schema(out, operation, field);
			return;
		}
	initStringInfo(&required);
	document_open(&required, '[');
	document_open(out, '{');
	document_string(out, "type", "object");
	document_boolean(out, "additionalProperties", false);
	document_key(out, "properties");
	document_open(out, '{');
	for (const Field *field = fields; field->name; field++)
	{
		if (field->place != IN_BODY)
			continue;
		document_key(out, field->json_name);
		openapi_field_schema(out, operation, field);
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
 * openapi_schemas writes all schemas that have a name: of shapes, and of bodies.
 */
void
openapi_schemas(StringInfo out)
{
	openapi_shape_schemas(out);
	for (int i = 0; i < (int) lengthof(field_bodies); i++)
	{
		document_key(out, field_bodies[i].name);
		write_body(out, "", field_bodies[i].fields);
	}
	for (int i = 0; i < OPERATION_COUNT; i++)
	{
		if (operations[i].path == NULL || !openapi_has_body(&operations[i]))
			continue;
		document_key(out, openapi_body_name(&operations[i]));
		write_body(out, operations[i].name, operations[i].fields);
	}
}
