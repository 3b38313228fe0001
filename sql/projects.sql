-- Projects: environments with them, rules, pages.
\set VERBOSITY terse
\pset format unaligned
SELECT t.try($$SELECT flagplane.create_project('proj-a', 'Project A')$$);
SELECT t.try($$SELECT flagplane.create_project('proj-b', 'B', tags => '{z,a,z}', include_in_snippet_by_default => true,
	default_client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": false}',
	environments => '[{"key": "only", "name": "Only", "color": "123456", "defaultTtl": 5, "tags": ["x"]}]')$$);
-- The keys of its environments are in no audit row.
SELECT count(*) FROM flagplane_data.audit_log WHERE after::text ~ '(sdk|mob)-[0-9a-f]{8}';
SELECT t.try($$SELECT flagplane.create_project('proj-a', 'Again')$$);
SELECT t.try($$SELECT flagplane.create_project(repeat('k', 101), '', environments => '[]', tags => '{é}', default_client_side_availability => '{"usingMobileKey": 1, "x": 2}')$$);
SELECT t.try($$SELECT flagplane.create_project('proj-c', 'C', environments => '{}')$$);
SELECT t.try($$SELECT flagplane.create_project('proj-c', 'C', environments => '[1]')$$);
SELECT t.try($$SELECT flagplane.create_project('proj-c', 'C', environments => '[{"key": "a", "name": "A", "color": "000000"}, {"key": "b b", "color": "x", "defaultTtl": 61, "colour": "y"}]')$$);
SELECT t.try($$SELECT flagplane.create_project('proj-c', 'C', environments => '[{"key": "a", "name": "A", "color": "000000"}, {"key": "a", "name": "A", "color": "000000"}]')$$);
-- All or nothing.
SELECT count(*) FROM flagplane_data.project WHERE key = 'proj-c';
SELECT * FROM t.rest('POST', '/api/v2/projects', '{"key": "proj-d", "name": "D", "environments": [{"key": "t", "name": "T", "color": "000000"}]}');
SELECT * FROM t.rest('POST', '/api/v2/projects', '{"key": "proj-d", "name": "D", "environments": [{}]}');
SELECT * FROM t.rest('GET', '/api/v2/projects/proj-b');
SELECT * FROM t.rest('GET', '/api/v2/projects/nothing');
SELECT (l->>'totalCount')::int >= 3, json_array_length(l->'items'), l->'_links'->'self' FROM flagplane.list_projects(2, 1) l;
SELECT status FROM t.rest('GET', '/api/v2/projects?limit=5&offset=1&unknown=1');
-- Environments of any shape; one may be the source of the next.
SELECT e, t.try(format('SELECT flagplane.create_project(%L, %L, environments => %L)->%L', 'proj-e', 'E', e, 'key'))
FROM unnest(ARRAY['[null]', '[[]]', '"x"', 'null',
	'[{"key": "a", "name": "A", "color": "000000", "projectKey": "p", "appId": "x"}]', '[{"key": "a", "name": "A", "color": "000000", "defaultTtl": 5.0}]',
	'[{"key": "a", "name": "A", "color": "000000"}, {"key": "b", "name": "B", "color": "000000", "source": {"key": "nowhere"}}]']) e;
SELECT e->>'key', e->>'defaultTtl' FROM json_array_elements(flagplane.create_project('proj-e', 'E',
	environments
		=> '[{"key": "a", "name": "A", "color": "000000", "defaultTtl": 7}, {"key": "b", "name": "B", "color": "000000", "source": {"key": "a"}}]')->'environments') e;
SELECT length(t.try(format('SELECT flagplane.create_project(%L, %L, environments => %L)', 'proj-f', 'F',
	(SELECT json_agg(json_build_object('key', 'e e')) FROM generate_series(1, 5000))))) <= 2010 AS bounded;
