/*
 * reservation.c
 *	  Reservations: which experiment owns which segments of a layer.
 *
 * Whoever reads a layer's reservations to change them holds the layer's row, so
 * that they come one after the other.  What is given up stays as a released row:
 * the history that later draws look at.  Its time is the clock's, not that of the
 * transaction, since transactions that wait for each other begin in another order.
 */
#include "resource/layer/reservation.h"
#include "resource/resource.h"
#include "resource/layer/segment_set.h"

#include "utils/timestamp.h"

#define FIND_RESERVATION                                                   \
	"SELECT l.id, l.key, l.name, r.segments, r.environment_id"             \
	" FROM flagplane_data.layer_reservation r JOIN flagplane_data.layer l" \
	" ON l.account_id = r.account_id AND l.id = r.layer_id"                \
	" WHERE r.account_id = $1 AND r.experiment_id = $2 AND r.released_at IS NULL"

STATEMENT(find_reservation, FIND_RESERVATION);
STATEMENT(lock_reservation, FIND_RESERVATION " FOR NO KEY UPDATE OF l");

STATEMENT(find_others,
		  "SELECT r.segments FROM flagplane_data.layer_reservation r WHERE r.account_id = $1"
		  " AND r.experiment_id <> $2 AND r.layer_id = $3 AND r.environment_id = $4"
		  " AND r.released_at IS NULL");

STATEMENT(release_reservation,
		  "UPDATE flagplane_data.layer_reservation r SET released_at = $3"
		  " WHERE r.account_id = $1 AND r.experiment_id = $2 AND r.released_at IS NULL");

/* In one order, so that two who hold several of them do not wait for each other. */
STATEMENT(lock_layers, "SELECT l.id FROM flagplane_data.layer l WHERE l.account_id = $1"
					   " AND l.id IN (SELECT r.layer_id FROM flagplane_data.layer_reservation r"
					   " WHERE r.account_id = $1 AND r.experiment_id = $2)"
					   " ORDER BY l.id FOR NO KEY UPDATE OF l");

STATEMENT(forget_experiment,
		  "UPDATE flagplane_data.layer_reservation r SET experiment_id = NULL"
		  " WHERE r.account_id = $1 AND r.experiment_id = $2 AND r.released_at IS NOT NULL");

/*
 * experiment_params starts the parameters of the statements about one experiment's
 * reservation.
 */
static Params
experiment_params(const Request *request, const char *experiment_id)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, experiment_id);
	return params;
}

/*
 * read_reservation reads the columns of FIND_RESERVATION.
 */
static void
read_reservation(const Row *row, Reservation *reservation)
{
	reservation->layer_id = row_string(row, 0);
	reservation->layer_key = row_string(row, 1);
	reservation->layer_name = row_string(row, 2);
	reservation->percent = segment_set_percent(row->values[3]);
	reservation->others = 0;
}

/*
 * reservation_find finds the live reservation of an experiment that the caller has
 * locked; false if it is in no layer.  What it has now counts, whatever the
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
	read_reservation(&row, reservation);
	return true;
}

/*
 * reservation_lock is reservation_find that holds the layer too, and tells what
 * others have there.  A transaction whose snapshot is older than the reservation
 * could not release it: it is told so.
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
	read_reservation(&row, reservation);
	params_text(&params, reservation->layer_id);
	params_text(&params, row_string(&row, 4));
	rows = statement_run(&find_others, &params, STATEMENT_LATEST);
	for (uint64 i = 0; i < rows.count; i++)
	{
		row_read(&rows, i, &row);
		reservation->others += segment_set_percent(row.values[0]);
	}
	return true;
}

/*
 * reservation_release frees what an experiment has reserved.
 */
void
reservation_release(const Request *request, const char *experiment_id)
{
	Params params = experiment_params(request, experiment_id);

	params_time(&params, GetCurrentTimestamp());
	statement_run(&release_reservation, &params, STATEMENT_WRITE);
}

/*
 * reservation_forget frees what an experiment has reserved and takes its name out
 * of the history, so that the experiment can be deleted and the history stays.
 */
void
reservation_forget(const Request *request, const char *experiment_id)
{
	Params params = experiment_params(request, experiment_id);

	statement_run(&lock_layers, &params, STATEMENT_WRITE);
	reservation_release(request, experiment_id);
	statement_run(&forget_experiment, &params, STATEMENT_WRITE);
}
