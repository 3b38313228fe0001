/*
 * reservation.c
 *	  Reservations: which experiment owns which thousandths of a layer's traffic.
 *
 * Whoever reads a layer's reservations in order to change them locks the layer's row
 * first, so that such transactions run one after the other.  A released reservation
 * stays as a row with its time of release: the history that later draws look at.  That
 * time is the clock's, not the transaction's, since transactions that wait for each
 * other begin in another order than they release in.
 *
 * A draw gives an experiment as many segments of each ended experiment as that one's
 * share of what is free: users of an ended experiment may still be under its influence,
 * and so they are spread over all that come after it.  Within each share the draw is
 * random, from PostgreSQL's strong source, so that one draw tells nothing about another.
 */
#include "resource/layer/reservation.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "util/id.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* The stratum of segments that nobody has owned yet. */
#define NEVER_USED 0

#define FIND_RESERVATION                                                     \
	"SELECT l.id, l.key, l.name, r.segments, r.environment_id"               \
	" FROM flagplane_data.layer_reservation r JOIN flagplane_data.layer l"   \
	" ON l.account_id = r.account_id AND l.id = r.layer_id"                  \
	" WHERE r.account_id = :account_id AND r.experiment_id = :experiment_id" \
	" AND r.released_at IS NULL"

STATEMENT(find_reservation, FIND_RESERVATION);
STATEMENT(lock_reservation, FIND_RESERVATION " FOR NO KEY UPDATE OF l");

STATEMENT(find_others, "SELECT r.segments FROM flagplane_data.layer_reservation r"
					   " WHERE r.account_id = :account_id AND r.experiment_id <> :experiment_id"
					   " AND r.layer_id = :layer_id AND r.environment_id = :environment_id"
					   " AND r.released_at IS NULL");

STATEMENT(release_reservation,
		  "UPDATE flagplane_data.layer_reservation r SET released_at = :released_at"
		  " WHERE r.account_id = :account_id AND r.experiment_id = :experiment_id"
		  " AND r.released_at IS NULL");

/* In one order, so that two transactions that need several of them cannot deadlock. */
STATEMENT(lock_layers, "SELECT l.id FROM flagplane_data.layer l WHERE l.account_id = :account_id"
					   " AND l.id IN (SELECT r.layer_id FROM flagplane_data.layer_reservation r"
					   " WHERE r.account_id = :account_id AND r.experiment_id = :experiment_id)"
					   " ORDER BY l.id FOR NO KEY UPDATE OF l");

STATEMENT(detach_history, "UPDATE flagplane_data.layer_reservation r SET experiment_id = NULL"
						  " WHERE r.account_id = :account_id AND r.experiment_id = :experiment_id"
						  " AND r.released_at IS NOT NULL");

STATEMENT(list_shares, "SELECT r.id, r.experiment_id, r.segments"
					   " FROM flagplane_data.layer_reservation r"
					   " WHERE r.account_id = :account_id AND r.layer_id = :layer_id"
					   " AND r.environment_id = :environment_id AND r.released_at IS NULL");

/* What some segments were used for, the latest use first; the limit bounds one read. */
STATEMENT(list_history, "SELECT coalesce(r.experiment_id, r.id) AS used_by, r.segments"
						" FROM flagplane_data.layer_reservation r"
						" WHERE r.account_id = :account_id AND r.layer_id = :layer_id"
						" AND r.environment_id = :environment_id AND r.released_at IS NOT NULL"
						" AND r.segments && :segments::pg_catalog.int4multirange"
						" ORDER BY r.released_at DESC, r.id DESC LIMIT 20");

STATEMENT(insert_reservation,
		  "INSERT INTO flagplane_data.layer_reservation (account_id, layer_id, environment_id, id,"
		  " experiment_id, segments, created_at, released_at)"
		  " VALUES (:account_id, :layer_id, :environment_id, :id, :experiment_id,"
		  " :segments::pg_catalog.int4multirange, :created_at, :released_at)");

STATEMENT(set_segments, "UPDATE flagplane_data.layer_reservation r"
						" SET segments = :segments::pg_catalog.int4multirange"
						" WHERE r.account_id = :account_id AND r.id = :id");

static void
range_bounds(const MultirangeType *set, int range, int *lower, int *upper)
{
	TypeCacheEntry *type = lookup_type_cache(INT4RANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound from;
	RangeBound to;

	multirange_get_bounds(type, set, range, &from, &to);
	*lower = DatumGetInt32(from.val);
	*upper = DatumGetInt32(to.val);
}

/*
 * layer_segments_read reads segments as they are stored, an int4multirange.  The
 * table's constraint limits them to 0 .. 999.
 */
Bitmapset *
layer_segments_read(Datum stored)
{
	const MultirangeType *set = DatumGetMultirangeTypeP(stored);
	Bitmapset *segments = NULL;

	for (int range = 0; range < (int) set->rangeCount; range++)
	{
		int lower;
		int upper;

		range_bounds(set, range, &lower, &upper);
		segments = bms_add_range(segments, lower, upper - 1);
	}
	return segments;
}

/*
 * layer_segments_percent is how many percent of a layer stored segments are.
 */
int
layer_segments_percent(Datum stored)
{
	const MultirangeType *set = DatumGetMultirangeTypeP(stored);
	int count = 0;

	for (int range = 0; range < (int) set->rangeCount; range++)
	{
		int lower;
		int upper;

		range_bounds(set, range, &lower, &upper);
		count += upper - lower;
	}
	return count / LAYER_SEGMENTS_PER_PERCENT;
}

/*
 * layer_segments_text writes segments as an int4multirange: {[0,5),[8,9)}.
 */
char *
layer_segments_text(const Bitmapset *segments)
{
	StringInfoData text;
	int segment = -1;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	while ((segment = bms_next_member(segments, segment)) >= 0)
	{
		int lower = segment;

		while (bms_is_member(segment + 1, segments))
			segment++;
		appendStringInfo(&text, "%s[%d,%d)", text.len > 1 ? "," : "", lower, segment + 1);
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}

/*
 * layer_segments_sample draws so many of a set, each subset of that size as likely as any
 * other.
 */
Bitmapset *
layer_segments_sample(const Bitmapset *from, int count)
{
	Bitmapset *drawn = NULL;
	int left[LAYER_SEGMENTS];
	int lefts = 0;
	int segment = -1;

	while ((segment = bms_next_member(from, segment)) >= 0)
		left[lefts++] = segment;
	if (count > lefts)
		elog(ERROR, "a sample cannot be larger than the set");
	for (; count > 0; count--)
	{
		int which = random_below(lefts);

		drawn = bms_add_member(drawn, left[which]);
		left[which] = left[--lefts];
	}
	return drawn;
}

/*
 * pick_largest picks the stratum with the largest remainder, at random where several
 * have it.
 */
static int
pick_largest(const int *remainder, int strata)
{
	int largest = 0;
	int ties = 0;

	for (int i = 0; i < strata; i++)
	{
		if (ties > 0 && remainder[i] < remainder[largest])
			continue;
		ties = ties > 0 && remainder[i] == remainder[largest] ? ties + 1 : 1;
		if (random_below(ties) == 0)
			largest = i;
	}
	return largest;
}

/*
 * allocate divides count among the strata in proportion to their sizes; what rounding
 * leaves over goes to the largest remainders.
 */
static void
allocate(const int *size, int strata, int total, int count, int *share)
{
	int *remainder = palloc(sizeof(int) * strata);
	int left = count;

	for (int i = 0; i < strata; i++)
	{
		share[i] = count * size[i] / total;
		remainder[i] = count * size[i] % total;
		left -= share[i];
	}
	for (; left > 0; left--)
	{
		int which = pick_largest(remainder, strata);

		share[which]++;
		remainder[which] = -1;
	}
}

/*
 * draw_segments draws so many of a set, from each stratum its share.  stratum has the
 * number of each segment's stratum.
 */
static Bitmapset *
draw_segments(const Bitmapset *from, const int *stratum, int strata, int count)
{
	Bitmapset **members = palloc0(sizeof(Bitmapset *) * strata);
	int *size = palloc0(sizeof(int) * strata);
	int *share = palloc0(sizeof(int) * strata);
	Bitmapset *drawn = NULL;
	int segment = -1;

	if (count == 0)
		return NULL;
	while ((segment = bms_next_member(from, segment)) >= 0)
	{
		members[stratum[segment]] = bms_add_member(members[stratum[segment]], segment);
		size[stratum[segment]]++;
	}
	allocate(size, strata, bms_num_members(from), count, share);
	for (int i = 0; i < strata; i++)
		drawn = bms_join(drawn, layer_segments_sample(members[i], share[i]));
	return drawn;
}

/*
 * experiment_params binds what statements about one experiment name: :account_id and
 * :experiment_id.
 */
Params
experiment_params(const Request *request, const char *experiment_id)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "experiment_id", experiment_id);
	return params;
}

static Reservation
reservation_of_row(Row *row)
{
	Reservation reservation;

	reservation.layer_id = row_get_string(row, "id");
	reservation.layer_key = row_get_string(row, "key");
	reservation.layer_name = row_get_string(row, "name");
	reservation.environment_id = row_get_string(row, "environment_id");
	reservation.segments = layer_segments_read(row_get_datum(row, "segments"));
	reservation.percent = bms_num_members(reservation.segments) / LAYER_SEGMENTS_PER_PERCENT;
	reservation.others = 0;
	return reservation;
}

/*
 * reservation_find finds the live reservation of an experiment that the caller has
 * locked; false if it is in no layer.  It reads the latest state, whatever the
 * transaction's snapshot.
 */
bool
reservation_find(const Request *request, const char *experiment_id, Reservation *reservation)
{
	Params params = experiment_params(request, experiment_id);
	Rows rows = statement_run(&find_reservation, &params, STATEMENT_LATEST);
	Row row;

	if (rows.count == 0)
		return false;
	row_read(&rows, 0, &row);
	*reservation = reservation_of_row(&row);
	return true;
}

/*
 * reservation_lock is reservation_find that locks the layer too, and reads what other
 * experiments have there.  A transaction whose snapshot is older than the reservation
 * could not release it: that is a serialization failure.
 */
bool
reservation_lock(const Request *request, const char *experiment_id, Reservation *reservation)
{
	Params params = experiment_params(request, experiment_id);
	Rows rows = statement_run(&lock_reservation, &params, request->mode);
	Row row;

	if (rows.count == 0 && reservation_find(request, experiment_id, reservation))
		error_raise_serialization();
	if (rows.count == 0)
		return false;
	row_read(&rows, 0, &row);
	*reservation = reservation_of_row(&row);
	bind_text(&params, "layer_id", reservation->layer_id);
	bind_text(&params, "environment_id", reservation->environment_id);
	rows = statement_run(&find_others, &params, STATEMENT_LATEST);
	for (uint64 i = 0; i < rows.count; i++)
	{
		row_read(&rows, i, &row);
		reservation->others += layer_segments_percent(row_get_datum(&row, "segments"));
	}
	return true;
}

/*
 * reservation_release releases an experiment's live reservation; the caller has locked
 * the layer.
 */
void
reservation_release(const Request *request, const char *experiment_id)
{
	Params params = experiment_params(request, experiment_id);

	bind_time(&params, "released_at", GetCurrentTimestamp());
	statement_run(&release_reservation, &params, STATEMENT_WRITE);
}

/*
 * reservations_detach_experiment releases an experiment's reservation and removes the
 * experiment from the history, so that it can be deleted and the history stays.
 */
void
reservations_detach_experiment(const Request *request, const char *experiment_id)
{
	Params params = experiment_params(request, experiment_id);

	statement_run(&lock_layers, &params, STATEMENT_WRITE);
	reservation_release(request, experiment_id);
	statement_run(&detach_history, &params, STATEMENT_WRITE);
}

static Params
traffic_params(const Request *request, const LayerTraffic *traffic)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "layer_id", traffic->layer_id);
	bind_text(&params, "environment_id", traffic->environment_id);
	return params;
}

/*
 * traffic_read reads the live reservations of a layer in an environment.
 */
LayerTraffic
traffic_read(const Request *request, const char *layer_id, const char *environment_id)
{
	LayerTraffic traffic = {pstrdup(layer_id), pstrdup(environment_id), NIL, NULL};
	Params params = traffic_params(request, &traffic);
	Rows rows = statement_run(&list_shares, &params, request->mode);

	traffic.free = bms_add_range(NULL, 0, LAYER_SEGMENTS - 1);
	for (uint64 i = 0; i < rows.count; i++)
	{
		TrafficShare *share = palloc(sizeof(TrafficShare));
		Row row;

		row_read(&rows, i, &row);
		share->reservation_id = row_get_string(&row, "id");
		share->experiment_id = row_get_string(&row, "experiment_id");
		share->segments = layer_segments_read(row_get_datum(&row, "segments"));
		traffic.shares = lappend(traffic.shares, share);
		traffic.free = bms_del_members(traffic.free, share->segments);
	}
	return traffic;
}

/*
 * traffic_share_of is what an experiment owns of the traffic; NULL if it is not in the
 * layer.
 */
TrafficShare *
traffic_share_of(const LayerTraffic *traffic, const char *experiment_id)
{
	ListCell *cell;

	foreach (cell, traffic->shares)
	{
		TrafficShare *share = lfirst(cell);

		if (strcmp(share->experiment_id, experiment_id) == 0)
			return share;
	}
	return NULL;
}

/*
 * store_reservation stores a reservation: live if released_at is DT_NOBEGIN, else
 * history.
 */
static void
store_reservation(const Request *request, const LayerTraffic *traffic, const char *id,
				  const char *experiment_id, const Bitmapset *segments, TimestampTz released_at)
{
	Params params = traffic_params(request, traffic);

	bind_text(&params, "id", id);
	bind_text(&params, "experiment_id", experiment_id);
	bind_text(&params, "segments", layer_segments_text(segments));
	bind_time(&params, "created_at", request->now);
	bind_time(&params, "released_at", released_at);
	statement_run(&insert_reservation, &params, STATEMENT_WRITE);
}

static void
store_segments(const Request *request, const TrafficShare *share)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "id", share->reservation_id);
	bind_text(&params, "segments", layer_segments_text(share->segments));
	statement_run(&set_segments, &params, STATEMENT_WRITE);
}

/*
 * stratum_number is the number of a stratum; a name that has none yet gets the next.
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
 * read_history reads the latest uses of segments whose stratum is not known yet, and
 * removes from unknown those that it finds; false if none of them was ever used.
 */
static bool
read_history(const Request *request, const LayerTraffic *traffic, Bitmapset **unknown, List **names,
			 int stratum[LAYER_SEGMENTS])
{
	Params params = traffic_params(request, traffic);
	Rows rows;

	bind_text(&params, "segments", layer_segments_text(*unknown));
	rows = statement_run(&list_history, &params, request->mode);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;
		Bitmapset *last;
		int segment = -1;
		int number;

		row_read(&rows, i, &row);
		last = bms_int_members(layer_segments_read(row_get_datum(&row, "segments")), *unknown);
		if (bms_is_empty(last))
			continue;
		number = stratum_number(names, row_get_string(&row, "used_by"));
		while ((segment = bms_next_member(last, segment)) >= 0)
			stratum[segment] = number;
		*unknown = bms_del_members(*unknown, last);
	}
	return rows.count > 0;
}

/*
 * read_strata finds for each free segment which experiment owned it last, and returns
 * how many strata that makes.
 */
static int
read_strata(const Request *request, const LayerTraffic *traffic, int stratum[LAYER_SEGMENTS])
{
	Bitmapset *unknown = bms_copy(traffic->free);
	List *names = list_make1("never used");

	for (int i = 0; i < LAYER_SEGMENTS; i++)
		stratum[i] = NEVER_USED;
	while (!bms_is_empty(unknown) && read_history(request, traffic, &unknown, &names, stratum))
		;
	return list_length(names);
}

/*
 * traffic_grow gives an experiment count of the free segments; the caller has made sure
 * that there are so many.
 */
void
traffic_grow(const Request *request, LayerTraffic *traffic, TrafficShare *share, int count)
{
	int stratum[LAYER_SEGMENTS];
	int strata = read_strata(request, traffic, stratum);
	Bitmapset *drawn = draw_segments(traffic->free, stratum, strata, count);

	traffic->free = bms_del_members(traffic->free, drawn);
	share->segments = bms_add_members(share->segments, drawn);
	store_segments(request, share);
}

/*
 * traffic_shrink releases some of an experiment's segments; that it owned them stays in
 * the history.
 */
void
traffic_shrink(const Request *request, LayerTraffic *traffic, TrafficShare *share,
			   const Bitmapset *released)
{
	traffic->free = bms_add_members(traffic->free, released);
	share->segments = bms_del_members(share->segments, released);
	store_segments(request, share);
	store_reservation(request, traffic, object_id(), share->experiment_id, released,
					  GetCurrentTimestamp());
}

/*
 * traffic_acquire makes an experiment's reservation of the layer, without segments yet.
 */
TrafficShare *
traffic_acquire(const Request *request, LayerTraffic *traffic, const char *experiment_id)
{
	TrafficShare *share = palloc0(sizeof(TrafficShare));

	share->reservation_id = object_id();
	share->experiment_id = pstrdup(experiment_id);
	traffic->shares = lappend(traffic->shares, share);
	store_reservation(request, traffic, share->reservation_id, experiment_id, NULL, DT_NOBEGIN);
	return share;
}

/*
 * traffic_release removes an experiment from the layer.
 */
void
traffic_release(const Request *request, LayerTraffic *traffic, TrafficShare *share)
{
	traffic->shares = list_delete_ptr(traffic->shares, share);
	traffic->free = bms_add_members(traffic->free, share->segments);
	reservation_release(request, share->experiment_id);
}
