/*
 * segments.c
 *	  Who owns which of a layer's thousand segments in an environment.
 *
 * A live reservation owns its segments whatever its experiment's status is, so
 * an experiment's units do not change when it starts.
 */
#include "resource/layer/segments.h"

#include "resource/environment/environment.h"
#include "resource/resource.h"
#include "utils/memutils.h"

/* A layer without reservations is one row of NULLs after the seed. */
STATEMENT(find_segments,
		  "SELECT l.seed, x.key, x.status, r.segments"
		  " FROM flagplane_data.project p"
		  " JOIN flagplane_data.environment e"
		  " ON e.account_id = p.account_id AND e.project_id = p.id"
		  " JOIN flagplane_data.layer l ON l.account_id = p.account_id AND l.project_id = p.id"
		  " LEFT JOIN (flagplane_data.layer_reservation r JOIN flagplane_data.experiment x"
		  " ON x.account_id = r.account_id AND x.id = r.experiment_id)"
		  " ON r.account_id = l.account_id AND r.layer_id = l.id AND r.environment_id = e.id"
		  " AND r.released_at IS NULL"
		  " WHERE p.account_id = $1 AND p.key = $2 AND e.key = $3 AND l.key = $4"
		  " ORDER BY r.created_at, x.key");

/*
 * segments_missing refuses a request about a layer in an environment that are
 * not both there.
 */
pg_noreturn static void
segments_missing(Request *request)
{
	environment_require(request);
	error_raise(ERR_NOT_FOUND, "layer \"%s\" does not exist",
				request_string(request, SEGMENTS_LAYER));
}

/*
 * acquire_segments gives an owner the segments of a reservation.
 */
static void
acquire_segments(Segments *segments, int owner, Datum reservation)
{
	Bitmapset *taken = segment_set_read(reservation);
	int segment = -1;

	while ((segment = bms_next_member(taken, segment)) >= 0)
	{
		/* The table holds them to 0 .. 999, but it is not what keeps memory safe. */
		if (segment >= SEGMENTS)
			elog(ERROR, "a reservation is not within the segments");
		segments->owner[segment] = owner;
		segments->owners[owner].count++;
	}
}

/*
 * segments_read reads the layer in the environment that the first three fields
 * name, into a memory context.
 */
Segments *
segments_read(Request *request, MemoryContext context)
{
	Rows rows = request_run_first(request, &find_segments, FIELD_PARAM(SEGMENTS_FIELDS));
	MemoryContext before;
	Segments *segments;

	if (rows.count == 0)
		segments_missing(request);

	before = MemoryContextSwitchTo(context);
	segments = palloc0(sizeof(Segments));
	segments->owners = palloc0(rows.count * sizeof(SegmentOwner));
	MemoryContextSwitchTo(before);
	for (int i = 0; i < SEGMENTS; i++)
		segments->owner[i] = NOBODY;

	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;
		SegmentOwner *owner = &segments->owners[segments->owner_count];

		row_read(&rows, i, &row);
		if (i == 0)
		{
			segments->seed = MemoryContextStrdup(context, row_string(&row, 0));
			segments->seed_length = strlen(segments->seed);
		}
		if (row.nulls[1])
			break;
		before = MemoryContextSwitchTo(context);
		owner->key = DatumGetTextPCopy(row.values[1]);
		owner->status = row_string(&row, 2);
		MemoryContextSwitchTo(before);
		acquire_segments(segments, segments->owner_count++, row.values[3]);
	}
	return segments;
}

/*
 * segments_free is how many segments nobody owns.
 */
int
segments_free(const Segments *segments)
{
	int free = SEGMENTS;

	for (int i = 0; i < segments->owner_count; i++)
		free -= segments->owners[i].count;
	return free;
}

/*
 * segments_percent is so many segments in percent of all, as a number is written.
 */
char *
segments_percent(int count)
{
	return count % 10 == 0 ? psprintf("%d", count / 10) : psprintf("%d.%d", count / 10, count % 10);
}
