/*
 * clause.h
 *	  Clauses of rules, compiled: an attribute, an operator and the values it is tried with.
 */
#ifndef FLAGPLANE_CLAUSE_H
#define FLAGPLANE_CLAUSE_H

#include "evaluation/context.h"
#include "evaluation/instant.h"
#include "evaluation/key_set.h"
#include "evaluation/member.h"
#include "evaluation/pattern.h"
#include "evaluation/semantic_version.h"

typedef enum Operator
{
	OPERATOR_UNKNOWN,
	OPERATOR_IN,
	OPERATOR_STARTS_WITH,
	OPERATOR_ENDS_WITH,
	OPERATOR_CONTAINS,
	OPERATOR_MATCHES,
	OPERATOR_LESS,
	OPERATOR_LESS_OR_EQUAL,
	OPERATOR_GREATER,
	OPERATOR_GREATER_OR_EQUAL,
	OPERATOR_BEFORE,
	OPERATOR_AFTER,
	OPERATOR_VERSION_EQUAL,
	OPERATOR_VERSION_LESS,
	OPERATOR_VERSION_GREATER,
	OPERATOR_SEGMENT_MATCH
} Operator;

/*
 * A clause. Values of a type that the operator never matches are left out; what the values
 * are read as depends on the operator.
 */
typedef struct CompiledClause
{
	Operator op;
	bool negate;
	StringView kind;
	AttributeReference attribute;
	KeySet strings;			  /* in */
	bool has_true, has_false; /* in */
	int number_count;		  /* in (sorted), and comparisons of numbers */
	double *numbers;
	int text_count; /* startsWith, endsWith, contains, segmentMatch */
	StringView *texts;
	int pattern_count; /* matches */
	Pattern **patterns;
	int instant_count; /* before, after */
	Instant *instants;
	int version_count; /* semVer... */
	SemanticVersion *versions;
} CompiledClause;

/* What came of a clause or a rule: an error ends the whole evaluation. */
typedef enum Match
{
	MATCH_NO,
	MATCH_YES,
	MATCH_MALFORMED
} Match;

extern void clause_compile(CompiledClause *clause, const Members *source);
extern CompiledClause *clauses_compile(const Members *source, int *count);
extern Match clause_match(const CompiledClause *clause, const Context *context);

#endif /* FLAGPLANE_CLAUSE_H */
