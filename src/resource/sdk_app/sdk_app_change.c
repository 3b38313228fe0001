/*
 * sdk_app_change.c
 *	  SDK apps: changed, given a new key, removed, and found by their key.
 */
#include "resource/resource.h"
#include "resource/sdk_app/sdk_app.h"

#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

enum
{
	PROJECT_ID,
	APP_ID,
	NAME,
	BUNDLE_ID,
	ANDROID_PACKAGE,
	WEB_DOMAIN,
	CAPI,
	ROTATE_KEY
};

const Field update_sdk_app_fields[] = {
	[PROJECT_ID] = PROJECT_ID_FIELD,
	[APP_ID] = {"app_id", "appId", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL},
	[NAME] = {"name", "name", FIELD_TEXT, IN_BODY, false, RULE_NAME, 1, APP_NAME_MAX, NULL, NULL},
	[BUNDLE_ID] = {"bundle_id", "bundleId", FIELD_TEXT, IN_BODY, false, RULE_APP_ID, 1,
				   IDENTIFIER_MAX, NULL, NULL},
	[ANDROID_PACKAGE] = {"android_package", "androidPackage", FIELD_TEXT, IN_BODY, false,
						 RULE_APP_ID, 1, IDENTIFIER_MAX, NULL, NULL},
	[WEB_DOMAIN] = {"web_domain", "webDomain", FIELD_TEXT, IN_BODY, false, RULE_DOMAIN, 1,
					IDENTIFIER_MAX, NULL, NULL},
	[CAPI] = {"capi", "capi", FIELD_JSON, IN_BODY, false, RULE_OBJECT, 0, 0, NULL, NULL},
	[ROTATE_KEY] = {"rotate_key", "rotateKey", FIELD_BOOLEAN, IN_BODY, false, RULE_NONE, 0, 0, NULL,
					NULL},
	FIELDS_END};

const Field delete_sdk_app_fields[] = {
	PROJECT_ID_FIELD,
	{"app_id", "appId", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL},
	FIELDS_END};

const Field authenticate_sdk_app_fields[] = {
	{"api_key", "apiKey", FIELD_TEXT, IN_BODY, true, RULE_NONE, 0, 0, NULL, NULL}, FIELDS_END};

/*
 * Whoever changes an identifier holds the project alone, so that nobody makes an
 * app with the same one in between.
 */
STATEMENT(lock_project,
		  "SELECT p.id FROM flagplane_data.project p WHERE p.account_id = $1 AND p.id = $2"
		  " FOR UPDATE");

STATEMENT(lock_sdk_app, "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
						" WHERE a.account_id = $1 AND a.project_id = $2 AND a.id = $11 FOR UPDATE");

STATEMENT(find_rival,
		  "SELECT 1 FROM flagplane_data.sdk_app a JOIN flagplane_data.sdk_app o"
		  " ON o.account_id = a.account_id AND o.project_id = a.project_id"
		  " AND o.platform = a.platform AND o.id <> a.id"
		  " WHERE a.account_id = $1 AND a.project_id = $2 AND a.id = $11"
		  " AND (o.bundle_id = $5 OR o.android_package = $6 OR o.web_domain = $7) LIMIT 1");

/* What is left out stays; capi is merged ad platform by ad platform. */
STATEMENT(update_sdk_app,
		  "UPDATE flagplane_data.sdk_app a SET name = coalesce($4, a.name),"
		  " bundle_id = coalesce($5, a.bundle_id),"
		  " android_package = coalesce($6, a.android_package),"
		  " web_domain = coalesce($7, a.web_domain), capi = a.capi || coalesce($10, '{}'),"
		  " api_key_hash = coalesce($12, a.api_key_hash),"
		  " rotated_at = CASE WHEN $12 IS NULL THEN a.rotated_at ELSE $13 END"
		  " WHERE a.account_id = $1 AND a.project_id = $2 AND a.id = $11"
		  " RETURNING " SDK_APP_COLUMNS);

STATEMENT(delete_sdk_app, "DELETE FROM flagplane_data.sdk_app a"
						  " WHERE a.account_id = $1 AND a.project_id = $2 AND a.id = $4"
						  " RETURNING " SDK_APP_COLUMNS);

STATEMENT(
	find_by_key_hash,
	"SELECT " SDK_APP_COLUMNS
	" FROM flagplane_data.sdk_app a WHERE a.account_id = $1 AND a.api_key_hash = $3"
	" AND ($4 IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r"
	" WHERE r.account_id = a.account_id AND r.project_id = a.project_id AND r.token_id = $4))");

/*
 * is_among tells whether a platform is one of those listed.
 */
static bool
is_among(const char *platform, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(platform, *list) == 0)
			return true;
	return false;
}

/*
 * sdk_app_check_identifier holds an identifier that was given to the platform, and
 * where the whole app is described, to being given.
 */
void
sdk_app_check_identifier(Request *request, const char *platform, SdkAppIdentifier identifier,
						 int field, bool whole)
{
	static const char *const both[] = {"react-native", "flutter", "expo", NULL};
	static const char *const none[] = {NULL};
	static const char *const ios[] = {"ios", NULL};
	static const char *const android[] = {"android", NULL};
	static const char *const web[] = {"web", "nextjs", "vite", "react-router", NULL};
	static const char *const *const need[] = {ios, android, web};
	static const char *const *const take[] = {both, both, none};
	bool given = request_given(request, field);

	if (is_among(platform, need[identifier]))
	{
		if (whole && !given && !request->broken[field])
			request_violation(request, field, "is required when platform is %s", platform);
	}
	else if (given && !is_among(platform, take[identifier]))
		request_violation(request, field, "does not belong to platform %s", platform);
}

/*
 * sdk_app_id is the app's id out of the second field, with or without its prefix.
 */
char *
sdk_app_id(const Request *request)
{
	char *app_id = request_string(request, APP_ID);

	if (strncmp(app_id, APP_ID_PREFIX, strlen(APP_ID_PREFIX)) == 0)
		app_id += strlen(APP_ID_PREFIX);
	return app_id;
}

/*
 * target names the app for the audit log.
 */
static void
target(Request *request, const SdkApp *app)
{
	Datum project = request->params.values[FIELD_PARAM(PROJECT_ID)];

	request_target(request, "prj_%s:sdk-app/" APP_ID_PREFIX "%s",
				   uuid_text(DatumGetUUIDP(project)->data), app->id);
}

/*
 * check_update_sdk_app reads capi, {"meta": {"enabled": true}, ...}, into $10 as it
 * is stored.
 */
void
check_update_sdk_app(Request *request)
{
	static const char *const ad_platforms[] = {"meta", "tiktok", "apple", NULL};
	static const char *const members[] = {"enabled", NULL};
	StringInfoData stored;
	Jsonb *capi = NULL;
	char *stranger = NULL;

	initStringInfo(&stored);
	document_open(&stored, '{');
	if (request_given(request, CAPI) && !request->broken[CAPI])
	{
		capi = DatumGetJsonbP(request->params.values[FIELD_PARAM(CAPI)]);
		stranger = jsonb_unknown_key(capi, ad_platforms);
		if (stranger)
			request_violation(request, CAPI, "has an unknown member %s", stranger);
	}
	for (int i = 0; capi && ad_platforms[i]; i++)
	{
		JsonbValue value;
		JsonbValue enabled;
		Jsonb *settings;

		if (!jsonb_member(capi, ad_platforms[i], &value))
			continue;
		settings = JsonbValueToJsonb(&value);
		if (!JB_ROOT_IS_OBJECT(settings) || jsonb_unknown_key(settings, members) ||
			!jsonb_member(settings, "enabled", &enabled) || enabled.type != jbvBool)
		{
			request_violation(request, CAPI, "must have enabled, true or false, for %s",
							  ad_platforms[i]);
			continue;
		}
		document_key(&stored, ad_platforms[i]);
		document_open(&stored, '{');
		document_boolean(&stored, "enabled", enabled.val.boolean);
		document_raw(&stored, "pixelId", NULL);
		document_raw(&stored, "lastForwardAt", NULL);
		document_close(&stored, '}');
	}
	document_close(&stored, '}');
	params_add(&request->params, JSONBOID, JsonbPGetDatum(jsonb_of_text(stored.data)), false);
}

/*
 * has_rival tells whether another app has an identifier that this one is to get; what
 * there is now counts, whatever the transaction's snapshot.
 */
static bool
has_rival(Request *request)
{
	Params params = request->params;

	params.count = FIELD_PARAM(ROTATE_KEY) + 3;
	return statement_run(&find_rival, &params, STATEMENT_LATEST).count > 0;
}

/*
 * do_update_sdk_app changes what was given of an app.  A new key is shown by this
 * answer alone, and the old one is dead at once.
 */
void
do_update_sdk_app(Request *request)
{
	bool identifiers = false;
	bool rotate = request_boolean(request, ROTATE_KEY);
	char secret[SECRET_LENGTH + 1];
	uint8 hash[SECRET_HASH_BYTES];
	Rows rows;
	SdkApp app;

	for (int field = BUNDLE_ID; field <= WEB_DOMAIN; field++)
		identifiers |= request_given(request, field);
	params_text(&request->params, sdk_app_id(request));
	if (identifiers)
		request_run_first(request, &lock_project, 2);
	rows = request_run_first(request, &lock_sdk_app, 11);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the SDK app does not exist");
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	document_close(request->response, '}');
	request_before(request);

	for (int i = 0; i < SDK_APP_IDENTIFIERS; i++)
		sdk_app_check_identifier(request, app.platform, (SdkAppIdentifier) i, BUNDLE_ID + i, false);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
	if (identifiers && has_rival(request))
		error_raise(ERR_EXISTS, "an SDK app with this platform and identifier already exists");

	if (rotate)
	{
		char *api_key;

		secret_generate(request, secret);
		api_key = psprintf(APP_KEY_PREFIX "%s", secret);
		sha256(api_key, strlen(api_key), hash);
		explicit_bzero(api_key, strlen(api_key));
		params_bytes(&request->params, hash, sizeof(hash));
	}
	else
		params_add(&request->params, BYTEAOID, (Datum) 0, true);
	params_time(&request->params, request->now);
	rows = request_run(request, &update_sdk_app);
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	if (rotate)
	{
		request_secret(request, "apiKey", APP_KEY_PREFIX, secret, true);
		explicit_bzero(secret, sizeof(secret));
	}
	document_close(request->response, '}');
	request->unchanged = !rotate && strcmp(request->before, request->response->data) == 0;
	target(request, &app);
}

/*
 * do_delete_sdk_app removes an app; its key is dead at once.
 */
void
do_delete_sdk_app(Request *request)
{
	Rows rows;
	SdkApp app;

	params_text(&request->params, sdk_app_id(request));
	rows = request_run(request, &delete_sdk_app);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the SDK app does not exist");
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	document_close(request->response, '}');
	request_before(request);
	target(request, &app);
}

/*
 * do_authenticate_sdk_app finds the app that a key belongs to: the account is read
 * out of the key, the row is one index probe away, by the key's hash.
 */
void
do_authenticate_sdk_app(Request *request)
{
	char *api_key = request_string(request, 0);
	uint8 hash[SECRET_HASH_BYTES];
	int64 account;
	Rows rows = {0};
	SdkApp app;

	if (strncmp(api_key, APP_KEY_PREFIX, strlen(APP_KEY_PREFIX)) == 0 &&
		secret_account(api_key + strlen(APP_KEY_PREFIX), &account) &&
		account == request->caller.account)
	{
		sha256(api_key, strlen(api_key), hash);
		params_bytes(&request->params, hash, sizeof(hash));
		params_text(&request->params,
					request->caller.all_projects ? NULL : request->caller.token_id);
		rows = request_run(request, &find_by_key_hash);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "no SDK app has this key");
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	document_close(request->response, '}');
}
