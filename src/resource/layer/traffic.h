/*
 * traffic.h
 *	  A layer's traffic in one environment, while the layer is locked.
 */
#ifndef FLAGPLANE_TRAFFIC_H
#define FLAGPLANE_TRAFFIC_H

#include "call/request.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

typedef struct Traffic
{
	char *layer_id;
	char *environment_id;
	List *owned; /* Owned */
	Bitmapset *free;
} Traffic;

/* What one experiment has of it. */
typedef struct Owned
{
	char *id; /* the reservation's */
	char *experiment_id;
	Bitmapset *segments;
} Owned;

extern Traffic
traffic_read(const Request *request, const char *layer_id, const char *environment_id);
extern Owned *traffic_of(const Traffic *traffic, const char *experiment_id);
extern Owned *traffic_enter(const Request *request, Traffic *traffic, const char *experiment_id);
extern void traffic_leave(const Request *request, Traffic *traffic, Owned *owned);
extern void traffic_grow(const Request *request, Traffic *traffic, Owned *owned, int count);
extern void traffic_shrink(const Request *request, Traffic *traffic, Owned *owned, int count);

#endif /* FLAGPLANE_TRAFFIC_H */
