-- Environments: every field, every refusal, clones.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('envs') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.create_environment('envs', 'plain', 'Plain', 'ff00FF')$$);
SELECT t.try($$SELECT flagplane.create_environment(project_key => 'envs', key => 'full', name => 'Full',
	color => '417505', default_ttl => 60, secure_mode => true, default_track_events => true,
	confirm_changes => true, require_comments => true, tags => '{ops,b,ops}', critical => true)$$);
-- One current key of each kind; the account is in both.
SELECT kind, count(*), count(DISTINCT substr(value, 5, 8)) FROM flagplane_data.environment_key GROUP BY kind ORDER BY kind \g /dev/null
SELECT k.kind, left(k.value, 4), substr(k.value, 5, 8) = lpad(to_hex(k.account_id), 8, '0') AS tells_account, k.expires_at
FROM flagplane_data.environment_key k JOIN flagplane_data.environment e ON e.id = k.environment_id
JOIN flagplane_data.project p ON p.id = e.project_id
WHERE p.key = 'envs' AND e.key = 'plain' ORDER BY kind;

SELECT t.try($$SELECT flagplane.create_environment('envs', 'plain', 'Again', '000000')$$);
SELECT t.try($$SELECT flagplane.create_environment('nowhere', 'plain', 'Again', '000000')$$);
SELECT t.try($$SELECT flagplane.create_environment(NULL, NULL, NULL, NULL)$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'x y', '', '#00000', default_ttl => 61, tags => '{a b}', source => '[]')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'x', 'X', '00000g', default_ttl => -1, tags => ARRAY[NULL])$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'x', 'X', '000000', tags => ARRAY[repeat('t', 65)])$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'x', 'X', '000000', tags => '{{a},{b}}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'x', 'X', '000000', tags => (SELECT array_agg('t' || g) FROM generate_series(1, 65) g))$$);

-- Clones: flags with their settings and rules, targets for single contexts not.
SELECT t.mask(flagplane.create_flag('envs', 'cloned', 'Cloned')::text) <> '' AS made;
UPDATE flagplane_data.flag_environment c SET is_on = true, fallthrough = '{"variation": 1}', off_variation = 0,
	rules = '[{"_id": "r1", "clauses": [], "variation": 1}]', targets = '[{"values": ["u1"], "variation": 0}]',
	prerequisites = '[{"key": "other", "variation": 0}]', track_events = false, version = 7
FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id
WHERE e.id = c.environment_id AND e.key = 'full' AND p.key = 'envs';
UPDATE flagplane_data.environment e SET version = 3, approval_settings = '{"required": true}'
FROM flagplane_data.project p WHERE p.id = e.project_id AND p.key = 'envs' AND e.key = 'full';
-- What the request leaves out is the source's; what it says is its own.
SELECT t.try($$SELECT flagplane.create_environment('envs', 'clone', 'Clone', '000000', default_ttl => 1,
	secure_mode => false, source => '{"key": "full", "version": 3}')$$);
SELECT e.key, c.is_on, c.fallthrough, c.off_variation, c.rules, c.targets, c.prerequisites,
	c.track_events, c.version, c.salt = s.salt AS same_salt, c.sel = s.sel AS same_sel
FROM flagplane_data.flag_environment c JOIN flagplane_data.environment e ON e.id = c.environment_id
JOIN flagplane_data.flag f ON f.id = c.flag_id
JOIN flagplane_data.flag_environment s ON s.flag_id = f.id
JOIN flagplane_data.environment se ON se.id = s.environment_id AND se.key = 'full'
WHERE f.key = 'cloned' AND e.key IN ('full', 'clone', 'plain') ORDER BY e.key;
-- The clone is independent: nothing of the source is shared.
SELECT count(DISTINCT k.value) FROM flagplane_data.environment_key k
JOIN flagplane_data.environment e ON e.id = k.environment_id JOIN flagplane_data.project p ON p.id = e.project_id
WHERE p.key = 'envs' AND e.key IN ('full', 'clone');
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{"key": "full", "version": 2}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{"key": "nowhere"}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'plain', 'Late', '000000', source => '{"key": "full"}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{"key": 1}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{"key": "full", "version": 1.5}')$$);
SELECT t.try($$SELECT flagplane.create_environment('envs', 'late', 'Late', '000000', source => '{"key": "full", "versoin": 3}')$$);
SELECT * FROM t.rest('POST', '/api/v2/projects/envs/environments',
	'{"key": "late", "name": "Late", "color": "000000", "source": {"key": "full", "version": 2}}');
SELECT * FROM t.rest('POST', '/api/v2/projects/envs/environments', '{"key": "late", "name": "Late", "color": "000000", "source": {"key": "nowhere"}}');

-- A new flag has a configuration in every environment, a new environment one for every flag.
SELECT t.try($$SELECT flagplane.create_flag('envs', 'second', 'Second', is_flag_on => true)$$) <> '' AS made;
SELECT t.try($$SELECT flagplane.create_environment('envs', 'last', 'Last', '000000', default_track_events => true)$$) <> '' AS made;
SELECT f.key, count(*), count(DISTINCT c.salt) AS salts, bool_and(c.is_on) AS all_on, bool_or(c.is_on) AS some_on
FROM flagplane_data.flag f JOIN flagplane_data.flag_environment c ON c.flag_id = f.id
JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = 'envs' GROUP BY f.key ORDER BY f.key;

SELECT * FROM t.rest('GET', '/api/v2/projects/envs/environments/plain');
SELECT * FROM t.rest('GET', '/api/v2/projects/envs/environments/nothing');
SELECT t.try($$SELECT flagplane.get_environment('nowhere', 'nothing')$$);
-- Pages.
SELECT string_agg(e->>'key', ' ') FROM json_array_elements(flagplane.list_environments('envs')->'items') e;
SELECT l->'totalCount', l->'_links' FROM flagplane.list_environments('envs', 2) l;
SELECT l->'totalCount', l->'_links' FROM flagplane.list_environments('envs', 2, 2) l;
SELECT l->'totalCount', l->'_links', json_array_length(l->'items') FROM flagplane.list_environments('envs', 2, 4) l;
SELECT l->'totalCount', l->'_links', json_array_length(l->'items') FROM flagplane.list_environments('envs', 2, 100) l;
SELECT t.try($$SELECT flagplane.list_environments('envs', 0, -1)$$);
SELECT t.try($$SELECT flagplane.list_environments('nowhere')$$);
SELECT status, headers, left(body, 60) AS body FROM t.rest('GET', '/api/v2/projects/envs/environments?limit=1&offset=x');
-- Sources of any shape.
SELECT s, t.try(format('SELECT flagplane.create_environment(%L, %L, %L, %L, source => %L)->>%L', 'envs', 'src', 'S', '000000', s, 'key'))
FROM unnest(ARRAY['{}', 'null', '"full"', '["full"]', '{"key": null}', '{"key": 1}', '{"key": ["full"]}', '{"key": ""}',
	'{"key": "nowhere"}', '{"key": "nowhere", "version": 9}', '{"version": 3}',
	'{"key": "full", "version": "3"}', '{"key": "full", "version": 3.5}', '{"key": "full", "version": 99999999999}',
		'{"key": "full", "version": 0}', '{"key": "full", "x": 1}']) s;
SELECT t.try($$SELECT flagplane.create_environment('envs', 'src', 'S', '000000', source => '{"key": "full", "version": 3.0}')->>'key'$$);
