/*
 * all_flags_state.c
 *	  All flags of an environment, evaluated for a context: what client-side SDKs bootstrap from.
 */
#include "resource/environment/environment_payload.h"
#include "resource/resource.h"

#include "util/document.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	CONTEXT,
	CLIENT_SIDE_ONLY,
	WITH_REASONS,
	DETAILS_ONLY_FOR_TRACKED_FLAGS
};

const Field all_flags_state_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[CONTEXT] = FIELD("context", "context", FIELD_JSON),
	[CLIENT_SIDE_ONLY] =
		FIELD("client_side_only", "clientSideOnly", FIELD_BOOLEAN, .fallback = "false"),
	[WITH_REASONS] = FIELD("with_reasons", "withReasons", FIELD_BOOLEAN, .fallback = "false"),
	[DETAILS_ONLY_FOR_TRACKED_FLAGS] =
		FIELD("details_only_for_tracked_flags", "detailsOnlyForTrackedFlags", FIELD_BOOLEAN,
			  .fallback = "false"),
	FIELDS_END};

typedef struct State
{
	DirectPrerequisites direct;
	StringInfoData metadata;
	bool with_reasons;
	bool details_only_for_tracked;
} State;

/*
 * note_prerequisite notes a prerequisite of the flag itself.
 */
static void
note_prerequisite(EvaluationTrace *trace, const CompiledFlag *flag,
				  const Prerequisite *prerequisite, const Detail *detail)
{
	DirectPrerequisites *direct = (DirectPrerequisites *) trace;

	if (flag != direct->flag)
		return;
	document_element(&direct->list);
	document_quoted(&direct->list, pnstrdup(prerequisite->key.data, prerequisite->key.length));
}

/*
 * direct_prerequisites_begin starts an empty list for a flag; the structure is all zero at its
 * first use.
 */
void
direct_prerequisites_begin(DirectPrerequisites *direct, const CompiledFlag *flag)
{
	direct->trace = (EvaluationTrace){.prerequisite = note_prerequisite};
	direct->flag = flag;
	if (direct->list.data == NULL)
		initStringInfo(&direct->list);
	resetStringInfo(&direct->list);
	document_open(&direct->list, '[');
}

/*
 * direct_prerequisites_write writes the list as a member, if there is anything in it.
 */
void
direct_prerequisites_write(DirectPrerequisites *direct, StringInfo out)
{
	if (direct->list.len == 1)
		return;
	document_close(&direct->list, ']');
	document_raw(out, "prerequisites", direct->list.data);
}

/*
 * evaluation_is_tracked tells whether an evaluation counts as one of an experiment.
 */
bool
evaluation_is_tracked(const CompiledFlag *flag, const Reason *reason)
{
	return reason->in_experiment ||
		   (reason->kind == REASON_RULE_MATCH && flag->rules[reason->rule_index].track_events) ||
		   (reason->kind == REASON_FALLTHROUGH && flag->track_events_fallthrough);
}

/*
 * write_metadata writes what is told of an evaluation beside its value.
 */
static void
write_metadata(State *state, const char *key, const Detail *detail)
{
	StringInfo out = &state->metadata;
	const CompiledFlag *flag = state->direct.flag;
	bool tracked = evaluation_is_tracked(flag, &detail->reason);
	bool track_events = tracked || flag->track_events;
	bool details = track_events || !state->details_only_for_tracked;

	document_key(out, key);
	document_open(out, '{');
	if (detail->variation >= 0)
		document_integer(out, "variation", detail->variation);
	if (details)
		document_integer(out, "version", flag->version);
	if (tracked || (state->with_reasons && details))
	{
		document_key(out, "reason");
		reason_append(out, &detail->reason);
	}
	if (track_events)
		document_boolean(out, "trackEvents", true);
	if (tracked)
		document_boolean(out, "trackReason", true);
	direct_prerequisites_write(&state->direct, out);
	document_close(out, '}');
}

/*
 * write_flag writes the value of a flag, and what is told of it.
 */
static void
write_flag(StringInfo out, State *state, const CompiledFlag *flag, Payload *payload,
		   const Context *context)
{
	char *key = pnstrdup(flag->key.data, flag->key.length);
	Detail detail;

	direct_prerequisites_begin(&state->direct, flag);
	evaluate_flag(payload_set(payload), flag, context, &state->direct.trace, &detail);
	document_key(out, key);
	if (detail.value != NULL)
		json_value_append(out, detail.value);
	else
		appendStringInfoString(out, "null");
	write_metadata(state, key, &detail);
}

/*
 * write_flags writes the values of all flags, and collects what is told of them.
 */
static void
write_flags(Request *request, State *state, const Context *context)
{
	bool client_side_only = request_boolean(request, CLIENT_SIDE_ONLY);
	CachedPayload *cached = environment_payload_pin(request);

	PG_TRY();
	{
		const AllFlags *all = environment_payload_all(cached);

		for (int i = 0; context->valid && i < all->count; i++)
		{
			if (!client_side_only || all->flags[i]->using_environment_id)
				write_flag(request->response, state, all->flags[i], cached_payload(cached),
						   context);
		}
		payload_cache_settle(cached);
	}
	PG_FINALLY();
	{
		payload_cache_unpin(cached);
	}
	PG_END_TRY();
}

/*
 * do_all_flags_state evaluates all flags of an environment for a context. One that is NULL or
 * not valid has no flags.
 */
void
do_all_flags_state(Request *request)
{
	StringInfo out = request->response;
	State state = {.with_reasons = request_boolean(request, WITH_REASONS),
				   .details_only_for_tracked =
					   request_boolean(request, DETAILS_ONLY_FOR_TRACKED_FLAGS)};
	Context context = {0};

	if (request_given(request, CONTEXT))
		context_read(&context, &DatumGetJsonbP(request->params.values[FIELD_PARAM(CONTEXT)])->root);
	initStringInfo(&state.metadata);
	document_open(&state.metadata, '{');
	document_open(out, '{');
	write_flags(request, &state, &context);
	document_close(&state.metadata, '}');
	document_raw(out, "$flagsState", state.metadata.data);
	document_boolean(out, "$valid", context.valid);
	document_close(out, '}');
}
