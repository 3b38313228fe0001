/*
 * assign.c
 *	  bucket(), assign() and assign_many(): which experiment a unit is in.
 *
 * Authenticating the caller and reading a layer's owners costs as much as two hundred
 * assignments, so the result is cached, for as long as its key matches: see cache_key.c.
 */
#include "api/api.h"
#include "api/argument.h"
#include "api/cache_key.h"
#include "api/response.h"

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
	cache_key_fill(&begun->key);
	MemoryContextSwitchTo(before);

	begun->on_delete.func = cache_reset;
	MemoryContextRegisterResetCallback(context, &begun->on_delete);
	cache = begun;
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
		if (argument_is_text(cached->names[OWNERS_LAYER], PG_GETARG_DATUM(OWNERS_LAYER)) &&
			argument_is_text(cached->names[OWNERS_ENVIRONMENT],
							 PG_GETARG_DATUM(OWNERS_ENVIRONMENT)) &&
			argument_is_text(cached->names[OWNERS_PROJECT], PG_GETARG_DATUM(OWNERS_PROJECT)))
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
	if (cache == NULL || !cache_key_matches(&cache->key))
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
	Sha1 sha1;

	bucket_seed(&sha1, VARDATA_ANY(seed), VARSIZE_ANY_EXHDR(seed));
	PG_RETURN_INT32(bucket_of(&sha1, PG_GETARG_TEXT_PP(1)));
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
