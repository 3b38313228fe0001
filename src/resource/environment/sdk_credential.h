/*
 * sdk_credential.h
 *	  What SDKs show: the SDK key, the mobile key or the client-side id of an environment.
 */
#ifndef FLAGPLANE_SDK_CREDENTIAL_H
#define FLAGPLANE_SDK_CREDENTIAL_H

#include "call/request.h"
#include "evaluation/payload_cache.h"

typedef enum SdkCredential
{
	SDK_KEY,
	MOBILE_KEY,
	CLIENT_SIDE_ID,
	SDK_CREDENTIALS, /* what follows is one of those above, as its form tells: */
	ANY_CREDENTIAL = SDK_CREDENTIALS,
	ANY_IN_QUERY
} SdkCredential;

/* What not every request of an SDK asks for. */
typedef struct SdkSettings
{
	pg_uuid_t *project_id;
	int32 default_ttl; /* minutes */
	bool secure_mode;  /* who asks for a context's flags must prove to know its hash */
} SdkSettings;

/* The environment that a credential opens, and in which state it is. */
typedef struct SdkEnvironment
{
	char *id;
	char *etag; /* of what SDKs are sent of it */
	PayloadKey state;
	bool shared;		   /* others see this state too: it was not made by this transaction */
	SdkSettings *settings; /* NULL: nobody has asked for them */
} SdkEnvironment;

extern SdkCredential sdk_credential_kind(const char *credential);
extern SdkEnvironment
sdk_environment_find(Request *request, SdkCredential kind, const char *credential);
extern const SdkSettings *sdk_environment_settings(SdkEnvironment *environment);
extern CachedPayload *sdk_environment_pin(SdkEnvironment *environment);
extern void sdk_secure_mode_check(Request *request, const SdkEnvironment *environment,
								  const Context *context, const char *hash);

#endif /* FLAGPLANE_SDK_CREDENTIAL_H */
