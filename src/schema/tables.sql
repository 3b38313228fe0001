-- The tables: the account first in every key, ids minted by functions, no
-- sequence and no trigger, every table marked for dump.

CREATE TABLE flagplane_data.account (
	id bigint PRIMARY KEY,
	key flagplane_data.key NOT NULL CONSTRAINT account_key_unique UNIQUE,
	name flagplane_data.name NOT NULL,
	created_at timestamptz NOT NULL,
	CONSTRAINT account_id_range CHECK (id BETWEEN 1 AND 4294967295)
);
COMMENT ON TABLE flagplane_data.account IS 'The tenants. The account "default" is made by the first change.';
COMMENT ON COLUMN flagplane_data.account.id IS '32 random bits; every credential of the account carries them.';
COMMENT ON COLUMN flagplane_data.account.key IS 'What the setting flagplane.account names.';
COMMENT ON COLUMN flagplane_data.account.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.account.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.account', '');

CREATE TABLE flagplane_data.member (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	id flagplane_data.object_id NOT NULL,
	email text COLLATE "C" NOT NULL,
	role text NOT NULL,
	first_name flagplane_data.name,
	last_name flagplane_data.name,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT member_email_unique UNIQUE (account_id, email)
);
COMMENT ON TABLE flagplane_data.member IS 'The people of an account, whom tokens and flag links name.';
COMMENT ON COLUMN flagplane_data.member.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.member.id IS '24 hexadecimal digits; _id of the member.';
COMMENT ON COLUMN flagplane_data.member.email IS 'In lower case.';
COMMENT ON COLUMN flagplane_data.member.role IS 'reader, writer, admin, owner or no_access.';
COMMENT ON COLUMN flagplane_data.member.first_name IS 'Shown with what the member did.';
COMMENT ON COLUMN flagplane_data.member.last_name IS 'Shown with what the member did.';
COMMENT ON COLUMN flagplane_data.member.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.member', '');

CREATE TABLE flagplane_data.project (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	id uuid NOT NULL,
	key flagplane_data.project_key NOT NULL,
	name flagplane_data.name NOT NULL,
	tags flagplane_data.tag[] NOT NULL,
	include_in_snippet_by_default boolean NOT NULL,
	using_environment_id boolean NOT NULL,
	using_mobile_key boolean NOT NULL,
	naming_convention jsonb,
	require_view_for_new_flags boolean NOT NULL,
	require_view_for_new_segments boolean NOT NULL,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT project_key_unique UNIQUE (account_id, key)
);
COMMENT ON TABLE flagplane_data.project IS 'Projects: what flags, environments, layers and SDK apps belong to.';
COMMENT ON COLUMN flagplane_data.project.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.project.id IS 'The id of the Layers paths, there with prj_ before it; _id is its first 24 digits.';
COMMENT ON COLUMN flagplane_data.project.key IS 'Unique in the account; what paths and functions name the project by.';
COMMENT ON COLUMN flagplane_data.project.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.project.tags IS 'In alphabetical order.';
COMMENT ON COLUMN flagplane_data.project.include_in_snippet_by_default IS 'Whether new flags are there for the JavaScript snippet.';
COMMENT ON COLUMN flagplane_data.project.using_environment_id IS 'Whether new flags are there for client-side SDKs that use the environment''s id.';
COMMENT ON COLUMN flagplane_data.project.using_mobile_key IS 'Whether new flags are there for SDKs that use the mobile key.';
COMMENT ON COLUMN flagplane_data.project.naming_convention IS 'case and prefix that the keys of new flags must have; NULL: none.';
COMMENT ON COLUMN flagplane_data.project.require_view_for_new_flags IS 'Kept for clients that set it; views are not part of flagplane.';
COMMENT ON COLUMN flagplane_data.project.require_view_for_new_segments IS 'Kept for clients that set it; views are not part of flagplane.';
COMMENT ON COLUMN flagplane_data.project.version IS 'Grows with each change; the ETag of REST answers.';
COMMENT ON COLUMN flagplane_data.project.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.project.updated_at IS 'When it was last changed.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.project', '');

CREATE INDEX project_newest ON flagplane_data.project (account_id, created_at, id);

CREATE TABLE flagplane_data.access_token (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	id flagplane_data.object_id NOT NULL,
	selector text COLLATE "C" NOT NULL,
	secret_hash flagplane_data.hash NOT NULL,
	ending text NOT NULL,
	name flagplane_data.name NOT NULL,
	role text,
	scopes text[] NOT NULL,
	all_projects boolean NOT NULL,
	member_id flagplane_data.object_id,
	created_at timestamptz NOT NULL,
	expires_at timestamptz,
	revoked_at timestamptz,
	killed_at timestamptz,
	previous_secret_hash flagplane_data.hash,
	previous_expires_at timestamptz,
	rate_tier flagplane_data.rate_tier NOT NULL,
	description text,
	default_api_version integer,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT token_selector_unique UNIQUE (account_id, selector),
	CONSTRAINT token_member FOREIGN KEY (account_id, member_id) REFERENCES flagplane_data.member
);
COMMENT ON TABLE flagplane_data.access_token IS 'Access tokens: what they are found by and the SHA-256 of their secret, never the secret.';
COMMENT ON COLUMN flagplane_data.access_token.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token.id IS '24 hexadecimal digits; _id of the token.';
COMMENT ON COLUMN flagplane_data.access_token.selector IS 'The public part of the token that it is found by.';
COMMENT ON COLUMN flagplane_data.access_token.secret_hash IS 'SHA-256 of the secret part; the secret is stored nowhere.';
COMMENT ON COLUMN flagplane_data.access_token.ending IS 'The last four characters, to tell tokens apart.';
COMMENT ON COLUMN flagplane_data.access_token.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.access_token.role IS 'The role that the scopes were given by, if they were.';
COMMENT ON COLUMN flagplane_data.access_token.scopes IS 'What the token may do; a name that is not known grants nothing.';
COMMENT ON COLUMN flagplane_data.access_token.all_projects IS 'Good for all projects; otherwise only for those in access_token_project, and for none if there are none.';
COMMENT ON COLUMN flagplane_data.access_token.member_id IS 'The member whom the token stands for, if any.';
COMMENT ON COLUMN flagplane_data.access_token.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.access_token.expires_at IS 'When it stops working; never if NULL.';
COMMENT ON COLUMN flagplane_data.access_token.revoked_at IS 'When it was revoked.';
COMMENT ON COLUMN flagplane_data.access_token.killed_at IS 'When it was killed; answered 503 in the Layers dialect.';
COMMENT ON COLUMN flagplane_data.access_token.previous_secret_hash IS 'SHA-256 of the secret before the last rotation, while it is good too.';
COMMENT ON COLUMN flagplane_data.access_token.previous_expires_at IS 'Until when it is good.';
COMMENT ON COLUMN flagplane_data.access_token.rate_tier IS 'How many calls it may make.';
COMMENT ON COLUMN flagplane_data.access_token.description IS 'For people; NULL: none.';
COMMENT ON COLUMN flagplane_data.access_token.default_api_version IS 'A date such as 20240415; kept and answered.';
COMMENT ON COLUMN flagplane_data.access_token.updated_at IS 'When it was last changed, rotated or ended; lastModified in answers.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.access_token', '');

CREATE TABLE flagplane_data.access_token_use (
	account_id bigint NOT NULL,
	token_id flagplane_data.object_id NOT NULL,
	used_at timestamptz,
	PRIMARY KEY (account_id, token_id),
	CONSTRAINT token_use_token FOREIGN KEY (account_id, token_id)
		REFERENCES flagplane_data.access_token ON DELETE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE flagplane_data.access_token_use IS 'When each access token was last used. Apart from the tokens, so that noting it locks none of them.';
COMMENT ON COLUMN flagplane_data.access_token_use.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token_use.token_id IS 'The token.';
COMMENT ON COLUMN flagplane_data.access_token_use.used_at IS 'To some minutes; NULL: never. In no index, so that an update touches none.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.access_token_use', '');

CREATE TABLE flagplane_data.access_token_project (
	account_id bigint NOT NULL,
	token_id flagplane_data.object_id NOT NULL,
	project_id uuid NOT NULL,
	PRIMARY KEY (account_id, token_id, project_id),
	CONSTRAINT token_project_token FOREIGN KEY (account_id, token_id)
		REFERENCES flagplane_data.access_token ON DELETE CASCADE,
	CONSTRAINT token_project_project FOREIGN KEY (account_id, project_id)
		REFERENCES flagplane_data.project ON DELETE CASCADE
);
CREATE INDEX access_token_project_project ON flagplane_data.access_token_project (account_id, project_id);
COMMENT ON TABLE flagplane_data.access_token_project IS 'The projects that a limited access token is good for.';
COMMENT ON COLUMN flagplane_data.access_token_project.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token_project.token_id IS 'The token.';
COMMENT ON COLUMN flagplane_data.access_token_project.project_id IS 'A project that it is good for.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.access_token_project', '');

CREATE TABLE flagplane_data.environment (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	project_id uuid NOT NULL,
	key flagplane_data.key NOT NULL,
	name flagplane_data.name NOT NULL,
	color flagplane_data.color NOT NULL,
	default_ttl flagplane_data.ttl NOT NULL,
	secure_mode boolean NOT NULL,
	default_track_events boolean NOT NULL,
	confirm_changes boolean NOT NULL,
	require_comments boolean NOT NULL,
	tags flagplane_data.tag[] NOT NULL,
	critical boolean NOT NULL,
	approval_settings jsonb,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT environment_key_unique UNIQUE (account_id, project_id, key),
	CONSTRAINT environment_project FOREIGN KEY (account_id, project_id)
		REFERENCES flagplane_data.project ON DELETE CASCADE
);
COMMENT ON TABLE flagplane_data.environment IS 'Environments: where a project''s flags have their settings.';
COMMENT ON COLUMN flagplane_data.environment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.environment.id IS '24 hexadecimal digits; _id of the environment, and the client-side id of its SDKs.';
COMMENT ON COLUMN flagplane_data.environment.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.environment.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane_data.environment.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.environment.color IS 'Six hexadecimal digits, the case as it was given.';
COMMENT ON COLUMN flagplane_data.environment.default_ttl IS 'Minutes, 0 to 60.';
COMMENT ON COLUMN flagplane_data.environment.secure_mode IS 'Whether client-side SDKs must prove whose variations they ask for.';
COMMENT ON COLUMN flagplane_data.environment.default_track_events IS 'Whether new flags track events here.';
COMMENT ON COLUMN flagplane_data.environment.confirm_changes IS 'Whether user interfaces must ask before a change.';
COMMENT ON COLUMN flagplane_data.environment.require_comments IS 'Whether user interfaces must ask for a comment with a change.';
COMMENT ON COLUMN flagplane_data.environment.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane_data.environment.critical IS 'Whether changes here affect customers.';
COMMENT ON COLUMN flagplane_data.environment.approval_settings IS 'NULL: the documented defaults.';
COMMENT ON COLUMN flagplane_data.environment.version IS 'Grows with each change; the ETag of REST answers.';
COMMENT ON COLUMN flagplane_data.environment.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.environment', '');

CREATE TABLE flagplane_data.environment_key (
	account_id bigint NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	kind flagplane_data.environment_key_kind NOT NULL,
	value text COLLATE "C" NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz,
	replaced_in integer,
	PRIMARY KEY (account_id, value),
	CONSTRAINT environment_key_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
);
-- Proves that one of each kind is current, and finds an environment's keys when it is deleted.
CREATE UNIQUE INDEX environment_key_current
	ON flagplane_data.environment_key (account_id, environment_id, kind, replaced_in) NULLS NOT DISTINCT;
CREATE INDEX environment_key_expiry
	ON flagplane_data.environment_key (account_id, expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE flagplane_data.environment_key IS 'SDK and mobile keys of environments; one of each kind is current, which has no expiry.';
COMMENT ON COLUMN flagplane_data.environment_key.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.environment_key.environment_id IS 'The environment that the key opens.';
COMMENT ON COLUMN flagplane_data.environment_key.kind IS 'sdk or mobile.';
COMMENT ON COLUMN flagplane_data.environment_key.value IS 'The key itself: its documentation shows it again and again. Its first eight digits are the account.';
COMMENT ON COLUMN flagplane_data.environment_key.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.environment_key.expires_at IS 'When a key that has been reset stops working.';
COMMENT ON COLUMN flagplane_data.environment_key.replaced_in IS 'The version of its environment that it was reset in; NULL: it is current.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.environment_key', '');

CREATE TABLE flagplane_data.flag (
	account_id bigint NOT NULL,
	id uuid NOT NULL,
	project_id uuid NOT NULL,
	key flagplane_data.key NOT NULL,
	name flagplane_data.name NOT NULL,
	description text NOT NULL,
	kind flagplane_data.flag_kind NOT NULL,
	variations jsonb NOT NULL,
	temporary boolean NOT NULL,
	tags flagplane_data.tag[] NOT NULL,
	on_variation integer NOT NULL,
	off_variation integer NOT NULL,
	using_environment_id boolean NOT NULL,
	using_mobile_key boolean NOT NULL,
	custom_properties jsonb NOT NULL,
	archived boolean NOT NULL,
	deprecated boolean NOT NULL,
	maintainer_id flagplane_data.object_id,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT flag_key_unique UNIQUE (account_id, project_id, key),
	CONSTRAINT flag_project FOREIGN KEY (account_id, project_id)
		REFERENCES flagplane_data.project ON DELETE CASCADE,
	CONSTRAINT flag_maintainer FOREIGN KEY (account_id, maintainer_id)
		REFERENCES flagplane_data.member
);
COMMENT ON TABLE flagplane_data.flag IS 'Flags and their variations.';
COMMENT ON COLUMN flagplane_data.flag.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.flag.id IS 'The id that other tables name the flag by.';
COMMENT ON COLUMN flagplane_data.flag.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.flag.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane_data.flag.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.flag.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane_data.flag.kind IS 'boolean or multivariate.';
COMMENT ON COLUMN flagplane_data.flag.variations IS 'The list of {_id, value, name, description}.';
COMMENT ON COLUMN flagplane_data.flag.temporary IS 'Whether the flag is meant to go again.';
COMMENT ON COLUMN flagplane_data.flag.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane_data.flag.on_variation IS 'Index of the variation that new environments serve when the flag is on.';
COMMENT ON COLUMN flagplane_data.flag.off_variation IS 'Index of the variation that new environments serve when the flag is off.';
COMMENT ON COLUMN flagplane_data.flag.using_environment_id IS 'Whether it is there for client-side SDKs that use the environment''s id.';
COMMENT ON COLUMN flagplane_data.flag.using_mobile_key IS 'Whether it is there for SDKs that use the mobile key.';
COMMENT ON COLUMN flagplane_data.flag.custom_properties IS 'By key: a name, and a list of values.';
COMMENT ON COLUMN flagplane_data.flag.archived IS 'Whether the flag has been put away.';
COMMENT ON COLUMN flagplane_data.flag.deprecated IS 'Whether the flag should not be used any more.';
COMMENT ON COLUMN flagplane_data.flag.maintainer_id IS 'The member named for it; else who made it, if a member''s token did.';
COMMENT ON COLUMN flagplane_data.flag.version IS 'Grows with each change.';
COMMENT ON COLUMN flagplane_data.flag.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.flag', '');

CREATE TABLE flagplane_data.flag_environment (
	account_id bigint NOT NULL,
	flag_id uuid NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	is_on boolean NOT NULL,
	fallthrough jsonb NOT NULL,
	off_variation integer,
	targets jsonb NOT NULL,
	rules jsonb NOT NULL,
	prerequisites jsonb NOT NULL,
	salt text NOT NULL,
	sel text NOT NULL,
	track_events boolean NOT NULL,
	version integer NOT NULL,
	last_modified timestamptz NOT NULL,
	PRIMARY KEY (account_id, flag_id, environment_id),
	CONSTRAINT flag_environment_flag FOREIGN KEY (account_id, flag_id)
		REFERENCES flagplane_data.flag ON DELETE CASCADE,
	CONSTRAINT flag_environment_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
);
-- With the flag, so that a plan made over empty tables, for which one index is as good as another, finds one row.
CREATE INDEX flag_environment_of_environment ON flagplane_data.flag_environment (account_id, environment_id, flag_id);
-- Who needs a flag: by account and the flag's key, which are one path of this document. Few settings have prerequisites, and the others are not in it.
CREATE INDEX flag_environment_prerequisites ON flagplane_data.flag_environment
	USING gin ((('{"' || account_id::text || '":' || prerequisites::text || '}')::jsonb) jsonb_path_ops)
	WITH (fastupdate = off) WHERE prerequisites <> '[]';
COMMENT ON TABLE flagplane_data.flag_environment IS 'Each flag''s settings in each environment.';
COMMENT ON COLUMN flagplane_data.flag_environment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.flag_environment.flag_id IS 'The flag.';
COMMENT ON COLUMN flagplane_data.flag_environment.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane_data.flag_environment.is_on IS 'Whether targeting is on.';
COMMENT ON COLUMN flagplane_data.flag_environment.fallthrough IS 'What is served where no rule matches: {variation} or {rollout}.';
COMMENT ON COLUMN flagplane_data.flag_environment.off_variation IS 'Index of the variation that is served while off.';
COMMENT ON COLUMN flagplane_data.flag_environment.targets IS 'Contexts that are named one by one.';
COMMENT ON COLUMN flagplane_data.flag_environment.rules IS 'Rules, the first match counts.';
COMMENT ON COLUMN flagplane_data.flag_environment.prerequisites IS 'Flags that must serve a variation first.';
COMMENT ON COLUMN flagplane_data.flag_environment.salt IS 'What rollouts of this flag are hashed with here.';
COMMENT ON COLUMN flagplane_data.flag_environment.sel IS 'What event streams tell this configuration by.';
COMMENT ON COLUMN flagplane_data.flag_environment.track_events IS 'Whether evaluations are tracked.';
COMMENT ON COLUMN flagplane_data.flag_environment.version IS 'Grows with each change.';
COMMENT ON COLUMN flagplane_data.flag_environment.last_modified IS 'When it was changed last.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.flag_environment', '');

CREATE TABLE flagplane_data.integration (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	key flagplane_data.key NOT NULL,
	manifest jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, key)
);
COMMENT ON TABLE flagplane_data.integration IS 'Integrations that an account registered; github, jira, msteams-app, slack-app and trello are built in.';
COMMENT ON COLUMN flagplane_data.integration.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.integration.key IS 'What a flag link names it by.';
COMMENT ON COLUMN flagplane_data.integration.manifest IS 'Its manifest.json.';
COMMENT ON COLUMN flagplane_data.integration.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.integration', '');

CREATE TABLE flagplane_data.flag_link (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	flag_id uuid NOT NULL,
	key flagplane_data.link_key,
	integration_key flagplane_data.key,
	timestamp timestamptz NOT NULL,
	deep_link flagplane_data.url,
	title text,
	description text,
	metadata jsonb,
	member_id flagplane_data.object_id,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT flag_link_key_unique UNIQUE (account_id, flag_id, key),
	CONSTRAINT flag_link_flag FOREIGN KEY (account_id, flag_id)
		REFERENCES flagplane_data.flag ON DELETE CASCADE,
	CONSTRAINT flag_link_member FOREIGN KEY (account_id, member_id) REFERENCES flagplane_data.member
);
CREATE INDEX flag_link_of_flag ON flagplane_data.flag_link (account_id, flag_id);
COMMENT ON TABLE flagplane_data.flag_link IS 'What flags are connected to outside: pull requests, issues, messages.';
COMMENT ON COLUMN flagplane_data.flag_link.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.flag_link.id IS '24 hexadecimal digits; _id of the link.';
COMMENT ON COLUMN flagplane_data.flag_link.flag_id IS 'The flag.';
COMMENT ON COLUMN flagplane_data.flag_link.key IS 'Unique within the flag, if there is one.';
COMMENT ON COLUMN flagplane_data.flag_link.integration_key IS 'The integration that the link is of, if any.';
COMMENT ON COLUMN flagplane_data.flag_link.timestamp IS 'The time that the link is marked with.';
COMMENT ON COLUMN flagplane_data.flag_link.deep_link IS 'Where it leads.';
COMMENT ON COLUMN flagplane_data.flag_link.title IS 'For people.';
COMMENT ON COLUMN flagplane_data.flag_link.description IS 'For people.';
COMMENT ON COLUMN flagplane_data.flag_link.metadata IS 'Strings that the integration declares.';
COMMENT ON COLUMN flagplane_data.flag_link.member_id IS 'Who made it, if a members token did.';
COMMENT ON COLUMN flagplane_data.flag_link.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.flag_link', '');

CREATE TABLE flagplane_data.layer (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	project_id uuid NOT NULL,
	key flagplane_data.key NOT NULL,
	name flagplane_data.name NOT NULL,
	description text NOT NULL,
	randomization_unit flagplane_data.key,
	seed flagplane_data.seed NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, id),
	CONSTRAINT layer_key_unique UNIQUE (account_id, project_id, key),
	CONSTRAINT layer_project FOREIGN KEY (account_id, project_id)
		REFERENCES flagplane_data.project ON DELETE CASCADE
);
COMMENT ON TABLE flagplane_data.layer IS 'Layers: experiments in the same layer exclude each other.';
COMMENT ON COLUMN flagplane_data.layer.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.layer.id IS '24 hexadecimal digits; what other tables name the layer by.';
COMMENT ON COLUMN flagplane_data.layer.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.layer.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane_data.layer.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.layer.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane_data.layer.randomization_unit IS 'What is assigned: user, or another context kind. NULL until it is known.';
COMMENT ON COLUMN flagplane_data.layer.seed IS 'What the bucket of every unit in this layer depends on: random, never changed, and an integer, since SDKs know no other seeds.';
COMMENT ON COLUMN flagplane_data.layer.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.layer', '');

CREATE TABLE flagplane_data.sdk_app (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	project_id uuid NOT NULL,
	name flagplane_data.name NOT NULL,
	platform flagplane_data.platform NOT NULL,
	bundle_id flagplane_data.app_identifier,
	android_package flagplane_data.app_identifier,
	web_domain flagplane_data.web_domain,
	api_key_hash flagplane_data.hash NOT NULL,
	capi jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	rotated_at timestamptz NOT NULL,
	last_event_at timestamptz,
	PRIMARY KEY (account_id, id),
	CONSTRAINT sdk_app_bundle_id_unique UNIQUE (account_id, project_id, platform, bundle_id),
	CONSTRAINT sdk_app_android_package_unique UNIQUE (account_id, project_id, platform, android_package),
	CONSTRAINT sdk_app_web_domain_unique UNIQUE (account_id, project_id, platform, web_domain),
	CONSTRAINT sdk_app_key_unique UNIQUE (account_id, api_key_hash),
	CONSTRAINT sdk_app_project FOREIGN KEY (account_id, project_id)
		REFERENCES flagplane_data.project ON DELETE CASCADE
);
COMMENT ON TABLE flagplane_data.sdk_app IS 'SDK apps: one platform build of a project each.';
COMMENT ON COLUMN flagplane_data.sdk_app.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.sdk_app.id IS '24 hexadecimal digits; appId without app_.';
COMMENT ON COLUMN flagplane_data.sdk_app.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.sdk_app.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.sdk_app.platform IS 'What the app is built for; never changes.';
COMMENT ON COLUMN flagplane_data.sdk_app.bundle_id IS 'Bundle identifier, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.android_package IS 'Package name, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.web_domain IS 'Bare domain, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.api_key_hash IS 'SHA-256 of the app''s key; the key is stored nowhere.';
COMMENT ON COLUMN flagplane_data.sdk_app.capi IS 'Conversion forwarding by ad platform.';
COMMENT ON COLUMN flagplane_data.sdk_app.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.sdk_app.rotated_at IS 'When the key was made.';
COMMENT ON COLUMN flagplane_data.sdk_app.last_event_at IS 'When the last event came in; NULL: never.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.sdk_app', '');

CREATE TABLE flagplane_data.idempotency_key (
	account_id bigint NOT NULL,
	actor text COLLATE "C" NOT NULL,
	operation text COLLATE "C" NOT NULL,
	key_hash flagplane_data.hash NOT NULL,
	request_hash flagplane_data.hash NOT NULL,
	salt bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	response text,
	secret_start integer,
	location text,
	version integer,
	PRIMARY KEY (account_id, key_hash, actor)
) WITH (fillfactor = 70);
CREATE INDEX idempotency_key_expiry ON flagplane_data.idempotency_key (account_id, expires_at);
COMMENT ON TABLE flagplane_data.idempotency_key IS 'Idempotency keys of the last 24 hours and the answers they replay. purge() removes the expired ones.';
COMMENT ON COLUMN flagplane_data.idempotency_key.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.idempotency_key.actor IS 'Whose key it is: token:<id> or role:<name>.';
COMMENT ON COLUMN flagplane_data.idempotency_key.operation IS 'The operation that it was used for; another one is a conflict too.';
COMMENT ON COLUMN flagplane_data.idempotency_key.key_hash IS 'SHA-256 of the key; the key is stored nowhere.';
COMMENT ON COLUMN flagplane_data.idempotency_key.request_hash IS 'SHA-256 of the requests canonical form; another one under the same key is a conflict.';
COMMENT ON COLUMN flagplane_data.idempotency_key.salt IS 'What the secret shown once is derived with, together with the key and the secret of the caller''s token.';
COMMENT ON COLUMN flagplane_data.idempotency_key.expires_at IS 'When it is free again.';
COMMENT ON COLUMN flagplane_data.idempotency_key.response IS 'The answer without the secret it showed once.';
COMMENT ON COLUMN flagplane_data.idempotency_key.secret_start IS 'Where in the answer that secret stood.';
COMMENT ON COLUMN flagplane_data.idempotency_key.location IS 'The Location of the answer.';
COMMENT ON COLUMN flagplane_data.idempotency_key.version IS 'The ETag of the answer.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.idempotency_key', '');

CREATE TABLE flagplane_data.audit_epoch (
	account_id bigint NOT NULL REFERENCES flagplane_data.account,
	number integer NOT NULL CONSTRAINT audit_epoch_number CHECK (number BETWEEN 1 AND 65535),
	system_identifier bigint NOT NULL,
	timeline bigint NOT NULL,
	began_at timestamptz NOT NULL,
	is_current boolean NOT NULL,
	PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX audit_epoch_current ON flagplane_data.audit_epoch (account_id) WHERE is_current;
COMMENT ON TABLE flagplane_data.audit_epoch IS 'The servers that the audit log has been written on, one after the other: transaction ids are counted on each anew.';
COMMENT ON COLUMN flagplane_data.audit_epoch.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.audit_epoch.number IS 'Counted from 1.';
COMMENT ON COLUMN flagplane_data.audit_epoch.system_identifier IS 'The database cluster, as pg_control_system() tells it.';
COMMENT ON COLUMN flagplane_data.audit_epoch.timeline IS 'Its timeline: a promoted standby goes on in another one.';
COMMENT ON COLUMN flagplane_data.audit_epoch.began_at IS 'When the account was first changed there.';
COMMENT ON COLUMN flagplane_data.audit_epoch.is_current IS 'Whether it is the highest one, which is written in.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.audit_epoch', '');

CREATE TABLE flagplane_data.audit_log (
	account_id bigint NOT NULL,
	epoch integer NOT NULL,
	xid xid8 NOT NULL,
	ordinal integer NOT NULL,
	at timestamptz NOT NULL,
	actor text NOT NULL,
	member_id text,
	operation text NOT NULL,
	subject text NOT NULL,
	project_id uuid,
	target text,
	before json,
	after json,
	comment text,
	request_id text NOT NULL,
	PRIMARY KEY (account_id, epoch, xid, ordinal)
);
CREATE INDEX audit_log_newest ON flagplane_data.audit_log (account_id, at, epoch, xid, ordinal);
COMMENT ON TABLE flagplane_data.audit_log IS 'One row for each change, written in the change''s own transaction. Its key is the order of changes().';
COMMENT ON COLUMN flagplane_data.audit_log.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.audit_log.epoch IS 'The server that it was made on: a number in audit_epoch.';
COMMENT ON COLUMN flagplane_data.audit_log.xid IS 'The transaction that made the change; the topmost one.';
COMMENT ON COLUMN flagplane_data.audit_log.ordinal IS 'Its place among the changes of its transaction.';
COMMENT ON COLUMN flagplane_data.audit_log.at IS 'Start of the transaction that made the change.';
COMMENT ON COLUMN flagplane_data.audit_log.actor IS 'token:<id> or role:<name>.';
COMMENT ON COLUMN flagplane_data.audit_log.member_id IS 'The member whose token it was, if ones.';
COMMENT ON COLUMN flagplane_data.audit_log.operation IS 'The function that was called.';
COMMENT ON COLUMN flagplane_data.audit_log.subject IS 'What kind of thing was changed.';
COMMENT ON COLUMN flagplane_data.audit_log.project_id IS 'The project that it was in, if in one; stays when the project is deleted.';
COMMENT ON COLUMN flagplane_data.audit_log.target IS 'Which one, as a resource specifier.';
COMMENT ON COLUMN flagplane_data.audit_log.before IS 'What it was before; NULL for something new.';
COMMENT ON COLUMN flagplane_data.audit_log.after IS 'The answer to the change, without any secret.';
COMMENT ON COLUMN flagplane_data.audit_log.comment IS 'What the caller said of the change.';
COMMENT ON COLUMN flagplane_data.audit_log.request_id IS 'The request, as X-Request-Id tells it.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.audit_log', '');
