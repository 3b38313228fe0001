/*
 * page.h
 *	  Lists a page at a time.
 */
#ifndef FLAGPLANE_PAGE_H
#define FLAGPLANE_PAGE_H

#include "call/request.h"
#include "lib/stringinfo.h"

/* The fields of a list with limit and offset; the first is number LIMIT_FIELD of its operation. */
#define PAGE_LIMIT_MAX	   1000
#define PAGE_LIMIT_DEFAULT 20
#define PAGE_LIMIT_FIELD                                                                    \
	FIELD("limit", "limit", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE, .min = 1, \
		  .max = PAGE_LIMIT_MAX, .fallback = "20")
#define PAGE_OFFSET_FIELD                                                           \
	FIELD("offset", "offset", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE, \
		  .max = PG_INT32_MAX, .fallback = "0")

#define PAGE_FILTER_FIELD \
	FIELD("filter", "filter", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LENGTH, .max = 1000)
#define PAGE_SORT_FIELD \
	FIELD("sort", "sort", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LENGTH, .max = 200)

/* They come in this order; the first is number limit_field in what follows. */
#define PAGE_FIELDS PAGE_LIMIT_FIELD, PAGE_OFFSET_FIELD, PAGE_FILTER_FIELD, PAGE_SORT_FIELD

/*
 * A text without its case.  ASCII letters go first and whatever the locale: in a Turkish
 * one I is the capital of another letter than i.
 */
#define FOLDED(text) "lower(lower(" text " COLLATE \"C\") COLLATE \"default\")"

/*
 * The condition on a row with name and key that page_check binds parameters for: words
 * that name or key must contain, and keys.
 */
#define PAGE_NAMED(row)                                                                \
	" AND (:filter_words IS NULL OR NOT EXISTS (SELECT 1 FROM unnest(:filter_words) w" \
	" WHERE position(" FOLDED("w") " IN " FOLDED(                                      \
		row ".name") ") = 0"                                                           \
					 " AND position(" FOLDED("w") " IN " FOLDED(                       \
						 row ".key") ") = 0))"                                         \
									 " AND (:filter_keys IS NULL OR " row              \
									 ".key = ANY (:filter_keys))"

/* The same over a table with tags, all of which must be there. */
#define PAGE_FILTERED(row) \
	PAGE_NAMED(row) " AND (:filter_tags IS NULL OR " row ".tags::text[] @> :filter_tags)"

/* The order by one of the parameters :sort1 to :sort3, over a row with name and created_at. */
#define PAGE_SORTED_BY(row, sort)                                                       \
	"CASE " sort " WHEN 'name' THEN lower(" row ".name) END,"                           \
	" CASE " sort " WHEN '-name' THEN lower(" row ".name) END DESC,"                    \
	" CASE WHEN " sort " IN ('createdOn', 'creationDate') THEN " row ".created_at END," \
	" CASE WHEN " sort " IN ('-createdOn', '-creationDate') THEN " row ".created_at END DESC,"

/* The order by all three. */
#define PAGE_SORTED(row) \
	PAGE_SORTED_BY(row, ":sort1") PAGE_SORTED_BY(row, ":sort2") PAGE_SORTED_BY(row, ":sort3")

/*
 * A term of filter that some lists have: at most one value, bound as the parameter, one of
 * choices if there are any.
 */
typedef struct PageTerm
{
	const char *name;
	const char *parameter;
	const char *const *choices;
} PageTerm;

/* A page ends before its limit once it has so many bytes; a single item may have more. */
#define PAGE_BYTES_MAX (8 * 1024 * 1024)

/* A list that its service documents without pages is refused beyond so many bytes. */
#define LIST_BYTES_MAX (64 * 1024 * 1024)

extern bool page_is_full(const Request *request);
extern void list_require_room(const Request *request);
extern bool page_continues(Request *request, uint64 written, uint64 found);
extern void append_encoded(StringInfo query, const char *name, const char *value);
extern void
page_check(Request *request, int limit_field, const char *const *filters, const char *const *sorts);
extern void page_check_terms(Request *request, int limit_field, const char *const *filters,
							 const PageTerm *own, const char *const *sorts);
extern void page_links(StringInfo out, const char *path, int limit, int64 offset, int64 total,
					   const char *rest);
extern int64 page_total(Request *request, Statement *count);
extern void page_end(Request *request, int limit_field, int64 total, const char *path, ...)
	pg_attribute_printf(4, 5);

extern char *page_cursor_text(const char *scope, TimestampTz time, const char *id);
extern void
page_cursor_read(Request *request, int field, const char *scope, bool (*is_id)(const char *));

#endif /* FLAGPLANE_PAGE_H */
