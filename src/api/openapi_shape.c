/*
 * openapi_shape.c
 *	  The schemas of answers, and of the parts of bodies that are JSON themselves.
 *
 * What an answer holds is written once more here, in a notation of its own; a test
 * holds real answers to it.
 */
#include "api/openapi.h"

#include "util/document.h"

/* What a name is said to be, in the notation of write_type. */
typedef struct Shape
{
	const char *name;
	const char *members;
} Shape;

/*
 * The answers, and what is in them.  Members are "name type", in the order of the
 * document; a name with '?' may be left out.  A list of x is called xList.
 */
static const Shape shapes[] = {
	{"Link", "href string, type string"},
	{"Caller", "organizationId string?, workspaceId string?, organizationName string?,"
			   " apiKeyId string?, name string?, actor string, memberId string?, scopes string[],"
			   " projects string[]?, rateLimitTier? string, expiresAt time?, lastUsedAt time?"},
	{"CallerIdentity", "accountId? string, authKind string, tokenKind? string, tokenName? string,"
					   " tokenId? string, memberId? string, serviceToken? boolean"},
	{"Member",
	 "_links Link{}, _id string, role string, email string, firstName string?, lastName string?,"
	 " _pendingInvite boolean, _verified boolean, customRoles string[], mfa string,"
	 " _lastSeen integer, creationDate integer"},
	{"MemberList", "items Member[], totalCount integer, _links Link{}"},
	{"NewMember", "email string, role? string, firstName? string, lastName? string"},
	{"AccessToken",
	 "_links Link{}, _id string, ownerId string, name string, description? string,"
	 " token string, role string?, scopes string[], projects string[]?,"
	 " rateTier string, memberId string?, serviceToken boolean,"
	 " defaultApiVersion? integer, creationDate integer, lastModified integer,"
	 " expiresAt integer?, revokedAt integer?, killedAt integer?, lastUsed integer?"},
	{"AccessTokenList", "items AccessToken[], totalCount integer, _links Link{}"},
	{"AuditAccess", "action string, resource string?"},
	{"AuditMember", "_links Link{}, _id string, email string, firstName string?, lastName string?"},
	{"AuditToken", "_id string, name string, ending string, serviceToken boolean"},
	{"AuditTarget", "_links Link{}, name string?, resources any[]"},
	{"AuditLogEntry",
	 "_links Link{}, _id string, _accountId string, date integer, accesses AuditAccess[],"
	 " kind string, name string?, description string, shortDescription string,"
	 " comment? string, member? AuditMember, token? AuditToken, titleVerb string,"
	 " title string, target AuditTarget, delta? any, previousVersion? any, currentVersion? any"},
	{"AuditLogEntryList", "items AuditLogEntry[], _links Link{}"},
	{"ApprovalSettings", "required boolean, bypassApprovalsForPendingChanges boolean,"
						 " minNumApprovals integer, canReviewOwnRequest boolean,"
						 " canApplyDeclinedChanges boolean, autoApplyApprovedChanges? boolean,"
						 " serviceKind string, serviceConfig any{},"
						 " requiredApprovalTags string[]"},
	{"ClientSideAvailability", "usingEnvironmentId boolean, usingMobileKey boolean"},
	{"NewClientSideAvailability", "usingEnvironmentId? boolean, usingMobileKey? boolean"},
	{"Project", "_links Link{}, _id string, key string, includeInSnippetByDefault boolean,"
				" defaultClientSideAvailability ClientSideAvailability, name string,"
				" tags string[], namingConvention? NamingConvention,"
				" requireViewAssociationForNewFlags boolean,"
				" requireViewAssociationForNewSegments boolean,"
				" environments? Environment[]|EnvironmentList"},
	{"NamingConvention", "case? string, prefix? string"},
	{"ProjectList", "items Project[], totalCount integer, _links Link{}"},
	{"Environment", "_links Link{}, _id string, key string, name string, apiKey string,"
					" mobileKey string, color string, defaultTtl integer, secureMode boolean,"
					" defaultTrackEvents boolean, requireComments boolean, confirmChanges boolean,"
					" tags string[], critical boolean, approvalSettings ApprovalSettings,"
					" resourceApprovalSettings ApprovalSettings{}"},
	{"EnvironmentList", "items Environment[], totalCount integer, _links Link{}"},
	{"EnvironmentSource", "key string, version? integer"},
	{"Variation", "_id uuid, value any, name? string, description? string"},
	{"NewVariation", "value any, name? string, description? string"},
	{"FlagDefaults", "onVariation integer, offVariation integer"},
	{"FlagExperiments", "baselineIdx integer, items any[]"},
	{"CustomProperty", "name string, value string[]"},
	{"FlagConfiguration",
	 "on boolean, archived boolean, salt string, sel string, lastModified integer,"
	 " version integer, targets? object[], contextTargets? object[], rules? object[],"
	 " fallthrough object, offVariation? integer, prerequisites? object[], _site Link,"
	 " _environmentName string, trackEvents boolean, trackEventsFallthrough boolean"},
	{"Flag", "name string, kind string, description string, key string, _version integer,"
			 " creationDate integer, clientSideAvailability ClientSideAvailability,"
			 " variations Variation[], temporary boolean, tags string[],"
			 " _links Link{}, experiments FlagExperiments, customProperties CustomProperty{},"
			 " archived boolean, deprecated boolean, maintainerId? string,"
			 " defaults FlagDefaults, environments FlagConfiguration{}"},
	{"FlagList", "items Flag[], totalCount integer, _links Link{}"},
	{"Timestamp", "milliseconds integer, seconds integer, rfc3339 time, simple string"},
	{"LinkMember", "_links Link{}, _id string, firstName string?, lastName string?"},
	{"FlagLink", "_links Link{}, _id string, _deepLink string, _timestamp Timestamp,"
				 " _createdAt integer, _key string?, _integrationKey string?, title string?,"
				 " description string?, _metadata string{}?, _member LinkMember?"},
	{"FlagLinkList", "items FlagLink[], _links Link{}"},
	{"LayerReservation", "experimentKey string, flagKey string, reservationPercent integer"},
	{"LayerConfiguration", "reservations LayerReservation[]"},
	{"Layer", "key string, name string, description string, createdAt integer,"
			  " randomizationUnit string?, environments LayerConfiguration{}"},
	{"LayerSnapshot", "key string, name string, reservationPercent integer,"
					  " otherReservationPercent integer"},
	{"IterationFlag", "targetingRule? string, flagConfigVersion? integer,"
					  " notInExperimentVariationId? string, _links Link{}"},
	{"IterationMetric",
	 "key string, name string, kind string, isGroup boolean, _links Link{}, primary? boolean"},
	{"TreatmentParameter", "flagKey string, variationId string"},
	{"Treatment", "_id? string, name string, allocationPercent string, baseline boolean,"
				  " parameters TreatmentParameter[]"},
	{"Iteration", "hypothesis string, status string, createdAt integer, startedAt? integer,"
				  " endedAt? integer, winningTreatmentId? string, winningReason? string,"
				  " flags? IterationFlag{}, randomizationUnit string, canReshuffleTraffic? boolean,"
				  " reallocationFrequencyMillis? integer, primarySingleMetric? IterationMetric,"
				  " primaryFunnel? IterationMetric, attributes? string[], treatments? Treatment[],"
				  " metrics? IterationMetric[], secondaryMetrics? IterationMetric[],"
				  " layerSnapshot? LayerSnapshot"},
	{"Experiment", "_id string, key string, name string, description string,"
				   " _maintainerId string, _creationDate integer, environmentKey string,"
				   " archivedDate? integer, _links Link{}, currentIteration Iteration,"
				   " draftIteration? Iteration"},
	{"ExperimentList", "items Experiment[], totalCount integer, _links Link{}"},
	{"LayerList", "items Layer[], totalCount integer, _links Link{}"},
	{"PartnerProject", "id string, name string, status string, customerExternalId string?,"
					   " timezone string?, primaryLanguage string?, ownerEmail string?,"
					   " createdAt time, updatedAt time, key string, tags string[],"
					   " metadata any{}"},
	{"PartnerProjectSummary", "id string, name string, status string, customerExternalId string?,"
							  " timezone string?, primaryLanguage string?, ownerEmail string?,"
							  " createdAt time, updatedAt time"},
	{"PartnerProjectList", "items PartnerProjectSummary[], nextCursor string?"},
	{"PatchOperation", "op string, path string, from? string, value? any"},
	{"CommentedPatch", "comment? string, patch PatchOperation[]"},
	{"AdPlatform", "enabled boolean, pixelId string?, lastForwardAt time?"},
	{"AdPlatformChange", "enabled boolean"},
	{"SdkApp", "appId string, name string, platform string, bundleId string?,"
			   " androidPackage string?, webDomain string?, ingestEndpoint uri,"
			   " capi AdPlatform{}, createdAt time, lastRotatedAt time, lastEventAt time?,"
			   " apiKey? string"},
	{"SdkAppSummary", "appId string, name string, platform string, bundleId string?,"
					  " androidPackage string?, webDomain string?, createdAt time,"
					  " lastEventAt time?"},
	{"SdkAppList", "items SdkAppSummary[], nextCursor string?"},
	{"Violation", "attribute string, reason string"},
	{"LaunchDarklyError", "code string, message string, errors? Violation[]"},
	{"LayersErrorFields", "fields Violation[]"},
	{"LayersErrorDetail",
	 "code string, message string, requestId string, details? LayersErrorFields"},
	{"LayersError", "error LayersErrorDetail"},
};

/* What the body's fields of type json hold, by their JSON name. */
static const Shape json_fields[] = {
	{"environments", "CreateEnvironment[]"},
	{"defaultClientSideAvailability", "NewClientSideAvailability"},
	{"namingConvention", "NamingConvention"},
	{"source", "EnvironmentSource"},
	{"variations", "NewVariation[]"},
	{"defaults", "FlagDefaults"},
	{"metadata", "string{}"},
	{"capi", "AdPlatformChange{}"},
	{"members", "NewMember[]"},
	{"instructions", "object[]"},
	{"patch", "PatchOperation[]|CommentedPatch"},
	{"customProperties", "CustomProperty{}"},
	{"update_flag", "PatchOperation[]|object"},
	{"clientSideAvailability", "NewClientSideAvailability"},
};

/* The plain types of the notation; any says nothing. */
static const Shape plain_types[] = {
	{"string", "\"type\":\"string\""},
	{"integer", "\"type\":\"integer\",\"format\":\"int64\""},
	{"boolean", "\"type\":\"boolean\""},
	{"object", "\"type\":\"object\""},
	{"time", "\"type\":\"string\",\"format\":\"date-time\""},
	{"uri", "\"type\":\"string\",\"format\":\"uri\""},
	{"uuid", "\"type\":\"string\",\"format\":\"uuid\""},
	{"any", ""},
};

/*
 * find_shape finds a name among shapes; NULL if it is not there.
 */
static const char *
find_shape(const Shape *among, int count, const char *name, size_t length)
{
	for (int i = 0; i < count; i++)
		if (strlen(among[i].name) == length && memcmp(among[i].name, name, length) == 0)
			return among[i].members;
	return NULL;
}

/*
 * write_type writes the schema of a type: a plain one, or the name of a component,
 * which begins with a capital; then [] for a list of it, {} for a map of names to
 * it, ? for it or null; a|b for either.
 */
static void
write_type(StringInfo out, const char *type, size_t length)
{
	const char *end = type + length;
	const char *bar = memchr(type, '|', length);

	document_open(out, '{');
	if (end[-1] == '?' || bar)
	{
		document_key(out, "anyOf");
		document_open(out, '[');
		write_type(out, type, bar ? (size_t) (bar - type) : length - 1);
		document_element(out);
		if (bar)
			write_type(out, bar + 1, end - bar - 1);
		else
			appendStringInfoString(out, "{\"type\":\"null\"}");
		document_close(out, ']');
	}
	else if (end[-1] == ']' || end[-1] == '}')
	{
		document_string(out, "type", end[-1] == ']' ? "array" : "object");
		document_key(out, end[-1] == ']' ? "items" : "additionalProperties");
		write_type(out, type, length - 2);
	}
	else if (type[0] >= 'A' && type[0] <= 'Z')
		document_string(out, "$ref", psprintf("#/components/schemas/%.*s", (int) length, type));
	else
	{
		const char *plain = find_shape(plain_types, lengthof(plain_types), type, length);

		if (plain == NULL)
			elog(ERROR, "no type is called %.*s", (int) length, type);
		appendStringInfoString(out, plain);
	}
	document_close(out, '}');
}

/*
 * write_shape writes the schema of an object out of its members.
 */
static void
write_shape(StringInfo out, const char *members)
{
	StringInfoData required;

	initStringInfo(&required);
	document_open(&required, '[');
	document_open(out, '{');
	document_string(out, "type", "object");
	document_key(out, "properties");
	document_open(out, '{');
	while (*members)
	{
		size_t name_length = strcspn(members, " ");
		const char *type = members + name_length + 1;
		size_t type_length = strcspn(type, ",");
		bool optional = members[name_length - 1] == '?';
		char *name = pnstrdup(members, optional ? name_length - 1 : name_length);

		document_key(out, name);
		write_type(out, type, type_length);
		if (!optional)
		{
			document_element(&required);
			document_quoted(&required, name);
		}
		members = type + type_length;
		members += strspn(members, ", ");
	}
	document_close(out, '}');
	document_close(&required, ']');
	document_raw(out, "required", required.data);
	document_close(out, '}');
}

/*
 * openapi_json_schema writes the schema of a body's field that holds JSON; false if
 * nothing is known of it.
 */
bool
openapi_json_schema(StringInfo out, const char *json_name)
{
	const char *type = find_shape(json_fields, lengthof(json_fields), json_name, strlen(json_name));

	if (type)
		write_type(out, type, strlen(type));
	return type != NULL;
}

/*
 * openapi_response_schema writes the schema of an operation's answer: that of its
 * subject, or of a list of them.
 */
void
openapi_response_schema(StringInfo out, const Operation *operation)
{
	char *name = openapi_camel_case(operation->subject, openapi_is_list(operation) ? "List" : "");

	if (find_shape(shapes, lengthof(shapes), name, strlen(name)))
		write_type(out, name, strlen(name));
	else
		appendStringInfoString(out, "{\"type\":\"object\"}");
}

/*
 * openapi_shape_schemas writes the schemas of all shapes, each under its name.
 */
void
openapi_shape_schemas(StringInfo out)
{
	for (int i = 0; i < (int) lengthof(shapes); i++)
	{
		document_key(out, shapes[i].name);
		write_shape(out, shapes[i].members);
	}
}
