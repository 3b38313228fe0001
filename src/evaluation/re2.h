/*
 * re2.h
 *	  RE2's syntax of regular expressions in the words of PostgreSQL's.
 */
#ifndef FLAGPLANE_RE2_H
#define FLAGPLANE_RE2_H

#include "evaluation/string_view.h"
#include "mb/pg_wchar.h"

extern bool re2_translate(StringView text, pg_wchar **translated, int *length);

#endif /* FLAGPLANE_RE2_H */
