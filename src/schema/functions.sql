-- The functions of the operations, in the order of operationlist.h; a test
-- compares the two. None is STRICT: a NULL is checked and named.

CREATE FUNCTION flagplane.create_account(
	key text,
	name text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_account';
REVOKE ALL ON FUNCTION flagplane.create_account(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_account(text, text, uuid) IS
'Create an account: a separate tenant.
For database roles with USAGE on flagplane_data only. key: 1 to 256 letters, digits, _, . and -. Refuses: 22023, 23505, 42501.';

CREATE FUNCTION flagplane.list_accounts(
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_accounts';
REVOKE ALL ON FUNCTION flagplane.list_accounts(integer, integer) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_accounts(integer, integer) IS
'List the accounts, by key.
For database roles with USAGE on flagplane_data only. limit: 1 to 1000. Refuses: 22023.';

CREATE FUNCTION flagplane.whoami()
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_whoami';
REVOKE ALL ON FUNCTION flagplane.whoami() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.whoami() IS
'Identify the caller: the account, the token or role, and what it may do.
Any caller may ask, with any scopes.';

CREATE FUNCTION flagplane.get_caller_identity()
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_caller_identity';
REVOKE ALL ON FUNCTION flagplane.get_caller_identity() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_caller_identity() IS
'Identify the caller, in the form of LaunchDarkly.
Any caller may ask, with any scopes.';

CREATE FUNCTION flagplane.create_member(
	email text,
	role text DEFAULT 'reader',
	first_name text DEFAULT NULL,
	last_name text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_member';
REVOKE ALL ON FUNCTION flagplane.create_member(text, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_member(text, text, text, text, uuid) IS
'Create a member. Tokens and flag links can refer to it.
role: reader, writer, admin, owner or no_access. Refuses: 22023, 23505.';

CREATE FUNCTION flagplane.create_members(
	members jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_members';
REVOKE ALL ON FUNCTION flagplane.create_members(jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_members(jsonb, uuid) IS
'Create members, all or none.
members: a list of 1 to 50 of {"email": ..., "role": ..., "firstName": ..., "lastName": ...}, all but email optional. Refuses: 22023, 23505.';

CREATE FUNCTION flagplane.get_member(
	id text,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_member';
REVOKE ALL ON FUNCTION flagplane.get_member(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_member(text, text) IS
'Get a member.
expand: a comma list of customRoles, roleAttributes, of which members have none. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.list_members(
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_members';
REVOKE ALL ON FUNCTION flagplane.list_members(integer, integer, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_members(integer, integer, text, text, text) IS
'List the members, oldest first unless sorted.
limit: 1 to 1000. filter: a comma list of query:text (in names or e-mail address), role:one|another, id:one|another, email:one|another. sort: displayName, with - before it for descending. expand: a comma list of customRoles, roleAttributes, of which members have none. Refuses: 22023.';

CREATE FUNCTION flagplane.create_access_token(
	name text,
	scopes text[] DEFAULT NULL,
	role text DEFAULT NULL,
	member_id text DEFAULT NULL,
	projects text[] DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL,
	rate_tier text DEFAULT 'standard',
	description text DEFAULT NULL,
	service_token boolean DEFAULT NULL,
	default_api_version integer DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_access_token';
REVOKE ALL ON FUNCTION flagplane.create_access_token(text, text[], text, text, text[], timestamptz, text, text, boolean, integer, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_access_token(text, text[], text, text, text[], timestamptz, text, text, boolean, integer, uuid) IS
'Create an access token. The response shows it once.
Give scopes (projects:read, projects:write, flags:read, flags:write, layers:read, layers:write, tokens:admin, audit:read, *) or role (reader, writer, admin), none beyond the caller''s own. projects: keys of the only projects it is valid for. rate_tier: standard, pilot or partner, none above the caller''s own. service_token: false for a token of member_id or, left out, of the caller''s own member. default_api_version: a date such as 20240415, which it is unless given; kept and answered. An idempotency key must be a UUID of version 4 or 7: those are random. Refuses: 22023, 42501.';

CREATE FUNCTION flagplane.get_access_token(
	id text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_access_token';
REVOKE ALL ON FUNCTION flagplane.get_access_token(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_access_token(text) IS
'Get an access token, with the last four characters of its secret.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_access_tokens(
	"limit" integer DEFAULT 25,
	"offset" integer DEFAULT 0,
	show_all boolean DEFAULT false
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_access_tokens';
REVOKE ALL ON FUNCTION flagplane.list_access_tokens(integer, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_access_tokens(integer, integer, boolean) IS
'List the access tokens, oldest first, each with the last four characters of its secret.
limit: 1 to 1000. show_all: true for the tokens of other members too; a database role sees all. Refuses: 22023.';

CREATE FUNCTION flagplane.update_access_token(
	id text,
	patch jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_access_token';
REVOKE ALL ON FUNCTION flagplane.update_access_token(text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_access_token(text, jsonb, uuid) IS
'Change an access token by a JSON Patch (RFC 6902) of its document: name, description, role, defaultApiVersion.
patch is an array of operations, or {"comment": ..., "patch": [...]}. A role must be none beyond the caller''s own. Refuses: 22023, 42501, P0002.';

CREATE FUNCTION flagplane.delete_access_token(
	id text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_access_token';
REVOKE ALL ON FUNCTION flagplane.delete_access_token(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_access_token(text, uuid) IS
'Delete an access token.
One that is revoked instead keeps its row. Refuses: P0002.';

CREATE FUNCTION flagplane.reset_access_token(
	id text,
	expiry bigint DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_reset_access_token';
REVOKE ALL ON FUNCTION flagplane.reset_access_token(text, bigint, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.reset_access_token(text, bigint, uuid) IS
'Reset an access token: give it a new secret. The response shows it once.
expiry: Unix milliseconds, in the next 90 days, until which the old one is valid too; left out, it is invalid at once. Only a token that may do no more than the caller. An idempotency key must be a UUID of version 4 or 7: those are random. Refuses: 22023, 42501, P0002.';

CREATE FUNCTION flagplane.rotate_access_token(
	id text,
	grace interval DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_rotate_access_token';
REVOKE ALL ON FUNCTION flagplane.rotate_access_token(text, interval, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.rotate_access_token(text, interval, uuid) IS
'Give an access token a new secret. The response shows it once.
grace: how long the old one is valid too, 0 to 90 days; left out, it is invalid at once. Only a token that may do no more than the caller. An idempotency key must be a UUID of version 4 or 7: those are random. Refuses: 22023, 42501, P0002.';

CREATE FUNCTION flagplane.set_access_token_tier(
	id text,
	rate_tier text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_set_access_token_tier';
REVOKE ALL ON FUNCTION flagplane.set_access_token_tier(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.set_access_token_tier(text, text, uuid) IS
'Change how many calls an access token may make.
rate_tier: standard, pilot or partner, none above the caller''s own. Refuses: 22023, 42501, P0002.';

CREATE FUNCTION flagplane.revoke_access_token(
	id text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_revoke_access_token';
REVOKE ALL ON FUNCTION flagplane.revoke_access_token(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.revoke_access_token(text, uuid) IS
'Revoke an access token: it is unknown from now on.
Revoking it again changes nothing. Refuses: P0002.';

CREATE FUNCTION flagplane.kill_access_token(
	id text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_kill_access_token';
REVOKE ALL ON FUNCTION flagplane.kill_access_token(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.kill_access_token(text, uuid) IS
'Kill an access token: its callers get 503 in the dialect of Layers.
Killing it again changes nothing. Refuses: P0002.';

CREATE FUNCTION flagplane.create_project(
	key text,
	name text,
	tags text[] DEFAULT NULL,
	environments jsonb DEFAULT NULL,
	include_in_snippet_by_default boolean DEFAULT NULL,
	default_client_side_availability jsonb DEFAULT NULL,
	naming_convention jsonb DEFAULT NULL,
	require_view_association_for_new_flags boolean DEFAULT NULL,
	require_view_association_for_new_segments boolean DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_project';
REVOKE ALL ON FUNCTION flagplane.create_project(text, text, text[], jsonb, boolean, jsonb, jsonb, boolean, boolean, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_project(text, text, text[], jsonb, boolean, jsonb, jsonb, boolean, boolean, uuid) IS
'Create a project.
key: 1 to 100 letters, digits, _, . and -. environments: a list of 1 to 64 environments as in the REST request; left out, Production and Test are created. naming_convention: {"case": ..., "prefix": ...}, what the keys of new flags must look like; case is camelCase, upperCamelCase, snakeCase, kebabCase or constantCase. Refuses: 22023, 23505.';

CREATE FUNCTION flagplane.get_project(
	project_key text,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_project';
REVOKE ALL ON FUNCTION flagplane.get_project(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_project(text, text) IS
'Get a project.
expand: environments, for the first page of them. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.list_projects(
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_projects';
REVOKE ALL ON FUNCTION flagplane.list_projects(integer, integer, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_projects(integer, integer, text, text, text) IS
'List the projects, oldest first unless sorted.
limit: 1 to 1000. filter: a comma list of query:word, tags:a+b, keys:a|b. sort: a comma list of createdOn, name, each with - before it for descending. expand: environments, for the first page of those of each.';

CREATE FUNCTION flagplane.update_project(
	project_key text,
	patch jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_project';
REVOKE ALL ON FUNCTION flagplane.update_project(text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_project(text, jsonb, uuid) IS
'Change a project by a JSON Patch (RFC 6902) of its document: name, tags, includeInSnippetByDefault, defaultClientSideAvailability, namingConvention, requireViewAssociationForNewFlags, requireViewAssociationForNewSegments.
patch is an array of operations, or {"comment": ..., "patch": [...]}. Refuses: 22023, 55000, P0002.';

CREATE FUNCTION flagplane.delete_project(
	project_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_project';
REVOKE ALL ON FUNCTION flagplane.delete_project(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_project(text, uuid) IS
'Delete a project, with all that belongs to it.
Refuses: P0002, 55006 (the last project of an account stays).';

CREATE FUNCTION flagplane.create_environment(
	project_key text,
	key text,
	name text,
	color text,
	default_ttl integer DEFAULT NULL,
	secure_mode boolean DEFAULT NULL,
	default_track_events boolean DEFAULT NULL,
	confirm_changes boolean DEFAULT NULL,
	require_comments boolean DEFAULT NULL,
	tags text[] DEFAULT NULL,
	source jsonb DEFAULT NULL,
	critical boolean DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_environment';
REVOKE ALL ON FUNCTION flagplane.create_environment(text, text, text, text, integer, boolean, boolean, boolean, boolean, text[], jsonb, boolean, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_environment(text, text, text, text, integer, boolean, boolean, boolean, boolean, text[], jsonb, boolean, uuid) IS
'Create an environment, with its SDK and mobile keys and a configuration of every flag.
color: six hexadecimal digits. default_ttl: minutes, 0 to 60. tags: 1 to 64 letters, digits, _, . and - each. source: {"key": ..., "version": ...} names an environment to clone; what is left out is taken from it. Refuses: 22023, P0002, 23505, 55000 (source is at another version).';

CREATE FUNCTION flagplane.get_environment(
	project_key text,
	environment_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_environment';
REVOKE ALL ON FUNCTION flagplane.get_environment(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_environment(text, text) IS
'Get an environment.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_environments(
	project_key text,
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_environments';
REVOKE ALL ON FUNCTION flagplane.list_environments(text, integer, integer, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_environments(text, integer, integer, text, text) IS
'List a project''s environments, oldest first unless sorted.
limit: 1 to 1000. filter: a comma list of query:word, tags:a+b. sort: a comma list of createdOn, critical, name, each with - before it for descending. Refuses: P0002.';

CREATE FUNCTION flagplane.update_environment(
	project_key text,
	environment_key text,
	patch jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_environment';
REVOKE ALL ON FUNCTION flagplane.update_environment(text, text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_environment(text, text, jsonb, uuid) IS
'Change an environment by a JSON Patch (RFC 6902) of its document: name, color, defaultTtl, secureMode, defaultTrackEvents, requireComments, confirmChanges, tags, critical, approvalSettings.
patch is an array of operations, or {"comment": ..., "patch": [...]}. Refuses: 22023, 55000, P0002.';

CREATE FUNCTION flagplane.delete_environment(
	project_key text,
	environment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_environment';
REVOKE ALL ON FUNCTION flagplane.delete_environment(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_environment(text, text, uuid) IS
'Delete an environment, with its keys and all settings of flags in it.
Refuses: P0002, 55006 (the last environment of a project stays).';

CREATE FUNCTION flagplane.reset_environment_sdk_key(
	project_key text,
	environment_key text,
	expiry bigint DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_reset_environment_sdk_key';
REVOKE ALL ON FUNCTION flagplane.reset_environment_sdk_key(text, text, bigint, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.reset_environment_sdk_key(text, text, bigint, uuid) IS
'Replace an environment''s SDK key.
expiry: Unix milliseconds until which the old key is valid too; left out, it is invalid at once. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.reset_environment_mobile_key(
	project_key text,
	environment_key text,
	expiry bigint DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_reset_environment_mobile_key';
REVOKE ALL ON FUNCTION flagplane.reset_environment_mobile_key(text, text, bigint, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.reset_environment_mobile_key(text, text, bigint, uuid) IS
'Replace an environment''s mobile key.
expiry: Unix milliseconds until which the old key is valid too; left out, it is invalid at once. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.create_sdk_key(
	project_key text,
	environment_key text,
	name text,
	expiry bigint DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_sdk_key';
REVOKE ALL ON FUNCTION flagplane.create_sdk_key(text, text, text, bigint, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_sdk_key(text, text, text, bigint, uuid) IS
'Create a further SDK key of an environment, for a program or a place of its own.
expiry: Unix milliseconds until which it is valid; left out, it does not expire. Refuses: 22023, 23505, P0002.';

CREATE FUNCTION flagplane.list_sdk_keys(
	project_key text,
	environment_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_sdk_keys';
REVOKE ALL ON FUNCTION flagplane.list_sdk_keys(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_sdk_keys(text, text) IS
'List the named SDK keys of an environment that have not expired, oldest first.
Refuses: P0002.';

CREATE FUNCTION flagplane.delete_sdk_key(
	project_key text,
	environment_key text,
	name text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_sdk_key';
REVOKE ALL ON FUNCTION flagplane.delete_sdk_key(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_sdk_key(text, text, text, uuid) IS
'Delete a named SDK key: it is invalid at once.
Refuses: P0002.';

CREATE FUNCTION flagplane.resolve_environment_key(
	value text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_resolve_environment_key';
REVOKE ALL ON FUNCTION flagplane.resolve_environment_key(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.resolve_environment_key(text) IS
'Find the environment that an SDK or mobile key opens.
For relays: one index probe. Refuses: P0002.';

CREATE FUNCTION flagplane.create_flag(
	project_key text,
	key text,
	name text,
	description text DEFAULT NULL,
	variations jsonb DEFAULT NULL,
	temporary boolean DEFAULT NULL,
	tags text[] DEFAULT NULL,
	defaults jsonb DEFAULT NULL,
	is_flag_on boolean DEFAULT NULL,
	client_side_availability jsonb DEFAULT NULL,
	custom_properties jsonb DEFAULT NULL,
	include_in_snippet boolean DEFAULT NULL,
	maintainer_id text DEFAULT NULL,
	initial_prerequisites jsonb DEFAULT NULL,
	clone text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_flag';
REVOKE ALL ON FUNCTION flagplane.create_flag(text, text, text, text, jsonb, boolean, text[], jsonb, boolean, jsonb, jsonb, boolean, text, jsonb, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_flag(text, text, text, text, jsonb, boolean, text[], jsonb, boolean, jsonb, jsonb, boolean, text, jsonb, text, uuid) IS
'Create a flag, with a configuration in every environment.
variations: a list of {"value": ..., "name": ..., "description": ...} with different values; left out, true and false. defaults: {"onVariation": index, "offVariation": index}. client_side_availability: {"usingEnvironmentId": boolean, "usingMobileKey": boolean}; left out, the project''s. custom_properties: {key: {"name": ..., "value": [...]}}. include_in_snippet: the older name of usingEnvironmentId, which comes first. maintainer_id: a member; left out, who calls. initial_prerequisites: what the flag needs in every environment, a list of {"key": flag, "variationId": id}. clone: the key of a flag whose settings in every environment the new one gets, with whatever else is left out here. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_flag(
	project_key text,
	flag_key text,
	env text DEFAULT NULL,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_flag';
REVOKE ALL ON FUNCTION flagplane.get_flag(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_flag(text, text, text, text) IS
'Get a flag with its configurations.
env: the keys of the environments whose configurations are wanted, joined by commas; left out, all. expand: a comma list of codeReferences, evaluation, migrationSettings, none of which is recorded. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.list_flags(
	project_key text,
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL,
	env text DEFAULT NULL,
	tag text DEFAULT NULL,
	archived boolean DEFAULT NULL,
	summary boolean DEFAULT true,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_flags';
REVOKE ALL ON FUNCTION flagplane.list_flags(text, integer, integer, text, text, text, text, boolean, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_flags(text, integer, integer, text, text, text, text, boolean, boolean, text) IS
'List a project''s flags, oldest first unless sorted.
limit: 1 to 1000. filter: a comma list of query:word, tags:a+b, state:live (or deprecated, archived), type:temporary (or permanent), maintainerId:id, sdkAvailability:client (or mobile, anyClient, server), hasExperiment:true (or false), archived:true (or false), creationDate:{"before": milliseconds}. sort: a comma list of creationDate, key, maintainerId, name, tags, type, or targetingModifiedDate alone and with env; each with - before it for descending. env: the keys of the environments whose configurations are wanted, joined by commas. tag: tags that must all be there, joined by commas. archived: only flags that are, or are not; left out, only those that are not. summary: false for targets, rules and prerequisites too. expand: a comma list of codeReferences, evaluation, migrationSettings, none of which is recorded. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.update_flag(
	project_key text,
	flag_key text,
	patch jsonb,
	ignore_conflicts boolean DEFAULT false,
	dry_run boolean DEFAULT false,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_flag';
REVOKE ALL ON FUNCTION flagplane.update_flag(text, text, jsonb, boolean, boolean, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_flag(text, text, jsonb, boolean, boolean, uuid) IS
'Change a flag and its settings by a patch of its document: a JSON Patch (RFC 6902), a merge patch (RFC 7396), or instructions.
patch is an array of operations, {"patch": [...]}, {"merge": {...}}, the merge patch itself, or {"environmentKey": ..., "instructions": [...]} with turnFlagOn, turnFlagOff, updateName, updateDescription, addTags, removeTags, archiveFlag, restoreFlag. Each but the first and the merge patch itself may have a comment. dry_run: true answers what would come of it and changes nothing. ignore_conflicts: there are no scheduled changes or approvals to be in conflict with. Refuses: 22023, 55000, 55006, P0002.';

CREATE FUNCTION flagplane.delete_flag(
	project_key text,
	flag_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_flag';
REVOKE ALL ON FUNCTION flagplane.delete_flag(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_flag(text, text, uuid) IS
'Delete a flag, with its settings and links.
Refuses: P0002, 55006 (another flag has it as a prerequisite, or an experiment that is not archived is about it).';

CREATE FUNCTION flagplane.create_flag_link(
	project_key text,
	flag_key text,
	key text DEFAULT NULL,
	integration_key text DEFAULT NULL,
	"timestamp" bigint DEFAULT NULL,
	deep_link text DEFAULT NULL,
	title text DEFAULT NULL,
	description text DEFAULT NULL,
	metadata jsonb DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_flag_link';
REVOKE ALL ON FUNCTION flagplane.create_flag_link(text, text, text, text, bigint, text, text, text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_flag_link(text, text, text, text, bigint, text, text, text, jsonb, uuid) IS
'Create a flag link: connect a flag with a pull request, an issue or a message.
key: unique within the flag, 1 to 512 letters, digits, _, . and -. integration_key: github, jira, msteams-app, slack-app, trello or a registered one. timestamp: Unix milliseconds; left out, now. deep_link: an absolute http or https URL of at most 2048 characters, all visible. title: one line of visible characters. metadata: strings that the integration declares. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_flag_link(
	project_key text,
	flag_key text,
	id_or_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_flag_link';
REVOKE ALL ON FUNCTION flagplane.get_flag_link(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_flag_link(text, text, text) IS
'Get a flag link by its id or key.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_flag_links(
	project_key text,
	flag_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_flag_links';
REVOKE ALL ON FUNCTION flagplane.list_flag_links(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_flag_links(text, text) IS
'List a flag''s links, oldest first.
Refuses: P0002.';

CREATE FUNCTION flagplane.update_flag_link(
	project_key text,
	flag_key text,
	id text,
	patch jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_flag_link';
REVOKE ALL ON FUNCTION flagplane.update_flag_link(text, text, text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_flag_link(text, text, text, jsonb, uuid) IS
'Change the title and description of a flag link by a JSON Patch (RFC 6902) of its document.
patch is an array of operations, or {"comment": ..., "patch": [...]}. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.delete_flag_link(
	project_key text,
	flag_key text,
	id_or_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_flag_link';
REVOKE ALL ON FUNCTION flagplane.delete_flag_link(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_flag_link(text, text, text, uuid) IS
'Delete a flag link by its id or key.
Refuses: P0002.';

CREATE FUNCTION flagplane.register_integration(
	key text,
	manifest jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_register_integration';
REVOKE ALL ON FUNCTION flagplane.register_integration(text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.register_integration(text, jsonb, uuid) IS
'Register an integration from its manifest.json.
The manifest must have the capability flagLink with uiBlocks, header and emptyState. Refuses: 22023, 23505.';

CREATE FUNCTION flagplane.create_layer(
	project_key text,
	key text,
	name text,
	description text,
	randomization_unit text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_layer';
REVOKE ALL ON FUNCTION flagplane.create_layer(text, text, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_layer(text, text, text, text, text, uuid) IS
'Create a layer. Experiments in the same layer get mutually exclusive traffic.
key: 1 to 256 letters, digits, _, . and -. name: 1 to 256 characters. description: may be empty. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_layer(
	project_key text,
	layer_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_layer';
REVOKE ALL ON FUNCTION flagplane.get_layer(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_layer(text, text) IS
'Get a layer.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_layers(
	project_key text,
	filter text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_layers';
REVOKE ALL ON FUNCTION flagplane.list_layers(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_layers(text, text) IS
'List a project''s layers, oldest first. filter: reservations.experimentKey contains and an experiment''s key; several joined by commas must all be true.
Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.update_layer(
	project_key text,
	layer_key text,
	instructions jsonb,
	environment_key text DEFAULT NULL,
	comment text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_layer';
REVOKE ALL ON FUNCTION flagplane.update_layer(text, text, jsonb, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_layer(text, text, jsonb, text, text, uuid) IS
'Change a layer by instructions, all or none: updateName {name}, updateDescription {description}, updateExperimentReservation {experimentKey, reservationPercent}, removeExperiment {experimentKey}; the last two need environment_key.
Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.delete_layer(
	project_key text,
	layer_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_layer';
REVOKE ALL ON FUNCTION flagplane.delete_layer(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_layer(text, text, uuid) IS
'Delete a layer that no experiment has a reservation of.
Refuses: P0002, 55006.';

CREATE FUNCTION flagplane.create_experiment(
	project_key text,
	environment_key text,
	key text,
	name text,
	description text DEFAULT NULL,
	flag_key text DEFAULT NULL,
	randomization_unit text DEFAULT 'user',
	iteration jsonb DEFAULT NULL,
	maintainer_id text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_experiment';
REVOKE ALL ON FUNCTION flagplane.create_experiment(text, text, text, text, text, text, text, jsonb, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_experiment(text, text, text, text, text, text, text, jsonb, text, uuid) IS
'Create an experiment, not started and in no layer.
key: 1 to 256 letters, digits, _, . and -. name: 1 to 256 characters. flag_key: the flag whose variations are compared. randomization_unit: what is assigned. iteration: {"hypothesis": ..., "flags": {flag key: {"ruleId": ..., "flagConfigVersion": ..., "notInExperimentVariationId": ...}}, "treatments": [{"name": ..., "baseline": ..., "allocationPercent": ..., "parameters": [{"flagKey": ..., "variationId": ...}]}], "metrics": [{"key": ..., "isGroup": ...}], "primarySingleMetricKey": ..., "primaryFunnelKey": ..., "randomizationUnit": ..., "canReshuffleTraffic": ..., "reallocationFrequencyMillis": ..., "attributes": [...]}, each optional. maintainer_id: a member; left out, who calls.
Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_experiment';
REVOKE ALL ON FUNCTION flagplane.get_experiment(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_experiment(text, text, text, text) IS
'Get an experiment.
expand: a comma list of draftIteration, secondaryMetrics, and previousIterations, treatments, analysisConfig, which add nothing: treatments are always there, the others never; and rollout, what SDKs are sent of a running one. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.list_experiments(
	project_key text,
	environment_key text,
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL,
	lifecycle_state text DEFAULT 'active',
	expand text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_experiments';
REVOKE ALL ON FUNCTION flagplane.list_experiments(text, text, integer, integer, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_experiments(text, text, integer, integer, text, text, text, text) IS
'List an environment''s experiments a page at a time, oldest first unless sorted.
filter: a comma list of query:text (in name or key), keys:one|another, flagKey:key, metricKey:key, status:running (or another status). sort: a comma list of createdOn, name, each with - before it for descending. lifecycle_state: active, archived, or both joined by a comma. expand: as for one experiment, but rollout. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.update_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	instructions jsonb,
	comment text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_experiment';
REVOKE ALL ON FUNCTION flagplane.update_experiment(text, text, text, jsonb, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_experiment(text, text, text, jsonb, text, uuid) IS
'Change an experiment by instructions, all or none: updateName {value}, updateDescription {value}, startIteration {changeJustification}, stopIteration {winningTreatmentId, winningReason}, archiveExperiment, restoreExperiment.
Refuses: 22023, P0002, 55006.';

CREATE FUNCTION flagplane.start_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_start_experiment';
REVOKE ALL ON FUNCTION flagplane.start_experiment(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.start_experiment(text, text, text, uuid) IS
'Start an experiment: SDKs are sent its treatments in place of what the rule of its flag serves.
It needs a flag, a baseline and an allocation above 0 percent, each treatment a variation of the flag, and, in a layer, more than 0 percent of it; one experiment runs on a rule. Starting a running one changes nothing; one that has stopped does not start again. Refuses: 22023, P0002, 55006.';

CREATE FUNCTION flagplane.stop_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_stop_experiment';
REVOKE ALL ON FUNCTION flagplane.stop_experiment(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.stop_experiment(text, text, text, uuid) IS
'Stop an experiment, finally. Its segments become free, and it keeps a snapshot of its layer. Stopping it again changes nothing.
Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.archive_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_archive_experiment';
REVOKE ALL ON FUNCTION flagplane.archive_experiment(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.archive_experiment(text, text, text, uuid) IS
'Archive an experiment that is not running. What it had reserved is free. Archiving it again changes nothing.
Refuses: P0002, 55006.';

CREATE FUNCTION flagplane.delete_experiment(
	project_key text,
	environment_key text,
	experiment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_experiment';
REVOKE ALL ON FUNCTION flagplane.delete_experiment(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_experiment(text, text, text, uuid) IS
'Delete an experiment that is not running.
Refuses: P0002, 55006.';

CREATE FUNCTION flagplane.get_partner_project(
	project_id text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_partner_project';
REVOKE ALL ON FUNCTION flagplane.get_partner_project(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_partner_project(text) IS
'Get a project in the shape of Layers'' Partner API.
project_id: prj_<uuid>, the UUID, or the project''s key. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.list_partner_projects(
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 25,
	status text DEFAULT NULL,
	search text DEFAULT NULL,
	customer_external_id text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_partner_projects';
REVOKE ALL ON FUNCTION flagplane.list_partner_projects(text, integer, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_partner_projects(text, integer, text, text, text) IS
'List the projects in the shape of Layers'' Partner API, newest first.
cursor: nextCursor of the page before. limit: 1 to 200. status: active or archived; no project is archived. search: text that names must contain, in either case. customer_external_id: that of the project; none has one. Refuses: 22023.';

CREATE FUNCTION flagplane.create_sdk_app(
	project_id text,
	name text,
	platform text,
	bundle_id text DEFAULT NULL,
	android_package text DEFAULT NULL,
	web_domain text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_sdk_app';
REVOKE ALL ON FUNCTION flagplane.create_sdk_app(text, text, text, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_sdk_app(text, text, text, text, text, text, uuid) IS
'Create an SDK app. The response shows its key once.
project_id: prj_<uuid>, the UUID, or the project''s key. platform: ios (needs bundle_id), android (needs android_package), web, nextjs, vite, react-router (need web_domain), react-native, flutter, expo. An idempotency key must be a UUID of version 4 or 7: those are random. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_sdk_app(
	project_id text,
	app_id text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_sdk_app';
REVOKE ALL ON FUNCTION flagplane.get_sdk_app(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_sdk_app(text, text) IS
'Get an SDK app.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_sdk_apps(
	project_id text,
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 25,
	platform text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_sdk_apps';
REVOKE ALL ON FUNCTION flagplane.list_sdk_apps(text, text, integer, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_sdk_apps(text, text, integer, text) IS
'List a project''s SDK apps, oldest first, a page at a time.
limit: 1 to 100. cursor: nextCursor of the page before. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.update_sdk_app(
	project_id text,
	app_id text,
	name text DEFAULT NULL,
	bundle_id text DEFAULT NULL,
	android_package text DEFAULT NULL,
	web_domain text DEFAULT NULL,
	capi jsonb DEFAULT NULL,
	rotate_key boolean DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_sdk_app';
REVOKE ALL ON FUNCTION flagplane.update_sdk_app(text, text, text, text, text, text, jsonb, boolean, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_sdk_app(text, text, text, text, text, text, jsonb, boolean, uuid) IS
'Change an SDK app; what is left out stays.
capi: {"meta": {"enabled": true}}, and likewise tiktok and apple. rotate_key: true makes a new key, which the response shows once; the old one becomes invalid at once. An idempotency key must be a UUID of version 4 or 7: those are random. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.delete_sdk_app(
	project_id text,
	app_id text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_sdk_app';
REVOKE ALL ON FUNCTION flagplane.delete_sdk_app(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_sdk_app(text, text, uuid) IS
'Delete an SDK app; its key becomes invalid at once.
Refuses: P0002.';

CREATE FUNCTION flagplane.authenticate_sdk_app(
	api_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_authenticate_sdk_app';
REVOKE ALL ON FUNCTION flagplane.authenticate_sdk_app(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.authenticate_sdk_app(text) IS
'Find the SDK app that a key belongs to.
For the event pipeline: one index probe, by the keys hash. Refuses: P0002.';

CREATE FUNCTION flagplane.list_audit_log(
	before bigint DEFAULT NULL,
	after bigint DEFAULT NULL,
	"limit" integer DEFAULT 20,
	filter text DEFAULT NULL,
	cursor text DEFAULT NULL,
	spec text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_audit_log';
REVOKE ALL ON FUNCTION flagplane.list_audit_log(bigint, bigint, integer, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_audit_log(bigint, bigint, integer, text, text, text) IS
'List the audit log, newest first, a page at a time.
before, after: Unix milliseconds that the entries are between. limit: 1 to 1000. filter: text that the name or the resource must contain. cursor: that of the link to the next page. spec: a resource specifier; * is any text within one of its parts. With filter or spec a page may hold fewer entries than the limit and still link to the next one. Refuses: 22023.';

CREATE FUNCTION flagplane.get_audit_log_entry(
	id text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_audit_log_entry';
REVOKE ALL ON FUNCTION flagplane.get_audit_log_entry(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_audit_log_entry(text) IS
'Get an entry of the audit log, with what was there before the change and after it.
Refuses: P0002.';

CREATE FUNCTION flagplane.changes(
	after text DEFAULT NULL,
	"limit" integer DEFAULT 100
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_changes';
REVOKE ALL ON FUNCTION flagplane.changes(text, integer) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.changes(text, integer) IS
'Read the feed of changes. Each change appears once, in whatever order transactions commit.
after: nextCursor of the response before; left out, from the start. limit: 1 to 1000. Refuses: 22023.';

-- REST requests, as documented.
CREATE FUNCTION flagplane.handle(
	method text,
	uri text,
	headers jsonb DEFAULT '{}',
	body text DEFAULT NULL,
	OUT status integer,
	OUT headers jsonb,
	OUT body json
)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_handle';
REVOKE ALL ON FUNCTION flagplane.handle(text, text, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.handle(text, text, jsonb, text) IS
'Answer a documented REST request.
Routes method and uri, reads headers (a JSON object, names in either case) and body, and gives the documented status, headers and body. A refused request is answered with its status and leaves nothing behind.';

-- The same behind PostgREST: a function that returns a domain named after a media
-- type is answered under it, and a json as it is, byte for byte.
CREATE DOMAIN flagplane."application/json" AS json;
COMMENT ON DOMAIN flagplane."application/json" IS 'A JSON document, which PostgREST returns under this media type.';

CREATE FUNCTION flagplane.rest(bytea)
RETURNS flagplane."application/json" LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_rest';
REVOKE ALL ON FUNCTION flagplane.rest(bytea) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.rest(bytea) IS
'Answer a documented REST request behind PostgREST and a reverse proxy.
The body as it came; method, URI and token in the headers X-Original-Method, X-Original-URI and X-Original-Authorization; method and URI may be in X-Original-Request as well, a space between them. A refused request is answered with its status and leaves nothing behind.';

-- The caller.
CREATE FUNCTION flagplane.authenticate()
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_authenticate';
REVOKE ALL ON FUNCTION flagplane.authenticate() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.authenticate() IS
'Refuse a request with a bad access token: for db-pre-request of PostgREST.
A valid token is looked up once in the transaction. A request without a token passes, and is refused by functions that need one.';

CREATE FUNCTION flagplane.current_caller(scope text, OUT account_id bigint, OUT limited_to text)
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_current_caller';
REVOKE ALL ON FUNCTION flagplane.current_caller(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.current_caller(text) IS
'Tell the caller''s account, and the id of the token if it is limited to projects.
What the views limit their rows by. Refuses: 22023, 28000, 42501 (the scope is missing).';

-- Nobody calls it by itself: the views do, where Citus has distributed the tables.
CREATE FUNCTION flagplane.view_rows(view text)
RETURNS SETOF record LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_view_rows';
REVOKE ALL ON FUNCTION flagplane.view_rows(text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.view_rows(text) IS
'The rows of one of the views, for the caller''s account and projects: what the views read on a cluster.
Columns are those of the view, in its order. Refuses: 22023 (no such view), 28000, 42501 (the scope is missing).';

-- Administration.
CREATE FUNCTION flagplane.purge("limit" integer DEFAULT 10000)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_purge';
REVOKE ALL ON FUNCTION flagplane.purge(integer) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.purge(integer) IS
'Remove expired idempotency keys and reset environment keys, at most "limit" of each.
Returns the number of removed rows. Several calls may run concurrently: each removes other rows. For database roles with USAGE on flagplane_data only.';

-- Several servers. Both are the caller's own doing, as Citus asks for the tables' owner.
CREATE FUNCTION flagplane.distribute(shard_count integer DEFAULT 32)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'flagplane_distribute';
REVOKE ALL ON FUNCTION flagplane.distribute(integer) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.distribute(integer) IS
'Distribute the tables over a Citus cluster by account; those that are distributed already stay as they are.
Returns how many were distributed now. shard_count: 1 to 64000, fixed by the first call. Refuses: 0A000 where Citus is not there. For the extension''s owner.';

CREATE FUNCTION flagplane.drop_shards()
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'flagplane_drop_shards';
REVOKE ALL ON FUNCTION flagplane.drop_shards() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.drop_shards() IS
'Drop the shards of all distributed tables, with every row in them: to be called before DROP EXTENSION.
Returns how many tables had shards. Refuses: 0A000 where Citus is not there. For the extension''s owner.';

-- What an install script, an upgrade script that makes a view, and distribute() end with.
CREATE FUNCTION flagplane_data.route_views()
RETURNS integer LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'flagplane_route_views';
REVOKE ALL ON FUNCTION flagplane_data.route_views() FROM PUBLIC;

-- Which server has the rows: for statements, which run on that one.
CREATE FUNCTION flagplane_data.system_identifier()
RETURNS bigint LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_system_identifier';
REVOKE ALL ON FUNCTION flagplane_data.system_identifier() FROM PUBLIC;
CREATE FUNCTION flagplane_data.timeline()
RETURNS bigint LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_timeline';
REVOKE ALL ON FUNCTION flagplane_data.timeline() FROM PUBLIC;

CREATE FUNCTION flagplane.json_patch(document jsonb, patch jsonb)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'flagplane_json_patch';
REVOKE ALL ON FUNCTION flagplane.json_patch(jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.json_patch(jsonb, jsonb) IS
'Change a document by a JSON Patch (RFC 6902): all of its operations or, with an error, none.
patch is an array of operations: add, remove, replace, move, copy and test.';

CREATE FUNCTION flagplane.status(
	OUT version text,
	OUT preloaded boolean,
	OUT rate_limits boolean,
	OUT tokens_max bigint,
	OUT tokens bigint,
	OUT tokens_taken_over bigint,
	OUT settings json
)
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_status';
REVOKE ALL ON FUNCTION flagplane.status() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.status() IS
'Tell how the library runs: its version, whether it is preloaded, whether calls are limited, and the settings.
tokens_max: access tokens that there is room for, tokens: those there, tokens_taken_over: how often one lost its place while its budget was not whole. For database roles with the privileges of pg_monitor, or with USAGE on flagplane_data.';

CREATE FUNCTION flagplane.doctor(
	OUT finding text,
	OUT severity text,
	OUT what_to_do text
)
RETURNS SETOF record LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_doctor';
REVOKE ALL ON FUNCTION flagplane.doctor() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.doctor() IS
'Look an installation over: a row for each thing that is wrong or odd, the worst first; none if all is well.
finding: the name of the check, a colon, and what was found; severity: error, warning or info. For database roles with the privileges of pg_monitor, or with USAGE on flagplane_data.';

-- The counters of the operations.
CREATE FUNCTION flagplane.operation_stats(
	OUT operation text,
	OUT calls bigint,
	OUT errors bigint,
	OUT replays bigint,
	OUT rate_limited bigint,
	OUT unauthenticated bigint,
	OUT since timestamptz
)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_operation_stats';
REVOKE ALL ON FUNCTION flagplane.operation_stats() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.operation_stats() IS
'What the view flagplane.stats shows: the calls of each operation in this database.
For database roles with the privileges of pg_monitor, or with USAGE on flagplane_data.';

CREATE VIEW flagplane.stats AS
	SELECT s.operation, s.calls, s.errors, s.replays, s.rate_limited, s.unauthenticated, s.since
	FROM flagplane.operation_stats() s;
REVOKE ALL ON flagplane.stats FROM PUBLIC;
COMMENT ON VIEW flagplane.stats IS
'Calls of each operation in this database; no rows if the library is not preloaded. Needs EXECUTE on flagplane.operation_stats(), and the privileges of pg_monitor or USAGE on flagplane_data.';
COMMENT ON COLUMN flagplane.stats.operation IS 'The operation.';
COMMENT ON COLUMN flagplane.stats.calls IS 'Calls begun.';
COMMENT ON COLUMN flagplane.stats.errors IS 'Calls that did not succeed, those still running included.';
COMMENT ON COLUMN flagplane.stats.replays IS 'Calls answered by an idempotency key.';
COMMENT ON COLUMN flagplane.stats.rate_limited IS 'Calls refused by rate limits.';
COMMENT ON COLUMN flagplane.stats.unauthenticated IS 'Calls without a valid access token where one was needed.';
COMMENT ON COLUMN flagplane.stats.since IS 'Since when the counters count.';

-- The counters of the environments.
CREATE FUNCTION flagplane.environment_stats(
	OUT account_key text,
	OUT project_key text,
	OUT environment_key text,
	OUT environment_id text,
	OUT requests bigint,
	OUT polls bigint,
	OUT not_modified bigint,
	OUT refused bigint,
	OUT payloads bigint,
	OUT payload_time double precision,
	OUT cache_hits bigint,
	OUT cache_misses bigint,
	OUT cache_evictions bigint,
	OUT cache_bytes bigint,
	OUT last_request timestamptz,
	OUT since timestamptz
)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_environment_stats';
REVOKE ALL ON FUNCTION flagplane.environment_stats() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.environment_stats() IS
'What the view flagplane.environment_stats shows: what is asked of each environment of this database.
For database roles with the privileges of pg_monitor, or with USAGE on flagplane_data; one that is bound to an account sees that account''s.';

CREATE VIEW flagplane.environment_stats AS
	SELECT s.account_key, s.project_key, s.environment_key, s.environment_id, s.requests, s.polls, s.not_modified,
		s.refused, s.payloads, s.payload_time, s.cache_hits, s.cache_misses, s.cache_evictions, s.cache_bytes,
		s.last_request, s.since
	FROM flagplane.environment_stats() s;
REVOKE ALL ON flagplane.environment_stats FROM PUBLIC;
COMMENT ON VIEW flagplane.environment_stats IS
'What SDKs and evaluations have asked of each environment of this database; no rows if the library is not preloaded. Needs EXECUTE on flagplane.environment_stats(), and the privileges of pg_monitor or USAGE on flagplane_data.';
COMMENT ON COLUMN flagplane.environment_stats.account_key IS 'The account; NULL if the environment is gone.';
COMMENT ON COLUMN flagplane.environment_stats.project_key IS 'The project; NULL if the environment is gone.';
COMMENT ON COLUMN flagplane.environment_stats.environment_key IS 'The environment; NULL if it is gone.';
COMMENT ON COLUMN flagplane.environment_stats.environment_id IS 'Its _id; NULL in the row of all environments for which there was no place, of any database.';
COMMENT ON COLUMN flagplane.environment_stats.requests IS 'Requests of SDKs that showed a credential of the environment.';
COMMENT ON COLUMN flagplane.environment_stats.polls IS 'Those of them that asked for flags or segments, evaluated or not.';
COMMENT ON COLUMN flagplane.environment_stats.not_modified IS 'Polls that were answered by 304.';
COMMENT ON COLUMN flagplane.environment_stats.refused IS 'Requests that did not succeed, those still running included.';
COMMENT ON COLUMN flagplane.environment_stats.payloads IS 'How often all its flags were read, to be sent or to be evaluated: once in a backend for each state of the environment.';
COMMENT ON COLUMN flagplane.environment_stats.payload_time IS 'What that took, in milliseconds.';
COMMENT ON COLUMN flagplane.environment_stats.cache_hits IS 'How often a backend had the state of the environment in its cache of compiled flags.';
COMMENT ON COLUMN flagplane.environment_stats.cache_misses IS 'How often it had not.';
COMMENT ON COLUMN flagplane.environment_stats.cache_evictions IS 'States that have been dropped because the cache is limited.';
COMMENT ON COLUMN flagplane.environment_stats.cache_bytes IS 'What the caches of all backends contain of it now.';
COMMENT ON COLUMN flagplane.environment_stats.last_request IS 'When an SDK asked last.';
COMMENT ON COLUMN flagplane.environment_stats.since IS 'Since when the counters count.';

CREATE FUNCTION flagplane.reset_stats()
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_reset_stats';
REVOKE ALL ON FUNCTION flagplane.reset_stats() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.reset_stats() IS
'Begin to count anew in the views flagplane.stats and flagplane.environment_stats.
For database roles with USAGE on flagplane_data only.';

-- The table of operations.
CREATE FUNCTION flagplane.operations(
	OUT name text,
	OUT method text,
	OUT path text,
	OUT scope text,
	OUT status integer,
	OUT dialect text,
	OUT changes boolean,
	OUT arguments text,
	OUT whole_account boolean
)
RETURNS SETOF record LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_operations';
REVOKE ALL ON FUNCTION flagplane.operations() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.operations() IS
'List the operations: their functions, REST methods and paths, scopes and success statuses.
scope is NULL for operations that only database roles with USAGE on flagplane_data may call; whole_account: refused to access tokens that are limited to projects.';

-- The same for programs that speak OpenAPI.
CREATE FUNCTION flagplane.openapi()
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_openapi';
REVOKE ALL ON FUNCTION flagplane.openapi() FROM PUBLIC;
COMMENT ON FUNCTION flagplane.openapi() IS
'Describe the REST requests as an OpenAPI 3.1 document.
Every path with its parameters, body, responses and refusals. handle() serves it as GET /api/v2/openapi.json, with or without a token.';
