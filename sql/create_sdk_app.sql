-- SDK apps: identifiers by platform, uniqueness, keys, pages.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('apps') AS id \gset
SELECT t.project('apps2') IS NOT NULL AS made;
-- Every platform with each identifier.
SELECT p, i, t.try(format('SELECT flagplane.create_sdk_app(%L, %L, %L, %s)->>%L', 'apps', p || ' ' || i, p,
	CASE i WHEN 'none' THEN 'NULL' WHEN 'web_domain' THEN 'web_domain => ''' || p || '.example.com'''
	ELSE i || ' => ''com.example.' || replace(p, '-', '_') || '''' END, 'platform'))
FROM unnest(ARRAY['ios', 'android', 'web', 'react-native', 'flutter', 'expo', 'nextjs', 'vite', 'react-router', 'tv']) WITH ORDINALITY p(p, n),
	unnest(ARRAY['none', 'bundle_id', 'android_package', 'web_domain']) WITH ORDINALITY i(i, m) ORDER BY n, m;
SELECT t.try($$SELECT flagplane.create_sdk_app('apps', 'both', 'expo', 'com.example.both', 'com.example.both')$$);
-- Unique within project and platform, for each identifier.
SELECT t.try($$SELECT flagplane.create_sdk_app('apps', 'again', 'ios', 'com.example.ios')$$);
SELECT t.try($$SELECT flagplane.create_sdk_app('apps', 'again', 'expo', 'com.example.new', 'com.example.both')$$);
SELECT t.try($$SELECT flagplane.create_sdk_app('apps2', 'again', 'ios', 'com.example.ios')->>'name'$$);
-- Domains are folded and checked.
SELECT d, t.try(format('SELECT flagplane.create_sdk_app(%L, %L, %L, web_domain => %L)->>%L', 'apps', 'd', 'vite', d, 'webDomain'))
FROM unnest(ARRAY['Shop.Example.COM', 'shop.example.com', 'https://x.com', 'x.com:80', 'x.com/a', 'www.x.com', 'WWW.x.com', 'x',
	'-x.com', 'x..com', 'x.com.', '1.2.3.4', 'xn--bcher-kva.example', 'bücher.example', '', repeat('a', 64) || '.com']) d;
SELECT d, t.try(format('SELECT flagplane.create_sdk_app(%L, %L, %L, %L)->>%L', 'apps', 'b', 'ios', d, 'bundleId'))
FROM unnest(ARRAY['com.a-b.c_d', 'a b', '.a', 'a..b', 'a.', repeat('a', 254)]) d;
SELECT t.try($$SELECT flagplane.create_sdk_app(NULL, NULL, NULL)$$);
SELECT t.try($$SELECT flagplane.create_sdk_app('apps', repeat('n', 129), 'iOS', bundle_id => 'x y')$$);
-- The project by its id, with and without prefix, or its key.
SELECT flagplane.create_sdk_app(:'id', 'by id', 'flutter')->>'name';
SELECT flagplane.create_sdk_app('prj_' || :'id', 'by prefixed id', 'flutter')->>'name';
SELECT t.try($$SELECT flagplane.create_sdk_app('prj_00000000-0000-4000-8000-000000000000', 'x', 'flutter')$$);
SELECT t.try($$SELECT flagplane.create_sdk_app('nowhere', 'x', 'flutter')$$);
\set head '{"Idempotency-Key": "00000000-0000-4000-8000-000000000001"}'
SELECT * FROM t.rest('POST', '/v1/projects/apps/sdk-apps', '{"name": "x", "platform": "flutter"}', :'head');
SELECT * FROM t.rest('POST', '/v1/projects/00000000-0000-4000-8000-000000000000/sdk-apps', '{"name": "x", "platform": "flutter"}', :'head');
SELECT * FROM t.rest('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "x", "platform": "web", "bundleId": "x"}', :'head');
SELECT * FROM t.rest('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "x", "platform": "ios", "bundleId": "com.example.ios"}', :'head');
SELECT * FROM t.rest('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "x", "platform": "flutter", "appId": "app_1"}', :'head');
SELECT * FROM t.rest('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "x", "platform": "flutter"}', '{"Idempotency-Key": "1"}');
-- What is stored is the hash of the key alone.
SELECT flagplane.create_sdk_app('apps', 'hashed', 'flutter')->>'apiKey' AS api_key \gset
SELECT count(*) FROM flagplane_data.sdk_app WHERE api_key_hash = sha256(:'api_key'::bytea);
SELECT length(:'api_key'), :'api_key' ~ '^sk_app_[0-9A-Za-z]{43}$' AS form;

-- Pages by cursor: the whole list once, in order, whatever the page.
CREATE FUNCTION pg_temp.walk(project text, page int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	cursor text;
	answer json;
	names text[] := '{}';
	pages int := 0;
BEGIN
	LOOP
		answer := flagplane.list_sdk_apps(project, cursor, page);
		names := names || ARRAY(SELECT e->>'name' FROM json_array_elements(answer->'items') e);
		pages := pages + 1;
		cursor := answer->>'nextCursor';
		EXIT WHEN cursor IS NULL;
	END LOOP;
	RETURN format('%s pages, %s apps, %s names', pages, cardinality(names), (SELECT count(DISTINCT n) FROM unnest(names) n));
END
$$;
SELECT t.project('pages') IS NOT NULL AS made;
SELECT pg_temp.walk('pages', 3);
SELECT count(flagplane.create_sdk_app('pages', 'app ' || g, CASE WHEN g % 2 = 0 THEN 'expo' ELSE 'flutter' END)) FROM generate_series(1, 2) g;
SELECT pg_temp.walk('pages', 3);
SELECT count(flagplane.create_sdk_app('pages', 'app 3', 'expo'));
SELECT pg_temp.walk('pages', 3);
SELECT count(flagplane.create_sdk_app('pages', 'app 4', 'expo'));
SELECT pg_temp.walk('pages', 3), pg_temp.walk('pages', 1), pg_temp.walk('pages', 100);
SELECT json_array_length(flagplane.list_sdk_apps('pages', platform => 'expo')->'items');
SELECT flagplane.list_sdk_apps('pages', NULL, 1)->>'nextCursor' AS cursor \gset
SELECT t.try(format('SELECT flagplane.list_sdk_apps(%L, %L)', 'apps', :'cursor'));
SELECT t.try($$SELECT flagplane.list_sdk_apps('pages', 'x')$$);
SELECT t.try($$SELECT flagplane.list_sdk_apps('pages', "limit" => 101, platform => 'tv')$$);
SELECT t.try($$SELECT flagplane.list_sdk_apps('nowhere')$$);
SELECT t.try($$SELECT flagplane.get_sdk_app('apps', 'app_000000000000000000000000')$$);
SELECT * FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps?limit=0&cursor=%25');
SELECT status, body FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps/app_x');
SET flagplane.ingest_endpoint = 'https://in.example.com/events';
SELECT flagplane.create_sdk_app('apps', 'elsewhere', 'flutter')->>'ingestEndpoint';
RESET flagplane.ingest_endpoint;
