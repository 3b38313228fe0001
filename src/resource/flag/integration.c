/*
 * integration.c
 *	  Integrations that flag links can name, and the metadata they declare.
 *
 * Five are built in, as LaunchDarkly's integrations with the flagLink
 * capability are; an account can register more from their manifest.json.
 */
#include "resource/flag/flag.h"
#include "resource/resource.h"

#include "call/field.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "util/visible.h"

#define INTEGRATION_KEY_MAX 64

enum
{
	KEY,
	MANIFEST
};

const Field register_integration_fields[] = {
	[KEY] = FIELD("key", "key", FIELD_TEXT, .required = true, .rule = RULE_KEY, .min = 1,
				  .max = INTEGRATION_KEY_MAX),
	[MANIFEST] = FIELD("manifest", "manifest", FIELD_JSON, .required = true, .rule = RULE_OBJECT),
	FIELDS_END};

/* A built-in integration: its key and the metadata it declares, as in a manifest. */
typedef struct BuiltIn
{
	const char *key;
	const char *metadata;
} BuiltIn;

#define TYPE_STRING "{\"type\":\"string\"}"
#define TYPE_URI	"{\"type\":\"uri\"}"

static const BuiltIn built_in[] = {
	{"github",
	 "{\"avatarUrl\":" TYPE_URI ",\"authorDisplayName\":" TYPE_STRING
	 ",\"authorLogin\":" TYPE_STRING ",\"authorName\":" TYPE_STRING ",\"prNumber\":" TYPE_STRING
	 ",\"prTitle\":" TYPE_STRING ",\"prBody\":" TYPE_STRING ",\"message\":" TYPE_STRING
	 ",\"repoName\":" TYPE_STRING ",\"repoUrl\":" TYPE_URI ",\"state\":" TYPE_STRING "}"},
	{"jira", "{\"creator\":" TYPE_STRING ",\"iconUrl\":" TYPE_URI ",\"issueKey\":" TYPE_STRING
			 ",\"issueTitle\":" TYPE_STRING "}"},
	{"msteams-app", "{\"avatarUrl\":" TYPE_URI ",\"displayName\":" TYPE_STRING
					",\"channelName\":" TYPE_STRING ",\"message\":" TYPE_STRING "}"},
	{"slack-app", "{\"avatarUrl\":" TYPE_URI ",\"displayName\":" TYPE_STRING
				  ",\"channelName\":" TYPE_STRING ",\"message\":" TYPE_STRING "}"},
	{"trello",
	 "{\"cardTitle\":" TYPE_STRING ",\"creator\":" TYPE_STRING ",\"avatar\":" TYPE_STRING "}"},
};

STATEMENT(insert_integration,
		  "INSERT INTO flagplane_data.integration (account_id, key, manifest, created_at)"
		  " VALUES (:account_id, :key, :manifest, :created_at) ON CONFLICT DO NOTHING");

STATEMENT(find_integration,
		  "SELECT i.manifest #> '{capabilities,flagLink,metadata}' AS metadata"
		  " FROM flagplane_data.integration i WHERE i.account_id = :account_id AND i.key = :key");

/*
 * built_in_metadata is what a built-in integration declares; NULL if there is none with
 * the key.
 */
static const char *
built_in_metadata(const char *key)
{
	for (int i = 0; i < (int) lengthof(built_in); i++)
		if (strcmp(built_in[i].key, key) == 0)
			return built_in[i].metadata;
	return NULL;
}

/*
 * are_declarations tells whether a manifest's metadata declares strings and URIs alone.
 */
static bool
are_declarations(Jsonb *metadata)
{
	JsonbIterator *iterator = JsonbIteratorInit(&metadata->root);
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(metadata))
		return false;
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		char *type = NULL;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvBinary && jsonb_member(JsonbValueToJsonb(&value), "type", &value))
			type = jsonb_string(&value);
		if (type == NULL || (strcmp(type, "string") != 0 && strcmp(type, "uri") != 0))
			return false;
	}
	return true;
}

/*
 * check_register_integration requires of a manifest what a flag link needs: the
 * capability flagLink with its three parts, and metadata of strings and URIs.
 */
void
check_register_integration(Request *request)
{
	static const char *const parts[] = {"uiBlocks", "header", "emptyState", NULL};
	JsonbValue value;
	Jsonb *capability;

	if (request->broken[MANIFEST] || !request_given(request, MANIFEST))
		return;
	if (!jsonb_member(DatumGetJsonbP(request->params.values[FIELD_PARAM(MANIFEST)]), "capabilities",
					  &value) ||
		value.type != jbvBinary || !jsonb_member(JsonbValueToJsonb(&value), "flagLink", &value) ||
		value.type != jbvBinary)
	{
		request_violation(request, MANIFEST, "must have the capability flagLink");
		return;
	}
	capability = JsonbValueToJsonb(&value);
	for (int i = 0; parts[i]; i++)
		if (!jsonb_member(capability, parts[i], &value))
			request_violation(request, MANIFEST, "must have %s in its capability flagLink",
							  parts[i]);
	if (jsonb_member(capability, "metadata", &value) &&
		!are_declarations(JsonbValueToJsonb(&value)))
		request_violation(request, MANIFEST,
						  "must declare each metadata name with the type string or uri");
}

/*
 * do_register_integration adds an integration to the account.
 */
void
do_register_integration(Request *request)
{
	char *key = request_string(request, KEY);
	StringInfo out = request->response;

	bind_time(&request->params, "created_at", request->now);
	if (built_in_metadata(key) != NULL || request_run(request, &insert_integration).count == 0)
		error_raise(ERR_EXISTS, "integration \"%s\" already exists", key);

	document_open(out, '{');
	document_string(out, "key", key);
	document_raw(out, "manifest",
				 jsonb_text(DatumGetJsonbP(request->params.values[FIELD_PARAM(MANIFEST)])));
	document_milliseconds(out, "createdAt", request->now);
	document_close(out, '}');
	request_target(request, "integration/%s", key);
}

/*
 * declared_metadata is what the integration that a field names declares; NULL if that is
 * nothing.  An unknown integration is a violation.
 */
static Jsonb *
declared_metadata(Request *request, int key_field)
{
	char *key = request_string(request, key_field);
	const char *declared = built_in_metadata(key);
	Params params = {0};
	Rows rows;
	Row row;

	if (declared)
		return jsonb_of_text(declared);
	bind_bigint(&params, "account_id", request->caller.account);
	bind_text(&params, "key", key);
	rows = statement_run(&find_integration, &params, request->mode);
	if (rows.count == 0)
	{
		request_violation(request, key_field, "is not the key of a known integration");
		return NULL;
	}
	row_read(&rows, 0, &row);
	return row_is_null(&row, "metadata") ? NULL : DatumGetJsonbP(row_get_datum(&row, "metadata"));
}

/*
 * check_metadata requires that each member of a field's metadata is declared, and has a
 * value of the type that is declared for it.
 */
static void
check_metadata(Request *request, int field, const char *integration_key, const Jsonb *declared)
{
	Jsonb *metadata = DatumGetJsonbP(request->params.values[FIELD_PARAM(field)]);
	JsonbIterator *iterator = JsonbIteratorInit(&metadata->root);
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		char *name = jsonb_string(&value);
		JsonbValue declaration;
		JsonbValue type;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (declared == NULL || !jsonb_member(declared, name, &declaration))
			request_violation(request, field, "has a member %s that %s does not declare", name,
							  integration_key);
		else if (jsonb_member(JsonbValueToJsonb(&declaration), "type", &type) &&
				 strcmp(jsonb_string(&type), "uri") == 0 &&
				 (!is_url(jsonb_string(&value)) || visible_problem(jsonb_string(&value))))
			request_violation(
				request, field,
				"must have an absolute http or https URL, without invisible characters, as %s",
				name);
	}
}

/*
 * integration_require refuses a request whose integration is not known, or does not
 * declare its metadata.
 */
void
integration_require(Request *request, int key_field, int metadata_field)
{
	Jsonb *declared = declared_metadata(request, key_field);

	if (request->violations.count == 0 && request_given(request, metadata_field))
		check_metadata(request, metadata_field, request_string(request, key_field), declared);
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}
