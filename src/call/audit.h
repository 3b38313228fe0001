/*
 * audit.h
 *	  One row for each change, in the change's own transaction.
 */
#ifndef FLAGPLANE_AUDIT_H
#define FLAGPLANE_AUDIT_H

#include "call/request.h"

extern void audit_record(const Request *request);

#endif /* FLAGPLANE_AUDIT_H */
