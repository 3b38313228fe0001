/*
 * statistics.h
 *	  Pearson's chi-square tests.
 */
#ifndef FLAGPLANE_STATISTICS_H
#define FLAGPLANE_STATISTICS_H

#include "util/compat.h"

/* What a test found: p is how often chance alone gives as much or more. */
typedef struct ChiSquare
{
	double value;
	int degrees; /* of freedom */
	double p;
} ChiSquare;

extern ChiSquare chi_square_uniform(const uint32 *cells, int count);
extern ChiSquare chi_square_independent(const uint32 *cells, int rows, int columns);

#endif /* FLAGPLANE_STATISTICS_H */
