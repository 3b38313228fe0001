/*
 * assign.c
 *	  bucket(), assign() and assign_many(): which experiment a unit is in.
 *
 * Authenticating the caller and reading a layer's owners costs as much as two hundred
 * assignments, so the result is cached, for as long as nothing that it depends on can
 * have changed:
 *
 *	- the data: the contents of a snapshot, its command id included, tell what it shows,
 *	  together with the subtransaction, since the changes of one that was rolled back are
 *	  gone without a new command;
 *	- the caller: role, account setting, PostgREST's method and headers;
 *	- the time, for tokens that expire: the start of the client's statement.
 *
 * All of it is compared at every call, and it is a few words.  So there is nothing to
 * invalidate: a change, whoever makes it, is in every later snapshot and in no earlier
 * one.  An invalidation message could not do that: it arrives while old snapshots are
 * still in use, and an entry made from one of those would be used for new ones.
 *
 * The same holds in a parallel worker, which gets snapshot, settings and role from its
 * leader.
 */
#include "api/api.h"
#include "api/response.h"

#include "access/xact.h"
#include "call/call.h"
#include "call/caller.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "resource/resource.h"
#include "resource/layer/assign.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* The arguments after those that name the layer. */
enum
{
	UNITS = OWNERS_FIELDS, /* a unit, or a list of units */
	NOT_STARTED_TOO
};

/* How many layers are cached; one more empties the cache. */
#define CACHED_MAX 64

/* What a result depends on, apart from the arguments. */
typedef struct CacheKey
{
	SubTransactionId subtransaction;
	TimestampTz statement;
	Oid user;
	char *account; /* the settings; NULL where one is not set */
	char *method;
	char *headers;
	SnapshotData snapshot; /* with arrays of its own */
} CacheKey;

/* A layer in an environment, by the arguments that name it. */
typedef struct CachedLayer
{
	text *names[OWNERS_FIELDS];
	LayerOwners *owners;
} CachedLayer;

/* Lives in a memory context of the transaction; NULL outside of one and before the first call. */
typedef struct LayerCache
{
	MemoryContext context;
	MemoryContextCallback on_delete;
	CacheKey key;
	int count;
	CachedLayer layers[CACHED_MAX];
} LayerCache;

static LayerCache *cache = NULL;

/* The request's state: where the operation puts what it reads. */
typedef struct ReadResult
{
	MemoryContext context;
	LayerOwners *owners;
} ReadResult;

static void read_owners(Request *request);

static const Field assign_fields[] = {OWNERS_FIELD_ROWS, FIELDS_END};

/* Not a row of the table of operations: its result is no document. */
static const Operation assign_operation = {.name = "assign",
										   .scope = LAYERS_READ,
										   .status = 200,
										   .dialect = LAUNCHDARKLY,
										   .kind = READS,
										   .subject = "layer",
										   .fields = assign_fields,
										   .run = read_owners};

PG_FUNCTION_INFO_V1(flagplane_bucket);
PG_FUNCTION_INFO_V1(flagplane_assign);
PG_FUNCTION_INFO_V1(flagplane_assign_many);

static void
read_owners(Request *request)
{
	ReadResult *result = request->state;

	result->owners = layer_owners_read(request, result->context);
}

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
 * key_matches tells whether the cached results still hold.
 */
static bool
key_matches(const CacheKey *key)
{
	const char *method = postgrest_setting("request.method");

	return key->subtransaction == GetCurrentSubTransactionId() &&
		   key->statement == GetCurrentStatementStartTimestamp() && key->user == GetUserId() &&
		   same_setting(key->account, account_setting) && same_setting(key->method, method) &&
		   (method == NULL || same_setting(key->headers, postgrest_setting("request.headers"))) &&
		   same_snapshot(&key->snapshot, GetActiveSnapshot());
}

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

static char *
copy_setting(const char *value)
{
	return value ? pstrdup(value) : NULL;
}

static void
fill_key(CacheKey *now)
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
 * cache_reset is called when the cache's memory is freed, by cache_begin or at the
 * transaction's end.
 */
static void
cache_reset(void *arg)
{
	cache = NULL;
}

/*
 * cache_begin makes an empty cache with the current key.
 */
static void
cache_begin(void)
{
	MemoryContext context;
	MemoryContext before;
	LayerCache *begun;

	if (cache)
		MemoryContextDelete(cache->context);
	context =
		AllocSetContextCreate(TopTransactionContext, "flagplane assign", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	begun = palloc0(sizeof(LayerCache));
	begun->context = context;
	fill_key(&begun->key);
	MemoryContextSwitchTo(before);

	begun->on_delete.func = cache_reset;
	MemoryContextRegisterResetCallback(context, &begun->on_delete);
	cache = begun;
}

static bool
same_text(const text *cached, Datum argument)
{
	text *value = DatumGetTextPP(argument);
	int length = VARSIZE_ANY_EXHDR(value);

	return VARSIZE_ANY_EXHDR(cached) == length &&
		   memcmp(VARDATA_ANY(cached), VARDATA_ANY(value), length) == 0;
}

/*
 * cache_find finds the layer that the arguments name in the cache; NULL if it is
 * not there.
 */
static LayerOwners *
cache_find(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < cache->count; i++)
	{
		CachedLayer *cached = &cache->layers[i];

		/* Names usually differ at their ends. */
		if (same_text(cached->names[OWNERS_LAYER], PG_GETARG_DATUM(OWNERS_LAYER)) &&
			same_text(cached->names[OWNERS_ENVIRONMENT], PG_GETARG_DATUM(OWNERS_ENVIRONMENT)) &&
			same_text(cached->names[OWNERS_PROJECT], PG_GETARG_DATUM(OWNERS_PROJECT)))
			return cached->owners;
	}
	return NULL;
}

/*
 * owners_of_arguments is the layer that the first three arguments name, for
 * whoever calls; refuses as every function does.
 */
static LayerOwners *
owners_of_arguments(FunctionCallInfo fcinfo)
{
	bool named = !PG_ARGISNULL(OWNERS_PROJECT) && !PG_ARGISNULL(OWNERS_ENVIRONMENT) &&
				 !PG_ARGISNULL(OWNERS_LAYER);
	Request request;
	ReadResult result;
	LayerOwners *found;
	MemoryContext before;
	CachedLayer *cached;

	if (!ActiveSnapshotSet())
		elog(ERROR, "assign needs a snapshot");
	if (cache == NULL || !key_matches(&cache->key))
		cache_begin();
	found = named ? cache_find(fcinfo) : NULL;
	if (found)
		return found;
	if (cache->count == CACHED_MAX)
		cache_begin();

	sql_prepare(&request, &assign_operation, fcinfo);
	result.context = cache->context;
	request.state = &result;
	sql_run(&request);

	cached = &cache->layers[cache->count];
	before = MemoryContextSwitchTo(cache->context);
	for (int i = 0; i < OWNERS_FIELDS; i++)
		cached->names[i] = DatumGetTextPCopy(PG_GETARG_DATUM(i));
	MemoryContextSwitchTo(before);
	cached->owners = result.owners;
	cache->count++;
	return cached->owners;
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
 * flagplane_assign is assign(project_key, environment_key, layer_key, unit_key,
 * include_not_started): the key of the running experiment that owns the unit's segment, or, if
 * that is asked for, of one that has not started; NULL where nobody does or there is no unit.
 */
Datum
flagplane_assign(PG_FUNCTION_ARGS)
{
	LayerOwners *owners = owners_of_arguments(fcinfo);
	bool include_not_started = !PG_ARGISNULL(NOT_STARTED_TOO) && PG_GETARG_BOOL(NOT_STARTED_TOO);
	int owner = PG_ARGISNULL(UNITS)
					? NOBODY
					: layer_owner_of_unit(owners, PG_GETARG_TEXT_PP(UNITS), include_not_started);
	text *key;
	text *copy;

	if (owner == NOBODY)
		PG_RETURN_NULL();
	/* A copy, since the cache can be emptied before the row that this value is part of. */
	key = owners->owner[owner].key;
	copy = palloc(VARSIZE(key));
	memcpy(copy, key, VARSIZE(key));
	PG_RETURN_TEXT_P(copy);
}

/*
 * flagplane_assign_many is assign_many(project_key, environment_key, layer_key,
 * unit_keys): a row for each unit, in their order, with the running experiment that it is in.
 */
Datum
flagplane_assign_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	LayerOwners *owners = owners_of_arguments(fcinfo);
	Datum *units = NULL;
	bool *missing = NULL;
	int count = 0;

	if (!PG_ARGISNULL(UNITS))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(UNITS), TEXTOID, -1, false, TYPALIGN_INT, &units,
						  &missing, &count);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		int owner =
			missing[i] ? NOBODY : layer_owner_of_unit(owners, DatumGetTextPP(units[i]), false);
		Datum values[2] = {units[i]};
		bool nulls[2] = {missing[i], owner == NOBODY};

		CHECK_FOR_INTERRUPTS();
		if (owner != NOBODY)
			values[1] = PointerGetDatum(owners->owner[owner].key);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
