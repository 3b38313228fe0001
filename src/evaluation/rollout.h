/*
 * rollout.h
 *	  Percentage rollouts and experiments, compiled, and the bucket they go by.
 */
#ifndef FLAGPLANE_ROLLOUT_H
#define FLAGPLANE_ROLLOUT_H

#include "evaluation/context.h"
#include "evaluation/member.h"
#include "util/sha1.h"

/* What is bucketed: an attribute of a kind, under a seed or a key and a salt. */
typedef struct Bucketing
{
	Sha1 seed; /* the hash, begun with all that comes before the value */
	StringView kind;
	AttributeReference by;
} Bucketing;

typedef struct RolloutEntry
{
	double end; /* the sum of the weights so far, of 1 */
	int32 variation;
	bool untracked;
} RolloutEntry;

/*
 * A rollout has entries, or segments: the thousand entries of weight 100 that a layer's
 * experiments have, a byte each, the highest bit of which says untracked.
 */
typedef struct Rollout
{
	bool experiment;
	Bucketing bucketing;
	int count;
	RolloutEntry *entries;
	uint8 *segments;
} Rollout;

/* A variation, or a rollout; neither is an error when it is reached. */
typedef struct VariationOrRollout
{
	bool fixed;
	int32 variation;
	Rollout *rollout;
} VariationOrRollout;

typedef enum BucketFault
{
	BUCKETED,
	BUCKET_NO_KIND,
	BUCKET_BAD_REFERENCE
} BucketFault;

extern void bucketing_compile(Bucketing *bucketing, const Members *source, const char *kind_name,
							  const char *seed_name, StringView key, StringView salt);
extern BucketFault
bucketing_bucket(const Bucketing *bucketing, const Context *context, double *bucket);
extern void variation_or_rollout_compile(VariationOrRollout *choice, const Members *source,
										 StringView key, StringView salt);
extern bool variation_or_rollout_choose(const VariationOrRollout *choice, const Context *context,
										int32 *variation, bool *in_experiment);

#endif /* FLAGPLANE_ROLLOUT_H */
