/*
 * key_set.h
 *	  A set of strings that is filled once and then asked for each evaluation.
 */
#ifndef FLAGPLANE_KEY_SET_H
#define FLAGPLANE_KEY_SET_H

#include "evaluation/string_view.h"

/* An open hash table; empty when there are no slots. A free slot shows no bytes. */
typedef struct KeySet
{
	uint32 mask; /* number of slots, a power of two, less one */
	StringView *slots;
} KeySet;

extern void key_set_make(KeySet *set, const StringView *keys, int count);
extern bool key_set_has(const KeySet *set, StringView key);

#endif /* FLAGPLANE_KEY_SET_H */
