/*
 * sdk_form.h
 *	  From the form that SDKs are sent to the one that is stored: what flags and segments
 *	  have in common.
 */
#ifndef FLAGPLANE_SDK_FORM_H
#define FLAGPLANE_SDK_FORM_H

#include "util/error.h"
#include "util/jsonb_tree.h"

extern void sdk_form_pick(JsonbValue *into, JsonbValue *from, const char *name, const char *as);
extern bool sdk_form_text(JsonbValue *into, JsonbValue *from, const char *name);
extern void sdk_form_boolean(JsonbValue *into, JsonbValue *from, const char *name);
extern JsonbValue *sdk_form_list(JsonbValue *into, JsonbValue *from, const char *name);
extern JsonbValue sdk_form_contexts(JsonbValue *source);
extern void sdk_form_bucket_by(JsonbValue *into, JsonbValue *from, const char *kind_name);
extern JsonbValue sdk_form_salt(Violations *violations, const char *path, const Jsonb *source);
extern void sdk_form_rule(JsonbValue *into, JsonbValue *from, const char *owner, int number);

#endif /* FLAGPLANE_SDK_FORM_H */
