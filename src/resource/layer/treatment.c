/*
 * treatment.c
 *	  The treatments that an experiment compares, and which segments of its layer carry which.
 *
 * Each segment that a running experiment owns carries one treatment, or none: what the
 * treatments leave of 100 percent is owned by the experiment and outside of it.  How many carry
 * which follows from the allocations, what rounding leaves over goes to the largest remainders;
 * which ones is drawn at random.  When the share grows nobody who is in the experiment changes
 * the treatment, and when it shrinks some leave it and the others do not notice.
 *
 * Contexts that have nothing to be bucketed by are in segment 0, and not in the
 * experiment.  So that they get what they got before, it carries the baseline.
 */
#include "resource/layer/treatment.h"

#include <math.h>

#include "resource/layer/reservation.h"
#include "util/jsonb.h"

STATEMENT(list_treatments, "SELECT t.number, t.segments FROM flagplane_data.experiment_treatment t"
						   " WHERE t.account_id = :account_id"
						   " AND t.experiment_id = :experiment_id");

STATEMENT(insert_treatment, "INSERT INTO flagplane_data.experiment_treatment"
							" (account_id, experiment_id, number, layer_id, environment_id,"
							" segments) VALUES (:account_id, :experiment_id, :number, :layer_id,"
							" :environment_id, :segments::pg_catalog.int4multirange)");

STATEMENT(update_treatment, "UPDATE flagplane_data.experiment_treatment t"
							" SET segments = :segments::pg_catalog.int4multirange"
							" WHERE t.account_id = :account_id"
							" AND t.experiment_id = :experiment_id AND t.number = :number");

STATEMENT(delete_treatments, "DELETE FROM flagplane_data.experiment_treatment t"
							 " WHERE t.account_id = :account_id"
							 " AND t.experiment_id = :experiment_id");

/*
 * text_member is a member that is a string; NULL if it is absent.
 */
static char *
text_member(const Jsonb *object, const char *name)
{
	JsonbValue value;

	return object && jsonb_member(object, name, &value) ? jsonb_string(&value) : NULL;
}

/*
 * list_length_of is how many elements a member has that is a list, or absent.
 */
static int
list_length_of(const Jsonb *list)
{
	return list && jsonb_is_array(list) ? JB_ROOT_COUNT(list) : 0;
}

static Jsonb *
element_at(Jsonb *list, int index)
{
	return JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, index));
}

/*
 * read_variation is the variation of a flag that a treatment names; NULL if it names none.
 */
static char *
read_variation(const Jsonb *treatment, const char *flag_key)
{
	Jsonb *parameters = jsonb_member_of(treatment, "parameters");

	for (int i = 0; i < list_length_of(parameters); i++)
	{
		Jsonb *parameter = element_at(parameters, i);
		char *key = text_member(parameter, "flagKey");

		if (key && flag_key && strcmp(key, flag_key) == 0)
			return text_member(parameter, "variationId");
	}
	return NULL;
}

/*
 * treatments_read reads what an iteration (NULL: there is none) says of how it runs on a flag (NULL: on
 * none).  It has been validated when it was written.
 */
Treatments
treatments_read(const Jsonb *iteration, const char *flag_key)
{
	Treatments treatments = {.baseline = -1, .outside = ALLOCATION_TOTAL};
	Jsonb *flags = iteration ? jsonb_member_of(iteration, "flags") : NULL;
	Jsonb *flag = flags && flag_key ? jsonb_member_of(flags, flag_key) : NULL;
	Jsonb *list = iteration ? jsonb_member_of(iteration, "treatments") : NULL;

	treatments.rule_id = text_member(flag, "ruleId");
	if (treatments.rule_id == NULL)
		treatments.rule_id = pstrdup(FALLTHROUGH_RULE);
	treatments.outside_variation_id = text_member(flag, "notInExperimentVariationId");
	treatments.count = list_length_of(list);
	treatments.treatment = palloc0(sizeof(Treatment) * (treatments.count + 1));
	for (int i = 0; i < treatments.count; i++)
	{
		Jsonb *source = element_at(list, i);
		Treatment *treatment = &treatments.treatment[i];
		JsonbValue value;

		treatment->name = text_member(source, "name");
		treatment->variation_id = read_variation(source, flag_key);
		treatment->allocation = (int64) rint(
			strtod(text_member(source, "allocationPercent"), NULL) * ALLOCATION_PERCENT);
		treatments.outside -= treatment->allocation;
		if (jsonb_member(source, "baseline", &value) && value.val.boolean)
			treatments.baseline = i;
	}
	treatments.outside = Max(treatments.outside, 0);
	return treatments;
}

/*
 * treatments_outside_variation is what is served outside of the experiment: unless it is named, what
 * the baseline is.
 */
const char *
treatments_outside_variation(const Treatments *treatments)
{
	if (treatments->outside_variation_id)
		return treatments->outside_variation_id;
	return treatments->baseline < 0 ? NULL
									: treatments->treatment[treatments->baseline].variation_id;
}

/*
 * variation_index is the index of the element of a list that has an id; -1 if none has.
 */
int
variation_index(Jsonb *variations, const char *id)
{
	for (int i = 0; i < list_length_of(variations); i++)
	{
		char *other = text_member(element_at(variations, i), "_id");

		if (other && strcmp(other, id) == 0)
			return i;
	}
	return -1;
}

/*
 * element_with_id is the element of a list that has an id; NULL if none has.
 */
Jsonb *
element_with_id(Jsonb *list, const char *id)
{
	int index = variation_index(list, id);

	return index < 0 ? NULL : element_at(list, index);
}

/*
 * treatments_fault tells what of the treatments is not there in the flag; NULL if all of it is.
 */
char *
treatments_fault(const Treatments *treatments, const char *flag_key, Jsonb *variations,
				 Jsonb *rules)
{
	for (int i = 0; i < treatments->count; i++)
	{
		const Treatment *treatment = &treatments->treatment[i];

		if (treatment->variation_id && variation_index(variations, treatment->variation_id) < 0)
			return psprintf(
				"has a treatment \"%s\" with a variation that flag \"%s\" does not have",
				treatment->name, flag_key);
	}
	if (treatments->outside_variation_id &&
		variation_index(variations, treatments->outside_variation_id) < 0)
		return psprintf("has a notInExperimentVariationId that flag \"%s\" does not have",
						flag_key);
	if (strcmp(treatments->rule_id, FALLTHROUGH_RULE) != 0 &&
		variation_index(rules, treatments->rule_id) < 0)
		return psprintf("has a ruleId that is neither fallthrough nor that of a rule of flag \"%s\""
						" in the environment",
						flag_key);
	return NULL;
}

/*
 * treatments_incomplete tells what the treatments lack for the experiment to start; NULL if they lack
 * nothing.
 */
char *
treatments_incomplete(const Treatments *treatments)
{
	int64 allocated = 0;

	for (int i = 0; i < treatments->count; i++)
	{
		if (treatments->treatment[i].variation_id == NULL)
			return psprintf("has no variation for treatment \"%s\"", treatments->treatment[i].name);
		allocated += treatments->treatment[i].allocation;
	}
	if (allocated == 0)
		return "has no treatment with more than 0 %";
	if (treatments->baseline < 0)
		return "has no treatment as baseline";
	return NULL;
}

/*
 * share_of is how much of a whole a treatment has, or, after the last one, what is outside.
 */
static int64
share_of(const Treatments *treatments, int index)
{
	return index < treatments->count ? treatments->treatment[index].allocation
									 : treatments->outside;
}

/*
 * next_share is the index of the share that is furthest below what it should be, or above; the
 * first of several.
 */
static int
next_share(const Treatments *treatments, int total, const int *counts, bool below)
{
	int64 furthest = 0;
	int found = -1;

	for (int i = 0; i <= treatments->count; i++)
	{
		int64 lack = total * share_of(treatments, i) - counts[i] * ALLOCATION_TOTAL;

		if (!below)
			lack = counts[i] > 0 ? -lack : PG_INT64_MIN;
		if (found < 0 || lack > furthest)
		{
			furthest = lack;
			found = i;
		}
	}
	return found;
}

/*
 * treatments_divide divides a total among the treatments and, last, what is outside, with the
 * largest remainders.  Who owns something already (NULL: nobody does) is not made to give up what
 * others get.
 */
void
treatments_divide(const Treatments *treatments, int total, const int *owned, int *counts)
{
	int left = total;

	for (int i = 0; i <= treatments->count; i++)
	{
		counts[i] = owned ? owned[i] : (int) (total * share_of(treatments, i) / ALLOCATION_TOTAL);
		left -= counts[i];
	}
	for (; left > 0; left--)
		counts[next_share(treatments, total, counts, true)]++;
	for (; left < 0; left++)
		counts[next_share(treatments, total, counts, false)]--;
}

/*
 * read_segments reads which segments carry the treatments, and counts them, those that are
 * outside last; returns the latter.
 */
static Bitmapset *
read_segments(const Request *request, const char *experiment_id, Treatments *treatments,
			  const Bitmapset *segments, int *owned)
{
	Bitmapset *outside = bms_copy(segments);
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "experiment_id", experiment_id);
	rows = statement_run(&list_treatments, &params, request->mode);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;
		int number;
		Bitmapset *carried;

		row_read(&rows, i, &row);
		number = row_get_integer(&row, "number");
		carried = layer_segments_read(row_get_datum(&row, "segments"));
		if (number < 0 || number >= treatments->count)
			elog(ERROR, "a treatment is not one of its experiment's");
		treatments->treatment[number].segments = carried;
		owned[number] = bms_num_members(carried);
		outside = bms_del_members(outside, carried);
	}
	owned[treatments->count] = bms_num_members(outside);
	return outside;
}

/*
 * draw gives new segments to the treatments: so many that each has its share of all, and the others
 * none.
 */
static void
draw(Treatments *treatments, int total, int *owned, Bitmapset *new_segments)
{
	int *counts = palloc(sizeof(int) * (treatments->count + 1));

	if (bms_is_member(FIRST_SEGMENT, new_segments))
	{
		Treatment *baseline =
			treatments->baseline < 0 ? NULL : &treatments->treatment[treatments->baseline];
		bool carries = baseline && baseline->allocation > 0;

		new_segments = bms_del_member(new_segments, FIRST_SEGMENT);
		if (carries)
			baseline->segments = bms_add_member(baseline->segments, FIRST_SEGMENT);
		owned[carries ? treatments->baseline : treatments->count]++;
	}
	treatments_divide(treatments, total, owned, counts);
	for (int i = 0; i < treatments->count; i++)
	{
		Bitmapset *drawn = layer_segments_sample(new_segments, counts[i] - owned[i]);

		new_segments = bms_del_members(new_segments, drawn);
		treatments->treatment[i].segments =
			bms_add_members(treatments->treatment[i].segments, drawn);
	}
}

/*
 * store writes which segments carry the treatments.
 */
static void
store(const Request *request, Statement *statement, Params *params, const Treatments *treatments)
{
	for (int i = 0; i < treatments->count; i++)
	{
		bind_integer(params, "number", i);
		bind_text(params, "segments", layer_segments_text(treatments->treatment[i].segments));
		statement_run(statement, params, STATEMENT_WRITE);
	}
}

/*
 * treatments_draw draws which of the segments that an experiment has reserved carry which
 * treatment, when it starts.
 */
void
treatments_draw(const Request *request, const char *experiment_id, const Reservation *reservation,
				Treatments *treatments)
{
	Params params = experiment_params(request, experiment_id);
	int *owned = palloc0(sizeof(int) * (treatments->count + 1));

	draw(treatments, bms_num_members(reservation->segments), owned,
		 bms_copy(reservation->segments));
	bind_text(&params, "layer_id", reservation->layer_id);
	bind_text(&params, "environment_id", reservation->environment_id);
	store(request, &insert_treatment, &params, treatments);
}

/*
 * treatments_grow draws which treatments the segments carry that an experiment owns now and did
 * not before.
 */
void
treatments_grow(const Request *request, const char *experiment_id, Treatments *treatments,
				const Bitmapset *before, const Bitmapset *segments)
{
	Params params = experiment_params(request, experiment_id);
	int *owned = palloc0(sizeof(int) * (treatments->count + 1));

	(void) read_segments(request, experiment_id, treatments, before, owned);
	draw(treatments, bms_num_members(segments), owned, bms_difference(segments, before));
	store(request, &update_treatment, &params, treatments);
}

/*
 * treatments_shrink draws count of the segments that an experiment owns, from each treatment its
 * share, and takes them away.
 */
Bitmapset *
treatments_shrink(const Request *request, const char *experiment_id, Treatments *treatments,
				  const Bitmapset *segments, int count)
{
	Params params = experiment_params(request, experiment_id);
	int *owned = palloc0(sizeof(int) * (treatments->count + 1));
	int *counts = palloc(sizeof(int) * (treatments->count + 1));
	Bitmapset *outside = read_segments(request, experiment_id, treatments, segments, owned);
	Bitmapset *released;

	treatments_divide(treatments, bms_num_members(segments) - count, owned, counts);
	released = layer_segments_sample(outside, owned[treatments->count] - counts[treatments->count]);
	for (int i = 0; i < treatments->count; i++)
	{
		Treatment *treatment = &treatments->treatment[i];
		Bitmapset *drawn = layer_segments_sample(treatment->segments, owned[i] - counts[i]);

		treatment->segments = bms_del_members(treatment->segments, drawn);
		released = bms_add_members(released, drawn);
	}
	store(request, &update_treatment, &params, treatments);
	return released;
}

/*
 * treatments_release forgets which segments carry the treatments of an experiment that stops.
 */
void
treatments_release(const Request *request, const char *experiment_id)
{
	Params params = experiment_params(request, experiment_id);

	statement_run(&delete_treatments, &params, STATEMENT_WRITE);
}
