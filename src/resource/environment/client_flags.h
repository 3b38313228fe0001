/*
 * client_flags.h
 *	  What client-side SDKs are sent: flags evaluated for a context.
 */
#ifndef FLAGPLANE_CLIENT_FLAGS_H
#define FLAGPLANE_CLIENT_FLAGS_H

#include "resource/environment/sdk_credential.h"

extern bool flag_is_for(const CompiledFlag *flag, SdkCredential credential);
extern void
client_flags_append(StringInfo out, SdkEnvironment *environment, SdkCredential credential,
					const Context *context, bool with_reasons);

#endif /* FLAGPLANE_CLIENT_FLAGS_H */
