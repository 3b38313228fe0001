/*
 * evaluation.h
 *	  The evaluation of feature flags: which variation a context is served, and why.
 *
 * This folder knows no table, no account and no request: only flags and segments in the
 * form that SDKs are sent, and contexts. They are compiled once and evaluated many times. An
 * evaluation does not raise because of them; it says in its reason what is wrong.
 */
#ifndef FLAGPLANE_EVALUATION_H
#define FLAGPLANE_EVALUATION_H

#include "evaluation/clause.h"
#include "evaluation/rollout.h"
#include "lib/stringinfo.h"

/* A list of keys, of one kind of context. */
typedef struct KeyList
{
	StringView kind;
	KeySet keys;
} KeyList;

typedef struct SegmentRule
{
	int clause_count;
	CompiledClause *clauses;
	bool weighted;
	double weight; /* of 1 */
	Bucketing bucketing;
} SegmentRule;

typedef struct CompiledSegment
{
	StringView key;
	bool malformed;
	bool deleted;
	KeySet included; /* keys of users */
	KeySet excluded;
	int included_count; /* of other kinds */
	KeyList *included_contexts;
	int excluded_count;
	KeyList *excluded_contexts;
	int rule_count;
	SegmentRule *rules;
	bool unbounded;
	bool has_generation;
	StringView unbounded_kind;
} CompiledSegment;

typedef struct Prerequisite
{
	StringView key;
	int32 variation;
} Prerequisite;

typedef struct Target
{
	KeyList list;
	int32 variation;
} Target;

typedef struct FlagRule
{
	StringView id; /* no bytes: it has none */
	int clause_count;
	CompiledClause *clauses;
	VariationOrRollout serve;
	bool track_events;
} FlagRule;

typedef struct CompiledFlag
{
	StringView key;
	bool malformed;
	bool deleted;
	bool on;
	bool has_off_variation;
	int32 off_variation;
	int variation_count;
	JsonbValue *variations;
	StringView *variation_names; /* no bytes: one has none; NULL: none has, or they are not told */
	int prerequisite_count;
	Prerequisite *prerequisites;
	int target_count; /* in the order in which they are tried */
	Target *targets;
	int rule_count;
	FlagRule *rules;
	VariationOrRollout fallthrough;

	/* for what is told of an evaluation */
	int32 version;
	bool track_events;
	bool track_events_fallthrough;
	int64 debug_events_until; /* in milliseconds; 0: not at all */
	bool using_environment_id;
	bool using_mobile_key;
} CompiledFlag;

/*
 * What an evaluation looks flags and segments up in; NULL is the answer for one that there
 * is not. Whoever keeps them embeds this as the first member, and may compile at the first look.
 */
typedef struct FlagSet FlagSet;
struct FlagSet
{
	CompiledFlag *(*find_flag)(FlagSet *set, StringView key);
	CompiledSegment *(*find_segment)(FlagSet *set, StringView key);
};

typedef enum ReasonKind
{
	REASON_ERROR,
	REASON_OFF,
	REASON_FALLTHROUGH,
	REASON_TARGET_MATCH,
	REASON_RULE_MATCH,
	REASON_PREREQUISITE_FAILED
} ReasonKind;

typedef enum EvaluationError
{
	EVALUATION_FLAG_NOT_FOUND,
	EVALUATION_USER_NOT_SPECIFIED,
	EVALUATION_MALFORMED_FLAG
} EvaluationError;

typedef struct Reason
{
	ReasonKind kind;
	EvaluationError error;		 /* of REASON_ERROR */
	int rule_index;				 /* of REASON_RULE_MATCH */
	StringView rule_id;			 /* of REASON_RULE_MATCH; no bytes: it has none */
	StringView prerequisite_key; /* of REASON_PREREQUISITE_FAILED */
	bool in_experiment;
	bool no_big_segments; /* a segment is one of those whose members are kept elsewhere */
} Reason;

/* What came of an evaluation. Everything in it lies in what was compiled. */
typedef struct Detail
{
	int32 variation;		 /* -1: none */
	const JsonbValue *value; /* NULL: what the caller has for the case */
	Reason reason;
} Detail;

/*
 * Told of each step of an evaluation when it ends, in their order, if somebody wants to explain it;
 * enter also when a prerequisite or a segment begins. Each of them may be NULL.
 */
typedef struct EvaluationTrace EvaluationTrace;
struct EvaluationTrace
{
	void (*enter)(EvaluationTrace *trace);
	void (*prerequisite)(EvaluationTrace *trace, const CompiledFlag *flag,
						 const Prerequisite *prerequisite, const Detail *detail);
	void (*rule)(EvaluationTrace *trace, const CompiledFlag *flag, int rule, Match match);
	void (*clause)(EvaluationTrace *trace, const CompiledClause *clause, Match match);
	void (*segment)(EvaluationTrace *trace, const CompiledSegment *segment, Match match);
};

extern CompiledFlag *flag_compile(JsonbContainer *source, StringView key, MemoryContext context);
extern CompiledSegment *
segment_compile(JsonbContainer *source, StringView key, MemoryContext context);

extern void evaluate_flag(FlagSet *set, const CompiledFlag *flag, const Context *context,
						  EvaluationTrace *trace, Detail *detail);

extern void json_value_append(StringInfo out, const JsonbValue *value);
extern void reason_append(StringInfo out, const Reason *reason);
extern void detail_append(StringInfo out, const Detail *detail, Jsonb *default_value);

#endif /* FLAGPLANE_EVALUATION_H */
