/*
 * client_flags.c
 *	  What client-side SDKs are sent: flags evaluated for a context.
 */
#include "resource/environment/client_flags.h"

#include "resource/environment/environment_payload.h"
#include "util/document.h"

/*
 * flag_is_for tells whether a flag is there for SDKs that show a credential of a kind.
 */
bool
flag_is_for(const CompiledFlag *flag, SdkCredential credential)
{
	return credential == SDK_KEY || (credential == MOBILE_KEY && flag->using_mobile_key) ||
		   (credential == CLIENT_SIDE_ID && flag->using_environment_id);
}

/*
 * write_flag writes a flag as it is evaluated. Its version is that of the payload, its own
 * is what events tell.
 */
static void
write_flag(StringInfo out, int64 version, DirectPrerequisites *direct, const Detail *detail,
		   bool with_reasons)
{
	const CompiledFlag *flag = direct->flag;
	bool tracked = evaluation_is_tracked(flag, &detail->reason);

	document_key(out, pnstrdup(flag->key.data, flag->key.length));
	document_open(out, '{');
	document_key(out, "value");
	if (detail->value != NULL)
		json_value_append(out, detail->value);
	else
		appendStringInfoString(out, "null");
	if (detail->variation >= 0)
		document_integer(out, "variation", detail->variation);
	document_integer(out, "version", version);
	document_integer(out, "flagVersion", flag->version);
	if (tracked || flag->track_events)
		document_boolean(out, "trackEvents", true);
	if (tracked)
		document_boolean(out, "trackReason", true);
	if (tracked || with_reasons)
	{
		document_key(out, "reason");
		reason_append(out, &detail->reason);
	}
	if (flag->debug_events_until != 0)
		document_integer(out, "debugEventsUntilDate", flag->debug_events_until);
	direct_prerequisites_write(direct, out);
	document_close(out, '}');
}

/*
 * client_flags_append writes the flags that SDKs with a credential of a kind may see, as they
 * are evaluated for a context.
 */
void
client_flags_append(StringInfo out, SdkEnvironment *environment, SdkCredential credential,
					const Context *context, bool with_reasons)
{
	DirectPrerequisites direct = {.flag = NULL};
	CachedPayload *cached = sdk_environment_pin(environment);

	PG_TRY();
	{
		const AllFlags *all = environment_payload_all(cached);

		document_open(out, '{');
		for (int i = 0; i < all->count; i++)
		{
			Detail detail;

			if (!flag_is_for(all->flags[i], credential))
				continue;
			direct_prerequisites_begin(&direct, all->flags[i]);
			evaluate_flag(payload_set(cached_payload(cached)), all->flags[i], context,
						  &direct.trace, &detail);
			write_flag(out, environment->state.version, &direct, &detail, with_reasons);
		}
		document_close(out, '}');
		payload_cache_settle(cached);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}
