/*
 * statistics.c
 *	  Pearson's chi-square tests.
 *
 * The chance of a larger chi-square is the regularised incomplete gamma function
 * Q(degrees / 2, value / 2): below the mean by the series of Abramowitz and Stegun
 * 6.5.29, above it by their continued fraction 6.5.31, evaluated by the modified
 * Lentz method (Thompson and Barnett, J. Comput. Phys. 64, 1986).
 */
#include "util/statistics.h"

#include <float.h>
#include <math.h>

/* Either way converges in some dozen times the root of the degrees of freedom. */
#define TERMS_MAX 100000

/*
 * gamma_weight is x^a e^-x / Gamma(a), which both ways have in common.
 */
static double
gamma_weight(double a, double x)
{
	return exp(a * log(x) - x - lgamma(a));
}

/*
 * gamma_series is P(a, x) = 1 - Q(a, x).
 */
static double
gamma_series(double a, double x)
{
	double term = 1 / a;
	double sum = term;

	for (int n = 1; n < TERMS_MAX && term > sum * DBL_EPSILON; n++)
	{
		term *= x / (a + n);
		sum += term;
	}
	return sum * gamma_weight(a, x);
}

/*
 * gamma_fraction is Q(a, x), for x above a.
 */
static double
gamma_fraction(double a, double x)
{
	const double tiny = DBL_MIN / DBL_EPSILON; /* stands for a zero that would be divided by */
	double b = x + 1 - a;
	double c = 1 / tiny;
	double d = 1 / b;
	double fraction = d;

	for (int n = 1; n < TERMS_MAX; n++)
	{
		double numerator = -n * (n - a);
		double change;

		b += 2;
		d = numerator * d + b;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = b + numerator / c;
		c = fabs(c) < tiny ? tiny : c;
		change = c * d;
		fraction *= change;
		if (fabs(change - 1) < DBL_EPSILON)
			break;
	}
	return fraction * gamma_weight(a, x);
}

/*
 * chi_square_p is how often chance alone gives such a value or a larger one.
 */
static double
chi_square_p(double value, int degrees)
{
	double a = degrees / 2.0;
	double x = value / 2;
	double p;

	if (degrees <= 0 || x <= 0)
		return 1;
	p = x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
	return Min(Max(p, 0), 1);
}

/*
 * chi_square_uniform asks whether all cells are equally likely.
 */
ChiSquare
chi_square_uniform(const uint32 *cells, int count)
{
	ChiSquare result = {0, count - 1, 1};
	double expected = 0;

	for (int i = 0; i < count; i++)
		expected += (double) cells[i] / count;
	for (int i = 0; i < count && expected > 0; i++)
		result.value += (cells[i] - expected) * (cells[i] - expected) / expected;
	result.p = chi_square_p(result.value, result.degrees);
	return result;
}

/*
 * chi_square_independent asks whether the rows and the columns of a table have
 * nothing to do with each other.
 */
ChiSquare
chi_square_independent(const uint32 *cells, int rows, int columns)
{
	ChiSquare result = {0, (rows - 1) * (columns - 1), 1};
	double *row_sums = palloc0(rows * sizeof(double));
	double *column_sums = palloc0(columns * sizeof(double));
	double sum = 0;

	for (int i = 0; i < rows * columns; i++)
	{
		row_sums[i / columns] += cells[i];
		column_sums[i % columns] += cells[i];
		sum += cells[i];
	}
	for (int i = 0; i < rows * columns; i++)
	{
		double expected = row_sums[i / columns] * column_sums[i % columns] / sum;

		if (expected > 0)
			result.value += (cells[i] - expected) * (cells[i] - expected) / expected;
	}
	result.p = chi_square_p(result.value, result.degrees);
	pfree(row_sums);
	pfree(column_sums);
	return result;
}
