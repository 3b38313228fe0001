/*
 * segments.h
 *	  Who owns which of a layer's thousand segments in an environment.
 */
#ifndef FLAGPLANE_SEGMENTS_H
#define FLAGPLANE_SEGMENTS_H

#include "call/request.h"
#include "evaluation/bucket.h"
#include "resource/layer/segment_set.h"

#define BUCKETS_PER_SEGMENT (BUCKETS / SEGMENTS)
#define NOBODY				(-1)

/* An experiment with a live reservation, and how many segments that has. */
typedef struct SegmentOwner
{
	text *key;
	char *status;
	int count;
} SegmentOwner;

/* A layer in an environment, as a snapshot of the tables shows it. */
typedef struct Segments
{
	char *seed;
	int seed_length;
	int owner_count;
	SegmentOwner *owners;  /* the oldest reservation first */
	int16 owner[SEGMENTS]; /* by segment: index into owners, or NOBODY */
} Segments;

/* The fields that name a layer in an environment: the first three of an operation on it. */
enum
{
	SEGMENTS_PROJECT,
	SEGMENTS_ENVIRONMENT,
	SEGMENTS_LAYER,
	SEGMENTS_FIELDS
};

#define SEGMENTS_FIELD_ROWS                   \
	PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, \
		FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true)

extern Segments *segments_read(Request *request, MemoryContext context);
extern int segments_free(const Segments *segments);
extern char *segments_percent(int count);

/*
 * segments_owner is the index of the experiment that a unit belongs to, or NOBODY.
 */
static inline int
segments_owner(const Segments *segments, const text *unit_key)
{
	int bucket = bucket_of(segments->seed, segments->seed_length, unit_key);

	return segments->owner[bucket / BUCKETS_PER_SEGMENT];
}

#endif /* FLAGPLANE_SEGMENTS_H */
