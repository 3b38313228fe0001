/*
 * environment_key.c
 *	  The SDK and mobile keys of environments.
 *
 * Keys are rows.  One of each kind is current: it has no name and no expiry, and has not been
 * replaced.  One that was reset with an expiry is valid until then.  Those with a name are
 * in sdk_key.c.
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

/*
 * PostgreSQL sets the expressions of a row in VALUES up anew for each row, those of a select
 * list once: what the two rows have in common, and all that domains check, is in the latter.
 * Citus routes the rows of a VALUES alone.
 */
#define INSERT_KEYS                              \
	"INSERT INTO flagplane_data.environment_key" \
	" (account_id, environment_id, kind, value, created_at)"

STATEMENT(insert_keys, INSERT_KEYS " SELECT :account_id, :environment_id, v.kind,"
								   " CASE v.kind WHEN 'sdk' THEN :sdk_key ELSE :mobile_key END,"
								   " :created_at FROM (VALUES ('sdk'), ('mobile')) v(kind)");

STATEMENT(insert_distributed_keys,
		  INSERT_KEYS " VALUES (:account_id, :environment_id, 'sdk', :sdk_key, :created_at),"
					  " (:account_id, :environment_id, 'mobile', :mobile_key, :created_at)");

STATEMENT(find_keys, "SELECT " ENVIRONMENT_KEYS " FROM flagplane_data.environment e"
					 " WHERE e.account_id = :account_id AND e.id = :environment_id");

STATEMENT(retire_key, "UPDATE flagplane_data.environment_key k"
					  " SET expires_at = :expires_at, replaced_in = :replaced_in"
					  " WHERE k.account_id = :account_id AND k.environment_id = :environment_id"
					  " AND k.kind = :kind AND k.name IS NULL AND k.replaced_in IS NULL");

STATEMENT(insert_key,
		  INSERT_KEYS " VALUES (:account_id, :environment_id, :kind, :value, :created_at)");

STATEMENT(bump_environment, "UPDATE flagplane_data.environment e SET version = e.version + 1"
							" WHERE e.account_id = :account_id AND e.id = :environment_id");

STATEMENT(find_by_value,
		  "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS ", p.key AS project_key"
		  " FROM flagplane_data.environment_key v JOIN flagplane_data.environment e"
		  " ON e.account_id = v.account_id AND e.id = v.environment_id"
		  " JOIN flagplane_data.project p ON p.account_id = e.account_id AND p.id = e.project_id"
		  " WHERE v.account_id = :account_id AND v.value = :value"
		  " AND (v.expires_at IS NULL OR v.expires_at > :now) AND " PROJECT_VISIBLE(":token_id"));

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
 * environment_keys_insert stores the first keys of a new environment.
 */
void
environment_keys_insert(Request *request, const Environment *environment)
{
	Params params = {0};

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment->id);
	bind_text(&params, "sdk_key", environment->sdk_key);
	bind_text(&params, "mobile_key", environment->mobile_key);
	bind_time(&params, "created_at", request->now);
	statement_run(tables_are_distributed() ? &insert_distributed_keys : &insert_keys, &params,
				  STATEMENT_WRITE);
}

/*
 * environment_keys_read reads the current keys of an environment whose row is locked.  A
 * statement of its own sees keys that were replaced while the lock was waited for.
 */
void
environment_keys_read(Request *request, Environment *environment)
{
	Params params = {0};
	Rows rows;
	Row row;

	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment->id);
	rows = statement_run(&find_keys, &params, STATEMENT_WRITE);
	row_read(&rows, 0, &row);
	environment->sdk_key = row_get_string(&row, "sdk_key");
	environment->mobile_key = row_get_string(&row, "mobile_key");
}

/*
 * expiry_of_request is when the old key stops to be valid: now, if the request names no
 * expiry.
 */
static TimestampTz
expiry_of_request(Request *request)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz expiry = now;

	if (request_given(request, EXPIRY))
	{
		expiry = time_of_milliseconds(request_bigint(request, EXPIRY));
		if (expiry <= now)
		{
			request_violation(request, EXPIRY, "must be in the future, in Unix milliseconds");
			error_raise_violations(ERR_INVALID, &request->violations);
		}
	}
	return expiry;
}

/*
 * reset_key replaces the current key of a kind.  The old one is valid until the expiry.  The
 * environment's row is locked before its keys are read.
 */
static void
reset_key(Request *request, const char *kind, const char *prefix)
{
	char *project_key = request_string(request, PROJECT_KEY);
	TimestampTz expiry = expiry_of_request(request);
	Environment environment = environment_lock_for_update(request, false);
	Params params = {0};

	environment.version++;
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "environment_id", environment.id);
	bind_text(&params, "kind", kind);
	bind_time(&params, "expires_at", expiry);
	bind_integer(&params, "replaced_in", environment.version);
	bind_text(&params, "value", environment_key_generate(prefix, request->caller.account));
	bind_time(&params, "created_at", request->now);
	statement_run(&bump_environment, &params, STATEMENT_WRITE);
	statement_run(&retire_key, &params, STATEMENT_WRITE);
	statement_run(&insert_key, &params, STATEMENT_WRITE);

	environment_keys_read(request, &environment);
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
 * do_resolve_environment_key finds the environment that a key belongs to, for relays.  The
 * key contains the account, so that one index lookup finds the row.
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
		bind_time(&request->params, "now", GetCurrentTimestamp());
		bind_text(&request->params, "token_id",
				  request->caller.all_projects ? NULL : request->caller.token_id);
		rows = request_run(request, &find_by_value);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "no environment has this key");
	row_read(&rows, 0, &row);
	environment = environment_of_row(&rows, 0, true);
	environment_document(request, row_get_string(&row, "project_key"), &environment);
}
