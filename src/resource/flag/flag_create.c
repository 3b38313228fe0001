/*
 * flag_create.c
 *	  Flags: made, and the rules that their descriptions are held to.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "call/patch_request.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/json.h"
#include "util/jsonb.h"
#include "util/visible.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* How many custom properties, and values of each; how long a key, a name and a value are, in bytes. */
#define PROPERTIES_MAX 64
#define PROPERTY_MAX   64

enum
{
	PROJECT_KEY,
	KEY,
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

/* What the check adds first: the variations as they are stored, $17. */
#define MADE_VARIATIONS (FIELD_PARAM(CLONE) + 1)

const Field create_flag_fields[] = {
	[PROJECT_KEY] = PROJECT_KEY_FIELD,
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
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

/*
 * The project is locked against environments being made; see insert_environment.
 */
STATEMENT(lock_project, "SELECT p.naming_convention FROM flagplane_data.project p"
						" WHERE p.account_id = $1 AND p.key = $2 FOR NO KEY UPDATE");

/* What is not given, the flag that is cloned has ($16), or the project. */
STATEMENT(
	insert_flag,
	"INSERT INTO flagplane_data.flag AS f"
	" (account_id, id, project_id, key, name, description, kind, variations, temporary,"
	" tags, on_variation, off_variation, using_environment_id, using_mobile_key,"
	" custom_properties, archived, deprecated, maintainer_id, version, created_at)"
	" SELECT $1, $23, p.id, $3, $4, coalesce($5, s.description, ''), coalesce($18, s.kind), $17,"
	" coalesce($7, s.temporary, true), coalesce($8, s.tags::text[], '{}'),"
	" coalesce($19, s.on_variation), coalesce($20, s.off_variation),"
	" coalesce($21, $13, s.using_environment_id, p.using_environment_id),"
	" coalesce($22, s.using_mobile_key, p.using_mobile_key),"
	" coalesce($12, s.custom_properties, '{}'), false, false, coalesce($14, $25), 1, $24"
	" FROM flagplane_data.project p LEFT JOIN flagplane_data.flag s"
	" ON s.account_id = p.account_id AND s.project_id = p.id AND s.key = $16"
	" WHERE p.account_id = $1 AND p.key = $2"
	" ON CONFLICT DO NOTHING RETURNING " FLAG_COLUMNS);

/*
 * variation_member writes an optional member of a variation; false if it is not
 * a string.
 */
static bool
variation_member(StringInfo out, const Jsonb *variation, const char *name)
{
	JsonbValue value;

	if (!jsonb_member(variation, name, &value) || value.type == jbvNull)
		return true;
	if (value.type != jbvString)
		return false;
	document_string(out, name, jsonb_string(&value));
	return true;
}

/*
 * check_variation_name holds the name of a variation to what a name may hold; one that
 * was stored before that rule may stay.
 */
static bool
check_variation_name(Request *request, const Jsonb *variation, uint32 place)
{
	Jsonb *before = request->state;
	JsonbValue value;
	char *name = jsonb_member(variation, "name", &value) ? jsonb_string(&value) : NULL;
	const char *problem = name ? visible_problem(name) : NULL;

	if (problem && before && place < JB_ROOT_COUNT(before))
	{
		Jsonb *element = JsonbValueToJsonb(getIthJsonbValueFromContainer(&before->root, place));
		char *had = jsonb_member(element, "name", &value) ? jsonb_string(&value) : NULL;

		if (had && strcmp(had, name) == 0)
			problem = NULL;
	}
	if (problem)
	{
		error_violation(&request->violations, psprintf("variations[%u].name", place), "%s",
						problem);
		request->broken[VARIATIONS] = true;
	}
	return problem == NULL;
}

/*
 * variation_id is the id of a variation: one that a flag has already keeps its id
 * and its place, a new one gets an id.  NULL if that is broken, which is then
 * collected.
 */
static const char *
variation_id(Request *request, const Jsonb *variation, uint32 place)
{
	Jsonb *before = request->state;
	JsonbValue value;
	char *given = jsonb_member(variation, "_id", &value) ? jsonb_string(&value) : NULL;
	char *had = NULL;

	if (before && place < JB_ROOT_COUNT(before))
	{
		Jsonb *element = JsonbValueToJsonb(getIthJsonbValueFromContainer(&before->root, place));

		had = jsonb_member(element, "_id", &value) ? jsonb_string(&value) : NULL;
	}
	if (had && (given == NULL || strcmp(given, had) != 0))
	{
		request_violation(request, VARIATIONS,
						  "must begin with the variations that are there, in their order");
		return NULL;
	}
	if (!had && jsonb_member(variation, "_id", &value))
	{
		request_violation(request, VARIATIONS, "must not give a new variation an _id");
		return NULL;
	}
	return had ? had : uuid_text(random_uuid()->data);
}

/*
 * read_variations writes the variations as they are stored, each with an id of
 * its own, and counts them; -1 if they break a rule, which is then collected.
 */
static int
read_variations(Request *request, StringInfo out)
{
	static const char *const members[] = {"value", "name", "description", "_id", NULL};
	Jsonb *list = DatumGetJsonbP(request->params.values[FIELD_PARAM(VARIATIONS)]);
	uint32 count = JB_ROOT_COUNT(list);
	Jsonb **values;
	uint32 *hashes;

	if (!jsonb_is_array(list) || count < VARIATIONS_MIN || count > VARIATIONS_MAX)
	{
		request_violation(request, VARIATIONS, "must be a list of %d to %d variations",
						  VARIATIONS_MIN, VARIATIONS_MAX);
		return -1;
	}
	values = palloc(sizeof(Jsonb *) * count);
	/* Large values that differ at their ends alone would be slow to compare, each with each. */
	hashes = palloc(sizeof(uint32) * count);
	document_open(out, '[');
	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&list->root, i);
		Jsonb *variation = JsonbValueToJsonb(element);
		JsonbValue *value = NULL;
		const char *id;

		if (JB_ROOT_IS_OBJECT(variation) && jsonb_unknown_key(variation, members) == NULL)
			value = getKeyJsonValueFromContainer(&variation->root, "value", 5, NULL);
		if (value == NULL)
		{
			request_violation(request, VARIATIONS,
							  "must hold objects with value, and at most name and description");
			return -1;
		}
		if (!check_variation_name(request, variation, i))
			return -1;
		values[i] = JsonbValueToJsonb(value);
		hashes[i] = DatumGetUInt32(DirectFunctionCall1(jsonb_hash, JsonbPGetDatum(values[i])));
		for (uint32 j = 0; j < i; j++)
			if (hashes[i] == hashes[j] && jsonb_equal(values[i], values[j]))
			{
				request_violation(request, VARIATIONS, "must have different values");
				return -1;
			}
		document_element(out);
		document_open(out, '{');
		id = variation_id(request, variation, i);
		if (id == NULL)
			return -1;
		document_string(out, "_id", id);
		document_raw(out, "value", jsonb_text(values[i]));
		if (!variation_member(out, variation, "name") ||
			!variation_member(out, variation, "description"))
		{
			request_violation(request, VARIATIONS, "must have strings as name and description");
			return -1;
		}
		document_close(out, '}');
	}
	document_close(out, ']');
	return count;
}

/*
 * both_boolean tells whether two variations, which have different values, are true and false.
 */
static bool
both_boolean(const Request *request)
{
	Jsonb *list = DatumGetJsonbP(request->params.values[FIELD_PARAM(VARIATIONS)]);

	for (int i = 0; i < 2; i++)
	{
		Jsonb *variation = JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i));
		JsonbValue value;

		if (!jsonb_member(variation, "value", &value) || value.type != jbvBool)
			return false;
	}
	return true;
}

/*
 * default_variation reads a member of defaults: the index of a variation.  Without
 * defaults it is the one given as otherwise.
 */
static int
default_variation(Request *request, const char *name, int count, int otherwise)
{
	int32 index = otherwise;
	JsonbValue value;

	if (!request_given(request, DEFAULTS) || request->broken[DEFAULTS])
		return index;
	if (!jsonb_member(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)]), name,
					  &value) ||
		!jsonb_integer(&value, &index) || index < 0 || index >= count)
		request_violation(request, DEFAULTS, "must have the index of a variation as %s", name);
	return index;
}

/*
 * property_is_good tells whether a custom property is {name, value}, value being
 * a list of strings.
 */
static bool
property_is_good(JsonbValue *property)
{
	static const char *const members[] = {"name", "value", NULL};
	Jsonb *object = JsonbValueToJsonb(property);
	JsonbValue value;
	Jsonb *list;

	if (!JB_ROOT_IS_OBJECT(object) || jsonb_unknown_key(object, members) != NULL ||
		!jsonb_member(object, "name", &value) || value.type != jbvString ||
		value.val.string.len == 0 || value.val.string.len > PROPERTY_MAX ||
		!jsonb_member(object, "value", &value))
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
 * check_custom_properties holds customProperties, {key: {name, value: [...]}}, to
 * its rules.
 */
static void
check_custom_properties(Request *request)
{
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;
	Jsonb *properties;

	if (!request_given(request, CUSTOM_PROPERTIES) || request->broken[CUSTOM_PROPERTIES])
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
		if (key.val.string.len == 0 || key.val.string.len > PROPERTY_MAX ||
			!property_is_good(&value))
		{
			request_violation(request, CUSTOM_PROPERTIES,
							  "must hold, by keys of 1 to %d bytes, a name and a list of strings "
							  "as value",
							  PROPERTY_MAX);
			return;
		}
	}
}

/*
 * check_create_flag reads the variations and defaults into $17 to $20, and the
 * availability into $21 and $22.  What a flag takes over from the one that it clones is
 * left NULL there.
 */
void
check_create_flag(Request *request)
{
	static const char *const members[] = {"onVariation", "offVariation", NULL};
	StringInfoData variations;
	int count = 2;
	bool boolean = !request_given(request, VARIATIONS);
	bool clones = request->state == NULL && request_given(request, CLONE);
	bool inherits = clones && boolean;
	bool defaults = request_given(request, DEFAULTS) || !clones;
	char *stranger = NULL;
	int on;
	int off;

	initStringInfo(&variations);
	if (inherits)
		count = VARIATIONS_MAX;
	else if (boolean && request->state)
		request_violation(request, VARIATIONS, "is required");
	else if (boolean)
		appendStringInfo(&variations,
						 "[{\"_id\":\"%s\",\"value\":true},{\"_id\":\"%s\",\"value\":false}]",
						 uuid_text(random_uuid()->data), uuid_text(random_uuid()->data));
	else if (!request->broken[VARIATIONS])
		count = read_variations(request, &variations);
	if (request->broken[VARIATIONS])
		return;
	if (!boolean)
		boolean = count == 2 && both_boolean(request);

	if (request_given(request, DEFAULTS) && !request->broken[DEFAULTS])
		stranger = jsonb_unknown_key(DatumGetJsonbP(request->params.values[FIELD_PARAM(DEFAULTS)]),
									 members);
	if (stranger)
		request_violation(request, DEFAULTS, "has an unknown member %s", stranger);

	on = default_variation(request, "onVariation", count, 0);
	off = default_variation(request, "offVariation", count, count - 1);
	params_add(&request->params, JSONBOID,
			   inherits ? (Datum) 0 : JsonbPGetDatum(jsonb_of_text(variations.data)), inherits);
	params_text(&request->params, inherits ? NULL : boolean ? "boolean" : "multivariate");
	params_add(&request->params, INT4OID, Int32GetDatum(on), !defaults);
	params_add(&request->params, INT4OID, Int32GetDatum(off), !defaults);
	availability_read(request, CLIENT_SIDE_AVAILABILITY);
	check_custom_properties(request);
	initial_prerequisites_check(request, INITIAL_PREREQUISITES);
}

/*
 * flag_size is how many bytes those parts of a flag's definition have, as they are
 * answered, that have no bounds of their own.
 */
size_t
flag_size(const Flag *flag)
{
	return strlen(flag->variations) + strlen(flag->custom_properties);
}

/*
 * flag_require_size refuses a flag whose own definition, as it is answered, has become
 * larger than a flag may be; before is how large it was.  Its texts and tags have
 * bounds of their own.
 */
void
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
 * do_create_flag makes a flag with a configuration in every environment.
 */
void
do_create_flag(Request *request)
{
	char *project_key = request_string(request, PROJECT_KEY);
	Rows rows = request_run_first(request, &lock_project, 2);
	FlagBeginning beginning = {0};
	Row row;
	Flag flag;

	if (rows.count == 0)
		project_missing(request);
	row_read(&rows, 0, &row);
	naming_convention_enforce(request, KEY, row_jsonb(&row, 0));
	member_require(request, MAINTAINER_ID);
	flag_source(request, &beginning, CLONE, VARIATIONS, DEFAULTS);
	if (beginning.source && !request_given(request, VARIATIONS))
	{
		request->params.values[MADE_VARIATIONS] = JsonbPGetDatum(beginning.variations);
		request->params.nulls[MADE_VARIATIONS] = ' ';
	}
	beginning.prerequisites = initial_prerequisites(request, INITIAL_PREREQUISITES);
	beginning.switched = request_given(request, IS_FLAG_ON);
	beginning.is_on = request_boolean(request, IS_FLAG_ON);
	params_add(&request->params, UUIDOID, UUIDPGetDatum(random_uuid()), false);
	params_time(&request->params, request->now);
	params_text(&request->params, request->caller.member_id);
	rows = request_run(request, &insert_flag);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "flag \"%s\" already exists", request_string(request, KEY));
	flag = flag_of_row(&rows, 0);
	flag_require_size(&flag, 0);

	flag_configure(request, flag.id, &beginning);
	flag_document(request, &flag, NULL);
	request->version = flag.version;
	request_location(request, "/api/v2/flags/%s/%s", project_key, flag.key);
	flag_target(request, &flag);
}
