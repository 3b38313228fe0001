/*
 * event.h
 *	  The events that SDKs send: checked, counted, and dropped.
 */
#ifndef FLAGPLANE_EVENT_H
#define FLAGPLANE_EVENT_H

#include "util/compat.h"

extern Size event_shared_size(void);
extern void event_attach(void *memory, bool found);

extern void events_check(const char *body, int length);
extern bool event_batch_is_new(const char *environment_id, const char *payload_id);

#endif /* FLAGPLANE_EVENT_H */
