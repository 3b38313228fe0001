-- What each column holds.
COMMENT ON COLUMN flagplane_data.account.key IS 'What the setting flagplane.account names.';
COMMENT ON COLUMN flagplane_data.account.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.account.created_at IS 'When it was made.';

COMMENT ON COLUMN flagplane_data.member.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.member.id IS '24 hexadecimal digits; _id of the member.';
COMMENT ON COLUMN flagplane_data.member.role IS 'reader, writer, admin, owner or no_access.';
COMMENT ON COLUMN flagplane_data.member.first_name IS 'Shown with what the member did.';
COMMENT ON COLUMN flagplane_data.member.last_name IS 'Shown with what the member did.';
COMMENT ON COLUMN flagplane_data.member.created_at IS 'When it was made.';

COMMENT ON COLUMN flagplane_data.project.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.project.id IS 'The id of the Layers paths, there with prj_ before it; _id is its first 24 digits.';
COMMENT ON COLUMN flagplane_data.project.key IS 'Unique in the account; what paths and functions name the project by.';
COMMENT ON COLUMN flagplane_data.project.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.project.tags IS 'In alphabetical order.';
COMMENT ON COLUMN flagplane_data.project.include_in_snippet_by_default IS 'Whether new flags are there for the JavaScript snippet.';
COMMENT ON COLUMN flagplane_data.project.naming_convention IS 'case and prefix that the keys of new flags must have; NULL: none.';
COMMENT ON COLUMN flagplane_data.project.require_view_for_new_flags IS 'Kept for clients that set it; views are not part of flagplane.';
COMMENT ON COLUMN flagplane_data.project.require_view_for_new_segments IS 'Kept for clients that set it; views are not part of flagplane.';
COMMENT ON COLUMN flagplane_data.project.version IS 'Grows with each change; the ETag of REST answers.';
COMMENT ON COLUMN flagplane_data.project.updated_at IS 'When it was last changed.';
COMMENT ON COLUMN flagplane_data.project.created_at IS 'When it was made.';

COMMENT ON COLUMN flagplane_data.access_token.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token.id IS '24 hexadecimal digits; _id of the token.';
COMMENT ON COLUMN flagplane_data.access_token.secret_hash IS 'SHA-256 of the secret part; the secret is stored nowhere.';
COMMENT ON COLUMN flagplane_data.access_token.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.access_token.role IS 'The role that the scopes were given by, if they were.';
COMMENT ON COLUMN flagplane_data.access_token.scopes IS 'What the token may do; a name that is not known grants nothing.';
COMMENT ON COLUMN flagplane_data.access_token.member_id IS 'The member whom the token stands for, if any.';
COMMENT ON COLUMN flagplane_data.access_token.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.access_token.expires_at IS 'When it stops working; never if NULL.';
COMMENT ON COLUMN flagplane_data.access_token.revoked_at IS 'When it was revoked.';
COMMENT ON COLUMN flagplane_data.access_token.killed_at IS 'When it was killed; answered 503 in the Layers dialect.';

COMMENT ON COLUMN flagplane_data.access_token.previous_secret_hash IS 'SHA-256 of the secret before the last rotation, while it is good too.';
COMMENT ON COLUMN flagplane_data.access_token.previous_expires_at IS 'Until when it is good.';
COMMENT ON COLUMN flagplane_data.access_token.rate_tier IS 'How many calls it may make.';
COMMENT ON COLUMN flagplane_data.access_token_use.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token_use.token_id IS 'The token.';
COMMENT ON COLUMN flagplane_data.access_token_project.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.access_token_project.token_id IS 'The token.';
COMMENT ON COLUMN flagplane_data.access_token_project.project_id IS 'A project that it is good for.';

COMMENT ON COLUMN flagplane_data.environment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.environment.id IS '24 hexadecimal digits; _id of the environment, and the client-side id of its SDKs.';
COMMENT ON COLUMN flagplane_data.environment.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.environment.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane_data.environment.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.environment.color IS 'Six hexadecimal digits, the case as it was given.';
COMMENT ON COLUMN flagplane_data.environment.secure_mode IS 'Whether client-side SDKs must prove whose variations they ask for.';
COMMENT ON COLUMN flagplane_data.environment.default_track_events IS 'Whether new flags track events here.';
COMMENT ON COLUMN flagplane_data.environment.confirm_changes IS 'Whether user interfaces must ask before a change.';
COMMENT ON COLUMN flagplane_data.environment.require_comments IS 'Whether user interfaces must ask for a comment with a change.';
COMMENT ON COLUMN flagplane_data.environment.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane_data.environment.critical IS 'Whether changes here affect customers.';
COMMENT ON COLUMN flagplane_data.environment.created_at IS 'When it was made.';

COMMENT ON COLUMN flagplane_data.environment_key.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.environment_key.environment_id IS 'The environment that the key opens.';
COMMENT ON COLUMN flagplane_data.environment_key.kind IS 'sdk or mobile.';
COMMENT ON COLUMN flagplane_data.environment_key.value IS 'The key itself: its documentation shows it again and again. Its first eight digits are the account.';
COMMENT ON COLUMN flagplane_data.environment_key.created_at IS 'When it was made.';

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
COMMENT ON COLUMN flagplane_data.flag.using_environment_id IS 'Whether it is there for client-side SDKs that use the environment''s id.';
COMMENT ON COLUMN flagplane_data.flag.using_mobile_key IS 'Whether it is there for SDKs that use the mobile key.';
COMMENT ON COLUMN flagplane_data.flag.custom_properties IS 'By key: a name, and a list of values.';
COMMENT ON COLUMN flagplane_data.flag.archived IS 'Whether the flag has been put away.';
COMMENT ON COLUMN flagplane_data.flag.deprecated IS 'Whether the flag should not be used any more.';
COMMENT ON COLUMN flagplane_data.flag.maintainer_id IS 'The member named for it; else who made it, if a member''s token did.';
COMMENT ON COLUMN flagplane_data.flag.version IS 'Grows with each change.';
COMMENT ON COLUMN flagplane_data.flag.created_at IS 'When it was made.';

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

COMMENT ON COLUMN flagplane_data.integration.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.integration.key IS 'What a flag link names it by.';
COMMENT ON COLUMN flagplane_data.integration.manifest IS 'Its manifest.json.';
COMMENT ON COLUMN flagplane_data.integration.created_at IS 'When it was made.';

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

COMMENT ON COLUMN flagplane_data.layer.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.layer.id IS '24 hexadecimal digits; what other tables name the layer by.';
COMMENT ON COLUMN flagplane_data.layer.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.layer.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane_data.layer.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.layer.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane_data.layer.randomization_unit IS 'What is assigned: user, or another context kind. NULL until it is known.';
COMMENT ON COLUMN flagplane_data.layer.created_at IS 'When it was made.';

COMMENT ON COLUMN flagplane_data.sdk_app.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.sdk_app.id IS '24 hexadecimal digits; appId without app_.';
COMMENT ON COLUMN flagplane_data.sdk_app.project_id IS 'The project.';
COMMENT ON COLUMN flagplane_data.sdk_app.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.sdk_app.platform IS 'What the app is built for; never changes.';
COMMENT ON COLUMN flagplane_data.sdk_app.bundle_id IS 'Bundle identifier, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.android_package IS 'Package name, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.web_domain IS 'Bare domain, where the platform has one.';
COMMENT ON COLUMN flagplane_data.sdk_app.capi IS 'Conversion forwarding by ad platform.';
COMMENT ON COLUMN flagplane_data.sdk_app.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.sdk_app.rotated_at IS 'When the key was made.';
COMMENT ON COLUMN flagplane_data.sdk_app.last_event_at IS 'When the last event came in; NULL: never.';

COMMENT ON COLUMN flagplane_data.idempotency_key.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.idempotency_key.actor IS 'Whose key it is: token:<id> or role:<name>.';
COMMENT ON COLUMN flagplane_data.idempotency_key.operation IS 'The operation that it was used for; another one is a conflict too.';
COMMENT ON COLUMN flagplane_data.idempotency_key.request_hash IS 'SHA-256 of the requests canonical form; another one under the same key is a conflict.';
COMMENT ON COLUMN flagplane_data.idempotency_key.salt IS 'What the secret shown once is derived with, together with the key and the secret of the caller''s token.';
COMMENT ON COLUMN flagplane_data.idempotency_key.expires_at IS 'When it is free again.';
COMMENT ON COLUMN flagplane_data.idempotency_key.location IS 'The Location of the answer.';
COMMENT ON COLUMN flagplane_data.idempotency_key.version IS 'The ETag of the answer.';

COMMENT ON COLUMN flagplane_data.audit_generation.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.audit_generation.number IS 'Counted from 1.';
COMMENT ON COLUMN flagplane_data.audit_generation.system_identifier IS 'The database cluster, as pg_control_system() tells it.';
COMMENT ON COLUMN flagplane_data.audit_generation.timeline IS 'Its timeline: a promoted standby goes on in another one.';
COMMENT ON COLUMN flagplane_data.audit_generation.began_at IS 'When the account was first changed there.';
COMMENT ON COLUMN flagplane_data.audit_generation.is_current IS 'Whether it is the highest one, which is written in.';

COMMENT ON COLUMN flagplane_data.audit_log.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.audit_log.generation IS 'The server that it was made on: a number in audit_generation.';
COMMENT ON COLUMN flagplane_data.audit_log.ordinal IS 'Its place among the changes of its transaction.';
COMMENT ON COLUMN flagplane_data.audit_log.at IS 'Start of the transaction that made the change.';
COMMENT ON COLUMN flagplane_data.audit_log.member_id IS 'The member whose token it was, if ones.';
COMMENT ON COLUMN flagplane_data.audit_log.operation IS 'The function that was called.';
COMMENT ON COLUMN flagplane_data.audit_log.subject IS 'What kind of thing was changed.';
COMMENT ON COLUMN flagplane_data.audit_log.project_id IS 'The project that it was in, if in one; stays when the project is deleted.';
COMMENT ON COLUMN flagplane_data.audit_log.target IS 'Which one, as a resource specifier.';
COMMENT ON COLUMN flagplane_data.audit_log.before IS 'What it was before; NULL for something new.';
COMMENT ON COLUMN flagplane_data.audit_log.comment IS 'What the caller said of the change.';
COMMENT ON COLUMN flagplane_data.audit_log.request_id IS 'The request, as X-Request-Id tells it.';
