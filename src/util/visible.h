/*
 * visible.h
 *	  Texts that people read in one line: names.
 */
#ifndef FLAGPLANE_VISIBLE_H
#define FLAGPLANE_VISIBLE_H

#include "util/compat.h"

extern const char *visible_problem(const char *text);

#endif /* FLAGPLANE_VISIBLE_H */
