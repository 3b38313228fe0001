/*
 * sdk_app.c
 *	  SDK apps: one platform build of a project each, with a key to the event pipeline.
 *
 * The key is stored as its hash and shown once, at creation and at rotation.
 */
#include "resource/resource.h"

#include "call/page.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "resource/sdk_app/settings.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"

#define LIST_LIMIT_MAX 100
#define APP_ID_PREFIX  "app_"
#define APP_KEY_PREFIX "sk_app_"
#define APP_NAME_MAX   128
#define IDENTIFIER_MAX 253

#define SDK_APP_COLUMNS                                                               \
	"a.id, a.name, a.platform, a.bundle_id, a.android_package, a.web_domain, a.capi," \
	" a.created_at, a.rotated_at, a.last_event_at"

typedef struct SdkApp
{
	char *id;
	char *name;
	char *platform;
	char *bundle_id;
	char *android_package;
	char *web_domain;
	char *capi;
	TimestampTz created_at;
	TimestampTz rotated_at;
	TimestampTz last_event_at;
} SdkApp;

/* The identifiers that an app can have, in the order of its fields. */
typedef enum SdkAppIdentifier
{
	BUNDLE_IDENTIFIER,
	ANDROID_IDENTIFIER,
	WEB_IDENTIFIER,
	SDK_APP_IDENTIFIERS
} SdkAppIdentifier;

enum
{
	PROJECT_ID,
	NAME,
	PLATFORM,
	BUNDLE_ID,
	ANDROID_PACKAGE,
	WEB_DOMAIN
};

static const char *const platforms[] = {"ios",	"android", "web",  "react-native", "flutter",
										"expo", "nextjs",  "vite", "react-router", NULL};

const Field create_sdk_app_fields[] = {
	[PROJECT_ID] = PROJECT_ID_FIELD,
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = APP_NAME_MAX),
	[PLATFORM] = FIELD("platform", "platform", FIELD_TEXT, .required = true, .rule = RULE_ONE_OF,
					   .choices = platforms),
	[BUNDLE_ID] = FIELD("bundle_id", "bundleId", FIELD_TEXT, .rule = RULE_APP_ID, .min = 1,
						.max = IDENTIFIER_MAX),
	[ANDROID_PACKAGE] = FIELD("android_package", "androidPackage", FIELD_TEXT, .rule = RULE_APP_ID,
							  .min = 1, .max = IDENTIFIER_MAX),
	[WEB_DOMAIN] = FIELD("web_domain", "webDomain", FIELD_TEXT, .rule = RULE_DOMAIN, .min = 1,
						 .max = IDENTIFIER_MAX),
	FIELDS_END};

enum
{
	GET_PROJECT_ID,
	GET_APP_ID
};

const Field get_sdk_app_fields[] = {
	[GET_PROJECT_ID] = PROJECT_ID_FIELD,
	[GET_APP_ID] = FIELD("app_id", "appId", FIELD_TEXT, .place = IN_PATH, .required = true),
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
	[CURSOR] = FIELD("cursor", "cursor", FIELD_TEXT, .place = IN_QUERY),
	[LIMIT] = FIELD("limit", "limit", FIELD_INTEGER, .place = IN_QUERY, .rule = RULE_RANGE,
					.min = 1, .max = LIST_LIMIT_MAX, .fallback = "25"),
	[LIST_PLATFORM] = FIELD("platform", "platform", FIELD_TEXT, .place = IN_QUERY,
							.rule = RULE_ONE_OF, .choices = platforms),
	FIELDS_END};

enum
{
	UPDATE_PROJECT_ID,
	UPDATE_APP_ID,
	UPDATE_NAME,
	UPDATE_BUNDLE_ID,
	UPDATE_ANDROID_PACKAGE,
	UPDATE_WEB_DOMAIN,
	CAPI,
	ROTATE_KEY
};

const Field update_sdk_app_fields[] = {
	[UPDATE_PROJECT_ID] = PROJECT_ID_FIELD,
	[UPDATE_APP_ID] = FIELD("app_id", "appId", FIELD_TEXT, .place = IN_PATH, .required = true),
	[UPDATE_NAME] =
		FIELD("name", "name", FIELD_TEXT, .rule = RULE_NAME, .min = 1, .max = APP_NAME_MAX),
	[UPDATE_BUNDLE_ID] = FIELD("bundle_id", "bundleId", FIELD_TEXT, .rule = RULE_APP_ID, .min = 1,
							   .max = IDENTIFIER_MAX),
	[UPDATE_ANDROID_PACKAGE] = FIELD("android_package", "androidPackage", FIELD_TEXT,
									 .rule = RULE_APP_ID, .min = 1, .max = IDENTIFIER_MAX),
	[UPDATE_WEB_DOMAIN] = FIELD("web_domain", "webDomain", FIELD_TEXT, .rule = RULE_DOMAIN,
								.min = 1, .max = IDENTIFIER_MAX),
	[CAPI] = FIELD("capi", "capi", FIELD_JSON, .rule = RULE_OBJECT),
	[ROTATE_KEY] = FIELD("rotate_key", "rotateKey", FIELD_BOOLEAN),
	FIELDS_END};

enum
{
	DELETE_PROJECT_ID,
	DELETE_APP_ID
};

const Field delete_sdk_app_fields[] = {
	[DELETE_PROJECT_ID] = PROJECT_ID_FIELD,
	[DELETE_APP_ID] = FIELD("app_id", "appId", FIELD_TEXT, .place = IN_PATH, .required = true),
	FIELDS_END};

const Field authenticate_sdk_app_fields[] = {
	FIELD("api_key", "apiKey", FIELD_TEXT, .required = true), FIELDS_END};

STATEMENT(insert_sdk_app,
		  "INSERT INTO flagplane_data.sdk_app"
		  " (account_id, id, project_id, name, platform, bundle_id, android_package, web_domain,"
		  " api_key_hash, capi, created_at, rotated_at)"
		  " VALUES (:account_id, :id, :project_id, :name, :platform, :bundle_id, :android_package,"
		  " :web_domain, :api_key_hash, '{}', :created_at, :created_at) ON CONFLICT DO NOTHING");

STATEMENT(lock_project_key_share,
		  "SELECT 1 FROM flagplane_data.project p"
		  " WHERE p.account_id = :account_id AND p.id = :project_id FOR KEY SHARE");

STATEMENT(find_project, "SELECT p.key FROM flagplane_data.project p WHERE p.account_id = "
						":account_id AND p.id = :project_id");

STATEMENT(find_sdk_app,
		  "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
		  " WHERE a.account_id = :account_id AND a.project_id = :project_id AND a.id = :id");

/* One row more than a page tells whether there is a next one. */
STATEMENT(list_sdk_apps, "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
						 " WHERE a.account_id = :account_id AND a.project_id = :project_id"
						 " AND (:platform IS NULL OR a.platform = :platform)"
						 " AND (:after_time IS NULL"
						 " OR (a.created_at, a.id) > (:after_time, :after_id))"
						 " ORDER BY a.created_at, a.id LIMIT :limit + 1");

STATEMENT(lock_sdk_app, "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
						" WHERE a.account_id = :account_id AND a.project_id = :project_id"
						" AND a.id = :id FOR NO KEY UPDATE");

/* What is left out stays; capi is merged ad platform by ad platform. */
STATEMENT(update_sdk_app,
		  "UPDATE flagplane_data.sdk_app a SET name = coalesce(:name, a.name),"
		  " bundle_id = coalesce(:bundle_id, a.bundle_id),"
		  " android_package = coalesce(:android_package, a.android_package),"
		  " web_domain = coalesce(:web_domain, a.web_domain), capi = a.capi || "
		  "coalesce(:stored_capi, '{}'),"
		  " api_key_hash = coalesce(:api_key_hash, a.api_key_hash),"
		  " rotated_at = CASE WHEN :api_key_hash IS NULL THEN a.rotated_at"
		  " ELSE :rotated_at END"
		  " WHERE a.account_id = :account_id AND a.project_id = :project_id AND a.id = :id"
		  " RETURNING " SDK_APP_COLUMNS);

STATEMENT(delete_sdk_app,
		  "DELETE FROM flagplane_data.sdk_app a"
		  " WHERE a.account_id = :account_id AND a.project_id = :project_id AND a.id = :id"
		  " RETURNING " SDK_APP_COLUMNS);

STATEMENT(find_by_key_hash,
		  "SELECT " SDK_APP_COLUMNS " FROM flagplane_data.sdk_app a"
		  " WHERE a.account_id = :account_id AND a.api_key_hash = :api_key_hash"
		  " AND (:token_id IS NULL OR EXISTS (SELECT 1 FROM flagplane_data.access_token_project r"
		  " WHERE r.account_id = :account_id AND r.project_id = a.project_id"
		  " AND r.token_id = :token_id))");

/*
 * sdk_app_of_row reads the columns of SDK_APP_COLUMNS.
 */
static SdkApp
sdk_app_of_row(const Rows *rows, uint64 number)
{
	Row row;
	SdkApp app;

	row_read(rows, number, &row);
	app.id = row_get_string(&row, "id");
	app.name = row_get_string(&row, "name");
	app.platform = row_get_string(&row, "platform");
	app.bundle_id = row_get_string(&row, "bundle_id");
	app.android_package = row_get_string(&row, "android_package");
	app.web_domain = row_get_string(&row, "web_domain");
	app.capi = row_get_jsonb(&row, "capi");
	app.created_at = row_get_time(&row, "created_at");
	app.rotated_at = row_get_time(&row, "rotated_at");
	app.last_event_at = row_get_time(&row, "last_event_at");
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
static void
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
 * check_identifier holds an identifier that was given to the platform, and
 * where the whole app is described, to being given.
 */
static void
check_identifier(Request *request, const char *platform, SdkAppIdentifier identifier, int field,
				 bool whole)
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
 * bind_app_id binds the app's id, given with or without its prefix, as :id.
 */
static void
bind_app_id(Request *request, int field)
{
	char *app_id = request_string(request, field);

	if (strncmp(app_id, APP_ID_PREFIX, strlen(APP_ID_PREFIX)) == 0)
		app_id += strlen(APP_ID_PREFIX);
	bind_text(&request->params, "id", app_id);
}

/*
 * find_app reads the app that a field names, by a statement that may lock or delete it.
 */
static SdkApp
find_app(Request *request, Statement *statement, int id_field)
{
	Rows rows;

	bind_app_id(request, id_field);
	rows = request_run(request, statement);
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "the SDK app does not exist");
	return sdk_app_of_row(&rows, 0);
}

/*
 * respond writes an app as the response, without its key.
 */
static void
respond(Request *request, const SdkApp *app)
{
	sdk_app_document(request->response, app);
	document_close(request->response, '}');
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
		check_identifier(request, platform, (SdkAppIdentifier) i, BUNDLE_ID + i, true);
}

/*
 * require_project refuses a project that is not in the account, found by a statement
 * that may lock it.
 */
static void
require_project(Request *request, Statement *find)
{
	if (request_run(request, find).count == 0)
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
	bind_text(&request->params, "id", app.id);
	bind_bytes(&request->params, "api_key_hash", hash, sizeof(hash));
	bind_time(&request->params, "created_at", app.created_at);
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
	SdkApp app = find_app(request, &find_sdk_app, GET_APP_ID);

	respond(request, &app);
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

	page_cursor_read(request, CURSOR, list_scope(request), is_object_id);
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
			next = page_cursor_text(list_scope(request), app.created_at, app.id);
	}
	document_close(out, ']');
	document_string(out, "nextCursor", next);
	document_close(out, '}');
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
 * check_update_sdk_app reads capi, {"meta": {"enabled": true}, ...}, as it
 * is stored.
 */
void
check_update_sdk_app(Request *request)
{
	static const char *const ad_platforms[] = {"meta", "tiktok", "apple", NULL};
	static const char *const members[] = {"enabled", NULL};
	StringInfoData stored;
	Jsonb *capi = NULL;
	char *unknown = NULL;

	initStringInfo(&stored);
	document_open(&stored, '{');
	if (request_given(request, CAPI) && !request->broken[CAPI])
	{
		capi = DatumGetJsonbP(request->params.values[FIELD_PARAM(CAPI)]);
		unknown = jsonb_unknown_key(capi, ad_platforms);
		if (unknown)
			request_violation(request, CAPI, "has an unknown member %s", unknown);
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
	bind_jsonb(&request->params, "stored_capi", JsonbPGetDatum(jsonb_of_text(stored.data)));
}

/*
 * rotate_key binds the hash of a new key of the app, and is the key's secret; NULL where
 * none is asked for, and then the app keeps the key that it has.
 */
static char *
rotate_key(Request *request)
{
	char *secret;
	char *api_key;
	uint8 hash[SECRET_HASH_BYTES];

	if (!request_boolean(request, ROTATE_KEY))
	{
		bind_value(&request->params, "api_key_hash", BYTEAOID, (Datum) 0, true);
		return NULL;
	}
	secret = palloc(SECRET_LENGTH + 1);
	secret_generate(request, secret);
	api_key = psprintf(APP_KEY_PREFIX "%s", secret);
	sha256(api_key, strlen(api_key), hash);
	explicit_bzero(api_key, strlen(api_key));
	bind_bytes(&request->params, "api_key_hash", hash, sizeof(hash));
	return secret;
}

/*
 * run_update writes what the request has made of the app.  An identifier that another app
 * has, or is being given by a transaction that ends well, breaks a unique constraint;
 * the caller is told what that means.
 */
static Rows
run_update(Request *request)
{
	MemoryContext context = CurrentMemoryContext;
	Rows rows = {0};

	PG_TRY();
	{
		rows = request_run(request, &update_sdk_app);
	}
	PG_CATCH();
	{
		if (!error_is_being_handled(ERR_EXISTS))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		error_raise(ERR_EXISTS, "an SDK app with this platform and identifier already exists");
	}
	PG_END_TRY();
	return rows;
}

/*
 * do_update_sdk_app changes what was given of an app.  A new key is shown by this
 * answer alone, and the old one is dead at once.
 */
void
do_update_sdk_app(Request *request)
{
	SdkApp app = find_app(request, &lock_sdk_app, UPDATE_APP_ID);
	char *secret;
	Rows rows;

	respond(request, &app);
	request_before(request);

	for (int i = 0; i < SDK_APP_IDENTIFIERS; i++)
		check_identifier(request, app.platform, (SdkAppIdentifier) i, UPDATE_BUNDLE_ID + i, false);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
	secret = rotate_key(request);
	bind_time(&request->params, "rotated_at", request->now);
	rows = run_update(request);
	app = sdk_app_of_row(&rows, 0);
	sdk_app_document(request->response, &app);
	if (secret)
	{
		request_secret(request, "apiKey", APP_KEY_PREFIX, secret, true);
		explicit_bzero(secret, SECRET_LENGTH);
	}
	document_close(request->response, '}');
	request->unchanged = secret == NULL && strcmp(request->before, request->response->data) == 0;
	target(request, &app);
}

/*
 * do_delete_sdk_app removes an app; its key is dead at once.
 */
void
do_delete_sdk_app(Request *request)
{
	SdkApp app = find_app(request, &delete_sdk_app, DELETE_APP_ID);

	respond(request, &app);
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
		bind_bytes(&request->params, "api_key_hash", hash, sizeof(hash));
		bind_text(&request->params, "token_id",
				  request->caller.all_projects ? NULL : request->caller.token_id);
		rows = request_run(request, &find_by_key_hash);
	}
	if (rows.count == 0)
		error_raise(ERR_NOT_FOUND, "no SDK app has this key");
	app = sdk_app_of_row(&rows, 0);
	respond(request, &app);
}
