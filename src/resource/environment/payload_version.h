/*
 * payload_version.h
 *	  The version of what SDKs are sent of an environment.
 *
 * Whoever changes something that SDKs can see locks payloads first, and raises them when it
 * writes. The order of locks is: the project, the payloads of all environments that are touched,
 * then flags, segments and experiments.
 */
#ifndef FLAGPLANE_PAYLOAD_VERSION_H
#define FLAGPLANE_PAYLOAD_VERSION_H

#include "call/request.h"
#include "nodes/pg_list.h"

extern void payload_create(Request *request, const char *environment_id);

/* Of the environments of these keys (char *); returns those that name none. */
extern List *payload_lock(Request *request, const char *project_key, List *environment_keys);
extern void payload_lock_all(Request *request, const char *project_key);

/* Of an environment by its key, or of all of the project's (NULL). */
extern void payload_raise(Request *request, const char *project_key, const char *environment_key);

/* Of the environment that a request names. */
extern int64 payload_version(Request *request);

extern bool
payload_raised_here(int64 account, const char *project_key, const char *environment_key);

#endif /* FLAGPLANE_PAYLOAD_VERSION_H */
