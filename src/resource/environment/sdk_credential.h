/*
 * sdk_credential.h
 *	  What SDKs show: the SDK key, the mobile key or the client-side id of an environment.
 */
#ifndef FLAGPLANE_SDK_CREDENTIAL_H
#define FLAGPLANE_SDK_CREDENTIAL_H

#include "call/request.h"

typedef enum SdkCredential
{
	SDK_KEY,
	MOBILE_KEY,
	CLIENT_SIDE_ID
} SdkCredential;

/* The environment that a credential opens, and in which state it is. */
typedef struct SdkEnvironment
{
	char *id;
	pg_uuid_t *project_id;
	int32 default_ttl; /* minutes */
	char *etag;		   /* of what SDKs are sent of it */
} SdkEnvironment;

extern SdkEnvironment
sdk_environment_find(Request *request, SdkCredential kind, const char *credential);

#endif /* FLAGPLANE_SDK_CREDENTIAL_H */
