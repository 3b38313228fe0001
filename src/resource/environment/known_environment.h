/*
 * known_environment.h
 *	  Environments that this backend has evaluated flags of, found without a query.
 */
#ifndef FLAGPLANE_KNOWN_ENVIRONMENT_H
#define FLAGPLANE_KNOWN_ENVIRONMENT_H

#include "evaluation/payload_cache.h"

extern CachedPayload *
known_environment_pin(const char *account, const text *project_key, const text *environment_key);
extern void known_environment_note(const char *account, const text *project_key,
								   const text *environment_key, const CachedPayload *cached);

#endif /* FLAGPLANE_KNOWN_ENVIRONMENT_H */
