-- PATCH of environments: JSON Patch, approval settings, versions.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('patched') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.patch(body text, headers jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT r.status || ' ' || r.headers || ' ' || r.body FROM t.rest('PATCH', '/api/v2/projects/patched/environments/test', body, headers) r
$$;
-- What the documented clients send: a bare array, and one with a comment.
SELECT pg_temp.patch('[{"op": "replace", "path": "/requireComments", "value": true}]');
SELECT pg_temp.patch('{"comment": "calmer", "patch": [{"op": "replace", "path": "/color", "value": "00ff00"}]}');
SELECT pg_temp.patch('[{"op": "replace", "path": "/name", "value": "T"}, {"op": "replace", "path": "/color", "value": "000000"},
	{"op": "replace", "path": "/defaultTtl", "value": 5}, {"op": "replace", "path": "/secureMode", "value": true}, {"op": "replace", "path": "/defaultTrackEvents", "value": true},
	{"op": "replace", "path": "/requireComments", "value": false}, {"op": "replace", "path": "/confirmChanges", "value": true},
	{"op": "replace", "path": "/critical", "value": true}, {"op": "replace", "path": "/tags", "value": ["b", "a", "b"]}]');
SELECT pg_temp.patch('[{"op": "add", "path": "/tags/0", "value": "first"}, {"op": "add", "path": "/tags/-", "value": "last"}, {"op": "move", "from": "/tags/1", "path": "/tags/0"},
	{"op": "test", "path": "/key", "value": "test"}, {"op": "remove", "path": "/defaultTtl"}]');
-- By SQL, by PostgREST's function and by handle it is the same request.
SELECT flagplane.update_environment('patched', 'test', '[{"op": "replace", "path": "/name", "value": "Twice"}]',
	'7d9e4a5c-0b1f-4c6e-9a53-1d2a3b4c5d6e')->>'name';
SELECT pg_temp.patch('[{"value": "Twice", "op": "replace", "path": "/name"}]', '{"Idempotency-Key": "7d9e4a5c-0b1f-4c6e-9a53-1d2a3b4c5d6e"}');
SELECT pg_temp.patch('[{"op": "replace", "path": "/name", "value": "Thrice"}]', '{"Idempotency-Key": "7d9e4a5c-0b1f-4c6e-9a53-1d2a3b4c5d6e"}');

-- A patch that changes nothing succeeds and leaves the version and the audit log alone.
SELECT count(*) FROM flagplane_data.audit_log WHERE operation = 'update_environment' \gset before_
SELECT r.status, r.headers FROM t.rest('PATCH', '/api/v2/projects/patched/environments/test', '[{"op": "replace", "path": "/name", "value": "Twice"}]') r;
SELECT r.status, r.headers FROM t.rest('PATCH', '/api/v2/projects/patched/environments/test', '[]') r;
SELECT count(*) - :before_count AS rows FROM flagplane_data.audit_log WHERE operation = 'update_environment';
SELECT target, before->>'name' AS before, after->>'name' AS after, before->>'apiKey' AS secret
	FROM flagplane_data.audit_log WHERE operation = 'update_environment' ORDER BY epoch DESC, xid DESC, ordinal DESC LIMIT 1;

-- The comment stands in the audit log.
SELECT after->>'color' AS color, comment FROM flagplane_data.audit_log WHERE operation = 'update_environment' AND comment IS NOT NULL;
SELECT e->>'comment' AS comment, e->>'description' AS description
	FROM json_array_elements(flagplane.list_audit_log("limit" => 50, filter => 'proj/patched:env/test')->'items') e WHERE e->>'comment' IS NOT NULL;

-- If-Match: the version that the caller saw; any of several, or any at all for *.
SELECT m, left(pg_temp.patch('[{"op": "replace", "path": "/name", "value": "M"}, {"op": "replace", "path": "/name", "value": "Twice"}]',
	jsonb_build_object('If-Match', m)), 200)
	FROM unnest(ARRAY['"1"', '"6"', 'W/"6"', '"1", "6"', '*', '6']) m;
SELECT r.status, r.body FROM t.rest('DELETE', '/api/v2/projects/patched/environments/test', NULL, '{"If-Match": "\"1\""}') r;

-- Approval settings: those of Terraform's provider, one by one and together.
SELECT pg_temp.patch('[{"op": "replace", "path": "/approvalSettings/required", "value": true}, {"op": "replace", "path": "/approvalSettings/minNumApprovals", "value": 2},
	{"op": "replace", "path": "/approvalSettings/canReviewOwnRequest", "value": true}, {"op": "replace", "path": "/approvalSettings/canApplyDeclinedChanges", "value": false}]');
SELECT flagplane.get_environment('patched', 'test')->'approvalSettings';
SELECT pg_temp.patch('[{"op": "remove", "path": "/approvalSettings/required"}, {"op": "replace", "path": "/approvalSettings/requiredApprovalTags", "value": ["ops"]},
	{"op": "replace", "path": "/approvalSettings/serviceKind", "value": "servicenow"}, {"op": "replace", "path": "/approvalSettings/serviceConfig", "value": {"template": "t\"required\":true"}},
	{"op": "replace", "path": "/approvalSettings/autoApplyApprovedChanges", "value": true}]');
SELECT approval_settings FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'patched' AND e.key = 'test';
-- As Terraform's provider sends them where they are not configured.
SELECT flagplane.update_environment('patched', 'production', '[{"op": "replace", "path": "/approvalSettings/required", "value": true}, {"op": "replace", "path": "/approvalSettings/requiredApprovalTags", "value": []},
	{"op": "replace", "path": "/approvalSettings/serviceKind", "value": ""}, {"op": "replace", "path": "/approvalSettings/serviceConfig", "value": {}}, {"op": "replace", "path": "/approvalSettings/autoApplyApprovedChanges", "value": false}]')->'approvalSettings' AS unconfigured;
SELECT flagplane.update_environment('patched', 'production', '[{"op": "remove", "path": "/approvalSettings/required"}, {"op": "remove", "path": "/approvalSettings/requiredApprovalTags"}]')->'approvalSettings' AS removed;
SELECT flagplane.create_environment('patched', 'clone', 'Clone', '000000', source => '{"key": "test"}')->'approvalSettings' AS cloned;
SELECT (flagplane.update_environment('patched', 'test',
	'[{"op": "remove", "path": "/approvalSettings"}]')->'approvalSettings')::jsonb = (flagplane.get_environment('patched',
	'production')->'approvalSettings')::jsonb AS defaults_again;
SELECT approval_settings FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'patched' AND e.key = 'test';

-- What is refused leaves everything as it was.
SELECT version, name FROM flagplane_data.environment e WHERE name = 'Twice' \gset
SELECT b, pg_temp.patch(b) FROM unnest(ARRAY[
	'[{"op": "replace", "path": "/key", "value": "other"}]',
		'[{"op": "replace", "path": "/_id", "value": "x"}, {"op": "add", "path": "/apiKey", "value": "sdk-mine"}]',
	'[{"op": "add", "path": "/extra", "value": 1}]', '[{"op": "remove", "path": "/_links"}]',
		'[{"op": "replace", "path": "/resourceApprovalSettings", "value": {"segment": {}}}]',
	'[{"op": "replace", "path": "/name", "value": ""}, {"op": "replace", "path": "/color", "value": "#fff"}, {"op": "replace", "path": "/defaultTtl", "value": 61}, {"op": "replace", "path": "/tags", "value": ["a b"]}]',
	'[{"op": "remove", "path": "/name"}]', '[{"op": "replace", "path": "/critical", "value": "yes"}]',
		'[{"op": "replace", "path": "", "value": []}]', '[{"op": "replace", "path": "", "value": {}}]',
	'[{"op": "replace", "path": "/nosuch", "value": 1}]',
		'[{"op": "replace", "path": "/name", "value": "half"}, {"op": "test", "path": "/color", "value": "no"}]', '[{"op": "remove", "path": "/tags/9"}]',
	'[{"op": "replace", "path": "/approvalSettings/required", "value": true}, {"op": "replace", "path": "/approvalSettings/requiredApprovalTags", "value": ["ops"]}]',
	'[{"op": "replace", "path": "/approvalSettings/minNumApprovals", "value": 6}, {"op": "replace", "path": "/approvalSettings/required", "value": 1}]',
	'[{"op": "replace", "path": "/approvalSettings/autoApplyApprovedChanges", "value": true}]', '[{"op": "add", "path": "/approvalSettings/foo", "value": true}]',
	'[{"op": "replace", "path": "/approvalSettings/requiredApprovalTags", "value": ["a b"]}]',
		'[{"op": "replace", "path": "/approvalSettings/serviceConfig", "value": []}]',
	'[{"op": "replace", "path": "/approvalSettings/serviceKind", "value": 1}]', '[{"op": "replace", "path": "/approvalSettings", "value": 1}]',
	'{"name": "merge"}', '{"patch": []', '{"patch": [], "more": 1}', '{"patch": [], "comment": 1}', '{"patch": {}}',
		'null', '"x"', '', '[{"op": "replace", "path": "/name"}]']) b;
SELECT version = :version AND name = :'name' AS untouched FROM flagplane_data.environment e WHERE name = 'Twice';
SELECT r.* FROM t.rest('PATCH', '/api/v2/projects/patched/environments/nosuch', '[]') r;
SELECT r.* FROM t.rest('PATCH', '/api/v2/projects/nosuch/environments/test', '[]') r;
SELECT t.try($$SELECT flagplane.update_environment('patched', 'test', NULL)$$),
	t.try($$SELECT flagplane.update_environment('patched', 'test', '[{"op": "replace", "path": "/defaultTtl", "value": -1}]')$$);
-- What SQL can say and a body cannot is told as what it is.
SELECT t.try($$SELECT flagplane.update_environment('patched', 'test', '[{"op": "replace", "path": "/defaultTtl", "value": 1e2000}]')$$),
	t.try(format('SELECT flagplane.update_environment(''patched'', ''test'', %L)',
		jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/name', 'value', (repeat('[', 70) || repeat(']', 70))::jsonb))));
-- A whole number with a point is a whole number, and a null in what only the service reads stays there.
SELECT flagplane.update_environment('patched', 'test',
	'[{"op": "replace", "path": "/approvalSettings/minNumApprovals", "value": 2.0}, {"op": "replace", "path": "/approvalSettings/serviceConfig", "value": {"none": null}}]')->'approvalSettings' AS settings;
SELECT flagplane.update_environment('patched', 'test', '[{"op": "replace", "path": "/name", "value": "Kept"}]')->'approvalSettings' AS settings;
