/*
 * event.c
 *	  The events that SDKs send: checked, counted, and dropped.
 *
 * An SDK sends a batch a second time if it got no response to the first. Each has an id, and the
 * ids of the latest batches are known again: as hashes of 64 bits in shared memory, in sets of
 * a cache line. In a set the oldest gives way. Whoever asks twice at the same moment may be
 * told twice that a batch is new.
 *
 * Without the library among shared_preload_libraries there is no such memory, and every
 * batch is new.
 */
#include "resource/event/event.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "util/error.h"
#include "util/json.h"

/* With its counter a set is a cache line. */
#define SET_IDS 7
#define SETS	4096

typedef struct BatchSet
{
	pg_atomic_uint64 next; /* counts the ids that have come */
	pg_atomic_uint64 ids[SET_IDS];
} BatchSet;

static BatchSet *sets = NULL;

/*
 * event_shared_size is how much shared memory the ids of batches need.
 */
Size
event_shared_size(void)
{
	return SETS * sizeof(BatchSet);
}

/*
 * event_attach uses shared memory of event_shared_size, which the first process to attach
 * initializes: found tells whether another has done so.
 */
void
event_attach(void *memory, bool found)
{
	sets = memory;
	for (int set = 0; set < SETS && !found; set++)
	{
		pg_atomic_init_u64(&sets[set].next, 0);
		for (int i = 0; i < SET_IDS; i++)
			pg_atomic_init_u64(&sets[set].ids[i], 0);
	}
}

/*
 * event_batch_is_new tells whether a batch of an environment's events has not come before, and
 * keeps its id; one without an id (NULL) is new.
 */
bool
event_batch_is_new(const char *environment_id, const char *payload_id)
{
	uint64 hash;
	BatchSet *set;

	if (sets == NULL || payload_id == NULL)
		return true;
	hash = hash_bytes_extended((const unsigned char *) environment_id, strlen(environment_id),
							   MyDatabaseId);
	hash = hash_bytes_extended((const unsigned char *) payload_id, strlen(payload_id), hash);
	set = &sets[hash % SETS];
	for (int i = 0; i < SET_IDS; i++)
		if (pg_atomic_read_u64(&set->ids[i]) == hash)
			return false;
	pg_atomic_write_u64(&set->ids[pg_atomic_fetch_add_u64(&set->next, 1) % SET_IDS], hash);
	return true;
}

/*
 * check_event refuses an event that is not an object.
 */
static void
check_event(void *state, char *name, const JsonValue *value)
{
	if (name == NULL && value->kind != JSON_OBJECT)
		error_raise(ERR_INVALID, "an event must be an object");
}

/*
 * events_check refuses what is neither an array of events nor a single one, which a
 * diagnostic event is; some SDKs send that among the others when they try again.
 */
void
events_check(const char *body, int length)
{
	JsonKind kind;
	char *problem = json_read_elements(body, length, &kind, check_event, NULL);

	if (problem)
		error_raise(ERR_MALFORMED, "the request body is not JSON: %s", problem);
	if (kind != JSON_ARRAY && kind != JSON_OBJECT)
		error_raise(ERR_INVALID, "the request body must be an array of events");
}
