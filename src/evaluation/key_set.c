/*
 * key_set.c
 *	  A set of strings that is filled once and then asked for each evaluation.
 */
#include "evaluation/key_set.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

/*
 * slot_of is the slot that has a key, or the free one where it would be.
 */
static StringView *
slot_of(const KeySet *set, StringView key)
{
	uint32 slot = hash_bytes((const unsigned char *) key.data, key.length) & set->mask;

	while (set->slots[slot].data != NULL && !view_equal(set->slots[slot], key))
		slot = (slot + 1) & set->mask;
	return &set->slots[slot];
}

/*
 * key_set_make fills a set, in the current memory context. The bytes of the keys
 * stay where they are.
 */
void
key_set_make(KeySet *set, const StringView *keys, int count)
{
	uint32 slots = 4;

	*set = (KeySet){0};
	if (count == 0)
		return;
	while (slots < (uint32) count * 2)
		slots *= 2;
	set->mask = slots - 1;
	set->slots = MemoryContextAllocExtended(CurrentMemoryContext, (Size) slots * sizeof(StringView),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < count; i++)
		*slot_of(set, keys[i]) = keys[i];
}

/*
 * key_set_has tells whether a key is in the set.
 */
bool
key_set_has(const KeySet *set, StringView key)
{
	return set->slots != NULL && slot_of(set, key)->data != NULL;
}
