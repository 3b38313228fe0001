/*
 * segment.h
 *	  Sets of a layer's segments: read, written, and drawn at random.
 */
#ifndef FLAGPLANE_SEGMENT_H
#define FLAGPLANE_SEGMENT_H

#include "ground/compat.h"

#include "nodes/bitmapset.h"

/* The traffic of a layer in an environment. */
#define SEGMENTS			 1000
#define SEGMENTS_PER_PERCENT 10

/* Segments that nobody has owned yet are in this stratum. */
#define NEVER_USED 0

extern Bitmapset *segments_read(Datum stored);
extern int segments_percent(Datum stored);
extern char *segments_write(const Bitmapset *segments);
extern Bitmapset *segments_sample(const Bitmapset *from, int count);
extern Bitmapset *segments_draw(const Bitmapset *from, const int *stratum, int strata, int count);

#endif /* FLAGPLANE_SEGMENT_H */
