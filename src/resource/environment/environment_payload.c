/*
 * environment_payload.c
 *	  What SDKs are sent of an environment, and what its flags are evaluated from.
 *
 * The version, the stamp and all content are read in the snapshot of the query. So what is
 * compiled for a version is what every snapshot that shows this version shows.
 */
#include "resource/environment/environment_payload.h"

#include "resource/environment/environment.h"
#include "resource/environment/payload_version.h"
#include "resource/flag/flag_payload.h"
#include "resource/resource.h"
#include "resource/segment/segment_payload.h"

#include "access/xact.h"
#include "call/caller.h"
#include "call/environment_stats.h"
#include "portability/instr_time.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/uuid.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY
};

const Field payload_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD, [ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD, FIELDS_END};

/*
 * xmin tells whether the transaction that asks has raised the version itself: also in a parallel
 * worker, which knows nothing of what its leader has noted.
 */
STATEMENT(find_scope, "SELECT e.id, e.project_id, v.version, v.stamp, v.xmin AS raised_by"
					  " FROM flagplane_data.project p JOIN flagplane_data.environment e"
					  " ON e.account_id = p.account_id AND e.project_id = p.id"
					  " LEFT JOIN flagplane_data.environment_payload v"
					  " ON v.account_id = e.account_id AND v.environment_id = e.id"
					  " WHERE p.account_id = :account_id AND p.key = :project_key"
					  " AND e.key = :environment_key");

/* The tables as the source of flags and segments. */
typedef struct TableSource
{
	PayloadSource source;
	MemoryContext context;
	PayloadScope scope;
	EnvironmentStats *stats;
	AllFlags *all;	   /* NULL: not all have been read */
	PayloadText *text; /* NULL: it has not been made */
} TableSource;

/*
 * read_scope reads what the first two fields of a request name, and in which state it is.
 */
static void
read_scope(Request *request, PayloadScope *scope, Row *row)
{
	Rows rows = request_run(request, &find_scope);

	if (rows.count == 0)
		environment_missing(request);
	row_read(&rows, 0, row);
	*scope = (PayloadScope){.account = request->caller.account,
							.environment_id = row_get_string(row, "id"),
							.project_id = DatumGetUUIDP(row_get_datum(row, "project_id")),
							.mode = STATEMENT_READ};
}

/*
 * jsonb_in is the document of a text, in a memory context.
 */
static Jsonb *
jsonb_in(MemoryContext context, const char *text)
{
	Jsonb *document = jsonb_of_text(text);
	Jsonb *copy = MemoryContextAlloc(context, VARSIZE(document));

	memcpy(copy, document, VARSIZE(document));
	return copy;
}

/*
 * rollouts_of reads what the experiments serve that run on a flag, or on any (NULL), in the snapshot
 * of the query.
 */
static ExperimentRollouts *
rollouts_of(const PayloadScope *scope, const char *flag_key)
{
	return experiment_rollouts_read(scope->account, scope->environment_id, flag_key,
									STATEMENT_READ);
}

/*
 * find_in_tables reads a flag or segment.
 */
static bool
find_in_tables(PayloadSource *source, PayloadPart part, StringView key, JsonbValue *found)
{
	TableSource *tables = (TableSource *) source;
	OwnerContext owner;
	StringInfoData text;
	Jsonb *document;
	Rows rows;

	if (part == PAYLOAD_FLAG && tables->all != NULL)
		return false;
	statement_begin();
	owner_enter(&owner);
	rows = part == PAYLOAD_FLAG ? flag_payload_read(&tables->scope, key)
								: segment_payload_read(&tables->scope, key);
	if (rows.count > 0)
	{
		initStringInfo(&text);
		if (part == PAYLOAD_FLAG)
			flag_source_append(&text, &rows, 0,
							   rollouts_of(&tables->scope, flag_payload_key(&rows, 0)));
		else
			segment_payload_append(&text, &rows, 0, false);
		document = jsonb_in(tables->context, text.data);
		found->type = jbvBinary;
		found->val.binary.data = &document->root;
		found->val.binary.len = VARSIZE(document) - VARHDRSZ;
	}
	owner_leave(&owner);
	statement_end();
	return rows.count > 0;
}

/*
 * counters_in is where the cache counts what it does for an environment.
 */
static PayloadCounters
counters_in(EnvironmentStats *stats)
{
	return (PayloadCounters){.hits = environment_counter(stats, ENVIRONMENT_CACHE_HITS),
							 .misses = environment_counter(stats, ENVIRONMENT_CACHE_MISSES),
							 .evictions = environment_counter(stats, ENVIRONMENT_CACHE_EVICTIONS),
							 .bytes = environment_counter(stats, ENVIRONMENT_CACHE_BYTES)};
}

/*
 * make_source makes the source of the environment that has been found.
 */
static PayloadSource *
make_source(const void *given, MemoryContext context)
{
	const PayloadScope *scope = given;
	TableSource *tables = MemoryContextAllocZero(context, sizeof(TableSource));

	tables->stats = environment_stats_find(scope->account, scope->environment_id);
	tables->source = (PayloadSource){
		.find = find_in_tables, .costly = true, .counters = counters_in(tables->stats)};
	tables->context = context;
	tables->scope.account = scope->account;
	tables->scope.environment_id = MemoryContextStrdup(context, scope->environment_id);
	tables->scope.project_id = MemoryContextAlloc(context, sizeof(pg_uuid_t));
	*tables->scope.project_id = *scope->project_id;
	return &tables->source;
}

/*
 * key_of is the state that an environment is in; false if it is not one that others see: without a
 * version, or changed by this transaction.
 */
static bool
key_of(Request *request, const PayloadScope *scope, Row *row, PayloadKey *key)
{
	*key = (PayloadKey){.account = scope->account};
	memcpy(key->environment, scope->environment_id, OBJECT_ID_LENGTH);
	if (row_is_null(row, "version"))
		return false;
	key->version = row_get_bigint(row, "version");
	memcpy(key->stamp, VARDATA_ANY(row_get_bytes(row, "stamp")), PAYLOAD_STAMP_BYTES);
	return !TransactionIdIsCurrentTransactionId(
			   DatumGetTransactionId(row_get_datum(row, "raised_by"))) &&
		   !payload_raised_here(scope->account, request_string(request, PROJECT_KEY),
								request_string(request, ENVIRONMENT_KEY));
}

/*
 * environment_payload_pin finds what the flags of the environment that the first two fields name
 * are evaluated from, and pins it. Refuses what is not there.
 */
CachedPayload *
environment_payload_pin(Request *request)
{
	PayloadScope scope;
	PayloadKey key;
	Row row;
	bool shared;

	read_scope(request, &scope, &row);
	shared = key_of(request, &scope, &row, &key);
	return payload_cache_pin(&key, shared, make_source, &scope);
}

/*
 * environment_payload_pin_state is environment_payload_pin for a state that is known. Without
 * shared it is one that only the transaction itself sees.
 */
CachedPayload *
environment_payload_pin_state(const PayloadKey *key, pg_uuid_t *project_id, bool shared)
{
	PayloadScope scope = {.account = key->account,
						  .environment_id = pnstrdup(key->environment, OBJECT_ID_LENGTH),
						  .project_id = project_id};

	return payload_cache_pin(key, shared, make_source, &scope);
}

/*
 * read_all reads and compiles the flags that have not been, by one statement.
 */
static AllFlags *
read_all(TableSource *tables, Payload *payload)
{
	AllFlags *all = MemoryContextAlloc(tables->context, sizeof(AllFlags));
	Rows rows = flags_payload_read(&tables->scope);
	ExperimentRollouts *rollouts = rollouts_of(&tables->scope, NULL);
	StringInfoData text;

	initStringInfo(&text);
	all->count = (int) rows.count;
	all->flags = MemoryContextAlloc(tables->context, (rows.count + 1) * sizeof(CompiledFlag *));
	for (int i = 0; i < all->count; i++)
	{
		char *key = flag_payload_key(&rows, i);
		StringView view = {.data = key, .length = strlen(key)};

		if (!payload_has_flag(payload, view))
		{
			resetStringInfo(&text);
			flag_source_append(&text, &rows, i, rollouts);
			payload_add_flag(payload, view, &jsonb_in(tables->context, text.data)->root);
		}
		all->flags[i] = payload_find_flag(payload, view);
	}
	return all;
}

/*
 * count_payload counts what has been made of all flags, and the time since it was begun.
 */
static void
count_payload(const TableSource *tables, instr_time begun)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, begun);
	environment_count(tables->stats, ENVIRONMENT_PAYLOADS, 1);
	environment_count(tables->stats, ENVIRONMENT_PAYLOAD_USECS, INSTR_TIME_GET_MICROSEC(now));
}

/*
 * environment_payload_all is all flags of an environment.
 */
const AllFlags *
environment_payload_all(CachedPayload *cached)
{
	Payload *payload = cached_payload(cached);
	TableSource *tables = (TableSource *) payload_source(payload);
	OwnerContext owner;
	instr_time begun;

	if (tables->all == NULL)
	{
		INSTR_TIME_SET_CURRENT(begun);
		statement_begin();
		owner_enter(&owner);
		tables->all = read_all(tables, payload);
		owner_leave(&owner);
		statement_end();
		count_payload(tables, begun);
	}
	return tables->all;
}

/*
 * write_payload writes what server-side SDKs are sent of an environment, in one snapshot.
 * It returns where the flags end.
 */
static int
write_payload(StringInfo out, const PayloadScope *scope)
{
	Rows rows = flags_payload_read(scope);
	ExperimentRollouts *rollouts = rollouts_of(scope, NULL);
	int end;

	document_open(out, '{');
	document_key(out, "flags");
	document_open(out, '{');
	for (uint64 i = 0; i < rows.count; i++)
		flag_payload_append(out, &rows, i, rollouts, true);
	document_close(out, '}');
	end = out->len;
	rows = segments_payload_read(scope);
	document_key(out, "segments");
	document_open(out, '{');
	for (uint64 i = 0; i < rows.count; i++)
		segment_payload_append(out, &rows, i, true);
	document_close(out, '}');
	document_close(out, '}');
	return end;
}

/*
 * environment_payload_text is what server-side SDKs are sent of an environment. It is made once
 * for a state.
 */
const PayloadText *
environment_payload_text(CachedPayload *cached)
{
	TableSource *tables = (TableSource *) payload_source(cached_payload(cached));
	PayloadText *text;
	MemoryContext before;
	OwnerContext owner;
	instr_time begun;
	int end;

	if (tables->text != NULL)
		return tables->text;
	INSTR_TIME_SET_CURRENT(begun);
	before = MemoryContextSwitchTo(tables->context);
	text = palloc(sizeof(PayloadText));
	initStringInfo(&text->all);
	MemoryContextSwitchTo(before);
	statement_begin();
	owner_enter(&owner);
	end = write_payload(&text->all, &tables->scope);
	owner_leave(&owner);
	statement_end();
	text->flags = text->all.data + strlen("{\"flags\":");
	text->flags_length = end - strlen("{\"flags\":");
	tables->text = text;
	payload_cache_measure(cached);
	count_payload(tables, begun);
	return text;
}

/*
 * do_payload answers with what server-side SDKs are sent of an environment.
 */
void
do_payload(Request *request)
{
	PayloadScope scope;
	Row row;

	read_scope(request, &scope, &row);
	write_payload(request->response, &scope);
}
