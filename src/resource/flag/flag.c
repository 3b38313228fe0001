/*
 * flag.c
 *	  Flags: created, read, changed by a patch of their documents, and deleted.
 *
 * Whoever creates or deletes a flag, or changes what other flags depend on, locks first
 * the project, with FOR NO KEY UPDATE, and then the flag.
 */
#include "resource/flag/flag.h"
#include "resource/environment/payload_version.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/visible.h"
#include "utils/builtins.h"

/* How many custom properties a flag has, and values each of them; how many bytes their texts have. */
#define PROPERTIES_MAX 64
#define PROPERTY_MAX   64

/* The fields that every operation on a flag that exists starts with. */
enum
{
	PROJECT_KEY,
	FLAG_KEY
};

const char *const flag_expandable[] = {"codeReferences", "evaluation", "migrationSettings", NULL};

enum
{
	GET_ENV = 2
};

const Field get_flag_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, [GET_ENV] = ENV_FIELD,
								 FLAG_EXPAND_FIELD, FIELDS_END};

enum
{
	KEY = 1,
	NAME,
	DESCRIPTION,
	VARIATIONS,
	TEMPORARY,
	TAGS,
	DEFAULTS,
	IS_FLAG_ON,
	CLIENT_SIDE_AVAILABILITY,
	CUSTOM_PROPERTIES,
	INCLUDE_IN_SNIPPET,
	MAINTAINER_ID,
	INITIAL_PREREQUISITES,
	CLONE
};

const Field create_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_FLAG_KEY, .min = 1,
				  .max = KEY_MAX),
	[NAME] = FIELD("name", "name", FIELD_TEXT, .required = true, .rule = RULE_NAME, .min = 1,
				   .max = NAME_MAX_CHARS),
	[DESCRIPTION] = FIELD("description", "description", FIELD_TEXT, .rule = RULE_LENGTH,
						  .max = DESCRIPTION_MAX),
	[VARIATIONS] = FIELD("variations", "variations", FIELD_JSON),
	[TEMPORARY] = FIELD("temporary", "temporary", FIELD_BOOLEAN),
	[TAGS] = FIELD("tags", "tags", FIELD_TEXTS, .rule = RULE_TAGS),
	[DEFAULTS] = FIELD("defaults", "defaults", FIELD_JSON, .rule = RULE_OBJECT),
	[IS_FLAG_ON] = FIELD("is_flag_on", "isFlagOn", FIELD_BOOLEAN),
	[CLIENT_SIDE_AVAILABILITY] = FIELD("client_side_availability", "clientSideAvailability",
									   FIELD_JSON, .rule = RULE_OBJECT),
	[CUSTOM_PROPERTIES] =
		FIELD("custom_properties", "customProperties", FIELD_JSON, .rule = RULE_OBJECT),
	[INCLUDE_IN_SNIPPET] = FIELD("include_in_snippet", "includeInSnippet", FIELD_BOOLEAN),
	[MAINTAINER_ID] = FIELD("maintainer_id", "maintainerId", FIELD_TEXT),
	[INITIAL_PREREQUISITES] = FIELD("initial_prerequisites", "initialPrerequisites", FIELD_JSON),
	[CLONE] = FIELD("clone", "clone", FIELD_TEXT, .place = IN_QUERY),
	FIELDS_END};

enum
{
	PATCH = 2,
	IGNORE_CONFLICTS,
	DRY_RUN
};

const Field update_flag_fields[] = {
	PROJECT_KEY_FIELD, FLAG_KEY_FIELD, [PATCH] = PATCH_FIELD,
	/* There are no scheduled changes or approvals that a patch could conflict with. */
	[IGNORE_CONFLICTS] = FIELD("ignore_conflicts", "ignoreConflicts", FIELD_BOOLEAN,
							   .place = IN_QUERY, .fallback = "false"),
	[DRY_RUN] = FIELD("dry_run", "dryRun", FIELD_BOOLEAN, .place = IN_QUERY, .fallback = "false"),
	FIELDS_END};

const Field delete_flag_fields[] = {PROJECT_KEY_FIELD, FLAG_KEY_FIELD, FIELDS_END};

#define FROM_FLAG                                               \
	" FROM flagplane_data.project p JOIN flagplane_data.flag f" \
	" ON f.account_id = p.account_id AND f.project_id = p.id"   \
	" WHERE p.account_id = :account_id AND p.key = :project_key AND f.key = :flag_key"

STATEMENT(find_flag, "SELECT " FLAG_COLUMNS FROM_FLAG);

STATEMENT(flag_is_there, "SELECT 1" FROM_FLAG);

/* The deletion of the project waits here, before any other lock, and is waited for. */
STATEMENT(lock_for_update,
		  "SELECT " FLAG_COLUMNS FROM_FLAG " FOR KEY SHARE OF p FOR NO KEY UPDATE OF f");

STATEMENT(lock_key_share, "SELECT f.id, f.project_id" FROM_FLAG " FOR KEY SHARE OF f");

/* The flag that is cloned stays as it is until its settings are copied. */
STATEMENT(lock_source,
		  "SELECT s.id, s.description, s.kind, s.variations, s.temporary, s.tags::text[] AS tags,"
		  " s.on_variation, s.off_variation, s.using_environment_id, s.using_mobile_key,"
		  " s.custom_properties FROM flagplane_data.flag s WHERE s.account_id = :account_id"
		  " AND s.project_id = :project_id AND s.key = :clone FOR SHARE");

STATEMENT(find_environments,
		  "SELECT e.key FROM flagplane_data.project p JOIN flagplane_data.environment e"
		  " ON e.account_id = p.account_id AND e.project_id = p.id"
		  " WHERE p.account_id = :account_id AND p.key = :project_key AND e.key = ANY "
		  "(:environment_keys)");

/* What is not given has its default: that of the flag that is cloned, or of the project. */
STATEMENT(insert_flag,
		  "INSERT INTO flagplane_data.flag AS f"
		  " (account_id, id, project_id, key, name, description, kind, variations, temporary,"
		  " tags, on_variation, off_variation, using_environment_id, using_mobile_key,"
		  " custom_properties, archived, deprecated, maintainer_id, version, created_at)"
		  " VALUES (:account_id, :id, :project_id, :key, :name,"
		  " coalesce(:description, :default_description), coalesce(:kind, :default_kind),"
		  " coalesce(:stored_variations, :default_variations),"
		  " coalesce(:temporary, :default_temporary), coalesce(:tags, :default_tags),"
		  " coalesce(:on_variation, :default_on_variation),"
		  " coalesce(:off_variation, :default_off_variation),"
		  " coalesce(:using_environment_id, :include_in_snippet, :default_using_environment_id),"
		  " coalesce(:using_mobile_key, :default_using_mobile_key),"
		  " coalesce(:custom_properties, :default_custom_properties), false, false,"
		  " coalesce(:maintainer_id, :member_id), 1, :created_at)"
		  " ON CONFLICT DO NOTHING RETURNING " FLAG_COLUMNS);

STATEMENT(update_flag,
		  "UPDATE flagplane_data.flag f SET name = :name, description = coalesce(:description, ''),"
		  " kind = :kind, variations = :stored_variations, temporary = coalesce(:temporary, true),"
		  " tags = coalesce(:tags, '{}'), on_variation = :on_variation,"
		  " off_variation = :off_variation,"
		  " using_environment_id = coalesce(:using_environment_id, f.using_environment_id),"
		  " using_mobile_key = coalesce(:using_mobile_key, f.using_mobile_key),"
		  " custom_properties = coalesce(:custom_properties, '{}'),"
		  " maintainer_id = :maintainer_id, archived = :archived, deprecated = :deprecated,"
		  " version = f.version + 1"
		  " WHERE f.account_id = :account_id AND f.id = :flag_id RETURNING " FLAG_COLUMNS);

STATEMENT(delete_flag, "DELETE FROM flagplane_data.flag f"
					   " WHERE f.account_id = :account_id AND f.id = :flag_id");

/* A patched flag has the fields and rules of a new one. */
static const Operation creation = {
	.name = "update_flag",
	.dialect = LAUNCHDARKLY,
	.kind = CHANGES,
	.subject = "flag",
	.fields = create_flag_fields,
	.check = check_create_flag,
};

/*
 * flag_of_row reads the columns of FLAG_COLUMNS.
 */
Flag
flag_of_row(const Rows *rows, uint64 number)
{
	Row row;
	Flag flag;

	row_read(rows, number, &row);
	flag.id = row_get_datum(&row, "id");
	flag.key = row_get_string(&row, "key");
	flag.name = row_get_string(&row, "name");
	flag.description = row_get_string(&row, "description");
	flag.kind = row_get_string(&row, "kind");
	flag.variations = row_get_jsonb(&row, "variations");
	flag.temporary = row_get_boolean(&row, "temporary");
	flag.tags = row_get_array(&row, "tags");
	flag.on_variation = row_get_integer(&row, "on_variation");
	flag.off_variation = row_get_integer(&row, "off_variation");
	flag.using_environment_id = row_get_boolean(&row, "using_environment_id");
	flag.using_mobile_key = row_get_boolean(&row, "using_mobile_key");
	flag.custom_properties = row_get_jsonb(&row, "custom_properties");
	flag.archived = row_get_boolean(&row, "archived");
	flag.version = row_get_integer(&row, "version");
	flag.created_at = row_get_time(&row, "created_at");
	flag.deprecated = row_get_boolean(&row, "deprecated");
	flag.maintainer_id = row_get_string(&row, "maintainer_id");
	return flag;
}

/*
 * flag_document writes the FeatureFlag, with its configurations as they were read: it is
 * flag number so many of those.
 */
void
flag_document(Request *request, const Flag *flag, const Configurations *configurations, int number)
{
	StringInfo out = request->response;
	char *project_key = request_string(request, PROJECT_KEY);

	document_open(out, '{');
	document_string(out, "name", flag->name);
	document_string(out, "kind", flag->kind);
	document_string(out, "description", flag->description);
	document_string(out, "key", flag->key);
	document_integer(out, "_version", flag->version);
	document_milliseconds(out, "creationDate", flag->created_at);
	document_key(out, "clientSideAvailability");
	document_open(out, '{');
	document_boolean(out, "usingMobileKey", flag->using_mobile_key);
	document_boolean(out, "usingEnvironmentId", flag->using_environment_id);
	document_close(out, '}');
	document_raw(out, "variations", flag->variations);
	document_boolean(out, "temporary", flag->temporary);
	document_texts(out, "tags", flag->tags);
	document_key(out, "_links");
	document_open(out, '{');
	document_link(out, "parent", "/api/v2/flags/%s", project_key);
	document_link(out, "self", "/api/v2/flags/%s/%s", project_key, flag->key);
	document_close(out, '}');
	if (flag->maintainer_id)
		document_string(out, "maintainerId", flag->maintainer_id);
	document_raw(out, "experiments", "{\"baselineIdx\":0,\"items\":[]}");
	document_raw(out, "customProperties", flag->custom_properties);
	document_boolean(out, "archived", flag->archived);
	document_boolean(out, "deprecated", flag->deprecated);
	document_key(out, "defaults");
	document_open(out, '{');
	document_integer(out, "onVariation", flag->on_variation);
	document_integer(out, "offVariation", flag->off_variation);
	document_close(out, '}');
	configurations_document(request, flag, configurations, number);
	document_close(out, '}');
}

/*
 * write_flag writes a flag with its configurations in the environments whose keys are
 * given, or in all of them (NULL).
 */
static void
write_flag(Request *request, const Flag *flag, ArrayType *environments)
{
	flag_document(request, flag, configurations_read(request, flag, 1, environments, false), 0);
}

/*
 * flag_target names the flag for the audit log.
 */
static void
flag_target(Request *request, const Flag *flag)
{
	request_target(request, "proj/%s:env/*:flag/%s", request_string(request, PROJECT_KEY),
				   flag->key);
}

/*
 * flag_missing refuses a request about a flag that does not exist.
 */
pg_noreturn static void
flag_missing(Request *request)
{
	if (!project_exists(request))
		project_missing(request);
	error_raise(ERR_NOT_FOUND, "flag \"%s\" does not exist", request_string(request, FLAG_KEY));
}

/*
 * flag_find reads the flag that a request names by a statement that finds it, or locks
 * it too.
 */
static Flag
flag_find(Request *request, Statement *statement)
{
	Rows rows = request_run(request, statement);

	if (rows.count == 0)
		flag_missing(request);
	return flag_of_row(&rows, 0);
}

/*
 * flag_require refuses a request about a flag that does not exist.
 */
void
flag_require(Request *request)
{
	if (request_run(request, &flag_is_there).count == 0)
		flag_missing(request);
}

/*
 * flag_lock_key_share locks the flag below which something is created, as a foreign key
 * would, so that a concurrent deletion is noticed in time.  It binds :flag_id.
 */
void
flag_lock_key_share(Request *request)
{
	Rows rows = request_run(request, &lock_key_share);
	Row row;

	if (rows.count == 0)
		flag_missing(request);
	row_read(&rows, 0, &row);
	bind_uuid(&request->params, "flag_id", row_get_datum(&row, "id"));
	request->project_id = DatumGetUUIDP(row_get_datum(&row, "project_id"));
}

/*
 * flag_lock_for_update locks the flag, reads it as it is now, and requires the version in
 * If-Match.  It binds :flag_id; the document becomes what the flag was before the change.
 */
static Flag
flag_lock_for_update(Request *request)
{
	Flag flag = flag_find(request, &lock_for_update);

	request_require_version(request, flag.version);
	bind_uuid(&request->params, "flag_id", flag.id);
	write_flag(request, &flag, NULL);
	request_before(request);
	flag_target(request, &flag);
	return flag;
}

/*
 * has_key tells whether a key is among the rows of find_environments.
 */
static bool
has_key(const Rows *rows, const char *key)
{
	for (uint64 i = 0; i < rows->count; i++)
	{
		Row row;

		row_read(rows, i, &row);
		if (strcmp(row_get_string(&row, "key"), key) == 0)
			return true;
	}
	return false;
}

/*
 * flag_environments reads a list of environments' keys; NULL if it is absent.  It refuses
 * a key that no environment of the project has.
 */
ArrayType *
flag_environments(Request *request, int field)
{
	char *list = request_string(request, field);
	ArrayBuildState *built = NULL;
	List *keys = NIL;
	ListCell *cell;
	ArrayType *array;
	Rows rows;
	char *rest = NULL;

	if (list == NULL)
		return NULL;
	for (char *key = strtok_r(list, ",", &rest); key; key = strtok_r(NULL, ",", &rest))
	{
		keys = lappend(keys, key);
		built =
			accumArrayResult(built, CStringGetTextDatum(key), false, TEXTOID, CurrentMemoryContext);
	}
	if (keys == NIL)
		return NULL;
	array = DatumGetArrayTypeP(makeArrayResult(built, CurrentMemoryContext));
	bind_texts(&request->params, "environment_keys", array);
	rows = request_run(request, &find_environments);
	foreach (cell, keys)
		if (!has_key(&rows, lfirst(cell)))
			request_violation(request, field, "holds an unknown environment key: %s",
							  (char *) lfirst(cell));
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
	return array;
}

/*
 * do_get_flag returns one flag.
 */
void
do_get_flag(Request *request)
{
	Flag flag = flag_find(request, &find_flag);

	write_flag(request, &flag, flag_environments(request, GET_ENV));
	request->version = flag.version;
	request->composed = true;
}

/*
 * is_property tells whether a custom property is {name, value} with a list of strings as
 * value, and a name that can be seen.
 */
static bool
is_property(JsonbValue *property)
{
	static const char *const members[] = {"name", "value", NULL};
	Jsonb *object = JsonbValueToJsonb(property);
	JsonbValue value;
	Jsonb *list;

	if (!JB_ROOT_IS_OBJECT(object) || jsonb_unknown_key(object, members) != NULL ||
		!jsonb_member(object, "name", &value) || value.type != jbvString ||
		value.val.string.len == 0 || value.val.string.len > PROPERTY_MAX ||
		visible_problem(jsonb_string(&value)) != NULL || !jsonb_member(object, "value", &value))
		return false;
	list = JsonbValueToJsonb(&value);
	if (!jsonb_is_array(list) || JB_ROOT_COUNT(list) > PROPERTIES_MAX)
		return false;
	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&list->root, i);

		if (element->type != jbvString || element->val.string.len > PROPERTY_MAX)
			return false;
	}
	return true;
}

/*
 * check_custom_properties checks customProperties: {key: {name, value: [...]}}.
 */
static void
check_custom_properties(Request *request)
{
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;
	Jsonb *properties;

	if (!request_given(request, CUSTOM_PROPERTIES) || request->broken[CUSTOM_PROPERTIES] ||
		request->passed[CUSTOM_PROPERTIES])
		return;
	properties = DatumGetJsonbP(request->params.values[FIELD_PARAM(CUSTOM_PROPERTIES)]);
	if (JB_ROOT_COUNT(properties) > PROPERTIES_MAX)
	{
		request_violation(request, CUSTOM_PROPERTIES, "must be at most %d", PROPERTIES_MAX);
		return;
	}
	iterator = JsonbIteratorInit(&properties->root);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (key.val.string.len == 0 || key.val.string.len > PROPERTY_MAX || !is_property(&value))
		{
			request_violation(request, CUSTOM_PROPERTIES,
							  "must hold, by keys of 1 to %d bytes, a visible name and a list of "
							  "strings as value",
							  PROPERTY_MAX);
			return;
		}
	}
}

/*
 * check_defaults refuses unknown members of defaults.
 */
static void
check_defaults(Request *request)
{
	static const char *const members[] = {"onVariation", "offVariation", NULL};
	char *unknown;

	if (!request_given(request, DEFAULTS) || request->broken[DEFAULTS])
		return;
	unknown =
		jsonb_unknown_key(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)]), members);
	if (unknown)
		request_violation(request, DEFAULTS, "has an unknown member %s", unknown);
}

/*
 * check_create_flag binds what is stored of variations, defaults and the availability.
 * What a new flag has of the one that it clones is NULL.  In a patch, request->state is
 * the list of the variations before.
 */
void
check_create_flag(Request *request)
{
	bool given = request_given(request, VARIATIONS);
	bool clones = request->state == NULL && request_given(request, CLONE);
	bool inherits = clones && !given;
	bool boolean = !given;
	StringInfoData variations;
	int count = 2;
	int on;
	int off;

	initStringInfo(&variations);
	if (inherits)
		count = VARIATIONS_MAX;
	else if (!given && request->state)
		request_violation(request, VARIATIONS, "is required");
	else if (!given)
		variations_write_boolean(&variations);
	else if (!request->broken[VARIATIONS])
		count = variations_read(request, VARIATIONS, &variations);
	if (request->broken[VARIATIONS])
		return;
	if (given)
		boolean = variations_are_boolean(request, VARIATIONS);

	check_defaults(request);
	on = default_variation(request, DEFAULTS, "onVariation", count, 0);
	off = default_variation(request, DEFAULTS, "offVariation", count, count - 1);
	bind_jsonb(&request->params, "stored_variations",
			   inherits ? (Datum) 0 : JsonbPGetDatum(jsonb_of_text(variations.data)));
	bind_text(&request->params, "kind", inherits ? NULL : boolean ? "boolean" : "multivariate");
	inherits = clones && !request_given(request, DEFAULTS);
	bind_value(&request->params, "on_variation", INT4OID, Int32GetDatum(on), inherits);
	bind_value(&request->params, "off_variation", INT4OID, Int32GetDatum(off), inherits);
	availability_read(request, CLIENT_SIDE_AVAILABILITY);
	check_custom_properties(request);
	initial_prerequisites_check(request, INITIAL_PREREQUISITES);
}

/*
 * highest_index is the greatest of the indexes that are the members of an object.
 */
static int32
highest_index(Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue value;
	JsonbIteratorToken token;
	int32 highest = 0;
	int32 index;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_VALUE && jsonb_integer(&value, &index))
			highest = Max(highest, index);
	return highest;
}

/*
 * check_source requires that what is given fits the settings of the flag that is cloned,
 * which name its variations by their index.
 */
static void
check_source(Request *request, int32 count)
{
	if (request_given(request, VARIATIONS) &&
		JB_ROOT_COUNT(DatumGetJsonbP(request->params.values[FIELD_PARAM(VARIATIONS)])) !=
			(uint32) count)
		request_violation(request, VARIATIONS, "must be %d, as many as those of the flag to clone",
						  count);
	else if (request_given(request, DEFAULTS) &&
			 highest_index(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)])) >= count)
		request_violation(request, DEFAULTS, "must have indexes of the variations, which are %d",
						  count);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}

/*
 * bind_source_defaults binds the defaults of a new flag that clones another one, and
 * returns that one's id.
 */
static Datum
bind_source_defaults(Request *request)
{
	Params *params = &request->params;
	Rows rows = request_run(request, &lock_source);
	Row row;
	Jsonb *variations;

	if (rows.count == 0)
	{
		request_violation(request, CLONE, "names a flag that does not exist");
		error_raise_violations(ERR_INVALID, &request->violations);
	}
	row_read(&rows, 0, &row);
	variations = DatumGetJsonbP(row_get_datum(&row, "variations"));
	check_source(request, JB_ROOT_COUNT(variations));
	bind_text(params, "default_description", row_get_string(&row, "description"));
	bind_text(params, "default_kind", row_get_string(&row, "kind"));
	bind_jsonb(params, "default_variations", JsonbPGetDatum(variations_copy(variations)));
	bind_boolean(params, "default_temporary", row_get_boolean(&row, "temporary"));
	bind_texts(params, "default_tags", row_get_array(&row, "tags"));
	bind_integer(params, "default_on_variation", row_get_integer(&row, "on_variation"));
	bind_integer(params, "default_off_variation", row_get_integer(&row, "off_variation"));
	bind_boolean(params, "default_using_environment_id",
				 row_get_boolean(&row, "using_environment_id"));
	bind_boolean(params, "default_using_mobile_key", row_get_boolean(&row, "using_mobile_key"));
	bind_jsonb(params, "default_custom_properties", row_get_datum(&row, "custom_properties"));
	return row_get_datum(&row, "id");
}

/*
 * bind_project_defaults binds the defaults of a new flag that clones no other one.
 */
static void
bind_project_defaults(Params *params, Row *project)
{
	bind_text(params, "default_description", "");
	bind_text(params, "default_kind", NULL);
	bind_jsonb(params, "default_variations", (Datum) 0);
	bind_boolean(params, "default_temporary", true);
	bind_texts(params, "default_tags", construct_empty_array(TEXTOID));
	bind_value(params, "default_on_variation", INT4OID, (Datum) 0, true);
	bind_value(params, "default_off_variation", INT4OID, (Datum) 0, true);
	bind_boolean(params, "default_using_environment_id",
				 row_get_boolean(project, "using_environment_id"));
	bind_boolean(params, "default_using_mobile_key", row_get_boolean(project, "using_mobile_key"));
	bind_jsonb(params, "default_custom_properties", JsonbPGetDatum(jsonb_of_text("{}")));
}

/*
 * flag_size is the length in JSON of the parts of a flag that have no limit of their own.
 */
static size_t
flag_size(const Flag *flag)
{
	return strlen(flag->variations) + strlen(flag->custom_properties);
}

/*
 * flag_require_size refuses a flag that is larger than a flag may be, unless it was as
 * large before.
 */
static void
flag_require_size(const Flag *flag, size_t before)
{
	Violations violations = {0};
	size_t size = flag_size(flag);

	if (size <= JSON_BYTES_MAX || size <= before)
		return;
	error_violation(&violations, "variations",
					"would be larger than " JSON_BYTES_MAX_IS " in JSON, with customProperties");
	error_raise_violations(ERR_INVALID, &violations);
}

/*
 * do_create_flag creates a flag with a configuration in every environment.
 */
void
do_create_flag(Request *request)
{
	InitialSettings settings = {0};
	Rows rows;
	Row project;
	Flag flag;

	project_lock_for_flag(request, &project);
	payload_lock_all(request, request_string(request, PROJECT_KEY));
	if (!row_is_null(&project, "naming_convention"))
		naming_convention_enforce(request, KEY, row_get_jsonb(&project, "naming_convention"));
	member_require(request, MAINTAINER_ID);
	if (request_given(request, CLONE))
		settings.source_id = bind_source_defaults(request);
	else
		bind_project_defaults(&request->params, &project);
	settings.prerequisites = initial_prerequisites(request, INITIAL_PREREQUISITES);
	settings.on_given = request_given(request, IS_FLAG_ON);
	settings.on = request_boolean(request, IS_FLAG_ON);
	bind_uuid(&request->params, "id", UUIDPGetDatum(random_uuid()));
	bind_time(&request->params, "created_at", request->now);
	bind_text(&request->params, "member_id", request->caller.member_id);
	rows = request_run(request, &insert_flag);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "flag \"%s\" already exists", request_string(request, KEY));
	flag = flag_of_row(&rows, 0);
	flag_require_size(&flag, 0);

	payload_raise(request, request_string(request, PROJECT_KEY), NULL);
	flag_configure(request, flag.id, &settings);
	write_flag(request, &flag, NULL);
	request->version = flag.version;
	request_location(request, "/api/v2/flags/%s/%s", request_string(request, PROJECT_KEY),
					 flag.key);
	flag_target(request, &flag);
}

/*
 * may_concern_others tells whether a patch can change what other flags, or environments
 * that are being created, depend on: prerequisites or variations, or whether the flag is
 * archived.  It names them, by members or instructions, or moves or copies what may contain
 * them.
 */
static bool
may_concern_others(Jsonb *patch)
{
	static const char *const words[] = {
		"prerequisites",	"Prerequisite",		   "variations",
		"\"addVariation\"", "\"removeVariation\"", "\"updateVariation\"",
		"archived",			"\"archiveFlag\"",	   "\"from\""};
	char *text = jsonb_text(patch);

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

/*
 * read_boolean reads a member of a patched flag that a creation has not: archived or
 * deprecated.
 */
static bool
read_boolean(const Jsonb *document, const char *name)
{
	JsonbValue value;
	Violations violations = {0};

	if (!jsonb_member(document, name, &value) || value.type != jbvBool)
	{
		error_violation(&violations, name, "must be true or false");
		error_raise_violations(ERR_INVALID, &violations);
	}
	return value.val.boolean;
}

/*
 * refuse_misplaced refuses settings of environments that a patch gives the flag itself.
 */
static void
refuse_misplaced(const Jsonb *after)
{
	static const char *const settings[] = {"on",
										   "fallthrough",
										   "offVariation",
										   "targets",
										   "contextTargets",
										   "rules",
										   "prerequisites",
										   "trackEvents",
										   "trackEventsFallthrough"};
	Violations violations = {0};
	JsonbValue value;

	for (int i = 0; i < (int) lengthof(settings); i++)
		if (JB_ROOT_IS_OBJECT(after) && jsonb_member(after, settings[i], &value))
			error_violation(&violations, settings[i],
							"is a setting of each environment: environments.<environment key>.%s",
							settings[i]);
	if (violations.count > 0)
		error_raise_violations(ERR_INVALID, &violations);
}

/*
 * write_changes stores what a patch has made of a flag and its settings.  The flag's
 * version grows with every change, an environment's with those of its settings.
 */
static Flag
write_changes(Request *request, const Flag *flag, Jsonb *before, Jsonb *after)
{
	static const char *const editable[] = {"name",
										   "description",
										   "variations",
										   "temporary",
										   "tags",
										   "defaults",
										   "archived",
										   "deprecated",
										   "maintainerId",
										   "environments",
										   "clientSideAvailability",
										   "customProperties",
										   NULL};
	Jsonb *stored = jsonb_member_of(before, "variations");
	int count_before = JB_ROOT_COUNT(stored);
	int count;
	Request *fields;
	Rows rows;
	Flag changed;

	refuse_misplaced(after);
	request->state = stored;
	fields = patching_fields(request, &creation, before, after, editable);
	bind_uuid(&fields->params, "flag_id", flag->id);
	bind_boolean(&fields->params, "archived", read_boolean(after, "archived"));
	bind_boolean(&fields->params, "deprecated", read_boolean(after, "deprecated"));
	member_require(fields, MAINTAINER_ID);
	count = JB_ROOT_COUNT(jsonb_member_of(after, "variations"));
	configurations_change(request, flag, before, after, count, count_before);
	if (!flag->archived && read_boolean(after, "archived"))
		count = 0;
	if (count < count_before)
		prerequisites_require_unused(request, flag, count);
	experiments_require_flag(request, flag->id, flag->key, before, after);
	if (flag_is_seen_otherwise(before, after))
	{
		payload_raise(request, request_string(request, PROJECT_KEY), NULL);
		flag_raise_versions(request, flag->id);
	}
	rows = request_run(fields, &update_flag);
	changed = flag_of_row(&rows, 0);
	flag_require_size(&changed, flag_size(flag));
	return changed;
}

/*
 * without_environments is a flag's document without the settings of some environments.
 */
static Jsonb *
without_environments(Jsonb *document, List *keys)
{
	ListCell *cell;

	foreach (cell, keys)
	{
		Datum path[] = {CStringGetTextDatum("environments"), CStringGetTextDatum(lfirst(cell))};

		document = DatumGetJsonbP(
			DirectFunctionCall2(jsonb_delete_path, JsonbPGetDatum(document),
								PointerGetDatum(construct_array(path, lengthof(path), TEXTOID, -1,
																false, TYPALIGN_INT))));
	}
	return document;
}

/*
 * change changes a flag and its settings by a patch of its document.
 */
static void
change(Request *request)
{
	Jsonb *patch = DatumGetJsonbP(request->params.values[FIELD_PARAM(PATCH)]);
	List *missing;
	Jsonb *before;
	Jsonb *after;
	Flag flag;

	missing = flag_lock_touched(request, patch, may_concern_others(patch));
	flag = flag_lock_for_update(request);
	before = without_environments(jsonb_of_text(request->before), missing);
	after = patching_apply(request, PATCH, before, flag_apply_instructions);
	request->unchanged = jsonb_equal(before, after);
	if (!request->unchanged)
		flag = write_changes(request, &flag, before, after);
	write_flag(request, &flag, NULL);
	request->version = flag.version;
}

/*
 * do_update_flag changes a flag, or shows what it would become.
 */
void
do_update_flag(Request *request)
{
	if (request_boolean(request, DRY_RUN))
		patching_preview(request, change);
	else
		change(request);
}

/*
 * do_delete_flag deletes a flag with its settings and links, unless another flag or an
 * experiment needs it.
 */
void
do_delete_flag(Request *request)
{
	Flag flag;

	project_lock(request, PROJECT_NO_KEY_UPDATE);
	payload_lock_all(request, request_string(request, PROJECT_KEY));
	flag = flag_lock_for_update(request);
	prerequisites_require_unused(request, &flag, 0);
	experiments_leave_flag(request, flag.id, flag.key);
	payload_raise(request, request_string(request, PROJECT_KEY), NULL);
	flag_leave_versions(request, &flag);
	request_run(request, &delete_flag);
}
