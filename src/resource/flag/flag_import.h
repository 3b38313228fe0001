/*
 * flag_import.h
 *	  Flags of a document that is imported.
 */
#ifndef FLAGPLANE_FLAG_IMPORT_H
#define FLAGPLANE_FLAG_IMPORT_H

#include "call/request.h"
#include "resource/flag/flag_payload.h"
#include "resource/import.h"

extern void
flag_import_read(Violations *violations, const char *path, Jsonb *source, ImportItem *item);

/* flag_import_store.c */
extern void flags_import_compare(Request *request, const PayloadScope *scope, ImportSet *flags);
extern void flags_import_find(Request *request, ImportSet *flags);
extern void flags_import_store(Request *request, const char *environment_id, ImportSet *flags);

#endif /* FLAGPLANE_FLAG_IMPORT_H */
