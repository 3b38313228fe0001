-- One set of limits for JSON for SQL and REST: what is stored can be answered, sent back and changed.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
SELECT t.project('limits') IS NOT NULL AS made;
-- The same value as a SQL argument, as a REST body, and as what each kind of patch makes of a flag that is there.
CREATE FUNCTION pg_temp.ways(value text) RETURNS TABLE (way text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	variations text := format('[{"value": %s}, {"value": "other"}]', value);
	body text := format('{"key": "rest", "name": "F", "variations": %s}', variations);
BEGIN
	way := 'sql';
	answer := left(regexp_replace(t.try(format('SELECT flagplane.create_flag(%L, %L, %L, variations => %L)->>%L', 'limits',
		'sql', 'F', variations, 'key')), '^XX.*', 'internal'), 140);
	RETURN NEXT;
	way := 'rest';
	SELECT r.status || ' ' || left(coalesce(r.body->>'message', r.body->>'key'), 140) INTO answer
		FROM flagplane.handle('POST', '/api/v2/flags/limits', '{}', body) r;
	RETURN NEXT;
	FOR way, body IN VALUES ('patch', format('[{"op": "replace", "path": "/variations/1/value", "value": %s}]', value)),
		('merge', format('{"variations": %s}', variations)) LOOP
		body := replace(body, '{"value": "other"}', format('{"_id": %s, "value": "other"}',
			flagplane.create_flag('limits', way, 'F', variations => '[{"value": 0}, {"value": 1}]')#>'{variations,1,_id}'));
		IF way = 'merge' THEN
			body := replace(body, '[{"value"', format('[{"_id": %s, "value"', flagplane.get_flag('limits', way)#>'{variations,0,_id}'));
		END IF;
		SELECT r.status || ' ' || left(coalesce(r.body->>'message', r.body->>'key'), 140) INTO answer
			FROM flagplane.handle('PATCH', '/api/v2/flags/limits/' || way, '{}', body) r;
		RETURN NEXT;
	END LOOP;
	-- What was taken can be changed.
	FOR way, answer IN SELECT 'change ' || f.key, r.status::text
		FROM flagplane_data.flag f, flagplane.handle('PATCH', '/api/v2/flags/limits/' || f.key, '{}', '{"temporary": false}') r
		WHERE f.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'limits') AND r.status <> 200 LOOP
		RETURN NEXT;
	END LOOP;
	PERFORM flagplane.delete_flag('limits', f.key) FROM flagplane_data.flag f WHERE f.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'limits');
END
$$;
-- Numbers: those that a double can represent, written out in at most 400 characters.
SELECT n, w.*
	FROM unnest(ARRAY['1e308', '1e400', '-1e309', '1e1000', '1e131071', '1e-300', '1e-390', '1e-399', '[[1e309]]', '{"a": 1e309}']) n, pg_temp.ways(n) w;
SELECT length(n) AS digits, w.* FROM unnest(ARRAY[repeat('9', 308), '0.' || repeat('3', 398), '0.' || repeat('3', 399)]) n, pg_temp.ways(n) w;
-- Depth: 64 with the body; a variation's value begins in the fourth.
SELECT d, w.* FROM unnest(ARRAY[61, 62, 6000]) d, pg_temp.ways(repeat('[', d) || repeat(']', d)) w;
SELECT d, w.* FROM unnest(ARRAY[61, 62]) d, pg_temp.ways(repeat('[', d) || '1' || repeat(']', d)) w;
SELECT t.try(format('SELECT flagplane.json_patch(%L, %L)', '{}', '[{"op": "add", "path": "/a", "value": 1e400}]')),
	t.try(format('SELECT flagplane.json_patch(%L, %L)', repeat('[', 65) || repeat(']', 65), '[]'));
-- A numeric cannot represent the sign of a zero, so it is dropped, by SQL and by REST.
SELECT flagplane.create_flag('limits', 'zero', 'Z', variations => '[{"value": -0}, {"value": -1}]')#>>'{variations,0,value}' AS sql;
SELECT body#>>'{variations,0,value}' AS rest
	FROM flagplane.handle('POST', '/api/v2/flags/limits', '{}', '{"key": "zero2", "name": "Z", "variations": [{"value": -0.0}, {"value": -1}]}');
SELECT body#>>'{variations,1,value}' AS patch
	FROM flagplane.handle('PATCH', '/api/v2/flags/limits/zero', '{}',
	'[{"op": "replace", "path": "/variations/0/value", "value": 1}, {"op": "replace", "path": "/variations/1/value", "value": -0}]');
-- Size, as it is answered: short numbers and escapes become long.
SELECT w.* FROM pg_temp.ways('[' || repeat('1e308,', 150000) || '1]') w;
SELECT w.* FROM pg_temp.ways('"' || repeat('\u0001', 170000) || '"') w;
SELECT t.try($$SELECT flagplane.create_flag('limits', 'control', 'C', variations => jsonb_build_array(jsonb_build_object('value', repeat(chr(1), 180000)), '{"value": 1}'::jsonb))$$);
SELECT t.try($$SELECT flagplane.create_flag('limits', 'large', 'L', variations => jsonb_build_array(jsonb_build_object('value', repeat('x', 1100000)), '{"value": 1}'::jsonb))$$);
-- Small in the request, too large in the answer, which has spaces.
SELECT t.try($$SELECT flagplane.create_flag('limits', 'spaces', 'S', variations => jsonb_build_array(jsonb_build_object('value', (SELECT jsonb_agg(1) FROM generate_series(1, 400000))), '{"value": 1}'::jsonb))$$);
-- Copies of a large rule end at 1 MiB of settings; what does not grow is let by.
SELECT flagplane.create_flag('limits', 'rules', 'R') IS NOT NULL AS made;
SELECT flagplane.update_flag('limits', 'rules', jsonb_build_array(jsonb_build_object('op', 'add', 'path', '/environments/test/rules/-', 'value',
	jsonb_build_object('variation', 0, 'clauses', jsonb_build_array(jsonb_build_object('attribute', 'a', 'op', 'in',
		'values', jsonb_build_array(repeat('x', 800000))))))))#>>'{environments,test,version}' AS version;
SELECT t.try($$SELECT flagplane.update_flag('limits', 'rules', '[{"op": "copy", "from": "/environments/test/rules/0", "path": "/environments/test/rules/-"}]')$$);
UPDATE flagplane_data.flag_environment SET rules = rules || rules WHERE length(rules::text) > 800000;
SELECT flagplane.update_flag('limits', 'rules', '[{"op": "replace", "path": "/environments/test/on", "value": true}]')#>>'{environments,test,on}' AS "on";
SELECT t.try($$SELECT flagplane.update_flag('limits', 'rules', '[{"op": "copy", "from": "/environments/test/rules/0", "path": "/environments/test/rules/-"}]')$$);
SELECT t.try($$SELECT flagplane.update_flag('limits', 'rules', '[{"op": "remove", "path": "/environments/test/rules/0"}]')#>>'{environments,test,on}'$$);
ROLLBACK;

-- JSON Patches: at most 1,000 operations, which are cheap whatever they are about.
SELECT t.try(format('SELECT flagplane.json_patch(%L, %L)', '[]', (SELECT json_agg(json_build_object('op', 'add', 'path', '/-', 'value', n))
	FROM generate_series(1, 1001) n)));
SELECT jsonb_array_length(flagplane.json_patch('[]', (SELECT jsonb_agg(jsonb_build_object('op', 'add', 'path', '/' || p, 'value', n))
	FROM generate_series(1, 1000) n))) AS elements FROM unnest(ARRAY['-', '0']) p;
SELECT p AS place, flagplane.json_patch((SELECT jsonb_agg(n) FROM generate_series(1, 100000) n), o)->500 AS element
	FROM (SELECT p, jsonb_agg(jsonb_build_object('op', 'remove', 'path', '/' || p))
		FROM unnest(ARRAY[0, 50000]) p, generate_series(1, 1000) GROUP BY p) x(p, o) ORDER BY p;
SELECT jsonb_array_length(flagplane.json_patch(d, o)) AS elements, jsonb_array_length(flagplane.json_patch(flagplane.json_patch(d, o), r)) AS again FROM
	(SELECT jsonb_agg(n) FROM generate_series(1, 500) n) x(d), (SELECT jsonb_agg('{"op": "remove", "path": "/7"}'::jsonb) FROM generate_series(1, 400)) y(o),
	(SELECT jsonb_agg(jsonb_build_object('op', 'add', 'path', '/3', 'value', 0)) FROM generate_series(1, 900)) z(r);
SELECT count(*) AS members, min(value::text) AS value
	FROM jsonb_each(flagplane.json_patch('{}', (SELECT jsonb_agg(jsonb_build_object('op', 'add', 'path', '/' || md5(n::text), 'value', n % 2 - n % 2))
	FROM generate_series(1, 1000) n)));
-- To move a large value often is refused by the work that it is.
SELECT t.try(format('SELECT flagplane.json_patch(jsonb_build_object(''a'', (SELECT jsonb_agg(n) FROM generate_series(1, 100000) n)), %L)',
	(SELECT jsonb_agg(jsonb_build_object('op', 'move', 'from', CASE n % 2 WHEN 1 THEN '/a' ELSE '/b' END, 'path',
		CASE n % 2 WHEN 1 THEN '/b' ELSE '/a' END) ORDER BY n) FROM generate_series(1, 1000) n)));
-- A replaced element keeps its place; the whole document can be replaced.
SELECT flagplane.json_patch('{"a": [1, 2, 3], "b": 1}',
	'[{"op": "replace", "path": "/a/1", "value": {"x": []}}, {"op": "add", "path": "/a/1/x/0", "value": 4}, {"op": "replace", "path": "/b", "value": null}]');

-- Pages end by bytes, and their links go on; in an account of its own.
SELECT flagplane.create_account('heavy', 'Heavy') IS NOT NULL AS made;
SET flagplane.account = 'heavy';
SELECT t.project('heavy') IS NOT NULL AS made;
SELECT count(flagplane.create_flag('heavy', 'f' || n, 'F', variations => jsonb_build_array(jsonb_build_object('value',
	repeat('x', 1000000)), '{"value": 1}'::jsonb))) AS made FROM generate_series(1, 12) n;
WITH RECURSIVE page(number, uri, body) AS (
	SELECT 1, '/api/v2/flags/heavy?limit=11', h.body FROM flagplane.handle('GET', '/api/v2/flags/heavy?limit=11') h
	UNION ALL SELECT number + 1, p.body#>>'{_links,next,href}', h.body
		FROM page p, flagplane.handle('GET', p.body#>>'{_links,next,href}') h WHERE p.body#>>'{_links,next,href}' IS NOT NULL)
SELECT number, json_array_length(body->'items') AS items, length(body::text) < 10000000 AS bounded,
	body->'totalCount' AS total, body#>>'{_links,next,href}' AS next, body#>>'{_links,last,href}' AS last,
	body#>>'{items,0,key}' AS first FROM page ORDER BY number;
-- So does the feed.
CREATE TEMP TABLE fed (number int, changes int, heavy int, bytes int, more boolean);
DO $$
DECLARE
	cursor text;
	answer json;
BEGIN
	FOR n IN 1..50 LOOP
		answer := flagplane.changes(cursor, 1000);
		INSERT INTO fed SELECT n, json_array_length(answer->'items'), (SELECT count(*)
			FROM json_array_elements(answer->'items') e WHERE e->>'target' LIKE 'proj/heavy:env/*:flag/%'), length(answer::text), (answer->>'hasMore')::boolean;
		cursor := answer->>'nextCursor';
		EXIT WHEN NOT (answer->>'hasMore')::boolean;
	END LOOP;
END
$$;
SELECT count(*) > 1 AS pages, sum(heavy) AS heavy, bool_and(bytes < 10000000) AS bounded, count(*) FILTER (WHERE NOT more) AS last FROM fed;
SELECT sum(changes) = (SELECT count(*) FROM flagplane_data.audit_log l
	JOIN flagplane_data.account a ON a.id = l.account_id WHERE a.key = 'heavy') AS all_told FROM fed;
RESET flagplane.account;
