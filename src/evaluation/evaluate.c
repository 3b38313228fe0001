/*
 * evaluate.c
 *	  The evaluation of a flag: off, prerequisites, targets, rules, fallthrough.
 *
 * Prerequisites and segments can refer to others without end: whoever is met again while it is
 * evaluated ends the whole evaluation as malformed, and so does a chain that is too long for
 * the stack.
 */
#include "evaluation/evaluation.h"

#include "miscadmin.h"

/* What is being evaluated, one inside of the other. */
typedef struct Chain Chain;
struct Chain
{
	StringView key;
	const Chain *outer;
};

typedef struct Evaluation
{
	FlagSet *set;
	const Context *context;
	EvaluationTrace *trace;
	bool no_big_segments;
} Evaluation;

static Match match_segment(Evaluation *e, const CompiledSegment *segment, const Chain *outer);
static bool evaluate(Evaluation *e, const CompiledFlag *flag, const Chain *outer, Detail *detail);

/*
 * may_enter tells whether something may be evaluated inside of a chain.
 */
static bool
may_enter(const Chain *chain, StringView key)
{
	for (; chain != NULL; chain = chain->outer)
		if (view_equal(chain->key, key))
			return false;
	return !stack_is_too_deep();
}

/*
 * enter tells of a prerequisite or a segment that begins.
 */
static void
enter(const Evaluation *e)
{
	if (e->trace != NULL && e->trace->enter != NULL)
		e->trace->enter(e->trace);
}

/*
 * match_segments tells whether the context is in one of the segments of a clause.
 */
static Match
match_segments(Evaluation *e, const CompiledClause *clause, const Chain *chain)
{
	for (int i = 0; i < clause->text_count; i++)
	{
		CompiledSegment *segment = e->set->find_segment(e->set, clause->texts[i]);
		Match match =
			segment == NULL || segment->deleted ? MATCH_NO : match_segment(e, segment, chain);

		if (match == MATCH_MALFORMED)
			return match;
		if (match == MATCH_YES)
			return clause->negate ? MATCH_NO : MATCH_YES;
	}
	return clause->negate ? MATCH_YES : MATCH_NO;
}

/*
 * match_clauses tells whether all clauses of a rule match.
 */
static Match
match_clauses(Evaluation *e, const CompiledClause *clauses, int count, const Chain *chain)
{
	for (int i = 0; i < count; i++)
	{
		Match match = clauses[i].op == OPERATOR_SEGMENT_MATCH
						  ? match_segments(e, &clauses[i], chain)
						  : clause_match(&clauses[i], e->context);

		if (e->trace != NULL && e->trace->clause != NULL)
			e->trace->clause(e->trace, &clauses[i], match);
		if (match != MATCH_YES)
			return match;
	}
	return MATCH_YES;
}

/*
 * lists_have tells whether a context is in a list of its own kind.
 */
static bool
lists_have(const KeyList *lists, int count, const Context *context)
{
	ContextPart part;

	for (int i = 0; i < count; i++)
		if (context_part(context, lists[i].kind, &part) && key_set_has(&lists[i].keys, part.key))
			return true;
	return false;
}

/*
 * match_lists looks a context up in the lists of a segment; false if it is in none. For
 * a user alone the lists of contexts do not count.
 */
static bool
match_lists(const CompiledSegment *segment, const Context *context, Match *match)
{
	ContextPart user;
	bool has_user = context_part(context, STRING_VIEW("user"), &user);
	bool others = !has_user || context->kinds != NULL;

	*match = MATCH_YES;
	if (has_user && key_set_has(&segment->included, user.key))
		return true;
	if (others && lists_have(segment->included_contexts, segment->included_count, context))
		return true;
	*match = MATCH_NO;
	return (has_user && key_set_has(&segment->excluded, user.key)) ||
		   (others && lists_have(segment->excluded_contexts, segment->excluded_count, context));
}

/*
 * match_segment_rule tells whether a rule of a segment matches.
 */
static Match
match_segment_rule(Evaluation *e, const SegmentRule *rule, const Chain *chain)
{
	Match match = match_clauses(e, rule->clauses, rule->clause_count, chain);
	BucketFault fault;
	double bucket;

	if (match != MATCH_YES || !rule->weighted)
		return match;
	fault = bucketing_bucket(&rule->bucketing, e->context, &bucket);
	if (fault == BUCKET_BAD_REFERENCE)
		return MATCH_MALFORMED;
	return fault == BUCKETED && bucket < rule->weight ? MATCH_YES : MATCH_NO;
}

/*
 * match_bounds asks what comes before the rules of a segment: its lists, or for one whose
 * members are kept elsewhere that they are not here. False if the rules are to say.
 */
static bool
match_bounds(Evaluation *e, const CompiledSegment *segment, Match *match)
{
	ContextPart part;

	if (!segment->unbounded)
		return match_lists(segment, e->context, match);
	*match = MATCH_NO;
	if (segment->has_generation && !context_part(e->context, segment->unbounded_kind, &part))
		return true;
	e->no_big_segments = true;
	return !segment->has_generation;
}

/*
 * match_segment tells whether the context is in a segment.
 */
static Match
match_segment(Evaluation *e, const CompiledSegment *segment, const Chain *outer)
{
	Chain chain = {.key = segment->key, .outer = outer};
	Match match = MATCH_MALFORMED;

	CHECK_FOR_INTERRUPTS();
	enter(e);
	if (!segment->malformed && may_enter(outer, segment->key) && !match_bounds(e, segment, &match))
	{
		match = MATCH_NO;
		for (int i = 0; i < segment->rule_count && match == MATCH_NO; i++)
			match = match_segment_rule(e, &segment->rules[i], &chain);
	}
	if (e->trace != NULL && e->trace->segment != NULL)
		e->trace->segment(e->trace, segment, match);
	return match;
}

/*
 * end_in_error ends an evaluation without a variation.
 */
static void
end_in_error(Detail *detail, EvaluationError error)
{
	*detail = (Detail){.variation = -1, .reason = {.kind = REASON_ERROR, .error = error}};
}

/*
 * serve ends an evaluation with a variation.
 */
static void
serve(const CompiledFlag *flag, int32 variation, Reason reason, Detail *detail)
{
	if (variation < 0 || variation >= flag->variation_count)
		end_in_error(detail, EVALUATION_MALFORMED_FLAG);
	else
		*detail = (Detail){
			.variation = variation, .value = &flag->variations[variation], .reason = reason};
}

/*
 * serve_off ends an evaluation with what a flag serves while it is off, which may be nothing.
 */
static void
serve_off(const CompiledFlag *flag, Reason reason, Detail *detail)
{
	if (flag->has_off_variation)
		serve(flag, flag->off_variation, reason, detail);
	else
		*detail = (Detail){.variation = -1, .reason = reason};
}

/*
 * serve_choice ends an evaluation with the variation of a rule or of the fallthrough.
 */
static void
serve_choice(Evaluation *e, const CompiledFlag *flag, const VariationOrRollout *choice,
			 Reason reason, Detail *detail)
{
	int32 variation;

	if (variation_or_rollout_choose(choice, e->context, &variation, &reason.in_experiment))
		serve(flag, variation, reason, detail);
	else
		end_in_error(detail, EVALUATION_MALFORMED_FLAG);
}

/*
 * prerequisite_met evaluates a prerequisite. False with the key of it in the reason if it is
 * not met, and in an error if there is one that ends the whole evaluation.
 */
static bool
prerequisite_met(Evaluation *e, const CompiledFlag *flag, const Prerequisite *prerequisite,
				 const Chain *chain, Detail *detail)
{
	CompiledFlag *other;
	bool met = false;

	if (!may_enter(chain, prerequisite->key))
	{
		end_in_error(detail, EVALUATION_MALFORMED_FLAG);
		return false;
	}
	other = e->set->find_flag(e->set, prerequisite->key);
	if (other != NULL && !other->deleted)
	{
		enter(e);
		if (!evaluate(e, other, chain, detail))
			return false;
		met = other->on && detail->variation == prerequisite->variation;
		if (e->trace != NULL && e->trace->prerequisite != NULL)
			e->trace->prerequisite(e->trace, flag, prerequisite, detail);
	}
	if (!met)
		detail->reason =
			(Reason){.kind = REASON_PREREQUISITE_FAILED, .prerequisite_key = prerequisite->key};
	return met;
}

/*
 * prerequisites_met evaluates the prerequisites of a flag up to the first that is not met.
 */
static bool
prerequisites_met(Evaluation *e, const CompiledFlag *flag, const Chain *outer, Detail *detail)
{
	Chain chain = {.key = flag->key, .outer = outer};

	for (int i = 0; i < flag->prerequisite_count; i++)
		if (!prerequisite_met(e, flag, &flag->prerequisites[i], &chain, detail))
			return false;
	return true;
}

/*
 * find_target finds the first target that the context is in.
 */
static const Target *
find_target(const CompiledFlag *flag, const Context *context)
{
	for (int i = 0; i < flag->target_count; i++)
		if (lists_have(&flag->targets[i].list, 1, context))
			return &flag->targets[i];
	return NULL;
}

/*
 * evaluate_rules ends an evaluation with the first rule that matches, or else the
 * fallthrough; false if a rule is malformed.
 */
static bool
evaluate_rules(Evaluation *e, const CompiledFlag *flag, Detail *detail)
{
	for (int i = 0; i < flag->rule_count; i++)
	{
		const FlagRule *rule = &flag->rules[i];
		Match match = match_clauses(e, rule->clauses, rule->clause_count, NULL);

		if (e->trace != NULL && e->trace->rule != NULL)
			e->trace->rule(e->trace, flag, i, match);
		if (match == MATCH_MALFORMED)
			return false;
		if (match == MATCH_YES)
		{
			Reason reason = {.kind = REASON_RULE_MATCH, .rule_index = i, .rule_id = rule->id};

			serve_choice(e, flag, &rule->serve, reason, detail);
			return true;
		}
	}
	serve_choice(e, flag, &flag->fallthrough, (Reason){.kind = REASON_FALLTHROUGH}, detail);
	return true;
}

/*
 * evaluate evaluates a flag. False if it ends in an error that is also one of the flag
 * whose prerequisite it is; a variation out of range is not.
 */
static bool
evaluate(Evaluation *e, const CompiledFlag *flag, const Chain *outer, Detail *detail)
{
	const Target *target;

	CHECK_FOR_INTERRUPTS();
	end_in_error(detail, EVALUATION_MALFORMED_FLAG);
	if (flag->malformed)
		return false;
	if (!flag->on)
	{
		serve_off(flag, (Reason){.kind = REASON_OFF}, detail);
		return true;
	}
	if (!prerequisites_met(e, flag, outer, detail))
	{
		if (detail->reason.kind == REASON_ERROR)
			return false;
		serve_off(flag, detail->reason, detail);
		return true;
	}
	/* What a prerequisite was served is not what this flag serves. */
	end_in_error(detail, EVALUATION_MALFORMED_FLAG);
	target = find_target(flag, e->context);
	if (target == NULL)
		return evaluate_rules(e, flag, detail);
	serve(flag, target->variation, (Reason){.kind = REASON_TARGET_MATCH}, detail);
	return true;
}

/*
 * evaluate_flag evaluates a flag for a context. The flag may be NULL, which is one that is
 * not found, and so is one that is deleted; the context may be NULL or not valid.
 */
void
evaluate_flag(FlagSet *set, const CompiledFlag *flag, const Context *context,
			  EvaluationTrace *trace, Detail *detail)
{
	Evaluation e = {.set = set, .context = context, .trace = trace};

	if (flag == NULL || flag->deleted)
		end_in_error(detail, EVALUATION_FLAG_NOT_FOUND);
	else if (context == NULL || !context->valid)
		end_in_error(detail, EVALUATION_USER_NOT_SPECIFIED);
	else
	{
		(void) evaluate(&e, flag, NULL, detail);
		detail->reason.no_big_segments = e.no_big_segments;
	}
}
