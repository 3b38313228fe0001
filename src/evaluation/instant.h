/*
 * instant.h
 *	  Moments in the forms that clauses compare: RFC 3339, and milliseconds since 1970.
 */
#ifndef FLAGPLANE_INSTANT_H
#define FLAGPLANE_INSTANT_H

#include "evaluation/string_view.h"

typedef struct Instant
{
	int64 seconds; /* since 1970 */
	int32 nanoseconds;
} Instant;

extern bool instant_read(Instant *instant, StringView text);
extern Instant instant_of_milliseconds(double milliseconds);
extern int instant_compare(const Instant *a, const Instant *b);

#endif /* FLAGPLANE_INSTANT_H */
