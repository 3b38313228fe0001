/*
 * auth_cache.h
 *	  The access token that has been verified in this transaction.
 */
#ifndef FLAGPLANE_AUTH_CACHE_H
#define FLAGPLANE_AUTH_CACHE_H

#include "call/request.h"

extern void auth_cache_put(const char *token, const Caller *caller);
extern bool auth_cache_find(const char *token, Caller *caller);

#endif /* FLAGPLANE_AUTH_CACHE_H */
