/*
 * last_use.h
 *	  When an access token was last used, to some minutes.
 */
#ifndef FLAGPLANE_LAST_USE_H
#define FLAGPLANE_LAST_USE_H

#include "call/request.h"

extern void last_use_note(const Request *request);

#endif /* FLAGPLANE_LAST_USE_H */
