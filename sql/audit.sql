-- One row for each change; none for anything else; no secrets.
\set VERBOSITY terse
\pset format unaligned
SELECT count(*) AS before FROM flagplane_data.audit_log \gset
SELECT t.project('audit') AS id \gset
SELECT count(*) - :before AS rows FROM flagplane_data.audit_log;
SELECT flagplane.create_member('audit@example.com')->>'_id' AS member \gset
SELECT flagplane.create_access_token('audit', role => 'admin', member_id => :'member')->>'token' AS token \gset
SELECT status
	FROM t.rest('POST', '/api/v2/projects/audit/layers', '{"key": "l", "name": "L", "description": ""}',
	json_build_object('Authorization', :'token')::jsonb);
SELECT headers->>'X-Request-Id' AS request FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps',
	json_build_object('Authorization', :'token', 'Idempotency-Key', '55555555-5555-4555-8555-555555555555')::jsonb, '{"name": "A", "platform": "expo"}') \gset
SELECT flagplane.create_environment('audit', 'e', 'E', '000000') IS NOT NULL AS made;
SELECT operation, subject, regexp_replace(actor, '[0-9a-f]{24}', '<id>') AS actor, member_id = :'member' AS member,
	t.mask(target) AS target, before, t.mask(after::text) AS after
FROM flagplane_data.audit_log ORDER BY epoch, xid, ordinal OFFSET :before;
SELECT count(*) FROM flagplane_data.audit_log WHERE request_id = :'request' AND operation = 'create_sdk_app';
-- Reads, refusals and replays leave none.
SELECT count(*) AS before FROM flagplane_data.audit_log \gset
SELECT flagplane.list_layers('audit') IS NOT NULL AS read;
SELECT t.try($$SELECT flagplane.create_layer('audit', 'l', 'L', '')$$);
SELECT status FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps',
	json_build_object('Authorization', :'token', 'Idempotency-Key', '55555555-5555-4555-8555-555555555555')::jsonb, '{"name": "A", "platform": "expo"}');
SELECT count(*) - :before AS rows FROM flagplane_data.audit_log;
-- A change that is rolled back takes its row along.
BEGIN;
SELECT flagplane.create_layer('audit', 'gone', 'Gone', '') IS NOT NULL AS made;
ROLLBACK;
SELECT count(*) - :before AS rows FROM flagplane_data.audit_log;
