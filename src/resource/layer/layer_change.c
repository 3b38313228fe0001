/*
 * layer_change.c
 *	  Layers: changed by instructions, of which those about reservations decide who
 *	  gets the layer's traffic.
 *
 * The instructions are judged by where they lead together: what is given up is
 * free for those who get more, in whichever order they stand.
 *
 * Locks are taken in one order by everybody, so that nobody waits in a circle:
 * project and environment, experiments by their key, the layer.
 */
#include "resource/layer/experiment.h"
#include "resource/layer/layer.h"
#include "resource/layer/reservation.h"
#include "resource/resource.h"
#include "resource/layer/segment_set.h"
#include "resource/layer/traffic.h"

#include "call/instruction.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"

enum
{
	PROJECT_KEY,
	LAYER_KEY,
	INSTRUCTIONS,
	ENVIRONMENT,
	COMMENT
};

const Field update_layer_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[LAYER_KEY] = FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true),
	[INSTRUCTIONS] = {"instructions", "instructions", FIELD_JSON, IN_BODY, true, RULE_NONE, 0, 0,
					  NULL, NULL, .kinds = layer_instruction_kinds},
	[ENVIRONMENT] = FIELD("environment_key", "environmentKey", FIELD_TEXT),
	[COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	FIELDS_END};

enum
{
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	UPDATE_EXPERIMENT_RESERVATION,
	REMOVE_EXPERIMENT
};

const InstructionKind layer_instruction_kinds[] = {
	[UPDATE_NAME] = {"updateName", {{"name", true, MEMBER_NAME, 1, NAME_MAX_CHARS}}},
	[UPDATE_DESCRIPTION] = {"updateDescription",
							{{"description", true, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[UPDATE_EXPERIMENT_RESERVATION] = {"updateExperimentReservation",
									   {{"experimentKey", true, MEMBER_TEXT, 1, KEY_MAX},
										{"reservationPercent", true, MEMBER_NUMBER, 0, 100}}},
	[REMOVE_EXPERIMENT] = {"removeExperiment", {{"experimentKey", true, MEMBER_TEXT, 1, KEY_MAX}}},
	{NULL, {{NULL}}}};

/* What the instructions about one experiment lead to; the last of them counts. */
typedef struct Target
{
	const Instruction *instruction;
	Experiment experiment;
	Owned *owned; /* NULL: it is not in the layer */
} Target;

STATEMENT(lock_environment,
		  "SELECT n.id FROM flagplane_data.project p JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND n.key = $5 FOR KEY SHARE OF p, n");

STATEMENT(lock_experiments, "SELECT " EXPERIMENT_COLUMNS " FROM flagplane_data.experiment e"
							" WHERE e.account_id = $1 AND e.environment_id = $8"
							" AND e.key = ANY ($7) ORDER BY e.key FOR NO KEY UPDATE");

STATEMENT(update_layer, "UPDATE flagplane_data.layer l SET name = $3, description = $4,"
						" randomization_unit = $5 WHERE l.account_id = $1 AND l.id = $2");

/*
 * is_reservation tells whether an instruction is about an experiment.
 */
static bool
is_reservation(const Instruction *instruction)
{
	return instruction->kind == UPDATE_EXPERIMENT_RESERVATION ||
		   instruction->kind == REMOVE_EXPERIMENT;
}

/*
 * check_update_layer reads the instructions, and the keys of the experiments that
 * they are about into $7.
 */
void
check_update_layer(Request *request)
{
	List *instructions = instructions_read(request, INSTRUCTIONS);
	ArrayBuildState *keys = NULL;
	ListCell *cell;

	request->state = instructions;
	foreach (cell, instructions)
	{
		const Instruction *instruction = lfirst(cell);

		if (!is_reservation(instruction))
			continue;
		if (!request_given(request, ENVIRONMENT) && !request->broken[ENVIRONMENT])
			request_violation(request, ENVIRONMENT, "is required for %s",
							  layer_instruction_kinds[instruction->kind].name);
		if (instruction->texts[0])
			keys = accumArrayResult(keys, CStringGetTextDatum(instruction->texts[0]), false,
									TEXTOID, CurrentMemoryContext);
	}
	params_add(&request->params, TEXTARRAYOID,
			   keys ? makeArrayResult(keys, CurrentMemoryContext) : (Datum) 0, keys == NULL);
}

/*
 * refuse refuses the request where something broken was found.
 */
static void
refuse(Request *request)
{
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * lock_environment_by_key holds the environment that the request names, and returns its
 * id.
 */
static char *
lock_environment_by_key(Request *request)
{
	Rows rows = request_run_first(request, &lock_environment, FIELD_PARAM(ENVIRONMENT) + 1);
	Row row;

	if (rows.count == 0)
	{
		(void) layer_find(request); /* the project may have gone in between */
		request_violation(request, ENVIRONMENT, "names an environment that does not exist");
		refuse(request);
	}
	row_read(&rows, 0, &row);
	return row_string(&row, 0);
}

/*
 * target_of finds the target of the experiment with a key; NULL if there is none.
 */
static Target *
target_of(List *targets, const char *key)
{
	ListCell *cell;

	foreach (cell, targets)
	{
		Target *target = lfirst(cell);

		if (strcmp(target->experiment.key, key) == 0)
			return target;
	}
	return NULL;
}

/*
 * lock_targets holds the experiments that the instructions are about, and tells
 * where each is to get, in the order of the instructions.
 */
static List *
lock_targets(Request *request, const char *environment_id)
{
	List *found = NIL;
	List *targets = NIL;
	ListCell *cell;
	Rows rows;

	params_text(&request->params, environment_id);
	rows = request_run(request, &lock_experiments);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Target *target = palloc0(sizeof(Target));

		target->experiment = experiment_of_row(&rows, i);
		found = lappend(found, target);
	}
	foreach (cell, (List *) request->state)
	{
		const Instruction *instruction = lfirst(cell);
		Target *target;

		if (!is_reservation(instruction))
			continue;
		target = target_of(found, instruction->texts[0]);
		if (target == NULL)
		{
			instruction_violation(request, INSTRUCTIONS, instruction->number,
								  "names an experiment that does not exist in environment \"%s\"",
								  request_string(request, ENVIRONMENT));
			continue;
		}
		if (target->instruction == NULL)
			targets = lappend(targets, target);
		target->instruction = instruction;
	}
	refuse(request);
	return targets;
}

/*
 * wanted is how many segments an experiment is to have.
 */
static int
wanted(const Target *target)
{
	if (target->instruction->kind == REMOVE_EXPERIMENT)
		return 0;
	return target->instruction->numbers[1] * SEGMENTS_PER_PERCENT;
}

/*
 * had is how many segments an experiment has.
 */
static int
had(const Target *target)
{
	return target->owned ? bms_num_members(target->owned->segments) : 0;
}

/*
 * judge_newcomer holds an experiment that is to come into the layer to what that
 * takes.  The first one brings its randomization unit along.
 */
static void
judge_newcomer(Request *request, Layer *layer, const Target *target)
{
	const Experiment *experiment = &target->experiment;
	int number = target->instruction->number;
	Reservation other;

	if (!experiment_is(experiment, NOT_STARTED))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which has started outside of the layer",
							  experiment->key);
	else if (reservation_find(request, experiment->id, &other))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which is in layer \"%s\"",
							  experiment->key, other.layer_key);
	else if (layer->randomization_unit == NULL)
		layer->randomization_unit = experiment->randomization_unit;
	else if (strcmp(layer->randomization_unit, experiment->randomization_unit) != 0)
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\" with randomization unit \"%s\", where the"
							  " layer's is \"%s\"",
							  experiment->key, experiment->randomization_unit,
							  layer->randomization_unit);
}

/*
 * judge collects what speaks against a target.
 */
static void
judge(Request *request, Layer *layer, const Target *target)
{
	const Experiment *experiment = &target->experiment;
	int number = target->instruction->number;

	if (target->instruction->kind == REMOVE_EXPERIMENT)
	{
		if (target->owned && experiment_is(experiment, RUNNING))
			instruction_violation(request, INSTRUCTIONS, number,
								  "is about experiment \"%s\", which is running", experiment->key);
	}
	else if (experiment_is_archived(experiment))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which is archived", experiment->key);
	else if (experiment_is(experiment, STOPPED))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which has stopped", experiment->key);
	else if (target->owned == NULL)
		judge_newcomer(request, layer, target);
	else if (wanted(target) == 0 && experiment_is(experiment, RUNNING))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which is running and needs more than 0"
							  " percent",
							  experiment->key);
}

/*
 * give_up lets an experiment go, or gives back what it is to have no more.
 */
static void
give_up(const Request *request, Traffic *traffic, Target *target)
{
	if (target->owned == NULL)
		return;
	if (target->instruction->kind == REMOVE_EXPERIMENT)
		traffic_leave(request, traffic, target->owned);
	else if (had(target) > wanted(target))
		traffic_shrink(request, traffic, target->owned, had(target) - wanted(target));
}

/*
 * get gives an experiment what it is to have more, if there is so much.
 */
static void
get(Request *request, Traffic *traffic, Target *target)
{
	int more = wanted(target) - had(target);

	if (target->instruction->kind == REMOVE_EXPERIMENT)
		return;
	if (more > bms_num_members(traffic->free))
	{
		instruction_violation(
			request, INSTRUCTIONS, target->instruction->number,
			"needs %d percent of the layer for experiment \"%s\", and %d percent is free in"
			" environment \"%s\"",
			more / SEGMENTS_PER_PERCENT, target->experiment.key,
			bms_num_members(traffic->free) / SEGMENTS_PER_PERCENT,
			request_string(request, ENVIRONMENT));
		refuse(request);
	}
	if (target->owned == NULL)
		target->owned = traffic_enter(request, traffic, target->experiment.id);
	if (more > 0)
		traffic_grow(request, traffic, target->owned, more);
}

/*
 * reserve brings every target where it is to get: first what is given up, then
 * what is got.
 */
static void
reserve(Request *request, Layer *layer, const char *environment_id, List *targets)
{
	Traffic traffic = traffic_read(request, layer->id, environment_id);
	ListCell *cell;

	foreach (cell, targets)
	{
		Target *target = lfirst(cell);

		target->owned = traffic_of(&traffic, target->experiment.id);
		judge(request, layer, target);
	}
	refuse(request);
	foreach (cell, targets)
		give_up(request, &traffic, lfirst(cell));
	foreach (cell, targets)
		get(request, &traffic, lfirst(cell));
}

/*
 * keep stores the layer.  Its row changes with every patch, so that a transaction
 * that sees an older state of its reservations cannot go on from there.
 */
static void
keep(const Request *request, const Layer *layer)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, layer->id);
	params_text(&params, layer->name);
	params_text(&params, layer->description);
	params_text(&params, layer->randomization_unit);
	statement_run(&update_layer, &params, STATEMENT_WRITE);
}

/*
 * do_update_layer follows the instructions, all or none.
 */
void
do_update_layer(Request *request)
{
	char *environment_key = request_string(request, ENVIRONMENT);
	char *environment_id = NULL;
	List *targets = NIL;
	ListCell *cell;
	Layer layer;

	request->comment = request_string(request, COMMENT);
	(void) layer_find(request);
	if (environment_key)
	{
		environment_id = lock_environment_by_key(request);
		targets = lock_targets(request, environment_id);
	}
	layer = layer_lock(request, false);
	layer_respond(request, &layer, environment_key);
	request_before(request);

	foreach (cell, (List *) request->state)
	{
		const Instruction *instruction = lfirst(cell);

		if (instruction->kind == UPDATE_NAME)
			layer.name = instruction->texts[0];
		else if (instruction->kind == UPDATE_DESCRIPTION)
			layer.description = instruction->texts[0];
	}
	if (targets)
		reserve(request, &layer, environment_id, targets);
	keep(request, &layer);
	layer_respond(request, &layer, environment_key);
	request->unchanged = strcmp(request->before, request->response->data) == 0;
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
}
