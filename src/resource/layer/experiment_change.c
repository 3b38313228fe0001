/*
 * experiment_change.c
 *	  Experiments: started, stopped, archived, changed and removed.
 *
 * Whoever changes an experiment locks it, and then its layer: the order in which
 * the layer's patch locks them too.
 */
#include "resource/layer/experiment.h"
#include "resource/layer/reservation.h"
#include "resource/resource.h"

#include "call/instruction.h"
#include "util/document.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	KEY,
	INSTRUCTIONS,
	COMMENT
};

const Field update_experiment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[KEY] = EXPERIMENT_KEY_FIELD,
	[INSTRUCTIONS] = {"instructions", "instructions", FIELD_JSON, IN_BODY, true, RULE_NONE, 0, 0,
					  NULL, NULL, .kinds = experiment_instruction_kinds},
	[COMMENT] =
		FIELD("comment", "comment", FIELD_TEXT, .rule = RULE_LENGTH, .max = DESCRIPTION_MAX),
	FIELDS_END};

const Field start_experiment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
										 EXPERIMENT_KEY_FIELD, FIELDS_END};

const Field stop_experiment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
										EXPERIMENT_KEY_FIELD, FIELDS_END};

const Field archive_experiment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
										   EXPERIMENT_KEY_FIELD, FIELDS_END};

const Field delete_experiment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
										  EXPERIMENT_KEY_FIELD, FIELDS_END};

enum
{
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	START_ITERATION,
	STOP_ITERATION,
	ARCHIVE_EXPERIMENT,
	RESTORE_EXPERIMENT
};

const InstructionKind experiment_instruction_kinds[] = {
	[UPDATE_NAME] = {"updateName", {{"value", true, MEMBER_NAME, 1, NAME_MAX_CHARS}}},
	[UPDATE_DESCRIPTION] = {"updateDescription",
							{{"value", true, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[START_ITERATION] = {"startIteration",
						 {{"changeJustification", false, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[STOP_ITERATION] = {"stopIteration",
						{{"winningTreatmentId", false, MEMBER_TEXT, 0, KEY_MAX},
						 {"winningReason", false, MEMBER_TEXT, 0, DESCRIPTION_MAX}}},
	[ARCHIVE_EXPERIMENT] = {"archiveExperiment", {{NULL}}},
	[RESTORE_EXPERIMENT] = {"restoreExperiment", {{NULL}}},
	{NULL, {{NULL}}}};

/* Who deletes the project or the environment waits, or is waited for, before anything else. */
#define LOCK_EXPERIMENT(strength)                                           \
	"SELECT " EXPERIMENT_COLUMNS                                            \
	" FROM flagplane_data.project p JOIN flagplane_data.environment n"      \
	" ON n.account_id = p.account_id AND n.project_id = p.id"               \
	" JOIN flagplane_data.experiment e"                                     \
	" ON e.account_id = n.account_id AND e.environment_id = n.id"           \
	" WHERE p.account_id = $1 AND p.key = $2 AND n.key = $3 AND e.key = $4" \
	" FOR KEY SHARE OF p, n FOR " strength " OF e"

STATEMENT(lock_for_change, LOCK_EXPERIMENT("NO KEY UPDATE"));
STATEMENT(lock_for_deletion, LOCK_EXPERIMENT("UPDATE"));

STATEMENT(update_experiment,
		  "UPDATE flagplane_data.experiment e SET name = $3, description = $4, status = $5,"
		  " layer_snapshot = $6::jsonb, started_at = $7, stopped_at = $8, archived_at = $9,"
		  " winning_treatment_id = $10, winning_reason = $11, version = e.version + 1"
		  " WHERE e.account_id = $1 AND e.id = $2 RETURNING e.version");

STATEMENT(delete_experiment,
		  "DELETE FROM flagplane_data.experiment e WHERE e.account_id = $1 AND e.id = $2");

/*
 * take takes hold of the experiment that the request names, and writes down what it
 * was.
 */
static Experiment
take(Request *request, Statement *lock)
{
	Rows rows = request_run_first(request, lock, FIELD_PARAM(KEY) + 1);
	Experiment experiment;

	if (rows.count == 0)
		experiment_missing(request);
	experiment = experiment_of_row(&rows, 0);
	request_require_version(request, experiment.version);
	experiment_document(request, &experiment, NULL);
	request_before(request);
	experiment_target(request, experiment.key);
	return experiment;
}

/*
 * keep stores the experiment as it is now, if that is something new, and answers
 * with it.
 */
static void
keep(Request *request, Experiment *experiment, bool changed)
{
	request->unchanged = !changed;
	if (changed)
	{
		Params params = {0};
		Rows rows;
		Row row;

		params_bigint(&params, request->caller.account);
		params_text(&params, experiment->id);
		params_text(&params, experiment->name);
		params_text(&params, experiment->description);
		params_text(&params, experiment->status);
		params_text(&params, experiment->layer_snapshot);
		params_time(&params, experiment->started_at);
		params_time(&params, experiment->stopped_at);
		params_time(&params, experiment->archived_at);
		params_text(&params, experiment->winning_treatment_id);
		params_text(&params, experiment->winning_reason);
		rows = statement_run(&update_experiment, &params, STATEMENT_WRITE);
		row_read(&rows, 0, &row);
		experiment->version = row_integer(&row, 0);
	}
	experiment_document(request, experiment, NULL);
	request->version = experiment->version;
}

/*
 * start starts an experiment; false if it is running already.  One that has come
 * into a layer needs traffic there.
 */
static bool
start(Request *request, Experiment *experiment)
{
	Reservation reservation;

	if (experiment_is_archived(experiment))
		error_raise(ERR_INVALID, "experiment \"%s\" is archived", experiment->key);
	if (experiment_is(experiment, STOPPED))
		error_raise(ERR_INVALID, "experiment \"%s\" has stopped and cannot be started again",
					experiment->key);
	if (experiment_is(experiment, RUNNING))
		return false;
	if (reservation_find(request, experiment->id, &reservation) && reservation.percent == 0)
		error_raise(ERR_INVALID,
					"experiment \"%s\" has reserved 0 %% of layer \"%s\" and needs more to start",
					experiment->key, reservation.layer_key);
	experiment->status = RUNNING;
	experiment->started_at = request->now;
	return true;
}

/*
 * stop stops an experiment; false if it has stopped before.  Its segments are free
 * then, and what the layer looked like is kept.
 */
static bool
stop(Request *request, Experiment *experiment)
{
	Reservation reservation;

	if (experiment_is(experiment, STOPPED))
		return false;
	if (!experiment_is(experiment, RUNNING))
		error_raise(ERR_INVALID, "experiment \"%s\" has not started", experiment->key);
	experiment->status = STOPPED;
	experiment->stopped_at = request->now;
	if (reservation_lock(request, experiment->id, &reservation))
	{
		StringInfoData snapshot;

		initStringInfo(&snapshot);
		document_open(&snapshot, '{');
		document_string(&snapshot, "key", reservation.layer_key);
		document_string(&snapshot, "name", reservation.layer_name);
		document_integer(&snapshot, "reservationPercent", reservation.percent);
		document_integer(&snapshot, "otherReservationPercent", reservation.others);
		document_close(&snapshot, '}');
		experiment->layer_snapshot = snapshot.data;
		reservation_release(request, experiment->id);
	}
	return true;
}

/*
 * refuse_running refuses what cannot be done to a running experiment.
 */
static void
refuse_running(const Experiment *experiment, const char *what)
{
	if (experiment_is(experiment, RUNNING))
		error_raise(ERR_IN_USE, "experiment \"%s\" is running and cannot be %s", experiment->key,
					what);
}

/*
 * archive archives an experiment; false if it is archived already.  What it had
 * reserved is free then.
 */
static bool
archive(Request *request, Experiment *experiment)
{
	Reservation reservation;

	if (experiment_is_archived(experiment))
		return false;
	refuse_running(experiment, "archived");
	experiment->archived_at = request->now;
	if (reservation_lock(request, experiment->id, &reservation))
		reservation_release(request, experiment->id);
	return true;
}

/*
 * restore brings an archived experiment back, without its reservation; false if
 * it is not archived.
 */
static bool
restore(Request *request, Experiment *experiment)
{
	bool archived = experiment_is_archived(experiment);

	experiment->archived_at = DT_NOBEGIN;
	return archived;
}

/*
 * rewrite exchanges a text; false if it is the same.
 */
static bool
rewrite(char **text, char *now)
{
	bool differs = strcmp(*text, now) != 0;

	*text = now;
	return differs;
}

/*
 * start_justified starts an experiment.  Why goes into the audit log, where nothing else
 * is said.
 */
static bool
start_justified(Request *request, Experiment *experiment, char *justification)
{
	if (request->comment == NULL)
		request->comment = justification;
	return start(request, experiment);
}

/*
 * stop_with_winner stops an experiment, and keeps what is said of its outcome.
 */
static bool
stop_with_winner(Request *request, Experiment *experiment, char *treatment_id, char *reason)
{
	if (!stop(request, experiment))
		return false;
	experiment->winning_treatment_id = treatment_id;
	experiment->winning_reason = reason;
	return true;
}

/*
 * follow follows one instruction; false if there was nothing to do.
 */
static bool
follow(Request *request, Experiment *experiment, const Instruction *instruction)
{
	switch (instruction->kind)
	{
		case UPDATE_NAME:
			return rewrite(&experiment->name, instruction->texts[0]);
		case UPDATE_DESCRIPTION:
			return rewrite(&experiment->description, instruction->texts[0]);
		case START_ITERATION:
			return start_justified(request, experiment, instruction->texts[0]);
		case STOP_ITERATION:
			return stop_with_winner(request, experiment, instruction->texts[0],
									instruction->texts[1]);
		case ARCHIVE_EXPERIMENT:
			return archive(request, experiment);
		default:
			return restore(request, experiment);
	}
}

/*
 * change_experiment does one thing to an experiment.
 */
static void
change_experiment(Request *request, bool (*change)(Request *request, Experiment *experiment))
{
	Experiment experiment = take(request, &lock_for_change);

	keep(request, &experiment, change(request, &experiment));
}

/*
 * do_start_experiment starts an experiment.
 */
void
do_start_experiment(Request *request)
{
	change_experiment(request, start);
}

/*
 * do_stop_experiment stops an experiment for good.
 */
void
do_stop_experiment(Request *request)
{
	change_experiment(request, stop);
}

/*
 * do_archive_experiment archives an experiment that is not running.
 */
void
do_archive_experiment(Request *request)
{
	change_experiment(request, archive);
}

/*
 * check_update_experiment reads the instructions.
 */
void
check_update_experiment(Request *request)
{
	request->state = instructions_read(request, INSTRUCTIONS);
}

/*
 * do_update_experiment follows the instructions, all or none.
 */
void
do_update_experiment(Request *request)
{
	Experiment experiment = take(request, &lock_for_change);
	bool changed = false;
	ListCell *cell;

	request->comment = request_string(request, COMMENT);
	foreach (cell, (List *) request->state)
		changed |= follow(request, &experiment, lfirst(cell));
	keep(request, &experiment, changed);
}

/*
 * do_delete_experiment removes an experiment that is not running.  Segments that it
 * owned stay in their layer's history.
 */
void
do_delete_experiment(Request *request)
{
	Experiment experiment = take(request, &lock_for_deletion);
	Params params = {0};

	refuse_running(&experiment, "deleted");
	reservation_forget(request, experiment.id);
	params_bigint(&params, request->caller.account);
	params_text(&params, experiment.id);
	statement_run(&delete_experiment, &params, STATEMENT_WRITE);
}
