/*
 * integration.c
 *	  Integrations that flag links can name, and the metadata they declare.
 *
 * Five are built in, as LaunchDarkly's integrations with the flagLink
 * capability are; an account can register more from their manifest.json.
 */
#include "resource/resource.h"

#include "call/field.h"
#include "catalog/pg_type.h"
#include "util/document.h"
#include "util/jsonb.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

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
		  " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");

STATEMENT(find_integration,
		  "SELECT i.manifest #> '{capabilities,flagLink,metadata}'"
		  " FROM flagplane_data.integration i WHERE i.account_id = $1 AND i.key = $2");

/*
 * built_in_metadata is what a built-in integration declares; NULL if the key is
 * not of one.
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
 * check_register_integration holds a manifest to what a flag link needs of it:
 * the flagLink capability with its three parts, and metadata of strings and URIs.
 */
void
check_register_integration(Request *request)
{
	static const char *const parts[] = {"uiBlocks", "header", "emptyState", NULL};
	Jsonb *manifest;
	JsonbValue value;
	Jsonb *capability;

	if (request->broken[MANIFEST] || !request_given(request, MANIFEST))
		return;
	manifest = DatumGetJsonbP(request->params.values[FIELD_PARAM(MANIFEST)]);
	if (!jsonb_member(manifest, "capabilities", &value) || value.type != jbvBinary ||
		!jsonb_member(JsonbValueToJsonb(&value), "flagLink", &value) || value.type != jbvBinary)
	{
		request_violation(request, MANIFEST, "must have the capability flagLink");
		return;
	}
	capability = JsonbValueToJsonb(&value);
	for (int i = 0; parts[i]; i++)
		if (!jsonb_member(capability, parts[i], &value))
			request_violation(request, MANIFEST, "must have %s in its capability flagLink",
							  parts[i]);
	if (jsonb_member(capability, "metadata", &value))
	{
		Jsonb *metadata = JsonbValueToJsonb(&value);
		JsonbIterator *iterator = JsonbIteratorInit(&metadata->root);
		bool good = JB_ROOT_IS_OBJECT(metadata);
		JsonbValue name;

		(void) JsonbIteratorNext(&iterator, &name, true);
		while (good && JsonbIteratorNext(&iterator, &name, true) == WJB_KEY)
		{
			char *type = NULL;

			(void) JsonbIteratorNext(&iterator, &value, true);
			if (value.type == jbvBinary && jsonb_member(JsonbValueToJsonb(&value), "type", &value))
				type = jsonb_string(&value);
			good = type && (strcmp(type, "string") == 0 || strcmp(type, "uri") == 0);
		}
		if (!good)
			request_violation(request, MANIFEST,
							  "must declare each metadata name with the type string or uri");
	}
}

/*
 * do_register_integration adds an integration to the account.
 */
void
do_register_integration(Request *request)
{
	char *key = request_string(request, KEY);
	StringInfo out = request->response;
	Rows rows;

	params_time(&request->params, request->now);
	rows.count = 0;
	if (built_in_metadata(key) == NULL)
		rows = request_run(request, &insert_integration);
	if (rows.count == 0)
		error_raise(ERR_EXISTS, "integration \"%s\" already exists", key);

	document_open(out, '{');
	document_string(out, "key", key);
	document_raw(out, "manifest",
				 DatumGetCString(DirectFunctionCall1(
					 jsonb_out, request->params.values[FIELD_PARAM(MANIFEST)])));
	document_milliseconds(out, "createdAt", request->now);
	document_close(out, '}');
	request_target(request, "integration/%s", key);
}

/*
 * integration_require refuses a request whose integration is not known, or whose
 * metadata the integration does not declare so.
 */
void
integration_require(Request *request, int key_field, int metadata_field)
{
	char *key = request_string(request, key_field);
	const char *declared_text = built_in_metadata(key);
	Jsonb *declared = NULL;

	if (declared_text)
		declared = jsonb_of_text(declared_text);
	else
	{
		Params params = {0};
		Rows rows;
		Row row;

		params_bigint(&params, request->caller.account);
		params_text(&params, key);
		rows = statement_run(&find_integration, &params, request->mode);
		if (rows.count == 0)
			request_violation(request, key_field, "is not the key of a known integration");
		else
		{
			row_read(&rows, 0, &row);
			if (!row.nulls[0])
				declared = DatumGetJsonbP(row.values[0]);
		}
	}

	if (request->violations.count == 0 && request_given(request, metadata_field))
	{
		Jsonb *metadata = DatumGetJsonbP(request->params.values[FIELD_PARAM(metadata_field)]);
		JsonbIterator *iterator = JsonbIteratorInit(&metadata->root);
		JsonbValue name;

		(void) JsonbIteratorNext(&iterator, &name, true);
		while (JsonbIteratorNext(&iterator, &name, true) == WJB_KEY)
		{
			char *name_text = jsonb_string(&name);
			JsonbValue value;
			JsonbValue declaration;
			JsonbValue type;

			(void) JsonbIteratorNext(&iterator, &value, true);
			if (declared == NULL || !jsonb_member(declared, name_text, &declaration))
				request_violation(request, metadata_field,
								  "has a member %s that %s does not declare", name_text, key);
			else if (jsonb_member(JsonbValueToJsonb(&declaration), "type", &type) &&
					 strcmp(jsonb_string(&type), "uri") == 0 && !is_url(jsonb_string(&value)))
				request_violation(request, metadata_field,
								  "must have an absolute http or https URL as %s", name_text);
		}
	}
	if (request->violations.count > 0)
		error_raise_violations(ERR_INVALID, &request->violations);
}
