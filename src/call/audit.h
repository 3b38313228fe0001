/*
 * audit.h
 *	  One row for each change, in the change's own transaction; and the place
 *	  that a row has among all of its account.
 */
#ifndef FLAGPLANE_AUDIT_H
#define FLAGPLANE_AUDIT_H

#include "call/request.h"

/* Where a change stands: places compare member by member, in this order. */
typedef struct AuditPlace
{
	int32 generation; /* the server, counted for each account */
	uint64 xid;		  /* the transaction, topmost */
	int32 ordinal;	  /* the change in it */
} AuditPlace;

/* As text a place is 24 lower-case hexadecimal digits, which compare likewise. */
#define AUDIT_PLACE_LENGTH OBJECT_ID_LENGTH

/* The setting flagplane.notify. */
extern bool notify_setting;

extern void audit_record(const Request *request);
extern char *audit_place_text(const AuditPlace *place);
extern bool audit_place_parse(const char *text, AuditPlace *place);
extern AuditPlace audit_place_of_row(const Row *row, int column);
extern AuditPlace audit_place_read(Row *row);
extern void audit_place_bind(Params *params, const AuditPlace *place);

#endif /* FLAGPLANE_AUDIT_H */
