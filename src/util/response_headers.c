/*
 * response_headers.c
 *	  Headers that every response to the current request has, refused or not.
 *
 * What is known of a request before it is refused must reach the refusal too,
 * and a refusal is an error, which leaves nothing but what is static.  The
 * values become text only where somebody sends them.
 */
#include "util/response_headers.h"

typedef struct Header
{
	const char *name;
	const char *text; /* NULL: the number is the value */
	int64 number;
} Header;

static Header headers[COMMON_HEADERS_MAX];
static int header_count = 0;

/*
 * response_headers_begin removes the headers of the previous request.  Every way in that
 * sends headers calls it first.
 */
void
response_headers_begin(void)
{
	header_count = 0;
}

static void
add(const char *name, const char *text, int64 number)
{
	if (header_count >= COMMON_HEADERS_MAX)
		elog(ERROR, "too many headers");
	headers[header_count++] = (Header){name, text, number};
}

/*
 * response_header_text adds a header whose name and value are constants.
 */
void
response_header_text(const char *name, const char *text)
{
	add(name, text, 0);
}

/*
 * response_header_number adds a header whose value is a whole number.
 */
void
response_header_number(const char *name, int64 number)
{
	add(name, NULL, number);
}

int
response_header_count(void)
{
	return header_count;
}

const char *
response_header_name(int which)
{
	return headers[which].name;
}

const char *
response_header_value(int which)
{
	return headers[which].text ? headers[which].text
							   : psprintf(INT64_FORMAT, headers[which].number);
}
