/*
 * page.h
 *	  Lists a page at a time.
 */
#ifndef FLAGPLANE_PAGE_H
#define FLAGPLANE_PAGE_H

#include "call/request.h"

/* The fields of a list with limit and offset; the first is number LIMIT_FIELD of its operation. */
#define PAGE_LIMIT_MAX 1000
#define PAGE_LIMIT_FIELD                                                                       \
	{                                                                                          \
		"limit", "limit", FIELD_INTEGER, IN_QUERY, false, RULE_RANGE, 1, PAGE_LIMIT_MAX, NULL, \
			"20"                                                                               \
	}
#define PAGE_OFFSET_FIELD                                                                          \
	{                                                                                              \
		"offset", "offset", FIELD_INTEGER, IN_QUERY, false, RULE_RANGE, 0, PG_INT32_MAX, NULL, "0" \
	}

extern void page_end(Request *request, int limit_field, int64 total, const char *path, ...)
	pg_attribute_printf(4, 5);

#endif /* FLAGPLANE_PAGE_H */
