/*
 * experiment_iteration.c
 *	  An experiment's iteration: validated when an experiment is created, and written
 *	  in responses.
 *
 * It is stored as it was given, once it has been validated; hypothesis, flag and
 * randomization unit are columns beside it.
 */
#include "resource/layer/experiment.h"
#include "resource/resource.h"

#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

/* An iteration has at most so many treatments, metrics and attributes each. */
#define ELEMENTS_MAX 100

/* What a member of one of the iteration's objects is. */
typedef enum IterationType
{
	TEXT,
	PROSE, /* may be empty */
	BOOLEAN,
	INTEGER,
	PERCENT, /* a text: "50", "33.3" */
	ARRAY
} IterationType;

typedef struct IterationMember
{
	const char *name;
	IterationType type;
	bool required;
} IterationMember;

static const char *const type_names[] = {
	[TEXT] = "a string of 1 to " CppAsString2(DESCRIPTION_MAX) " bytes",
	[PROSE] = "a string of at most " CppAsString2(DESCRIPTION_MAX) " bytes",
	[BOOLEAN] = "true or false",
	[INTEGER] = "a whole number",
	[PERCENT] = "a string from \"0\" to \"100\"",
	[ARRAY] = "a list",
};

static const IterationMember treatment_members[] = {{"name", TEXT, true},
													{"baseline", BOOLEAN, true},
													{"allocationPercent", PERCENT, true},
													{"parameters", ARRAY, true},
													{NULL}};

static const IterationMember parameter_members[] = {
	{"flagKey", TEXT, true}, {"variationId", TEXT, true}, {NULL}};

static const IterationMember metric_members[] = {
	{"key", TEXT, true}, {"isGroup", BOOLEAN, false}, {"primary", BOOLEAN, false}, {NULL}};

static const IterationMember flag_members[] = {{"ruleId", TEXT, false},
											   {"flagConfigVersion", INTEGER, false},
											   {"notInExperimentVariationId", TEXT, false},
											   {NULL}};

static const IterationMember iteration_members[] = {{"hypothesis", PROSE, false},
													{"canReshuffleTraffic", BOOLEAN, false},
													{"primarySingleMetricKey", TEXT, false},
													{"primaryFunnelKey", TEXT, false},
													{"reallocationFrequencyMillis", INTEGER, false},
													{"metrics", ARRAY, false},
													{"treatments", ARRAY, false},
													{"attributes", ARRAY, false},
													{NULL}};

/*
 * set_field gives a field the iteration's value for it, and refuses another value beside
 * it.
 */
static void
set_field(Request *request, int field, const char *member, char *value, const char *otherwise)
{
	char *given = request_given(request, field) ? request_string(request, field) : NULL;

	if (given && strcmp(given, value) != 0 && (!otherwise || strcmp(given, otherwise) != 0))
		request_violation(request, EXPERIMENT_ITERATION, "has other %s than given beside it",
						  member);
	else
		field_set(request, field, CStringGetTextDatum(value));
}

/*
 * is_percent reads a number from 0 to 100; false if the text is none.
 */
static bool
is_percent(const char *text, double *percent)
{
	char *end;

	if (text == NULL || strspn(text, "0123456789.") != strlen(text))
		return false;
	*percent = strtod(text, &end);
	return end != text && *end == '\0' && *percent <= 100;
}

static bool
is_of_type(const JsonbValue *value, IterationType type)
{
	double percent;
	int32 integer;

	switch (type)
	{
		case TEXT:
			return value->type == jbvString && value->val.string.len > 0 &&
				   value->val.string.len <= DESCRIPTION_MAX;
		case PROSE:
			return value->type == jbvString && value->val.string.len <= DESCRIPTION_MAX;
		case BOOLEAN:
			return value->type == jbvBool;
		case INTEGER:
			return jsonb_integer(value, &integer) && integer >= 0;
		case PERCENT:
			return is_percent(jsonb_string(value), &percent);
		case ARRAY:
			return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
	}
	pg_unreachable();
}

/*
 * check_members validates the members of an object within the iteration; place is their
 * path in messages.  False if there is a violation.
 */
static bool
check_members(Request *request, const char *place, const Jsonb *object,
			  const IterationMember *members)
{
	for (; members->name; members++)
	{
		JsonbValue value;
		bool given = jsonb_member(object, members->name, &value);

		if ((given && is_of_type(&value, members->type)) || (!given && !members->required))
			continue;
		request_violation(request, EXPERIMENT_ITERATION, "must have as %s%s %s", place,
						  members->name, type_names[members->type]);
		return false;
	}
	return true;
}

/*
 * unknown_member is the name of an object's first unknown member; NULL if there is none.
 */
static char *
unknown_member(const Jsonb *object, const IterationMember *members)
{
	const char *names[lengthof(iteration_members)] = {NULL};

	for (int i = 0; members[i].name; i++)
		names[i] = members[i].name;
	return jsonb_unknown_key(object, names);
}

static bool
check_object(Request *request, const char *place, const Jsonb *object,
			 const IterationMember *members)
{
	char *unknown;

	if (!JB_ROOT_IS_OBJECT(object))
	{
		request_violation(request, EXPERIMENT_ITERATION, "must have an object as %.*s",
						  (int) strlen(place) - 1, place);
		return false;
	}
	unknown = unknown_member(object, members);
	if (unknown)
	{
		request_violation(request, EXPERIMENT_ITERATION, "has an unknown member %s%s", place,
						  unknown);
		return false;
	}
	return check_members(request, place, object, members);
}

/*
 * check_elements validates the elements of a list within an object.  Returns the list;
 * NULL if it is absent or has a violation.
 */
static Jsonb *
check_elements(Request *request, const char *place, const Jsonb *object, const char *name,
			   const IterationMember *members)
{
	Jsonb *list = jsonb_member_of(object, name);
	uint32 count = list ? JB_ROOT_COUNT(list) : 0;

	if (count > ELEMENTS_MAX)
	{
		request_violation(request, EXPERIMENT_ITERATION, "must have at most %d %s%s", ELEMENTS_MAX,
						  place, name);
		return NULL;
	}
	for (uint32 i = 0; i < count; i++)
		if (!check_object(request, psprintf("%s%s[%u].", place, name, i),
						  JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i)),
						  members))
			return NULL;
	return list;
}

/*
 * check_treatments validates the treatments: at most one baseline, and at most 100
 * percent together.
 */
static void
check_treatments(Request *request, const Jsonb *iteration)
{
	Jsonb *list = check_elements(request, "", iteration, "treatments", treatment_members);
	double total = 0;
	int baselines = 0;

	for (uint32 i = 0; list && i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *treatment = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		JsonbValue value;
		double percent = 0;

		(void) check_elements(request, psprintf("treatments[%u].", i), treatment, "parameters",
							  parameter_members);
		(void) jsonb_member(treatment, "allocationPercent", &value);
		(void) is_percent(jsonb_string(&value), &percent);
		total += percent;
		(void) jsonb_member(treatment, "baseline", &value);
		baselines += value.val.boolean;
	}
	/* Shares such as 33.3 are no whole numbers in binary. */
	if (total > 100.000001)
		request_violation(request, EXPERIMENT_ITERATION,
						  "must have treatments of at most 100 %% together");
	if (baselines > 1)
		request_violation(request, EXPERIMENT_ITERATION,
						  "must have one treatment as baseline at most");
}

static void
check_attributes(Request *request, const Jsonb *iteration)
{
	Jsonb *list = jsonb_member_of(iteration, "attributes");

	for (uint32 i = 0; list && i < JB_ROOT_COUNT(list); i++)
		if (i == ELEMENTS_MAX || getIthJsonbValueFromContainer(&list->root, i)->type != jbvString)
		{
			request_violation(request, EXPERIMENT_ITERATION,
							  "must have as attributes at most %d strings", ELEMENTS_MAX);
			return;
		}
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
	char *key;

	if (!jsonb_member(iteration, "flags", &value))
		return;
	flags = JsonbValueToJsonb(&value);
	if (!JB_ROOT_IS_OBJECT(flags) || JB_ROOT_COUNT(flags) > 1)
		request_violation(request, EXPERIMENT_ITERATION,
						  "must have as flags an object of at most one flag");
	else if (JB_ROOT_COUNT(flags) == 1)
	{
		iterator = JsonbIteratorInit(&flags->root);
		(void) JsonbIteratorNext(&iterator, &value, true);
		(void) JsonbIteratorNext(&iterator, &value, true);
		key = jsonb_string(&value);
		set_field(request, EXPERIMENT_FLAG, "flags", key, NULL);
		(void) JsonbIteratorNext(&iterator, &value, true);
		(void) check_object(request, psprintf("flags.%s.", key), JsonbValueToJsonb(&value),
							flag_members);
	}
}

static void
read_unit(Request *request, Jsonb *iteration)
{
	JsonbValue value;
	char *unit;

	if (!jsonb_member(iteration, "randomizationUnit", &value))
		return;
	unit = jsonb_string(&value);
	if (unit == NULL || strlen(unit) > KEY_MAX || !is_key(unit))
		request_violation(request, EXPERIMENT_ITERATION, "must have a key as randomizationUnit");
	else
		set_field(request, EXPERIMENT_UNIT, "randomizationUnit", unit, DEFAULT_UNIT);
}

/*
 * check_create_experiment validates iteration, sets the fields that mean the same as
 * its members, and leaves the hypothesis as the request's state.
 */
void
check_create_experiment(Request *request)
{
	static const char *const names[] = {"hypothesis",
										"canReshuffleTraffic",
										"metrics",
										"primarySingleMetricKey",
										"primaryFunnelKey",
										"reallocationFrequencyMillis",
										"treatments",
										"flags",
										"randomizationUnit",
										"attributes",
										NULL};
	char *hypothesis = NULL;

	if (request_given(request, EXPERIMENT_ITERATION) && !request->broken[EXPERIMENT_ITERATION])
	{
		Jsonb *iteration =
			DatumGetJsonbP(request->params.values[FIELD_PARAM(EXPERIMENT_ITERATION)]);
		char *unknown = jsonb_unknown_key(iteration, names);
		JsonbValue value;

		if (unknown)
			request_violation(request, EXPERIMENT_ITERATION, "has an unknown member %s", unknown);
		else if (check_members(request, "", iteration, iteration_members))
		{
			if (jsonb_member(iteration, "hypothesis", &value))
				hypothesis = jsonb_string(&value);
			(void) check_elements(request, "", iteration, "metrics", metric_members);
			check_treatments(request, iteration);
			check_attributes(request, iteration);
		}
		read_flags(request, iteration);
		read_unit(request, iteration);
	}
	request->state = hypothesis;
}

/*
 * copy_member copies a member of an object into the response, if it is there.
 */
static void
copy_member(StringInfo out, const char *name, const Jsonb *object, const char *member)
{
	Jsonb *value = object ? jsonb_member_of(object, member) : NULL;

	if (value)
		document_raw(out, name, jsonb_text(value));
}

/*
 * metric_document writes a metric.  Only its key is recorded, so that is its name and its
 * version too.
 */
static void
metric_document(StringInfo out, const char *key, bool is_group)
{
	document_open(out, '{');
	document_string(out, "key", key);
	document_string(out, "_versionId", key);
	document_string(out, "name", key);
	document_string(out, "kind", is_group ? "funnel" : "custom");
	document_boolean(out, "isGroup", is_group);
	document_raw(out, "_links", "{}");
}

/*
 * primary_document writes the primary metric, single or a funnel, that a member of the
 * iteration names.
 */
static void
primary_document(StringInfo out, const char *name, const Jsonb *iteration, const char *member,
				 bool is_group)
{
	JsonbValue key;

	if (!jsonb_member(iteration, member, &key))
		return;
	document_key(out, name);
	metric_document(out, jsonb_string(&key), is_group);
	document_close(out, '}');
}

/*
 * metrics_document writes metrics: all of them, or those that are not the primary one.
 */
static void
metrics_document(StringInfo out, const char *name, const Jsonb *iteration, bool secondary)
{
	Jsonb *list = jsonb_member_of(iteration, "metrics");
	Jsonb *primary = jsonb_member_of(iteration, "primarySingleMetricKey");

	if (list == NULL)
		return;
	document_key(out, name);
	document_open(out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *metric = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		JsonbValue is_group;
		JsonbValue is_primary;
		JsonbValue key;
		bool has_primary = jsonb_member(metric, "primary", &is_primary);

		(void) jsonb_member(metric, "key", &key);
		if (secondary && ((has_primary && is_primary.val.boolean) ||
						  (primary && jsonb_equal(primary, JsonbValueToJsonb(&key)))))
			continue;
		document_element(out);
		metric_document(out, jsonb_string(&key),
						jsonb_member(metric, "isGroup", &is_group) && is_group.val.boolean);
		copy_member(out, "primary", metric, "primary");
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * treatments_document writes the treatments; a treatment's id is that of the variation
 * it is about.
 */
static void
treatments_document(StringInfo out, const Jsonb *iteration)
{
	Jsonb *list = jsonb_member_of(iteration, "treatments");

	if (list == NULL)
		return;
	document_key(out, "treatments");
	document_open(out, '[');
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		Jsonb *treatment = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		Jsonb *parameters = jsonb_member_of(treatment, "parameters");

		document_element(out);
		document_open(out, '{');
		if (JB_ROOT_COUNT(parameters) > 0)
			copy_member(out, "_id",
						JsonbValueToJsonb(getIthJsonbValueFromContainer(&parameters->root, 0)),
						"variationId");
		copy_member(out, "name", treatment, "name");
		copy_member(out, "allocationPercent", treatment, "allocationPercent");
		copy_member(out, "baseline", treatment, "baseline");
		copy_member(out, "parameters", treatment, "parameters");
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * flags_document writes the flag that the experiment is about, with the rule that it runs
 * on.
 */
static void
flags_document(StringInfo out, const char *project_key, const Experiment *experiment)
{
	Jsonb *flags = experiment->iteration ? jsonb_member_of(experiment->iteration, "flags") : NULL;
	Jsonb *flag = flags ? jsonb_member_of(flags, experiment->flag_key) : NULL;

	document_key(out, "flags");
	document_open(out, '{');
	document_key(out, experiment->flag_key);
	document_open(out, '{');
	copy_member(out, "targetingRule", flag, "ruleId");
	copy_member(out, "flagConfigVersion", flag, "flagConfigVersion");
	copy_member(out, "notInExperimentVariationId", flag, "notInExperimentVariationId");
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/flags/%s/%s", project_key, experiment->flag_key);
	document_close(out, '}');
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * plan_document writes what the creation said of the iteration.
 */
static void
plan_document(StringInfo out, const Jsonb *iteration, const char *expand)
{
	copy_member(out, "canReshuffleTraffic", iteration, "canReshuffleTraffic");
	copy_member(out, "reallocationFrequencyMillis", iteration, "reallocationFrequencyMillis");
	primary_document(out, "primarySingleMetric", iteration, "primarySingleMetricKey", false);
	primary_document(out, "primaryFunnel", iteration, "primaryFunnelKey", true);
	copy_member(out, "attributes", iteration, "attributes");
	treatments_document(out, iteration);
	metrics_document(out, "metrics", iteration, false);
	if (expand && strstr(expand, SECONDARY_METRICS))
		metrics_document(out, SECONDARY_METRICS, iteration, true);
}

/*
 * iteration_document writes the IterationRep; what is not known yet is left out.
 */
void
iteration_document(StringInfo out, const char *project_key, const Experiment *experiment,
				   const char *expand)
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
	if (experiment->winning_treatment_id)
		document_string(out, "winningTreatmentId", experiment->winning_treatment_id);
	if (experiment->winning_reason)
		document_string(out, "winningReason", experiment->winning_reason);
	if (experiment->flag_key)
		flags_document(out, project_key, experiment);
	document_string(out, "randomizationUnit", experiment->randomization_unit);
	if (experiment->iteration)
		plan_document(out, experiment->iteration, expand);
	if (experiment->rollout)
		document_raw(out, ROLLOUT, experiment->rollout);
	if (experiment->layer_snapshot)
		document_raw(out, "layerSnapshot", experiment->layer_snapshot);
	document_close(out, '}');
}
