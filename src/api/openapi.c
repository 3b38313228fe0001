/*
 * openapi.c
 *	  The table of operations as an OpenAPI 3.1 document.
 *
 * Everything in it follows from the tables: operations, their fields and
 * instructions, errors, and the shapes (openapi_shape.c); descriptions are the comments
 * on the SQL functions.  The same tables give the same bytes.
 */
#include "api/openapi.h"

#include <ctype.h>

#include "call/caller.h"
#include "call/field.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "commands/comment.h"
#include "fmgr.h"
#include "util/document.h"
#include "operations.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/formatting.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(flagplane_openapi);

/*
 * function_comment is the comment on an operation's function; NULL if it has none.
 */
static char *
function_comment(const char *name, Oid schema)
{
	CatCList *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid function = InvalidOid;

	for (int i = 0; i < functions->n_members; i++)
	{
		Form_pg_proc row = (Form_pg_proc) GETSTRUCT(&functions->members[i]->tuple);

		if (row->pronamespace == schema)
			function = row->oid;
	}
	ReleaseSysCacheList(functions);
	return OidIsValid(function) ? GetComment(function, ProcedureRelationId, 0) : NULL;
}

/*
 * rest_words is words about an operation with its fields called by their JSON
 * names.
 */
static char *
rest_words(const char *words, const Operation *operation)
{
	char *wired = pstrdup(words);

	for (const Field *field = operation->fields; field->name; field++)
		if (strchr(field->name, '_'))
			wired = TextDatumGetCString(DirectFunctionCall3Coll(
				replace_text, C_COLLATION_OID, CStringGetTextDatum(wired),
				CStringGetTextDatum(field->name), CStringGetTextDatum(field->json_name)));
	return wired;
}

/*
 * cut_sentence removes the sentence that begins with some words from a text.
 */
static void
cut_sentence(char *text, const char *start)
{
	char *sentence = strstr(text, start);
	char *end;

	if (sentence == NULL)
		return;
	end = strstr(sentence, ". ");
	if (end)
		memmove(sentence, end + 2, strlen(end + 2) + 1);
	else
		*sentence = '\0';
}

/*
 * write_description writes an operation's summary and description: the first line
 * of its function's comment, and the rest of it without what is said to SQL alone:
 * the SQLSTATEs, and that a project may be given by its key.
 */
static void
write_description(StringInfo out, const Operation *operation, Oid schema)
{
	char *comment = function_comment(operation->name, schema);
	char *rest;

	if (comment == NULL)
		return;
	cut_sentence(comment, "Refuses: ");
	cut_sentence(comment, "project_id: ");
	comment = rest_words(comment, operation);
	for (char *end = comment + strlen(comment); end > comment && isspace((unsigned char) end[-1]);)
		*--end = '\0';
	rest = strchr(comment, '\n');
	if (rest)
		*rest++ = '\0';
	document_string(out, "summary", comment);
	if (rest)
		document_string(out, "description", rest);
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
 * openapi_has_body returns whether an operation has a body.
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
 * openapi_is_list returns whether an operation answers with a list: one that is called a
 * list, or makes several things.
 */
bool
openapi_is_list(const Operation *operation)
{
	return strncmp(operation->name, "list_", strlen("list_")) == 0 ||
		   operation->name[strlen(operation->name) - 1] == 's';
}

/*
 * has_version returns whether what an operation is about has a version.
 */
static bool
has_version(const Operation *operation)
{
	return strcmp(operation->subject, "environment") == 0 ||
		   strcmp(operation->subject, "project") == 0 || strcmp(operation->subject, "flag") == 0 ||
		   strcmp(operation->subject, "segment") == 0 ||
		   strcmp(operation->subject, "experiment") == 0;
}

/*
 * write_example writes an example, a string or JSON, if there is one of that name.
 */
static void
write_example(StringInfo out, const NamedText *examples, const char *name, bool string)
{
	const char *example = openapi_lookup(examples, name);

	if (example && string)
		document_string(out, "example", example);
	else if (example)
		document_raw(out, "example", example);
}

/*
 * write_parameters writes an operation's parameters: those of the path and the
 * query string, and the idempotency key.
 */
static void
write_parameters(StringInfo out, const Operation *operation)
{
	document_key(out, "parameters");
	document_open(out, '[');
	for (const Field *field = operation->fields; field->name; field++)
	{
		if (field->place == IN_BODY || field->place == AS_BODY)
			continue;
		document_element(out);
		document_open(out, '{');
		document_string(out, "name", field->json_name);
		document_string(out, "in", field->place == IN_PATH ? "path" : "query");
		document_boolean(out, "required", field->required);
		document_key(out, "schema");
		openapi_field_schema(out, operation->name, field);
		if (field->place == IN_PATH)
			write_example(out, openapi_parameter_examples, field->json_name, true);
		document_close(out, '}');
	}
	if (operation->kind != READS)
	{
		document_element(out);
		openapi_reference(out, "parameters",
						  operation->kind & KEY_REQUIRED ? "RequiredIdempotencyKey"
														 : "IdempotencyKey");
	}
	if (has_version(operation) &&
		(operation->status == 204 || strcmp(operation->method, "PATCH") == 0))
	{
		document_element(out);
		openapi_reference(out, "parameters", "IfMatch");
	}
	document_close(out, ']');
}

/*
 * write_security writes how a caller may show a token: raw where LaunchDarkly's
 * clients call, after Bearer where those of Layers do, or in X-Api-Key.  With it
 * stands the scope that the token needs.
 */
static void
write_security(StringInfo out, const Operation *operation)
{
	const char *ways[] = {operation->dialect == LAYERS ? "Bearer" : "Authorization", "ApiKey"};

	document_key(out, "security");
	document_open(out, '[');
	for (int i = 0; i < (int) lengthof(ways); i++)
	{
		document_element(out);
		document_open(out, '{');
		document_key(out, ways[i]);
		document_open(out, '[');
		document_quoted(out, scope_name((Scope) operation->scope));
		document_close(out, ']');
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * has_etag returns whether an operation's response has an entity tag: that of what has a version,
 * or of a page of a list.
 */
static bool
has_etag(const Operation *operation)
{
	if (openapi_is_list(operation))
		return field_by_json_name(operation, "offset", IN_QUERY) >= 0;
	return operation->status != 204 && has_version(operation);
}

/*
 * write_headers writes the headers of a success.
 */
static void
write_headers(StringInfo out, const Operation *operation)
{
	const struct
	{
		const char *name;
		bool there;
	} headers[] = {
		{"Location", operation->status == 201},
		{"ETag", has_etag(operation)},
		{"Idempotent-Replayed", operation->kind != READS},
		{"X-Request-Id", operation->dialect == LAYERS},
	};

	document_key(out, "headers");
	document_open(out, '{');
	for (int i = 0; i < (int) lengthof(headers); i++)
	{
		if (!headers[i].there)
			continue;
		document_key(out, headers[i].name);
		openapi_reference(out, "headers", headers[i].name);
	}
	openapi_limit_headers(out, operation->dialect);
	document_close(out, '}');
}

/*
 * write_responses writes an operation's success, and every status with which it
 * can be refused.
 */
static void
write_responses(StringInfo out, const Operation *operation)
{
	document_key(out, "responses");
	document_open(out, '{');
	document_key(out, psprintf("%d", operation->status));
	document_open(out, '{');
	document_string(out, "description",
					operation->status == 201   ? "It was made."
					: operation->status == 204 ? "It is gone."
											   : "The answer.");
	write_headers(out, operation);
	if (operation->status != 204)
	{
		openapi_content(out);
		openapi_response_schema(out, operation);
		openapi_content_end(out);
	}
	document_close(out, '}');
	for (int status = 400; status < 600; status++)
	{
		if (openapi_codes(operation, operation->dialect, status)[0] == '\0')
			continue;
		document_key(out, psprintf("%d", status));
		openapi_reference(out, "responses",
						  psprintf("%s%d", openapi_dialects[operation->dialect], status));
	}
	document_close(out, '}');
}

/*
 * write_operation writes a method of a path.
 */
static void
write_operation(StringInfo out, const Operation *operation, Oid schema)
{
	document_key(out, asc_tolower(operation->method, strlen(operation->method)));
	document_open(out, '{');
	document_string(out, "operationId", operation->name);
	write_description(out, operation, schema);
	document_key(out, "tags");
	document_open(out, '[');
	document_quoted(out, operation->subject);
	document_close(out, ']');
	write_security(out, operation);
	write_parameters(out, operation);
	if (openapi_has_body(operation))
	{
		document_key(out, "requestBody");
		document_open(out, '{');
		document_boolean(out, "required", true);
		openapi_content(out);
		openapi_reference(out, "schemas", openapi_body_name(operation));
		write_example(out, openapi_examples, operation->name, false);
		openapi_content_end(out);
		document_close(out, '}');
	}
	write_responses(out, operation);
	document_close(out, '}');
}

/*
 * openapi_path is a path with its parameters as OpenAPI writes them: {projectKey}
 * for :projectKey.
 */
static char *
openapi_path(const char *path)
{
	StringInfoData written;

	initStringInfo(&written);
	while (*path)
	{
		size_t length = strcspn(path, "/");

		if (*path == ':')
			appendStringInfo(&written, "{%.*s}", (int) length - 1, path + 1);
		else
			appendBinaryStringInfo(&written, path, length);
		path += length;
		if (*path == '/')
			appendStringInfoChar(&written, *path++);
	}
	return written.data;
}

/*
 * is_first returns whether no operation before this one has its path.
 */
static bool
is_first(int number)
{
	for (int i = 0; i < number; i++)
		if (operations[i].path && strcmp(operations[i].path, operations[number].path) == 0)
			return false;
	return true;
}

/*
 * write_paths writes every path with its methods, and the document's own.
 */
static void
write_paths(StringInfo out, Oid schema)
{
	document_key(out, "paths");
	document_open(out, '{');
	for (int i = 0; i < OPERATION_COUNT; i++)
	{
		if (operations[i].path == NULL || !is_first(i))
			continue;
		document_key(out, openapi_path(operations[i].path));
		document_open(out, '{');
		for (int j = i; j < OPERATION_COUNT; j++)
			if (operations[j].path && strcmp(operations[j].path, operations[i].path) == 0)
				write_operation(out, &operations[j], schema);
		document_close(out, '}');
	}
	document_raw(
		out, OPENAPI_PATH,
		"{\"get\":{\"operationId\":\"openapi\",\"summary\":\"This "
		"document.\","
		"\"security\":[],\"responses\":{\"200\":{\"description\":\"The answer.\",\"content\":"
		"{\"application/json\":{\"schema\":{\"type\":\"object\"}}}},"
		"\"405\":{\"$ref\":\"#/components/responses/LaunchDarkly405\"}}}}");
	document_close(out, '}');
}

/*
 * openapi_document writes the document.
 */
void
openapi_document(StringInfo out)
{
	document_open(out, '{');
	document_string(out, "openapi", "3.1.0");
	document_raw(out, "info",
				 "{\"title\":\"flagplane\",\"version\":\"" FLAGPLANE_VERSION
				 "\",\"summary\":\"Feature management in the database.\",\"license\":"
				 "{\"name\":\"PostgreSQL License\",\"identifier\":\"PostgreSQL\"}}");
	document_raw(out, "servers", "[{\"url\":\"/\"}]");
	write_paths(out, get_namespace_oid("flagplane", false));
	openapi_components(out);
	document_close(out, '}');
}

/*
 * flagplane_openapi is openapi(): the document.  It shows no data and asks for no
 * token.
 */
Datum
flagplane_openapi(PG_FUNCTION_ARGS)
{
	StringInfo out = makeStringInfo();

	openapi_document(out);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out->data, out->len));
}
