/*
 * segment_set.h
 *	  Sets of a layer's segments: read, written, and drawn at random.
 */
#ifndef FLAGPLANE_SEGMENT_SET_H
#define FLAGPLANE_SEGMENT_SET_H

#include "util/compat.h"

#include "nodes/bitmapset.h"

/* The traffic of a layer in an environment. */
#define SEGMENTS			 1000
#define SEGMENTS_PER_PERCENT 10

/* Segments that nobody has owned yet are in this stratum. */
#define NEVER_USED 0

extern Bitmapset *segment_set_read(Datum stored);
extern int segment_set_percent(Datum stored);
extern char *segment_set_write(const Bitmapset *segments);
extern Bitmapset *segment_set_sample(const Bitmapset *from, int count);
extern Bitmapset *
segment_set_draw(const Bitmapset *from, const int *stratum, int strata, int count);

#endif /* FLAGPLANE_SEGMENT_SET_H */
