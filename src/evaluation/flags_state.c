/*
 * flags_state.c
 *	  All flags, evaluated for a context: what client-side SDKs bootstrap from.
 */
#include "evaluation/flags_state.h"

#include "util/document.h"

typedef struct State
{
	DirectPrerequisites direct;
	StringInfoData metadata;
	const FlagsStateOptions *options;
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
	bool details = track_events || flag->debug_events_until > state->options->now ||
				   !state->options->details_only_for_tracked_flags;

	document_key(out, key);
	document_open(out, '{');
	if (detail->variation >= 0)
		document_integer(out, "variation", detail->variation);
	if (details)
		document_integer(out, "version", flag->version);
	if (tracked || (state->options->with_reasons && details))
	{
		document_key(out, "reason");
		reason_append(out, &detail->reason);
	}
	if (track_events)
		document_boolean(out, "trackEvents", true);
	if (tracked)
		document_boolean(out, "trackReason", true);
	if (flag->debug_events_until != 0)
		document_integer(out, "debugEventsUntilDate", flag->debug_events_until);
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
 * flags_state_append writes the values of flags for a context, and what is told of each. For a
 * context that is not valid there are none. The flags are NULL if there is nothing to evaluate.
 */
void
flags_state_append(StringInfo out, Payload *payload, const AllFlags *all, const Context *context,
				   const FlagsStateOptions *options)
{
	bool valid = all != NULL && context->valid;
	State state = {.options = options};

	initStringInfo(&state.metadata);
	document_open(&state.metadata, '{');
	document_open(out, '{');
	for (int i = 0; valid && i < all->count; i++)
	{
		const CompiledFlag *flag = all->flags[i];

		if (!flag->deleted && (!options->client_side_only || flag->using_environment_id))
			write_flag(out, &state, flag, payload, context);
	}
	document_close(&state.metadata, '}');
	document_raw(out, "$flagsState", state.metadata.data);
	document_boolean(out, "$valid", valid);
	document_close(out, '}');
}
