/*
 * evaluate.c
 *	  The evaluation of flags that are given, in SQL: no table is read.
 */
#include "api/argument.h"

#include "access/xact.h"
#include "evaluation/flags_state.h"
#include "util/document.h"
#include "util/error.h"
#include "util/jsonb_tree.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(flagplane_evaluate);
PG_FUNCTION_INFO_V1(flagplane_evaluate_all);
PG_FUNCTION_INFO_V1(flagplane_user_context);

/* What is kept between the calls of one expression. */
typedef struct EvaluateCache
{
	MemoryContext context; /* of the document and all that is compiled of it */
	Jsonb *document;
	Payload *payload;
	const AllFlags *all; /* NULL: not asked for yet */
} EvaluateCache;

/*
 * payload_of is the payload of a document; what the calls before have compiled of the same
 * bytes is still there.
 */
static Payload *
payload_of(FunctionCallInfo fcinfo, const Jsonb *document)
{
	EvaluateCache *cache = fcinfo->flinfo->fn_extra;

	if (cache != NULL && cache->payload != NULL && VARSIZE(cache->document) == VARSIZE(document) &&
		memcmp(cache->document, document, VARSIZE(document)) == 0)
		return cache->payload;
	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(EvaluateCache));
		cache->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "flagplane evaluate",
											   ALLOCSET_DEFAULT_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}
	cache->payload = NULL;
	cache->all = NULL;
	MemoryContextReset(cache->context);
	cache->document = MemoryContextAlloc(cache->context, VARSIZE(document));
	memcpy(cache->document, document, VARSIZE(document));
	cache->payload = payload_open(cache->document, cache->context);
	return cache->payload;
}

/*
 * begin_text starts a text, behind the header that it is returned with.
 */
static void
begin_text(StringInfo out)
{
	initStringInfo(out);
	appendStringInfoSpaces(out, VARHDRSZ);
}

/*
 * end_text is the text that has been written.
 */
static text *
end_text(StringInfo out)
{
	SET_VARSIZE(out->data, out->len);
	return (text *) out->data;
}

/*
 * flagplane_evaluate evaluates a flag of a document for a context:
 * evaluate(data jsonb, flag_key text, context jsonb, default_value jsonb) → json.
 * The document is {flags, segments} as SDKs are sent it. The answer is {value,
 * variationIndex, reason}. It raises nothing because of what it is given: a NULL or unknown flag is
 * FLAG_NOT_FOUND, a NULL or invalid context USER_NOT_SPECIFIED, and the value then is the default.
 */
Datum
flagplane_evaluate(PG_FUNCTION_ARGS)
{
	AlignedJsonb aligned;
	AlignedJsonb aligned_context;
	Context context = {0};
	Detail detail = {.variation = -1,
					 .reason = {.kind = REASON_ERROR, .error = EVALUATION_FLAG_NOT_FOUND}};
	StringInfoData out;

	if (!PG_ARGISNULL(2))
		context_read(&context, &argument_jsonb(PG_GETARG_DATUM(2), &aligned_context)->root);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		text *key = PG_GETARG_TEXT_PP(1);

		payload_evaluate(payload_of(fcinfo, argument_jsonb(PG_GETARG_DATUM(0), &aligned)),
						 (StringView){.data = VARDATA_ANY(key), .length = VARSIZE_ANY_EXHDR(key)},
						 &context, NULL, &detail);
	}
	begin_text(&out);
	detail_append(&out, &detail, PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3));
	PG_RETURN_TEXT_P(end_text(&out));
}

/*
 * all_flags_of is all flags of a document; they are compiled once for the calls of one expression.
 */
static const AllFlags *
all_flags_of(FunctionCallInfo fcinfo, Payload *payload)
{
	EvaluateCache *cache = fcinfo->flinfo->fn_extra;

	if (cache->all == NULL)
		cache->all = payload_all_of_document(payload);
	return cache->all;
}

/*
 * flagplane_evaluate_all evaluates all flags of a document for a context:
 * evaluate_all(data jsonb, context jsonb, client_side_only boolean, with_reasons boolean,
 * details_only_for_tracked_flags boolean) → json.
 * The answer is that of all_flags_state. It raises nothing because of what it is given: without a
 * document, or for a NULL or invalid context, there are no flags in it and $valid is false. A NULL for
 * one of the others is false.
 */
Datum
flagplane_evaluate_all(PG_FUNCTION_ARGS)
{
	AlignedJsonb aligned;
	AlignedJsonb aligned_context;
	Context context = {0};
	FlagsStateOptions options = {.client_side_only = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2),
								 .with_reasons = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3),
								 .details_only_for_tracked_flags =
									 !PG_ARGISNULL(4) && PG_GETARG_BOOL(4),
								 .now = milliseconds_of_time(GetCurrentStatementStartTimestamp())};
	Payload *payload = NULL;
	const AllFlags *all = NULL;
	StringInfoData out;

	if (!PG_ARGISNULL(1))
		context_read(&context, &argument_jsonb(PG_GETARG_DATUM(1), &aligned_context)->root);
	if (!PG_ARGISNULL(0))
	{
		payload = payload_of(fcinfo, argument_jsonb(PG_GETARG_DATUM(0), &aligned));
		all = all_flags_of(fcinfo, payload);
	}
	begin_text(&out);
	flags_state_append(&out, payload, all, &context, &options);
	PG_RETURN_TEXT_P(end_text(&out));
}

/*
 * set_string gives an object a member with a string.
 */
static void
set_string(JsonbValue *object, const char *name, const char *string, int length)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = unconstify(char *, string);
	value.val.string.len = length;
	tree_set_member(object, name, strlen(name), value);
}

/*
 * flagplane_user_context makes a context of kind user:
 * user_context(key text, attributes jsonb) → jsonb.
 * The attributes are an object, or NULL for none; "kind" and "key" among them do not count. A NULL
 * key gives NULL. Raises 22023 if the attributes are something else than an object.
 */
Datum
flagplane_user_context(PG_FUNCTION_ARGS)
{
	JsonbValue user = {.type = jbvObject};
	text *key;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	key = PG_GETARG_TEXT_PP(0);
	if (!PG_ARGISNULL(1))
		user = tree_of_jsonb(PG_GETARG_JSONB_P(1));
	if (user.type != jbvObject)
		error_raise(ERR_INVALID, "attributes must be an object");
	set_string(&user, "kind", "user", 4);
	set_string(&user, "key", VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&user));
}
