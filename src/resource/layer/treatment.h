/*
 * treatment.h
 *	  The treatments that an experiment compares, and which segments of its layer carry which.
 */
#ifndef FLAGPLANE_TREATMENT_H
#define FLAGPLANE_TREATMENT_H

#include "call/request.h"
#include "resource/layer/reservation.h"
#include "utils/jsonb.h"

/* The rule that stands for what a flag serves where no rule matches. */
#define FALLTHROUGH_RULE "fallthrough"

/* The segment of contexts that have not the kind that is bucketed. */
#define FIRST_SEGMENT 0

/* Allocations are counted in millionths of a percent. */
#define ALLOCATION_PERCENT INT64CONST(1000000)
#define ALLOCATION_TOTAL   (100 * ALLOCATION_PERCENT)

typedef struct Treatment
{
	char *name;
	char *variation_id; /* NULL: none is named */
	int64 allocation;	/* of ALLOCATION_TOTAL */
	Bitmapset *segments;
} Treatment;

/* What an iteration says of how it runs. */
typedef struct Treatments
{
	int count;
	Treatment *treatment;
	int baseline;				/* index; -1: none */
	int64 outside;				/* what the treatments leave of ALLOCATION_TOTAL */
	char *outside_variation_id; /* NULL: none is named, and it is the baseline's */
	char *rule_id;				/* of the flag */
} Treatments;

extern Treatments treatments_read(const Jsonb *iteration, const char *flag_key);
extern const char *treatments_outside_variation(const Treatments *treatments);
extern char *treatments_fault(const Treatments *treatments, const char *flag_key, Jsonb *variations,
							  Jsonb *rules);
extern char *treatments_incomplete(const Treatments *treatments);
extern int variation_index(Jsonb *variations, const char *id);
extern Jsonb *element_with_id(Jsonb *list, const char *id);
extern void
treatments_divide(const Treatments *treatments, int total, const int *owned, int *counts);

/* A running experiment's segments in its layer; whoever calls has locked the experiment. */
extern void treatments_draw(const Request *request, const char *experiment_id,
							const Reservation *reservation, Treatments *treatments);
extern void
treatments_grow(const Request *request, const char *experiment_id, Treatments *treatments,
				const Bitmapset *before, const Bitmapset *segments);
extern Bitmapset *treatments_shrink(const Request *request, const char *experiment_id,
									Treatments *treatments, const Bitmapset *segments, int count);
extern void treatments_release(const Request *request, const char *experiment_id);

#endif /* FLAGPLANE_TREATMENT_H */
