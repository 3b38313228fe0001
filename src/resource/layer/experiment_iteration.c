/*
 * experiment_iteration.c
 *	  An experiment's iteration: as a creation may describe it, and as answers show
 *	  it.  Kept of it are the hypothesis, the flag and the randomization unit.
 */
#include "resource/layer/experiment.h"
#include "resource/resource.h"

#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/* The fields of create_experiment that an iteration can fill, and the one that it is. */
enum
{
	FLAG = 5,
	RANDOMIZATION_UNIT,
	ITERATION
};

/*
 * fill gives a field the value that the iteration has for it; another one that was
 * given outside is refused.
 */
static void
fill(Request *request, int field, const char *member, char *value, const char *otherwise)
{
	char *given = request_given(request, field) ? request_string(request, field) : NULL;

	if (given && strcmp(given, value) != 0 && (!otherwise || strcmp(given, otherwise) != 0))
		request_violation(request, ITERATION, "has other %s than given beside it", member);
	else
		field_set(request, field, CStringGetTextDatum(value));
}

/*
 * read_flags reads the flag that the iteration is about: the only name in flags.
 */
static void
read_flags(Request *request, Jsonb *iteration)
{
	JsonbIterator *iterator;
	JsonbValue value;
	Jsonb *flags;

	if (!jsonb_member(iteration, "flags", &value))
		return;
	flags = JsonbValueToJsonb(&value);
	if (!JB_ROOT_IS_OBJECT(flags) || JB_ROOT_COUNT(flags) > 1)
		request_violation(request, ITERATION, "must have as flags an object of at most one flag");
	else if (JB_ROOT_COUNT(flags) == 1)
	{
		iterator = JsonbIteratorInit(&flags->root);
		(void) JsonbIteratorNext(&iterator, &value, true);
		(void) JsonbIteratorNext(&iterator, &value, true);
		fill(request, FLAG, "flags", jsonb_string(&value), NULL);
	}
}

/*
 * read_unit reads the iteration's randomization unit.
 */
static void
read_unit(Request *request, Jsonb *iteration)
{
	JsonbValue value;
	char *unit;

	if (!jsonb_member(iteration, "randomizationUnit", &value))
		return;
	unit = jsonb_string(&value);
	if (unit == NULL || strlen(unit) > KEY_MAX || !is_key(unit))
		request_violation(request, ITERATION, "must have a key as randomizationUnit");
	else
		fill(request, RANDOMIZATION_UNIT, "randomizationUnit", unit, DEFAULT_UNIT);
}

/*
 * check_create_experiment reads iteration into the fields that mean the same, and
 * the hypothesis into $11.  What it says of metrics and treatments is taken and not
 * kept.
 */
void
check_create_experiment(Request *request)
{
	static const char *const members[] = {"hypothesis",
										  "canReshuffleTraffic",
										  "metrics",
										  "primarySingleMetricKey",
										  "primaryFunnelKey",
										  "treatments",
										  "flags",
										  "randomizationUnit",
										  "attributes",
										  NULL};
	char *hypothesis = NULL;

	if (request_given(request, ITERATION) && !request->broken[ITERATION])
	{
		Jsonb *iteration = DatumGetJsonbP(request->params.values[FIELD_PARAM(ITERATION)]);
		char *stranger = jsonb_unknown_key(iteration, members);
		JsonbValue value;

		if (stranger)
			request_violation(request, ITERATION, "has an unknown member %s", stranger);
		else if (jsonb_member(iteration, "hypothesis", &value) &&
				 ((hypothesis = jsonb_string(&value)) == NULL ||
				  strlen(hypothesis) > DESCRIPTION_MAX))
			request_violation(request, ITERATION,
							  "must have as hypothesis a string of at most %d bytes",
							  DESCRIPTION_MAX);
		read_flags(request, iteration);
		read_unit(request, iteration);
	}
	params_text(&request->params, hypothesis);
}

/*
 * iteration_document writes the IterationRep: what is not there yet is left out.
 */
void
iteration_document(StringInfo out, const char *project_key, const Experiment *experiment)
{
	document_open(out, '{');
	document_string(out, "hypothesis",
					experiment->hypothesis ? experiment->hypothesis : experiment->description);
	document_string(out, "status", experiment->status);
	document_milliseconds(out, "createdAt", experiment->created_at);
	if (!TIMESTAMP_IS_NOBEGIN(experiment->started_at))
		document_milliseconds(out, "startedAt", experiment->started_at);
	if (!TIMESTAMP_IS_NOBEGIN(experiment->stopped_at))
		document_milliseconds(out, "endedAt", experiment->stopped_at);
	if (experiment->flag_key)
	{
		document_key(out, "flags");
		document_open(out, '{');
		document_key(out, experiment->flag_key);
		appendStringInfoString(out, "{\"_links\":{");
		document_link(out, "self", "/api/v2/flags/%s/%s", project_key, experiment->flag_key);
		appendStringInfoString(out, "}}}");
	}
	document_string(out, "randomizationUnit", experiment->randomization_unit);
	if (experiment->layer_snapshot)
		document_raw(out, "layerSnapshot", experiment->layer_snapshot);
	document_close(out, '}');
}
