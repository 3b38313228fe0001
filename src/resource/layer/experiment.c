/*
 * experiment.c
 *	  Experiments, as far as layers need them: what runs in an environment, on
 *	  which flag, for what unit, and since when.
 *
 * An experiment has one iteration.  It enters a layer by the layer's patch.
 */
#include "resource/environment/environment.h"
#include "resource/layer/experiment.h"
#include "resource/resource.h"

#include "call/page.h"
#include "catalog/pg_type.h"
#include "util/document.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	KEY,
	NAME,
	DESCRIPTION,
	FLAG,
	RANDOMIZATION_UNIT,
	ITERATION,
	MAINTAINER_ID
};

const Field create_experiment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = DESCRIPTION_MAX),
	[FLAG] = FIELD("flag_key", "flagKey", FIELD_TEXT),
	[RANDOMIZATION_UNIT] =
		FIELD("randomization_unit", "randomizationUnit", FIELD_TEXT, .rule = RULE_KEY, .min = 1,
			  .max = KEY_MAX, .fallback = DEFAULT_UNIT),
	[ITERATION] = FIELD("iteration", "iteration", FIELD_JSON, .rule = RULE_OBJECT),
	[MAINTAINER_ID] = FIELD("maintainer_id", "maintainerId", FIELD_TEXT),
	FIELDS_END};

/* Treatments are always there; of what is empty nothing is. */
static const char *const expandable[] = {"previousIterations", DRAFT_ITERATION,	 SECONDARY_METRICS,
										 "treatments",		   "analysisConfig", NULL};

#define EXPAND_FIELD                                                            \
	FIELD("expand", "expand", FIELD_TEXT, .place = IN_QUERY, .rule = RULE_LIST, \
		  .choices = expandable)

enum
{
	GET_EXPAND = KEY + 1
};

const Field get_experiment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,
									   EXPERIMENT_KEY_FIELD, [GET_EXPAND] = EXPAND_FIELD,
									   FIELDS_END};

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
	[LIST_EXPAND] = EXPAND_FIELD,
	FIELDS_END};

static const char *const statuses[] = {NOT_STARTED, RUNNING, STOPPED, NULL};

/* The terms of filter that are for experiments alone. */
static const PageTerm experiment_terms[] = {{"flagKey", "filter_flag", NULL},
											{"metricKey", "filter_metric", NULL},
											{"status", "filter_status", statuses},
											{NULL}};

/* The environment stays while the experiment is made, and so does the flag. */
#define INSERT_EXPERIMENT(flag)                                                                    \
	"INSERT INTO flagplane_data.experiment AS e"                                                   \
	" (account_id, id, environment_id, key, name, description, flag_id, randomization_unit,"       \
	" status, version, created_at, maintainer_id, hypothesis, iteration)"                          \
	" SELECT $1, $12, n.id, $4, $5, coalesce($6, ''), " flag ", $8, '" NOT_STARTED "', 1, $13,"    \
	" coalesce($10, $14), $11, $9 FROM flagplane_data.project p JOIN flagplane_data.environment n" \
	" ON n.account_id = p.account_id AND n.project_id = p.id"

STATEMENT(insert_experiment,
		  INSERT_EXPERIMENT("NULL") " WHERE p.account_id = $1 AND p.key = $2 AND n.key = $3"
									" FOR KEY SHARE OF p, n"
									" ON CONFLICT DO NOTHING RETURNING " EXPERIMENT_COLUMNS);

STATEMENT(insert_experiment_on_flag,
		  INSERT_EXPERIMENT("g.id") " JOIN flagplane_data.flag g"
									" ON g.account_id = p.account_id AND g.project_id = p.id"
									" WHERE p.account_id = $1 AND p.key = $2 AND n.key = $3"
									" AND g.key = $7 FOR KEY SHARE OF p, n, g"
									" ON CONFLICT DO NOTHING RETURNING " EXPERIMENT_COLUMNS);

STATEMENT(find_flag, "SELECT 1 FROM flagplane_data.project p JOIN flagplane_data.flag g"
					 " ON g.account_id = p.account_id AND g.project_id = p.id"
					 " WHERE p.account_id = $1 AND p.key = $2 AND g.key = $7");

#define EXPERIMENTS                                                    \
	" FROM flagplane_data.project p JOIN flagplane_data.environment n" \
	" ON n.account_id = p.account_id AND n.project_id = p.id"          \
	" JOIN flagplane_data.experiment e"                                \
	" ON e.account_id = n.account_id AND e.environment_id = n.id"      \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND n.key = :environment_key"

STATEMENT(find_experiment, "SELECT " EXPERIMENT_COLUMNS EXPERIMENTS " AND e.key = :experiment_key");

#define LISTED_EXPERIMENTS                                                                        \
	EXPERIMENTS PAGE_NAMED(                                                                       \
		"e") " AND CASE WHEN e.archived_at IS NULL THEN 'active' ELSE 'archived' END"             \
			 " = ANY (string_to_array(:lifecycle_state, ',')) AND (:filter_status IS NULL OR "    \
			 "e.status = :filter_status)"                                                         \
			 " AND (:filter_flag IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.flag g"          \
			 " WHERE g.account_id = e.account_id AND g.id = e.flag_id AND g.key = :filter_flag))" \
			 " AND (:filter_metric IS NULL OR e.iteration->>'primarySingleMetricKey' = "          \
			 ":filter_metric"                                                                     \
			 " OR e.iteration->>'primaryFunnelKey' = :filter_metric"                              \
			 " OR e.iteration->'metrics' @> jsonb_build_array(jsonb_build_object('key', "         \
			 ":filter_metric)))"

STATEMENT(list_experiments, "SELECT " EXPERIMENT_COLUMNS LISTED_EXPERIMENTS
							" ORDER BY " PAGE_SORTED("e") "e.created_at, e.key"
														  " LIMIT :limit OFFSET :offset");

STATEMENT(count_experiments, "SELECT count(*)" LISTED_EXPERIMENTS);

STATEMENT(lock_flag, "SELECT f.id FROM flagplane_data.flag f WHERE f.account_id = $1 AND f.id = $2"
					 " FOR UPDATE");

/* In the order in which a layer's patch locks those of one environment. */
STATEMENT(lock_experiments,
		  "SELECT e.id FROM flagplane_data.experiment e WHERE e.account_id = $1 AND e.flag_id = $2"
		  " ORDER BY e.environment_id, e.key FOR NO KEY UPDATE");

STATEMENT(find_experiment_on_flag,
		  "SELECT e.key, n.key FROM flagplane_data.experiment e JOIN flagplane_data.environment n"
		  " ON n.account_id = e.account_id AND n.id = e.environment_id"
		  " WHERE e.account_id = $1 AND e.flag_id = $2 AND e.archived_at IS NULL"
		  " ORDER BY n.key, e.key LIMIT 1");

STATEMENT(leave_flag, "UPDATE flagplane_data.experiment e SET flag_id = NULL"
					  " WHERE e.account_id = $1 AND e.flag_id = $2");

/*
 * experiment_of_row reads the columns of EXPERIMENT_COLUMNS.
 */
Experiment
experiment_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Experiment experiment;

	row_read(rows, number, &row);
	experiment.id = row_string(&row, 0);
	experiment.key = row_string(&row, 1);
	experiment.name = row_string(&row, 2);
	experiment.description = row_string(&row, 3);
	experiment.flag_key = row_string(&row, 4);
	experiment.randomization_unit = row_string(&row, 5);
	experiment.status = row_string(&row, 6);
	experiment.layer_snapshot = row_jsonb(&row, 7);
	experiment.maintainer_id = row_string(&row, 8);
	experiment.version = row_integer(&row, 9);
	experiment.created_at = row_time(&row, 10);
	experiment.started_at = row_time(&row, 11);
	experiment.stopped_at = row_time(&row, 12);
	experiment.archived_at = row_time(&row, 13);
	experiment.hypothesis = row_string(&row, 14);
	experiment.iteration = row.nulls[15] ? NULL : DatumGetJsonbP(row.values[15]);
	experiment.winning_treatment_id = row_string(&row, 16);
	experiment.winning_reason = row_string(&row, 17);
	return experiment;
}

/*
 * experiment_document writes the Experiment, of the project and the environment
 * that the request names first, with what expand lists (NULL: nothing).
 */
void
experiment_document(Request *request, const Experiment *experiment, const char *expand)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);
	char *environment_key = request_string(request, ENVIRONMENT_KEY);

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

/*
 * experiment_target names the experiment for the audit log.
 */
void
experiment_target(Request *request, const char *key)
{
	request_target(request, "proj/%s:env/%s:experiment/%s", request_string(request, PROJECT_KEY),
				   request_string(request, ENVIRONMENT_KEY), key);
}

/*
 * experiment_missing refuses a request about an experiment that is not there,
 * named by the third field.
 */
void
experiment_missing(Request *request)
{
	environment_require(request);
	error_raise(ERR_NOT_FOUND, "experiment \"%s\" does not exist", request_string(request, KEY));
}

/*
 * refuse_creation tells why no experiment was made.
 */
pg_noreturn static void
refuse_creation(Request *request)
{
	environment_require(request);
	if (request_given(request, FLAG) &&
		request_run_first(request, &find_flag, FIELD_PARAM(FLAG) + 1).count == 0)
	{
		request_violation(request, FLAG, "names a flag that does not exist");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	error_raise(ERR_EXISTS, "experiment \"%s\" already exists", request_string(request, KEY));
}

/*
 * do_create_experiment makes an experiment, not started and in no layer.
 */
void
do_create_experiment(Request *request)
{
	Rows rows;
	Experiment experiment;

	member_require(request, MAINTAINER_ID);
	params_text(&request->params, object_id());
	params_time(&request->params, request->now);
	params_text(&request->params, request->caller.member_id);
	rows = request_run(request, request_given(request, FLAG) ? &insert_experiment_on_flag
															 : &insert_experiment);
	if (rows.count == 0)
		refuse_creation(request);
	experiment = experiment_of_row(&rows, 0);
	experiment_document(request, &experiment, NULL);
	request->version = experiment.version;
	request_location(request, "/api/v2/projects/%s/environments/%s/experiments/%s",
					 request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY),
					 experiment.key);
	experiment_target(request, experiment.key);
}

/*
 * do_get_experiment answers with one experiment.
 */
void
do_get_experiment(Request *request)
{
	Rows rows = request_run(request, &find_experiment);
	Experiment experiment;

	if (rows.count == 0)
		experiment_missing(request);
	experiment = experiment_of_row(&rows, 0);
	experiment_document(request, &experiment, request_string(request, GET_EXPAND));
	request->version = experiment.version;
}

/*
 * check_list_experiments reads filter and sort into parameters.
 */
void
check_list_experiments(Request *request)
{
	static const char *const filters[] = {"query", "keys", NULL};
	static const char *const sorts[] = {"creationDate", "createdOn", "name", NULL};

	(void) page_check_terms(request, LIST_LIMIT, filters, experiment_terms, sorts);
}

/*
 * do_list_experiments answers with a page of an environment's experiments.
 */
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
			 request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY));
}

/*
 * experiments_leave_flag refuses the deletion of a flag while an experiment is
 * about it; archived ones forget it.  They are held, so that none is brought back in
 * between, and what they are now counts, whatever the transaction's snapshot.
 */
void
experiments_leave_flag(Request *request, Datum flag_id, const char *flag_key)
{
	Params params = {0};
	Rows rows;
	Row row;

	params_bigint(&params, request->caller.account);
	params_add(&params, UUIDOID, flag_id, false);
	statement_run(&lock_flag, &params, STATEMENT_WRITE);
	statement_run(&lock_experiments, &params, STATEMENT_LATEST);
	rows = statement_run(&find_experiment_on_flag, &params, STATEMENT_LATEST);
	if (rows.count > 0)
	{
		row_read(&rows, 0, &row);
		error_raise(ERR_IN_USE, "flag \"%s\" is that of experiment \"%s\" in environment \"%s\"",
					flag_key, row_string(&row, 0), row_string(&row, 1));
	}
	statement_run(&leave_flag, &params, STATEMENT_WRITE);
}
