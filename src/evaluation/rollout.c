/*
 * rollout.c
 *	  Percentage rollouts and experiments, and the bucket they go by.
 *
 * A bucket is the 60 bits of the hash as a double, divided by 2^60; an entry's end is the sum of
 * the weights up to it, each divided by 100,000, added in their order. So compute the
 * SDKs that have doubles, to the last bit.
 */
#include "evaluation/rollout.h"

#include <math.h>

#include "evaluation/bucket.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define WEIGHTS			   100000.0
#define DIGITS_MAX		   21 /* of an int64, with its sign and an end */
#define LAYER_SEGMENTS	   1000
#define LAYER_WEIGHT	   100
#define SEGMENT_UNTRACKED  0x80
#define VARIATION_MAX_BYTE 0x7f

/*
 * bucketing_compile reads what is bucketed: a seed, if there can be and is one, stands for
 * key and salt.
 */
void
bucketing_compile(Bucketing *bucketing, const Members *source, const char *kind_name,
				  const char *seed_name, StringView key, StringView salt)
{
	StringView seed;
	StringView kind = STRING_VIEW("");
	StringView by = STRING_VIEW("");

	(void) member_string(source, kind_name, &kind);
	(void) member_string(source, "bucketBy", &by);
	attribute_reference_read(&bucketing->by, by, kind.length == 0);
	if (!bucketing->by.given)
		attribute_reference_read(&bucketing->by, STRING_VIEW("key"), true);
	bucketing->kind = kind.length == 0 ? STRING_VIEW("user") : kind;
	if (seed_name != NULL && member_decimal(source, seed_name, &seed))
		bucket_seed(&bucketing->seed, seed.data, seed.length);
	else
	{
		bucket_seed(&bucketing->seed, key.data, key.length);
		bucket_seed_more(&bucketing->seed, salt.data, salt.length);
	}
}

/*
 * bucketing_bucket finds the bucket of a context, from 0 to 1. It is 0 if the context has
 * no such kind or attribute, or the attribute is neither a string nor a whole number.
 */
BucketFault
bucketing_bucket(const Bucketing *bucketing, const Context *context, double *bucket)
{
	ContextPart part;
	JsonbValue value;
	char digits[DIGITS_MAX];
	StringView bytes;

	*bucket = 0;
	if (bucketing->by.depth == 0)
		return BUCKET_BAD_REFERENCE;
	if (!context_part(context, bucketing->kind, &part))
		return BUCKET_NO_KIND;
	if (!attribute_value(&bucketing->by, &part, &value))
		return BUCKETED;
	if (value.type == jbvString)
		bytes = (StringView){.data = value.val.string.val, .length = value.val.string.len};
	else if (value.type == jbvNumeric)
	{
		double number = json_double(&value);

		/* Up to 2^63, the whole numbers of Go. */
		if (number != rint(number) || fabs(number) >= 0x1p63)
			return BUCKETED;
		bytes = (StringView){.data = digits, .length = pg_lltoa((int64) number, digits)};
	}
	else
		return BUCKETED;
	*bucket =
		ldexp((double) bucket_hash(&bucketing->seed, bytes.data, bytes.length), -BUCKET_HASH_BITS);
	return BUCKETED;
}

/*
 * make_segments makes the short form of a list that has the entries of a layer.
 */
static void
make_segments(Rollout *rollout, bool of_layer)
{
	if (!of_layer || rollout->count != LAYER_SEGMENTS)
		return;
	rollout->segments = palloc(LAYER_SEGMENTS);
	for (int i = 0; i < LAYER_SEGMENTS; i++)
		rollout->segments[i] = (uint8) rollout->entries[i].variation |
							   (rollout->entries[i].untracked ? SEGMENT_UNTRACKED : 0);
	pfree(rollout->entries);
	rollout->entries = NULL;
}

/*
 * read_entries reads the variations of a rollout and their weights.
 */
static void
read_entries(Rollout *rollout, const Members *source)
{
	Elements elements;
	Members element;
	double sum = 0;
	bool of_layer = true;

	member_elements(source, "variations", &elements);
	rollout->entries = palloc0(elements.count * sizeof(RolloutEntry) + 1);
	while (elements_next_object(&elements, source, &element))
	{
		RolloutEntry *entry = &rollout->entries[rollout->count++];
		int32 weight = 0;

		(void) member_integer(&element, "variation", &entry->variation);
		(void) member_integer(&element, "weight", &weight);
		member_boolean(&element, "untracked", &entry->untracked);
		sum += weight / WEIGHTS;
		entry->end = sum;
		of_layer = of_layer && weight == LAYER_WEIGHT && entry->variation >= 0 &&
				   entry->variation <= VARIATION_MAX_BYTE;
	}
	make_segments(rollout, of_layer);
}

/*
 * variation_or_rollout_compile reads what a rule or a fallthrough serves, in the current
 * memory context.
 */
void
variation_or_rollout_compile(VariationOrRollout *choice, const Members *source, StringView key,
							 StringView salt)
{
	Members rollout;
	StringView kind = STRING_VIEW("");

	*choice = (VariationOrRollout){0};
	choice->fixed = member_integer(source, "variation", &choice->variation);
	if (!member_object(source, "rollout", &rollout))
		return;
	choice->rollout = palloc0(sizeof(Rollout));
	(void) member_string(&rollout, "kind", &kind);
	choice->rollout->experiment = view_equal(kind, STRING_VIEW("experiment"));
	bucketing_compile(&choice->rollout->bucketing, &rollout, "contextKind", "seed", key, salt);
	if (choice->rollout->experiment)
		attribute_reference_read(&choice->rollout->bucketing.by, STRING_VIEW("key"), true);
	read_entries(choice->rollout, &rollout);
}

/*
 * layer_ends are the ends of the thousand entries of weight 100, as a walk would sum them.
 */
static const double *
layer_ends(void)
{
	static double ends[LAYER_SEGMENTS];
	double sum = 0;

	if (ends[0] == 0)
		for (int i = 0; i < LAYER_SEGMENTS; i++)
			ends[i] = sum += LAYER_WEIGHT / WEIGHTS;
	return ends;
}

/*
 * layer_segment is the entry that a walk over a layer's list would find: near the bucket
 * times 1,000, and as the sums have it.
 */
static int
layer_segment(double bucket)
{
	const double *ends = layer_ends();
	int segment = Min((int) (bucket * LAYER_SEGMENTS), LAYER_SEGMENTS - 1);

	while (segment > 0 && bucket < ends[segment - 1])
		segment--;
	while (segment < LAYER_SEGMENTS - 1 && bucket >= ends[segment])
		segment++;
	return segment;
}

/*
 * find_entry is the first entry whose end is above the bucket, or the last one.
 */
static RolloutEntry
find_entry(const Rollout *rollout, double bucket)
{
	int i = 0;

	if (rollout->segments != NULL)
	{
		uint8 segment = rollout->segments[layer_segment(bucket)];

		return (RolloutEntry){.variation = segment & VARIATION_MAX_BYTE,
							  .untracked = (segment & SEGMENT_UNTRACKED) != 0};
	}
	while (i < rollout->count - 1 && bucket >= rollout->entries[i].end)
		i++;
	return rollout->entries[i];
}

/*
 * variation_or_rollout_choose finds the variation that a context is served, which may be out of range;
 * false if there is nothing to choose from or the rollout is malformed.
 */
bool
variation_or_rollout_choose(const VariationOrRollout *choice, const Context *context,
							int32 *variation, bool *in_experiment)
{
	const Rollout *rollout = choice->rollout;
	RolloutEntry entry;
	BucketFault fault;
	double bucket;

	*in_experiment = false;
	if (choice->fixed)
	{
		*variation = choice->variation;
		return true;
	}
	if (rollout == NULL || rollout->count == 0)
		return false;
	fault = bucketing_bucket(&rollout->bucketing, context, &bucket);
	if (fault == BUCKET_BAD_REFERENCE)
		return false;
	entry = find_entry(rollout, bucket);
	*variation = entry.variation;
	*in_experiment = rollout->experiment && !entry.untracked && fault == BUCKETED;
	return true;
}
