/*
 * traffic.c
 *	  A layer's traffic in one environment: a thousand segments, each free or owned
 *	  by one experiment.
 *
 * The caller holds the layer's row from before the traffic is read until the
 * transaction ends.
 */
#include "resource/layer/traffic.h"

#include "resource/layer/segment_set.h"
#include "utils/timestamp.h"

STATEMENT(list_owned, "SELECT r.id, r.experiment_id, r.segments"
					  " FROM flagplane_data.layer_reservation r WHERE r.account_id = $1"
					  " AND r.layer_id = $2 AND r.environment_id = $3 AND r.released_at IS NULL");

/* What some segments were used for, the latest first, and no more rows than are good for one look. */
STATEMENT(list_history,
		  "SELECT coalesce(r.experiment_id, r.id), r.segments"
		  " FROM flagplane_data.layer_reservation r WHERE r.account_id = $1"
		  " AND r.layer_id = $2 AND r.environment_id = $3"
		  " AND r.released_at IS NOT NULL AND r.segments && $4::pg_catalog.int4multirange"
		  " ORDER BY r.released_at DESC, r.id DESC LIMIT 20");

STATEMENT(insert_reservation,
		  "INSERT INTO flagplane_data.layer_reservation (account_id, layer_id, environment_id, id,"
		  " experiment_id, segments, created_at, released_at)"
		  " VALUES ($1, $2, $3, $4, $5, $6::pg_catalog.int4multirange, $7, $8)");

STATEMENT(set_segments,
		  "UPDATE flagplane_data.layer_reservation r"
		  " SET segments = $3::pg_catalog.int4multirange WHERE r.account_id = $1 AND r.id = $2");

STATEMENT(release, "UPDATE flagplane_data.layer_reservation r SET released_at = $3"
				   " WHERE r.account_id = $1 AND r.id = $2");

/*
 * traffic_params starts the parameters of the statements about a traffic.
 */
static Params
traffic_params(const Request *request, const Traffic *traffic)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, traffic->layer_id);
	params_text(&params, traffic->environment_id);
	return params;
}

/*
 * traffic_read reads who owns what of a layer in an environment.
 */
Traffic
traffic_read(const Request *request, const char *layer_id, const char *environment_id)
{
	Traffic traffic = {pstrdup(layer_id), pstrdup(environment_id), NIL, NULL};
	Params params = traffic_params(request, &traffic);
	Rows rows = statement_run(&list_owned, &params, request->mode);

	traffic.free = bms_add_range(NULL, 0, SEGMENTS - 1);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Owned *owned = palloc(sizeof(Owned));
		Row row;

		row_read(&rows, i, &row);
		owned->id = row_string(&row, 0);
		owned->experiment_id = row_string(&row, 1);
		owned->segments = segment_set_read(row.values[2]);
		traffic.owned = lappend(traffic.owned, owned);
		traffic.free = bms_del_members(traffic.free, owned->segments);
	}
	return traffic;
}

/*
 * traffic_of is what an experiment has of the traffic; NULL if it is not in the
 * layer.
 */
Owned *
traffic_of(const Traffic *traffic, const char *experiment_id)
{
	ListCell *cell;

	foreach (cell, traffic->owned)
	{
		Owned *owned = lfirst(cell);

		if (strcmp(owned->experiment_id, experiment_id) == 0)
			return owned;
	}
	return NULL;
}

/*
 * store_reservation stores a reservation of some segments, live or, with a time of
 * release, as history.
 */
static void
store_reservation(const Request *request, const Traffic *traffic, const char *id,
				  const char *experiment_id, const Bitmapset *segments, TimestampTz released_at)
{
	Params params = traffic_params(request, traffic);

	params_text(&params, id);
	params_text(&params, experiment_id);
	params_text(&params, segment_set_write(segments));
	params_time(&params, request->now);
	params_time(&params, released_at);
	statement_run(&insert_reservation, &params, STATEMENT_WRITE);
}

/*
 * store_segments stores what an experiment owns now.
 */
static void
store_segments(const Request *request, const Owned *owned)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, owned->id);
	params_text(&params, segment_set_write(owned->segments));
	statement_run(&set_segments, &params, STATEMENT_WRITE);
}

/*
 * stratum_number finds the number of a stratum by its name, a new one where it has
 * not been met before.
 */
static int
stratum_number(List **names, char *name)
{
	ListCell *cell;

	foreach (cell, *names)
		if (strcmp(lfirst(cell), name) == 0)
			return foreach_current_index(cell);
	*names = lappend(*names, name);
	return list_length(*names) - 1;
}

/*
 * read_history looks at the latest use of segments that have not been found in
 * later ones, and takes those out of unknown that it finds; false if there was no
 * use of any of them.
 */
static bool
read_history(const Request *request, const Traffic *traffic, Bitmapset **unknown, List **names,
			 int stratum[SEGMENTS])
{
	Params params = traffic_params(request, traffic);
	Rows rows;

	params_text(&params, segment_set_write(*unknown));
	rows = statement_run(&list_history, &params, request->mode);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;
		Bitmapset *last;
		int segment = -1;
		int number;

		row_read(&rows, i, &row);
		last = bms_int_members(segment_set_read(row.values[1]), *unknown);
		if (bms_is_empty(last))
			continue;
		number = stratum_number(names, row_string(&row, 0));
		while ((segment = bms_next_member(last, segment)) >= 0)
			stratum[segment] = number;
		*unknown = bms_del_members(*unknown, last);
	}
	return rows.count > 0;
}

/*
 * read_strata finds out for each free segment which experiment was the last to own
 * it, and returns how many strata that makes.
 */
static int
read_strata(const Request *request, const Traffic *traffic, int stratum[SEGMENTS])
{
	Bitmapset *unknown = bms_copy(traffic->free);
	List *names = list_make1("never used");

	for (int i = 0; i < SEGMENTS; i++)
		stratum[i] = NEVER_USED;
	while (!bms_is_empty(unknown) && read_history(request, traffic, &unknown, &names, stratum))
		;
	return list_length(names);
}

/*
 * traffic_grow gives an experiment so many of the free segments, no more than there
 * are.
 */
void
traffic_grow(const Request *request, Traffic *traffic, Owned *owned, int count)
{
	int stratum[SEGMENTS];
	int strata = read_strata(request, traffic, stratum);
	Bitmapset *drawn = segment_set_draw(traffic->free, stratum, strata, count);

	traffic->free = bms_del_members(traffic->free, drawn);
	owned->segments = bms_add_members(owned->segments, drawn);
	store_segments(request, owned);
}

/*
 * traffic_shrink takes so many segments from an experiment, any of them; that it
 * owned them stays in the history.
 */
void
traffic_shrink(const Request *request, Traffic *traffic, Owned *owned, int count)
{
	Bitmapset *given = segment_set_sample(owned->segments, count);

	traffic->free = bms_add_members(traffic->free, given);
	owned->segments = bms_del_members(owned->segments, given);
	store_segments(request, owned);
	store_reservation(request, traffic, object_id(), owned->experiment_id, given,
					  GetCurrentTimestamp());
}

/*
 * traffic_enter brings an experiment into the layer, with nothing as yet.
 */
Owned *
traffic_enter(const Request *request, Traffic *traffic, const char *experiment_id)
{
	Owned *owned = palloc0(sizeof(Owned));

	owned->id = object_id();
	owned->experiment_id = pstrdup(experiment_id);
	traffic->owned = lappend(traffic->owned, owned);
	store_reservation(request, traffic, owned->id, experiment_id, NULL, DT_NOBEGIN);
	return owned;
}

/*
 * traffic_leave takes an experiment out of the layer.
 */
void
traffic_leave(const Request *request, Traffic *traffic, Owned *owned)
{
	Params params = {0};

	traffic->owned = list_delete_ptr(traffic->owned, owned);
	traffic->free = bms_add_members(traffic->free, owned->segments);
	params_bigint(&params, request->caller.account);
	params_text(&params, owned->id);
	params_time(&params, GetCurrentTimestamp());
	statement_run(&release, &params, STATEMENT_WRITE);
}
