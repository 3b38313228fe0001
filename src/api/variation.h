/*
 * variation.h
 *	  The evaluation of a flag of the database for a row of a query.
 */
#ifndef FLAGPLANE_VARIATION_H
#define FLAGPLANE_VARIATION_H

#include "api/api.h"
#include "evaluation/evaluation.h"

/* The arguments that all functions of this kind begin with. */
enum
{
	VARIATION_PROJECT,
	VARIATION_ENVIRONMENT,
	VARIATION_FLAG,
	VARIATION_CONTEXT,
	VARIATION_DEFAULT
};

extern void variation_evaluate(FunctionCallInfo fcinfo, const Context *context,
							   EvaluationTrace *trace, Detail *detail);

#endif /* FLAGPLANE_VARIATION_H */
