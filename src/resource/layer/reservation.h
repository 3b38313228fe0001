/*
 * reservation.h
 *	  What experiments and layers ask of reservations.
 */
#ifndef FLAGPLANE_RESERVATION_H
#define FLAGPLANE_RESERVATION_H

#include "call/request.h"

/* An experiment's live reservation. */
typedef struct Reservation
{
	char *layer_id;
	char *layer_key;
	char *layer_name;
	int32 percent;
	int32 others; /* percent that other experiments have; told by reservation_lock */
} Reservation;

extern bool
reservation_find(const Request *request, const char *experiment_id, Reservation *reservation);
extern bool
reservation_lock(const Request *request, const char *experiment_id, Reservation *reservation);
extern void reservation_release(const Request *request, const char *experiment_id);
extern void reservation_forget(const Request *request, const char *experiment_id);

#endif /* FLAGPLANE_RESERVATION_H */
