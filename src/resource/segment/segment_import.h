/*
 * segment_import.h
 *	  Segments of a document that is imported.
 */
#ifndef FLAGPLANE_SEGMENT_IMPORT_H
#define FLAGPLANE_SEGMENT_IMPORT_H

#include "call/request.h"
#include "resource/flag/flag_payload.h"
#include "resource/import.h"

extern void
segment_import_read(Violations *violations, const char *path, Jsonb *source, ImportItem *item);
extern List *segment_needs(const char *path, Jsonb *rules);
extern void segments_import_compare(const PayloadScope *scope, ImportSet *segments);
extern void
segments_import_store(Request *request, const char *environment_id, ImportSet *segments);

#endif /* FLAGPLANE_SEGMENT_IMPORT_H */
