-- What SDKs ask for, by handle(): credentials, polls, streams that end, events.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('sdk') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk', 'g', 'G', client_side_availability =>
	'{"usingEnvironmentId": true, "usingMobileKey": false}') IS NOT NULL AS made;
SELECT e->>'apiKey' AS sdk, e->>'mobileKey' AS mobile, e->>'_id' AS id FROM flagplane.get_environment('sdk', 'test') e \gset
SELECT flagplane.create_access_token('sdk', '{*}')->>'token' AS token \gset
-- Secrets and what is random are masked: entity tags are <env>-<version>-<stamp>.
CREATE FUNCTION t.sdk(method text, uri text, credential text DEFAULT NULL, body text DEFAULT NULL, more jsonb DEFAULT '{}')
RETURNS TABLE (status int, headers text, body text) LANGUAGE sql AS $$
	SELECT h.status, regexp_replace(t.mask(h.headers::text), '-\d+-[0-9a-f]{16}', '-<version>', 'g'), t.mask(h.body::text)
	FROM flagplane.handle(method, uri, more || CASE WHEN credential IS NULL THEN '{}' ELSE
		jsonb_build_object('authorization', credential) END, body) h
$$;
-- The client-side id carries the account, as the keys do.
SELECT left(:'id', 8) = substr(:'sdk', 5, 8) AS account, left(:'mobile', 12) = 'mob-' || left(:'id', 8) AS mobile;
SELECT count(*), count(*) FILTER (WHERE left(e.id, 8) = lpad(to_hex(e.account_id), 8, '0')) AS carry FROM
	flagplane_data.environment e JOIN flagplane_data.project p ON p.account_id = e.account_id AND p.id = e.project_id
	WHERE p.key = 'sdk';
-- A poll, and one that knows the state already, in every form that a tag may have.
SELECT * FROM t.sdk('GET', '/sdk/latest-all', :'sdk');
SELECT status, headers, body IS NULL AS none FROM t.sdk('HEAD', '/sdk/latest-all?filter=x&basis=FDv1Fallback&%', :'sdk');
SELECT h.body::jsonb = flagplane.payload('sdk', 'test')::jsonb AS same, h.headers->>'ETag' AS etag,
	h.headers->>'X-LD-EnvID' = :'id' AS environment FROM flagplane.handle('GET', '/sdk/latest-all',
	jsonb_build_object('authorization', :'sdk')) h \gset
SELECT :'same' AS same, :'environment' AS environment, :'etag' ~ ('^"' || :'id' || '-\d+-[0-9a-f]{16}"$') AS tag;
SELECT n, s.* FROM (VALUES (1, :'etag'), (2, 'W/' || :'etag'), (3, '"x", W/' || :'etag'), (4, '*'), (5, '"x"'), (6,
	''), (7, left(:'etag', -2) || '"')) v(n, tag), t.sdk('GET', '/sdk/latest-all', :'sdk', NULL,
	jsonb_build_object('if-none-match', tag)) s ORDER BY n;
-- A change is another state; a rolled back one with the same number too.
CREATE FUNCTION t.sdk_etag(credential text) RETURNS text LANGUAGE sql AS $$ SELECT headers->>'ETag' FROM
	flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('authorization', credential)) $$;
BEGIN;
SELECT flagplane.create_flag('sdk', 'h', 'H') IS NOT NULL AS made;
SELECT t.sdk_etag(:'sdk') AS rolled_back \gset
ROLLBACK;
SELECT t.sdk_etag(:'sdk') = :'etag' AS as_before;
SELECT flagplane.create_flag('sdk', 'h', 'H') IS NOT NULL AS made;
SELECT split_part(t.sdk_etag(:'sdk'), '-', 2) = split_part(:'rolled_back', '-', 2) AS same_number, t.sdk_etag(:'sdk')
	= :'rolled_back' AS same;
SELECT status FROM t.sdk('GET', '/sdk/latest-all', :'sdk', NULL, jsonb_build_object('if-none-match', :'rolled_back'));
-- What PHP asks for: it keeps what it got for the time that the environment says.
SELECT status, headers, (SELECT string_agg(k, ' ' ORDER BY k) FROM json_object_keys(body::json) k) AS flags FROM
	t.sdk('GET', '/sdk/flags', :'sdk');
SELECT flagplane.update_environment('sdk', 'test', '[{"op": "replace", "path": "/defaultTtl", "value": 5}]') IS NOT NULL AS updated;
SELECT status, headers FROM t.sdk('GET', '/sdk/flags', :'sdk');
SELECT * FROM t.sdk('GET', '/sdk/flags/g', :'sdk');
SELECT h.body::jsonb = flagplane.payload('sdk', 'test')::jsonb#>'{flags,g}' AS same FROM flagplane.handle('GET',
	'/sdk/flags/g', jsonb_build_object('authorization', :'sdk')) h;
SELECT status FROM t.sdk('GET', '/sdk/flags/g', :'sdk', NULL, jsonb_build_object('if-none-match', t.sdk_etag(:'sdk')));
SELECT p, s.* FROM unnest(ARRAY['/sdk/flags/nothing', '/sdk/flags/%ff', '/sdk/segments/s']) WITH ORDINALITY u(p, n),
	t.sdk('GET', p, :'sdk') s ORDER BY n;
-- The others that are read. Streams end; as JSON their text is a string.
SELECT t.mask(p) AS p, s.status, s.headers, left(s.body, 70) AS body FROM (VALUES (1, '/sdk/poll', :'sdk'), (2,
	'/sdk/poll?basis=(p:x:1)', :'sdk'), (3, '/sdk/stream', :'sdk'), (4, '/all', :'sdk'), (5, '/mping', :'mobile'), (6,
	'/ping/' || :'id', NULL), (7, '/sdk/goals/' || :'id', NULL)) v(n, p, c), t.sdk('GET', p, c) s ORDER BY n;
SELECT substring(body #>> '{}' FROM 'data: ({.*})\n\n$')::jsonb = jsonb_build_object('path', '/', 'data',
	flagplane.payload('sdk', 'test')::jsonb) AS same FROM flagplane.handle('GET', '/all',
	jsonb_build_object('authorization', :'sdk'));
-- Each credential opens its own routes and no other; nor does an access token.
SELECT w, string_agg(s.status::text, ' ' ORDER BY n) AS statuses FROM (VALUES ('sdk', :'sdk'), ('mobile', :'mobile'),
	('id', :'id'), ('token', :'token'), ('sdk after Bearer', 'Bearer ' || :'sdk'), ('nothing', NULL)) c(w, credential),
	(VALUES (1, 'GET', '/sdk/latest-all'), (2, 'GET', '/sdk/flags'), (3, 'GET', '/sdk/flags/f'), (4, 'GET',
		'/sdk/segments/s'), (5, 'GET', '/sdk/poll'), (6, 'GET', '/sdk/stream'), (7, 'GET', '/all'), (8, 'POST', '/bulk'),
		(9, 'POST', '/diagnostic'),
		(10, 'GET', '/mping'), (11, 'POST', '/mobile'), (12, 'POST', '/mobile/events'), (13, 'POST', '/mobile/events/bulk'),
			(14, 'POST', '/mobile/events/diagnostic')) v(n, m, p), t.sdk(m, p, credential, '[]') s GROUP BY w ORDER BY w
			COLLATE "C";
SELECT p, i, s.* FROM (VALUES (1, 'GET', '/sdk/goals/'), (2, 'GET', '/ping/'), (3, 'POST', '/events/bulk/'), (4,
	'POST', '/events/diagnostic/')) v(n, m, p),
	(VALUES ('sdk', :'sdk'), ('unknown', repeat('0', 24)), ('upper', upper(:'id')), ('no text', '%ff')) c(i, id),
		t.sdk(m, p || id, :'sdk', '[]') s ORDER BY n, i;
-- They open nothing else.
SELECT w, s.status FROM (VALUES ('id', :'id'), ('mobile', :'mobile'), ('sdk', :'sdk')) c(w, credential), t.sdk('GET',
	'/api/v2/projects', credential) s ORDER BY w;
SELECT * FROM t.sdk('GET', '/sdk/latest-all', 'sdk-00000000-0000-4000-8000-000000000000');
SELECT * FROM t.sdk('GET', '/mping', 'x');
-- A key that was reset with an expiry is good until then, one without not at all.
SELECT flagplane.reset_environment_sdk_key('sdk', 'test', (extract(epoch FROM now()) * 1000)::bigint + 3600000)->>'apiKey' AS next \gset
SELECT w, s.status FROM (VALUES ('former', :'sdk'), ('next', :'next')) c(w, credential), t.sdk('GET',
	'/sdk/latest-all', credential) s ORDER BY w;
UPDATE flagplane_data.environment_key SET expires_at = now() - interval '1 second' WHERE value = :'sdk';
SELECT status FROM t.sdk('GET', '/sdk/latest-all', :'sdk');
SELECT flagplane.reset_environment_sdk_key('sdk', 'test')->>'apiKey' AS sdk \gset
SELECT w, s.status FROM (VALUES ('former', :'next'), ('next', :'sdk')) c(w, credential), t.sdk('GET',
	'/sdk/latest-all', credential) s ORDER BY w;
-- Paths and methods that are none.
SELECT p, m, s.* FROM (VALUES (1, 'GET', '/sdk'), (2, 'GET', '/sdk/'), (3, 'GET', '/sdk/latest-flags'), (4, 'POST',
	'/sdk/latest-all'), (5, 'GET', '/bulk'), (6, 'REPORT', '/all'), (7, 'GET', '/all/x'), (8, 'GET', '/sdk/flags/')) v(n,
	m, p), t.sdk(m, p, :'sdk') s ORDER BY n;
SELECT status, headers FROM t.sdk('GET', '/sdks', :'sdk');
-- Events: forms and sizes.
SELECT n, s.* FROM (VALUES (1, '[]'), (2, '[{"kind": "index", "creationDate": 1}]'), (3, '{"kind": "diagnostic"}'),
	(4, '{"a": [1, "\u00fc"], "b": 1e300}'), (5, NULL), (6, '['), (7, '[1]'), (8, '"x"'), (9, '1'), (10, '[{}, []]'),
	(11, '{} {}')) v(n, body), t.sdk('POST', '/bulk', :'sdk', body) s ORDER BY n;
SELECT n, s.status, s.body FROM (VALUES (10 * 1024 * 1024), (10 * 1024 * 1024 + 1)) v(n), t.sdk('POST', '/bulk',
	:'sdk', rpad('[', n - 1) || ']') s ORDER BY n;
SELECT e, s.status, s.body FROM unnest(ARRAY['gzip', 'Identity']) e, t.sdk('POST', '/bulk', :'sdk', '[]',
	jsonb_build_object('content-encoding', e)) s;
-- Nothing was written by any of them.
BEGIN READ ONLY;
SELECT p, s.status FROM (VALUES (1, 'GET', '/sdk/latest-all'), (2, 'GET', '/all'), (3, 'POST', '/bulk'), (4, 'GET',
	'/sdk/flags/f')) v(n, m, p), t.sdk(m, p, :'sdk', '[]') s ORDER BY n;
COMMIT;
-- sdk() and sdk_stream() under PostgREST's settings: the same, for the paths of SDKs only.
CREATE FUNCTION t.sdk_postgrest(method text, uri text, credential text, stream boolean DEFAULT false, sent bytea
	DEFAULT '') RETURNS TABLE (status text, headers text, body text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.path', '/rpc/sdk', true),
		set_config('request.headers', jsonb_build_object('x-original-request', method || ' ' || uri,
			'x-original-authorization', credential)::text, true),
		set_config('response.status', '', true), set_config('response.headers', '', true);
	PERFORM flagplane.authenticate();
	body := left(CASE WHEN stream THEN flagplane.sdk_stream(sent)::text ELSE flagplane.sdk(sent)::text END, 50);
	status := current_setting('response.status');
	headers := regexp_replace(t.mask(current_setting('response.headers')), '-\d+-[0-9a-f]{16}', '-<version>', 'g');
	PERFORM set_config('request.method', '', true), set_config('request.path', '', true), set_config('request.headers', '', true);
	RETURN NEXT;
END
$$;
SELECT n, s.* FROM (VALUES (1, 'GET', '/sdk/latest-all', :'sdk', false), (2, 'GET', '/all', :'sdk', true), (3, 'POST',
	'/bulk', :'sdk', false), (4, 'GET', '/sdk/latest-all', :'token', false), (5, 'GET', '/api/v2/projects', :'token',
	false), (6, 'GET', '/all', 'x', true)) v(n, m, u, c, st), t.sdk_postgrest(m, u, c, st, '[]') s ORDER BY n;
-- Headers as PostgREST writes them, and in other forms of JSON; what is none, or breaks off.
CREATE FUNCTION t.sdk_headers(headers text) RETURNS TABLE (status text, body text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.headers', headers, true), set_config('response.status', '', true), set_config('response.headers', '', true);
	body := left(flagplane.sdk('')::text, 80);
	status := current_setting('response.status');
	PERFORM set_config('request.headers', '', true);
	RETURN NEXT;
END
$$;
SELECT replace(t.sdk_etag(:'sdk'), '"', '\"') AS quoted \gset
SELECT '"x-original-request":"GET /sdk/latest-all","x-original-authorization":"' || :'sdk' || '","if-none-match":"' || :'quoted' || '"' AS members \gset
SELECT n, s.* FROM (VALUES (1, '{' || :'members' || '}'), (2, '{"a\\b":"\"\\","":"",' || :'members' || '}'), (3, '{"a":"\u00e9",' || :'members' || '}'),
	(4, '{"a":null,"b":["c"],' || :'members' || '}'), (5, replace('{' || :'members' || '}', ',"', E',\n\t"')), (6, '{"If-None-Match":"x",' || :'members'
	|| '}'), (7, '{' || :'members' || ',"IF-NONE-MATCH":"x"}'), (8, '{"a":"é","if-none-matches":"x","if-none-matcH2":"x",' || :'members' || '}'), (9, '{' || :'members'),
	(10, '{' || :'members' || ',}'), (11, '{' || :'members' || '}x'), (12, '{' || left(:'members', -1)), (13, '{' || left(:'members', -2)), (14,
	'{"a":"' || E'\n' || '",' || :'members' || '}'), (15, '[' || :'members' || ']'), (16, '{'), (17, '{}'), (18, '{"a"'), (19, '{"a":"\')) v(n, h), t.sdk_headers(h) s ORDER BY n;
-- The text is made once for a state, and for 304 not at all; what the transaction itself has changed is its own.
CREATE FUNCTION t.flags_read() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	before bigint := nullif(current_setting('t.scans', true), '');
	now bigint := (SELECT pg_stat_get_xact_numscans('flagplane_data.flag_environment'::regclass)
		+ sum(pg_stat_get_xact_numscans(indexrelid)) FROM pg_index
		WHERE indrelid = 'flagplane_data.flag_environment'::regclass);
BEGIN
	PERFORM set_config('t.scans', now::text, true);
	RETURN now - before;
END
$$;
SELECT flagplane.touch_environment('sdk', 'test') IS NOT NULL AS touched;
BEGIN;
SELECT t.flags_read() IS NULL AS from_here;
SELECT status, t.flags_read() AS read FROM t.sdk('GET', '/sdk/latest-all', :'sdk', NULL, '{"if-none-match": "*"}');
SELECT status, t.flags_read() > 0 AS read FROM t.sdk('GET', '/sdk/latest-all', :'sdk');
SELECT p, s.status, t.flags_read() AS read FROM unnest(ARRAY['/sdk/latest-all', '/sdk/flags', '/all']) p, t.sdk('GET', p, :'sdk') s;
SELECT flagplane.touch_environment('sdk', 'test') IS NOT NULL AS touched, t.flags_read() >= 0 AS read;
SELECT status, t.flags_read() > 0 AS read FROM t.sdk('GET', '/sdk/latest-all', :'sdk');
SELECT status, t.flags_read() > 0 AS read FROM t.sdk('GET', '/sdk/latest-all', :'sdk');
ROLLBACK;
