/*
 * segment_set.c
 *	  Sets of a layer's segments: read, written, and drawn at random.
 *
 * Whoever takes segments takes as many of each ended experiment's as that one's
 * share of what is free: users of an ended experiment may still be under its
 * influence, and so they are spread over all that come after it.  The draw is
 * random inside of each share, from PostgreSQL's strong source, and so nothing
 * about one draw tells anything about another.
 */
#include "resource/layer/segment_set.h"

#include "catalog/pg_type.h"
#include "util/id.h"
#include "lib/stringinfo.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

/*
 * bounds reads one piece of a set: its first segment, and the one after its last.
 */
static void
bounds(const MultirangeType *set, int piece, int *lower, int *upper)
{
	TypeCacheEntry *type = lookup_type_cache(INT4RANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound from;
	RangeBound to;

	multirange_get_bounds(type, set, piece, &from, &to);
	*lower = DatumGetInt32(from.val);
	*upper = DatumGetInt32(to.val);
}

/*
 * segment_set_read reads a set as it is stored, an int4multirange.  The table's
 * constraint keeps it within the thousand.
 */
Bitmapset *
segment_set_read(Datum stored)
{
	const MultirangeType *set = DatumGetMultirangeTypeP(stored);
	Bitmapset *segments = NULL;

	for (int piece = 0; piece < (int) set->rangeCount; piece++)
	{
		int lower;
		int upper;

		bounds(set, piece, &lower, &upper);
		segments = bms_add_range(segments, lower, upper - 1);
	}
	return segments;
}

/*
 * segment_set_percent is how many percent of a layer a stored set is.
 */
int
segment_set_percent(Datum stored)
{
	const MultirangeType *set = DatumGetMultirangeTypeP(stored);
	int count = 0;

	for (int piece = 0; piece < (int) set->rangeCount; piece++)
	{
		int lower;
		int upper;

		bounds(set, piece, &lower, &upper);
		count += upper - lower;
	}
	return count / SEGMENTS_PER_PERCENT;
}

/*
 * segment_set_write writes a set as PostgreSQL writes one: {[0,5),[8,9)}.
 */
char *
segment_set_write(const Bitmapset *segments)
{
	StringInfoData text;
	int segment = -1;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	while ((segment = bms_next_member(segments, segment)) >= 0)
	{
		int lower = segment;

		while (bms_is_member(segment + 1, segments))
			segment++;
		appendStringInfo(&text, "%s[%d,%d)", text.len > 1 ? "," : "", lower, segment + 1);
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}

/*
 * segment_set_sample draws so many of a set, each subset of that size as likely as
 * any other.
 */
Bitmapset *
segment_set_sample(const Bitmapset *from, int count)
{
	Bitmapset *drawn = NULL;
	int left[SEGMENTS];
	int lefts = 0;
	int segment = -1;

	while ((segment = bms_next_member(from, segment)) >= 0)
		left[lefts++] = segment;
	if (count > lefts)
		elog(ERROR, "a sample cannot be larger than the set");
	for (; count > 0; count--)
	{
		int which = random_below(lefts);

		drawn = bms_add_member(drawn, left[which]);
		left[which] = left[--lefts];
	}
	return drawn;
}

/*
 * pick_largest picks the stratum with the largest remainder, one of those at
 * random where there are several.
 */
static int
pick_largest(const int *remainder, int strata)
{
	int largest = 0;
	int ties = 0;

	for (int i = 0; i < strata; i++)
	{
		if (ties > 0 && remainder[i] < remainder[largest])
			continue;
		ties = ties > 0 && remainder[i] == remainder[largest] ? ties + 1 : 1;
		if (random_below(ties) == 0)
			largest = i;
	}
	return largest;
}

/*
 * allocate shares count out among the strata in proportion to their sizes; what
 * rounding leaves over goes to the largest remainders.
 */
static void
allocate(const int *size, int strata, int total, int count, int *share)
{
	int *remainder = palloc(sizeof(int) * strata);
	int left = count;

	for (int i = 0; i < strata; i++)
	{
		share[i] = count * size[i] / total;
		remainder[i] = count * size[i] % total;
		left -= share[i];
	}
	for (; left > 0; left--)
	{
		int which = pick_largest(remainder, strata);

		share[which]++;
		remainder[which] = -1;
	}
}

/*
 * segment_set_draw draws so many of a set, from each stratum its share.  stratum
 * tells for each segment which of the strata it is in.
 */
Bitmapset *
segment_set_draw(const Bitmapset *from, const int *stratum, int strata, int count)
{
	Bitmapset **members = palloc0(sizeof(Bitmapset *) * strata);
	int *size = palloc0(sizeof(int) * strata);
	int *share = palloc0(sizeof(int) * strata);
	Bitmapset *drawn = NULL;
	int segment = -1;

	if (count == 0)
		return NULL;
	while ((segment = bms_next_member(from, segment)) >= 0)
	{
		members[stratum[segment]] = bms_add_member(members[stratum[segment]], segment);
		size[stratum[segment]]++;
	}
	allocate(size, strata, bms_num_members(from), count, share);
	for (int i = 0; i < strata; i++)
		drawn = bms_join(drawn, segment_set_sample(members[i], share[i]));
	return drawn;
}
