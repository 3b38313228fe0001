/*
 * reservation.h
 *	  What experiments and layers ask of reservations.
 */
#ifndef FLAGPLANE_RESERVATION_H
#define FLAGPLANE_RESERVATION_H

#include "call/request.h"

/* How many percent of a layer a reservation's segments are. */
#define RESERVATION_PERCENT(row) \
	"(SELECT coalesce(sum(upper(s) - lower(s)), 0)::integer / 10 FROM unnest(" row ".segments) s)"

/* An experiment's live reservation. */
typedef struct Reservation
{
	char *layer_id;
	char *layer_key;
	char *layer_name;
	int32 percent;
	int32 others; /* percent of the layer that other experiments have there */
} Reservation;

extern bool
reservation_find(const Request *request, const char *experiment_id, Reservation *reservation);
extern bool
reservation_lock(const Request *request, const char *experiment_id, Reservation *reservation);
extern void reservation_release(const Request *request, const char *experiment_id);
extern void reservation_forget(const Request *request, const char *experiment_id);

#endif /* FLAGPLANE_RESERVATION_H */
