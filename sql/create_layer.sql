-- Layers: every field, every refusal.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('layers') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.create_layer('layers', 'checkout', 'Checkout', 'All of checkout')$$);
SELECT t.try($$SELECT flagplane.create_layer(project_key => 'layers', key => 'pricing',
	name => 'Prix "net" \ é', description => '', randomization_unit => 'device')$$);
-- The seed is a random integer from 1 on, whoever writes it.
SELECT count(DISTINCT seed), min(seed) > 0 AS positive, pg_typeof(max(seed)) FROM flagplane_data.layer l
JOIN flagplane_data.project p ON p.id = l.project_id WHERE p.key = 'layers';
SELECT t.try($$UPDATE flagplane_data.layer SET seed = 0 WHERE key = 'checkout'$$);

SELECT t.try($$SELECT flagplane.create_layer('layers', 'checkout', 'Again', '')$$);
SELECT t.try($$SELECT flagplane.create_layer('nowhere', 'checkout', 'Again', '')$$);
SELECT t.try($$SELECT flagplane.create_layer(NULL, NULL, NULL, NULL)$$);
SELECT t.try($$SELECT flagplane.create_layer('layers', '-x', '', repeat('x', 4097), 'not a unit')$$);
SELECT t.try($$SELECT flagplane.create_layer('layers', repeat('k', 257), repeat('é', 257), '')$$);
SELECT t.try($$SELECT length(flagplane.create_layer('layers', repeat('k', 256), repeat('é', 256), repeat('é', 4096))::text)$$);
-- Keys differ in case.
SELECT t.try($$SELECT flagplane.create_layer('layers', 'Checkout', 'Another', '')$$);

SELECT t.try($$SELECT flagplane.get_layer('layers', 'pricing')$$);
SELECT t.try($$SELECT flagplane.get_layer('layers', 'nothing')$$);
SELECT t.try($$SELECT flagplane.get_layer('nowhere', 'nothing')$$);
SELECT e->>'key' FROM json_array_elements(flagplane.list_layers('layers')->'items') e WHERE length(e->>'key') < 20;
SELECT flagplane.list_layers('layers')->'totalCount', flagplane.list_layers('layers')->'_links';
SELECT t.try($$SELECT flagplane.list_layers('nowhere')$$);

-- By REST, in the dialect of LaunchDarkly.
SELECT * FROM t.rest('POST', '/api/v2/projects/layers/layers', '{"key": "checkout", "name": "n", "description": ""}');
SELECT * FROM t.rest('POST', '/api/v2/projects/nowhere/layers', '{"key": "checkout", "name": "n", "description": ""}');
SELECT * FROM t.rest('POST', '/api/v2/projects/layers/layers', '{"key": "a b", "name": 1}');
SELECT * FROM t.rest('GET', '/api/v2/projects/layers/layers/checkout');
SELECT * FROM t.rest('GET', '/api/v2/projects/layers/layers/nothing');
