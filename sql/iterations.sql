-- What an experiment's iteration is described to be is kept, and answered with in the documented shape; what it cannot be is refused.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('iterations') IS NOT NULL AS made;
SELECT f #>> '{variations,0,_id}' AS first, f #>> '{variations,1,_id}' AS second FROM flagplane.create_flag('iterations', 'button', 'Button') f \gset
CREATE FUNCTION pg_temp.make(key text, iteration text) RETURNS TABLE (status int, answer text) LANGUAGE sql AS $$
	SELECT h.status, t.mask(coalesce(h.body->>'message', h.body->>'currentIteration'))
		FROM flagplane.handle('POST', '/api/v2/projects/iterations/environments/test/experiments', '{}',
		format('{"key": "%s", "name": "N", "iteration": %s}', key, iteration)) h
$$;
-- Everything that can be said, as it comes back: from its making, from a look at it, and from a list.
SELECT * FROM pg_temp.make('all',
	replace(replace('{"hypothesis": "Green sells", "canReshuffleTraffic": false, "reallocationFrequencyMillis": 3600000, "primarySingleMetricKey": "sales", "randomizationUnit": "device", "attributes": ["country", "plan"],
	"metrics": [{"key": "sales"}, {"key": "funnel", "isGroup": true}, {"key": "speed", "isGroup": false, "primary": false}],
	"treatments": [{"name": "Red", "baseline": true, "allocationPercent": "33.3", "parameters": [{"flagKey": "button", "variationId": "v-0"}]}, {"name": "Green", "baseline": false, "allocationPercent": "66.7", "parameters": [{"flagKey": "button", "variationId": "v-1"}]}],
	"flags": {"button": {"ruleId": "fallthrough", "flagConfigVersion": 1, "notInExperimentVariationId": "v-0"}}}', 'v-0', :'first'), 'v-1', :'second'));
SELECT flagplane.get_experiment('iterations', 'test',
	'all')->>'currentIteration' = flagplane.list_experiments('iterations', 'test') #>> '{items,0,currentIteration}' AS the_same,
	json_array_length(flagplane.get_experiment('iterations', 'test', 'all') #> '{currentIteration,treatments}') AS treatments;
SELECT string_agg(m->>'key', ' ') AS secondary
	FROM json_array_elements(flagplane.get_experiment('iterations', 'test', 'all', 'secondaryMetrics') #> '{currentIteration,secondaryMetrics}') m;
SELECT m->>'key' AS secondary
	FROM json_array_elements(flagplane.list_experiments('iterations', 'test',
	expand => 'treatments,secondaryMetrics') #> '{items,0,currentIteration,secondaryMetrics}') m ORDER BY 1;
-- The parts that are given, and no others; by SQL too.
SELECT * FROM pg_temp.make('none', '{}');
SELECT * FROM pg_temp.make('funnel', '{"hypothesis": "", "primaryFunnelKey": "checkout", "treatments": [], "metrics": [], "attributes": []}');
SELECT * FROM pg_temp.make('old',
	'{"metrics": [{"key": "m", "primary": true}, {"key": "n"}], "treatments": [{"name": "T", "baseline": false, "allocationPercent": "0", "parameters": []}]}');
SELECT flagplane.get_experiment('iterations', 'test', 'old', 'secondaryMetrics') #>> '{currentIteration,secondaryMetrics}' AS secondary;
SELECT t.mask(flagplane.create_experiment('iterations', 'test', 'sql', 'N', iteration => '{"canReshuffleTraffic": true}')->>'currentIteration') AS by_sql;
-- It stays, whatever becomes of the experiment; the outcome is stored as well, and the start is in the audit log.
CREATE FUNCTION pg_temp.patch(instructions text) RETURNS int LANGUAGE sql AS $$
	SELECT h.status
		FROM flagplane.handle('PATCH', '/api/v2/projects/iterations/environments/test/experiments/all', '{}', format('{"instructions": %s}', instructions)) h
$$;
SELECT pg_temp.patch('[{"kind": "startIteration", "changeJustification": "All agreed"}]'),
	pg_temp.patch('[{"kind": "updateName", "value": "Renamed"}]'),
	pg_temp.patch('[{"kind": "stopIteration", "winningTreatmentId": "v-1", "winningReason": "It sold"}]'),
	pg_temp.patch('[{"kind": "stopIteration", "winningTreatmentId": "v-0", "winningReason": "Too late"}]'),
		pg_temp.patch('[{"kind": "archiveExperiment"}, {"kind": "restoreExperiment"}]');
SELECT i->>'status' AS status, i->>'winningTreatmentId' AS winner, i->>'winningReason' AS why,
	json_array_length(i->'treatments') AS treatments, i->>'canReshuffleTraffic' AS reshuffle
	FROM (SELECT flagplane.get_experiment('iterations', 'test', 'all')->'currentIteration') e(i);
SELECT comment FROM flagplane_data.audit_log WHERE operation = 'update_experiment' AND target LIKE 'proj/iterations:%' AND comment IS NOT NULL;
-- What it cannot be.
SELECT i, m.status, m.answer
	FROM unnest(ARRAY['{"hypothesis": 1}', '{"canReshuffleTraffic": "yes"}', '{"reallocationFrequencyMillis": -1}',
	'{"reallocationFrequencyMillis": 1.5}', '{"primaryFunnelKey": ""}', '{"covariateId": "c"}',
	'{"metrics": {}}', '{"metrics": [1]}', '{"metrics": [{}]}', '{"metrics": [{"key": "m", "isGroup": 1}]}',
		'{"metrics": [{"key": "m", "name": "M"}]}', '{"treatments": "all"}', '{"treatments": [{"name": "T"}]}',
	'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": 50, "parameters": []}]}',
		'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": "101", "parameters": []}]}',
		'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": "nan", "parameters": []}]}',
	'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": ".", "parameters": []}]}',
		'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": "10", "parameters": [{"flagKey": "button"}]}]}',
		'{"treatments": [{"name": "T", "baseline": true, "allocationPercent": "10", "parameters": [[]]}]}',
	'{"treatments": [{"name": "A", "baseline": true, "allocationPercent": "50.1", "parameters": []}, {"name": "B", "baseline": false, "allocationPercent": "50", "parameters": []}]}',
	'{"treatments": [{"name": "A", "baseline": true, "allocationPercent": "50", "parameters": []}, {"name": "B", "baseline": true, "allocationPercent": "50", "parameters": []}]}',
	'{"attributes": "x"}', '{"attributes": ["x", 1]}', '{"flags": {"button": 1}}', '{"flags": {"button": {"rule": "x"}}}',
		'{"flags": {"button": {"flagConfigVersion": "1"}}}', '{"flags": {"button": {"ruleId": ""}}}', '[]',
		'1']) WITH ORDINALITY u(i, n), pg_temp.make('bad', i) m ORDER BY n;
SELECT m.status, m.answer
	FROM unnest(ARRAY['metrics', 'treatments', 'attributes']) k, pg_temp.make('bad', format('{"%s": [%s]}', k,
	array_to_string(array_fill(CASE k WHEN 'metrics' THEN '{"key": "m"}' WHEN 'attributes' THEN '"a"'
	ELSE '{"name": "T", "baseline": false, "allocationPercent": "0", "parameters": []}' END, '{101}'), ','))) m;
SELECT count(*) AS made FROM json_array_elements(flagplane.list_experiments('iterations', 'test')->'items') e WHERE e->>'key' = 'bad';
