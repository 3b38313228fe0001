/*
 * patch_request.h
 *	  Resources changed by a patch of their documents.
 */
#ifndef FLAGPLANE_PATCH_REQUEST_H
#define FLAGPLANE_PATCH_REQUEST_H

#include "call/request.h"
#include "utils/jsonb.h"

/* The field with a patch: the whole body of a documented request. */
#define PATCH_FIELD FIELD("patch", "patch", FIELD_JSON, .place = AS_BODY, .required = true)

/* What instructions make of a document. */
typedef Jsonb *(*PatchInstructions)(Request *request, Jsonb *patch, Jsonb *document);

extern Jsonb *
patching_apply(Request *request, int field, Jsonb *document, PatchInstructions instructions);
extern void patching_preview(Request *request, void (*change)(Request *request));
extern Jsonb *patching_operations(Request *request, int field);
extern Request *patching_fields(Request *request, const Operation *creation, Jsonb *before,
								Jsonb *after, const char *const *editable);
extern void patching_compare(Violations *violations, const char *path, Jsonb *before, Jsonb *after,
							 const char *const *editable);
extern Jsonb *patching_plain(Jsonb *document);

#endif /* FLAGPLANE_PATCH_REQUEST_H */
