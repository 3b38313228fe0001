/*
 * pattern.h
 *	  Regular expressions of clauses: RE2's syntax, run by PostgreSQL under collation C.
 */
#ifndef FLAGPLANE_PATTERN_H
#define FLAGPLANE_PATTERN_H

#include "evaluation/string_view.h"

typedef struct Pattern Pattern;

extern Pattern *pattern_compile(StringView text);
extern bool pattern_matches(Pattern *pattern, StringView text);

#endif /* FLAGPLANE_PATTERN_H */
