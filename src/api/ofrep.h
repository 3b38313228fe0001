/*
 * ofrep.h
 *	  What OpenFeature's providers ask for, by the protocol OFREP.
 */
#ifndef FLAGPLANE_OFREP_H
#define FLAGPLANE_OFREP_H

#include "api/sdk.h"
#include "util/json.h"

extern Jsonb *ofrep_context_read(const char *body, int length, Context *context);

extern void ofrep_respond_flag(SdkCall *call);
extern void ofrep_respond_flags(SdkCall *call);
extern void ofrep_respond_error(Exchange *exchange, ErrorKind kind, const char *message);

#endif /* FLAGPLANE_OFREP_H */
