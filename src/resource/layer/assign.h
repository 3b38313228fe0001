/*
 * assign.h
 *	  Which experiment owns a unit: the owners of a layer's segments in an environment.
 */
#ifndef FLAGPLANE_LAYER_ASSIGN_H
#define FLAGPLANE_LAYER_ASSIGN_H

#include "call/request.h"
#include "evaluation/bucket.h"
#include "resource/layer/reservation.h"

#define BUCKETS_PER_LAYER_SEGMENT (BUCKETS / LAYER_SEGMENTS)
#define NOBODY					  (-1)

/* An experiment with a live reservation, and how many segments that has. */
typedef struct LayerOwner
{
	text *key;
	bool running; /* or has not started */
	int count;
} LayerOwner;

/* A layer in an environment, as a snapshot of the tables shows it. */
typedef struct LayerOwners
{
	Sha1 seed; /* the hash that every unit's goes on from */
	int count;
	LayerOwner *owner;				  /* the oldest reservation first */
	int16 by_segment[LAYER_SEGMENTS]; /* index into owner, or NOBODY */
} LayerOwners;

/* The fields that name a layer in an environment: the first three of an operation on it. */
enum
{
	OWNERS_PROJECT,
	OWNERS_ENVIRONMENT,
	OWNERS_LAYER,
	OWNERS_FIELDS
};

#define OWNERS_FIELD_ROWS                     \
	PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, \
		FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true)

extern LayerOwners *layer_owners_read(Request *request, MemoryContext context);
extern int layer_owners_free(const LayerOwners *owners);
extern char *layer_percent_text(int segments);

/*
 * layer_owner_of_unit is the index of the experiment that a unit belongs to, or NOBODY. One that
 * has not started owns units only if the caller asks for such too.
 */
static inline int
layer_owner_of_unit(const LayerOwners *owners, const text *unit_key, bool include_not_started)
{
	int bucket = bucket_of(&owners->seed, unit_key);
	int owner = owners->by_segment[bucket / BUCKETS_PER_LAYER_SEGMENT];

	return owner == NOBODY || include_not_started || owners->owner[owner].running ? owner : NOBODY;
}

#endif /* FLAGPLANE_LAYER_ASSIGN_H */
