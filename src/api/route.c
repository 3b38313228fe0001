/*
 * route.c
 *	  From a method and a URI to an operation and its fields.
 */
#include "api/http.h"

#include "call/field.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "operations.h"

/*
 * hex_digit is a hexadecimal digit's value; -1 if it is none.
 */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * server_text is UTF-8 text in the database's encoding; NULL if that lacks one of its
 * characters.
 */
static char *
server_text(char *text, size_t length)
{
	int encoding = GetDatabaseEncoding();
	char *converted;
	Oid procedure;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	procedure = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(procedure))
		return NULL;
	converted = palloc(length * MAX_CONVERSION_GROWTH + 1);
	if (pg_do_encoding_conversion_buf(procedure, PG_UTF8, encoding, (unsigned char *) text, length,
									  (unsigned char *) converted,
									  length * MAX_CONVERSION_GROWTH + 1, true) != (int) length)
		return NULL;
	return converted;
}

/*
 * percent_decode decodes a part of a URI, which is UTF-8 like a body, into text of
 * the database's encoding; NULL if it contains an invalid escape, a NUL, or bytes that are no
 * text.  Sets not_encodable if the encoding lacks a character.
 */
static char *
percent_decode(const char *from, size_t length, bool plus_is_space, bool *not_encodable)
{
	char *text = palloc(length + 1);
	char *next = text;

	*not_encodable = false;
	for (size_t i = 0; i < length; i++)
	{
		char c = from[i];

		if (c == '%')
		{
			int high;

			if (i + 2 >= length)
				return NULL;
			high = hex_digit(from[i + 1]);
			if (high < 0 || hex_digit(from[i + 2]) < 0)
				return NULL;
			c = (char) (high << 4 | hex_digit(from[i + 2]));
			if (c == '\0')
				return NULL;
			i += 2;
		}
		else if (c == '+' && plus_is_space)
			c = ' ';
		*next++ = c;
	}
	*next = '\0';
	if (pg_encoding_verifymbstr(PG_UTF8, text, next - text) != next - text)
		return NULL;
	text = server_text(text, next - text);
	*not_encodable = text == NULL;
	return text;
}

/*
 * path_matches compares a path with an operation's template and notes where the
 * parameters' values stand.
 */
bool
path_matches(const char *template, const char *path, size_t length, RouteParameter *parameters,
			 int *count)
{
	const char *end = path + length;

	*count = 0;
	for (;;)
	{
		size_t want = strcspn(template, "/");
		size_t have = 0;

		while (path + have < end && path[have] != '/')
			have++;
		if (template[0] == ':')
		{
			if (have == 0)
				return false;
			parameters[*count].name = template + 1;
			parameters[*count].name_length = want - 1;
			parameters[*count].value = path;
			parameters[*count].value_length = have;
			(*count)++;
		}
		else if (want != have || memcmp(template, path, want) != 0)
			return false;
		template += want;
		path += have;
		if (*template == '\0' || path == end)
			return *template == '\0' && path == end;
		template ++;
		path++;
	}
}

/*
 * route_text is a parameter's value as text; NULL if it is none.
 */
char *
route_text(const RouteParameter *parameter)
{
	bool lacking;

	return percent_decode(parameter->value, parameter->value_length, false, &lacking);
}

/*
 * route_split finds path and query string in a URI.
 */
void
route_split(const char *uri, Route *route)
{
	const char *path = uri;

	if (pg_strncasecmp(path, "http://", 7) == 0 || pg_strncasecmp(path, "https://", 8) == 0)
	{
		path = strchr(path, ':') + 3;
		path += strcspn(path, "/?#");
	}
	route->path = path;
	route->path_length = strcspn(path, "?#");
	route->query = path[route->path_length] == '?' ? path + route->path_length + 1 : "";
}

/*
 * route_allow adds a method to those that a path has, unless it is there.
 */
void
route_allow(Route *route, const char *method)
{
	if (strstr(route->allowed, method) == NULL)
		snprintf(route->allowed + strlen(route->allowed),
				 sizeof(route->allowed) - strlen(route->allowed), "%s%s",
				 route->allowed[0] ? ", " : "", method);
}

/*
 * route_find finds the operation for a method and a path.  Where the path is
 * known under other methods only, those are listed in allowed.
 */
const Operation *
route_find(const char *method, const char *uri, Route *route)
{
	const char *path;

	memset(route, 0, sizeof(*route));
	route_split(uri, route);
	path = route->path;
	route->dialect = strncmp(path, "/v1/", 4) == 0 ? LAYERS : LAUNCHDARKLY;

	for (int i = 0; i < OPERATION_COUNT; i++)
	{
		const Operation *operation = &operations[i];

		if (operation->path == NULL || !path_matches(operation->path, path, route->path_length,
													 route->parameters, &route->parameter_count))
			continue;
		if (strcmp(operation->method, method) == 0)
			return operation;
		route_allow(route, operation->method);
	}
	return NULL;
}

/*
 * unknown_parameter collects a query parameter that the operation does not have, with
 * the name that was perhaps meant, or all that it has.
 */
static void
unknown_parameter(Request *request, const char *name)
{
	const Operation *operation = request->operation;
	const char *nearest = field_nearest(operation, name, IN_QUERY);
	StringInfoData known;

	initStringInfo(&known);
	for (const Field *field = operation->fields; field->name; field++)
		if (field->place == IN_QUERY)
			appendStringInfo(&known, "%s%s", known.len > 0 ? ", " : "", field->json_name);
	if (nearest)
		error_violation(&request->violations, name,
						"is not a parameter of this request; perhaps %s is meant", nearest);
	else if (known.len > 0)
		error_violation(&request->violations, name,
						"is not a parameter of this request; it takes: %s", known.data);
	else
		error_violation(&request->violations, name,
						"is not a parameter of this request; it takes none");
}

/*
 * read_parameter reads one parameter of a query string.  One without a value is as good
 * as absent.
 */
static void
read_parameter(Request *request, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	size_t name_length = equals ? (size_t) (equals - text) : length;
	bool not_encodable;
	char *name = percent_decode(text, name_length, true, &not_encodable);
	int field = name ? field_by_json_name(request->operation, name, IN_QUERY) : -1;
	char *value = equals
					  ? percent_decode(equals + 1, length - name_length - 1, true, &not_encodable)
					  : pstrdup("");

	if (name == NULL)
		error_violation(&request->violations, "the query string",
						"is not validly percent-encoded text");
	else if (field < 0)
		unknown_parameter(request, name);
	else if (value == NULL && not_encodable)
		request_violation(request, field, "has a character that nothing in this database can have");
	else if (value == NULL)
		request_violation(request, field, "is not validly percent-encoded text");
	else if (value[0] == '\0')
		return;
	else if (request_given(request, field))
		field_append_text(request, field, value);
	else
		field_from_text(request, field, value);
}

/*
 * route_fields fills the fields that stand in the path and in the query string.  What
 * the query string has beside them is refused: its caller expects something of it.
 */
void
route_fields(Request *request, const Route *route)
{
	for (int i = 0; i < route->parameter_count; i++)
	{
		const RouteParameter *parameter = &route->parameters[i];
		int field = field_by_json_name(request->operation,
									   pnstrdup(parameter->name, parameter->name_length), IN_PATH);
		bool not_encodable;
		char *text =
			percent_decode(parameter->value, parameter->value_length, false, &not_encodable);

		if (field < 0)
			elog(ERROR, "operation %s has no field for a part of its path",
				 request->operation->name);
		if (text)
			field_from_text(request, field, text);
		else if (not_encodable)
			error_raise(ERR_NOT_FOUND, "%s has a character that nothing in this database can have",
						request->operation->fields[field].json_name);
		else
			request_violation(request, field, "is not validly percent-encoded text");
	}
	for (const char *query = route->query; *query && *query != '#';)
	{
		size_t length = strcspn(query, "&#");

		if (length > 0)
			read_parameter(request, query, length);
		query += length;
		if (*query == '&')
			query++;
	}
}
