/*
 * experiment_rollout.c
 *	  What SDKs are sent of running experiments: the rollouts that stand in place of what the
 *	  rules of their flags serve.
 *
 * SDKs know no layers, but rollouts of kind experiment with a seed and weights.  Each experiment of
 * a layer is sent as the same thousand entries of weight 100 under the layer's seed: entry i
 * stands for segment i in all of them, in whichever arithmetic an SDK adds the weights up.  So two
 * experiments of a layer never both treat a unit.  What an experiment does not own, or has given to
 * no treatment, serves what is served outside of it, and is untracked.
 *
 * One that is in no layer has a seed of its own, and an entry for each treatment.
 */
#include "resource/layer/experiment_rollout.h"

#include "evaluation/bucket.h"
#include "resource/layer/reservation.h"
#include "resource/layer/treatment.h"
#include "util/document.h"
#include "utils/jsonb.h"

#define SEGMENT_WEIGHT (BUCKETS / LAYER_SEGMENTS)

#define ROLLOUTS                                                                                   \
	"SELECT f.key AS flag_key, coalesce(e.rule_id, 'fallthrough') AS rule_id, e.id, e.iteration, " \
	"e.randomization_unit,"                                                                        \
	" f.variations, coalesce(e.seed, l.seed) AS seed, r.segments AS owned, t.number,"              \
	" t.segments FROM flagplane_data.experiment e"                                                 \
	" JOIN flagplane_data.flag f ON f.account_id = e.account_id AND f.id = e.flag_id"              \
	" LEFT JOIN (flagplane_data.layer_reservation r JOIN flagplane_data.layer l"                   \
	" ON l.account_id = r.account_id AND l.id = r.layer_id)"                                       \
	" ON r.account_id = e.account_id AND r.experiment_id = e.id"                                   \
	" AND r.released_at IS NULL LEFT JOIN flagplane_data.experiment_treatment t"                   \
	" ON t.account_id = e.account_id AND t.experiment_id = e.id"                                   \
	" WHERE e.account_id = :account_id AND e.environment_id = :environment_id"                     \
	" AND e.status = 'running'"

#define IN_ORDER " ORDER BY f.key, rule_id, t.number"

STATEMENT(list_rollouts, ROLLOUTS IN_ORDER);

STATEMENT(list_rollouts_of_flag, ROLLOUTS " AND f.key = :flag_key" IN_ORDER);

/* A running experiment, as its rows are read. */
typedef struct RunningExperiment
{
	char *unit;
	int32 seed;
	bool in_layer;
	Bitmapset *owned;
	Treatments treatments;
	Jsonb *variations;
	int outside; /* index of the variation */
} RunningExperiment;

typedef struct ExperimentRollout
{
	char *flag_key;
	char *rule_id;
	char *rollout;
} ExperimentRollout;

struct ExperimentRollouts
{
	int count;
	ExperimentRollout *rollout;
};

static void
append_entry(StringInfo out, int variation, int weight, bool tracked)
{
	document_element(out);
	appendStringInfo(out, "{\"variation\":%d,\"weight\":%d%s}", variation, weight,
					 tracked ? "" : ",\"untracked\":true");
}

static int
variation_of(const RunningExperiment *running, int number)
{
	return variation_index(running->variations, running->treatments.treatment[number].variation_id);
}

/*
 * append_segments writes an entry for each segment of the layer.
 */
static void
append_segments(StringInfo out, const RunningExperiment *running)
{
	const Treatments *treatments = &running->treatments;
	int treatment_of[LAYER_SEGMENTS];

	for (int i = 0; i < LAYER_SEGMENTS; i++)
		treatment_of[i] = -1;
	for (int i = 0; i < treatments->count; i++)
	{
		int segment = -1;

		while ((segment = bms_next_member(treatments->treatment[i].segments, segment)) >= 0)
			treatment_of[segment] = i;
	}
	for (int i = 0; i < LAYER_SEGMENTS; i++)
	{
		int variation = running->outside;

		if (treatment_of[i] >= 0)
			variation = variation_of(running, treatment_of[i]);
		else if (i == FIRST_SEGMENT && bms_is_member(i, running->owned))
			variation = variation_of(running, treatments->baseline);
		append_entry(out, variation, SEGMENT_WEIGHT, treatment_of[i] >= 0);
	}
}

/*
 * append_weights writes an entry for each treatment, and one for what is outside.  The first one, which
 * contexts without the kind get, has some weight: the baseline, or else what is outside.
 */
static void
append_weights(StringInfo out, const RunningExperiment *running)
{
	const Treatments *treatments = &running->treatments;
	int *weights = palloc(sizeof(int) * (treatments->count + 1));
	int baseline = treatments->baseline;
	int outside = treatments->count;

	treatments_divide(treatments, BUCKETS, NULL, weights);
	if (weights[baseline] > 0)
		append_entry(out, variation_of(running, baseline), weights[baseline], true);
	else if (weights[outside] > 0)
		append_entry(out, running->outside, weights[outside], false);
	for (int i = 0; i < treatments->count; i++)
		if (i != baseline && weights[i] > 0)
			append_entry(out, variation_of(running, i), weights[i], true);
	if (weights[baseline] > 0 && weights[outside] > 0)
		append_entry(out, running->outside, weights[outside], false);
}

/*
 * rollout_text writes the rollout of a running experiment.
 */
static char *
rollout_text(const RunningExperiment *running)
{
	StringInfoData out;

	initStringInfo(&out);
	document_open(&out, '{');
	document_string(&out, "kind", "experiment");
	document_string(&out, "contextKind", running->unit);
	document_integer(&out, "seed", running->seed);
	document_key(&out, "variations");
	document_open(&out, '[');
	if (running->in_layer)
		append_segments(&out, running);
	else
		append_weights(&out, running);
	document_close(&out, ']');
	document_close(&out, '}');
	return out.data;
}

static RunningExperiment
running_of_row(Row *row)
{
	RunningExperiment running = {0};
	Jsonb *iteration =
		row_is_null(row, "iteration") ? NULL : DatumGetJsonbP(row_get_datum(row, "iteration"));

	running.treatments = treatments_read(iteration, row_get_string(row, "flag_key"));
	running.variations = DatumGetJsonbP(row_get_datum(row, "variations"));
	running.unit = row_get_string(row, "randomization_unit");
	running.in_layer = !row_is_null(row, "owned");
	if (running.in_layer)
		running.owned = layer_segments_read(row_get_datum(row, "owned"));
	running.seed = row_is_null(row, "seed") ? 0 : row_get_integer(row, "seed");
	return running;
}

/*
 * can_run tells whether a running experiment has what it needs; one that has been written by hand
 * may not, and changes nothing then.
 */
static bool
can_run(RunningExperiment *running)
{
	const Treatments *treatments = &running->treatments;

	if (running->seed == 0 || treatments_incomplete(treatments) != NULL)
		return false;
	for (int i = 0; i < treatments->count; i++)
		if (variation_of(running, i) < 0)
			return false;
	running->outside =
		variation_index(running->variations, treatments_outside_variation(treatments));
	return running->outside >= 0;
}

/*
 * read_treatment reads which segments carry a treatment, of a row that has one.
 */
static void
read_treatment(RunningExperiment *running, Row *row)
{
	int number;

	if (row_is_null(row, "number"))
		return;
	number = row_get_integer(row, "number");
	if (number >= 0 && number < running->treatments.count)
		running->treatments.treatment[number].segments =
			layer_segments_read(row_get_datum(row, "segments"));
}

/*
 * experiment_rollouts_read reads the rollouts of the experiments that run in an environment, by one
 * statement.
 */
ExperimentRollouts *
experiment_rollouts_read(int64 account, const char *environment_id, const char *flag_key,
						 StatementMode mode)
{
	ExperimentRollouts *rollouts = palloc0(sizeof(ExperimentRollouts));
	Params params = {0};
	Rows rows;
	uint64 next = 0;

	bind_bigint(&params, "account_id", account);
	bind_text(&params, "environment_id", environment_id);
	if (flag_key)
		bind_text(&params, "flag_key", flag_key);
	rows = statement_run(flag_key ? &list_rollouts_of_flag : &list_rollouts, &params, mode);
	rollouts->rollout = palloc(sizeof(ExperimentRollout) * (rows.count + 1));
	while (next < rows.count)
	{
		ExperimentRollout *rollout = &rollouts->rollout[rollouts->count];
		RunningExperiment running;
		char *id;
		Row row;

		row_read(&rows, next, &row);
		id = row_get_string(&row, "id");
		rollout->flag_key = row_get_string(&row, "flag_key");
		rollout->rule_id = row_get_string(&row, "rule_id");
		running = running_of_row(&row);
		do
			read_treatment(&running, &row);
		while (++next < rows.count &&
			   (row_read(&rows, next, &row), strcmp(row_get_string(&row, "id"), id) == 0));
		if (!can_run(&running))
			continue;
		rollout->rollout = rollout_text(&running);
		rollouts->count++;
	}
	return rollouts;
}

static int
compare_rollouts(const void *a, const void *b)
{
	const ExperimentRollout *one = a;
	const ExperimentRollout *other = b;
	int order = strcmp(one->flag_key, other->flag_key);

	return order ? order : strcmp(one->rule_id, other->rule_id);
}

/*
 * experiment_rollout_find finds what a rule serves while an experiment runs on it.
 */
const char *
experiment_rollout_find(const ExperimentRollouts *rollouts, const char *flag_key,
						const char *rule_id)
{
	const ExperimentRollout sought = {.flag_key = unconstify(char *, flag_key),
									  .rule_id = unconstify(char *, rule_id)};
	const ExperimentRollout *found = bsearch(&sought, rollouts->rollout, rollouts->count,
											 sizeof(ExperimentRollout), compare_rollouts);

	return found ? found->rollout : NULL;
}
