/*
 * experiment_flag.c
 *	  The flag that an experiment runs on.
 *
 * While an experiment runs, what it replaces of its flag stays as it is: the rule, and the
 * variations that it serves.  Whoever starts or stops one, and whoever changes a flag, locks the
 * flag, so that one sees what the other has done.  The order of locks is that of changes of
 * flags: the project, the version of what SDKs are sent, the environment, the flag, and then the
 * experiment and its layer.
 */
#include "resource/environment/environment.h"
#include "resource/environment/payload_version.h"
#include "resource/layer/experiment.h"
#include "resource/layer/reservation.h"
#include "resource/layer/settings.h"
#include "resource/resource.h"

#include "util/jsonb.h"

int running_experiments_setting = 0;

STATEMENT(lock_flag_of_experiment,
		  "SELECT f.id FROM flagplane_data.project p JOIN flagplane_data.environment n"
		  " ON n.account_id = p.account_id AND n.project_id = p.id"
		  " JOIN flagplane_data.experiment e"
		  " ON e.account_id = n.account_id AND e.environment_id = n.id"
		  " JOIN flagplane_data.flag f ON f.account_id = e.account_id AND f.id = e.flag_id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " AND n.key = :environment_key AND e.key = :experiment_key"
		  " FOR KEY SHARE OF n FOR NO KEY UPDATE OF f");

STATEMENT(find_settings, "SELECT f.variations, c.rules FROM flagplane_data.flag f"
						 " JOIN flagplane_data.flag_environment c"
						 " ON c.account_id = f.account_id AND c.flag_id = f.id"
						 " WHERE f.account_id = :account_id AND f.id = :flag_id"
						 " AND c.environment_id = :environment_id");

STATEMENT(find_settings_of_experiment,
		  "SELECT f.variations, f.archived, c.rules FROM flagplane_data.experiment e"
		  " JOIN flagplane_data.flag f ON f.account_id = e.account_id AND f.id = e.flag_id"
		  " JOIN flagplane_data.flag_environment c ON c.account_id = e.account_id"
		  " AND c.flag_id = e.flag_id AND c.environment_id = e.environment_id"
		  " WHERE e.account_id = :account_id AND e.id = :experiment_id");

STATEMENT(find_running_on_rule,
		  "SELECT o.key FROM flagplane_data.experiment e JOIN flagplane_data.experiment o"
		  " ON o.account_id = e.account_id AND o.environment_id = e.environment_id"
		  " AND o.flag_id = e.flag_id AND o.rule_id IS NOT DISTINCT FROM e.rule_id AND o.status = "
		  "'running'"
		  " WHERE e.account_id = :account_id AND e.id = :experiment_id");

STATEMENT(count_running_in_layers,
		  "SELECT count(*) AS running FROM flagplane_data.experiment e"
		  " JOIN flagplane_data.experiment o ON o.account_id = e.account_id"
		  " AND o.environment_id = e.environment_id AND o.status = 'running'"
		  " AND o.seed IS NULL"
		  " WHERE e.account_id = :account_id AND e.id = :experiment_id");

STATEMENT(list_running_on_flag,
		  "SELECT e.key, e.iteration, n.key AS environment_key"
		  " FROM flagplane_data.experiment e JOIN flagplane_data.environment n"
		  " ON n.account_id = e.account_id AND n.id = e.environment_id"
		  " WHERE e.account_id = :account_id AND e.flag_id = :flag_id AND e.status = 'running'"
		  " ORDER BY n.key, e.key");

STATEMENT(find_running_on_flags,
		  "SELECT e.key, f.key AS flag_key FROM flagplane_data.experiment e"
		  " JOIN flagplane_data.flag f ON f.account_id = e.account_id AND f.id = e.flag_id"
		  " WHERE e.account_id = :account_id AND e.environment_id = :environment_id"
		  " AND e.status = 'running' AND f.key = ANY (:flag_keys) ORDER BY f.key, e.key LIMIT 1");

STATEMENT(raise_flag, "UPDATE flagplane_data.flag_environment c SET version = c.version + 1,"
					  " last_modified = :now FROM flagplane_data.experiment e"
					  " WHERE e.account_id = :account_id AND e.id = :experiment_id"
					  " AND c.account_id = e.account_id AND c.flag_id = e.flag_id"
					  " AND c.environment_id = e.environment_id");

/*
 * experiment_lock_payload locks the version of what SDKs are sent of an environment, before anything
 * that a change of it locks; false if there is no such environment.
 */
bool
experiment_lock_payload(Request *request, char *environment_key)
{
	project_lock(request, PROJECT_KEY_SHARE);
	return payload_lock(request, request_string(request, EXPERIMENT_PROJECT),
						list_make1(environment_key)) == NIL;
}

/*
 * experiment_lock_flag locks the flag of the experiment that a request is to start or stop, if it
 * has one, before the experiment is locked.
 */
void
experiment_lock_flag(Request *request)
{
	if (!experiment_lock_payload(request, request_string(request, EXPERIMENT_ENVIRONMENT)))
		environment_missing(request);
	request_run(request, &lock_flag_of_experiment);
}

/*
 * experiment_check_flag refuses a new experiment whose iteration names what its flag does not
 * have.
 */
void
experiment_check_flag(Request *request, const Experiment *experiment, const char *environment_id,
					  Datum flag_id)
{
	Treatments treatments = treatments_read(experiment->iteration, experiment->flag_key);
	Params params = {0};
	Rows rows;
	Row row;
	char *fault;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	bind_text(&params, "environment_id", environment_id);
	rows = statement_run(&find_settings, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		error_raise_serialization(); /* the environment, or the flag, is being made */
	row_read(&rows, 0, &row);
	fault = treatments_fault(&treatments, experiment->flag_key,
							 DatumGetJsonbP(row_get_datum(&row, "variations")),
							 DatumGetJsonbP(row_get_datum(&row, "rules")));
	if (fault == NULL)
		return;
	request_violation(request, EXPERIMENT_ITERATION, "%s", fault);
	error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * require_rule_free refuses to start an experiment beside another one on its rule.
 */
static void
require_rule_free(const Experiment *experiment, const Params *params)
{
	Rows rows = statement_run(&find_running_on_rule, params, STATEMENT_LATEST);
	Row row;

	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	error_raise(ERR_IN_USE, "experiment \"%s\" is running on the same rule of flag \"%s\"",
				row_get_string(&row, "key"), experiment->flag_key);
}

/*
 * experiment_require_room refuses to start an experiment in a layer beside too many others: each is a
 * list of a thousand entries in what SDKs are sent.
 */
void
experiment_require_room(const Request *request, const Experiment *experiment)
{
	Params params = experiment_params(request, experiment->id);
	Rows rows = statement_run(&count_running_in_layers, &params, STATEMENT_LATEST);
	Row row;

	row_read(&rows, 0, &row);
	if (row_get_bigint(&row, "running") >= running_experiments_setting)
		error_raise_with_hint(ERR_IN_USE,
							  psprintf("The setting flagplane.running_experiments is %d.",
									   running_experiments_setting),
							  "experiment \"%s\" cannot start: no more experiments may run in the"
							  " layers of the environment",
							  experiment->key);
}

/*
 * experiment_require_flag returns the treatments of an experiment that is to start, and refuses one
 * that lacks something, or whose flag does.
 */
Treatments
experiment_require_flag(Request *request, const Experiment *experiment)
{
	Params params = experiment_params(request, experiment->id);
	Treatments treatments;
	Rows rows;
	Row row;
	char *fault;

	if (experiment->flag_key == NULL)
		error_raise(ERR_INVALID, "experiment \"%s\" has no flag and cannot start", experiment->key);
	rows = statement_run(&find_settings_of_experiment, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		error_raise_serialization();
	row_read(&rows, 0, &row);
	treatments = treatments_read(experiment->iteration, experiment->flag_key);
	fault = treatments_incomplete(&treatments);
	if (fault == NULL)
		fault = treatments_fault(&treatments, experiment->flag_key,
								 DatumGetJsonbP(row_get_datum(&row, "variations")),
								 DatumGetJsonbP(row_get_datum(&row, "rules")));
	if (fault)
		error_raise(ERR_INVALID, "experiment \"%s\" cannot start: its iteration %s",
					experiment->key, fault);
	if (row_get_boolean(&row, "archived"))
		error_raise(ERR_INVALID, "experiment \"%s\" cannot start: flag \"%s\" is archived",
					experiment->key, experiment->flag_key);
	require_rule_free(experiment, &params);
	return treatments;
}

/*
 * experiment_raise_flag raises the version of an experiment's flag in its environment, and that of
 * the environment: what SDKs are sent has changed.
 */
void
experiment_raise_flag(Request *request, const char *experiment_id, const char *environment_key)
{
	Params params = experiment_params(request, experiment_id);

	payload_raise(request, request_string(request, EXPERIMENT_PROJECT), environment_key);
	bind_time(&params, "now", request->now);
	statement_run(&raise_flag, &params, STATEMENT_WRITE);
}

/*
 * same tells whether two documents are there and say the same.
 */
static bool
same(const Jsonb *one, const Jsonb *other)
{
	return one && other && jsonb_equal(one, other);
}

/*
 * require_rule refuses to change the rule that an experiment runs on.
 */
static void
require_rule(const char *experiment_key, const char *environment_key, const char *rule_id,
			 const Jsonb *before, const Jsonb *after)
{
	Jsonb *had = jsonb_member_of(jsonb_member_of(before, "environments"), environment_key);
	Jsonb *has = jsonb_member_of(jsonb_member_of(after, "environments"), environment_key);
	bool unchanged;

	if (had == NULL || has == NULL)
		return; /* made after the transaction's snapshot, which therefore does not change it */
	if (strcmp(rule_id, FALLTHROUGH_RULE) == 0)
		unchanged =
			same(jsonb_member_of(had, FALLTHROUGH_RULE), jsonb_member_of(has, FALLTHROUGH_RULE));
	else
		unchanged = same(element_with_id(jsonb_member_of(had, "rules"), rule_id),
						 element_with_id(jsonb_member_of(has, "rules"), rule_id));
	if (!unchanged)
		error_raise_with_hint(
			ERR_IN_USE, "Stop the experiment first.",
			"experiment \"%s\" is running on %s in environment \"%s\"", experiment_key,
			strcmp(rule_id, FALLTHROUGH_RULE) == 0 ? "the fallthrough"
												   : psprintf("rule \"%s\"", rule_id),
			environment_key);
}

/*
 * require_variation refuses to change the value of a variation that an experiment serves, or to
 * remove it.
 */
static void
require_variation(const char *experiment_key, const char *environment_key, const char *id,
				  const Jsonb *before, const Jsonb *after)
{
	Jsonb *had = element_with_id(jsonb_member_of(before, "variations"), id);
	Jsonb *has = element_with_id(jsonb_member_of(after, "variations"), id);
	JsonbValue value;
	JsonbValue other;

	if (had && has && getKeyJsonValueFromContainer(&had->root, "value", strlen("value"), &value) &&
		getKeyJsonValueFromContainer(&has->root, "value", strlen("value"), &other) &&
		jsonb_equal(JsonbValueToJsonb(&value), JsonbValueToJsonb(&other)))
		return;
	error_raise_with_hint(ERR_IN_USE, "Stop the experiment first.",
						  "experiment \"%s\" in environment \"%s\" serves variation \"%s\"",
						  experiment_key, environment_key, id);
}

/*
 * is_archived tells whether a flag's document says that it is archived.
 */
static bool
is_archived(const Jsonb *flag)
{
	JsonbValue value;

	return jsonb_member(flag, "archived", &value) && value.type == jbvBool && value.val.boolean;
}

/*
 * require_experiment refuses a change of a flag that an experiment runs on, if the change concerns it.
 */
static void
require_experiment(Row *row, const char *flag_key, const Jsonb *before, const Jsonb *after)
{
	char *key = row_get_string(row, "key");
	Jsonb *iteration =
		row_is_null(row, "iteration") ? NULL : DatumGetJsonbP(row_get_datum(row, "iteration"));
	char *environment_key = row_get_string(row, "environment_key");
	Treatments treatments = treatments_read(iteration, flag_key);

	if (is_archived(after) && !is_archived(before))
		error_raise_with_hint(ERR_IN_USE, "Stop the experiment first.",
							  "experiment \"%s\" in environment \"%s\" is running on the flag", key,
							  environment_key);
	require_rule(key, environment_key, treatments.rule_id, before, after);
	for (int i = 0; i < treatments.count; i++)
		if (treatments.treatment[i].variation_id)
			require_variation(key, environment_key, treatments.treatment[i].variation_id, before,
							  after);
	if (treatments.outside_variation_id)
		require_variation(key, environment_key, treatments.outside_variation_id, before, after);
}

/*
 * experiments_require_flag refuses a change of a flag, from one of its documents to another, that
 * an experiment which runs on it does not allow.  The flag is locked, so that none starts meanwhile.
 */
void
experiments_require_flag(Request *request, Datum flag_id, const char *flag_key, const Jsonb *before,
						 const Jsonb *after)
{
	Params params = {0};
	Rows rows;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_uuid(&params, "flag_id", flag_id);
	rows = statement_run(&list_running_on_flag, &params, STATEMENT_LATEST);
	for (uint64 i = 0; i < rows.count; i++)
	{
		Row row;

		row_read(&rows, i, &row);
		require_experiment(&row, flag_key, before, after);
	}
}

/*
 * experiments_require_none refuses to replace the settings of flags in an environment while an
 * experiment runs on one of them.  The environment's payload is locked, so that none starts
 * meanwhile.
 */
void
experiments_require_none(const Request *request, const char *environment_id, ArrayType *flag_keys)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment_id);
	bind_texts(&params, "flag_keys", flag_keys);
	rows = statement_run(&find_running_on_flags, &params, STATEMENT_LATEST);
	if (rows.count == 0)
		return;
	row_read(&rows, 0, &row);
	error_raise_with_hint(ERR_IN_USE, "Stop the experiment first.",
						  "experiment \"%s\" is running on flag \"%s\"",
						  row_get_string(&row, "key"), row_get_string(&row, "flag_key"));
}
