-- What the published clients send beside what the core needs: a flag's maintainer, what it needs from the start,
-- another flag to be like; patches of members that are left out where they have no value; an experiment's iteration.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('clients') IS NOT NULL AS made;
SELECT flagplane.create_member('clients@example.com')->>'_id' AS member_id \gset
SELECT flagplane.create_account('clients', 'Clients') IS NOT NULL AS made;
SET flagplane.account = 'clients';
SELECT flagplane.create_member('other@example.com')->>'_id' AS stranger_id \gset
RESET flagplane.account;
-- A request and what is asked for of its answer, or its error.
CREATE FUNCTION pg_temp.ask(method text, path text, body text DEFAULT NULL, VARIADIC wanted text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, (SELECT string_agg(t.mask((r.body::jsonb #> string_to_array(w, '.'))::text), ' '
		ORDER BY n) FROM unnest(wanted) WITH ORDINALITY u(w, n)),
		r.body->>'code' || ': ' || (r.body->>'message'))
	FROM flagplane.handle(method, '/api/v2/' || path, '{}', body) r
$$;

-- A maintainer: the one who is named, else who calls.
SELECT pg_temp.ask('POST', 'flags/clients', format('{"key": "kept", "name": "Kept", "maintainerId": "%s"}', :'member_id'), 'deprecated') AS kept;
SELECT flagplane.get_flag('clients', 'kept')->>'maintainerId' = :'member_id' AS named;
SELECT flagplane.create_flag('clients', 'nobody', 'Nobody')::jsonb ? 'maintainerId' AS nobody;
SELECT flagplane.create_access_token('clients', role => 'admin', member_id => :'member_id')->>'token' AS token \gset
SELECT (body->>'maintainerId') = :'member_id' AS who_calls
	FROM flagplane.handle('POST', '/api/v2/flags/clients', jsonb_build_object('Authorization', :'token'), '{"key": "mine", "name": "Mine"}');
SELECT replace(pg_temp.ask('POST', 'flags/clients', format('{"key": "x", "name": "X", "maintainerId": "%s"}', m)), m, '<id>')
	FROM unnest(ARRAY['', 'zz', '000000000000000000000000', :'stranger_id']) m;
SELECT pg_temp.ask('POST', 'flags/clients', '{"key": "x", "name": "X", "maintainerId": 1, "maintainerTeamKey": "t", "purpose": "migration"}');

-- includeInSnippet is the older name of usingEnvironmentId, and comes second.
SELECT pg_temp.ask('POST', 'flags/clients', '{"key": "snippet", "name": "S", "includeInSnippet": true}', 'clientSideAvailability');
SELECT pg_temp.ask('POST', 'flags/clients',
	'{"key": "both", "name": "B", "includeInSnippet": true, "clientSideAvailability": {"usingEnvironmentId": false}}', 'clientSideAvailability');

-- Prerequisites from the start, in every environment, by the variations' ids.
SELECT flagplane.get_flag('clients', 'kept')#>>'{variations,1,_id}' AS variation_id \gset
SELECT pg_temp.ask('POST', 'flags/clients',
	format('{"key": "needing", "name": "N", "initialPrerequisites": [{"key": "kept", "variationId": "%s"}]}',
	:'variation_id'), 'environments.test.prerequisites', 'environments.production.prerequisites');
SELECT pg_temp.ask('POST', 'flags/clients', '{"key": "needing-none", "name": "N", "initialPrerequisites": []}', 'environments.test.prerequisites');
SELECT pg_temp.ask('DELETE', 'flags/clients/kept');
SELECT pg_temp.ask('POST', 'flags/clients', '{"key": "x", "name": "X", "initialPrerequisites": ' || replace(p, '<v>', :'variation_id') || '}')
FROM unnest(ARRAY['{}', '1', '"x"', '[1]', '[{}]', '[{"key": "kept"}]', '[{"key": "kept", "variationId": 1}]',
	'[{"key": "kept", "variationId": "<v>", "more": 1}]',
	'[{"key": "kept", "variationId": "x"}]', '[{"key": "none", "variationId": "<v>"}]',
		'[{"key": "nobody", "variationId": "<v>"}]', '[{"key": "x", "variationId": "<v>"}]']) p;

-- A clone has the settings of the other in every environment, and what is left out.
SELECT pg_temp.ask('POST', 'flags/clients',
	'{"key": "first", "name": "First", "description": "d", "temporary": false, "tags": ["t"], "variations": [{"value": 1, "name": "one"}, {"value": 2}, {"value": 3}], "defaults": {"onVariation": 1, "offVariation": 0}, "customProperties": {"a": {"name": "A", "value": ["b"]}}}');
SELECT pg_temp.ask('PATCH', 'flags/clients/first',
	'[{"op": "replace", "path": "/environments/test/on", "value": true}, {"op": "add", "path": "/environments/test/targets/-", "value": {"values": ["ann"], "variation": 2}},
	{"op": "add", "path": "/environments/test/rules/-", "value": {"variation": 0, "clauses": [{"attribute": "a", "op": "in", "values": [1], "negate": false}]}}, {"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "nobody", "variation": 0}},
	{"op": "remove", "path": "/environments/test/offVariation"}, {"op": "replace", "path": "/environments/test/trackEvents", "value": true}]');
SELECT pg_temp.ask('POST', 'flags/clients?clone=first', '{"key": "second", "name": "Second"}', 'kind', 'description',
	'temporary', 'tags', 'variations', 'defaults', 'customProperties', 'archived');
SELECT a.key, a.value->'on' IS NOT DISTINCT
	FROM b.value->'on' AS same_on,
	(a.value - '{salt,sel,_site,lastModified,version}'::text[]) = (b.value - '{salt,sel,_site,lastModified,version}'::text[]) AS same,
	a.value->>'salt' = b.value->>'salt' AS same_salt, b.value->'version' AS version
FROM jsonb_each(flagplane.get_flag('clients', 'first')::jsonb->'environments') a
	JOIN jsonb_each(flagplane.get_flag('clients', 'second')::jsonb->'environments') b USING (key) ORDER BY a.key;
SELECT count(DISTINCT v->>'_id') AS ids FROM unnest('{first,second}'::text[]) f, json_array_elements(flagplane.get_flag('clients', f)->'variations') v;
-- What is given goes first; variations have their places from the settings, so there must be as many.
SELECT flagplane.create_flag('clients', 'third', 'Third', 'other', '[{"value": "a"}, {"value": "b"}, {"value": "c"}]',
	true, '{}', '{"onVariation": 2, "offVariation": 2}', true, initial_prerequisites => '[]', clone => 'first')::jsonb
	#- '{environments,test,rules}' #>> '{variations,2,value}' AS value;
SELECT c.is_on, c.prerequisites, f.on_variation FROM flagplane_data.flag f JOIN flagplane_data.flag_environment c ON c.flag_id = f.id WHERE f.key = 'third';
SELECT pg_temp.ask('POST', 'flags/clients?clone=first', '{"key": "x", "name": "X", "variations": [{"value": 1}, {"value": 2}]}');
SELECT pg_temp.ask('POST', 'flags/clients?clone=first', '{"key": "x", "name": "X", "defaults": {"onVariation": 0, "offVariation": 3}}');
SELECT pg_temp.ask('POST', 'flags/clients?clone=none', '{"key": "x", "name": "X"}'), pg_temp.ask('POST', 'flags/clients?clone=', '{"key": "x", "name": "X"}');
SELECT pg_temp.ask('POST', 'flags/clients?clone=first', '{"key": "first", "name": "X"}'), pg_temp.ask('POST',
	'flags/nowhere?clone=first', '{"key": "x", "name": "X"}');

-- A patch may replace what is left out where it has no value; removing it is another thing.
SELECT pg_temp.ask('PATCH', 'flags/clients/first',
	format('{"comment": "Terraform", "patch": [{"op": "replace", "path": "/name", "value": "F"}, {"op": "replace", "path": "/description", "value": ""}, {"op": "replace", "path": "/tags", "value": []},
	{"op": "replace", "path": "/temporary", "value": false}, {"op": "replace", "path": "/archived", "value": false}, {"op": "replace", "path": "/deprecated", "value": true}, {"op": "replace", "path": "/customProperties", "value": {}},
	{"op": "replace", "path": "/variations/0/value", "value": 10}, {"op": "replace", "path": "/variations/1/name", "value": "two"}, {"op": "replace", "path": "/variations/1/description", "value": "the second"}, {"op": "replace", "path": "/variations/0/name", "value": null},
	{"op": "replace", "path": "/maintainerId", "value": "%s"}, {"op": "replace", "path": "/environments/test/offVariation", "value": 1}]}',
		:'member_id'), 'deprecated', 'variations', 'environments.test.offVariation');
SELECT flagplane.get_flag('clients', 'first')->>'maintainerId' = :'member_id' AS maintained;
SELECT pg_temp.ask('PATCH', 'flags/clients/first', p, 'maintainerId')
	FROM unnest(ARRAY['[{"op": "remove", "path": "/maintainerId"}]', '[{"op": "remove", "path": "/maintainerId"}]',
	'[{"op": "replace", "path": "/maintainerId", "value": "nobody"}]', '[{"op": "replace", "path": "/maintainerTeamKey", "value": "t"}]',
	'[{"op": "replace", "path": "/nowhere/at/all", "value": 1}]',
		'[{"op": "replace", "path": "/variations/7", "value": {"value": 7}}]', '[{"op": "replace", "path": "/deprecated", "value": 1}]']) p;
-- Terraform's provider resets the settings of an environment, with a name of its own for fallthrough.
SELECT pg_temp.ask('PATCH', 'flags/clients/first',
	'{"comment": "Terraform", "patch": [{"op": "replace", "path": "/environments/test/on", "value": false}, {"op": "replace", "path": "/environments/test/rules", "value": []}, {"op": "replace", "path": "/environments/test/trackEvents", "value": false},
	{"op": "replace", "path": "/environments/test/prerequisites", "value": []}, {"op": "replace", "path": "/environments/test/offVariation", "value": 0}, {"op": "replace", "path": "/environments/test/targets", "value": []}, {"op": "replace", "path": "/environments/test/contextTargets", "value": []},
	{"op": "replace", "path": "/environments/test/fallthough", "value": {"variation": 0}}]}', 'environments.test.on',
		'environments.test.rules', 'environments.test.fallthrough', 'environments.test.fallthough');

-- An experiment with its iteration: flag, unit and hypothesis are kept.
SELECT pg_temp.ask('POST', 'projects/clients/environments/test/experiments',
	format('{"key": "colour", "name": "Colour", "description": "d", "maintainerId": "%s", "iteration": {"hypothesis": "Red sells", "canReshuffleTraffic": true, "metrics": [{"key": "m", "isGroup": false, "primary": true}],
	"primarySingleMetricKey": "m", "treatments": [{"name": "T", "baseline": true, "allocationPercent": "10", "parameters": [{"flagKey": "first", "variationId": "%s"}]}], "flags": {"first": {"ruleId": "fallthrough", "flagConfigVersion": 1}}, "randomizationUnit": "device", "attributes": ["a"]}}',
		:'member_id', flagplane.get_flag('clients', 'first') #>> '{variations,0,_id}'),
	'currentIteration', 'description');
SELECT flagplane.get_experiment('clients', 'test', 'colour')->>'_maintainerId' = :'member_id' AS named;
SELECT pg_temp.ask('POST', 'projects/clients/environments/test/experiments',
	'{"key": "plain", "name": "P", "iteration": {"hypothesis": "", "metrics": [], "treatments": [], "flags": {}}}',
	'_maintainerId', 'currentIteration.hypothesis', 'currentIteration.randomizationUnit', 'currentIteration.flags');
SELECT pg_temp.ask('POST', 'projects/clients/environments/test/experiments',
	'{"key": "same", "name": "S", "flagKey": "first", "randomizationUnit": "device", "iteration": {"flags": {"first": {}}, "randomizationUnit": "device"}}',
	'currentIteration.flags', 'currentIteration.randomizationUnit');
SELECT left(i, 60) AS iteration, pg_temp.ask('POST', 'projects/clients/environments/test/experiments',
	format('{"key": "x", "name": "X", "flagKey": "second", "randomizationUnit": "account", "iteration": %s}', i))
FROM unnest(ARRAY['[]', '{"hypotesis": ""}', '{"hypothesis": 1}', format('{"hypothesis": "%s"}', repeat('x', 4097)),
	'{"flags": []}', '{"flags": {"second": {}, "third": {}}}', '{"flags": {"first": {}}}', '{"randomizationUnit": 1}',
	'{"randomizationUnit": "a b"}', '{"randomizationUnit": "device"}']) i;
SELECT pg_temp.ask('POST', 'projects/clients/environments/test/experiments',
	'{"key": "x", "name": "X", "iteration": {"flags": {"none": {}}}}'), pg_temp.ask('POST',
	'projects/clients/environments/test/experiments', '{"key": "x", "name": "X", "maintainerId": "none"}');

-- Terraform's provider wants the version that a token has by default, whether one was given or not.
SELECT pg_temp.ask('POST', 'tokens', '{"name": "clients-version", "role": "reader", "serviceToken": true}', 'defaultApiVersion') AS version;
SELECT id AS token_id FROM flagplane_data.access_token WHERE name = 'clients-version' \gset
SELECT pg_temp.ask('PATCH', 'tokens/' || :'token_id', p, 'defaultApiVersion') AS patched
	FROM unnest(ARRAY['[{"op": "replace", "path": "/defaultApiVersion", "value": 20220603}]',
	'[{"op": "remove", "path": "/defaultApiVersion"}]', '[{"op": "replace", "path": "/defaultApiVersion", "value": 1}]']) p;
-- It encodes the value of a filter before the query string: an address is found as it is, encoded, and encoded in lower case.
SELECT f, pg_temp.ask('GET', 'members?filter=' || f, NULL, 'totalCount') AS found
	FROM unnest(ARRAY['query:clients%40example.com', 'query:clients%2540example.com', 'email:clients%2540example%252ecom', 'query:clients%2540example.net']) f;
-- What is no encoded UTF-8 is looked for as it is.
SELECT flagplane.create_member('odd@example.com', first_name => '100%zz %4 %ff %00') IS NOT NULL AS made;
SELECT f, json_array_length(flagplane.list_members(filter => f)->'items') AS found
	FROM unnest(ARRAY['query:100%zz', 'query:%4 ', 'query:%ff', 'query:%00', 'query:%31%30%30%25', 'query:%c3%a9', 'query:%']) f;
