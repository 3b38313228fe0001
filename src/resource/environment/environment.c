/*
 * environment.c
 *	  Environments: where a project's flags have their settings, and the SDK and
 *	  mobile keys that open them.
 */
#include "resource/environment/environment.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/token.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define TTL_MINUTES_MAX 60

enum
{
	PROJECT_KEY,
	KEY,
	NAME,
	COLOR,
	DEFAULT_TTL,
	SECURE_MODE,
	DEFAULT_TRACK_EVENTS,
	CONFIRM_CHANGES,
	REQUIRE_COMMENTS,
	TAGS,
	SOURCE,
	CRITICAL
};

const Field create_environment_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[COLOR] = FIELD("color", "color", FIELD_TEXT, .required = true, .rule = RULE_COLOR),
	[DEFAULT_TTL] = FIELD("default_ttl", "defaultTtl", FIELD_INTEGER, .rule = RULE_RANGE,
						  .max = TTL_MINUTES_MAX),
	[SECURE_MODE] = FIELD("secure_mode", "secureMode", FIELD_BOOLEAN),
	[DEFAULT_TRACK_EVENTS] = FIELD("default_track_events", "defaultTrackEvents", FIELD_BOOLEAN),
	[CONFIRM_CHANGES] = FIELD("confirm_changes", "confirmChanges", FIELD_BOOLEAN),
	[REQUIRE_COMMENTS] = FIELD("require_comments", "requireComments", FIELD_BOOLEAN),
	[TAGS] = FIELD("tags", "tags", FIELD_TEXTS, .rule = RULE_TAGS),
	[SOURCE] = FIELD("source", "source", FIELD_JSON, .rule = RULE_OBJECT),
	[CRITICAL] = FIELD("critical", "critical", FIELD_BOOLEAN),
	FIELDS_END};

const Field get_environment_fields[] = {PROJECT_KEY_FIELD, ENVIRONMENT_KEY_FIELD, FIELDS_END};

/*
 * Making an environment shares a lock on the project, and making a flag takes it
 * alone, so that neither misses the other when each gets the other's settings.
 */
STATEMENT(insert_environment,
		  "INSERT INTO flagplane_data.environment"
		  " (account_id, id, project_id, key, name, color, default_ttl, secure_mode,"
		  " default_track_events, confirm_changes, require_comments, tags, critical, version,"
		  " created_at)"
		  " VALUES ($1, $16, $18, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, 1, $17)"
		  " ON CONFLICT (account_id, project_id, key) DO NOTHING");

STATEMENT(clone_environment,
		  "INSERT INTO flagplane_data.environment AS e"
		  " (account_id, id, project_id, key, name, color, default_ttl, secure_mode,"
		  " default_track_events, confirm_changes, require_comments, tags, critical,"
		  " approval_settings, version, created_at)"
		  " SELECT $1, $16, $18, $3, $4, $5, coalesce($6, s.default_ttl),"
		  " coalesce($7, s.secure_mode), coalesce($8, s.default_track_events),"
		  " coalesce($9, s.confirm_changes), coalesce($10, s.require_comments),"
		  " coalesce($11, s.tags::text[]), coalesce($13, s.critical), s.approval_settings, 1, $17"
		  " FROM flagplane_data.environment s"
		  " WHERE s.account_id = $1 AND s.project_id = $18 AND s.key = $14"
		  " AND ($15 IS NULL OR s.version = $15)"
		  " FOR SHARE OF s"
		  " ON CONFLICT (account_id, project_id, key) DO NOTHING RETURNING " ENVIRONMENT_COLUMNS);

STATEMENT(find_source, "SELECT s.id, s.version"
					   " FROM flagplane_data.project p JOIN flagplane_data.environment s"
					   " ON s.account_id = p.account_id AND s.project_id = p.id"
					   " WHERE p.account_id = $1 AND p.key = $2 AND s.key = $14");

STATEMENT(is_environment, "SELECT 1 FROM flagplane_data.project p"
						  " JOIN flagplane_data.environment e"
						  " ON e.account_id = p.account_id AND e.project_id = p.id"
						  " WHERE p.account_id = :account_id AND p.key = :project_key"
						  " AND e.key = :environment_key");

STATEMENT(find_environment, "SELECT " ENVIRONMENT_COLUMNS ", " ENVIRONMENT_KEYS
							" FROM flagplane_data.project p JOIN flagplane_data.environment e"
							" ON e.account_id = p.account_id AND e.project_id = p.id"
							" WHERE p.account_id = $1 AND p.key = $2 AND e.key = $3");

/*
 * environment_of_row reads the columns of ENVIRONMENT_COLUMNS, and those of
 * ENVIRONMENT_KEYS where they follow.
 */
Environment
environment_of_row(const Rows *rows, uint64 number, bool with_keys)
{
	Row row;
	Environment environment;

	row_read(rows, number, &row);
	environment.id = row_string(&row, 0);
	environment.key = row_string(&row, 1);
	environment.name = row_string(&row, 2);
	environment.color = row_string(&row, 3);
	environment.default_ttl = row_integer(&row, 4);
	environment.secure_mode = row_boolean(&row, 5);
	environment.default_track_events = row_boolean(&row, 6);
	environment.require_comments = row_boolean(&row, 7);
	environment.confirm_changes = row_boolean(&row, 8);
	environment.tags = row_array(&row, 9);
	environment.critical = row_boolean(&row, 10);
	environment.approval_settings = row_jsonb(&row, 11);
	environment.version = row_integer(&row, 12);
	environment.project_id = row.values[13];
	environment.sdk_key = with_keys ? row_string(&row, 14) : NULL;
	environment.mobile_key = with_keys ? row_string(&row, 15) : NULL;
	return environment;
}

/*
 * environment_document writes the Environment.
 */
void
environment_document(Request *request, const char *project_key, const Environment *environment)
{
	StringInfo out = request->response;

	document_open(out, '{');
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "self", "/api/v2/projects/%s/environments/%s", project_key,
				  environment->key);
	document_close(out, '}');
	document_string(out, "_id", environment->id);
	document_string(out, "key", environment->key);
	document_string(out, "name", environment->name);
	request_secret(request, "apiKey", "", environment->sdk_key, false);
	request_secret(request, "mobileKey", "", environment->mobile_key, false);
	document_string(out, "color", environment->color);
	document_integer(out, "defaultTtl", environment->default_ttl);
	document_boolean(out, "secureMode", environment->secure_mode);
	document_boolean(out, "defaultTrackEvents", environment->default_track_events);
	document_boolean(out, "requireComments", environment->require_comments);
	document_boolean(out, "confirmChanges", environment->confirm_changes);
	document_texts(out, "tags", environment->tags);
	document_boolean(out, "critical", environment->critical);
	approval_settings_document(out, "approvalSettings", environment->approval_settings, false);
	document_raw(out, "resourceApprovalSettings", "{}");
	document_close(out, '}');
}

/*
 * check_create_environment reads source {key, version} into two parameters of
 * their own, $14 and $15.
 */
void
check_create_environment(Request *request)
{
	static const char *const members[] = {"key", "version", NULL};
	char *key = NULL;
	int32 version = 0;
	bool versioned = false;

	if (request_given(request, SOURCE) && !request->broken[SOURCE])
	{
		Jsonb *source = DatumGetJsonbP(request->params.values[FIELD_PARAM(SOURCE)]);
		JsonbValue value;
		char *stranger = jsonb_unknown_key(source, members);

		if (jsonb_member(source, "key", &value))
			key = jsonb_string(&value);
		versioned = jsonb_member(source, "version", &value);
		if (stranger)
			request_violation(request, SOURCE, "has an unknown member %s", stranger);
		else if (key == NULL)
			request_violation(request, SOURCE, "must have the key of an environment");
		else if (versioned && !jsonb_integer(&value, &version))
			request_violation(request, SOURCE, "must have a whole number as version");
	}
	params_text(&request->params, key);
	params_add(&request->params, INT4OID, Int32GetDatum(version), !versioned);
}

/*
 * refuse_creation tells why no environment was made.
 */
pg_noreturn static void
refuse_creation(Request *request)
{
	if (request_given(request, SOURCE))
	{
		const char *source_key =
			TextDatumGetCString(request->params.values[FIELD_PARAM(CRITICAL) + 1]);
		Rows rows = request_run_first(request, &find_source, 15);
		Row row;
		int version = FIELD_PARAM(CRITICAL) + 2;

		if (rows.count == 0)
			error_raise(ERR_INVALID, "source environment \"%s\" does not exist", source_key);
		row_read(&rows, 0, &row);
		if (request->params.nulls[version] == ' ' &&
			DatumGetInt32(request->params.values[version]) != row_integer(&row, 1))
			error_raise(ERR_STALE_VERSION,
						"source environment \"%s\" is at another version than that given",
						source_key);
	}
	error_raise(ERR_EXISTS, "environment \"%s\" already exists", request_string(request, KEY));
}

/*
 * set_defaults gives the fields that are absent from a request without a source their
 * defaults.
 */
static void
set_defaults(Request *request)
{
	static const int off[] = {SECURE_MODE, DEFAULT_TRACK_EVENTS, CONFIRM_CHANGES, REQUIRE_COMMENTS,
							  CRITICAL};

	if (!request_given(request, DEFAULT_TTL))
		field_set(request, DEFAULT_TTL, Int32GetDatum(0));
	if (!request_given(request, TAGS))
		field_set(request, TAGS, PointerGetDatum(construct_empty_array(TEXTOID)));
	for (int i = 0; i < (int) lengthof(off); i++)
		if (!request_given(request, off[i]))
			field_set(request, off[i], BoolGetDatum(false));
}

/*
 * environment_of_request is the environment that a request without a source makes.
 */
static Environment
environment_of_request(Request *request)
{
	Environment environment = {0};

	environment.key = request_string(request, KEY);
	environment.name = request_string(request, NAME);
	environment.color = request_string(request, COLOR);
	environment.default_ttl = request_integer(request, DEFAULT_TTL);
	environment.secure_mode = request_boolean(request, SECURE_MODE);
	environment.default_track_events = request_boolean(request, DEFAULT_TRACK_EVENTS);
	environment.confirm_changes = request_boolean(request, CONFIRM_CHANGES);
	environment.require_comments = request_boolean(request, REQUIRE_COMMENTS);
	environment.tags = request_array(request, TAGS);
	environment.critical = request_boolean(request, CRITICAL);
	environment.version = 1;
	return environment;
}

/*
 * respond_created answers with a new environment.
 */
static void
respond_created(Request *request, const Environment *environment)
{
	char *project_key = request_string(request, PROJECT_KEY);

	environment_document(request, project_key, environment);
	request->version = environment->version;
	request_location(request, "/api/v2/projects/%s/environments/%s", project_key, environment->key);
	request_target(request, "proj/%s:env/%s", project_key, environment->key);
}

/*
 * precompute_create_environment answers with the environment that will be made, unless
 * it is a copy.
 */
void
precompute_create_environment(Request *request)
{
	Environment *environment;

	if (request_given(request, SOURCE))
		return;
	set_defaults(request);
	environment = palloc(sizeof(Environment));
	*environment = environment_of_request(request);
	environment->id = client_side_id_generate(request->caller.account);
	environment_keys_generate(request, environment);
	respond_created(request, environment);
	request->state = environment;
	request->precomputed = true;
}

/*
 * insert_copy makes a copy of the source, which $14 and $15 name, tells the source's
 * id and answers.
 */
static Environment *
insert_copy(Request *request, char *id, char **source_id)
{
	Environment *copy = palloc(sizeof(Environment));
	Rows rows = request_run(request, &clone_environment);
	Row row;

	if (rows.count == 0)
		refuse_creation(request);
	*copy = environment_of_row(&rows, 0, false);
	copy->id = id;
	rows = request_run_first(request, &find_source, 15);
	row_read(&rows, 0, &row);
	*source_id = row_string(&row, 0);
	environment_keys_generate(request, copy);
	respond_created(request, copy);
	return copy;
}

/*
 * do_create_environment makes an environment with its keys and a configuration
 * of every flag, its source's where it has one.
 */
void
do_create_environment(Request *request)
{
	Environment *environment = request->precomputed ? request->state : NULL;
	char *id = environment ? environment->id : client_side_id_generate(request->caller.account);
	char *source_id = NULL;

	params_text(&request->params, id);
	params_time(&request->params, request->now);
	project_lock(request, true);
	if (environment == NULL)
		environment = insert_copy(request, id, &source_id);
	else if (request_run(request, &insert_environment).count == 0)
		refuse_creation(request);
	environment_keys_insert(request, environment);
	flags_configure_environment(request, id, source_id);
}

/*
 * environment_missing refuses a request about an environment that is not there,
 * named by the second field.
 */
void
environment_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "environment \"%s\" does not exist", request_string(request, KEY));
}

/*
 * environment_require refuses a request whose first two fields name no environment.
 */
void
environment_require(Request *request)
{
	if (request_run(request, &is_environment).count == 0)
		environment_missing(request);
}

/*
 * do_get_environment answers with one environment.
 */
void
do_get_environment(Request *request)
{
	Rows rows = request_run(request, &find_environment);
	Environment environment;

	if (rows.count == 0)
		environment_missing(request);
	environment = environment_of_row(&rows, 0, true);
	environment_document(request, request_string(request, PROJECT_KEY), &environment);
	request->version = environment.version;
}
