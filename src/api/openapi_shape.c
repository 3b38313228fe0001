/*
 * openapi_shape.c
 *	  What the tables of the code do not say of JSON: the shapes of responses and of
 *	  nested values in requests, and an example of each request.
 *
 * A shape is described once, for responses and requests.  A member is "name type"; a
 * mark after the name says where it is:
 *
 *	  name	 always
 *	  name?	 it may be left out
 *	  name+	 always in responses; a request may leave it out
 *	  name!	 in responses only
 *
 * A request contains a shape X with marks '+' or '!' as NewX.  A type is a plain one or
 * the name of a shape, followed by [] for a list of it, {} for a map of names to it,
 * ? for it or null; a|b is one of them.  What is built of fields is not described
 * here: a body has the name of its operation, and other lists of fields are in
 * openapi_field.c.
 *
 * A new response takes a row in shapes, and xList for a list of x; a new field of
 * type FIELD_JSON a row in json_fields; a new body a row in examples.  Tests hold
 * real requests and responses to the shapes, and call each example.
 */
#include "api/openapi.h"

/* Responses, and their parts in requests; in the order of the document. */
const NamedText openapi_shapes[] = {
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
	 " defaultApiVersion integer, creationDate integer, lastModified integer,"
	 " expiresAt integer?, revokedAt integer?, killedAt integer?, lastUsed integer?"},
	{"AccessTokenList", "items AccessToken[], totalCount integer, _links Link{}"},
	{"AuditAccess", "action string, resource string?"},
	{"AuditMember", "_links Link{}, _id string, email string, firstName string?, lastName string?"},
	{"AuditToken", "_id string, name string, ending string, serviceToken boolean"},
	{"AuditTarget", "_links Link{}, name string?, resources string[]"},
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
	{"ClientSideAvailability", "usingEnvironmentId+ boolean, usingMobileKey+ boolean"},
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
	{"SdkKey", "_links Link{}, name string, apiKey string, creationDate integer, expiry integer?"},
	{"SdkKeyList", "items SdkKey[], _links Link{}"},
	{"ImportCounts", "created integer, updated integer, unchanged integer"},
	{"EnvironmentImport", "environmentKey string, payloadVersion integer, flags ImportCounts,"
						  " segments ImportCounts"},
	{"SdkPayload", "flags any{}, segments? any{}"},
	{"EnvironmentSource", "key string, version? integer"},
	{"Variation", "_id+ uuid, value any, name? string, description? string"},
	{"FlagDefaults", "onVariation integer, offVariation integer"},
	{"FlagExperiments", "baselineIdx integer, items any[]"},
	{"CustomProperty", "name string, value string[]"},
	{"WeightedVariation",
	 "variation integer, weight integer, untracked? boolean, _untracked? boolean"},
	{"ExperimentAllocation", "canReshuffle? boolean, defaultVariation? integer"},
	{"Rollout", "variations WeightedVariation[], kind? rolloutKind, contextKind? string,"
				" bucketBy? string, seed? integer, experimentAllocation? ExperimentAllocation"},
	{"Fallthrough", "variation? integer, rollout? Rollout"},
	{"FallthroughChange", "variation? integer?, rollout? Rollout?"},
	{"Target", "values string[], variation integer, contextKind? string"},
	{"Clause", "_id+ string, attribute string, op operator, values any[], negate+ boolean,"
			   " contextKind? string"},
	{"Rule", "_id+ string, clauses Clause[], variation? integer, rollout? Rollout,"
			 " trackEvents+ boolean, description? string, ref? string, disabled? boolean"},
	{"RuleInstruction", "clauses NewClause[], variationId? string, rolloutWeights? integer{},"
						" rolloutBucketBy? string, rolloutContextKind? string,"
						" description? string, trackEvents? boolean, ref? string,"
						" disabled? boolean"},
	{"TargetInstruction", "contextKind? string, variationId string, values string[]"},
	{"UserTargetInstruction", "variationId string, values string[]"},
	{"Prerequisite", "key string, variation integer"},
	{"InitialPrerequisite", "key string, variationId uuid"},
	{"FlagConfiguration",
	 "on boolean, archived boolean, salt string, sel string, lastModified integer,"
	 " version integer, targets? Target[], contextTargets? Target[], rules? Rule[],"
	 " fallthrough Fallthrough, offVariation? integer, prerequisites? Prerequisite[], _site Link,"
	 " _environmentName string, trackEvents boolean, trackEventsFallthrough boolean"},
	{"FlagConfigurationChange",
	 "on? boolean, targets? Target[], contextTargets? Target[], rules? NewRule[],"
	 " fallthrough? FallthroughChange, offVariation? integer?, prerequisites? Prerequisite[],"
	 " trackEvents? boolean, trackEventsFallthrough? boolean"},
	{"FlagMergePatch",
	 "name? string, description? string?, variations? NewVariation[], temporary? boolean,"
	 " tags? string[], defaults? FlagDefaults, archived? boolean, deprecated? boolean,"
	 " maintainerId? string?, clientSideAvailability? NewClientSideAvailability,"
	 " customProperties? CustomProperty?{}, environments? FlagConfigurationChange{}"},
	{"CommentedFlagMergePatch", "comment? string, merge FlagMergePatch"},
	{"Flag", "name string, kind string, description string, key string, _version integer,"
			 " creationDate integer, clientSideAvailability ClientSideAvailability,"
			 " variations Variation[], temporary boolean, tags string[],"
			 " _links Link{}, experiments FlagExperiments, customProperties CustomProperty{},"
			 " archived boolean, deprecated boolean, maintainerId? string,"
			 " defaults FlagDefaults, environments FlagConfiguration{}"},
	{"FlagList", "items Flag[], totalCount integer, _links Link{}"},
	{"SegmentTarget", "contextKind+ string, values string[]"},
	{"SegmentRule", "_id+ string, clauses Clause[], weight? integer, rolloutContextKind? string,"
					" bucketBy? string, description? string"},
	{"SegmentMergePatch", "name? string, description? string?, tags? string[],"
						  " included? string[], excluded? string[],"
						  " includedContexts? NewSegmentTarget[],"
						  " excludedContexts? NewSegmentTarget[], rules? NewSegmentRule[]"},
	{"CommentedSegmentMergePatch", "comment? string, merge SegmentMergePatch"},
	{"Segment", "name string, description string, tags string[], creationDate integer,"
				" lastModifiedDate integer, key string, included string[], excluded string[],"
				" includedContexts SegmentTarget[], excludedContexts SegmentTarget[],"
				" _links Link{}, rules SegmentRule[], version integer, deleted boolean,"
				" unbounded boolean, unboundedContextKind? string, generation integer"},
	{"SegmentList", "items Segment[], totalCount integer, _links Link{}"},
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
	{"TreatmentParameterInput", "flagKey string, variationId string"},
	{"TreatmentInput", "name string, baseline boolean, allocationPercent string,"
					   " parameters TreatmentParameterInput[]"},
	{"MetricInput", "key string, isGroup? boolean, primary? boolean"},
	{"IterationFlagInput", "ruleId? string, flagConfigVersion? integer,"
						   " notInExperimentVariationId? string"},
	{"IterationInput", "hypothesis? string, canReshuffleTraffic? boolean, metrics? MetricInput[],"
					   " primarySingleMetricKey? string, primaryFunnelKey? string,"
					   " treatments? TreatmentInput[], reallocationFrequencyMillis? integer, "
					   "flags? IterationFlagInput{},"
					   " randomizationUnit? string, attributes? string[]"},
	{"IterationFlag", "targetingRule? string, flagConfigVersion? integer,"
					  " notInExperimentVariationId? string, _links Link{}"},
	{"IterationMetric", "key string, _versionId string, name string, kind string, isGroup boolean, "
						"_links Link{}, primary? boolean"},
	{"TreatmentParameter", "flagKey string, variationId string"},
	{"Treatment", "_id? string, name string, allocationPercent string, baseline boolean,"
				  " parameters TreatmentParameter[]"},
	{"Iteration", "hypothesis string, status string, createdAt integer, startedAt? integer,"
				  " endedAt? integer, winningTreatmentId? string, winningReason? string,"
				  " flags? IterationFlag{}, randomizationUnit string, canReshuffleTraffic? boolean,"
				  " reallocationFrequencyMillis? integer, primarySingleMetric? IterationMetric,"
				  " primaryFunnel? IterationMetric, attributes? string[], treatments? Treatment[],"
				  " metrics? IterationMetric[], secondaryMetrics? IterationMetric[],"
				  " rollout? Rollout, layerSnapshot? LayerSnapshot"},
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
	{NULL, NULL},
};

/* The plain types of the notation; any says nothing. */
const NamedText openapi_plain_types[] = {
	{"string", "\"type\":\"string\""},
	{"integer", "\"type\":\"integer\",\"format\":\"int64\""},
	{"boolean", "\"type\":\"boolean\""},
	{"time", "\"type\":\"string\",\"format\":\"date-time\""},
	{"uri", "\"type\":\"string\",\"format\":\"uri\""},
	{"uuid", "\"type\":\"string\",\"format\":\"uuid\""},
	{"rolloutKind", "\"type\":\"string\",\"enum\":[\"rollout\",\"experiment\"]"},
	{"operator", "\"type\":\"string\",\"enum\":[\"in\",\"startsWith\",\"endsWith\",\"contains\","
				 "\"matches\",\"lessThan\","
				 "\"lessThanOrEqual\",\"greaterThan\",\"greaterThanOrEqual\",\"before\",\"after\","
				 "\"segmentMatch\",\"semVerEqual\",\"semVerLessThan\",\"semVerGreaterThan\"]"},
	{"any", ""},
	{NULL, NULL},
};

/*
 * The contents of the body's fields of type FIELD_JSON, by their JSON name; a field whose
 * value is the whole body, by its operation's name too, which comes first.
 */
const NamedText openapi_json_fields[] = {
	{"environments", "CreateEnvironment[]"},
	{"defaultClientSideAvailability", "NewClientSideAvailability"},
	{"namingConvention", "NamingConvention"},
	{"source", "EnvironmentSource"},
	{"variations", "NewVariation[]"},
	{"defaults", "FlagDefaults"},
	{"metadata", "string{}"},
	{"capi", "AdPlatformChange{}"},
	{"members", "NewMember[]"},
	{"customProperties", "CustomProperty{}"},
	{"clientSideAvailability", "NewClientSideAvailability"},
	{"initialPrerequisites", "InitialPrerequisite[]"},
	{"iteration", "IterationInput"},
	{"import_environment", "SdkPayload"},
	{"patch", "PatchOperation[]|CommentedPatch"},
	{"update_flag", "FlagSemanticPatch|PatchOperation[]|CommentedPatch"
					"|CommentedFlagMergePatch|FlagMergePatch"},
	{"update_segment", "SegmentSemanticPatch|PatchOperation[]|CommentedPatch"
					   "|CommentedSegmentMergePatch|SegmentMergePatch"},
	{NULL, NULL},
};

/* A value of each path parameter, by its JSON name. */
const NamedText openapi_parameter_examples[] = {
	{"projectKey", "acme-coffee"},
	{"environmentKey", "staging"},
	{"featureFlagKey", "new-checkout"},
	{"segmentKey", "beta-testers"},
	{"layerKey", "checkout-flow"},
	{"experimentKey", "checkout-button"},
	{"name", "nightly-batch"},
	{"id", "6628fd1c5b2e7f0a9c3d4e5f"},
	{"projectId", "prj_9cb958b5-11b5-4e30-8675-5d075d52da7c"},
	{"appId", "app_6628fd1c5b2e7f0a9c3d4e60"},
	{NULL, NULL},
};

/* A body of each operation that has one. */
const NamedText openapi_examples[] = {
	{"create_members", "[{\"email\":\"grace.hopper@example.com\",\"role\":\"writer\"}]"},
	{"create_access_token", "{\"name\":\"Nightly report\",\"role\":\"reader\"}"},
	{"update_access_token", "[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"Report\"}]"},
	{"create_project", "{\"key\":\"acme-coffee\",\"name\":\"Acme Coffee\",\"tags\":[\"mobile\"]}"},
	{"update_project", "[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"Acme\"}]"},
	{"create_environment",
	 "{\"key\":\"staging\",\"name\":\"Staging\",\"color\":\"DADBEE\",\"tags\":[\"internal\"]}"},
	{"import_environment",
	 "{\"flags\":{\"banner\":{\"key\":\"banner\",\"version\":7,\"on\":true,\"salt\":\"6f1d\","
	 "\"variations\":[\"blue\",\"red\"],\"offVariation\":1,\"fallthrough\":{\"rollout\":{"
	 "\"variations\":[{\"variation\":0,\"weight\":20000},{\"variation\":1,\"weight\":80000}]}}}},"
	 "\"segments\":{}}"},
	{"update_environment", "[{\"op\":\"replace\",\"path\":\"/requireComments\",\"value\":true}]"},
	{"create_sdk_key", "{\"name\":\"nightly-batch\",\"expiry\":4102444800000}"},
	{"create_flag",
	 "{\"key\":\"new-checkout\",\"name\":\"New checkout\",\"variations\":[{\"value\":true},"
	 "{\"value\":false}],\"defaults\":{\"onVariation\":0,\"offVariation\":1},\"tags\":["
	 "\"checkout\"]}"},
	{"update_flag", "{\"environmentKey\":\"staging\",\"comment\":\"Internal test\","
					"\"instructions\":[{\"kind\":\"turnFlagOn\"}]}"},
	{"create_segment", "{\"key\":\"beta-testers\",\"name\":\"Beta testers\",\"tags\":[\"beta\"]}"},
	{"update_segment", "{\"comment\":\"They asked\",\"instructions\":[{\"kind\":"
					   "\"addIncludedTargets\",\"contextKind\":\"user\",\"values\":[\"ada\"]}]}"},
	{"create_flag_link", "{\"key\":\"ticket\",\"deepLink\":\"https://example.com/browse/SHOP-42\","
						 "\"title\":\"SHOP-42\",\"description\":\"The new checkout\"}"},
	{"update_flag_link", "[{\"op\":\"replace\",\"path\":\"/title\",\"value\":\"SHOP-43\"}]"},
	{"create_layer", "{\"key\":\"checkout-flow\",\"name\":\"Checkout flow\","
					 "\"description\":\"Experiments on the checkout\"}"},
	{"update_layer",
	 "{\"environmentKey\":\"staging\",\"instructions\":[{\"kind\":\"updateExperimentReservation\","
	 "\"experimentKey\":\"checkout-button\",\"reservationPercent\":20}]}"},
	{"create_experiment",
	 "{\"key\":\"checkout-button\",\"name\":\"Checkout button\",\"iteration\":{"
	 "\"hypothesis\":\"A larger button sells more\",\"randomizationUnit\":\"user\"}}"},
	{"update_experiment", "{\"instructions\":[{\"kind\":\"updateDescription\","
						  "\"value\":\"A larger button\"}]}"},
	{"create_sdk_app", "{\"name\":\"Acme Coffee iOS\",\"platform\":\"ios\","
					   "\"bundleId\":\"com.acmecoffee.ios\"}"},
	{"update_sdk_app", "{\"name\":\"Acme Coffee\",\"capi\":{\"meta\":{\"enabled\":true}}}"},
	{NULL, NULL},
};
