/*
 * page.c
 *	  Lists a page at a time: totalCount and the links from page to page.
 */
#include "call/page.h"

#include "ground/document.h"

/*
 * page_link writes one link of a page, with its limit and, unless it is the
 * first, its offset.
 */
static void
page_link(StringInfo out, const char *relation, const char *path, int limit, int64 offset)
{
	if (offset > 0)
		document_link(out, relation, "%s?limit=%d&offset=" INT64_FORMAT, path, limit, offset);
	else
		document_link(out, relation, "%s?limit=%d", path, limit);
}

/*
 * page_end ends a list's document after its items: totalCount counts all pages,
 * and each link is there only if its page exists.  The offset's field follows
 * limit_field; path is formatted like printf.
 */
void
page_end(Request *request, int limit_field, int64 total, const char *path, ...)
{
	StringInfo out = request->answer;
	int limit = request_integer(request, limit_field);
	int64 offset = request_integer(request, limit_field + 1);
	StringInfoData base;
	va_list args;

	initStringInfo(&base);
	va_start(args, path);
	append_formatted(&base, path, args);
	va_end(args);

	document_integer(out, "totalCount", total);
	document_key(out, "_links");
	document_open(out, '{');
	page_link(out, "self", base.data, limit, offset);
	if (offset > 0)
	{
		page_link(out, "first", base.data, limit, 0);
		page_link(out, "prev", base.data, limit, Max(0, Min(offset, total) - limit));
	}
	if (offset + limit < total)
	{
		page_link(out, "next", base.data, limit, offset + limit);
		page_link(out, "last", base.data, limit, (total - 1) / limit * limit);
	}
	document_close(out, '}');
	document_close(out, '}');
}
