/*
 * plural.h
 *	  Counted nouns in messages.
 */
#ifndef FLAGPLANE_PLURAL_H
#define FLAGPLANE_PLURAL_H

#include "util/compat.h"

extern char *counted(int64 count, const char *noun);

#endif /* FLAGPLANE_PLURAL_H */
