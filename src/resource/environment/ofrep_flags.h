/*
 * ofrep_flags.h
 *	  What OpenFeature's providers are sent: flags evaluated for a context.
 */
#ifndef FLAGPLANE_OFREP_FLAGS_H
#define FLAGPLANE_OFREP_FLAGS_H

#include "resource/environment/sdk_credential.h"

extern void ofrep_flag_append(StringInfo out, SdkEnvironment *environment, SdkCredential credential,
							  const char *key, const Context *context);
extern void ofrep_flags_append(StringInfo out, SdkEnvironment *environment,
							   SdkCredential credential, const Context *context);

#endif /* FLAGPLANE_OFREP_FLAGS_H */
