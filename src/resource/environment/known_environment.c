/*
 * known_environment.c
 *	  Environments that this backend has evaluated flags of, found without a query.
 *
 * A single evaluation would take most of its time for the queries that find the account, the
 * project and the environment. What they found is good for as long as the version and the stamp
 * of the environment's payload are the same in the snapshot of the query: the row is gone with
 * the environment, and whoever changes keys by hand touches the environment. This one row is read
 * by its index. It is only read: whatever else there is, rights on the tables and Citus among
 * it, is a matter of the query that comes first, or instead where the row is not here.
 */
#include "resource/environment/known_environment.h"

#include "util/id.h"
#include "util/key_lookup.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define NAMES_MAX 1024
#define KNOWN_MAX 16

typedef struct KnownEnvironment
{
	int length; /* 0: free */
	char names[NAMES_MAX];
	PayloadKey key;
} KnownEnvironment;

static KnownEnvironment *known = NULL;
static int next_one = 0;

/*
 * write_names writes what an environment is known by; 0 if that is too long.
 */
static int
write_names(char *names, const char *account, const text *project_key, const text *environment_key)
{
	const int parts[] = {(int) strlen(account) + 1, (int) VARSIZE_ANY_EXHDR(project_key),
						 (int) VARSIZE_ANY_EXHDR(environment_key)};
	int length = parts[0];

	if ((Size) parts[0] + parts[1] + parts[2] + 1 > NAMES_MAX)
		return 0;
	memcpy(names, account, parts[0]);
	memcpy(names + length, VARDATA_ANY(project_key), parts[1]);
	length += parts[1];
	names[length++] = '/';
	memcpy(names + length, VARDATA_ANY(environment_key), parts[2]);
	return length + parts[2];
}

/*
 * find_known finds an environment by its names; NULL if it is not known.
 */
static KnownEnvironment *
find_known(const char *names, int length)
{
	for (int i = 0; known != NULL && length > 0 && i < KNOWN_MAX; i++)
		if (known[i].length == length && memcmp(known[i].names, names, length) == 0)
			return &known[i];
	return NULL;
}

/*
 * has_state tells whether the row of a payload is in this state, and not changed by the transaction
 * that asks.
 */
static bool
has_state(const KeyLookup *row, const PayloadKey *key)
{
	bool isnull;
	bytea *stamp;

	if (key_lookup_is_own(row) ||
		DatumGetInt64(key_lookup_value(row, "version", &isnull)) != key->version)
		return false;
	stamp = DatumGetByteaPP(key_lookup_value(row, "stamp", &isnull));
	return VARSIZE_ANY_EXHDR(stamp) == PAYLOAD_STAMP_BYTES &&
		   memcmp(VARDATA_ANY(stamp), key->stamp, PAYLOAD_STAMP_BYTES) == 0;
}

/*
 * is_current tells whether an environment is in this state in the snapshot of the query.
 */
static bool
is_current(const PayloadKey *key)
{
	char *id = pnstrdup(key->environment, OBJECT_ID_LENGTH);
	KeyLookup row;
	bool current =
		key_lookup_begin(&row, "environment_payload", key->account, "environment_id", id) &&
		has_state(&row, key);

	key_lookup_end(&row);
	return current;
}

/*
 * known_environment_pin pins the payload of an environment of an account; NULL if it must be
 * asked for.
 */
CachedPayload *
known_environment_pin(const char *account, const text *project_key, const text *environment_key)
{
	char names[NAMES_MAX];
	KnownEnvironment *found =
		find_known(names, write_names(names, account, project_key, environment_key));

	return found != NULL && is_current(&found->key) ? payload_cache_find(&found->key) : NULL;
}

/*
 * known_environment_note notes an environment that has been asked for, if its payload is cached.
 */
void
known_environment_note(const char *account, const text *project_key, const text *environment_key,
					   const CachedPayload *cached)
{
	const PayloadKey *key = cached_payload_key(cached);
	char names[NAMES_MAX];
	int length = write_names(names, account, project_key, environment_key);
	KnownEnvironment *entry = find_known(names, length);

	if (key == NULL || length == 0)
		return;
	if (known == NULL)
		known = MemoryContextAllocZero(TopMemoryContext, KNOWN_MAX * sizeof(KnownEnvironment));
	if (entry == NULL)
	{
		entry = &known[next_one];
		next_one = (next_one + 1) % KNOWN_MAX;
	}
	memcpy(entry->names, names, length);
	entry->length = length;
	entry->key = *key;
}
