/*
 * page.c
 *	  Lists a page at a time: by limit and offset, with totalCount and the links from
 *	  page to page; or after an opaque cursor, a place in the list by time and id.
 *
 * What is added or removed before a cursor's place while somebody turns the pages moves
 * nothing behind it.  A cursor is good for one list only, its scope.
 */
#include "call/page.h"

#include "call/field.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "util/document.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* How a list can be filtered: the name of a term, and what separates its values. */
typedef struct FilterTerm
{
	const char *name;
	const char *parameter;
	const char *separator;
} FilterTerm;

static const FilterTerm terms[] = {
	{"query", "filter_words", ""},
	{"tags", "filter_tags", "+"},
	{"keys", "filter_keys", "|"},
};

/* The parameters for the names that a list is sorted by: so many at most. */
static const char *const sort_parameters[] = {"sort1", "sort2", "sort3"};
#define SORTS_MAX ((int) lengthof(sort_parameters))

/* A list has at most so many terms of its own. */
#define OWN_TERMS_MAX 8

static ArrayBuildState *
add_values(ArrayBuildState *values, char *text, const char *separator)
{
	char *rest = NULL;

	if (separator[0] == '\0')
		return accumArrayResult(values, CStringGetTextDatum(text), false, TEXTOID,
								CurrentMemoryContext);
	for (char *value = strtok_r(text, separator, &rest); value;
		 value = strtok_r(NULL, separator, &rest))
		values = accumArrayResult(values, CStringGetTextDatum(value), false, TEXTOID,
								  CurrentMemoryContext);
	return values;
}

static char *
list_terms(const char *const *filters, const PageTerm *own)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, list_choices(filters));
	for (; own->name; own++)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", own->name);
	return list.data;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * decode_value decodes a value of filter that was percent-encoded on its own, before the
 * query string was: Terraform's provider does that.  What is no encoded UTF-8 stays as it is.
 */
static char *
decode_value(char *value)
{
	char *text = pg_server_to_any(value, strlen(value), PG_UTF8);
	char *decoded = palloc(strlen(text) + 1);
	int length = 0;

	if (strchr(text, '%') == NULL)
		return value;
	for (const char *c = text; *c; c++)
	{
		int high = *c == '%' ? hex_value(c[1]) : -1;
		int low = high >= 0 ? hex_value(c[2]) : -1;

		decoded[length++] = low < 0 ? *c : (char) (high << 4 | low);
		c += low < 0 ? 0 : 2;
	}
	decoded[length] = '\0';
	if (!pg_verify_mbstr(PG_UTF8, decoded, length, true))
		return value;
	return pg_any_to_server(decoded, length, PG_UTF8);
}

/*
 * read_own_term reads a term that this list alone has; false if it has none of that name.
 */
static bool
read_own_term(Request *request, int field, const PageTerm *own, const char *name, char *value,
			  char **values)
{
	for (int i = 0; own[i].name; i++)
	{
		if (strcmp(own[i].name, name) != 0)
			continue;
		if (values[i])
			request_violation(request, field, "can have %s once", name);
		else if (own[i].choices && !is_one_of(value, own[i].choices))
			request_violation(request, field, "must have as %s one of: %s", name,
							  list_choices(own[i].choices));
		values[i] = value;
		return true;
	}
	return false;
}

/*
 * read_term reads a term that lists share; false if this one has none of that name.  One
 * without a value would not filter at all, which is not what was asked for.
 */
static bool
read_term(Request *request, int field, const char *const *filters, const char *name, char *value,
		  ArrayBuildState **values)
{
	if (!is_one_of(name, filters))
		return false;
	for (int i = 0; i < (int) lengthof(terms); i++)
	{
		const char *separator = terms[i].separator;

		if (strcmp(terms[i].name, name) != 0)
			continue;
		if (separator[0] != '\0' && value[strspn(value, separator)] == '\0')
			request_violation(request, field, "must have a value for %s", name);
		values[i] = add_values(values[i], value, separator);
	}
	return true;
}

/*
 * check_filter reads filter, a comma list of name:value, into a parameter for each
 * of the terms, and the values of the list's own terms.
 */
static void
check_filter(Request *request, int field, const char *const *filters, const PageTerm *own,
			 char **own_values)
{
	ArrayBuildState *values[lengthof(terms)] = {NULL};
	char *filter = request_string(request, field);
	char *rest = NULL;

	for (char *term = filter ? strtok_r(filter, ",", &rest) : NULL; term;
		 term = strtok_r(NULL, ",", &rest))
	{
		char *colon = strchr(term, ':');
		char *value = colon ? decode_value(colon + 1) : NULL;

		if (colon)
			*colon = '\0';
		if (colon && (read_term(request, field, filters, term, value, values) ||
					  read_own_term(request, field, own, term, value, own_values)))
			continue;
		if (colon == NULL)
			request_violation(request, field, "must be terms like %s:value, joined by commas",
							  filters[0] ? filters[0] : own[0].name);
		else
			request_violation(request, field, "cannot be by %s, only by: %s", term,
							  list_terms(filters, own));
		break;
	}
	for (int i = 0; i < (int) lengthof(terms); i++)
		bind_value(&request->params, terms[i].parameter, TEXTARRAYOID,
				   values[i] ? makeArrayResult(values[i], CurrentMemoryContext) : (Datum) 0,
				   values[i] == NULL);
}

/*
 * is_sorted_by tells whether a name is among those before it, in whichever direction.
 */
static bool
is_sorted_by(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i] + (names[i][0] == '-'), name + (name[0] == '-')) == 0)
			return true;
	return false;
}

/*
 * check_sort reads sort, a comma list of names, each with '-' before it for
 * descending, into a parameter for each place.
 */
static void
check_sort(Request *request, int field, const char *const *sorts)
{
	char *sort = request_string(request, field);
	char *rest = NULL;
	const char *names[lengthof(sort_parameters)];
	int count = 0;

	for (char *name = sort ? strtok_r(sort, ",", &rest) : NULL; name;
		 name = strtok_r(NULL, ",", &rest))
	{
		if (!is_one_of(name[0] == '-' ? name + 1 : name, sorts))
			request_violation(request, field,
							  "cannot be by %s, only by: %s, each with - before it "
							  "for descending",
							  name[0] == '-' ? name + 1 : name, list_choices(sorts));
		else if (count == SORTS_MAX)
			request_violation(request, field, "can have at most %d names", SORTS_MAX);
		else if (is_sorted_by(names, count, name))
			request_violation(request, field, "has %s twice", name[0] == '-' ? name + 1 : name);
		else
		{
			bind_text(&request->params, sort_parameters[count], name);
			names[count++] = name;
			continue;
		}
		break;
	}
	for (; count < SORTS_MAX; count++)
		bind_text(&request->params, sort_parameters[count], NULL);
}

/*
 * page_check_terms reads a list's filter and sort into parameters: the arrays :filter_words,
 * :filter_tags and :filter_keys, the names :sort1 to :sort3, and a text for each of the
 * list's own terms.  Only what is listed is known.
 */
void
page_check_terms(Request *request, int limit_field, const char *const *filters, const PageTerm *own,
				 const char *const *sorts)
{
	char *own_values[OWN_TERMS_MAX] = {NULL};

	check_filter(request, limit_field + 2, filters, own, own_values);
	check_sort(request, limit_field + 3, sorts);
	for (int i = 0; own[i].name; i++)
		bind_text(&request->params, own[i].parameter, own_values[i]);
}

/*
 * page_check is page_check_terms for a list without terms of its own.
 */
void
page_check(Request *request, int limit_field, const char *const *filters, const char *const *sorts)
{
	static const PageTerm none[] = {{NULL}};

	page_check_terms(request, limit_field, filters, none, sorts);
}

/*
 * append_encoded appends a member of a query string, percent-encoded UTF-8, if it was
 * given.
 */
void
append_encoded(StringInfo query, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(query, "&%s=", name);
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		value = pg_server_to_any(value, strlen(value), PG_UTF8);
	for (const char *c = value; *c; c++)
	{
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			strchr("-_.~", *c))
			appendStringInfoChar(query, *c);
		else
			appendStringInfo(query, "%%%02X", (unsigned char) *c);
	}
}

/*
 * page_link writes one link of a page, with its limit and, unless it is the
 * first, its offset; then what the list is filtered and sorted by.
 */
static void
page_link(StringInfo out, const char *relation, const char *path, int limit, int64 offset,
		  const char *rest)
{
	if (offset > 0)
		document_link(out, relation, "%s?limit=%d&offset=" INT64_FORMAT "%s", path, limit, offset,
					  rest);
	else
		document_link(out, relation, "%s?limit=%d%s", path, limit, rest);
}

/*
 * append_parameters appends the query parameters that a request was given beside those
 * of the page.  One that is at its default was perhaps not given: it goes without saying.
 */
static void
append_parameters(StringInfo query, const Request *request, int limit_field)
{
	const Field *fields = request->operation->fields;

	for (int i = 0; fields[i].name; i++)
	{
		const char *value;

		if (fields[i].place != IN_QUERY || i == limit_field || i == limit_field + 1 ||
			!request_given(request, i))
			continue;
		if (fields[i].type == FIELD_BOOLEAN)
			value = request_boolean(request, i) ? "true" : "false";
		else
			value = request_string(request, i);
		if (fields[i].fallback == NULL || strcmp(fields[i].fallback, value) != 0)
			append_encoded(query, fields[i].json_name, value);
	}
}

/*
 * page_total runs a statement that counts a list's items with the request's
 * parameters.
 */
int64
page_total(Request *request, Statement *count)
{
	Rows rows = request_run(request, count);
	Row row;

	row_read(&rows, 0, &row);
	return row_get_bigint(&row, "count");
}

/*
 * page_is_full tells whether a page has so many bytes that it ends before its limit.
 */
bool
page_is_full(const Request *request)
{
	return request->response->len >= PAGE_BYTES_MAX;
}

/*
 * list_require_room refuses a list without pages that is too large for one response.
 */
void
list_require_room(const Request *request)
{
	if (request->response->len > LIST_BYTES_MAX)
		error_raise(ERR_INVALID, "the list is larger than %d MiB; get its items one by one",
					LIST_BYTES_MAX / (1024 * 1024));
}

/*
 * page_continues tells whether another of the rows that were found is written after
 * those that have been; page_end goes on from there.
 */
bool
page_continues(Request *request, uint64 written, uint64 found)
{
	if (written >= found)
		return false;
	if (!page_is_full(request))
		return true;
	request->page_ended_at = (int) written;
	return false;
}

/*
 * write_links ends a list's document after its items, of which the page has so many
 * as step says.
 */
static void
write_links(StringInfo out, const char *path, int limit, int64 offset, int step, int64 total,
			const char *rest)
{
	document_integer(out, "totalCount", total);
	document_key(out, "_links");
	document_open(out, '{');
	page_link(out, "self", path, limit, offset, rest);
	if (offset > 0)
	{
		page_link(out, "first", path, limit, 0, rest);
		page_link(out, "prev", path, limit, Max(0, Min(offset, total) - limit), rest);
	}
	if (offset + step < total)
	{
		page_link(out, "next", path, limit, offset + step, rest);
		page_link(out, "last", path, limit, (total - 1) / limit * limit, rest);
	}
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * page_links ends a list's document after its items: totalCount counts all pages,
 * and each link is there only if its page exists.  rest is what else the query
 * string has, each with & before it.
 */
void
page_links(StringInfo out, const char *path, int limit, int64 offset, int64 total, const char *rest)
{
	write_links(out, path, limit, offset, limit, total, rest);
}

/*
 * page_end ends a list's document after its items, by the list's fields: the
 * offset follows limit_field.  The links repeat the request's other parameters.  path is
 * formatted like printf.
 */
void
page_end(Request *request, int limit_field, int64 total, const char *path, ...)
{
	StringInfoData base;
	StringInfoData rest;
	va_list args;
	int limit;

	initStringInfo(&rest);
	append_parameters(&rest, request, limit_field);
	initStringInfo(&base);
	va_start(args, path);
	append_formatted(&base, path, args);
	va_end(args);
	limit = request_integer(request, limit_field);
	request->composed = true;
	write_links(request->response, base.data, limit, request_integer(request, limit_field + 1),
				request->page_ended_at > 0 ? request->page_ended_at : limit, total, rest.data);
}

/*
 * page_cursor_text makes the cursor that stands for the place after a row.
 */
char *
page_cursor_text(const char *scope, TimestampTz time, const char *id)
{
	char *place = psprintf("%s:" INT64_FORMAT ":%s", scope, time, id);
	int length = strlen(place);
	int room = pg_b64_enc_len(length) + 1;
	char *text = palloc0(room);

	if (pg_b64_encode((void *) place, length, text, room) < 0)
		elog(ERROR, "could not encode a cursor");
	return text;
}

/*
 * page_cursor_read binds the place of the cursor in a field as :after_time and :after_id, or
 * NULL where there is no cursor.  Refuses what is no cursor of this list.
 */
void
page_cursor_read(Request *request, int field, const char *scope, bool (*is_id)(const char *))
{
	const char *cursor = request_string(request, field);
	int scope_length = strlen(scope);
	char *place;
	char *end;
	int room;
	int64 time;

	if (cursor == NULL)
	{
		bind_time(&request->params, "after_time", DT_NOBEGIN);
		bind_text(&request->params, "after_id", NULL);
		return;
	}
	room = pg_b64_dec_len(strlen(cursor));
	place = palloc0(room + 1);
	if (pg_b64_decode(cursor, strlen(cursor), (void *) place, room) > 0 &&
		strncmp(place, scope, scope_length) == 0 && place[scope_length] == ':')
	{
		errno = 0;
		time = strtoi64(place + scope_length + 1, &end, 10);
		if (errno == 0 && *end == ':' && is_id(end + 1) && IS_VALID_TIMESTAMP(time))
		{
			bind_time(&request->params, "after_time", time);
			bind_text(&request->params, "after_id", end + 1);
			return;
		}
	}
	request_violation(request, field, "is not a cursor of this list");
	error_raise_violations(ERR_INVALID, &request->violations);
}
