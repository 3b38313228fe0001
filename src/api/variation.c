/*
 * variation.c
 *	  variation() and its kin: which variation of a flag a context is served.
 *
 * These functions are called for each row of a query. So each expression caches who calls
 * and which environments it has met, and the environments' compiled flags are cached by
 * the backend from query to query: see cache_key.c and payload_cache.c. What a row costs is the
 * evaluation and a comparison of the cache's key.
 */
#include "api/variation.h"

#include "api/argument.h"
#include "api/cache_key.h"
#include "api/response.h"
#include "call/call.h"
#include "call/caller.h"
#include "miscadmin.h"
#include "resource/environment/environment_payload.h"
#include "resource/environment/known_environment.h"
#include "resource/resource.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

/* How many environments an expression caches; one more empties the cache. */
#define CACHED_MAX 16

#define NAMES VARIATION_FLAG

/* An environment, by the arguments that name it. */
typedef struct NamedEnvironment
{
	text *names[NAMES];
	CachedPayload *payload;
} NamedEnvironment;

/* What an expression caches; lives as long as the expression does. */
typedef struct VariationCache
{
	MemoryContext context; /* of what the fields below point to */
	MemoryContextCallback on_reset;
	bool filled;
	CacheKey key;
	int count;
	NamedEnvironment environments[CACHED_MAX];
	NamedEnvironment *last;
	CompiledFlag *flag; /* the last one, of the last environment; NULL: none */
} VariationCache;

static void pin(Request *request);

static const Field variation_fields[] = {[VARIATION_PROJECT] = PROJECT_KEY_FIELD,
										 [VARIATION_ENVIRONMENT] = ENVIRONMENT_KEY_FIELD,
										 FIELDS_END};

/* Not a row of the table of operations: its result is no document. */
static const Operation variation_operation = {.name = "variation",
											  .scope = FLAGS_READ,
											  .status = 200,
											  .dialect = LAUNCHDARKLY,
											  .kind = READS,
											  .subject = "flag",
											  .fields = variation_fields,
											  .run = pin};

PG_FUNCTION_INFO_V1(flagplane_variation);
PG_FUNCTION_INFO_V1(flagplane_bool_variation);
PG_FUNCTION_INFO_V1(flagplane_text_variation);
PG_FUNCTION_INFO_V1(flagplane_numeric_variation);
PG_FUNCTION_INFO_V1(flagplane_variation_detail);

/*
 * pin is the operation's work: the payload belongs to the cache from here on, whatever else
 * fails.
 */
static void
pin(Request *request)
{
	VariationCache *cache = request->state;

	cache->environments[cache->count].payload = environment_payload_pin(request);
	cache->count++;
}

/*
 * unpin is called when the cache is emptied, or goes with its expression.
 */
static void
unpin(void *arg)
{
	VariationCache *cache = arg;

	for (int i = 0; i < cache->count; i++)
		payload_cache_unpin(cache->environments[i].payload);
	cache->count = 0;
	cache->filled = false;
}

/*
 * cache_empty empties a cache and gives it the current key.
 */
static void
cache_empty(VariationCache *cache)
{
	MemoryContext before;

	MemoryContextReset(cache->context);
	cache->last = NULL;
	cache->flag = NULL;
	cache->on_reset = (MemoryContextCallback){.func = unpin, .arg = cache};
	MemoryContextRegisterResetCallback(cache->context, &cache->on_reset);
	before = MemoryContextSwitchTo(cache->context);
	cache_key_fill(&cache->key);
	MemoryContextSwitchTo(before);
	cache->filled = true;
}

/*
 * cache_of is the cache of the calling expression, emptied if it is no good any more.
 */
static VariationCache *
cache_of(FunctionCallInfo fcinfo)
{
	VariationCache *cache = fcinfo->flinfo->fn_extra;

	if (!ActiveSnapshotSet())
		elog(ERROR, "an evaluation needs a snapshot");
	if (cache != NULL && cache->filled && cache_key_matches(&cache->key))
		return cache;
	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(VariationCache));
		cache->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "flagplane variation",
											   ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}
	cache_empty(cache);
	return cache;
}

/*
 * is_named tells whether the arguments name an environment that is cached.
 */
static bool
is_named(FunctionCallInfo fcinfo, const NamedEnvironment *environment)
{
	return argument_is_text(environment->names[VARIATION_ENVIRONMENT],
							PG_GETARG_DATUM(VARIATION_ENVIRONMENT)) &&
		   argument_is_text(environment->names[VARIATION_PROJECT],
							PG_GETARG_DATUM(VARIATION_PROJECT));
}

/*
 * account_without_token is the key of the account that a database role acts for; NULL for who
 * must present a token.
 */
static const char *
account_without_token(void)
{
	return postgrest_calls() ? NULL : caller_account_of_role(GetUserId());
}

/*
 * ask_for finds an environment as every function does, and refuses as they do.
 */
static void
ask_for(FunctionCallInfo fcinfo, VariationCache *cache)
{
	Request request;

	sql_prepare(&request, &variation_operation, fcinfo);
	request.state = cache;
	sql_run(&request);
}

/*
 * cache_add finds an environment that is not cached, for whoever calls.
 */
static NamedEnvironment *
cache_add(FunctionCallInfo fcinfo, VariationCache *cache)
{
	NamedEnvironment *added;
	bool named = !PG_ARGISNULL(VARIATION_PROJECT) && !PG_ARGISNULL(VARIATION_ENVIRONMENT);
	const char *account = named ? account_without_token() : NULL;
	MemoryContext before;

	if (cache->count == CACHED_MAX)
		cache_empty(cache);
	added = &cache->environments[cache->count];
	before = MemoryContextSwitchTo(cache->context);
	for (int i = 0; i < NAMES; i++)
		added->names[i] = PG_ARGISNULL(i) ? NULL : DatumGetTextPCopy(PG_GETARG_DATUM(i));
	MemoryContextSwitchTo(before);

	if (account != NULL)
		added->payload = known_environment_pin(account, added->names[VARIATION_PROJECT],
											   added->names[VARIATION_ENVIRONMENT]);
	if (account != NULL && added->payload != NULL)
		cache->count++;
	else
	{
		ask_for(fcinfo, cache);
		if (account != NULL)
			known_environment_note(account, added->names[VARIATION_PROJECT],
								   added->names[VARIATION_ENVIRONMENT], added->payload);
	}
	return added;
}

/*
 * environment_of_arguments is the environment that the first two arguments name.
 */
static NamedEnvironment *
environment_of_arguments(FunctionCallInfo fcinfo, VariationCache *cache)
{
	bool named = !PG_ARGISNULL(VARIATION_PROJECT) && !PG_ARGISNULL(VARIATION_ENVIRONMENT);

	if (named && cache->last != NULL && is_named(fcinfo, cache->last))
		return cache->last;
	cache->flag = NULL;
	for (int i = 0; named && i < cache->count; i++)
		if (is_named(fcinfo, &cache->environments[i]))
			return cache->last = &cache->environments[i];
	return cache->last = cache_add(fcinfo, cache);
}

/*
 * flag_of_argument is the flag that the third argument names; NULL if there is none.
 */
static CompiledFlag *
flag_of_argument(FunctionCallInfo fcinfo, VariationCache *cache, Payload *payload)
{
	StringView key;
	text *argument;

	if (PG_ARGISNULL(VARIATION_FLAG))
		return NULL;
	argument = PG_GETARG_TEXT_PP(VARIATION_FLAG);
	key = (StringView){.data = VARDATA_ANY(argument), .length = VARSIZE_ANY_EXHDR(argument)};
	if (cache->flag == NULL || !view_equal(cache->flag->key, key))
		cache->flag = payload_find_flag(payload, key);
	return cache->flag;
}

/*
 * variation_evaluate evaluates the flag that the arguments name.
 */
void
variation_evaluate(FunctionCallInfo fcinfo, const Context *context, EvaluationTrace *trace,
				   Detail *detail)
{
	VariationCache *cache = cache_of(fcinfo);
	CachedPayload *cached = environment_of_arguments(fcinfo, cache)->payload;
	Payload *payload = cached_payload(cached);
	CompiledFlag *flag = flag_of_argument(fcinfo, cache, payload);

	evaluate_flag(payload_set(payload), flag, context, trace, detail);
	payload_cache_settle(cached);
}

/*
 * evaluate_arguments evaluates the flag for the context that the arguments name.
 */
static void
evaluate_arguments(FunctionCallInfo fcinfo, Detail *detail)
{
	AlignedJsonb aligned;
	Context context = {0};

	if (!PG_ARGISNULL(VARIATION_CONTEXT))
		context_read(&context, &argument_jsonb(PG_GETARG_DATUM(VARIATION_CONTEXT), &aligned)->root);
	variation_evaluate(fcinfo, &context, NULL, detail);
}

/*
 * default_of_arguments is the default, which may be NULL.
 */
static Datum
default_of_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(VARIATION_DEFAULT))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(VARIATION_DEFAULT));
}

/*
 * flagplane_variation is variation(project_key, environment_key, flag_key, context jsonb,
 * default_value jsonb) → jsonb: the value that the context is served, or the default. Raises
 * for the rights of the caller, and for a project or environment that is NULL or unknown;
 * never because of a flag or a context.
 */
Datum
flagplane_variation(PG_FUNCTION_ARGS)
{
	Detail detail;

	evaluate_arguments(fcinfo, &detail);
	if (detail.value == NULL)
		return default_of_arguments(fcinfo);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(unconstify(JsonbValue *, detail.value)));
}

/*
 * flagplane_bool_variation is bool_variation(project_key, environment_key, flag_key, context
 * jsonb, default_value boolean) → boolean. A value of another type gives the default. Raises as
 * flagplane_variation does.
 */
Datum
flagplane_bool_variation(PG_FUNCTION_ARGS)
{
	Detail detail;

	evaluate_arguments(fcinfo, &detail);
	if (detail.value == NULL || detail.value->type != jbvBool)
		return default_of_arguments(fcinfo);
	PG_RETURN_BOOL(detail.value->val.boolean);
}

/*
 * flagplane_text_variation is text_variation(project_key, environment_key, flag_key, context
 * jsonb, default_value text) → text. A value of another type gives the default. Raises as
 * flagplane_variation does.
 */
Datum
flagplane_text_variation(PG_FUNCTION_ARGS)
{
	Detail detail;

	evaluate_arguments(fcinfo, &detail);
	if (detail.value == NULL || detail.value->type != jbvString)
		return default_of_arguments(fcinfo);
	PG_RETURN_TEXT_P(
		cstring_to_text_with_len(detail.value->val.string.val, detail.value->val.string.len));
}

/*
 * flagplane_numeric_variation is numeric_variation(project_key, environment_key, flag_key,
 * context jsonb, default_value numeric) → numeric. A value of another type gives the default.
 * Raises as flagplane_variation does.
 */
Datum
flagplane_numeric_variation(PG_FUNCTION_ARGS)
{
	Detail detail;

	evaluate_arguments(fcinfo, &detail);
	if (detail.value == NULL || detail.value->type != jbvNumeric)
		return default_of_arguments(fcinfo);
	PG_RETURN_DATUM(datumCopy(NumericGetDatum(detail.value->val.numeric), false, -1));
}

/*
 * flagplane_variation_detail is variation_detail(project_key, environment_key, flag_key, context
 * jsonb, default_value jsonb) → json: {value, variationIndex, reason}. Raises as
 * flagplane_variation does.
 */
Datum
flagplane_variation_detail(PG_FUNCTION_ARGS)
{
	Detail detail;
	StringInfoData out;

	evaluate_arguments(fcinfo, &detail);
	initStringInfo(&out);
	detail_append(&out, &detail,
				  PG_ARGISNULL(VARIATION_DEFAULT) ? NULL : PG_GETARG_JSONB_P(VARIATION_DEFAULT));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
