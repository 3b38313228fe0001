/*
 * audit.h
 *	  One row for each change, in the change's own transaction; and the position
 *	  that a row has among all of its account.
 */
#ifndef FLAGPLANE_AUDIT_H
#define FLAGPLANE_AUDIT_H

#include "call/request.h"

/* Where a change stands: positions compare member by member, in this order. */
typedef struct FeedPosition
{
	int32 epoch;   /* the server, counted for each account */
	uint64 xid;	   /* the transaction, topmost */
	int32 ordinal; /* the change in it */
} FeedPosition;

/* As text a position is 24 lower-case hexadecimal digits, which compare likewise. */
#define FEED_POSITION_LENGTH OBJECT_ID_LENGTH

/*
 * Where Citus has distributed the tables, a statement that runs where the account's rows are may tell
 * which server that is, for audit_note_server; it spares one of the audit log's.
 */
#define ROW_SERVER_COLUMNS                                                       \
	"pg_current_xact_id() AS xid, flagplane_data.system_identifier() AS system," \
	" flagplane_data.timeline() AS timeline"

/* The setting flagplane.notify. */
extern bool notify_setting;

extern void audit_note_server(Request *request, Row *row);
extern void audit_record(const Request *request);
extern char *feed_position_text(const FeedPosition *position);
extern bool feed_position_parse(const char *text, FeedPosition *position);
extern FeedPosition feed_position_of_row(Row *row);
extern void feed_position_bind(Params *params, const FeedPosition *position);

#endif /* FLAGPLANE_AUDIT_H */
