/*
 * reservation.h
 *	  Reservations: which experiment owns which thousandths of a layer's traffic.
 */
#ifndef FLAGPLANE_RESERVATION_H
#define FLAGPLANE_RESERVATION_H

#include "call/request.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

/* A layer's traffic in an environment is divided into so many segments. */
#define LAYER_SEGMENTS			   1000
#define LAYER_SEGMENTS_PER_PERCENT 10

/* An experiment's live reservation, and its layer. */
typedef struct Reservation
{
	char *layer_id;
	char *layer_key;
	char *layer_name;
	char *environment_id;
	Bitmapset *segments;
	int32 percent;
	int32 others; /* percent that other experiments have; only reservation_lock reads it */
} Reservation;

/* What one experiment owns of a layer in an environment. */
typedef struct TrafficShare
{
	char *reservation_id;
	char *experiment_id;
	Bitmapset *segments;
} TrafficShare;

/* The live reservations of a layer in an environment; the caller has locked the layer. */
typedef struct LayerTraffic
{
	char *layer_id;
	char *environment_id;
	List *shares; /* TrafficShare */
	Bitmapset *free;
} LayerTraffic;

extern Params experiment_params(const Request *request, const char *experiment_id);
extern Bitmapset *layer_segments_read(Datum stored);
extern char *layer_segments_text(const Bitmapset *segments);
extern Bitmapset *layer_segments_sample(const Bitmapset *from, int count);
extern int layer_segments_percent(Datum stored);

extern bool
reservation_find(const Request *request, const char *experiment_id, Reservation *reservation);
extern bool
reservation_lock(const Request *request, const char *experiment_id, Reservation *reservation);
extern void reservation_release(const Request *request, const char *experiment_id);
extern void reservations_detach_experiment(const Request *request, const char *experiment_id);

extern LayerTraffic
traffic_read(const Request *request, const char *layer_id, const char *environment_id);
extern TrafficShare *traffic_share_of(const LayerTraffic *traffic, const char *experiment_id);
extern TrafficShare *
traffic_acquire(const Request *request, LayerTraffic *traffic, const char *experiment_id);
extern void traffic_release(const Request *request, LayerTraffic *traffic, TrafficShare *share);
extern void
traffic_grow(const Request *request, LayerTraffic *traffic, TrafficShare *share, int count);
extern void traffic_shrink(const Request *request, LayerTraffic *traffic, TrafficShare *share,
						   const Bitmapset *released);

#endif /* FLAGPLANE_RESERVATION_H */
