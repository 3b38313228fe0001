-- If-Match: a list of entity tags, compared strongly, or *.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('if-match') IS NOT NULL AS made;
SELECT flagplane.create_flag('if-match', 'f', 'F') IS NOT NULL AS made;
-- The version is 1 until something is changed; these change nothing.
SELECT m, r.status, r.body->>'code' AS code
	FROM unnest(ARRAY['"1"', ' "1" ', '*', ' * ', '"1", "2"', '"2","1"', '"2",,"1",', 'W/"1", "1"', '"a,b", "1"', '"\"', E'"2"\t,\t"1"',
	'"2"', 'W/"1"', 'w/"1"', 'W/"1", W/"2"', '"11"', '"21"', '" 1"', '"1 "', '"W/"1""', '1', '''1''', '"1', '1"',
		'"2 "1" 3"', '"2""1"', '"2" "1"', '**', '*, "1"', ',', '', ' ', 'W/', '"01"', '"+1"']) WITH ORDINALITY u(m, n),
	flagplane.handle('PATCH', '/api/v2/flags/if-match/f', jsonb_build_object('If-Match', m), '[]') r ORDER BY n;
SELECT r.status FROM flagplane.handle('PATCH', '/api/v2/flags/if-match/f', jsonb_build_object('If-Match', repeat('"2", ', 20000) || '"1"'), '[]') r;
-- What is refused changes nothing, and the next version counts.
SELECT r.status, r.headers->>'ETag' AS etag
	FROM flagplane.handle('PATCH', '/api/v2/flags/if-match/f', '{"If-Match": "\"1\""}', '[{"op": "replace", "path": "/name", "value": "G"}]') r;
SELECT m, r.status
	FROM unnest(ARRAY['"1"', 'W/"2"', '"2"']) WITH ORDINALITY u(m, n), flagplane.handle('PATCH', '/api/v2/flags/if-match/f',
	jsonb_build_object('If-Match', m), '[{"op": "replace", "path": "/description", "value": "d"}]') r ORDER BY n;
-- If-Match applies to a deletion too.
SELECT m, r.status
	FROM unnest(ARRAY['W/"1"', '"12"', '"1"']) WITH ORDINALITY u(m, n), flagplane.handle('DELETE',
	'/api/v2/projects/if-match/environments/test', jsonb_build_object('If-Match', m)) r ORDER BY n;
-- A flag is boolean where its two values are true and false, whatever else they contain.
SELECT v, flagplane.create_flag('if-match', 'kind-' || n, 'K', variations => v::jsonb)->>'kind' AS kind
	FROM (VALUES (1, '[{"value": true}, {"value": false}]'), (2, '[{"value": false, "name": "off"}, {"value": true, "name": "on"}]'),
	(3, '[{"value": {"value": true}}, {"value": {"value": false}}]'), (4, '[{"value": {"value":true}}, {"value": false}]'),
		(5, '[{"value": "true"}, {"value": "false"}]'), (6, '[{"value": true}, {"value": 0}]'), (7,
		'[{"value": [{"value":true}]}, {"value": [{"value":false}]}]'),
	(8, '[{"value": true}, {"value": false}, {"value": null}]')) u(n, v) ORDER BY n;
