-- What users may read: the rows of the caller's account, none of them secret.
--
-- The caller is identified once a statement, before any row is read: the first
-- condition needs no row, so even an empty table refuses who may not read it. A
-- view that begins with WITH cannot be written through, whatever is granted. Key
-- columns are those of the tables, all of them, so that PostgREST finds the
-- foreign keys to embed by. The work is done with the rights of who owns the views,
-- the barrier keeps conditions of others from rows that they must not see, and
-- every name is bound here, not by the caller's search_path. Tags are plain texts, or who filters by
-- them would need EXECUTE on what checks a tag.

CREATE VIEW flagplane.projects WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('projects:read') c
)
SELECT p.account_id, p.id, p.key, p.name, p.tags::text[] AS tags, p.include_in_snippet_by_default,
	p.using_environment_id, p.using_mobile_key, p.version, p.created_at
FROM flagplane_data.project p
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND p.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = p.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = p.id));
REVOKE ALL ON flagplane.projects FROM PUBLIC;
COMMENT ON VIEW flagplane.projects IS
'The caller''s projects.
Needs the scope projects:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.projects.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.projects.id IS 'The id of the Layers paths, there with prj_ before it; _id is its first 24 digits.';
COMMENT ON COLUMN flagplane.projects.key IS 'Unique in the account; what paths and functions name the project by.';
COMMENT ON COLUMN flagplane.projects.name IS 'The display name.';
COMMENT ON COLUMN flagplane.projects.tags IS 'In alphabetical order.';
COMMENT ON COLUMN flagplane.projects.include_in_snippet_by_default IS 'Whether new flags are there for the JavaScript snippet.';
COMMENT ON COLUMN flagplane.projects.using_environment_id IS 'Whether new flags are there for client-side SDKs that use the environment''s id.';
COMMENT ON COLUMN flagplane.projects.using_mobile_key IS 'Whether new flags are there for SDKs that use the mobile key.';
COMMENT ON COLUMN flagplane.projects.version IS 'Increases with each change.';
COMMENT ON COLUMN flagplane.projects.created_at IS 'When it was created.';

CREATE VIEW flagplane.environments WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('projects:read') c
)
SELECT e.account_id, e.id, e.project_id, e.key, e.name, e.color, e.default_ttl, e.secure_mode,
	e.default_track_events, e.confirm_changes, e.require_comments, e.tags::text[] AS tags, e.critical,
	e.approval_settings, e.version, e.created_at
FROM flagplane_data.environment e
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND e.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = e.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = e.project_id));
REVOKE ALL ON flagplane.environments FROM PUBLIC;
COMMENT ON VIEW flagplane.environments IS
'The environments of the caller''s projects, without their keys.
Needs the scope projects:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.environments.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.environments.id IS '24 hexadecimal digits; _id of the environment, and the client-side id of its SDKs.';
COMMENT ON COLUMN flagplane.environments.project_id IS 'The project.';
COMMENT ON COLUMN flagplane.environments.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane.environments.name IS 'The display name.';
COMMENT ON COLUMN flagplane.environments.color IS 'Six hexadecimal digits, the case as it was given.';
COMMENT ON COLUMN flagplane.environments.default_ttl IS 'Minutes, 0 to 60.';
COMMENT ON COLUMN flagplane.environments.secure_mode IS 'Whether client-side SDKs must prove whose variations they ask for.';
COMMENT ON COLUMN flagplane.environments.default_track_events IS 'Whether new flags track events here.';
COMMENT ON COLUMN flagplane.environments.confirm_changes IS 'Whether user interfaces must ask before a change.';
COMMENT ON COLUMN flagplane.environments.require_comments IS 'Whether user interfaces must ask for a comment with a change.';
COMMENT ON COLUMN flagplane.environments.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane.environments.critical IS 'Whether changes here affect customers.';
COMMENT ON COLUMN flagplane.environments.approval_settings IS 'NULL: the documented defaults.';
COMMENT ON COLUMN flagplane.environments.version IS 'Increases with each change; the ETag of REST responses.';
COMMENT ON COLUMN flagplane.environments.created_at IS 'When it was created.';

CREATE VIEW flagplane.layers WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('layers:read') c
)
SELECT l.account_id, l.id, l.project_id, l.key, l.name, l.description, l.randomization_unit,
	l.created_at
FROM flagplane_data.layer l
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND l.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = l.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = l.project_id));
REVOKE ALL ON flagplane.layers FROM PUBLIC;
COMMENT ON VIEW flagplane.layers IS
'The layers of the caller''s projects.
Needs the scope layers:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.layers.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.layers.id IS '24 hexadecimal digits; what other tables name the layer by.';
COMMENT ON COLUMN flagplane.layers.project_id IS 'The project.';
COMMENT ON COLUMN flagplane.layers.key IS 'Unique in the project.';
COMMENT ON COLUMN flagplane.layers.name IS 'The display name.';
COMMENT ON COLUMN flagplane.layers.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane.layers.randomization_unit IS 'The context kind that is assigned: user, or another one. NULL until it is known.';
COMMENT ON COLUMN flagplane.layers.created_at IS 'When it was created.';

CREATE VIEW flagplane.flag_links WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('flags:read') c
)
SELECT f.account_id, l.id, f.project_id, l.flag_id, f.key AS flag_key, l.key, l.integration_key,
	l.timestamp, l.deep_link, l.title, l.description, l.metadata, l.member_id, l.created_at
FROM flagplane_data.flag_link l
JOIN flagplane_data.flag f ON f.account_id = l.account_id AND f.id = l.flag_id
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND l.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = l.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = f.project_id));
REVOKE ALL ON flagplane.flag_links FROM PUBLIC;
COMMENT ON VIEW flagplane.flag_links IS
'The flag links of the caller''s projects.
Needs the scope flags:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.flag_links.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.flag_links.id IS '24 hexadecimal digits; _id of the link.';
COMMENT ON COLUMN flagplane.flag_links.project_id IS 'The project.';
COMMENT ON COLUMN flagplane.flag_links.flag_id IS 'The flag.';
COMMENT ON COLUMN flagplane.flag_links.flag_key IS 'The flag''s key.';
COMMENT ON COLUMN flagplane.flag_links.key IS 'Unique within the flag, if there is one.';
COMMENT ON COLUMN flagplane.flag_links.integration_key IS 'The integration that the link is of, if any.';
COMMENT ON COLUMN flagplane.flag_links.timestamp IS 'The time that the link is marked with.';
COMMENT ON COLUMN flagplane.flag_links.deep_link IS 'Where it leads.';
COMMENT ON COLUMN flagplane.flag_links.title IS 'For people.';
COMMENT ON COLUMN flagplane.flag_links.description IS 'For people.';
COMMENT ON COLUMN flagplane.flag_links.metadata IS 'Strings that the integration declares.';
COMMENT ON COLUMN flagplane.flag_links.member_id IS 'Who created it, if a member''s token did.';
COMMENT ON COLUMN flagplane.flag_links.created_at IS 'When it was created.';

CREATE VIEW flagplane.segments WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('flags:read') c
)
SELECT s.account_id, e.project_id, s.environment_id, s.key, s.name, s.description, s.tags::text[] AS tags, s.included,
	s.excluded, s.included_contexts, s.excluded_contexts, s.rules, s.version, s.created_at,
	s.last_modified
FROM flagplane_data.segment s
JOIN flagplane_data.environment e ON e.account_id = s.account_id AND e.id = s.environment_id
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND s.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = s.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = e.project_id));
REVOKE ALL ON flagplane.segments FROM PUBLIC;
COMMENT ON VIEW flagplane.segments IS
'The segments of the caller''s projects.
Needs the scope flags:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.segments.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.segments.project_id IS 'The project.';
COMMENT ON COLUMN flagplane.segments.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane.segments.key IS 'Unique in the environment.';
COMMENT ON COLUMN flagplane.segments.name IS 'A name for people.';
COMMENT ON COLUMN flagplane.segments.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane.segments.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane.segments.included IS 'The keys of users that are in it whatever the rules say.';
COMMENT ON COLUMN flagplane.segments.excluded IS 'The keys of users that no rule brings in.';
COMMENT ON COLUMN flagplane.segments.included_contexts IS 'As included, of other kinds: the list of {contextKind, values}.';
COMMENT ON COLUMN flagplane.segments.excluded_contexts IS 'As excluded, of other kinds: the list of {contextKind, values}.';
COMMENT ON COLUMN flagplane.segments.rules IS 'Rules, of which one must match.';
COMMENT ON COLUMN flagplane.segments.version IS 'Grows with each change; the ETag of REST answers.';
COMMENT ON COLUMN flagplane.segments.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane.segments.last_modified IS 'When it was changed last.';

CREATE VIEW flagplane.sdk_apps WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('projects:read') c
)
SELECT s.account_id, s.id, s.project_id, s.name, s.platform, s.bundle_id, s.android_package,
	s.web_domain, s.capi, s.created_at, s.rotated_at, s.last_event_at
FROM flagplane_data.sdk_app s
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND s.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = s.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = s.project_id));
REVOKE ALL ON flagplane.sdk_apps FROM PUBLIC;
COMMENT ON VIEW flagplane.sdk_apps IS
'The SDK apps of the caller''s projects, without their keys.
Needs the scope projects:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.sdk_apps.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.sdk_apps.id IS '24 hexadecimal digits; appId without app_.';
COMMENT ON COLUMN flagplane.sdk_apps.project_id IS 'The project.';
COMMENT ON COLUMN flagplane.sdk_apps.name IS 'The display name.';
COMMENT ON COLUMN flagplane.sdk_apps.platform IS 'What the app is built for; never changes.';
COMMENT ON COLUMN flagplane.sdk_apps.bundle_id IS 'Bundle identifier, where the platform has one.';
COMMENT ON COLUMN flagplane.sdk_apps.android_package IS 'Package name, where the platform has one.';
COMMENT ON COLUMN flagplane.sdk_apps.web_domain IS 'Bare domain, where the platform has one.';
COMMENT ON COLUMN flagplane.sdk_apps.capi IS 'Conversion forwarding by ad platform.';
COMMENT ON COLUMN flagplane.sdk_apps.created_at IS 'When it was created.';
COMMENT ON COLUMN flagplane.sdk_apps.rotated_at IS 'When the key was created.';
COMMENT ON COLUMN flagplane.sdk_apps.last_event_at IS 'When the last event came in; NULL: never.';

CREATE VIEW flagplane.audit WITH (security_barrier) AS
WITH caller AS MATERIALIZED (
	SELECT c.account_id, c.limited_to FROM flagplane.current_caller('audit:read') c
)
SELECT a.account_id, a.epoch, a.xid, a.ordinal, a.at, a.actor, a.member_id, a.operation,
	a.subject, a.project_id, a.target, a.before, a.after, a.comment, a.request_id
FROM flagplane_data.audit_log a
WHERE (SELECT c.account_id FROM caller c) IS NOT NULL
AND a.account_id = (SELECT c.account_id FROM caller c)
AND ((SELECT c.limited_to FROM caller c) IS NULL OR EXISTS (
	SELECT FROM flagplane_data.access_token_project r
	WHERE r.account_id = a.account_id AND r.token_id = (SELECT c.limited_to FROM caller c)
	AND r.project_id = a.project_id));
REVOKE ALL ON flagplane.audit FROM PUBLIC;
COMMENT ON VIEW flagplane.audit IS
'The changes made in the caller''s account.
Needs the scope audit:read; a token that is limited to projects sees theirs only.';
COMMENT ON COLUMN flagplane.audit.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane.audit.epoch IS 'The server that it was made on: changes are in the order of epoch, xid and ordinal.';
COMMENT ON COLUMN flagplane.audit.xid IS 'The transaction that made the change; the topmost one.';
COMMENT ON COLUMN flagplane.audit.ordinal IS 'Its place among the changes of its transaction.';
COMMENT ON COLUMN flagplane.audit.at IS 'Start of the transaction that made the change.';
COMMENT ON COLUMN flagplane.audit.actor IS 'token:<id> or role:<name>.';
COMMENT ON COLUMN flagplane.audit.member_id IS 'The member whose token it was; NULL for other tokens and database roles.';
COMMENT ON COLUMN flagplane.audit.operation IS 'The function that was called.';
COMMENT ON COLUMN flagplane.audit.subject IS 'What kind of thing was changed.';
COMMENT ON COLUMN flagplane.audit.project_id IS 'The project that it was in, if in one; stays when the project is deleted.';
COMMENT ON COLUMN flagplane.audit.target IS 'Which one, as a resource specifier.';
COMMENT ON COLUMN flagplane.audit.before IS 'What it was before; NULL for something new.';
COMMENT ON COLUMN flagplane.audit.after IS 'The response to the change, without any secret.';
COMMENT ON COLUMN flagplane.audit.comment IS 'The caller''s comment on the change.';
COMMENT ON COLUMN flagplane.audit.request_id IS 'The request id, as in X-Request-Id.';

-- On a node of a cluster they read through view_rows(), as distribute() has it on the others.
SELECT flagplane_data.route_views() AS routed;
