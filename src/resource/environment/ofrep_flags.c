/*
 * ofrep_flags.c
 *	  What OpenFeature's providers are sent: flags evaluated for a context.
 *
 * What SDKs give the caller's default for has no value here, and so has a null, which the
 * protocol does not know: the provider then gives its caller's default.
 */
#include "resource/environment/ofrep_flags.h"

#include "resource/environment/client_flags.h"
#include "resource/environment/environment_payload.h"
#include "util/document.h"

#define MALFORMED "the flag is malformed"

/*
 * reason_of is what OpenFeature calls the reason of an evaluation. A flag whose
 * prerequisites are not met serves what it serves while it is off.
 */
static const char *
reason_of(const CompiledFlag *flag, const Reason *reason)
{
	const VariationOrRollout *choice = &flag->fallthrough;

	if (reason->kind == REASON_OFF || reason->kind == REASON_PREREQUISITE_FAILED)
		return "DISABLED";
	if (reason->kind == REASON_TARGET_MATCH)
		return "TARGETING_MATCH";
	if (reason->kind == REASON_RULE_MATCH)
		choice = &flag->rules[reason->rule_index].serve;
	if (!choice->fixed)
		return "SPLIT";
	return reason->kind == REASON_RULE_MATCH ? "TARGETING_MATCH" : "STATIC";
}

/*
 * variant_of is the name of a variation, or its index where it has none.
 */
static char *
variant_of(const CompiledFlag *flag, int32 variation)
{
	if (flag->variation_names != NULL && flag->variation_names[variation].length > 0)
		return pnstrdup(flag->variation_names[variation].data,
						flag->variation_names[variation].length);
	return psprintf("%d", variation);
}

/*
 * write_metadata writes what is told of an evaluation beside its value.
 */
static void
write_metadata(StringInfo out, const CompiledFlag *flag, const Reason *reason)
{
	document_key(out, "metadata");
	document_open(out, '{');
	document_integer(out, "version", flag->version);
	if (reason->in_experiment)
		document_boolean(out, "inExperiment", true);
	document_close(out, '}');
}

/*
 * write_flag writes a flag as it is evaluated, or the failure where it is malformed.
 */
static void
write_flag(StringInfo out, const CompiledFlag *flag, const Detail *detail)
{
	document_open(out, '{');
	document_string(out, "key", pnstrdup(flag->key.data, flag->key.length));
	if (detail->reason.kind == REASON_ERROR)
	{
		document_string(out, "errorCode", error_code(ERR_MALFORMED, OFREP));
		document_string(out, "errorDetails", MALFORMED);
		document_close(out, '}');
		return;
	}
	if (detail->value != NULL && detail->value->type != jbvNull)
	{
		document_key(out, "value");
		json_value_append(out, detail->value);
	}
	document_string(out, "reason", reason_of(flag, &detail->reason));
	if (detail->variation >= 0)
		document_string(out, "variant", variant_of(flag, detail->variation));
	write_metadata(out, flag, &detail->reason);
	document_close(out, '}');
}

/*
 * append_one evaluates a flag and writes it. Refuses one that is not there for the credential,
 * and one that is malformed.
 */
static void
append_one(StringInfo out, Payload *payload, SdkCredential credential, const char *key,
		   const Context *context)
{
	CompiledFlag *flag =
		payload_find_flag(payload, (StringView){.data = key, .length = strlen(key)});
	Detail detail;

	if (flag == NULL || !flag_is_for(flag, credential))
		error_raise(ERR_NOT_FOUND, "there is no such flag");
	evaluate_flag(payload_set(payload), flag, context, NULL, &detail);
	if (detail.reason.kind == REASON_ERROR)
		error_raise(ERR_MALFORMED, MALFORMED);
	write_flag(out, flag, &detail);
}

/*
 * append_all evaluates all flags that are there for the credential, and writes them.
 */
static void
append_all(StringInfo out, CachedPayload *cached, SdkCredential credential, int64 version,
		   const Context *context)
{
	const AllFlags *all = environment_payload_all(cached);

	document_open(out, '{');
	document_key(out, "flags");
	document_open(out, '[');
	for (int i = 0; i < all->count; i++)
	{
		Detail detail;

		if (!flag_is_for(all->flags[i], credential))
			continue;
		evaluate_flag(payload_set(cached_payload(cached)), all->flags[i], context, NULL, &detail);
		document_element(out);
		write_flag(out, all->flags[i], &detail);
	}
	document_close(out, ']');
	document_key(out, "metadata");
	document_open(out, '{');
	document_integer(out, "version", version);
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * ofrep_flag_append writes a flag as it is evaluated for a context. Refuses one that is not there
 * for a credential of this kind, and one that is malformed.
 */
void
ofrep_flag_append(StringInfo out, SdkEnvironment *environment, SdkCredential credential,
				  const char *key, const Context *context)
{
	CachedPayload *cached = sdk_environment_pin(environment);

	PG_TRY();
	{
		append_one(out, cached_payload(cached), credential, key, context);
		payload_cache_settle(cached);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}

/*
 * ofrep_flags_append writes all flags that a credential of this kind is for, as they are
 * evaluated for a context; one that is malformed is a failure of its own.
 */
void
ofrep_flags_append(StringInfo out, SdkEnvironment *environment, SdkCredential credential,
				   const Context *context)
{
	CachedPayload *cached = sdk_environment_pin(environment);

	PG_TRY();
	{
		append_all(out, cached, credential, environment->state.version, context);
		payload_cache_settle(cached);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}
