/*
 * payload_cache.c
 *	  The compiled payloads of environments that this backend keeps from query to query.
 *
 * What is kept is found by the version and the stamp of the environment's payload as the
 * query's snapshot shows them. A state of an environment never changes, so there is
 * nothing to invalidate: whoever sees another state asks for another key, and what was kept of the
 * environment is forgotten. What a transaction sees of its own changes is not a state yet, and is
 * not shared.
 *
 * Whoever uses a payload pins it. When all together are larger than the setting allows, those that
 * have not been used for the longest time are forgotten; their memory goes with the last pin.
 *
 * What comes of it is counted where the payload's source says. The bytes are those that all
 * backends have: what one had is taken off when it ends.
 */
#include "evaluation/payload_cache.h"

#include "lib/ilist.h"
#include "storage/ipc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

struct CachedPayload
{
	PayloadKey key;
	MemoryContext context; /* of this too */
	Payload *payload;
	int pins;
	bool shared; /* it is in the table and in the list */
	uint32 compiled;
	Size size; /* as it was settled last */
	dlist_node use;
};

typedef struct CacheEntry
{
	PayloadKey key;
	CachedPayload *cached;
} CacheEntry;

int payload_cache_setting = 0;

static HTAB *table = NULL;
static dlist_head uses = DLIST_STATIC_INIT(uses); /* the latest first */
static Size total = 0;

/*
 * counters_of is where a payload is counted.
 */
static const PayloadCounters *
counters_of(const CachedPayload *cached)
{
	return &payload_source(cached->payload)->counters;
}

/*
 * count adds to a counter, if there is one.
 */
static void
count(pg_atomic_uint64 *counter, int64 number)
{
	if (counter != NULL)
		pg_atomic_fetch_add_u64(counter, number);
}

/*
 * uncount_all takes off what the backend has, when it ends.
 */
static void
uncount_all(int code, Datum arg)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &uses)
	{
		CachedPayload *cached = dlist_container(CachedPayload, use, iterator.cur);

		count(counters_of(cached)->bytes, -(int64) cached->size);
	}
}

/*
 * make_cached makes a payload that nothing has been read of, pinned once.
 */
static CachedPayload *
make_cached(const PayloadKey *key, PayloadSourceMaker maker, const void *given)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "flagplane payload", ALLOCSET_START_SMALL_SIZES);
	CachedPayload *cached = MemoryContextAllocZero(context, sizeof(CachedPayload));

	cached->key = *key;
	cached->context = context;
	cached->payload = payload_make(maker(given, context), context);
	cached->pins = 1;
	return cached;
}

/*
 * make_table makes the table at its first use.
 */
static void
make_table(void)
{
	HASHCTL control = {.keysize = sizeof(PayloadKey), .entrysize = sizeof(CacheEntry)};

	table = hash_create("flagplane payloads", 16, &control, HASH_ELEM | HASH_BLOBS);
	before_shmem_exit(uncount_all, 0);
}

/*
 * release frees a payload that nobody uses or can find any more.
 */
static void
release(CachedPayload *cached)
{
	if (cached->pins == 0 && !cached->shared)
		MemoryContextDelete(cached->context);
}

/*
 * payload_cache_unpin ends a use of a payload.
 */
void
payload_cache_unpin(CachedPayload *cached)
{
	cached->pins--;
	release(cached);
}

/*
 * forget takes a payload out of the cache.
 */
static void
forget(CachedPayload *cached)
{
	hash_search(table, &cached->key, HASH_REMOVE, NULL);
	dlist_delete(&cached->use);
	cached->shared = false;
	total -= cached->size;
	count(counters_of(cached)->bytes, -(int64) cached->size);
	release(cached);
}

/*
 * shrink forgets what has not been used for the longest time until the rest is as large as the
 * setting allows.
 */
static void
shrink(void)
{
	while (total > (Size) payload_cache_setting * 1024 && !dlist_is_empty(&uses))
	{
		CachedPayload *oldest = dlist_container(CachedPayload, use, dlist_tail_node(&uses));

		count(counters_of(oldest)->evictions, 1);
		forget(oldest);
	}
}

/*
 * forget_other_states forgets what is kept of an environment, when another state of it is asked
 * for: hardly anybody asks for the one before again, and each would take memory until all that the
 * setting allows is taken, in every backend.
 */
static void
forget_other_states(const PayloadKey *key)
{
	dlist_mutable_iter at;

	dlist_foreach_modify(at, &uses)
	{
		CachedPayload *cached = dlist_container(CachedPayload, use, at.cur);

		if (cached->key.account == key->account &&
			memcmp(cached->key.environment, key->environment, sizeof(key->environment)) == 0)
			forget(cached);
	}
}

/*
 * payload_cache_find finds the payload of a state, and pins it; NULL if it is not cached.
 */
CachedPayload *
payload_cache_find(const PayloadKey *key)
{
	CacheEntry *entry;

	if (table == NULL)
		make_table();
	shrink();
	entry = hash_search(table, key, HASH_FIND, NULL);
	if (entry == NULL)
		return NULL;
	entry->cached->pins++;
	count(counters_of(entry->cached)->hits, 1);
	dlist_move_head(&uses, &entry->cached->use);
	return entry->cached;
}

/*
 * payload_cache_pin finds the payload of a state, or makes an empty one. Without shared it is
 * the caller's alone.
 */
CachedPayload *
payload_cache_pin(const PayloadKey *key, bool shared, PayloadSourceMaker maker, const void *given)
{
	CachedPayload *cached = shared ? payload_cache_find(key) : NULL;

	if (cached != NULL)
		return cached;
	cached = make_cached(key, maker, given);
	if (shared)
	{
		forget_other_states(key);
		((CacheEntry *) hash_search(table, key, HASH_ENTER, NULL))->cached = cached;
		cached->shared = true;
		dlist_push_head(&uses, &cached->use);
		count(counters_of(cached)->misses, 1);
	}
	return cached;
}

/*
 * payload_cache_measure adds up what a payload takes now, and makes room for it.
 */
void
payload_cache_measure(CachedPayload *cached)
{
	Size size;

	if (!cached->shared)
		return;
	size = MemoryContextMemAllocated(cached->context, true);
	total += size - cached->size;
	count(counters_of(cached)->bytes, (int64) size - (int64) cached->size);
	cached->size = size;
	shrink();
}

/*
 * payload_cache_settle measures a payload if anything has been compiled of it since the last
 * time.
 */
void
payload_cache_settle(CachedPayload *cached)
{
	uint32 compiled = payload_compiled(cached->payload);

	if (compiled == cached->compiled)
		return;
	cached->compiled = compiled;
	payload_cache_measure(cached);
}

/*
 * cached_payload is the payload itself.
 */
Payload *
cached_payload(const CachedPayload *cached)
{
	return cached->payload;
}

/*
 * cached_payload_key is the state that a payload is of; NULL if it is not in the cache.
 */
const PayloadKey *
cached_payload_key(const CachedPayload *cached)
{
	return cached->shared ? &cached->key : NULL;
}
