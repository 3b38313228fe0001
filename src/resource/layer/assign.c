/*
 * assign.c
 *	  Which experiment owns a unit: the owners of a layer's segments in an environment.
 *
 * A live reservation owns its segments before its experiment starts, so that an
 * experiment's units do not change when it does.
 */
#include "resource/layer/assign.h"

#include "resource/environment/environment.h"
#include "resource/layer/experiment.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define SEED_DIGITS_MAX 12 /* of an integer, with a sign and an end */

/* A layer without reservations is one row with NULLs for the experiment and its segments. */
STATEMENT(find_owners,
		  "SELECT l.seed, x.key AS experiment_key, x.status, r.segments"
		  " FROM flagplane_data.project p"
		  " JOIN flagplane_data.environment e"
		  " ON e.account_id = p.account_id AND e.project_id = p.id"
		  " JOIN flagplane_data.layer l ON l.account_id = p.account_id AND l.project_id = p.id"
		  " LEFT JOIN (flagplane_data.layer_reservation r JOIN flagplane_data.experiment x"
		  " ON x.account_id = r.account_id AND x.id = r.experiment_id)"
		  " ON r.account_id = l.account_id AND r.layer_id = l.id AND r.environment_id = e.id"
		  " AND r.released_at IS NULL"
		  " WHERE p.account_id = :account_id AND p.key = :project_key AND e.key = :environment_key"
		  " AND l.key = :layer_key ORDER BY r.created_at, x.key");

/*
 * refuse_missing refuses a request about a layer in an environment that are not both
 * there.
 */
pg_noreturn static void
refuse_missing(Request *request)
{
	environment_require(request);
	error_raise(ERR_NOT_FOUND, "layer \"%s\" does not exist",
				request_string(request, OWNERS_LAYER));
}

/*
 * begin_seed begins the hash of units with the layer's seed, which is in decimal there.
 */
static void
begin_seed(LayerOwners *owners, int32 seed)
{
	char digits[SEED_DIGITS_MAX];

	bucket_seed(&owners->seed, digits, pg_ltoa(seed, digits));
}

static void
add_segments(LayerOwners *owners, int owner, Datum stored)
{
	Bitmapset *segments = layer_segments_read(stored);
	int segment = -1;

	while ((segment = bms_next_member(segments, segment)) >= 0)
	{
		/* The table limits them to 0 .. 999; memory safety must not depend on that. */
		if (segment >= LAYER_SEGMENTS)
			elog(ERROR, "a reservation is not within the segments");
		owners->by_segment[segment] = owner;
		owners->owner[owner].count++;
	}
}

/*
 * layer_owners_read reads the layer in the environment that the first three fields
 * name, into a memory context.
 */
LayerOwners *
layer_owners_read(Request *request, MemoryContext context)
{
	Rows rows = request_run(request, &find_owners);
	MemoryContext before;
	LayerOwners *owners;

	if (rows.count == 0)
		refuse_missing(request);

	before = MemoryContextSwitchTo(context);
	owners = palloc0(sizeof(LayerOwners));
	owners->owner = palloc0(rows.count * sizeof(LayerOwner));
	MemoryContextSwitchTo(before);
	for (int i = 0; i < LAYER_SEGMENTS; i++)
		owners->by_segment[i] = NOBODY;

	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;
		LayerOwner *owner = &owners->owner[owners->count];

		row_read(&rows, i, &row);
		if (i == 0)
			begin_seed(owners, row_get_integer(&row, "seed"));
		if (row_is_null(&row, "experiment_key"))
			break;
		before = MemoryContextSwitchTo(context);
		owner->key = DatumGetTextPCopy(row_get_datum(&row, "experiment_key"));
		owner->running = strcmp(row_get_string(&row, "status"), RUNNING) == 0;
		MemoryContextSwitchTo(before);
		add_segments(owners, owners->count++, row_get_datum(&row, "segments"));
	}
	return owners;
}

/*
 * layer_owners_free is how many segments nobody owns.
 */
int
layer_owners_free(const LayerOwners *owners)
{
	int free = LAYER_SEGMENTS;

	for (int i = 0; i < owners->count; i++)
		free -= owners->owner[i].count;
	return free;
}

/*
 * layer_percent_text writes a number of segments as a percentage: 12.5.
 */
char *
layer_percent_text(int segments)
{
	return segments % LAYER_SEGMENTS_PER_PERCENT == 0
			   ? psprintf("%d", segments / LAYER_SEGMENTS_PER_PERCENT)
			   : psprintf("%d.%d", segments / LAYER_SEGMENTS_PER_PERCENT,
						  segments % LAYER_SEGMENTS_PER_PERCENT);
}
