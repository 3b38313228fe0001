/*
 * layer.c
 *	  Layers: experiments in the same layer share its traffic and exclude each
 *	  other.
 */
#include "resource/layer/layer.h"
#include "resource/resource.h"
#include "resource/layer/segment_set.h"

#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "utils/builtins.h"

#define LAYER_SEED_BYTES 8

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
		  " WHERE r.account_id = l.account_id AND r.layer_id = l.id AND r.released_at IS NULL"
		  " AND e.key = k))"
		  " ORDER BY l.created_at, l.key");

/*
 * Of one layer, or of all the project's in the order of list_layers.  What belongs
 * to a reservation is looked up by its id, whatever the planner knows of the tables.
 */
#define LIST_RESERVATIONS                                                                      \
	"SELECT l.key AS layer_key, n.key AS environment_key, (SELECT e.key FROM "                 \
	"flagplane_data.experiment e"                                                              \
	" WHERE e.account_id = r.account_id AND e.id = r.experiment_id) AS experiment_key,"        \
	" (SELECT f.key FROM flagplane_data.experiment e JOIN flagplane_data.flag f"               \
	" ON f.account_id = e.account_id AND f.id = e.flag_id"                                     \
	" WHERE e.account_id = r.account_id AND e.id = r.experiment_id) AS flag_key, r.segments, " \
	"l.created_at"                                                                             \
	" FROM flagplane_data.project p JOIN flagplane_data.layer l"                               \
	" ON l.account_id = p.account_id AND l.project_id = p.id"                                  \
	" JOIN flagplane_data.layer_reservation r"                                                 \
	" ON r.account_id = l.account_id AND r.layer_id = l.id AND r.released_at IS NULL"          \
	" JOIN flagplane_data.environment n"                                                       \
	" ON n.account_id = r.account_id AND n.id = r.environment_id"                              \
	" WHERE p.account_id = :account_id AND p.key = :project_key"

#define IN_ORDER " ORDER BY l.created_at, l.key, n.created_at, n.key, r.created_at, experiment_key"

STATEMENT(list_reservations, LIST_RESERVATIONS IN_ORDER);
STATEMENT(list_reservations_of_layer, LIST_RESERVATIONS " AND l.key = :layer_key" IN_ORDER);

#define LOCK_LAYER(strength)                                                             \
	"SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l" \
	" ON l.account_id = p.account_id AND l.project_id = p.id"                            \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND l.key = :layer_key"  \
	" FOR KEY SHARE OF p FOR " strength " OF l"

STATEMENT(lock_for_change, LOCK_LAYER("NO KEY UPDATE"));
STATEMENT(lock_for_deletion, LOCK_LAYER("UPDATE"));

/* Whoever deletes an environment waits, or is waited for, before anything else: both take history along. */
STATEMENT(lock_environments,
		  "SELECT n.id FROM flagplane_data.project p JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " ORDER BY n.id FOR KEY SHARE OF p, n");

STATEMENT(delete_layer, "DELETE FROM flagplane_data.layer l USING flagplane_data.project p"
						" WHERE p.account_id = :account_id AND p.key = :project_key"
						" AND l.account_id = p.account_id AND l.project_id = p.id"
						" AND l.key = :layer_key");

/*
 * layer_of_row reads the columns of LAYER_COLUMNS.
 */
Layer
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
 * rows, from the next one on.
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
						 segment_set_percent(row_get_datum(&row, "segments")));
		document_close(out, '}');
	}
	document_close(out, ']');
	document_close(out, '}');
}

/*
 * layer_document writes the LayerRep, with the environments that something is
 * reserved in and the one that was asked for (NULL: none).  rows are what
 * LIST_RESERVATIONS answers, and next is the first of this layer or a later one.
 */
static void
layer_document(StringInfo out, const Layer *layer, const Rows *rows, uint64 *next,
			   const char *asked)
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
		if (asked && strcmp(asked, environment_key) == 0)
			asked = NULL;
	}
	if (asked)
		environment_document(out, rows, next, layer->key, asked);
	document_close(out, '}');
	document_close(out, '}');
}

/*
 * layer_respond answers with a layer that the request names second.
 */
void
layer_respond(Request *request, const Layer *layer, const char *environment_key)
{
	Rows rows = request_run(request, &list_reservations_of_layer);
	uint64 next = 0;

	layer_document(request->response, layer, &rows, &next, environment_key);
}

/*
 * seed_generate makes a layer's seed: what every unit's bucket in it depends on.
 */
static char *
seed_generate(void)
{
	uint8 bytes[LAYER_SEED_BYTES];
	char *text = palloc(2 * LAYER_SEED_BYTES + 1);

	random_bytes(bytes, sizeof(bytes));
	for (int i = 0; i < LAYER_SEED_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

/*
 * precompute_create_layer answers with the layer that will be made.
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
	bind_text(&request->params, "seed", seed_generate());
	bind_time(&request->params, "created_at", layer.created_at);
	layer_document(request->response, &layer, &nothing, &next, NULL);
	request_location(request, "/api/v2/projects/%s/layers/%s", request_string(request, PROJECT_KEY),
					 layer.key);
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
	request->precomputed = true;
}

/*
 * do_create_layer makes a layer.
 */
void
do_create_layer(Request *request)
{
	project_lock(request, false);
	if (request_run(request, &insert_layer).count == 0)
		error_raise(ERR_EXISTS, "layer \"%s\" already exists", request_string(request, KEY));
}

/*
 * layer_missing refuses a request about a layer that is not there, named by the
 * second field.
 */
void
layer_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "layer \"%s\" does not exist", request_string(request, KEY));
}

/*
 * layer_find finds the layer that the request names second.
 */
Layer
layer_find(Request *request)
{
	Rows rows = request_run(request, &find_layer);

	if (rows.count == 0)
		layer_missing(request);
	return layer_of_row(&rows, 0);
}

/*
 * layer_lock is layer_find that locks the layer: nobody else changes who owns what of it
 * until the transaction ends, nor, if it is to be deleted, refers to it.
 */
Layer
layer_lock(Request *request, bool for_deletion)
{
	Rows rows = request_run(request, for_deletion ? &lock_for_deletion : &lock_for_change);

	if (rows.count == 0)
		layer_missing(request);
	return layer_of_row(&rows, 0);
}

/*
 * do_get_layer answers with one layer.
 */
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
 * skip_to_layer steps over the reservations of layers that come before a layer.
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

/*
 * do_list_layers answers with the layers of a project, oldest first.
 */
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
 * do_delete_layer removes a layer that no experiment has a reservation of.
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
