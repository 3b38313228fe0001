-- What looks like something else is refused: numbers in query strings, doubled sorts, names that nobody can see.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('strict') IS NOT NULL AS made;
-- Whole numbers are digits, after a minus sign at most.
SELECT q, status, body->>'message' AS message
	FROM unnest(ARRAY['limit=5', 'limit=05', 'limit=%205', 'limit=5%20', 'limit=%2B5', 'limit=+5', 'limit=-5', 'limit=--5',
	'limit=-', 'limit=%095', 'limit=0x5', 'limit=5e0', 'limit=%D9%A5']) WITH ORDINALITY u(q, n), flagplane.handle('GET',
	'/api/v2/flags/strict?' || q, '{}') ORDER BY n;
SELECT s, t.try(format('SELECT flagplane.list_flags(%L, sort => %L)->%L', 'strict', s, 'totalCount'))
	FROM unnest(ARRAY['name,createdOn', '-name,createdOn', 'name,name', 'name,-name', '-name,createdOn,name']) s;
-- Names: no control characters, none that nothing shows, and not blank. Joiners and tags stay, which make emoji and words.
CREATE TEMP TABLE name (n int GENERATED ALWAYS AS IDENTITY, code text, name text);
INSERT INTO name (code, name) SELECT to_hex(c), 'a' || chr(c) || 'b'
	FROM unnest(ARRAY[1, 9, 10, 13, 31, 127, 133, 159, 160, 173, 847, 1564, 1536, 6158, 8203, 8204, 8205, 8206, 8207, 8232,
	8233, 8234, 8238, 8239, 8288, 8292, 8294, 8297, 8303, 65024, 65279, 65529, 65531, 119155, 917505, 917536, 57344, 1114109]) c;
INSERT INTO name (code, name) SELECT to_hex(c), repeat(chr(c), 2)
	FROM unnest(ARRAY[32, 160, 847, 4447, 5760, 8192, 8202, 8204, 8205, 8239, 8287, 10240, 12288, 12644, 65024, 65440, 917631, 46, 1536, 128512]) c;
SELECT n, code, t.try(format('SELECT flagplane.create_layer(%L, %L, %L, %L)->>%L', 'strict', 'l' || n, name, '', 'key')) AS answer FROM name ORDER BY n;
-- Everything that has a name, however it is given one.
SELECT flagplane.create_flag('strict', 'f', 'F') IS NOT NULL
	AND flagplane.create_layer('strict', 'l', 'L', '') IS NOT NULL AND flagplane.create_experiment('strict', 'test', 'e', 'E') IS NOT NULL AS made;
SELECT s, t.try(format(s, E'x\u202Ey'))
	FROM unnest(ARRAY[$$SELECT flagplane.create_account('a', %L)$$, $$SELECT flagplane.create_project('a', %L)$$,
	$$SELECT flagplane.create_environment('strict', 'a', %L, '000000')$$, $$SELECT flagplane.create_flag('strict', 'a', %L)$$,
	$$SELECT flagplane.create_experiment('strict', 'test', 'a', %L)$$, $$SELECT flagplane.create_access_token(%L, '{*}')$$,
		$$SELECT flagplane.create_member('a@example.com', 'reader', %L)$$, $$SELECT flagplane.create_member('a@example.com', 'reader', NULL, %L)$$,
	$$SELECT flagplane.create_sdk_app('strict', %L, 'expo')$$,
		$$SELECT flagplane.update_flag('strict', 'f', jsonb_build_object('name', %L))$$,
		$$SELECT flagplane.update_flag('strict', 'f', jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/name', 'value', %L)))$$,
	$$SELECT flagplane.update_flag('strict', 'f', jsonb_build_object('instructions', jsonb_build_array(jsonb_build_object('kind', 'updateName', 'value', %L))))$$,
		$$SELECT flagplane.update_layer('strict', 'l', jsonb_build_array(jsonb_build_object('kind', 'updateName', 'name', %L)))$$,
	$$SELECT flagplane.update_project('strict', jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/name', 'value', %L)))$$,
		$$SELECT flagplane.update_environment('strict', 'test', jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/name', 'value', %L)))$$]) s;
-- One that was stored when names could hold more does not keep the rest from being changed.
UPDATE flagplane_data.flag SET name = E'F\u200B' WHERE key = 'f' AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'strict');
SELECT t.try($$SELECT flagplane.update_flag('strict', 'f', '{"temporary": false}')->>'temporary'$$),
	t.try($$SELECT flagplane.update_flag('strict', 'f', '{"name": "G\u200b"}')->>'name'$$),
	t.try($$SELECT flagplane.update_flag('strict', 'f', '{"name": "G"}')->>'name'$$);
-- So for variations.
SELECT t.try($$SELECT flagplane.create_flag('strict', 'v', 'V', variations => '[{"value": 1, "name": "one"}, {"value": 2, "name": "tw\u202eo"}]')$$),
	t.try($$SELECT flagplane.create_flag('strict', 'v', 'V', variations => '[{"value": 1, "name": " "}, {"value": 2}]')$$),
	flagplane.create_flag('strict', 'v', 'V', variations => '[{"value": 1, "name": "one"}, {"value": 2, "name": ""}]')#>>'{variations,0,name}' AS name;
UPDATE flagplane_data.flag SET variations = jsonb_set(variations, '{1,name}', '"\u200b"') WHERE key = 'v'
	AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'strict');
SELECT t.try($$SELECT flagplane.update_flag('strict', 'v', '{"temporary": false}')->>'temporary'$$),
	t.try($$SELECT flagplane.update_flag('strict', 'v', '[{"op": "replace", "path": "/variations/0/name", "value": "\u200b"}]')$$);
-- A description has as many lines as it likes.
SELECT flagplane.update_flag('strict', 'f', '{"description": "one\ntwo\u202e"}')->>'name' AS name;
