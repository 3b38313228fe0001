/*
 * sdk.h
 *	  What SDKs ask for.
 */
#ifndef FLAGPLANE_SDK_H
#define FLAGPLANE_SDK_H

#include "api/http.h"

/* On each response to an SDK: one without it was not made here, but by what is in between. */
#define SDK_MARK "X-Flagplane"

extern bool sdk_serves(const char *uri);
extern void sdk_answer(Exchange *exchange, const Headers *headers, const char *method);

/* The routes, for those who count what is asked for. */
extern int sdk_route_count(void);
extern const char *sdk_route_name(int route);

#endif /* FLAGPLANE_SDK_H */
