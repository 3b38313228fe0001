/*
 * explain.c
 *	  explain_variation(): an evaluation with each of its steps.
 *
 * Steps are told of when they end. A prerequisite or a segment has steps of its own, so they are
 * collected in frames, one for each that has begun.
 */
#include "api/variation.h"

#include "api/argument.h"
#include "util/document.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(flagplane_explain_variation);

static const char *const operator_names[] = {[OPERATOR_UNKNOWN] = NULL,
											 [OPERATOR_IN] = "in",
											 [OPERATOR_STARTS_WITH] = "startsWith",
											 [OPERATOR_ENDS_WITH] = "endsWith",
											 [OPERATOR_CONTAINS] = "contains",
											 [OPERATOR_MATCHES] = "matches",
											 [OPERATOR_LESS] = "lessThan",
											 [OPERATOR_LESS_OR_EQUAL] = "lessThanOrEqual",
											 [OPERATOR_GREATER] = "greaterThan",
											 [OPERATOR_GREATER_OR_EQUAL] = "greaterThanOrEqual",
											 [OPERATOR_BEFORE] = "before",
											 [OPERATOR_AFTER] = "after",
											 [OPERATOR_VERSION_EQUAL] = "semVerEqual",
											 [OPERATOR_VERSION_LESS] = "semVerLessThan",
											 [OPERATOR_VERSION_GREATER] = "semVerGreaterThan",
											 [OPERATOR_SEGMENT_MATCH] = "segmentMatch"};

/* Lists that are being written: elements with commas between them. */
typedef struct Frame Frame;
struct Frame
{
	Frame *outer;
	StringInfoData prerequisites;
	StringInfoData rules;
	StringInfoData clauses;
	StringInfoData segments;
};

typedef struct Explanation
{
	EvaluationTrace trace;
	const Context *context;
	Frame *frame;
} Explanation;

/*
 * push_frame begins a frame.
 */
static void
push_frame(Explanation *explanation)
{
	Frame *frame = palloc(sizeof(Frame));

	frame->outer = explanation->frame;
	initStringInfo(&frame->prerequisites);
	initStringInfo(&frame->rules);
	initStringInfo(&frame->clauses);
	initStringInfo(&frame->segments);
	explanation->frame = frame;
}

/*
 * pop_frame ends a frame.
 */
static Frame *
pop_frame(Explanation *explanation)
{
	Frame *frame = explanation->frame;

	explanation->frame = frame->outer;
	return frame;
}

/*
 * open_step begins the next element of a list.
 */
static StringInfo
open_step(StringInfo list)
{
	if (list->len > 0)
		appendStringInfoChar(list, ',');
	document_open(list, '{');
	return list;
}

/*
 * write_list writes a list as a member, and empties it.
 */
static void
write_list(StringInfo out, const char *name, StringInfo list)
{
	document_key(out, name);
	appendStringInfo(out, "[%s]", list->data);
	resetStringInfo(list);
}

/*
 * write_view writes a member with a string.
 */
static void
write_view(StringInfo out, const char *name, StringView view)
{
	document_string(out, name, pnstrdup(view.data, view.length));
}

/*
 * write_match writes whether something matched; null if it is malformed.
 */
static void
write_match(StringInfo out, Match match)
{
	if (match == MATCH_MALFORMED)
		document_raw(out, "matched", "null");
	else
		document_boolean(out, "matched", match == MATCH_YES);
}

/*
 * enter is told that a prerequisite or a segment begins.
 */
static void
enter(EvaluationTrace *trace)
{
	push_frame((Explanation *) trace);
}

/*
 * write_attribute writes what a clause asks of the context, and what that has: null if it
 * has no such thing.
 */
static void
write_attribute(StringInfo out, const Context *context, const CompiledClause *clause)
{
	StringInfoData path;
	ContextPart part;
	JsonbValue value;

	initStringInfo(&path);
	for (int i = 0; i < clause->attribute.depth; i++)
	{
		const StringView *name = &clause->attribute.parts[i];

		if (clause->attribute.depth > 1)
			appendStringInfoChar(&path, '/');
		appendBinaryStringInfo(&path, name->data, name->length);
	}
	write_view(out, "contextKind", clause->kind);
	document_string(out, "attribute", path.data);
	document_key(out, "value");
	if (context_part(context, clause->kind, &part) &&
		attribute_value(&clause->attribute, &part, &value))
		json_value_append(out, &value);
	else
		appendStringInfoString(out, "null");
}

/*
 * tell_clause is told that a clause ends.
 */
static void
tell_clause(EvaluationTrace *trace, const CompiledClause *clause, Match match)
{
	Explanation *explanation = (Explanation *) trace;
	Frame *frame = explanation->frame;
	StringInfo out = open_step(&frame->clauses);

	if (operator_names[clause->op] == NULL)
		document_raw(out, "op", "null");
	else
		document_string(out, "op", operator_names[clause->op]);
	document_boolean(out, "negate", clause->negate);
	if (clause->op == OPERATOR_SEGMENT_MATCH)
		write_list(out, "segments", &frame->segments);
	else
		write_attribute(out, explanation->context, clause);
	write_match(out, match);
	document_close(out, '}');
}

/*
 * tell_rule is told that a rule of a flag ends.
 */
static void
tell_rule(EvaluationTrace *trace, const CompiledFlag *flag, int rule, Match match)
{
	Frame *frame = ((Explanation *) trace)->frame;
	StringInfo out = open_step(&frame->rules);

	document_integer(out, "index", rule);
	if (flag->rules[rule].id.length > 0)
		write_view(out, "id", flag->rules[rule].id);
	write_match(out, match);
	write_list(out, "clauses", &frame->clauses);
	document_close(out, '}');
}

/*
 * tell_segment is told that a segment ends; its clauses are those of its rules.
 */
static void
tell_segment(EvaluationTrace *trace, const CompiledSegment *segment, Match match)
{
	Explanation *explanation = (Explanation *) trace;
	Frame *inner = pop_frame(explanation);
	StringInfo out = open_step(&explanation->frame->segments);

	write_view(out, "key", segment->key);
	write_match(out, match);
	write_list(out, "clauses", &inner->clauses);
	document_close(out, '}');
}

/*
 * tell_prerequisite is told that a prerequisite ends.
 */
static void
tell_prerequisite(EvaluationTrace *trace, const CompiledFlag *flag,
				  const Prerequisite *prerequisite, const Detail *detail)
{
	Explanation *explanation = (Explanation *) trace;
	Frame *inner = pop_frame(explanation);
	StringInfo out = open_step(&explanation->frame->prerequisites);

	write_view(out, "key", prerequisite->key);
	document_integer(out, "variation", prerequisite->variation);
	document_key(out, "detail");
	detail_append(out, detail, NULL);
	write_list(out, "prerequisites", &inner->prerequisites);
	write_list(out, "rules", &inner->rules);
	document_close(out, '}');
}

/*
 * flagplane_explain_variation is explain_variation(project_key, environment_key, flag_key, context
 * jsonb, default_value jsonb) → json: {detail, prerequisites, rules}, with what was tried,
 * in its order. Raises as flagplane_variation does.
 */
Datum
flagplane_explain_variation(PG_FUNCTION_ARGS)
{
	AlignedJsonb aligned;
	Context context = {0};
	Explanation explanation = {.trace = {.enter = enter,
										 .prerequisite = tell_prerequisite,
										 .rule = tell_rule,
										 .clause = tell_clause,
										 .segment = tell_segment},
							   .context = &context};
	Detail detail;
	StringInfoData out;

	if (!PG_ARGISNULL(VARIATION_CONTEXT))
		context_read(&context, &argument_jsonb(PG_GETARG_DATUM(VARIATION_CONTEXT), &aligned)->root);
	push_frame(&explanation);
	variation_evaluate(fcinfo, &context, &explanation.trace, &detail);
	/* An error in a prerequisite ends the whole evaluation, and its frame is still there. */
	while (explanation.frame->outer != NULL)
		(void) pop_frame(&explanation);
	initStringInfo(&out);
	document_open(&out, '{');
	document_key(&out, "detail");
	detail_append(&out, &detail,
				  PG_ARGISNULL(VARIATION_DEFAULT) ? NULL : PG_GETARG_JSONB_P(VARIATION_DEFAULT));
	write_list(&out, "prerequisites", &explanation.frame->prerequisites);
	write_list(&out, "rules", &explanation.frame->rules);
	document_close(&out, '}');
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
