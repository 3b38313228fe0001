-- PATCH of flags: JSON Patch, merge patch and instructions, settings in the environments, versions.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('patching') IS NOT NULL AS made;
SELECT flagplane.create_flag('patching', 'f', 'F',
	variations => '[{"value": "a", "name": "A"}, {"value": {"b": [1]}}, {"value": null}]',
	defaults => '{"onVariation": 0, "offVariation": 2}', tags => '{x}')->>'kind' AS kind;
SELECT flagplane.create_flag('patching', 'needed', 'Needed') IS NOT NULL AS made;
-- What a patch answers: status, versions of the flag and its environments, and what is asked for, or the error.
CREATE FUNCTION pg_temp.patch(body text, path text DEFAULT NULL, headers jsonb DEFAULT '{}', flag text DEFAULT 'f') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, r.headers->>'ETag', b #> '{environments,test,version}',
		b #> '{environments,production,version}', t.mask((b #> string_to_array(path, '.'))::text),
		b->>'code' || ': ' || (b->>'message'))
	FROM flagplane.handle('PATCH', '/api/v2/flags/patching/' || flag, headers, body) r, LATERAL (SELECT r.body::jsonb) j(b)
$$;
-- The documented forms; what the clients send.
SELECT pg_temp.patch('{"patch": [{"op": "replace", "path": "/description", "value": "New description for this flag"}]}', 'description');
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/production/on", "value": true}]', 'environments.production.on');
SELECT pg_temp.patch('{"temporary": false}', 'temporary');
SELECT pg_temp.patch('{"environments": {"production": {"on": false}}, "description": null}', 'description',
	'{"Content-Type": "application/merge-patch+json"}');
SELECT pg_temp.patch('{"comment": "c", "merge": {"tags": ["y", "x"]}}', 'tags');
SELECT pg_temp.patch('{"comment": "on", "environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}',
	'environments.test.on', '{"Content-Type": "application/json; domain-model=launchdarkly.semanticpatch"}');
SELECT pg_temp.patch('{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}, {"kind": "updateName", "value": "Named"}, {"kind": "updateDescription", "value": "d"}, {"kind": "addTags", "values": ["z", "x"]}, {"kind": "removeTags", "values": ["y", "none"]}]}',
	'tags');
SELECT pg_temp.patch('{"instructions": [{"kind": "archiveFlag"}]}', 'environments.test.archived'),
	pg_temp.patch('{"instructions": [{"kind": "restoreFlag"}]}', 'archived');
SELECT pg_temp.patch('[{"op": "replace", "path": "/name", "value": "F"}, {"op": "replace", "path": "/customProperties", "value": {"jira": {"name": "Jira", "value": ["A-1"]}}}, {"op": "replace", "path": "/clientSideAvailability/usingEnvironmentId", "value": true}]',
	'customProperties');
SELECT flagplane.update_flag('patching', 'f',
	'[{"op": "test", "path": "/_version", "value": 11}, {"op": "replace", "path": "/name", "value": "G"}]')->'_version' AS version;
SELECT t.mask(flagplane.get_flag('patching', 'f', 'test')::text);
-- By its version; a patch that changes nothing leaves it.
SELECT pg_temp.patch('{"name": "H"}', 'name', '{"If-Match": "\"3\""}'), pg_temp.patch('{"name": "H"}', 'name', '{"If-Match": "\"12\""}');
SELECT pg_temp.patch('{"name": "H"}', 'name'), pg_temp.patch('{"instructions": []}', 'name'), pg_temp.patch('[]', 'name');
SELECT t.try($$SELECT flagplane.update_flag('patching', 'f', '[{"op": "test", "path": "/environments/test/version", "value": 9}]')$$);
SELECT count(*) AS changes, count(comment) AS comments FROM flagplane_data.audit_log WHERE operation = 'update_flag' AND target LIKE 'proj/patching:%';

-- Settings.
SELECT pg_temp.patch('[{"op": "add", "path": "/environments/test/targets/-", "value": {"values": ["anna"], "variation": 1}},
	{"op": "replace", "path": "/environments/test/fallthrough", "value": {"rollout": {"variations": [{"variation": 0, "weight": 60000}, {"variation": 1, "weight": 40000}], "bucketBy": "key"}}},
	{"op": "add", "path": "/environments/test/rules/0", "value": {"variation": 2, "clauses": [{"attribute": "country", "op": "in", "values": ["de"], "negate": false}], "description": "d"}},
	{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "needed", "variation": 0}}, {"op": "remove", "path": "/environments/test/offVariation"}, {"op": "replace", "path": "/environments/test/trackEvents", "value": true}]',
		'environments.test');
SELECT flagplane.get_flag('patching', 'f')#>>'{environments,test,rules,0,_id}' = flagplane.update_flag('patching', 'f',
	'[{"op": "replace", "path": "/environments/test/rules/0/description", "value": "e"}]')#>>'{environments,test,rules,0,_id}' AS keeps_its_id;
SELECT (flagplane.get_flag('patching', 'f')#>>'{environments,test,rules,0,_id}') ~ '^[0-9a-f-]{36}$' AS has_an_id;
SELECT t.try($$SELECT flagplane.delete_flag('patching', 'needed')$$);
SELECT pg_temp.patch('[{"op": "copy", "from": "/environments/test/prerequisites", "path": "/environments/production/prerequisites"}]',
	'environments.production.prerequisites');
SELECT key, c.version FROM flagplane_data.flag_environment c
	JOIN flagplane_data.environment e ON e.id = c.environment_id WHERE flag_id = (SELECT id FROM flagplane_data.flag
	WHERE key = 'f' AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'patching')) ORDER BY key;

-- Variations: those that are there keep their ids and places, new ones come after them, unused ones may go from the end.
SELECT flagplane.get_flag('patching', 'f')#>>'{variations,0,_id}' AS first_id \gset
SELECT pg_temp.patch('[{"op": "add", "path": "/variations/-", "value": {"value": 4, "name": "four"}}]', 'variations');
SELECT flagplane.get_flag('patching', 'f')#>>'{variations,0,_id}' = :'first_id' AS keeps_its_id;
SELECT pg_temp.patch('[{"op": "remove", "path": "/variations/3"}, {"op": "replace", "path": "/variations/0/name", "value": "Alpha"}]', 'variations.0.name');
SELECT b, pg_temp.patch(b)
	FROM unnest(ARRAY['[{"op": "remove", "path": "/variations/0"}]',
	'[{"op": "remove", "path": "/variations/2"}, {"op": "replace", "path": "/defaults/offVariation", "value": 0}]',
	'[{"op": "remove", "path": "/variations/2"}]', '[{"op": "add", "path": "/variations/0", "value": {"value": 4}}]',
		'[{"op": "add", "path": "/variations/-", "value": {"value": "a"}}]',
	'[{"op": "add", "path": "/variations/-", "value": {"value": 5, "_id": "00000000-0000-4000-8000-000000000000"}}]',
		'[{"op": "replace", "path": "/variations/0/_id", "value": "x"}]', '[{"op": "remove", "path": "/variations"}]',
	'[{"op": "replace", "path": "/defaults/onVariation", "value": 3}]']) b;
SELECT pg_temp.patch('{"variations": [{"value": true}, {"value": false}]}', 'kind', '{}', 'needed');

-- Refused, and everything is as it was.
SELECT flagplane.get_flag('patching', 'f')::text AS before \gset
SELECT b, pg_temp.patch(b) FROM unnest(ARRAY[
	'{"name": ""}', '{"key": "g"}', '{"kind": "boolean"}', '{"_version": 99}', '{"archived": "yes"}', '{"archived": null}',
		'{"unknown": 1}', '{"tags": ["a b"]}', '{"temporary": "no"}', '{"environments": null}', '{"environments": {"test": null}}',
	'{"environments": {"other": {"on": true}}}', '{"environments": {"test": 1}}', '{"environments": {"test": {"on": 1}}}',
		'{"environments": {"test": {"salt": "x"}}}', '{"environments": {"test": {"version": 1}}}', '{"environments": {"test": {"more": 1}}}',
	'{"environments": {"test": {"contextTargets": [1]}}}', '{"environments": {"test": {"fallthrough": null}}}',
		'{"environments": {"test": {"fallthrough": {"variation": 3}}}}', '{"environments": {"production": {"fallthrough": {"variation": -1}}}}',
	'{"environments": {"production": {"fallthrough": {"variation": null}}}}',
		'{"environments": {"production": {"fallthrough": {"rollout": {}}}}}',
		'{"environments": {"test": {"fallthrough": {"rollout": {"variations": [{"variation": 0, "weight": 1}]}}}}}',
	'{"environments": {"test": {"fallthrough": {"rollout": {"variations": [{"variation": 3, "weight": 100000}]}}}}}',
		'{"environments": {"test": {"fallthrough": {"rollout": {"variations": [{"variation": 1, "weight": 100001}]}}}}}',
		'{"environments": {"test": {"offVariation": 3}}}',
	'{"environments": {"test": {"targets": {}}}}',
		'{"environments": {"test": {"targets": [{"values": [1], "variation": 0}]}}}',
		'{"environments": {"test": {"targets": [{"values": [], "variation": 0, "more": 1}]}}}', '{"environments": {"test": {"rules": 1}}}',
	'{"environments": {"test": {"rules": [{}]}}}', '{"environments": {"test": {"rules": [{"variation": 0}]}}}',
		'{"environments": {"test": {"rules": [{"variation": 0, "clauses": [{"attribute": 1}]}]}}}',
		'{"environments": {"test": {"rules": [{"variation": 0, "clauses": [], "x": 1}]}}}',
	'{"environments": {"test": {"prerequisites": [{"key": "nosuch", "variation": 0}]}}}',
		'{"environments": {"test": {"prerequisites": [{"key": "needed", "variation": 2}]}}}',
		'{"environments": {"test": {"prerequisites": [{"key": "f", "variation": 0}]}}}',
	'{"environments": {"test": {"prerequisites": [{"key": 1}]}}}', '{"environments": {"test": {"trackEvents": null}}}',
	'{"customProperties": {"": {"name": "x", "value": []}}}', '{"customProperties": {"a": {"name": "x"}}}',
		'{"customProperties": {"a": {"name": "", "value": []}}}', '{"customProperties": {"a": {"name": "x", "value": [1]}}}',
		'{"clientSideAvailability": {"usingMobileKey": 1}}',
	'{"instructions": {}}', '{"instructions": [1]}', '{"instructions": [{"kind": "explode"}]}',
		'{"instructions": [{"kind": "turnFlagOn"}]}',
		'{"environmentKey": "nosuch", "instructions": [{"kind": "turnFlagOn"}, {"kind": "turnFlagOff"}]}', '{"instructions": [{"kind": "updateName"}]}',
	'{"instructions": [{"kind": "updateName", "value": ""}]}', '{"instructions": [{"kind": "addTags", "values": "x"}]}',
		'{"instructions": [{"kind": "addTags", "values": [1]}]}', '{"instructions": [{"kind": "addTags", "values": ["a b"]}]}',
		'{"instructions": [{"kind": "archiveFlag", "more": 1}]}',
	'{"instructions": [], "more": 1}', '{"merge": {}, "more": 1}', '{"merge": {}, "comment": 1}', '{"merge": 1}', '1',
		'[{"op": "remove", "path": "/nothing"}]', '[{"op": "remove", "path": ""}]']) b;
SELECT flagplane.get_flag('patching', 'f')::text = :'before' AS untouched;
-- A circle of flags that need each other is refused.
SELECT pg_temp.patch('{"environments": {"test": {"prerequisites": [{"key": "f", "variation": 0}]}}}', NULL, '{}', 'needed');
SELECT pg_temp.patch('{"environments": {"test": {"prerequisites": []}}}'),
	pg_temp.patch('{"environments": {"test": {"prerequisites": [{"key": "f", "variation": 0}]}}}', NULL, '{}', 'needed');
SELECT pg_temp.patch('[]', NULL, '{}', 'nosuch');
SELECT r.status, r.body FROM t.rest('PATCH', '/api/v2/flags/nosuch/f', '[]') r;
-- Which environments' settings are shown.
SELECT e, h.status, coalesce((SELECT string_agg(k, ' ')
	FROM json_object_keys(h.body->'environments') k), h.body->>'message') FROM unnest('{test,"test,production","production,nosuch","",","}'::text[]) e,
	flagplane.handle('GET', '/api/v2/flags/patching/f?env=' || e) h;
SELECT h.status, (SELECT string_agg(k, ' ')
	FROM json_array_elements(h.body->'items') i, json_object_keys(i->'environments') k)
	FROM flagplane.handle('GET', '/api/v2/flags/patching?env=production') h;
SELECT t.try($$SELECT flagplane.list_flags('patching', env => 'nosuch')$$);
-- Made with what clients send; what is left out is the project's.
SELECT h.status, h.body->>'clientSideAvailability' AS availability, h.body->>'customProperties' AS properties
	FROM flagplane.handle('POST', '/api/v2/flags/patching', '{}',
	'{"key": "made", "name": "Made", "clientSideAvailability": {"usingEnvironmentId": true, "usingMobileKey": false}, "customProperties": {"k": {"name": "K", "value": []}}}') h;
SELECT h.status, h.body->>'message'
	FROM flagplane.handle('POST', '/api/v2/flags/patching', '{}',
	'{"key": "x", "name": "X", "clientSideAvailability": {"a": 1}, "customProperties": [], "variations": [{"value": 1, "_id": "x"}, {"value": 2}]}') h;
SELECT flagplane.update_project('patching',
	'[{"op": "replace", "path": "/defaultClientSideAvailability/usingEnvironmentId", "value": true}]') IS NOT NULL AS changed;
SELECT flagplane.create_flag('patching', 'inherits', 'Inherits')->>'clientSideAvailability' AS availability;
-- Whole numbers however they are written; what is stored is their plain form.
SELECT pg_temp.patch('[{"op": "add", "path": "/environments/test/offVariation", "value": 1.0}, {"op": "replace", "path": "/environments/test/fallthrough", "value": {"rollout": {"variations": [{"variation": 0.0, "weight": 1e5}, {"variation": 1, "weight": 0.00}]}}}]',
	'environments.test.fallthrough');
SELECT flagplane.get_flag('patching', 'f')#>>'{environments,test,offVariation}' AS off_variation;
SELECT pg_temp.patch('{"environments": {"test": {"prerequisites": [{"key": "inherits", "variation": 1.0}]}}}',
	'environments.test.prerequisites'), pg_temp.patch('{"environments": {"test": {"offVariation": 1.5}}}');
-- A variation that another flag needs stays, and goes when nobody needs it any more.
SELECT flagplane.create_flag('patching', 'three', 'Three', variations => '[{"value": 1}, {"value": 2}, {"value": 3}]',
	defaults => '{"onVariation": 0, "offVariation": 0}') IS NOT NULL AS made;
SELECT pg_temp.patch('{"environments": {"production": {"prerequisites": [{"key": "three", "variation": 1}, {"key": "three", "variation": 2}]}}}',
	NULL, '{}', 'inherits');
SELECT pg_temp.patch('[{"op": "remove", "path": "/variations/2"}]', 'variations', '{}', 'three');
SELECT pg_temp.patch('{"environments": {"production": {"prerequisites": [{"key": "three", "variation": 1}]}}}', NULL,
	'{}', 'inherits'), pg_temp.patch('[{"op": "remove", "path": "/variations/2"}]', 'variations.1.value', '{}', 'three');
-- Who asks for a dry run must not get a real one.
SELECT r.status, r.body FROM t.rest('PATCH', '/api/v2/flags/patching/f?ignoreConflicts=true&dryRun=true', '{"name": "Wet"}') r;
SELECT flagplane.get_flag('patching', 'f')->>'name' AS name;
