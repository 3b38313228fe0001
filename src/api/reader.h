/*
 * reader.h
 *	  Who reads a view: no operation, but a read like others to scopes and limits.
 */
#ifndef FLAGPLANE_READER_H
#define FLAGPLANE_READER_H

#include "call/caller.h"

extern void
reader_begin(Request *request, Operation *operation, const char *scope, char *limited_to);
extern void reader_admit(Request *request, const OwnerContext *owner);

#endif /* FLAGPLANE_READER_H */
