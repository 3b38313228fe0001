/*
 * key_lookup.h
 *	  A row by its primary key, without a plan.
 */
#ifndef FLAGPLANE_KEY_LOOKUP_H
#define FLAGPLANE_KEY_LOOKUP_H

#include "util/compat.h"

#include "access/genam.h"
#include "utils/rel.h"

/* A row that was looked for; its values are good until key_lookup_end. */
typedef struct KeyLookup
{
	Relation table;
	SysScanDesc scan;
	HeapTuple tuple; /* NULL: it was not found */
} KeyLookup;

extern bool key_lookup_begin(KeyLookup *lookup, const char *table, int64 account,
							 const char *column, const char *key);
extern Datum key_lookup_value(const KeyLookup *lookup, const char *column, bool *isnull);
extern bool key_lookup_is_own(const KeyLookup *lookup);
extern void key_lookup_end(KeyLookup *lookup);

#endif /* FLAGPLANE_KEY_LOOKUP_H */
