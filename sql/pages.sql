-- Lists: limits, pages and links, by SQL and by REST, of every operation that has them.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('pages-list') AS id \gset
SELECT count(flagplane.create_flag('pages-list', 'flag-' || g, 'Flag ' || g)) AS flags FROM generate_series(1, 5) g;
SELECT count(flagplane.create_environment('pages-list', 'env-' || g, 'Env ' || g, '000000')) AS environments FROM generate_series(1, 3) g;
-- Oldest first, and keys settle what was made at once.
SELECT string_agg(e->>'key', ' ') FROM json_array_elements(flagplane.list_flags('pages-list')->'items') e;
SELECT string_agg(e->>'key', ' ') FROM json_array_elements(flagplane.list_environments('pages-list')->'items') e;
-- The limit is NULL where PostgREST sends null: the default.
SELECT l->'_links', json_array_length(l->'items') FROM flagplane.list_flags('pages-list', NULL, NULL) l;
-- Pages: each link is there only if its page exists.
SELECT v.*, l->'totalCount' AS total, (SELECT string_agg(e->>'key', ' ') FROM json_array_elements(l->'items') e) AS items,
	(SELECT string_agg(key || ' ' || coalesce(substring(value->>'href' FROM '\?(.*)'), ''), ', ' ORDER BY ordinality)
		FROM json_each(l->'_links') WITH ORDINALITY) AS links
FROM (VALUES (5, 0), (4, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (1000, 0), (1,
	2147483647)) v("limit", "offset"), flagplane.list_flags('pages-list', v."limit", v."offset") l;
-- The links lead where they say: walking next from the first page shows each item once.
CREATE FUNCTION pg_temp.walk(uri text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page json;
	keys text[] := '{}';
	pages int := 0;
BEGIN
	WHILE uri IS NOT NULL LOOP
		SELECT body INTO page FROM flagplane.handle('GET', uri) WHERE status = 200;
		keys := keys || ARRAY(SELECT e->>'key' FROM json_array_elements(page->'items') e);
		uri := page->'_links'->'next'->>'href';
		pages := pages + 1;
	END LOOP;
	RETURN format('%s pages: %s', pages, array_to_string(keys, ' '));
END
$$;
SELECT pg_temp.walk('/api/v2/flags/pages-list?limit=2');
SELECT pg_temp.walk('/api/v2/projects/pages-list/environments?limit=2');
SELECT pg_temp.walk('/api/v2/projects/pages-list/environments');
-- Every limit refuses the same; found in the table of operations, so that none is forgotten.
CREATE FUNCTION pg_temp.limits() RETURNS TABLE (operation text, "limit" int, answer text) LANGUAGE plpgsql AS $$
BEGIN
	FOR operation, "limit" IN SELECT name, l FROM flagplane.operations(), unnest(ARRAY[-1, 0, 2147483647]) l
		WHERE arguments LIKE '%"limit" integer%' ORDER BY name, l LOOP
		answer := t.try(format('SELECT flagplane.%I(%s "limit" => %s)', operation, (SELECT string_agg(format('%I => %L,',
			a[1], CASE a[1] WHEN 'environment_key' THEN 'test' ELSE 'pages-list' END), ' ')
			FROM flagplane.operations() o, regexp_matches(o.arguments, '(project_key|project_id|environment_key) text', 'g') a WHERE o.name = operation), "limit"));
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.limits();
SELECT q, r.status, left(r.body::json->>'message', 60) AS message
	FROM unnest(ARRAY['limit=0', 'limit=1001', 'limit=-1', 'limit=1.5', 'limit=1e1', 'limit=x', 'offset=-1', 'limit=%zz',
	'limit=2&limit=x', 'offset=2147483648',
	'limit=0&offset=-1']) WITH ORDINALITY u(q, n), t.rest('GET', '/api/v2/flags/pages-list?' || q) r ORDER BY n;
SELECT q, r.status, r.body->>'error' IS NULL AS good
	FROM unnest(ARRAY['', '?', '?limit=', '?cursor=', '?platform=', '?LIMIT=x', '?a=%zz', '?limit=100', '?limit=101',
	'?platform=tv', '?cursor=x']) WITH ORDINALITY u(q, n),
	flagplane.handle('GET', '/v1/projects/' || :'id' || '/sdk-apps' || q) r ORDER BY n;
-- Empty lists, and lists of nothing.
SELECT t.try($$SELECT flagplane.list_layers('pages-list')$$);
SELECT t.try($$SELECT flagplane.list_sdk_apps('pages-list')$$);
SELECT t.try($$SELECT flagplane.list_flag_links('pages-list', 'flag-1')$$);
SELECT u, r.status
	FROM unnest(ARRAY['/api/v2/flags/nowhere', '/api/v2/projects/nowhere/environments', '/api/v2/projects/nowhere/layers',
	'/api/v2/projects/nowhere/environments/test/experiments',
	'/api/v2/projects/pages-list/environments/nothing/experiments', '/api/v2/flag-links/projects/nowhere/flags/flag-1',
	'/api/v2/flag-links/projects/pages-list/flags/nothing', '/v1/projects/00000000-0000-4000-8000-000000000000/sdk-apps']) u, t.rest('GET', u) r;
