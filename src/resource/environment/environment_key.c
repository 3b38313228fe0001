/*
 * environment_key.c
 *	  The SDK and mobile keys of environments: made, reset, found.
 *
 * Keys are rows.  One of each kind is current, which has no expiry and has not been
 * replaced; one that has been reset with an expiry is good until then.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/token.h"
#include "util/document.h"

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	EXPIRY
};

#define RESET_FIELDS                                                                       \
	{                                                                                      \
		PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD,                                          \
			FIELD("expiry", "expiry", FIELD_BIGINT, .place = IN_QUERY, .rule = RULE_RANGE, \
				  .max = MILLISECONDS_MAX),                                                \
			FIELDS_END                                                                     \
	}

const Field reset_environment_sdk_key_fields[] = RESET_FIELDS;
const Field reset_environment_mobile_key_fields[] = RESET_FIELDS;

const Field resolve_environment_key_fields[] = {
	FIELD("value", "value", FIELD_TEXT, .required = true), FIELDS_END};

/* What both rows have in common is not computed for each of them. */
STATEMENT(insert_keys, "INSERT INTO flagplane_data.environment_key"
					   " (account_id, environment_id, kind, value, created_at)"
					   " SELECT $1, $2, k.kind, k.value, $5"
					   " FROM (VALUES ('sdk', $3), ('mobile', $4)) k(kind, value)");

#define FIND_ENVIRONMENT                                               \
	"SELECT " ENVIRONMENT_COLUMNS                                      \
	" FROM flagplane_data.project p JOIN flagplane_data.environment e" \
	" ON e.account_id = p.account_id AND e.project_id = p.id"          \
	" WHERE p.account_id = $1 AND p.key = $2 AND e.key = $3"

STATEMENT(lock_for_change, FIND_ENVIRONMENT " FOR NO KEY UPDATE OF e");
STATEMENT(lock_for_deletion, FIND_ENVIRONMENT " FOR UPDATE OF e");

STATEMENT(find_keys, "SELECT " ENVIRONMENT_KEYS
					 " FROM flagplane_data.environment e WHERE e.account_id = $1 AND e.id = $2");

STATEMENT(retire_key, "UPDATE flagplane_data.environment_key k"
					  " SET expires_at = $4, replaced_in = $5"
					  " WHERE k.account_id = $1 AND k.environment_id = $2 AND k.kind = $3"
					  " AND k.replaced_in IS NULL");

STATEMENT(insert_key,
		  "INSERT INTO flagplane_data.environment_key"
		  " (account_id, environment_id, kind, value, created_at) VALUES ($1, $2, $3, $4, $5)");

STATEMENT(bump_environment, "UPDATE flagplane_data.environment e SET version = e.version + 1"
							" WHERE e.account_id = $1 AND e.id = $2");

STATEMENT(
	find_by_value,
	"SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS ", p.key"
	" FROM flagplane_data.environment_key v JOIN flagplane_data.environment e"
	" ON e.account_id = v.account_id AND e.id = v.environment_id"
	" JOIN flagplane_data.project p ON p.account_id = e.account_id AND p.id = e.project_id"
	" WHERE v.account_id = $1 AND v.value = $2 AND (v.expires_at IS NULL OR v.expires_at > $3)"
	" AND ($4 IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r"
	" WHERE r.account_id = p.account_id AND r.project_id = p.id AND r.token_id = $4))");

/*
 * environment_keys_generate generates the first keys of a new environment.
 */
void
environment_keys_generate(const Request *request, Environment *environment)
{
	environment->sdk_key = environment_key_generate("sdk-", request->caller.account);
	environment->mobile_key = environment_key_generate("mob-", request->caller.account);
}

/*
 * environment_keys_insert keeps the first keys of a new environment.
 */
void
environment_keys_insert(Request *request, const Environment *environment)
{
	Params params = {0};

	params_bigint(&params, request->caller.account);
	params_text(&params, environment->id);
	params_text(&params, environment->sdk_key);
	params_text(&params, environment->mobile_key);
	params_time(&params, request->now);
	statement_run(&insert_keys, &params, STATEMENT_WRITE);
}

/*
 * read_keys reads the current keys of an environment whose row is locked.
 */
static void
read_keys(Request *request, Environment *environment)
{
	Params params = {0};
	Rows rows;
	Row row;

	params_bigint(&params, request->caller.account);
	params_text(&params, environment->id);
	rows = statement_run(&find_keys, &params, STATEMENT_WRITE);
	row_read(&rows, 0, &row);
	environment->sdk_key = row_string(&row, 0);
	environment->mobile_key = row_string(&row, 1);
}

/*
 * environment_lock locks the environment that the first two fields name, so that it can
 * be changed or, against all that refer to it too, deleted; reads it as it is now, and
 * holds it to the version in If-Match.  What it was before the change is kept for the
 * audit log.
 */
Environment
environment_lock(Request *request, bool for_deletion)
{
	Environment environment;
	Rows rows = request_run_first(request, for_deletion ? &lock_for_deletion : &lock_for_change, 3);

	if (rows.count == 0)
		environment_missing(request);
	environment = environment_of_row(&rows, 0, false);
	read_keys(request, &environment);
	request_require_version(request, environment.version);
	environment_document(request, request_string(request, PROJECT_KEY), &environment);
	request_before(request);
	return environment;
}

/*
 * key_params starts the parameters of a statement about an environment's keys of
 * one kind.
 */
static void
key_params(Request *request, Params *params, const Environment *environment, const char *kind)
{
	params_bigint(params, request->caller.account);
	params_text(params, environment->id);
	params_text(params, kind);
}

/*
 * reset_key replaces the current key of a kind.  With an expiry the old one is
 * good until then, without one it is dead at once.  The environment's row is
 * locked before its keys are read.
 */
static void
reset_key(Request *request, const char *kind, const char *prefix)
{
	char *project_key = request_string(request, PROJECT_KEY);
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz expiry = now;
	Params retire = {0};
	Params insert = {0};
	Params bump = {0};
	Environment environment;

	if (request_given(request, EXPIRY))
	{
		expiry = time_of_milliseconds(request_bigint(request, EXPIRY));
		if (expiry <= now)
		{
			request_violation(request, EXPIRY, "must be in the future, in Unix milliseconds");
			error_raise_violations(ERR_INVALID, &request->violations);
		}
	}
	environment = environment_lock(request, false);

	params_bigint(&bump, request->caller.account);
	params_text(&bump, environment.id);
	statement_run(&bump_environment, &bump, STATEMENT_WRITE);
	key_params(request, &retire, &environment, kind);
	params_time(&retire, expiry);
	params_integer(&retire, environment.version + 1);
	statement_run(&retire_key, &retire, STATEMENT_WRITE);
	key_params(request, &insert, &environment, kind);
	params_text(&insert, environment_key_generate(prefix, request->caller.account));
	params_time(&insert, request->now);
	statement_run(&insert_key, &insert, STATEMENT_WRITE);

	read_keys(request, &environment);
	environment.version++;
	environment_document(request, project_key, &environment);
	request->version = environment.version;
	request_target(request, "proj/%s:env/%s", project_key, environment.key);
}

/*
 * do_reset_environment_sdk_key replaces the SDK key.
 */
void
do_reset_environment_sdk_key(Request *request)
{
	reset_key(request, "sdk", "sdk-");
}

/*
 * do_reset_environment_mobile_key replaces the mobile key.
 */
void
do_reset_environment_mobile_key(Request *request)
{
	reset_key(request, "mobile", "mob-");
}

/*
 * do_resolve_environment_key finds the environment that a key opens, for relays:
 * the account is read out of the key, the row is one index probe away.
 */
void
do_resolve_environment_key(Request *request)
{
	char *value = request_string(request, 0);
	int64 account;
	Rows rows = {0};
	Environment environment;
	Row row;

	if (environment_key_account(value, &account) && account == request->caller.account)
	{
		params_time(&request->params, GetCurrentTimestamp());
		params_text(&request->params,
					request->caller.all_projects ? NULL : request->caller.token_id);
		rows = request_run(request, &find_by_value);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "no environment has this key");
	row_read(&rows, 0, &row);
	environment = environment_of_row(&rows, 0, true);
	environment_document(request, row_string(&row, 16), &environment);
}
