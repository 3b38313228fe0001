/*
 * payload_version.c
 *	  The version of what SDKs are sent of an environment.
 *
 * A payload is raised once in a transaction, whatever that changes: the first raise locks its
 * row until the end, and nobody sees the version before. What has been raised is noted in this
 * backend. When a subtransaction is rolled back so are its raises, and the notes about them;
 * notes of a subtransaction always lie behind those of the ones around it, so that its end
 * costs what it noted and no more.
 */
#include "resource/environment/payload_version.h"

#include "resource/environment/environment.h"
#include "resource/project/project.h"
#include "resource/resource.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "evaluation/payload_cache.h"
#include "util/document.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY
};

const Field touch_environment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD, [ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD, FIELDS_END};

STATEMENT(insert_payload, "INSERT INTO flagplane_data.environment_payload"
						  " (account_id, environment_id, version, stamp)"
						  " VALUES (:account_id, :environment_id, 1, :stamp)");

#define PAYLOADS                                                 \
	"flagplane_data.project p JOIN flagplane_data.environment e" \
	" ON e.account_id = p.account_id AND e.project_id = p.id"

#define OF_PROJECT " WHERE p.account_id = :account_id AND p.key = :project_key"

#define LOCKED_PAYLOADS                                                        \
	"SELECT e.key FROM " PAYLOADS " JOIN flagplane_data.environment_payload v" \
	" ON v.account_id = e.account_id AND v.environment_id = e.id" OF_PROJECT

#define RAISED_PAYLOADS                                                        \
	"UPDATE flagplane_data.environment_payload v SET version = v.version + 1," \
	" stamp = :stamp FROM " PAYLOADS OF_PROJECT                                \
	" AND v.account_id = e.account_id AND v.environment_id = e.id"

#define LOCK_IN_ORDER " ORDER BY v.environment_id FOR NO KEY UPDATE OF v"

STATEMENT(lock_payloads, LOCKED_PAYLOADS " AND e.key = ANY (:environment_keys)" LOCK_IN_ORDER);

STATEMENT(lock_all_payloads, LOCKED_PAYLOADS LOCK_IN_ORDER);

STATEMENT(raise_payload, RAISED_PAYLOADS " AND e.key = :environment_key");

STATEMENT(raise_all_payloads, RAISED_PAYLOADS " AND e.key <> ALL (:raised_keys)");

STATEMENT(find_payload,
		  "SELECT v.version FROM " PAYLOADS " JOIN flagplane_data.environment_payload v"
		  " ON v.account_id = e.account_id AND v.environment_id = e.id" OF_PROJECT
		  " AND e.key = :environment_key");

/* No key of an environment, so that it stands for all of them. */
#define ALL_ENVIRONMENTS "*"

/* The account's digits, the keys, and what stands between them. */
#define NOTE_MAX (20 + PROJECT_KEY_MAX + KEY_MAX + 3)

/* What has been raised, and by which subtransaction. */
typedef struct Note
{
	char name[NOTE_MAX];
	SubTransactionId subtransaction;
} Note;

/* They live in the transaction's memory; NULL while there are none. */
static HTAB *notes = NULL;
static Note **in_order;
static int note_count;
static int note_room;

/*
 * at_transaction_end forgets the notes, whose memory goes.
 */
static void
at_transaction_end(XactEvent event, void *arg)
{
	notes = NULL;
	note_count = 0;
}

/*
 * at_savepoint_end gives the notes of a subtransaction to the one around it, or drops them
 * with the raises themselves.
 */
static void
at_savepoint_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (notes == NULL || (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	for (int i = note_count - 1; i >= 0 && in_order[i]->subtransaction == mine; i--)
	{
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			in_order[i]->subtransaction = parent;
		else
		{
			hash_search(notes, in_order[i]->name, HASH_REMOVE, NULL);
			note_count = i;
		}
	}
}

/*
 * begin_notes makes room for the notes of this transaction.
 */
static void
begin_notes(void)
{
	static bool registered = false;
	HASHCTL control = {
		.keysize = NOTE_MAX, .entrysize = sizeof(Note), .hcxt = TopTransactionContext};

	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_savepoint_end, NULL);
		registered = true;
	}
	note_room = 16;
	in_order = MemoryContextAlloc(TopTransactionContext, note_room * sizeof(Note *));
	notes = hash_create("flagplane raised payloads", 16, &control,
						HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/*
 * note_name is what a note is found by.
 */
static void
note_name(char *name, int64 account, const char *within, const char *key)
{
	snprintf(name, NOTE_MAX, INT64_FORMAT "/%s/%s", account, within, key);
}

/*
 * is_noted tells whether something has been raised by this transaction.
 */
static bool
is_noted(int64 account, const char *within, const char *key)
{
	char name[NOTE_MAX];

	if (notes == NULL)
		return false;
	note_name(name, account, within, key);
	return hash_search(notes, name, HASH_FIND, NULL) != NULL;
}

/*
 * note notes that something has been raised.
 */
static void
note(int64 account, const char *within, const char *key)
{
	char name[NOTE_MAX];
	Note *made;
	bool found;

	if (notes == NULL)
		begin_notes();
	note_name(name, account, within, key);
	if (note_count == note_room)
	{
		note_room *= 2;
		in_order = repalloc(in_order, note_room * sizeof(Note *));
	}
	made = hash_search(notes, name, HASH_ENTER, &found);
	if (found)
		return;
	made->subtransaction = GetCurrentSubTransactionId();
	in_order[note_count++] = made;
}

/*
 * bind_stamp binds a new stamp.
 */
static void
bind_stamp(Params *params)
{
	uint8 stamp[PAYLOAD_STAMP_BYTES];

	random_bytes(stamp, sizeof(stamp));
	bind_bytes(params, "stamp", stamp, sizeof(stamp));
}

/*
 * payload_create makes the payload of a new environment.
 */
void
payload_create(Request *request, const char *environment_id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_stamp(&params);
	statement_run(&insert_payload, &params, STATEMENT_WRITE);
}

/*
 * is_raised tells whether an environment, or all of them, have been raised by this transaction.
 * All of them are known to be as long as nobody makes another one: those who raise all
 * hold the project against that.
 */
static bool
is_raised(int64 account, const char *project_key, const char *environment_key)
{
	return is_noted(account, project_key, ALL_ENVIRONMENTS) ||
		   (environment_key != NULL && is_noted(account, project_key, environment_key));
}

/*
 * bind_environment binds what names an environment, or all of a project.
 */
static void
bind_environment(Request *request, Params *params, const char *project_key,
				 const char *environment_key)
{
	bind_bigint(params, "account_id", request->caller.account);
	bind_text(params, "project_key", project_key);
	if (environment_key != NULL)
		bind_text(params, "environment_key", environment_key);
}

/*
 * missing_of returns those of some keys that no row of lock_payloads has.
 */
static List *
missing_of(const Rows *rows, List *keys)
{
	List *missing = NIL;
	ListCell *cell;

	foreach (cell, keys)
	{
		bool found = false;

		for (uint64 i = 0; i < rows->count && !found; i++)
		{
			Row row;

			row_read(rows, i, &row);
			found = strcmp(row_get_string(&row, "key"), lfirst(cell)) == 0;
		}
		if (!found)
			missing = lappend(missing, lfirst(cell));
	}
	return missing;
}

/*
 * payload_lock locks what payload_raise will raise, environments at once in the order of their ids,
 * before any flag, segment or experiment is locked.  Returns the keys that name none, which the
 * caller does without: an environment that is made from then on is not locked, and would be too
 * late.
 */
List *
payload_lock(Request *request, const char *project_key, List *environment_keys)
{
	ArrayBuildState *keys = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	List *wanted = NIL;
	Params params = {0};
	ListCell *cell;
	Rows rows;

	foreach (cell, environment_keys)
	{
		if (is_raised(request->caller.account, project_key, lfirst(cell)))
			continue;
		wanted = lappend(wanted, lfirst(cell));
		keys = accumArrayResult(keys, CStringGetTextDatum(lfirst(cell)), false, TEXTOID,
								CurrentMemoryContext);
	}
	if (wanted == NIL)
		return NIL;
	bind_environment(request, &params, project_key, NULL);
	bind_texts(&params, "environment_keys",
			   DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext)));
	rows = statement_run(&lock_payloads, &params, STATEMENT_WRITE);
	return missing_of(&rows, wanted);
}

/*
 * payload_lock_all is payload_lock for all environments of a project, which the caller holds against
 * new ones.
 */
void
payload_lock_all(Request *request, const char *project_key)
{
	Params params = {0};

	if (is_raised(request->caller.account, project_key, NULL))
		return;
	bind_environment(request, &params, project_key, NULL);
	statement_run(&lock_all_payloads, &params, STATEMENT_WRITE);
}

/*
 * bind_raised binds the keys of the project's environments that have been raised one by one.
 */
static void
bind_raised(Params *params, int64 account, const char *project_key)
{
	ArrayBuildState *keys = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	char prefix[NOTE_MAX];
	size_t length;

	note_name(prefix, account, project_key, "");
	length = strlen(prefix);
	for (int i = 0; i < note_count; i++)
		if (strncmp(in_order[i]->name, prefix, length) == 0)
			keys = accumArrayResult(keys, CStringGetTextDatum(in_order[i]->name + length), false,
									TEXTOID, CurrentMemoryContext);
	bind_texts(params, "raised_keys",
			   DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext)));
}

/*
 * payload_raise raises the version of what SDKs are sent of an environment, or of all of a
 * project's, unless this transaction has done so.
 */
void
payload_raise(Request *request, const char *project_key, const char *environment_key)
{
	Params params = {0};

	if (is_raised(request->caller.account, project_key, environment_key))
		return;
	bind_environment(request, &params, project_key, environment_key);
	bind_stamp(&params);
	if (environment_key == NULL)
		bind_raised(&params, request->caller.account, project_key);
	if (environment_key == NULL)
	{
		statement_run(&raise_all_payloads, &params, STATEMENT_WRITE);
		note(request->caller.account, project_key, ALL_ENVIRONMENTS);
	}
	else if (statement_run(&raise_payload, &params, STATEMENT_WRITE).count > 0)
		note(request->caller.account, project_key, environment_key);
}

/*
 * payload_raised_here tells whether this transaction has raised an environment's payload.
 */
bool
payload_raised_here(int64 account, const char *project_key, const char *environment_key)
{
	return notes != NULL && is_raised(account, project_key, environment_key);
}

/*
 * payload_version is the version of what SDKs are sent of the environment that the first two
 * fields of a request name.  Refuses what is not there.
 */
int64
payload_version(Request *request)
{
	Rows rows = request_run(request, &find_payload);
	Row row;

	if (rows.count == 0)
		environment_missing(request);
	row_read(&rows, 0, &row);
	return row_get_bigint(&row, "version");
}

/*
 * do_touch_environment raises the payload of an environment, for somebody who has changed its
 * rows by hand.
 */
void
do_touch_environment(Request *request)
{
	char *project_key = request_string(request, PROJECT_KEY);
	char *environment_key = request_string(request, ENVIRONMENT_KEY);
	StringInfo out = request->response;
	int64 version;

	project_lock(request, PROJECT_KEY_SHARE);
	payload_raise(request, project_key, environment_key);
	version = payload_version(request);
	document_open(out, '{');
	document_string(out, "environmentKey", environment_key);
	document_integer(out, "payloadVersion", version);
	document_close(out, '}');
	request_target(request, "proj/%s:env/%s", project_key, environment_key);
}
