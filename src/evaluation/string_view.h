/*
 * string_view.h
 *	  Bytes that somebody else keeps, with their length.
 */
#ifndef FLAGPLANE_STRING_VIEW_H
#define FLAGPLANE_STRING_VIEW_H

#include "util/compat.h"

typedef struct StringView
{
	const char *data;
	int length;
} StringView;

#define STRING_VIEW(literal)                             \
	(StringView)                                         \
	{                                                    \
		.data = (literal), .length = sizeof(literal) - 1 \
	}

/*
 * view_equal tells whether two views show the same bytes.
 */
static inline bool
view_equal(StringView a, StringView b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#endif /* FLAGPLANE_STRING_VIEW_H */
