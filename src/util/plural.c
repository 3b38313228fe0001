/*
 * plural.c
 *	  Counted nouns in messages.
 */
#include "util/plural.h"

/*
 * counted writes a count with its noun, which is given in the singular: "1 second",
 * "2 seconds".
 */
char *
counted(int64 count, const char *noun)
{
	return psprintf(INT64_FORMAT " %s%s", count, noun, count == 1 ? "" : "s");
}
