/*
 * layer.c
 *	  Layers: experiments in the same layer share its traffic and exclude each
 *	  other.
 */
#include "resource/resource.h"

#include "ground/document.h"

#define LAYER_SEED_BYTES 8

#define LAYER_COLUMNS "l.key, l.name, l.description, l.created_at, l.randomization_unit"

typedef struct Layer
{
	char *key;
	char *name;
	char *description;
	TimestampTz created_at;
	char *randomization_unit; /* NULL until the first experiment sets it */
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
	[KEY] = {"key", "key", FIELD_TEXT, IN_BODY, true, RULE_KEY, 1, KEY_MAX, NULL, NULL},
	[NAME] = {"name", "name", FIELD_TEXT, IN_BODY, true, RULE_LENGTH, 1, NAME_MAX_CHARS, NULL,
			  NULL},
	[DESCRIPTION] = {"description", "description", FIELD_TEXT, IN_BODY, true, RULE_LENGTH, 0,
					 DESCRIPTION_MAX, NULL, NULL},
	[RANDOMIZATION_UNIT] = {"randomization_unit", "randomizationUnit", FIELD_TEXT, IN_BODY, false,
							RULE_KEY, 1, KEY_MAX, NULL, NULL},
	FIELDS_END};

const Field get_layer_fields[] = {
	PROJECT_KEY_FIELD,
	{"layer_key", "layerKey", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL},
	FIELDS_END};

const Field list_layers_fields[] = {PROJECT_KEY_FIELD, FIELDS_END};

STATEMENT(insert_layer,
		  "INSERT INTO flagplane_data.layer AS l"
		  " (account_id, id, project_id, key, name, description, randomization_unit, seed,"
		  " created_at)"
		  " SELECT $1, $7, p.id, $3, $4, $5, $6, $8, $9"
		  " FROM flagplane_data.project p WHERE p.account_id = $1 AND p.key = $2"
		  " FOR KEY SHARE OF p ON CONFLICT DO NOTHING RETURNING " LAYER_COLUMNS ", l.project_id");

STATEMENT(find_layer,
		  "SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l"
		  " ON l.account_id = p.account_id AND l.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND l.key = $3");

STATEMENT(list_layers,
		  "SELECT " LAYER_COLUMNS " FROM flagplane_data.project p JOIN flagplane_data.layer l"
		  " ON l.account_id = p.account_id AND l.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2"
		  " ORDER BY l.created_at, l.key");

/*
 * layer_of_row reads the columns of LAYER_COLUMNS.
 */
static Layer
layer_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Layer layer;

	row_read(rows, number, &row);
	layer.key = row_string(&row, 0);
	layer.name = row_string(&row, 1);
	layer.description = row_string(&row, 2);
	layer.created_at = row_time(&row, 3);
	layer.randomization_unit = row_string(&row, 4);
	return layer;
}

/*
 * layer_document writes the LayerRep.
 */
static void
layer_document(StringInfo out, const Layer *layer)
{
	document_open(out, '{');
	document_string(out, "key", layer->key);
	document_string(out, "name", layer->name);
	document_string(out, "description", layer->description);
	document_milliseconds(out, "createdAt", layer->created_at);
	document_string(out, "randomizationUnit", layer->randomization_unit);
	document_raw(out, "environments", "{}");
	document_close(out, '}');
}

/*
 * seed_mint makes a layer's seed: what every unit's bucket in it depends on.
 */
static char *
seed_mint(void)
{
	uint8 bytes[LAYER_SEED_BYTES];
	char *text = palloc(2 * LAYER_SEED_BYTES + 1);

	random_bytes(bytes, sizeof(bytes));
	for (int i = 0; i < LAYER_SEED_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

/*
 * do_create_layer makes a layer.
 */
void
do_create_layer(Request *request)
{
	Rows rows;
	Row row;
	Layer layer;

	params_text(&request->params, object_id());
	params_text(&request->params, seed_mint());
	params_time(&request->params, request->now);
	rows = request_run(request, &insert_layer);
	if (rows.count == 0)
	{
		if (!project_exists(request))
			project_missing(request);
		error_raise(ERR_EXISTS, "layer \"%s\" already exists", request_string(request, KEY));
	}
	layer = layer_of_row(&rows, 0);
	row_read(&rows, 0, &row);
	request->project_id = DatumGetUUIDP(row.values[5]);
	layer_document(request->answer, &layer);
	request_location(request, "/api/v2/projects/%s/layers/%s", request_string(request, PROJECT_KEY),
					 layer.key);
	request_target(request, "proj/%s:layer/%s", request_string(request, PROJECT_KEY), layer.key);
}

/*
 * do_get_layer answers with one layer.
 */
void
do_get_layer(Request *request)
{
	Rows rows = request_run(request, &find_layer);
	Layer layer;

	if (rows.count == 0)
	{
		if (!project_exists(request))
			project_missing(request);
		error_raise(ERR_NOT_FOUND, "layer \"%s\" does not exist", request_string(request, KEY));
	}
	layer = layer_of_row(&rows, 0);
	layer_document(request->answer, &layer);
}

/*
 * do_list_layers answers with all layers of a project, oldest first.
 */
void
do_list_layers(Request *request)
{
	StringInfo out = request->answer;
	Rows rows = request_run(request, &list_layers);

	if (rows.count == 0 && !project_exists(request))
		project_missing(request);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Layer layer = layer_of_row(&rows, i);

		document_element(out);
		layer_document(out, &layer);
	}
	document_close(out, ']');
	document_integer(out, "totalCount", rows.count);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/projects/%s/layers", request_string(request, PROJECT_KEY));
	document_close(out, '}');
	document_close(out, '}');
}
