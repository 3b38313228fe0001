/*
 * sdk_app.c
 *	  SDK apps: one platform build of a project, and its key to the event
 *	  pipeline.
 */
#include "resource/resource.h"

#include "call/cursor.h"
#include "call/page.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "resource/sdk_app/sdk_app.h"
#include "resource/sdk_app/settings.h"
#include "utils/builtins.h"

#define LIST_LIMIT_MAX 100

enum
{
	PROJECT_ID,
	NAME,
	PLATFORM,
	BUNDLE_ID,
	ANDROID_PACKAGE,
	WEB_DOMAIN
};

const char *const sdk_app_platforms[] = {"ios",	 "android", "web",	"react-native", "flutter",
										 "expo", "nextjs",	"vite", "react-router", NULL};

const Field create_sdk_app_fields[] = {
	[PROJECT_ID] = PROJECT_ID_FIELD,
	[NAME] = {"name", "name", FIELD_TEXT, IN_BODY, true, RULE_NAME, 1, APP_NAME_MAX, NULL, NULL},
	[PLATFORM] = {"platform", "platform", FIELD_TEXT, IN_BODY, true, RULE_ONE_OF, 0, 0,
				  sdk_app_platforms, NULL},
	[BUNDLE_ID] = {"bundle_id", "bundleId", FIELD_TEXT, IN_BODY, false, RULE_APP_ID, 1,
				   IDENTIFIER_MAX, NULL, NULL},
	[ANDROID_PACKAGE] = {"android_package", "androidPackage", FIELD_TEXT, IN_BODY, false,
						 RULE_APP_ID, 1, IDENTIFIER_MAX, NULL, NULL},
	[WEB_DOMAIN] = {"web_domain", "webDomain", FIELD_TEXT, IN_BODY, false, RULE_DOMAIN, 1,
					IDENTIFIER_MAX, NULL, NULL},
	FIELDS_END};

const Field get_sdk_app_fields[] = {
	PROJECT_ID_FIELD,
	{"app_id", "appId", FIELD_TEXT, IN_PATH, true, RULE_NONE, 0, 0, NULL, NULL},
	FIELDS_END};

enum
{
	LIST_PROJECT_ID,
	CURSOR,
	LIMIT,
	LIST_PLATFORM
};

const Field list_sdk_apps_fields[] = {
	[LIST_PROJECT_ID] = PROJECT_ID_FIELD,
	[CURSOR] = {"cursor", "cursor", FIELD_TEXT, IN_QUERY, false, RULE_NONE, 0, 0, NULL, NULL},
	[LIMIT] = {"limit", "limit", FIELD_INTEGER, IN_QUERY, false, RULE_RANGE, 1, LIST_LIMIT_MAX,
			   NULL, "25"},
	[LIST_PLATFORM] = {"platform", "platform", FIELD_TEXT, IN_QUERY, false, RULE_ONE_OF, 0, 0,
					   sdk_app_platforms, NULL},
	FIELDS_END};

STATEMENT(insert_sdk_app,
		  "INSERT INTO flagplane_data.sdk_app"
		  " (account_id, id, project_id, name, platform, bundle_id, android_package, web_domain,"
		  " api_key_hash, capi, created_at, rotated_at)"
		  " VALUES ($1, $8, $2, $3, $4, $5, $6, $7, $9, '{}', $10, $10) ON CONFLICT DO NOTHING");

STATEMENT(lock_project_key_share, "SELECT 1 FROM flagplane_data.project p"
								  " WHERE p.account_id = $1 AND p.id = $2 FOR KEY SHARE");

STATEMENT(find_project,
		  "SELECT p.key FROM flagplane_data.project p WHERE p.account_id = $1 AND p.id = $2");

STATEMENT(find_sdk_app, "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
						" WHERE a.account_id = $1 AND a.project_id = $2 AND a.id = $4");

/* One row more than a page tells whether there is a next one. */
STATEMENT(list_sdk_apps, "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
						 " WHERE a.account_id = $1 AND a.project_id = $2"
						 " AND ($5 IS NULL OR a.platform = $5)"
						 " AND ($6 IS NULL OR (a.created_at, a.id) > ($6, $7))"
						 " ORDER BY a.created_at, a.id LIMIT $4 + 1");

/*
 * sdk_app_of_row reads the columns of SDK_APP_COLUMNS.
 */
SdkApp
sdk_app_of_row(const Rows *rows, uint64 number)
{
	Row row;
	SdkApp app;

	row_read(rows, number, &row);
	app.id = row_string(&row, 0);
	app.name = row_string(&row, 1);
	app.platform = row_string(&row, 2);
	app.bundle_id = row_string(&row, 3);
	app.android_package = row_string(&row, 4);
	app.web_domain = row_string(&row, 5);
	app.capi = row_jsonb(&row, 6);
	app.created_at = row_time(&row, 7);
	app.rotated_at = row_time(&row, 8);
	app.last_event_at = row_time(&row, 9);
	return app;
}

/*
 * identity_document opens an app's document with what every answer shows of it.
 */
static void
identity_document(StringInfo out, const SdkApp *app)
{
	document_open(out, '{');
	document_key(out, "appId");
	appendStringInfo(out, "\"" APP_ID_PREFIX "%s\"", app->id);
	document_string(out, "name", app->name);
	document_string(out, "platform", app->platform);
	document_string(out, "bundleId", app->bundle_id);
	document_string(out, "androidPackage", app->android_package);
	document_string(out, "webDomain", app->web_domain);
}

/*
 * sdk_app_document writes an app as create and get show it, the closing brace
 * left to the caller.
 */
void
sdk_app_document(StringInfo out, const SdkApp *app)
{
	identity_document(out, app);
	document_string(out, "ingestEndpoint", ingest_endpoint_setting);
	document_raw(out, "capi", app->capi);
	document_iso(out, "createdAt", app->created_at);
	document_iso(out, "lastRotatedAt", app->rotated_at);
	document_iso(out, "lastEventAt", app->last_event_at);
}

/*
 * check_create_sdk_app holds the identifiers to the platform.
 */
void
check_create_sdk_app(Request *request)
{
	const char *platform = request_string(request, PLATFORM);

	if (platform == NULL || request->broken[PLATFORM])
		return;
	for (int i = 0; i < SDK_APP_IDENTIFIERS; i++)
		sdk_app_check_identifier(request, platform, (SdkAppIdentifier) i, BUNDLE_ID + i, true);
}

/*
 * require_project refuses a project that is not in the account, found by a statement
 * that may lock it.
 */
static void
require_project(Request *request, Statement *find)
{
	if (request_run_first(request, find, 2).count == 0)
		error_raise(ERR_NOT_FOUND, "the project does not exist");
}

/*
 * precompute_create_sdk_app answers with the app that will be made, and its key, which
 * this answer alone shows.
 */
void
precompute_create_sdk_app(Request *request)
{
	char secret[SECRET_LENGTH + 1];
	char api_key[sizeof(APP_KEY_PREFIX) + SECRET_LENGTH];
	uint8 hash[SECRET_HASH_BYTES];
	SdkApp app = {0};
	char *project_id;

	secret_generate(request, secret);
	snprintf(api_key, sizeof(api_key), APP_KEY_PREFIX "%s", secret);
	sha256(api_key, strlen(api_key), hash);

	app.id = object_id();
	app.name = request_string(request, NAME);
	app.platform = request_string(request, PLATFORM);
	app.bundle_id = request_string(request, BUNDLE_ID);
	app.android_package = request_string(request, ANDROID_PACKAGE);
	app.web_domain = request_string(request, WEB_DOMAIN);
	app.capi = "{}";
	app.created_at = app.rotated_at = request->now;
	app.last_event_at = DT_NOBEGIN;
	params_text(&request->params, app.id);
	params_bytes(&request->params, hash, sizeof(hash));
	params_time(&request->params, app.created_at);
	sdk_app_document(request->response, &app);
	request_secret(request, "apiKey", APP_KEY_PREFIX, secret, true);
	document_close(request->response, '}');

	project_id = uuid_text(DatumGetUUIDP(request->params.values[FIELD_PARAM(PROJECT_ID)])->data);
	request_location(request, "/v1/projects/prj_%s/sdk-apps/" APP_ID_PREFIX "%s", project_id,
					 app.id);
	request_target(request, "prj_%s:sdk-app/" APP_ID_PREFIX "%s", project_id, app.id);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(api_key, sizeof(api_key));
	request->precomputed = true;
}

/*
 * do_create_sdk_app makes an app.
 */
void
do_create_sdk_app(Request *request)
{
	require_project(request, &lock_project_key_share);
	if (request_run(request, &insert_sdk_app).count == 0)
		error_raise(ERR_EXISTS, "an SDK app with this platform and identifier already exists");
}

/*
 * do_get_sdk_app answers with one app, without its key.
 */
void
do_get_sdk_app(Request *request)
{
	Rows rows;
	SdkApp app;

	params_text(&request->params, sdk_app_id(request));
	rows = request_run(request, &find_sdk_app);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the SDK app does not exist");
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	document_close(request->response, '}');
}

/*
 * list_scope is what a cursor of the list is good for: its project alone.
 */
static char *
list_scope(const Request *request)
{
	return uuid_text(DatumGetUUIDP(request->params.values[FIELD_PARAM(LIST_PROJECT_ID)])->data);
}

/*
 * do_list_sdk_apps answers with a page of a project's apps, oldest first.
 */
void
do_list_sdk_apps(Request *request)
{
	StringInfo out = request->response;
	int limit = request_integer(request, LIMIT);
	char *next = NULL;
	Rows rows;

	cursor_read(request, CURSOR, list_scope(request), is_object_id);
	rows = request_run(request, &list_sdk_apps);
	if (rows.count == 0)
		require_project(request, &find_project);
	document_open_items(out);
	for (uint64 i = 0; i < rows.count && next == NULL; i++)
	{
		SdkApp app = sdk_app_of_row(&rows, i);

		document_element(out);
		identity_document(out, &app);
		document_iso(out, "createdAt", app.created_at);
		document_iso(out, "lastEventAt", app.last_event_at);
		document_close(out, '}');
		if (rows.count > i + 1 && (i + 1 == (uint64) limit || page_is_full(request)))
			next = cursor_text(list_scope(request), app.created_at, app.id);
	}
	document_close(out, ']');
	document_string(out, "nextCursor", next);
	document_close(out, '}');
}
