/*
 * layer.c
 *	  Layers: experiments in the same layer share its traffic and exclude each
 *	  other.
 *
 * A layer is changed by instructions, of which those about reservations decide who gets
 * its traffic.  They are validated by their combined result: what is released is free
 * for those that grow, in whichever order they stand.
 *
 * Everybody takes locks in one order, so that there are no deadlocks: the project, the
 * version of what SDKs are sent of the environment, the environment, experiments by their key,
 * the layer.
 */
#include "resource/layer/experiment.h"
#include "resource/layer/reservation.h"
#include "resource/resource.h"

#include "call/instruction.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"

#define LAYER_COLUMNS "l.key, l.name, l.description, l.created_at, l.randomization_unit, l.id"

typedef struct Layer
{
	char *key;
	char *name;
	char *description;
	TimestampTz created_at;
	char *randomization_unit; /* NULL until the first experiment sets it */
	char *id;
} Layer;

enum
{
	PROJECT_KEY,
	KEY,
	NAME,
	DESCRIPTION,
	RANDOMIZATION_UNIT
};

const Field create_layer_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .required = true,
						  .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	[RANDOMIZATION_UNIT] = FIELD("randomization_unit", "randomizationUnit", FIELD_TEXT,
								 .rule = RULE_KEY, .min = 1, .max = KEY_MAX),
	FIELDS_END};

const Field get_layer_fields[] = {
	PROJECT_KEY_FIELD,
	FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

enum
{
	FILTER = 1
};

const Field list_layers_fields[] = {PROJECT_KEY_FIELD, PAGE_FILTER_FIELD, FIELDS_END};

const Field delete_layer_fields[] = {
	PROJECT_KEY_FIELD,
	FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true), FIELDS_END};

enum
{
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	UPDATE_EXPERIMENT_RESERVATION,
	REMOVE_EXPERIMENT
};

static const InstructionKind layer_instruction_kinds[] = {
	[UPDATE_NAME] = {"updateName", {{"name", true, MEMBER_NAME, 1, NAME_MAX_CHARS}}},
	[UPDATE_DESCRIPTION] = {"updateDescription",
							{{"description", true, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[UPDATE_EXPERIMENT_RESERVATION] = {"updateExperimentReservation",
									   {{"experimentKey", true, MEMBER_TEXT, 1, KEY_MAX},
										{"reservationPercent", true, MEMBER_NUMBER, 0, 100}}},
	[REMOVE_EXPERIMENT] = {"removeExperiment", {{"experimentKey", true, MEMBER_TEXT, 1, KEY_MAX}}},
	{NULL, {{NULL}}}};

enum
{
	LAYER_KEY = 1,
	INSTRUCTIONS,
	ENVIRONMENT,
	COMMENT
};

const Field update_layer_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[LAYER_KEY] = FIELD("layer_key", "layerKey", FIELD_TEXT, .place = IN_PATH, .required = true),
	[INSTRUCTIONS] = FIELD("instructions", "instructions", FIELD_JSON, .required = true,
						   .kinds = layer_instruction_kinds),
	[ENVIRONMENT] = FIELD("environment_key", "environmentKey", FIELD_TEXT),
	[COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	FIELDS_END};

/* What the instructions about one experiment change; the last of them counts. */
typedef struct ReservationChange
{
	const Instruction *instruction;
	Experiment experiment;
	TrafficShare *share; /* NULL: it is not in the layer */
} ReservationChange;

STATEMENT(insert_layer,
		  "INSERT INTO flagplane_data.layer"
		  " (account_id, id, project_id, key, name, description, randomization_unit, seed,"
		  " created_at)"
		  " VALUES (:account_id, :id, :project_id, :key, :name, :description, :randomization_unit,"
		  " :seed, :created_at)"
		  " ON CONFLICT (account_id, project_id, key) DO NOTHING");

STATEMENT(find_layer,
		  "SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l"
		  " ON l.account_id = p.account_id AND l.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key AND l.key = :layer_key");

STATEMENT(list_layers,
		  "SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l"
		  " ON l.account_id = p.account_id AND l.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " AND NOT EXISTS (SELECT 1 FROM unnest(:experiment_keys) k WHERE NOT EXISTS"
		  " (SELECT 1 FROM flagplane_data.layer_reservation r JOIN flagplane_data.experiment e"
		  " ON e.account_id = r.account_id AND e.id = r.experiment_id"
		  " WHERE r.account_id = :account_id AND r.layer_id = l.id AND r.released_at IS NULL"
		  " AND e.key = k))"
		  " ORDER BY l.created_at, l.key");

/*
 * Of one layer, or of all the project's in the order of list_layers.  What belongs
 * to a reservation is looked up by its id, whatever the planner knows of the tables.
 */
#define LIST_RESERVATIONS                                                                     \
	"SELECT l.key AS layer_key, n.key AS environment_key, (SELECT e.key FROM "                \
	"flagplane_data.experiment e"                                                             \
	" WHERE e.account_id = :account_id AND e.id = r.experiment_id) AS experiment_key,"        \
	" (SELECT f.key FROM flagplane_data.experiment e JOIN flagplane_data.flag f"              \
	" ON f.account_id = e.account_id AND f.id = e.flag_id"                                    \
	" WHERE e.account_id = :account_id AND e.id = r.experiment_id) AS flag_key, r.segments, " \
	"l.created_at"                                                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.layer l"                              \
	" ON l.account_id = p.account_id AND l.project_id = p.id"                                 \
	" JOIN flagplane_data.layer_reservation r"                                                \
	" ON r.account_id = l.account_id AND r.layer_id = l.id AND r.released_at IS NULL"         \
	" JOIN flagplane_data.environment n"                                                      \
	" ON n.account_id = r.account_id AND n.id = r.environment_id"                             \
	" WHERE p.account_id = :account_id AND p.key = :project_key"

#define IN_ORDER " ORDER BY l.created_at, l.key, n.created_at, n.key, r.created_at, experiment_key"

STATEMENT(list_reservations, LIST_RESERVATIONS IN_ORDER);
STATEMENT(list_reservations_of_layer, LIST_RESERVATIONS " AND l.key = :layer_key" IN_ORDER);

#define LOCK_LAYER(strength)                                                             \
	"SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l" \
	" ON l.account_id = p.account_id AND l.project_id = p.id"                            \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND l.key = :layer_key"  \
	" FOR KEY SHARE OF p FOR " strength " OF l"

STATEMENT(lock_layer_for_update, LOCK_LAYER("NO KEY UPDATE"));
STATEMENT(lock_layer_for_deletion, LOCK_LAYER("UPDATE"));

/* Locked first: the deletion of an environment deletes history as well, and one waits for the other here. */
STATEMENT(lock_environments,
		  "SELECT n.id FROM flagplane_data.project p JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " ORDER BY n.id FOR KEY SHARE OF p, n");

STATEMENT(delete_layer, "DELETE FROM flagplane_data.layer l USING flagplane_data.project p"
						" WHERE p.account_id = :account_id AND p.key = :project_key"
						" AND l.account_id = p.account_id AND l.project_id = p.id"
						" AND l.key = :layer_key");

STATEMENT(lock_experiments,
		  "SELECT " EXPERIMENT_COLUMNS " FROM flagplane_data.experiment e" EXPERIMENT_JOIN_FLAG
		  " WHERE e.account_id = :account_id"
		  " AND e.environment_id = :environment_id AND e.key = ANY "
		  "(:experiment_keys)"
		  " ORDER BY e.key FOR NO KEY UPDATE OF e");

STATEMENT(update_layer, "UPDATE flagplane_data.layer l SET name = :name,"
						" description = :description, randomization_unit = :randomization_unit"
						" WHERE l.account_id = :account_id AND l.id = :id");

static Layer
layer_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Layer layer;

	row_read(rows, number, &row);
	layer.key = row_get_string(&row, "key");
	layer.name = row_get_string(&row, "name");
	layer.description = row_get_string(&row, "description");
	layer.created_at = row_get_time(&row, "created_at");
	layer.randomization_unit = row_get_string(&row, "randomization_unit");
	layer.id = row_get_string(&row, "id");
	return layer;
}

/*
 * environment_document writes a layer's reservations in one environment: those of
 * rows from next on.
 */
static void
environment_document(StringInfo out, const Rows *rows, uint64 *next, const char *layer_key,
					 const char *environment_key)
{
	document_key(out, environment_key);
	document_open(out, '{');
	document_key(out, "reservations");
	document_open(out, '[');
	for (; *next < rows->count; (*next)++)
	{
		Row row;

		row_read(rows, *next, &row);
		if (strcmp(row_get_string(&row, "layer_key"), layer_key) != 0 ||
			strcmp(row_get_string(&row, "environment_key"), environment_key) != 0)
			break;
		document_element(out);
		document_open(out, '{');
		document_string(out, "experimentKey", row_get_string(&row, "experiment_key"));
		document_string(out, "flagKey",
						row_is_null(&row, "flag_key") ? "" : row_get_string(&row, "flag_key"));
		document_integer(out, "reservationPercent",
						 layer_segments_percent(row_get_datum(&row, "segments")));
		document_close(out, '}');
	}
	document_close(out, ']');
	document_close(out, '}');
}

/*
 * layer_document writes the LayerRep, with the environments that something is
 * reserved in and the requested one (NULL: none).  rows are the result of
 * LIST_RESERVATIONS, and next is the first of this layer or a later one.
 */
static void
layer_document(StringInfo out, const Layer *layer, const Rows *rows, uint64 *next,
			   const char *requested)
{
	document_open(out, '{');
	document_string(out, "key", layer->key);
	document_string(out, "name", layer->name);
	document_string(out, "description", layer->description);
	document_milliseconds(out, "createdAt", layer->created_at);
	document_string(out, "randomizationUnit", layer->randomization_unit);
	document_key(out, "environments");
	document_open(out, '{');
	while (*next < rows->count)
	{
		Row row;
		char *environment_key;

		row_read(rows, *next, &row);
		if (strcmp(row_get_string(&row, "layer_key"), layer->key) != 0)
			break;
		environment_key = row_get_string(&row, "environment_key");
		environment_document(out, rows, next, layer->key, environment_key);
		if (requested && strcmp(requested, environment_key) == 0)
			requested = NULL;
	}
	if (requested)
		environment_document(out, rows, next, layer->key, requested);
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * layer_respond writes the response about the layer that the request names.
 */
static void
layer_respond(Request *request, const Layer *layer, const char *environment_key)
{
	Rows rows = request_run(request, &list_reservations_of_layer);
	uint64 next = 0;

	layer_document(request->response, layer, &rows, &next, environment_key);
}

/*
 * precompute_create_layer writes the response before the insert: the request alone
 * determines it.
 */
void
precompute_create_layer(Request *request)
{
	const Rows nothing = {0};
	uint64 next = 0;
	Layer layer;

	layer.id = object_id();
	layer.key = request_string(request, KEY);
	layer.name = request_string(request, NAME);
	layer.description = request_string(request, DESCRIPTION);
	layer.randomization_unit = request_string(request, RANDOMIZATION_UNIT);
	layer.created_at = request->now;
	bind_text(&request->params, "id", layer.id);
	bind_integer(&request->params, "seed", random_seed());
	bind_time(&request->params, "created_at", layer.created_at);
	layer_document(request->response, &layer, &nothing, &next, NULL);
	request_location(request, "/api/v2/projects/%s/layers/%s", request_string(request, PROJECT_KEY),
					 layer.key);
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
	request->precomputed = true;
}

void
do_create_layer(Request *request)
{
	project_lock(request, PROJECT_KEY_SHARE);
	if (request_run(request, &insert_layer).count == 0)
		error_raise(ERR_EXISTS, "layer \"%s\" already exists", request_string(request, KEY));
}

/*
 * layer_missing refuses a request whose second field names no layer.
 */
pg_noreturn static void
layer_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "layer \"%s\" does not exist", request_string(request, KEY));
}

/*
 * layer_find reads the layer that the request's second field names.
 */
static Layer
layer_find(Request *request)
{
	Rows rows = request_run(request, &find_layer);

	if (rows.count == 0)
		layer_missing(request);
	return layer_of_row(&rows, 0);
}

/*
 * layer_lock is layer_find that locks the layer: until the transaction ends nobody else
 * changes who owns its traffic, nor, if it is to be deleted, refers to it.
 */
static Layer
layer_lock(Request *request, bool for_deletion)
{
	Rows rows =
		request_run(request, for_deletion ? &lock_layer_for_deletion : &lock_layer_for_update);

	if (rows.count == 0)
		layer_missing(request);
	return layer_of_row(&rows, 0);
}

void
do_get_layer(Request *request)
{
	Layer layer = layer_find(request);

	layer_respond(request, &layer, NULL);
}

/*
 * check_list_layers reads filter, a comma list of terms such as
 * "reservations.experimentKey contains button-color", into the experiments that
 * must have reserved a share.  A plus sign is as good as a space.
 */
void
check_list_layers(Request *request)
{
	ArrayBuildState *keys = NULL;
	char *filter = request_string(request, FILTER);
	char *rest = NULL;

	for (char *term = filter ? strtok_r(filter, ",", &rest) : NULL; term;
		 term = strtok_r(NULL, ",", &rest))
	{
		char *words = NULL;
		char *name = strtok_r(term, " +", &words);
		char *relation = strtok_r(NULL, " +", &words);
		char *key = strtok_r(NULL, " +", &words);

		if (key == NULL || strcmp(name, "reservations.experimentKey") != 0 ||
			strcmp(relation, "contains") != 0 || strtok_r(NULL, " +", &words) != NULL)
		{
			request_violation(request, FILTER,
							  "must be reservations.experimentKey contains and a key");
			break;
		}
		keys =
			accumArrayResult(keys, CStringGetTextDatum(key), false, TEXTOID, CurrentMemoryContext);
	}
	bind_texts(&request->params, "experiment_keys",
			   keys ? DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext)) : NULL);
}

/*
 * skip_to_layer skips the reservations of layers that come before a layer.
 */
static void
skip_to_layer(const Rows *rows, uint64 *next, const Layer *layer)
{
	for (; *next < rows->count; (*next)++)
	{
		Row row;
		TimestampTz created_at;

		row_read(rows, *next, &row);
		created_at = row_get_time(&row, "created_at");
		if (created_at > layer->created_at ||
			(created_at == layer->created_at &&
			 strcmp(row_get_string(&row, "layer_key"), layer->key) >= 0))
			break;
	}
}

void
do_list_layers(Request *request)
{
	StringInfo out = request->response;
	Rows rows = request_run(request, &list_layers);
	Rows reservations;
	uint64 next = 0;

	if (rows.count == 0 && !project_exists(request))
		project_missing(request);
	reservations = request_run(request, &list_reservations);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Layer layer = layer_of_row(&rows, i);

		document_element(out);
		skip_to_layer(&reservations, &next, &layer);
		layer_document(out, &layer, &reservations, &next, NULL);
		list_require_room(request);
	}
	document_close(out, ']');
	document_integer(out, "totalCount", rows.count);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/projects/%s/layers", request_string(request, PROJECT_KEY));
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * do_delete_layer deletes a layer that no experiment has a reservation of.
 */
void
do_delete_layer(Request *request)
{
	Layer layer;
	Rows rows;
	uint64 next = 0;

	if (request_run(request, &lock_environments).count == 0)
		project_missing(request);
	layer = layer_lock(request, true);
	rows = request_run(request, &list_reservations_of_layer);
	layer_document(request->response, &layer, &rows, &next, NULL);
	request_before(request);
	if (rows.count > 0)
	{
		Row row;

		row_read(&rows, 0, &row);
		error_raise(ERR_IN_USE,
					"experiment \"%s\" in environment \"%s\" has a reservation of layer \"%s\"",
					row_get_string(&row, "experiment_key"), row_get_string(&row, "environment_key"),
					layer.key);
	}
	request_run(request, &delete_layer);
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
}

static bool
is_about_experiment(const Instruction *instruction)
{
	return instruction->kind == UPDATE_EXPERIMENT_RESERVATION ||
		   instruction->kind == REMOVE_EXPERIMENT;
}

/*
 * concerns_experiments tells whether any of the instructions is about an experiment.
 */
static bool
concerns_experiments(const List *instructions)
{
	ListCell *cell;

	foreach (cell, instructions)
		if (is_about_experiment(lfirst(cell)))
			return true;
	return false;
}

/*
 * check_update_layer reads the instructions, and binds the keys of the experiments that
 * they are about as :experiment_keys.
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

		if (!is_about_experiment(instruction))
			continue;
		if (!request_given(request, ENVIRONMENT) && !request->broken[ENVIRONMENT])
			request_violation(request, ENVIRONMENT, "is required for %s",
							  layer_instruction_kinds[instruction->kind].name);
		if (instruction->texts[0])
			keys = accumArrayResult(keys, CStringGetTextDatum(instruction->texts[0]), false,
									TEXTOID, CurrentMemoryContext);
	}
	bind_texts(&request->params, "experiment_keys",
			   keys ? DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext)) : NULL);
}

static void
raise_violations(Request *request)
{
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * refuse_environment refuses a request that names an environment which is not there.
 */
pg_noreturn static void
refuse_environment(Request *request)
{
	(void) layer_find(request); /* the project may have been deleted meanwhile */
	request_violation(request, ENVIRONMENT, "names an environment that does not exist");
	error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * require_environment locks the environment that the request names, and returns its id.
 */
static char *
require_environment(Request *request)
{
	char *environment_id = experiment_environment_lock(request);

	if (environment_id == NULL)
		refuse_environment(request);
	return environment_id;
}

/*
 * change_of finds the change of the experiment with a key; NULL if there is none.
 */
static ReservationChange *
change_of(List *changes, const char *key)
{
	ListCell *cell;

	foreach (cell, changes)
	{
		ReservationChange *change = lfirst(cell);

		if (strcmp(change->experiment.key, key) == 0)
			return change;
	}
	return NULL;
}

/*
 * lock_changes locks the experiments that the instructions are about, and returns what
 * changes for each, in the order of the instructions.
 */
static List *
lock_changes(Request *request)
{
	List *found = NIL;
	List *changes = NIL;
	ListCell *cell;
	Rows rows = request_run(request, &lock_experiments);

	for (uint64 i = 0; i < rows.count; i++)
	{
		ReservationChange *change = palloc0(sizeof(ReservationChange));

		change->experiment = experiment_of_row(&rows, i);
		found = lappend(found, change);
	}
	foreach (cell, (List *) request->state)
	{
		const Instruction *instruction = lfirst(cell);
		ReservationChange *change;

		if (!is_about_experiment(instruction))
			continue;
		change = change_of(found, instruction->texts[0]);
		if (change == NULL)
		{
			instruction_violation(request, INSTRUCTIONS, instruction->number,
								  "names an experiment that does not exist in environment \"%s\"",
								  request_string(request, ENVIRONMENT));
			continue;
		}
		if (change->instruction == NULL)
			changes = lappend(changes, change);
		change->instruction = instruction;
	}
	raise_violations(request);
	return changes;
}

/*
 * segments_after is how many segments an experiment is to have.
 */
static int
segments_after(const ReservationChange *change)
{
	if (change->instruction->kind == REMOVE_EXPERIMENT)
		return 0;
	return change->instruction->numbers[1] * LAYER_SEGMENTS_PER_PERCENT;
}

static int
segments_before(const ReservationChange *change)
{
	return change->share ? bms_num_members(change->share->segments) : 0;
}

/*
 * validate_entry checks an experiment that is to enter the layer.  The first one sets
 * the layer's randomization unit.
 */
static void
validate_entry(Request *request, Layer *layer, const ReservationChange *change)
{
	const Experiment *experiment = &change->experiment;
	int number = change->instruction->number;
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
 * validate_change collects the violations of one change, all but the lack of traffic.
 */
static void
validate_change(Request *request, Layer *layer, const ReservationChange *change)
{
	const Experiment *experiment = &change->experiment;
	int number = change->instruction->number;

	if (change->instruction->kind == REMOVE_EXPERIMENT)
	{
		if (change->share && experiment_is(experiment, RUNNING))
			instruction_violation(request, INSTRUCTIONS, number,
								  "is about experiment \"%s\", which is running", experiment->key);
	}
	else if (experiment_is_archived(experiment))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which is archived", experiment->key);
	else if (experiment_is(experiment, STOPPED))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which has stopped", experiment->key);
	else if (change->share == NULL)
		validate_entry(request, layer, change);
	else if (segments_after(change) == 0 && experiment_is(experiment, RUNNING))
		instruction_violation(request, INSTRUCTIONS, number,
							  "is about experiment \"%s\", which is running and needs more than 0"
							  " percent",
							  experiment->key);
}

/*
 * release removes an experiment from the layer, or shrinks its share.
 */
static void
release(Request *request, LayerTraffic *traffic, const ReservationChange *change)
{
	int less = segments_before(change) - segments_after(change);

	if (change->share == NULL)
		return;
	if (change->instruction->kind == REMOVE_EXPERIMENT)
		traffic_release(request, traffic, change->share);
	else if (less > 0 && experiment_is(&change->experiment, RUNNING))
	{
		Treatments treatments =
			treatments_read(change->experiment.iteration, change->experiment.flag_key);

		traffic_shrink(request, traffic, change->share,
					   treatments_shrink(request, change->experiment.id, &treatments,
										 change->share->segments, less));
		experiment_raise_flag(request, change->experiment.id, request_string(request, ENVIRONMENT));
	}
	else if (less > 0)
		traffic_shrink(request, traffic, change->share,
					   layer_segments_sample(change->share->segments, less));
}

/*
 * grow gives an experiment so many free segments, and one that is running draws its treatments
 * among them.
 */
static void
grow(Request *request, LayerTraffic *traffic, const ReservationChange *change, int more)
{
	const Experiment *experiment = &change->experiment;
	Bitmapset *before = bms_copy(change->share->segments);
	Treatments treatments;

	traffic_grow(request, traffic, change->share, more);
	if (!experiment_is(experiment, RUNNING))
		return;
	treatments = treatments_read(experiment->iteration, experiment->flag_key);
	treatments_grow(request, experiment->id, &treatments, before, change->share->segments);
	experiment_raise_flag(request, experiment->id, request_string(request, ENVIRONMENT));
}

/*
 * acquire brings an experiment into the layer, or grows its share, if so much is free.
 */
static void
acquire(Request *request, LayerTraffic *traffic, ReservationChange *change)
{
	int more = segments_after(change) - segments_before(change);
	int free = bms_num_members(traffic->free);

	if (change->instruction->kind == REMOVE_EXPERIMENT)
		return;
	if (more > free)
	{
		instruction_violation(
			request, INSTRUCTIONS, change->instruction->number,
			"needs %d percent of the layer for experiment \"%s\", and %d percent is free in"
			" environment \"%s\"",
			more / LAYER_SEGMENTS_PER_PERCENT, change->experiment.key,
			free / LAYER_SEGMENTS_PER_PERCENT, request_string(request, ENVIRONMENT));
		raise_violations(request);
	}
	if (change->share == NULL)
		change->share = traffic_acquire(request, traffic, change->experiment.id);
	if (more > 0)
		grow(request, traffic, change, more);
}

/*
 * apply_changes changes the reservations: all releases come before what needs their
 * traffic.
 */
static void
apply_changes(Request *request, Layer *layer, const char *environment_id, List *changes)
{
	LayerTraffic traffic = traffic_read(request, layer->id, environment_id);
	ListCell *cell;

	foreach (cell, changes)
	{
		ReservationChange *change = lfirst(cell);

		change->share = traffic_share_of(&traffic, change->experiment.id);
		validate_change(request, layer, change);
	}
	raise_violations(request);
	foreach (cell, changes)
		release(request, &traffic, lfirst(cell));
	foreach (cell, changes)
		acquire(request, &traffic, lfirst(cell));
}

/*
 * store_layer updates the layer's row with every patch, so that a transaction that sees
 * an older state of its reservations fails instead of going on from there.
 */
static void
store_layer(const Request *request, const Layer *layer)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "id", layer->id);
	bind_text(&params, "name", layer->name);
	bind_text(&params, "description", layer->description);
	bind_text(&params, "randomization_unit", layer->randomization_unit);
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
	List *changes = NIL;
	ListCell *cell;
	Layer layer;

	request->comment = request_string(request, COMMENT);
	(void) layer_find(request);
	if (environment_key)
	{
		if (concerns_experiments(request->state) &&
			!experiment_lock_payload(request, environment_key))
			refuse_environment(request);
		environment_id = require_environment(request);
		changes = lock_changes(request);
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
	if (changes)
		apply_changes(request, &layer, environment_id, changes);
	store_layer(request, &layer);
	layer_respond(request, &layer, environment_key);
	request->unchanged = strcmp(request->before, request->response->data) == 0;
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
}
