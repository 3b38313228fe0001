/*
 * json_patch.h
 *	  Documents changed by JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396).
 */
#ifndef FLAGPLANE_JSON_PATCH_H
#define FLAGPLANE_JSON_PATCH_H

#include "util/compat.h"

#include "utils/jsonb.h"

extern Jsonb *json_patch(Jsonb *document, Jsonb *patch);
extern Jsonb *json_patch_leniently(Jsonb *document, Jsonb *patch);
extern Jsonb *json_merge_patch(Jsonb *document, Jsonb *patch);

#endif /* FLAGPLANE_JSON_PATCH_H */
