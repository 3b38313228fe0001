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

/* The direct prerequisites of the flag that were evaluated, as the elements of a list. */
typedef struct State
{
	EvaluationTrace trace;
	const CompiledFlag *flag;
	StringInfoData prerequisites;
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
	State *state = (State *) trace;

	if (flag != state->flag)
		return;
	document_element(&state->prerequisites);
	document_quoted(&state->prerequisites,
					pnstrdup(prerequisite->key.data, prerequisite->key.length));
}

/*
 * is_tracked tells whether an evaluation counts as one of an experiment.
 */
static bool
is_tracked(const CompiledFlag *flag, const Reason *reason)
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
	bool tracked = is_tracked(state->flag, &detail->reason);
	bool track_events = tracked || state->flag->track_events;
	bool details = track_events || !state->details_only_for_tracked;

	document_key(out, key);
	document_open(out, '{');
	if (detail->variation >= 0)
		document_integer(out, "variation", detail->variation);
	if (details)
		document_integer(out, "version", state->flag->version);
	if (tracked || (state->with_reasons && details))
	{
		document_key(out, "reason");
		reason_append(out, &detail->reason);
	}
	if (track_events)
		document_boolean(out, "trackEvents", true);
	if (tracked)
		document_boolean(out, "trackReason", true);
	if (state->prerequisites.len > 1)
	{
		document_close(&state->prerequisites, ']');
		document_raw(out, "prerequisites", state->prerequisites.data);
	}
	document_close(out, '}');
}

/*
 * write_flag writes the value of a flag, and what is told of it.
 */
static void
write_flag(StringInfo out, State *state, Payload *payload, const Context *context)
{
	char *key = pnstrdup(state->flag->key.data, state->flag->key.length);
	Detail detail;

	resetStringInfo(&state->prerequisites);
	document_open(&state->prerequisites, '[');
	evaluate_flag(payload_set(payload), state->flag, context, &state->trace, &detail);
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
			state->flag = all->flags[i];
			if (!client_side_only || state->flag->using_environment_id)
				write_flag(request->response, state, cached_payload(cached), context);
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
	State state = {.trace = {.prerequisite = note_prerequisite},
				   .with_reasons = request_boolean(request, WITH_REASONS),
				   .details_only_for_tracked =
					   request_boolean(request, DETAILS_ONLY_FOR_TRACKED_FLAGS)};
	Context context = {0};

	if (request_given(request, CONTEXT))
		context_read(&context, &DatumGetJsonbP(request->params.values[FIELD_PARAM(CONTEXT)])->root);
	initStringInfo(&state.prerequisites);
	initStringInfo(&state.metadata);
	document_open(&state.metadata, '{');
	document_open(out, '{');
	write_flags(request, &state, &context);
	document_close(&state.metadata, '}');
	document_raw(out, "$flagsState", state.metadata.data);
	document_boolean(out, "$valid", context.valid);
	document_close(out, '}');
}
