/*
 * assign.c
 *	  bucket() and assign(): which experiment a unit is in.
 *
 * Finding out who calls and reading a layer's segments costs as much as two
 * hundred assignments, so it is done once for many.  What was found is kept for as
 * long as nothing can have changed that it was found from:
 *
 *	- the data: what a snapshot shows is told by the snapshot's contents, its
 *	  command id included, and by which subtransaction asks, since the own
 *	  changes of one that was rolled back are gone without a new command;
 *	- the caller: role, account setting, PostgREST's method and headers;
 *	- the time, for tokens that expire: the start of the client's statement.
 *
 * All of it is compared at every call, and it is a few words.  So there is
 * nothing to invalidate: a change, whoever makes it and however, is in every later
 * snapshot and in no earlier one, and nobody who changes a table has to tell us.
 * An invalidation message could not do that: it arrives while old snapshots are
 * still in use, and a table read from one of those would be kept for new ones.
 *
 * The same holds in a parallel worker, which gets snapshot, settings and role from
 * its leader.
 */
#include "api/api.h"
#include "api/response.h"

#include "access/xact.h"
#include "call/call.h"
#include "call/caller.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "resource/resource.h"
#include "resource/layer/segments.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* How many layers are kept; a query that goes through more of them begins anew. */
#define KEPT_MAX 64

/* What an answer follows from, apart from the arguments. */
typedef struct Circumstances
{
	SubTransactionId subtransaction;
	TimestampTz statement;
	Oid user;
	char *account; /* the settings; NULL where one is not set */
	char *method;
	char *headers;
	SnapshotData snapshot; /* with arrays of its own */
} Circumstances;

/* A layer that has been asked for, and what was found. */
typedef struct Kept
{
	text *names[SEGMENTS_FIELDS];
	Segments *segments;
} Kept;

/* Lives in a memory context of the transaction; NULL outside of one and before the first call. */
typedef struct Keep
{
	MemoryContext context;
	MemoryContextCallback gone;
	Circumstances circumstances;
	int count;
	Kept kept[KEPT_MAX];
} Keep;

static Keep *keep = NULL;

/* Where the operation leaves what it found; the request's state. */
typedef struct Finding
{
	MemoryContext context;
	Segments *segments;
} Finding;

static void find_segments(Request *request);

static const Field assign_fields[] = {SEGMENTS_FIELD_ROWS, FIELDS_END};

/* Not a row of the table of operations: it answers with no document. */
static const Operation assign_operation = {.name = "assign",
										   .scope = LAYERS_READ,
										   .status = 200,
										   .dialect = LAUNCHDARKLY,
										   .kind = READS,
										   .subject = "layer",
										   .fields = assign_fields,
										   .run = find_segments};

PG_FUNCTION_INFO_V1(flagplane_bucket);
PG_FUNCTION_INFO_V1(flagplane_assign);
PG_FUNCTION_INFO_V1(flagplane_assign_units);

/*
 * find_segments is the operation's work: it reads the layer for the finding.
 */
static void
find_segments(Request *request)
{
	Finding *finding = request->state;

	finding->segments = segments_read(request, finding->context);
}

/*
 * same_setting tells whether a setting is what it was.
 */
static bool
same_setting(const char *before, const char *now)
{
	return before == NULL || now == NULL ? before == now : strcmp(before, now) == 0;
}

/*
 * same_snapshot tells whether two snapshots show the same.
 */
static bool
same_snapshot(const SnapshotData *a, const SnapshotData *b)
{
	return a->snapshot_type == b->snapshot_type && a->xmin == b->xmin && a->xmax == b->xmax &&
		   a->curcid == b->curcid && a->xcnt == b->xcnt && a->subxcnt == b->subxcnt &&
		   a->suboverflowed == b->suboverflowed &&
		   a->takenDuringRecovery == b->takenDuringRecovery &&
		   (a->xcnt == 0 || memcmp(a->xip, b->xip, a->xcnt * sizeof(TransactionId)) == 0) &&
		   (a->subxcnt <= 0 ||
			memcmp(a->subxip, b->subxip, a->subxcnt * sizeof(TransactionId)) == 0);
}

/*
 * same_circumstances tells whether what has been kept would be found again.
 */
static bool
same_circumstances(const Circumstances *kept)
{
	const char *method = postgrest_setting("request.method");

	return kept->subtransaction == GetCurrentSubTransactionId() &&
		   kept->statement == GetCurrentStatementStartTimestamp() && kept->user == GetUserId() &&
		   same_setting(kept->account, account_setting) && same_setting(kept->method, method) &&
		   (method == NULL || same_setting(kept->headers, postgrest_setting("request.headers"))) &&
		   same_snapshot(&kept->snapshot, GetActiveSnapshot());
}

/*
 * copy_ids copies transaction ids into the current memory context.
 */
static TransactionId *
copy_ids(const TransactionId *ids, int count)
{
	TransactionId *copy;

	if (count <= 0)
		return NULL;
	copy = palloc(count * sizeof(TransactionId));
	memcpy(copy, ids, count * sizeof(TransactionId));
	return copy;
}

/*
 * copy_setting copies a setting, which may be NULL, into the current memory context.
 */
static char *
copy_setting(const char *value)
{
	return value ? pstrdup(value) : NULL;
}

/*
 * note_circumstances takes down what answers follow from now.
 */
static void
note_circumstances(Circumstances *now)
{
	now->subtransaction = GetCurrentSubTransactionId();
	now->statement = GetCurrentStatementStartTimestamp();
	now->user = GetUserId();
	now->account = copy_setting(account_setting);
	now->method = copy_setting(postgrest_setting("request.method"));
	now->headers = copy_setting(postgrest_setting("request.headers"));
	now->snapshot = *GetActiveSnapshot();
	now->snapshot.xip = copy_ids(now->snapshot.xip, now->snapshot.xcnt);
	now->snapshot.subxip = copy_ids(now->snapshot.subxip, now->snapshot.subxcnt);
}

/*
 * cache_reset is called when the keep's memory goes, by cache_begin or at the
 * transaction's end.
 */
static void
cache_reset(void *arg)
{
	keep = NULL;
}

/*
 * cache_begin makes an empty keep for what is found from now on.
 */
static void
cache_begin(void)
{
	MemoryContext context;
	MemoryContext before;
	Keep *begun;

	if (keep)
		MemoryContextDelete(keep->context);
	context =
		AllocSetContextCreate(TopTransactionContext, "flagplane segments", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	begun = palloc0(sizeof(Keep));
	begun->context = context;
	note_circumstances(&begun->circumstances);
	MemoryContextSwitchTo(before);

	begun->gone.func = cache_reset;
	MemoryContextRegisterResetCallback(context, &begun->gone);
	keep = begun;
}

/*
 * same_text tells whether a text argument is one that has been kept.
 */
static bool
same_text(const text *kept, Datum argument)
{
	text *value = DatumGetTextPP(argument);
	int length = VARSIZE_ANY_EXHDR(value);

	return VARSIZE_ANY_EXHDR(kept) == length &&
		   memcmp(VARDATA_ANY(kept), VARDATA_ANY(value), length) == 0;
}

/*
 * kept_find finds the layer that the arguments name among those kept; NULL if it
 * is not there.
 */
static Segments *
kept_find(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < keep->count; i++)
	{
		Kept *kept = &keep->kept[i];

		/* Names differ at their end rather than at their beginning. */
		if (same_text(kept->names[SEGMENTS_LAYER], PG_GETARG_DATUM(SEGMENTS_LAYER)) &&
			same_text(kept->names[SEGMENTS_ENVIRONMENT], PG_GETARG_DATUM(SEGMENTS_ENVIRONMENT)) &&
			same_text(kept->names[SEGMENTS_PROJECT], PG_GETARG_DATUM(SEGMENTS_PROJECT)))
			return kept->segments;
	}
	return NULL;
}

/*
 * segments_of_arguments is the layer that the first three arguments name, for
 * whoever calls; refuses as every function does.
 */
static Segments *
segments_of_arguments(FunctionCallInfo fcinfo)
{
	bool named = !PG_ARGISNULL(SEGMENTS_PROJECT) && !PG_ARGISNULL(SEGMENTS_ENVIRONMENT) &&
				 !PG_ARGISNULL(SEGMENTS_LAYER);
	Request request;
	Finding finding;
	Segments *found;
	MemoryContext before;
	Kept *kept;

	if (!ActiveSnapshotSet())
		elog(ERROR, "assign needs a snapshot");
	if (keep == NULL || !same_circumstances(&keep->circumstances))
		cache_begin();
	found = named ? kept_find(fcinfo) : NULL;
	if (found)
		return found;
	if (keep->count == KEPT_MAX)
		cache_begin();

	sql_prepare(&request, &assign_operation, fcinfo);
	finding.context = keep->context;
	request.state = &finding;
	sql_run(&request);

	kept = &keep->kept[keep->count];
	before = MemoryContextSwitchTo(keep->context);
	for (int i = 0; i < SEGMENTS_FIELDS; i++)
		kept->names[i] = DatumGetTextPCopy(PG_GETARG_DATUM(i));
	MemoryContextSwitchTo(before);
	kept->segments = finding.segments;
	keep->count++;
	return kept->segments;
}

/*
 * flagplane_bucket is bucket(seed text, unit_key text), STRICT: the unit's
 * bucket, 0 to 99,999.
 */
Datum
flagplane_bucket(PG_FUNCTION_ARGS)
{
	text *seed = PG_GETARG_TEXT_PP(0);
	text *unit_key = PG_GETARG_TEXT_PP(1);

	PG_RETURN_INT32(bucket_of(VARDATA_ANY(seed), VARSIZE_ANY_EXHDR(seed), unit_key));
}

/*
 * flagplane_assign is assign(project_key, environment_key, layer_key, unit_key):
 * the experiment's key; NULL where nobody owns the unit's segment or there is no
 * unit.
 */
Datum
flagplane_assign(PG_FUNCTION_ARGS)
{
	Segments *segments = segments_of_arguments(fcinfo);
	int owner =
		PG_ARGISNULL(SEGMENTS_FIELDS) ? NOBODY : segments_owner(segments, PG_GETARG_TEXT_PP(3));
	text *key;
	text *answer;

	if (owner == NOBODY)
		PG_RETURN_NULL();
	/* A copy, since what is kept can go before the row that this value is part of. */
	key = segments->owners[owner].key;
	answer = palloc(VARSIZE(key));
	memcpy(answer, key, VARSIZE(key));
	PG_RETURN_TEXT_P(answer);
}

/*
 * flagplane_assign_units is assign(project_key, environment_key, layer_key,
 * unit_keys): a row for each unit, in their order.
 */
Datum
flagplane_assign_units(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Segments *segments = segments_of_arguments(fcinfo);
	Datum *units = NULL;
	bool *missing = NULL;
	int count = 0;

	if (!PG_ARGISNULL(SEGMENTS_FIELDS))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(SEGMENTS_FIELDS), TEXTOID, -1, false, TYPALIGN_INT,
						  &units, &missing, &count);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		int owner = missing[i] ? NOBODY : segments_owner(segments, DatumGetTextPP(units[i]));
		Datum values[2] = {units[i]};
		bool nulls[2] = {missing[i], owner == NOBODY};

		CHECK_FOR_INTERRUPTS();
		if (owner != NOBODY)
			values[1] = PointerGetDatum(segments->owners[owner].key);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
