-- Titles, links and the names inside custom properties are read in one line as names are: no invisible characters.
\set VERBOSITY terse
\pset format unaligned
BEGIN;
SELECT t.project('visible') IS NOT NULL AND flagplane.create_flag('visible', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('visible', 'f', 'visible-link', deep_link => 'https://example.com/', title => 'T')->>'_id' AS link \gset
SELECT s, t.try(format(s, E'x\u202Ey'))
	FROM unnest(ARRAY[$$SELECT flagplane.create_flag_link('visible', 'f', 'a', title => %L)$$,
	$$SELECT flagplane.create_flag_link('visible', 'f', 'a', deep_link => 'https://example.com/' || %L)$$,
	$$SELECT flagplane.create_flag_link('visible', 'f', 'a', 'github', metadata => jsonb_build_object('repoUrl', 'https://example.com/' || %L))$$,
	$$SELECT flagplane.update_flag_link('visible', 'f', (SELECT id FROM flagplane_data.flag_link WHERE key = 'visible-link'),
		jsonb_build_array(jsonb_build_object('op', 'replace', 'path', '/title', 'value', %L)))$$,
	$$SELECT flagplane.create_flag('visible', 'a', 'A', custom_properties => jsonb_build_object('p', jsonb_build_object('name', %L, 'value', '[]'::jsonb)))$$,
	$$SELECT flagplane.update_flag('visible', 'f', jsonb_build_object('customProperties',
		jsonb_build_object('p', jsonb_build_object('name', %L, 'value', '[]'::jsonb))))$$]) s;
-- What was stored when they could hold more does not keep the rest from being changed.
UPDATE flagplane_data.flag_link SET title = E'T\u200B', deep_link = E'https://example.com/\u200B' WHERE key = 'visible-link';
UPDATE flagplane_data.flag SET custom_properties = '{"p": {"name": "\u200b", "value": []}}'
	WHERE key = 'f' AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'visible');
SELECT t.try(format('SELECT flagplane.update_flag_link(%L, %L, %L, %L)->>%L', 'visible', 'f', :'link',
		'[{"op": "replace", "path": "/description", "value": "D"}]', 'description')),
	t.try($$SELECT flagplane.update_flag('visible', 'f', '{"temporary": false}')->>'temporary'$$);
-- The settings of approvals are at most 64 KiB, however they grow; what does not grow is let by.
SELECT flagplane.update_environment('visible', 'test', jsonb_build_array(jsonb_build_object('op', 'add',
	'path', '/approvalSettings/serviceConfig', 'value', jsonb_build_object('a', repeat('x', 40000)))))->>'key' AS key;
SELECT t.try($$SELECT flagplane.update_environment('visible', 'test',
	'[{"op": "copy", "from": "/approvalSettings/serviceConfig", "path": "/approvalSettings/serviceConfig/b"}]')->>'key'$$);
UPDATE flagplane_data.environment SET approval_settings = jsonb_set(approval_settings, '{serviceConfig,b}', to_jsonb(repeat('y', 40000)))
	WHERE key = 'test' AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'visible');
SELECT t.try($$SELECT flagplane.update_environment('visible', 'test', '[{"op": "replace", "path": "/name", "value": "T"}]')->>'name'$$),
	t.try($$SELECT flagplane.update_environment('visible', 'test', '[{"op": "remove", "path": "/approvalSettings/serviceConfig/a"}]')->>'name'$$);
-- A project is made with 64 environments at most.
SELECT n, left(t.try(format('SELECT flagplane.create_project(%L, %L, environments => %L)->>%L', 'wide' || n, 'W', (SELECT jsonb_agg(jsonb_build_object(
	'key', 'e' || i, 'name', 'E', 'color', '000000')) FROM generate_series(1, n) i), 'key')), 80) FROM unnest(ARRAY[64, 65]) n;
-- The metadata of a link is at most 64 KiB, and a list that has no pages 64 MiB: what is there can still be had one by one.
SELECT n, t.try(format('SELECT flagplane.create_flag_link(%L, %L, %L, %L, metadata => %L)->>%L', 'visible', 'f', 'm' || n, 'github',
	jsonb_build_object('prBody', repeat('x', n)), '_key')) FROM unnest(ARRAY[65000, 66000]) n;
INSERT INTO flagplane_data.flag_link (account_id, id, flag_id, key, integration_key, timestamp, metadata, created_at)
	SELECT account_id, lpad(to_hex(n), 24, '0'), flag_id, 'm' || n, integration_key, timestamp, metadata, created_at
	FROM flagplane_data.flag_link, generate_series(1, 1040) n WHERE key = 'm65000';
SELECT t.try($$SELECT flagplane.list_flag_links('visible', 'f')$$), length(flagplane.get_flag_link('visible', 'f', 'm7')::text) > 65000 AS one;
INSERT INTO flagplane_data.layer (account_id, id, project_id, key, name, description, seed, created_at)
	SELECT account_id, lpad(to_hex(n), 24, '0'), id, 'l' || n, 'L', repeat(chr(1), 4096), '1', now()
	FROM flagplane_data.project, generate_series(1, 2800) n WHERE key = 'visible';
SELECT t.try($$SELECT flagplane.list_layers('visible')$$), flagplane.get_layer('visible', 'l7')->>'key' AS one;
ROLLBACK;
