/*
 * experiment.c
 *	  Experiments, as far as layers need them: what runs in an environment, on
 *	  which flag, for what unit, and since when.
 *
 * An experiment has one iteration.  It enters a layer by the layer's patch.  Whoever
 * changes an experiment locks it, and then its layer: the order in which the layer's
 * patch locks them too.  Whoever starts or stops one locks its flag before: see
 * experiment_flag.c.
 */
#include "resource/environment/environment.h"
#include "resource/layer/experiment.h"
#include "resource/layer/experiment_rollout.h"
#include "resource/layer/reservation.h"
#include "resource/resource.h"

#include "call/instruction.h"
#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"

const Field create_experiment_fields[] = {
	[EXPERIMENT_PROJECT] = PROJECT_KEY_FIELD,
	[EXPERIMENT_ENVIRONMENT] = ENVIRONMENT_KEY_FIELD,
	[EXPERIMENT_KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
							 .max = KEY_MAX),
	[EXPERIMENT_NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME,
							  .min = 1, .max = NAME_MAX_CHARS),
	[EXPERIMENT_DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
									 .max = DESCRIPTION_MAX),
	[EXPERIMENT_FLAG] = FIELD("flag_key", "flagKey", FIELD_TEXT),
	[EXPERIMENT_UNIT] = FIELD("randomization_unit", "randomizationUnit", FIELD_TEXT,
							  .rule = RULE_KEY, .min = 1, .max = KEY_MAX, .fallback = DEFAULT_UNIT),
	[EXPERIMENT_ITERATION] = FIELD("iteration", "iteration", FIELD_JSON, .rule = RULE_OBJECT),
	[EXPERIMENT_MAINTAINER] = FIELD("maintainer_id", "maintainerId", FIELD_TEXT),
	FIELDS_END};

/* What expand accepts.  Treatments are always shown, and members without a value never. */
static const char *const expandable[] = {"previousIterations", DRAFT_ITERATION,	 SECONDARY_METRICS,
										 "treatments",		   "analysisConfig", NULL};

/* One experiment can also be shown with what SDKs are sent of it. */
static const char *const expandable_alone[] = {"previousIterations",
											   DRAFT_ITERATION,
											   SECONDARY_METRICS,
											   "treatments",
											   "analysisConfig",
											   ROLLOUT,
											   NULL};

#define EXPAND_FIELD(what) \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, .choices = what)

enum
{
	GET_EXPAND = EXPERIMENT_KEY + 1
};

const Field get_experiment_fields[] = {
	PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
	EXPERIMENT_KEY_FIELD, [GET_EXPAND] = EXPAND_FIELD(expandable_alone), FIELDS_END};

enum
{
	LIST_LIMIT = 2,
	LIST_LIFECYCLE_STATE = 6,
	LIST_EXPAND
};

static const char *const lifecycle_states[] = {"active", "archived", NULL};

const Field list_experiments_fields[] = {
	PROJECT_KEY_FIELD,
	ENVIRONMENT_KEY_FIELD,
	PAGE_FIELDS,
	[LIST_LIFECYCLE_STATE] =
		FIELD("lifecycle_state", "lifecycleState", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST,
			  .choices = lifecycle_states, .fallback = "active"),
	[LIST_EXPAND] = EXPAND_FIELD(expandable),
	FIELDS_END};

enum
{
	UPDATE_NAME,
	UPDATE_DESCRIPTION,
	START_ITERATION,
	STOP_ITERATION,
	ARCHIVE_EXPERIMENT,
	RESTORE_EXPERIMENT
};

static const InstructionKind experiment_instruction_kinds[] = {
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

enum
{
	INSTRUCTIONS = EXPERIMENT_KEY + 1,
	COMMENT
};

const Field update_experiment_fields[] = {
	[EXPERIMENT_PROJECT] = PROJECT_KEY_FIELD,
	[EXPERIMENT_ENVIRONMENT] = ENVIRONMENT_KEY_FIELD,
	[EXPERIMENT_KEY] = EXPERIMENT_KEY_FIELD,
	[INSTRUCTIONS] = FIELD("instructions", "instructions", FIELD_JSON, .required = true,
						   .kinds = experiment_instruction_kinds),
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

static const char *const statuses[] = {NOT_STARTED, RUNNING, STOPPED, NULL};

/* The terms of filter that are for experiments alone. */
static const PageTerm experiment_terms[] = {{"flagKey", "filter_flag", NULL},
											{"metricKey", "filter_metric", NULL},
											{"status", "filter_status", statuses},
											{NULL}};

/* Until the transaction ends nobody deletes the environment. */
STATEMENT(lock_environment_key_share,
		  "SELECT n.id, p.id AS project_id FROM flagplane_data.project p"
		  " JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " AND n.key = :environment_key FOR KEY SHARE OF p, n");

STATEMENT(lock_flag_key_share,
		  "SELECT g.id FROM flagplane_data.project p JOIN flagplane_data.flag g"
		  " ON g.account_id = p.account_id AND g.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key AND g.key = :flag_key"
		  " FOR KEY SHARE OF g");

STATEMENT(insert_experiment,
		  "INSERT INTO flagplane_data.experiment"
		  " (account_id, id, environment_id, key, name, description, flag_id, randomization_unit,"
		  " status, version, created_at, maintainer_id, hypothesis, iteration, rule_id)"
		  " VALUES (:account_id, :id, :environment_id, :key, :name, :description,"
		  " :flag_id, :randomization_unit, :status, 1, :created_at,"
		  " :maintainer_id, :hypothesis, :iteration, :rule_id)"
		  " ON CONFLICT DO NOTHING");

#define EXPERIMENTS                                                    \
	" FROM flagplane_data.project p JOIN flagplane_data.environment n" \
	" ON n.account_id = p.account_id AND n.project_id = p.id"          \
	" JOIN flagplane_data.experiment e"                                \
	" ON e.account_id = n.account_id AND e.environment_id = n.id"      \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND n.key = :environment_key"

#define LISTED_EXPERIMENTS                                                                       \
	EXPERIMENTS PAGE_NAMED(                                                                      \
		"e") " AND CASE WHEN e.archived_at IS NULL THEN 'active' ELSE 'archived' END"            \
			 " = ANY (string_to_array(:lifecycle_state, ','))"                                   \
			 " AND (:filter_status IS NULL OR e.status = :filter_status)"                        \
			 " AND (:filter_flag IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.flag g"         \
			 " WHERE g.account_id = :account_id AND g.id = e.flag_id AND g.key = :filter_flag))" \
			 " AND (:filter_metric IS NULL"                                                      \
			 " OR e.iteration->>'primarySingleMetricKey' = :filter_metric"                       \
			 " OR e.iteration->>'primaryFunnelKey' = :filter_metric"                             \
			 " OR e.iteration->'metrics' @>"                                                     \
			 " jsonb_build_array(jsonb_build_object('key', :filter_metric)))"

STATEMENT(
	list_experiments,
	"SELECT " EXPERIMENT_COLUMNS_AND("(SELECT f.key FROM flagplane_data.flag f"
									 " WHERE f.account_id = :account_id AND f.id = e.flag_id)")
		LISTED_EXPERIMENTS " ORDER BY " PAGE_SORTED("e") "e.created_at, e.key"
														 " LIMIT :limit OFFSET :offset");

STATEMENT(count_experiments, "SELECT count(*)" LISTED_EXPERIMENTS);

#define EXPERIMENT_BY_KEY                                                              \
	"SELECT " EXPERIMENT_COLUMNS                                                       \
	" FROM flagplane_data.project p JOIN flagplane_data.environment n"                 \
	" ON n.account_id = p.account_id AND n.project_id = p.id"                          \
	" JOIN flagplane_data.experiment e"                                                \
	" ON e.account_id = n.account_id AND e.environment_id = n.id" EXPERIMENT_JOIN_FLAG \
	" WHERE p.account_id = :account_id AND p.key = :project_key"                       \
	" AND n.key = :environment_key AND e.key = :experiment_key"

STATEMENT(find_experiment, EXPERIMENT_BY_KEY);

/* The deletion of the project or the environment waits here, before any other lock, and is waited for. */
STATEMENT(lock_experiment_for_update,
		  EXPERIMENT_BY_KEY " FOR KEY SHARE OF p, n FOR NO KEY UPDATE OF e");
STATEMENT(lock_experiment_for_deletion, EXPERIMENT_BY_KEY " FOR KEY SHARE OF p, n FOR UPDATE OF e");

STATEMENT(update_experiment,
		  "UPDATE flagplane_data.experiment e SET name = :name, description = :description,"
		  " status = :status, layer_snapshot = :layer_snapshot::jsonb, started_at = :started_at,"
		  " stopped_at = :stopped_at, archived_at = :archived_at,"
		  " winning_treatment_id = :winning_treatment_id, winning_reason = :winning_reason,"
		  " seed = :seed, version = e.version + 1"
		  " WHERE e.account_id = :account_id AND e.id = :id RETURNING e.version");

STATEMENT(delete_experiment, "DELETE FROM flagplane_data.experiment e"
							 " WHERE e.account_id = :account_id AND e.id = :id");

STATEMENT(lock_flag, "SELECT f.id FROM flagplane_data.flag f"
					 " WHERE f.account_id = :account_id AND f.id = :flag_id FOR UPDATE");

/* In the order in which a layer's patch locks those of one environment. */
STATEMENT(lock_experiments_on_flag, "SELECT e.id FROM flagplane_data.experiment e"
									" WHERE e.account_id = :account_id AND e.flag_id = :flag_id"
									" ORDER BY e.environment_id, e.key FOR NO KEY UPDATE");

STATEMENT(find_experiment_on_flag,
		  "SELECT e.key, n.key AS environment_key"
		  " FROM flagplane_data.experiment e JOIN flagplane_data.environment n"
		  " ON n.account_id = e.account_id AND n.id = e.environment_id"
		  " WHERE e.account_id = :account_id AND e.flag_id = :flag_id AND e.archived_at IS NULL"
		  " ORDER BY n.key, e.key LIMIT 1");

STATEMENT(leave_flag, "UPDATE flagplane_data.experiment e SET flag_id = NULL"
					  " WHERE e.account_id = :account_id AND e.flag_id = :flag_id");

/*
 * experiment_of_row reads the columns of EXPERIMENT_COLUMNS.
 */
Experiment
experiment_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Experiment experiment;

	row_read(rows, number, &row);
	experiment.id = row_get_string(&row, "id");
	experiment.key = row_get_string(&row, "key");
	experiment.name = row_get_string(&row, "name");
	experiment.description = row_get_string(&row, "description");
	experiment.flag_key = row_get_string(&row, "flag_key");
	experiment.randomization_unit = row_get_string(&row, "randomization_unit");
	experiment.status = row_get_string(&row, "status");
	experiment.layer_snapshot = row_get_jsonb(&row, "layer_snapshot");
	experiment.maintainer_id = row_get_string(&row, "maintainer_id");
	experiment.version = row_get_integer(&row, "version");
	experiment.created_at = row_get_time(&row, "created_at");
	experiment.started_at = row_get_time(&row, "started_at");
	experiment.stopped_at = row_get_time(&row, "stopped_at");
	experiment.archived_at = row_get_time(&row, "archived_at");
	experiment.hypothesis = row_get_string(&row, "hypothesis");
	experiment.iteration =
		row_is_null(&row, "iteration") ? NULL : DatumGetJsonbP(row_get_datum(&row, "iteration"));
	experiment.winning_treatment_id = row_get_string(&row, "winning_treatment_id");
	experiment.winning_reason = row_get_string(&row, "winning_reason");
	experiment.seed = row_is_null(&row, "seed") ? 0 : row_get_integer(&row, "seed");
	experiment.environment_id = row_get_string(&row, "environment_id");
	experiment.rollout = NULL;
	return experiment;
}

/*
 * experiment_document writes the Experiment, of the project and the environment
 * that the request names first, with what expand lists (NULL: nothing).
 */
static void
experiment_document(Request *request, const Experiment *experiment, const char *expand)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, EXPERIMENT_PROJECT);
	char *environment_key = request_string(request, EXPERIMENT_ENVIRONMENT);

	document_open(out, '{');
	document_string(out, "_id", experiment->id);
	document_string(out, "key", experiment->key);
	document_string(out, "name", experiment->name);
	document_string(out, "description", experiment->description);
	document_string(out, "_maintainerId",
					experiment->maintainer_id ? experiment->maintainer_id : "");
	document_milliseconds(out, "_creationDate", experiment->created_at);
	document_string(out, "environmentKey", environment_key);
	if (experiment_is_archived(experiment))
		document_milliseconds(out, "archivedDate", experiment->archived_at);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/projects/%s/environments/%s", project_key,
				  environment_key);
	document_link(out, "self", "/api/v2/projects/%s/environments/%s/experiments/%s", project_key,
				  environment_key, experiment->key);
	document_close(out, '}');
	document_key(out, "currentIteration");
	iteration_document(out, project_key, experiment, expand);
	if (experiment_is(experiment, NOT_STARTED) && expand && strstr(expand, DRAFT_ITERATION))
	{
		document_key(out, DRAFT_ITERATION);
		iteration_document(out, project_key, experiment, expand);
	}
	document_close(out, '}');
}

static void
set_target(Request *request, const char *key)
{
	request_target(request, "proj/%s:env/%s:experiment/%s",
				   request_string(request, EXPERIMENT_PROJECT),
				   request_string(request, EXPERIMENT_ENVIRONMENT), key);
}

/*
 * experiment_missing refuses a request whose third field names no experiment.
 */
pg_noreturn static void
experiment_missing(Request *request)
{
	environment_require(request);
	error_raise(ERR_NOT_FOUND, "experiment \"%s\" does not exist",
				request_string(request, EXPERIMENT_KEY));
}

/*
 * experiment_environment_lock locks the environment that the request's fields
 * project_key and environment_key name, so that nobody deletes it, and returns its id;
 * NULL if it is not there.  Binds :environment_id.
 */
char *
experiment_environment_lock(Request *request)
{
	Rows rows = request_run(request, &lock_environment_key_share);
	char *id;
	Row row;

	if (rows.count == 0)
		return NULL;
	row_read(&rows, 0, &row);
	id = row_get_string(&row, "id");
	request->project_id = DatumGetUUIDP(row_get_datum(&row, "project_id"));
	bind_text(&request->params, "environment_id", id);
	return id;
}

/*
 * lock_flag_of_creation locks the flag that a new experiment is about, if any, so that
 * nobody deletes it, binds :flag_id, and returns it; 0: there is none.
 */
static Datum
lock_flag_of_creation(Request *request)
{
	Datum flag_id = (Datum) 0;

	if (request_given(request, EXPERIMENT_FLAG))
	{
		Rows rows = request_run(request, &lock_flag_key_share);
		Row row;

		if (rows.count == 0)
		{
			request_violation(request, EXPERIMENT_FLAG, "names a flag that does not exist");
			error_raise_violations(ERR_INVALID, &request->violations);
		}
		row_read(&rows, 0, &row);
		flag_id = row_get_datum(&row, "id");
	}
	bind_uuid(&request->params, "flag_id", flag_id);
	return flag_id;
}

/*
 * experiment_of_request is the experiment that create_experiment is to make.
 */
static Experiment
experiment_of_request(Request *request)
{
	Experiment experiment = {0};

	experiment.id = object_id();
	experiment.key = request_string(request, EXPERIMENT_KEY);
	experiment.name = request_string(request, EXPERIMENT_NAME);
	experiment.description = request_given(request, EXPERIMENT_DESCRIPTION)
								 ? request_string(request, EXPERIMENT_DESCRIPTION)
								 : pstrdup("");
	experiment.flag_key = request_string(request, EXPERIMENT_FLAG);
	experiment.randomization_unit = request_string(request, EXPERIMENT_UNIT);
	experiment.status = NOT_STARTED;
	experiment.maintainer_id = request_given(request, EXPERIMENT_MAINTAINER)
								   ? request_string(request, EXPERIMENT_MAINTAINER)
								   : request->caller.member_id;
	experiment.version = 1;
	experiment.created_at = request->now;
	experiment.started_at = experiment.stopped_at = experiment.archived_at = DT_NOBEGIN;
	experiment.hypothesis = request->state;
	if (request_given(request, EXPERIMENT_ITERATION))
		experiment.iteration =
			DatumGetJsonbP(request->params.values[FIELD_PARAM(EXPERIMENT_ITERATION)]);
	return experiment;
}

static void
insert_new_experiment(Request *request, const Experiment *experiment)
{
	Params *params = &request->params;
	Treatments treatments = treatments_read(experiment->iteration, experiment->flag_key);

	bind_text(params, "rule_id",
			  strcmp(treatments.rule_id, FALLTHROUGH_RULE) == 0 ? NULL : treatments.rule_id);
	bind_text(params, "id", experiment->id);
	bind_text(params, "description", experiment->description);
	bind_text(params, "status", experiment->status);
	bind_text(params, "maintainer_id", experiment->maintainer_id);
	bind_time(params, "created_at", experiment->created_at);
	bind_text(params, "hypothesis", experiment->hypothesis);
	if (request_run(request, &insert_experiment).count == 0)
		error_raise(ERR_EXISTS, "experiment \"%s\" already exists", experiment->key);
}

/*
 * do_create_experiment makes an experiment, not started and in no layer.
 */
void
do_create_experiment(Request *request)
{
	Experiment experiment;
	char *environment_id;
	Datum flag_id;

	member_require(request, EXPERIMENT_MAINTAINER);
	environment_id = experiment_environment_lock(request);
	if (environment_id == NULL)
		environment_missing(request);
	flag_id = lock_flag_of_creation(request);
	experiment = experiment_of_request(request);
	if (flag_id)
		experiment_check_flag(request, &experiment, environment_id, flag_id);
	insert_new_experiment(request, &experiment);
	experiment_document(request, &experiment, NULL);
	request->version = experiment.version;
	request_location(request, "/api/v2/projects/%s/environments/%s/experiments/%s",
					 request_string(request, EXPERIMENT_PROJECT),
					 request_string(request, EXPERIMENT_ENVIRONMENT), experiment.key);
	set_target(request, experiment.key);
}

/*
 * find_rollout is what SDKs are sent in place of what the experiment's rule serves; NULL if its flag is gone.
 */
static const char *
find_rollout(const Request *request, const Experiment *experiment)
{
	Treatments treatments = treatments_read(experiment->iteration, experiment->flag_key);

	if (experiment->flag_key == NULL)
		return NULL;
	return experiment_rollout_find(experiment_rollouts_read(request->caller.account,
															experiment->environment_id,
															experiment->flag_key, request->mode),
								   experiment->flag_key, treatments.rule_id);
}

void
do_get_experiment(Request *request)
{
	char *expand = request_string(request, GET_EXPAND);
	Rows rows = request_run(request, &find_experiment);
	Experiment experiment;

	if (rows.count == 0)
		experiment_missing(request);
	experiment = experiment_of_row(&rows, 0);
	if (expand && strstr(expand, ROLLOUT) && experiment_is(&experiment, RUNNING))
		experiment.rollout = find_rollout(request, &experiment);
	experiment_document(request, &experiment, expand);
	request->version = experiment.version;
}

void
check_list_experiments(Request *request)
{
	static const char *const filters[] = {"query", "keys", NULL};
	static const char *const sorts[] = {"creationDate", "createdOn", "name", NULL};

	page_check_terms(request, LIST_LIMIT, filters, experiment_terms, sorts);
}

void
do_list_experiments(Request *request)
{
	StringInfo out = request->response;
	Rows rows;
	int64 total = page_total(request, &count_experiments);

	if (total == 0)
		environment_require(request);

	rows = request_run(request, &list_experiments);
	document_open_items(out);
	for (uint64 i = 0; page_continues(request, i, rows.count); i++)
	{
		Experiment experiment = experiment_of_row(&rows, i);

		document_element(out);
		experiment_document(request, &experiment, request_string(request, LIST_EXPAND));
	}
	document_close(out, ']');
	page_end(request, LIST_LIMIT, total, "/api/v2/projects/%s/environments/%s/experiments",
			 request_string(request, EXPERIMENT_PROJECT),
			 request_string(request, EXPERIMENT_ENVIRONMENT));
}

/*
 * lock_experiment locks the experiment that the request names, and records its state
 * before the change.
 */
static Experiment
lock_experiment(Request *request, Statement *lock)
{
	Rows rows = request_run(request, lock);
	Experiment experiment;

	if (rows.count == 0)
		experiment_missing(request);
	experiment = experiment_of_row(&rows, 0);
	request_require_version(request, experiment.version);
	experiment_document(request, &experiment, NULL);
	request_before(request);
	set_target(request, experiment.key);
	return experiment;
}

/*
 * store_experiment stores the experiment if it has changed, and writes the response.
 */
static void
store_experiment(Request *request, Experiment *experiment, bool changed)
{
	request->unchanged = !changed;
	if (changed)
	{
		Params params = {0};
		Rows rows;
		Row row;

		bind_bigint(&params, "account_id", request->caller.account);
		bind_text(&params, "id", experiment->id);
		bind_text(&params, "name", experiment->name);
		bind_text(&params, "description", experiment->description);
		bind_text(&params, "status", experiment->status);
		bind_text(&params, "layer_snapshot", experiment->layer_snapshot);
		bind_time(&params, "started_at", experiment->started_at);
		bind_time(&params, "stopped_at", experiment->stopped_at);
		bind_time(&params, "archived_at", experiment->archived_at);
		bind_text(&params, "winning_treatment_id", experiment->winning_treatment_id);
		bind_text(&params, "winning_reason", experiment->winning_reason);
		bind_value(&params, "seed", INT4OID, Int32GetDatum(experiment->seed),
				   experiment->seed == 0);
		rows = statement_run(&update_experiment, &params, STATEMENT_WRITE);
		row_read(&rows, 0, &row);
		experiment->version = row_get_integer(&row, "version");
	}
	experiment_document(request, experiment, NULL);
	request->version = experiment->version;
}

/*
 * run_in_layer draws which segments carry which treatment, if the experiment is in a layer; false
 * if it is in none.  The layer need not be locked: nobody changes the share of an experiment
 * without its lock.
 */
static bool
run_in_layer(Request *request, const Experiment *experiment, Treatments *treatments)
{
	Reservation reservation;

	if (!reservation_find(request, experiment->id, &reservation))
		return false;
	if (bms_is_empty(reservation.segments))
		error_raise(ERR_INVALID,
					"experiment \"%s\" has reserved 0 %% of layer \"%s\" and needs more to start",
					experiment->key, reservation.layer_key);
	experiment_require_room(request, experiment);
	treatments_draw(request, experiment->id, &reservation, treatments);
	return true;
}

/*
 * start starts an experiment; false if it is running already.  One that is in a layer
 * needs traffic there; another one gets a seed of its own.
 */
static bool
start(Request *request, Experiment *experiment)
{
	Treatments treatments;

	if (experiment_is_archived(experiment))
		error_raise(ERR_INVALID, "experiment \"%s\" is archived", experiment->key);
	if (experiment_is(experiment, STOPPED))
		error_raise(ERR_INVALID, "experiment \"%s\" has stopped and cannot be started again",
					experiment->key);
	if (experiment_is(experiment, RUNNING))
		return false;
	treatments = experiment_require_flag(request, experiment);
	if (!run_in_layer(request, experiment, &treatments))
		experiment->seed = random_seed();
	experiment->status = RUNNING;
	experiment->started_at = request->now;
	experiment_raise_flag(request, experiment->id, request_string(request, EXPERIMENT_ENVIRONMENT));
	return true;
}

/*
 * stop stops an experiment; false if it has stopped before.  It releases its
 * reservation, and stores the layer's state with the experiment.
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
		treatments_release(request, experiment->id);
		reservation_release(request, experiment->id);
	}
	experiment_raise_flag(request, experiment->id, request_string(request, EXPERIMENT_ENVIRONMENT));
	return true;
}

static void
refuse_running(const Experiment *experiment, const char *what)
{
	if (experiment_is(experiment, RUNNING))
		error_raise(ERR_IN_USE, "experiment \"%s\" is running and cannot be %s", experiment->key,
					what);
}

/*
 * archive archives an experiment and releases its reservation; false if it is archived
 * already.
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
 * replace_text replaces a text; false if it is the same.
 */
static bool
replace_text(char **text, char *value)
{
	bool differs = strcmp(*text, value) != 0;

	*text = value;
	return differs;
}

/*
 * start_justified starts an experiment.  The justification is the audit log's comment,
 * unless the request has one.
 */
static bool
start_justified(Request *request, Experiment *experiment, char *justification)
{
	if (request->comment == NULL)
		request->comment = justification;
	return start(request, experiment);
}

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
 * apply_instruction applies one instruction; false if it changes nothing.
 */
static bool
apply_instruction(Request *request, Experiment *experiment, const Instruction *instruction)
{
	switch (instruction->kind)
	{
		case UPDATE_NAME:
			return replace_text(&experiment->name, instruction->texts[0]);
		case UPDATE_DESCRIPTION:
			return replace_text(&experiment->description, instruction->texts[0]);
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

static void
change_experiment(Request *request, bool (*change)(Request *request, Experiment *experiment))
{
	Experiment experiment = lock_experiment(request, &lock_experiment_for_update);

	store_experiment(request, &experiment, change(request, &experiment));
}

void
do_start_experiment(Request *request)
{
	experiment_lock_flag(request);
	change_experiment(request, start);
}

void
do_stop_experiment(Request *request)
{
	experiment_lock_flag(request);
	change_experiment(request, stop);
}

void
do_archive_experiment(Request *request)
{
	change_experiment(request, archive);
}

void
check_update_experiment(Request *request)
{
	request->state = instructions_read(request, INSTRUCTIONS);
}

/*
 * is_about_flag tells whether an instruction may change what the flag serves.
 */
static bool
is_about_flag(const Instruction *instruction)
{
	return instruction->kind == START_ITERATION || instruction->kind == STOP_ITERATION;
}

/*
 * do_update_experiment follows the instructions, all or none.
 */
void
do_update_experiment(Request *request)
{
	Experiment experiment;
	bool changed = false;
	ListCell *cell;

	foreach (cell, (List *) request->state)
		if (is_about_flag(lfirst(cell)))
		{
			experiment_lock_flag(request);
			break;
		}
	experiment = lock_experiment(request, &lock_experiment_for_update);
	request->comment = request_string(request, COMMENT);
	foreach (cell, (List *) request->state)
		changed |= apply_instruction(request, &experiment, lfirst(cell));
	store_experiment(request, &experiment, changed);
}

/*
 * do_delete_experiment deletes an experiment that is not running.  Segments that it
 * owned stay in their layer's history.
 */
void
do_delete_experiment(Request *request)
{
	Experiment experiment = lock_experiment(request, &lock_experiment_for_deletion);
	Params params = {0};

	refuse_running(&experiment, "deleted");
	reservations_detach_experiment(request, experiment.id);
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "id", experiment.id);
	statement_run(&delete_experiment, &params, STATEMENT_WRITE);
}

/*
 * experiments_leave_flag refuses the deletion of a flag while an experiment is about it;
 * archived ones lose their reference to it.  All are locked, so that none is restored
 * meanwhile, and read in their latest state, whatever the transaction's snapshot.
 */
void
experiments_leave_flag(Request *request, Datum flag_id, const char *flag_key)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	statement_run(&lock_flag, &params, STATEMENT_WRITE);
	statement_run(&lock_experiments_on_flag, &params, STATEMENT_LATEST);
	rows = statement_run(&find_experiment_on_flag, &params, STATEMENT_LATEST);
	if (rows.count > 0)
	{
		row_read(&rows, 0, &row);
		error_raise(ERR_IN_USE, "flag \"%s\" is that of experiment \"%s\" in environment \"%s\"",
					flag_key, row_get_string(&row, "key"), row_get_string(&row, "environment_key"));
	}
	statement_run(&leave_flag, &params, STATEMENT_WRITE);
}
