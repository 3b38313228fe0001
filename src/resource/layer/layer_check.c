/*
 * layer_check.c
 *	  check_layer: how full a layer is, and whether its seed deals fairly.
 *
 * The units are made up, "unit-1" and on, so the same seed gives the same figures
 * every time.  What is tested is the seed and not the reservations: whether the
 * units spread evenly over the traffic, and whether where a unit is in this layer
 * says nothing of where it is in another one.
 */
#include "resource/resource.h"
#include "resource/layer/segments.h"

#include "util/document.h"
#include "util/statistics.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define UNITS_MIN 1000
#define UNITS_MAX 1000000

/* Parts of the traffic: of a test over many units and over few, so that each gets ten; of a table. */
#define CELLS_MANY	 1000
#define CELLS_FEW	 100
#define UNITS_MANY	 (10 * CELLS_MANY)
#define CELLS_TABLE	 10
#define UNIT_KEY_MAX 16

/* So many units between two looks at whether the query was cancelled. */
#define UNITS_AT_A_TIME 10000

enum
{
	UNITS = SEGMENTS_FIELDS
};

const Field check_layer_fields[] = {
	SEGMENTS_FIELD_ROWS,
	[UNITS] = FIELD("units", "units", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE,
					.min = UNITS_MIN, .max = UNITS_MAX, .fallback = "100000"),
	FIELDS_END};

STATEMENT(find_other_layers,
		  "SELECT l.key, l.seed FROM flagplane_data.project p"
		  " JOIN flagplane_data.layer l ON l.account_id = p.account_id AND l.project_id = p.id"
		  " WHERE p.account_id = $1 AND p.key = $2 AND l.key <> $3"
		  " ORDER BY l.created_at, l.key");

/*
 * deal fills in each unit's bucket under a seed.
 */
static void
deal(const char *seed, int units, int32 *buckets)
{
	text *unit = palloc(VARHDRSZ + UNIT_KEY_MAX);
	int seed_length = strlen(seed);

	for (int i = 0; i < units; i++)
	{
		int length = snprintf(VARDATA(unit), UNIT_KEY_MAX, "unit-%d", i + 1);

		if (i % UNITS_AT_A_TIME == 0)
			CHECK_FOR_INTERRUPTS();
		SET_VARSIZE(unit, VARHDRSZ + length);
		buckets[i] = bucket_of(seed, seed_length, unit);
	}
	pfree(unit);
}

/*
 * test_document writes what a test found.
 */
static void
test_document(StringInfo out, ChiSquare test)
{
	document_raw(out, "chiSquare", psprintf("%.4f", test.value));
	document_integer(out, "degreesOfFreedom", test.degrees);
	document_raw(out, "p", psprintf("%.4g", test.p));
}

/*
 * uniformity_document writes whether the units spread evenly.
 */
static void
uniformity_document(StringInfo out, const int32 *buckets, int units)
{
	int count = units >= UNITS_MANY ? CELLS_MANY : CELLS_FEW;
	uint32 cells[CELLS_MANY] = {0};

	for (int i = 0; i < units; i++)
		cells[buckets[i] / (BUCKETS / count)]++;
	document_key(out, "uniformity");
	document_open(out, '{');
	document_integer(out, "cells", count);
	test_document(out, chi_square_uniform(cells, count));
	document_close(out, '}');
}

/*
 * independence_document writes, for each other layer of the project, whether the
 * tenths of traffic that units are in here and there are independent.
 */
static void
independence_document(Request *request, const int32 *buckets, int units)
{
	StringInfo out = request->response;
	int32 *others = palloc(units * sizeof(int32));
	Params params = {0};
	Rows rows;

	params_bigint(&params, request->caller.account);
	params_text(&params, request_string(request, SEGMENTS_PROJECT));
	params_text(&params, request_string(request, SEGMENTS_LAYER));
	rows = statement_run(&find_other_layers, &params, request->mode);

	document_key(out, "independence");
	document_open(out, '[');
	for (uint64 i = 0; i < rows.count; i++)
	{
		uint32 cells[CELLS_TABLE * CELLS_TABLE] = {0};
		Row row;

		row_read(&rows, i, &row);
		deal(row_string(&row, 1), units, others);
		for (int unit = 0; unit < units; unit++)
			cells[buckets[unit] / (BUCKETS / CELLS_TABLE) * CELLS_TABLE +
				  others[unit] / (BUCKETS / CELLS_TABLE)]++;
		document_element(out);
		document_open(out, '{');
		document_string(out, "layerKey", row_string(&row, 0));
		test_document(out, chi_square_independent(cells, CELLS_TABLE, CELLS_TABLE));
		document_close(out, '}');
	}
	document_close(out, ']');
	pfree(others);
}

/*
 * reservations_document writes what each experiment has reserved and how many of
 * the units it gets.
 */
static void
reservations_document(StringInfo out, const Segments *segments, const int32 *buckets, int units)
{
	int *dealt = palloc0((segments->owner_count + 1) * sizeof(int));

	for (int i = 0; i < units; i++)
		dealt[segments->owner[buckets[i] / BUCKETS_PER_SEGMENT] + 1]++;
	document_integer(out, "freeUnits", dealt[0]);
	document_key(out, "reservations");
	document_open(out, '[');
	for (int i = 0; i < segments->owner_count; i++)
	{
		const SegmentOwner *owner = &segments->owners[i];

		document_element(out);
		document_open(out, '{');
		document_string(out, "experimentKey", text_to_cstring(owner->key));
		document_string(out, "status", owner->status);
		document_integer(out, "segments", owner->count);
		document_raw(out, "reservationPercent", segments_percent(owner->count));
		document_integer(out, "units", dealt[i + 1]);
		document_close(out, '}');
	}
	document_close(out, ']');
}

/*
 * do_check_layer answers with a layer's occupancy in an environment and the
 * statistics of its seed.
 */
void
do_check_layer(Request *request)
{
	StringInfo out = request->response;
	int units = request_integer(request, UNITS);
	Segments *segments = segments_read(request, CurrentMemoryContext);
	int free = segments_free(segments);
	int32 *buckets = palloc(units * sizeof(int32));

	deal(segments->seed, units, buckets);
	document_open(out, '{');
	document_string(out, "layerKey", request_string(request, SEGMENTS_LAYER));
	document_string(out, "environmentKey", request_string(request, SEGMENTS_ENVIRONMENT));
	document_integer(out, "segments", SEGMENTS);
	document_integer(out, "usedSegments", SEGMENTS - free);
	document_raw(out, "usedPercent", segments_percent(SEGMENTS - free));
	document_raw(out, "freePercent", segments_percent(free));
	document_integer(out, "units", units);
	reservations_document(out, segments, buckets, units);
	uniformity_document(out, buckets, units);
	independence_document(request, buckets, units);
	document_close(out, '}');
}
