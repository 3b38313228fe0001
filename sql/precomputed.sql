-- Precomputed responses: what is created is what the response says, and is
-- answered again by get_ and by a retry.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('precomputed') AS id \gset
SELECT flagplane.create_flag('precomputed', 'flag', 'Flag') IS NOT NULL AS made;
SELECT flagplane.register_integration('tracker',
	'{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e", "metadata": {"issue": {"type": "string"}, "page": {"type": "uri"}}}}}') IS NOT NULL AS made;
SELECT flagplane.create_member('precomputed@example.com', first_name => 'Ré"né', last_name => NULL)->>'_id' AS member \gset
SELECT flagplane.create_access_token('precomputed', role => 'writer', member_id => :'member')->>'token' AS token \gset
CREATE TEMP TABLE sent (n int, operation text, path text, body json);
INSERT INTO sent VALUES
	(1, 'layer', '/api/v2/projects/precomputed/layers', '{"key": "l1", "name": "L\"1\\", "description": "é\n"}'),
	(2, 'layer', '/api/v2/projects/precomputed/layers', '{"key": "l2", "name": "L", "description": "", "randomizationUnit": "user"}'),
	(3, 'environment', '/api/v2/projects/precomputed/environments', '{"key": "e1", "name": "E", "color": "dadbee"}'),
	(4, 'environment', '/api/v2/projects/precomputed/environments',
		'{"key": "e2", "name": "E", "color": "DADBEE", "defaultTtl": 60, "secureMode": true, "defaultTrackEvents": true,
		"confirmChanges": true, "requireComments": true, "tags": ["b", "a", "b"], "critical": true}'),
	(5, 'environment', '/api/v2/projects/precomputed/environments',
		'{"key": "e3", "name": "E", "color": "000000", "secureMode": false, "source": {"key": "e2"}}'),
	(6, 'flag link', '/api/v2/flag-links/projects/precomputed/flags/flag', '{}'),
	(7, 'flag link', '/api/v2/flag-links/projects/precomputed/flags/flag',
		'{"key": "k", "integrationKey": "tracker", "timestamp": 1234567891234, "deepLink": "https://example.com/1",
		"title": "", "description": "D",  "metadata": {"page": "https://example.com/é", "issue": "é"}}'),
	(8, 'flag link', '/api/v2/flag-links/projects/precomputed/flags/flag', '{"key": "k2", "integrationKey": "tracker", "metadata": {"issue": "1"}}'),
	(9, 'SDK app', '/v1/projects/prj_' || :'id' || '/sdk-apps', '{"name": "A", "platform": "flutter", "bundleId": "com.example.a"}'),
	(10, 'SDK app', '/v1/projects/prj_' || :'id' || '/sdk-apps', '{"name": "A", "platform": "web", "webDomain": "EXAMPLE.com"}');
CREATE FUNCTION pg_temp.headers(n int, token text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('X-Api-Key', token, 'Idempotency-Key', lpad(n::text, 8, '0') || '-0000-4000-8000-000000000000')
$$;
CREATE TEMP TABLE made AS SELECT s.n, s.operation, h.status, h.headers, h.body
FROM sent s, flagplane.handle('POST', s.path, pg_temp.headers(s.n, :'token'), s.body::text) h;
-- An app is got without the key that its creation shows once.
SELECT m.n, m.operation, m.status, g.body::text = regexp_replace(m.body::text, ',"apiKey":"sk_app_\w+"}$', '}') AS is_got,
	(r.status, r.headers - 'Idempotent-Replayed' - 'X-Request-Id', r.body::text) = (m.status, m.headers - 'X-Request-Id',
		m.body::text) AS is_replayed, r.headers->>'Idempotent-Replayed' AS replayed
FROM made m JOIN sent s USING (n), flagplane.handle('GET', m.headers->>'Location', jsonb_build_object('X-Api-Key', :'token')) g,
	flagplane.handle('POST', s.path, pg_temp.headers(m.n, :'token'), s.body::text) r
ORDER BY n;
-- What is refused in the end leaves neither a response nor a claim.
SELECT count(*) AS claims FROM flagplane_data.idempotency_key \gset
SELECT h.status, t.mask((h.headers - 'Content-Type')::text) AS headers, t.mask(h.body::text) AS body FROM (VALUES
	('/api/v2/projects/precomputed/layers', '{"key": "l1", "name": "L", "description": ""}'),
		('/api/v2/projects/nowhere/layers', '{"key": "l1", "name": "L", "description": ""}'),
	('/api/v2/projects/precomputed/environments', '{"key": "e1", "name": "E", "color": "000000"}'),
		('/api/v2/projects/nowhere/environments', '{"key": "e1", "name": "E", "color": "000000"}'),
	('/api/v2/flag-links/projects/precomputed/flags/flag',
		'{"key": "k2", "integrationKey": "tracker", "metadata": {"issue": "1"}}'), ('/api/v2/flag-links/projects/precomputed/flags/none', '{"key": "k"}'),
	('/v1/projects/prj_' || :'id' || '/sdk-apps', '{"name": "A", "platform": "web", "webDomain": "example.com"}'),
	('/v1/projects/prj_00000000-0000-4000-8000-000000000000/sdk-apps', '{"name": "A", "platform": "web", "webDomain": "example.com"}')) u(path, body),
	flagplane.handle('POST', u.path, pg_temp.headers(99, :'token'), u.body) h;
SELECT count(*) - :claims AS claims FROM flagplane_data.idempotency_key;
-- A path that is longer than any key names nothing, and gets into no answer; that is found before the body's faults.
SELECT h.status, h.body
	FROM unnest(ARRAY[512, 513, 100000]) n, flagplane.handle('POST', '/api/v2/projects/' || repeat('p', n) || '/layers',
	'{}', '{"key": "", "name": "L", "description": ""}') h;
SELECT h.status, h.body FROM flagplane.handle('POST', '/api/v2/flag-links/projects/precomputed/flags/' || repeat('f', 513), '{}', '{}') h;
SELECT t.try($$SELECT flagplane.get_environment('precomputed', repeat('é', 257))$$);
