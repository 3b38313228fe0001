/*
 * sdk_key.c
 *	  The named SDK keys of environments: as many as there are programs that should not share one.
 *
 * They are rows beside the environment's own SDK key, which has no name, and open what that
 * opens. One that has expired is not there any more, and its name is free.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"

/* Each is tried where the hash of secure mode is checked. */
#define SDK_KEYS_MAX 100

enum
{
	PROJECT_KEY,
	ENVIRONMENT_KEY,
	NAME,
	EXPIRY
};

const Field create_sdk_key_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				   .max = KEY_MAX),
	[EXPIRY] = FIELD("expiry", "expiry", FIELD_BIGINT, .rule = RULE_RANGE, .max = MILLISECONDS_MAX),
	FIELDS_END};

const Field list_sdk_keys_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, FIELDS_END};

const Field delete_sdk_key_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[ENVIRONMENT_KEY] = ENVIRONMENT_KEY_FIELD,
	[NAME] = FIELD("name", "name", FIELD_TEXT, .place = IN_PATH, .required = true),
	FIELDS_END};

#define SDK_KEY_COLUMNS "SELECT k.name, k.value, k.created_at, k.expires_at"

#define NOT_EXPIRED " AND (k.expires_at IS NULL OR k.expires_at > :now)"

#define OF_ENVIRONMENT                                                        \
	" FROM flagplane_data.environment_key k WHERE k.account_id = :account_id" \
	" AND k.environment_id = :environment_id AND k.kind = 'sdk' AND k.name IS NOT NULL"

STATEMENT(list_keys, SDK_KEY_COLUMNS
		  " FROM flagplane_data.project p JOIN flagplane_data.environment e"
		  " ON e.account_id = p.account_id AND e.project_id = p.id"
		  " JOIN flagplane_data.environment_key k"
		  " ON k.account_id = e.account_id AND k.environment_id = e.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key"
		  " AND e.key = :environment_key AND k.kind = 'sdk' AND k.name IS NOT NULL" NOT_EXPIRED
		  " ORDER BY k.created_at, k.name");

STATEMENT(count_keys, "SELECT count(*)" OF_ENVIRONMENT NOT_EXPIRED);

STATEMENT(find_key, SDK_KEY_COLUMNS OF_ENVIRONMENT " AND k.name = :name" NOT_EXPIRED);

STATEMENT(delete_key, "DELETE" OF_ENVIRONMENT " AND k.name = :name");

STATEMENT(delete_expired, "DELETE" OF_ENVIRONMENT " AND k.name = :name AND k.expires_at <= :now");

STATEMENT(insert_key, "INSERT INTO flagplane_data.environment_key"
					  " (account_id, environment_id, kind, name, value, created_at, expires_at)"
					  " VALUES (:account_id, :environment_id, 'sdk', :name, :value, :created_at,"
					  " :expires_at)"
					  " ON CONFLICT (account_id, environment_id, kind, name, replaced_in)"
					  " DO NOTHING");

/* A key as a response shows it. */
typedef struct SdkKey
{
	char *name;
	char *value;
	TimestampTz created_at;
	bool expires;
	TimestampTz expires_at;
} SdkKey;

/*
 * sdk_key_of_row reads the columns of SDK_KEY_COLUMNS.
 */
static SdkKey
sdk_key_of_row(const Rows *rows, uint64 number)
{
	SdkKey key;
	Row row;

	row_read(rows, number, &row);
	key.name = row_get_string(&row, "name");
	key.value = row_get_string(&row, "value");
	key.created_at = row_get_time(&row, "created_at");
	key.expires = !row_is_null(&row, "expires_at");
	key.expires_at = row_get_time(&row, "expires_at");
	return key;
}

/*
 * sdk_key_document writes a key as a response shows it. The key itself is shown each time, as the
 * environment's own is.
 */
static void
sdk_key_document(Request *request, const SdkKey *key)
{
	StringInfo out = request->response;

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/projects/%s/environments/%s/sdk-keys/%s",
				  request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY),
				  key->name);
	document_close(out, '}');
	document_string(out, "name", key->name);
	request_secret(request, "apiKey", "", key->value, false);
	document_milliseconds(out, "creationDate", key->created_at);
	if (key->expires)
		document_milliseconds(out, "expiry", key->expires_at);
	else
		document_raw(out, "expiry", "null");
	document_close(out, '}');
}

/*
 * target names the key for the audit log.
 */
static void
target(Request *request)
{
	request_target(request, "proj/%s:env/%s:sdk-key/%s", request_string(request, PROJECT_KEY),
				   request_string(request, ENVIRONMENT_KEY), request_string(request, NAME));
}

/*
 * key_of_request is the key that a request makes.
 */
static SdkKey
key_of_request(Request *request)
{
	SdkKey key = {.name = request_string(request, NAME),
				  .value = environment_key_generate("sdk-", request->caller.account),
				  .created_at = request->now,
				  .expires = request_given(request, EXPIRY)};

	if (key.expires)
	{
		key.expires_at = time_of_milliseconds(request_bigint(request, EXPIRY));
		if (key.expires_at <= GetCurrentTimestamp())
		{
			request_violation(request, EXPIRY, "must be in the future, in Unix milliseconds");
			error_raise_violations(ERR_INVALID, &request->violations);
		}
	}
	return key;
}

/*
 * require_room refuses one more key than an environment may have. Its row is locked, so that
 * the keys of others are all there to be counted.
 */
static void
require_room(Request *request)
{
	Rows rows = statement_run(&count_keys, &request->params, STATEMENT_LATEST);
	Row row;

	row_read(&rows, 0, &row);
	if (row_get_bigint(&row, "count") >= SDK_KEYS_MAX)
		error_raise(ERR_INVALID, "an environment has at most %d named SDK keys", SDK_KEYS_MAX);
}

/*
 * do_create_sdk_key makes a named SDK key.
 */
void
do_create_sdk_key(Request *request)
{
	SdkKey key = key_of_request(request);
	Params *params = &request->params;

	bind_text(params, "environment_id", environment_lock_for_keys(request));
	bind_time(params, "now", GetCurrentTimestamp());
	bind_text(params, "value", key.value);
	bind_time(params, "created_at", key.created_at);
	bind_value(params, "expires_at", TIMESTAMPTZOID, TimestampTzGetDatum(key.expires_at),
			   !key.expires);
	request_run(request, &delete_expired);
	require_room(request);
	if (request_run(request, &insert_key).count == 0)
		error_raise(ERR_EXISTS, "SDK key \"%s\" already exists", key.name);
	sdk_key_document(request, &key);
	request_location(request, "/api/v2/projects/%s/environments/%s/sdk-keys/%s",
					 request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY),
					 key.name);
	target(request);
}

/*
 * do_list_sdk_keys returns all named SDK keys of an environment that have not expired, oldest
 * first.
 */
void
do_list_sdk_keys(Request *request)
{
	Rows rows;

	bind_time(&request->params, "now", GetCurrentTimestamp());
	rows = request_run(request, &list_keys);
	if (rows.count == 0)
		environment_require(request);
	document_open_items(request->response);
	for (uint64 i = 0; i < rows.count; i++)
	{
		SdkKey key = sdk_key_of_row(&rows, i);

		document_element(request->response);
		sdk_key_document(request, &key);
	}
	document_close(request->response, ']');
	document_key(request->response, "_links");
	document_open(request->response, '{');
	document_link(request->response, "self", "/api/v2/projects/%s/environments/%s/sdk-keys",
				  request_string(request, PROJECT_KEY), request_string(request, ENVIRONMENT_KEY));
	document_close(request->response, '}');
	document_close(request->response, '}');
}

/*
 * do_delete_sdk_key removes a named SDK key: it opens nothing from then on.
 */
void
do_delete_sdk_key(Request *request)
{
	SdkKey key;
	Rows rows;

	bind_text(&request->params, "environment_id", environment_lock_for_keys(request));
	bind_time(&request->params, "now", GetCurrentTimestamp());
	rows = request_run(request, &find_key);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "SDK key \"%s\" does not exist", request_string(request, NAME));
	key = sdk_key_of_row(&rows, 0);
	sdk_key_document(request, &key);
	request_before(request);
	request_run(request, &delete_key);
	target(request);
}
