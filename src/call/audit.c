/*
 * audit.c
 *	  One row for each change, in the change's own transaction: who, what,
 *	  before, after, and the request it came with.  No secret gets in.
 *
 * A row's key is its position in the change feed, so it costs no sequence and no
 * lock: the epoch, the id of the topmost transaction, the change's number
 * in it.  Transaction ids are counted by each server anew, and after the loss of
 * a primary twice; so each server and timeline that an account is changed on
 * begins an epoch of its own, above all that came with a dump or a standby.
 */
#include "call/audit.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "call/caller.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "utils/builtins.h"
#include "utils/xid8.h"

/* Listeners here are notified of the accounts that have new changes. */
#define NOTIFY_CHANNEL "flagplane"

bool notify_setting = false;

/* How many digits of a position's text are the epoch's and the transaction's. */
#define EPOCH_DIGITS 4
#define XID_DIGITS	 12

/*
 * Epochs on other servers that this backend has read, by account: an epoch ends only when another
 * server has the account's rows, or that one another timeline.
 */
#define KNOWN_EPOCHS 64

typedef struct KnownEpoch
{
	int64 account;
	uint64 arrangement; /* of the tables: an account that came back has another epoch */
	int64 system;
	int64 timeline;
	int32 number; /* 0: there is none here */
} KnownEpoch;

static KnownEpoch known_epochs[KNOWN_EPOCHS];

#define AUDIT_COLUMNS                                                                     \
	"(account_id, epoch, xid, ordinal, at, actor, member_id, operation, subject, target," \
	" before, after, request_id, comment, project_id)"

#define AUDIT_VALUES(epoch, project_id)                                  \
	":account_id, " epoch ", :xid, :ordinal, :now, :actor, :member_id, " \
	":operation, :subject, :target, :before, :after, :request_id, :comment, " project_id

/*
 * The row, with the project's id as it is given or found.  No row comes of it where
 * the account's current epoch is of another server.
 */
#define INSERT_AUDIT(project_id)                                                     \
	"INSERT INTO flagplane_data.audit_log " AUDIT_COLUMNS " SELECT " AUDIT_VALUES(   \
		"g.number", project_id) " FROM flagplane_data.audit_epoch g"                 \
								" WHERE g.account_id = :account_id AND g.is_current" \
								" AND g.system_identifier = :system AND g.timeline = :timeline"

STATEMENT(insert_audit, INSERT_AUDIT(":project_id"));

STATEMENT(insert_audit_by_key,
		  INSERT_AUDIT("(SELECT p.id FROM flagplane_data.project p"
					   " WHERE p.account_id = :account_id AND p.key = :project_key)"));

/*
 * Where Citus has distributed the tables, the order of an account's changes is that of the
 * transactions of the server that has its rows, on whichever one the calls are made: this
 * is run there, unless the epoch is known already.  It takes one statement more, but none of
 * these has to be planned at each call, as a join would, and this server needs no transaction
 * id, nor a commit record.
 */
STATEMENT(find_epoch, "SELECT g.number, " ROW_SERVER_COLUMNS " FROM flagplane_data.audit_epoch g"
					  " WHERE g.account_id = :account_id AND g.is_current"
					  " AND g.system_identifier = flagplane_data.system_identifier()"
					  " AND g.timeline = flagplane_data.timeline()");

STATEMENT(find_server, "SELECT count(*), flagplane_data.system_identifier() AS system,"
					   " flagplane_data.timeline() AS timeline"
					   " FROM flagplane_data.audit_epoch g WHERE g.account_id = :account_id");

STATEMENT(find_project, "SELECT p.id FROM flagplane_data.project p"
						" WHERE p.account_id = :account_id AND p.key = :project_key");

STATEMENT(insert_distributed_audit, "INSERT INTO flagplane_data.audit_log " AUDIT_COLUMNS
									" VALUES (" AUDIT_VALUES(":epoch", ":project_id") ")");

/*
 * Another server's epoch ends before one of this server begins.  Of two that do
 * so at once, the second waits for the first, and finds that what it would end or
 * begin is so already.
 */
STATEMENT(end_epoch,
		  "UPDATE flagplane_data.audit_epoch g SET is_current = false"
		  " WHERE g.account_id = :account_id AND g.is_current"
		  " AND (g.system_identifier, g.timeline) IS DISTINCT FROM (:system, :timeline)");

STATEMENT(begin_epoch, "INSERT INTO flagplane_data.audit_epoch"
					   " (account_id, number, system_identifier, timeline, began_at, is_current)"
					   " SELECT :account_id, 1 + coalesce(greatest((SELECT max(n.number)"
					   " FROM flagplane_data.audit_epoch n WHERE n.account_id = :account_id),"
					   " (SELECT max(l.epoch) FROM flagplane_data.audit_log l WHERE l.account_id = "
					   ":account_id)), 0),"
					   " :system, :timeline, :now, true ON CONFLICT DO NOTHING");

/*
 * next_ordinal numbers the changes of a transaction.  What a subtransaction took
 * back leaves a gap.
 */
static int32
next_ordinal(void)
{
	static LocalTransactionId counted = InvalidLocalTransactionId;
	static int32 last = 0;
	LocalTransactionId transaction = local_transaction_id();

	if (transaction != counted)
	{
		counted = transaction;
		last = 0;
	}
	return last++;
}

/*
 * bind_json binds text that is json already; a NULL pointer is NULL.
 */
static void
bind_json(Params *params, const char *name, const char *json)
{
	bind_value(params, name, JSONOID, json ? CStringGetTextDatum(json) : (Datum) 0, json == NULL);
}

/*
 * bind_project binds what the request's project is found with: its id, or its key where the
 * id is not known.  Returns whether it is the id.
 */
static bool
bind_project(Params *params, const Request *request)
{
	int field = caller_project_field(request->operation);
	bool given = field >= 0 && request_given(request, field);

	if (request->project_id)
		bind_uuid(params, "project_id", UUIDPGetDatum(request->project_id));
	else if (given && request->params.types[FIELD_PARAM(field)] == TEXTOID)
	{
		bind_value(params, "project_key", TEXTOID, request->params.values[FIELD_PARAM(field)],
				   false);
		return false;
	}
	else
		bind_uuid(params, "project_id",
				  given ? request->params.values[FIELD_PARAM(field)] : (Datum) 0);
	return true;
}

/*
 * change_generation ends the epoch of another server, and begins one of :system and
 * :timeline.
 */
static void
change_generation(const Params *params)
{
	statement_run(&end_epoch, params, STATEMENT_WRITE);
	statement_run(&begin_epoch, params, STATEMENT_WRITE);
}

/*
 * insert_here inserts the row into a table of this server.
 */
static void
insert_here(Params *params, bool project_is_known)
{
	bind_bigint(params, "system", (int64) GetSystemIdentifier());
	bind_bigint(params, "timeline", GetWALInsertionTimeLine());
	bind_value(params, "xid", XID8OID, FullTransactionIdGetDatum(GetTopFullTransactionId()), false);
	while (statement_run(project_is_known ? &insert_audit : &insert_audit_by_key, params,
						 STATEMENT_WRITE)
			   .count == 0)
		change_generation(params);
}

/*
 * server_of_row reads ROW_SERVER_COLUMNS.
 */
static RowServer
server_of_row(Row *row)
{
	return (RowServer){.known = true,
					   .xid = DatumGetFullTransactionId(row_get_datum(row, "xid")),
					   .system = row_get_bigint(row, "system"),
					   .timeline = row_get_bigint(row, "timeline")};
}

/*
 * audit_note_server keeps for the audit log on which server the account's rows are, as a row with
 * ROW_SERVER_COLUMNS tells.
 */
void
audit_note_server(Request *request, Row *row)
{
	request->server = server_of_row(row);
}

/*
 * recall_epoch returns the number of an account's epoch on a server that this backend has
 * read before, 0 if it has not.
 */
static int32
recall_epoch(int64 account, const RowServer *server)
{
	const KnownEpoch *known = &known_epochs[(uint64) account % KNOWN_EPOCHS];

	if (!server->known || known->account != account || known->arrangement != tables_arrangement() ||
		known->system != server->system || known->timeline != server->timeline)
		return 0;
	return known->number;
}

/*
 * remember_epoch keeps the number of an account's epoch, which other transactions see too.
 */
static void
remember_epoch(int64 account, const RowServer *server, int32 number)
{
	known_epochs[(uint64) account % KNOWN_EPOCHS] =
		(KnownEpoch){.account = account,
					 .arrangement = tables_arrangement(),
					 .system = server->system,
					 .timeline = server->timeline,
					 .number = number};
}

/*
 * read_epoch reads the number of the account's epoch on the server that has its rows, and what
 * that server is.  Begins one if there is none.
 */
static int32
read_epoch(int64 account, Params *params, RowServer *server)
{
	static LocalTransactionId begun_in = InvalidLocalTransactionId;
	Rows rows;
	Row row;
	int32 number;

	while ((rows = statement_run(&find_epoch, params, STATEMENT_WRITE)).count == 0)
	{
		rows = statement_run(&find_server, params, STATEMENT_WRITE);
		row_read(&rows, 0, &row);
		bind_bigint(params, "system", row_get_bigint(&row, "system"));
		bind_bigint(params, "timeline", row_get_bigint(&row, "timeline"));
		change_generation(params);
		begun_in = local_transaction_id();
	}
	row_read(&rows, 0, &row);
	number = row_get_integer(&row, "number");
	*server = server_of_row(&row);
	if (begun_in != local_transaction_id())
		remember_epoch(account, server, number);
	return number;
}

/*
 * bind_generation binds the epoch and the transaction that a change is of, on the server that has
 * the account's rows.  That server has a transaction by then: whatever is recorded has changed
 * something before.
 */
static void
bind_generation(Params *params, const Request *request)
{
	RowServer server = request->server;
	int32 epoch = recall_epoch(request->caller.account, &server);

	if (epoch == 0)
		epoch = read_epoch(request->caller.account, params, &server);
	bind_integer(params, "epoch", epoch);
	bind_value(params, "xid", XID8OID, FullTransactionIdGetDatum(server.xid), false);
}

/*
 * insert_distributed inserts the row into a table of Citus.
 */
static void
insert_distributed(Params *params, const Request *request, bool project_is_known)
{
	bind_generation(params, request);
	if (!project_is_known)
	{
		Rows rows = statement_run(&find_project, params, STATEMENT_WRITE);
		Row row;

		if (rows.count > 0)
			row_read(&rows, 0, &row);
		bind_uuid(params, "project_id", rows.count > 0 ? row_get_datum(&row, "id") : (Datum) 0);
	}
	statement_run(&insert_distributed_audit, params, STATEMENT_WRITE);
}

/*
 * audit_record writes the row of the request's change, and notifies listeners if the
 * setting asks for it.  A transaction notifies once for each account.
 */
void
audit_record(const Request *request)
{
	Params params = {0};
	bool project_is_known;

	if (request->operation->kind == READS || request->unchanged)
		return;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_integer(&params, "ordinal", next_ordinal());
	bind_time(&params, "now", request->now);
	bind_text(&params, "actor", request->caller.actor);
	bind_text(&params, "member_id", request->caller.member_id);
	bind_text(&params, "operation", request->operation->name);
	bind_text(&params, "subject", request->operation->subject);
	bind_text(&params, "target", request->target);
	bind_json(&params, "before", request->before);
	bind_json(&params, "after",
			  request->response->len > 0 ? request_without_secrets(request, false) : NULL);
	bind_text(&params, "request_id", request->id);
	bind_text(&params, "comment", request->comment);
	project_is_known = bind_project(&params, request);
	if (tables_are_distributed())
		insert_distributed(&params, request, project_is_known);
	else
		insert_here(&params, project_is_known);
	if (notify_setting)
		Async_Notify(NOTIFY_CHANNEL, psprintf("%08x", (uint32) request->caller.account));
}

/*
 * feed_position_text writes a position as text.
 */
char *
feed_position_text(const FeedPosition *position)
{
	return psprintf("%04x%012llx%08x", (uint32) position->epoch, (unsigned long long) position->xid,
					(uint32) position->ordinal);
}

/*
 * read_hex reads lower-case hexadecimal digits; false if there is anything else.
 */
static bool
read_hex(const char *text, int digits, uint64 *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++)
	{
		const char *digit = text[i] ? strchr("0123456789abcdef", text[i]) : NULL;

		if (digit == NULL)
			return false;
		*value = *value << 4 | (uint64) (digit - "0123456789abcdef");
	}
	return true;
}

/*
 * feed_position_parse reads a position; false if the text has not its form.
 */
bool
feed_position_parse(const char *text, FeedPosition *position)
{
	uint64 epoch;
	uint64 ordinal;

	if (strlen(text) != FEED_POSITION_LENGTH || !read_hex(text, EPOCH_DIGITS, &epoch) ||
		!read_hex(text + EPOCH_DIGITS, XID_DIGITS, &position->xid) ||
		!read_hex(text + EPOCH_DIGITS + XID_DIGITS, 8, &ordinal) || ordinal > PG_INT32_MAX)
		return false;
	position->epoch = (int32) epoch;
	position->ordinal = (int32) ordinal;
	return true;
}

/*
 * feed_position_of_row reads the columns epoch, xid and ordinal.
 */
FeedPosition
feed_position_of_row(Row *row)
{
	FeedPosition position;

	position.epoch = row_get_integer(row, "epoch");
	position.xid = U64FromFullTransactionId(DatumGetFullTransactionId(row_get_datum(row, "xid")));
	position.ordinal = row_get_integer(row, "ordinal");
	return position;
}

/*
 * feed_position_bind binds a position as :epoch, :xid and :ordinal.
 */
void
feed_position_bind(Params *params, const FeedPosition *position)
{
	bind_integer(params, "epoch", position->epoch);
	bind_value(params, "xid", XID8OID,
			   FullTransactionIdGetDatum(FullTransactionIdFromU64(position->xid)), false);
	bind_integer(params, "ordinal", position->ordinal);
}
