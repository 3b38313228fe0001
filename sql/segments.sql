-- Segments: the resource, its rules, who uses it, and what becomes of it with its environment.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('segmented') IS NOT NULL AS made;
-- What is given, what is left out.
SELECT s - 'creationDate' - 'lastModifiedDate' AS segment FROM (SELECT flagplane.create_segment('segmented', 'test', 'beta', 'Beta testers', 'Who asked', '{b,a}')::jsonb AS s) c;
SELECT flagplane.create_segment('segmented', 'test', 'beta', 'Again');
SELECT flagplane.create_segment('segmented', 'test', 'big', 'Big', unbounded => true);
SELECT flagplane.create_segment('segmented', 'test', 'no key', '');
SELECT flagplane.create_segment('segmented', 'none', 'beta', 'B');
SELECT flagplane.create_segment('none', 'test', 'beta', 'B');
SELECT flagplane.create_segment('segmented', 'test', 'plain', 'Plain', unbounded => false)::jsonb - 'creationDate' - 'lastModifiedDate' AS plain;
-- What clients send of big segments for others too is kept and shown.
SELECT flagplane.create_segment('segmented', 'test', 'kind', 'Kind', unbounded => false, unbounded_context_kind => 'device')->>'unboundedContextKind' AS kind;
SELECT flagplane.update_segment('segmented', 'test', 'kind', '{"name": "Still"}')->>'unboundedContextKind' AS kind;
SELECT flagplane.update_segment('segmented', 'test', 'kind', '{"unboundedContextKind": "user"}');
SELECT flagplane.create_segment('segmented', 'test', 'wrong', 'Wrong', unbounded_context_kind => 'multi');
SELECT status FROM t.rest('POST', '/api/v2/segments/segmented/test', '{"key": "terraform", "name": "T", "unbounded": false, "unboundedContextKind": ""}');
DELETE FROM flagplane_data.segment WHERE key IN ('kind', 'terraform');
SELECT flagplane.get_segment('segmented', 'test', 'beta')->>'name' AS name;
SELECT flagplane.get_segment('segmented', 'test', 'none');
SELECT flagplane.get_segment('segmented', 'none', 'beta');
SELECT flagplane.get_segment('none', 'test', 'beta');
-- A patch of each form. Rules and clauses get an _id and what clients may leave out.
CREATE FUNCTION pg_temp.patch(key text, patch text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT regexp_replace((flagplane.update_segment('segmented', 'test', key, patch::jsonb)::jsonb - 'creationDate' - 'lastModifiedDate' - '_links' - 'generation' - 'unbounded' - 'deleted')::text, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<uuid>', 'g')::jsonb
$$;
SELECT pg_temp.patch('beta', '[{"op": "replace", "path": "/description", "value": "new"}, {"op": "add", "path": "/included/-", "value": "ada"}, {"op": "add", "path": "/rules/0", "value": {"clauses": [{"attribute": "email", "op": "endsWith", "values": [".edu"]}], "weight": 50000}}]');
SELECT pg_temp.patch('beta', '{"comment": "why", "merge": {"excludedContexts": [{"contextKind": "org", "values": ["acme"]}, {"values": ["eve"]}], "tags": ["x"]}}');
SELECT pg_temp.patch('beta', '{"description": null}')->>'description' AS description;
SELECT pg_temp.patch('beta', '[]')->>'version' AS unchanged;
-- The Terraform provider of version 2 sets a member that segments have not, and targets of nobody.
SELECT pg_temp.patch('beta', '[{"op": "replace", "path": "/temporary", "value": "temporary"}]')->>'version' AS unchanged;
SELECT s->'includedContexts' AS included, s->'excludedContexts' AS excluded FROM pg_temp.patch('beta', '[{"op": "replace", "path": "/includedContexts", "value": [{}, {"contextKind": "org"}, {"contextKind": "org", "values": ["hal"]}]}, {"op": "add", "path": "/excludedContexts/0", "value": {}}]') s;
SELECT pg_temp.patch('beta', '[{"op": "replace", "path": "/includedContexts", "value": []}]')->'includedContexts' AS included;
SELECT operation, comment FROM flagplane_data.audit_log WHERE target = 'proj/segmented:env/test:segment/beta' ORDER BY at, ordinal, xid;
SELECT flagplane.update_segment('segmented', 'test', 'beta', '{"name": "Dry"}', dry_run => true)->>'name' AS dry, flagplane.get_segment('segmented', 'test', 'beta')->>'name' AS stays;
SELECT flagplane.update_segment('segmented', 'test', 'none', '[]');
-- What cannot be evaluated is refused with its path; so is what cannot be changed.
SELECT p, t.try(format('SELECT flagplane.update_segment(''segmented'', ''test'', ''beta'', %L)', p)) AS refused FROM unnest(ARRAY[
	'{"key": "other"}', '{"version": 7}', '{"unbounded": true}', '{"salt": "s"}', '{"name": ""}', '{"included": null}', '{"included": [1]}', '{"excluded": "x"}',
	'{"includedContexts": [1]}', '{"includedContexts": [{"values": [1]}]}', '{"excludedContexts": [{"contextKind": "kind", "values": []}]}', '{"excludedContexts": [{"values": [], "more": 1}]}',
	'{"rules": {}}', '{"rules": [1]}', '{"rules": [{}]}', '{"rules": [{"clauses": [], "variation": 0}]}', '{"rules": [{"clauses": [], "weight": 100001}]}', '{"rules": [{"clauses": [], "weight": 0.5}]}',
	'{"rules": [{"clauses": [], "bucketBy": "/"}]}', '{"rules": [{"clauses": [], "rolloutContextKind": "multi"}]}', '{"rules": [{"clauses": [{"attribute": "a", "op": "like", "values": []}]}]}',
	'{"rules": [{"clauses": []}, {"clauses": [{"op": "segmentMatch", "values": ["plain", "none"]}]}]}', '{"rules": [{"clauses": [{"op": "segmentMatch", "values": ["beta"]}]}]}', '{"merge": {}, "more": 1}']) p;
-- Instructions.
CREATE FUNCTION pg_temp.instruct(key text, instructions text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT pg_temp.patch(key, '{"instructions": ' || instructions || '}')
$$;
SELECT pg_temp.instruct('plain', '[{"kind": "addIncludedTargets", "values": ["a", "b", "a"]}, {"kind": "addIncludedTargets", "contextKind": "org", "values": ["x", "y"]}, {"kind": "addIncludedUsers", "values": ["c"]}, {"kind": "addExcludedTargets", "contextKind": "org", "values": ["z"]}, {"kind": "addExcludedUsers", "values": ["d", "e"]}]');
SELECT pg_temp.instruct('plain', '[{"kind": "removeIncludedTargets", "contextKind": "org", "values": ["x", "y", "none"]}, {"kind": "removeIncludedTargets", "contextKind": "none", "values": ["x"]}, {"kind": "removeIncludedUsers", "values": ["b"]}, {"kind": "removeExcludedTargets", "contextKind": "org", "values": ["z"]}, {"kind": "removeExcludedUsers", "values": ["d"]}]');
SELECT pg_temp.instruct('plain', '[{"kind": "updateName", "value": "N"}, {"kind": "updateDescription", "value": "D"}, {"kind": "addTags", "values": ["t", "u"]}, {"kind": "removeTags", "values": ["t"]}, {"kind": "addRule", "clauses": [{"attribute": "a", "op": "in", "values": [1]}], "description": "first"}, {"kind": "addRule", "clauses": []}]');
SELECT flagplane.get_segment('segmented', 'test', 'plain')->'rules'->0->>'_id' AS first, flagplane.get_segment('segmented', 'test', 'plain')->'rules'->1->>'_id' AS second, flagplane.get_segment('segmented',
	'test', 'plain')->'rules'->0->'clauses'->0->>'_id' AS clause \gset
SELECT pg_temp.instruct('plain', format('[{"kind": "reorderRules", "ruleIds": [%1$s, %2$s]}, {"kind": "updateRuleDescription", "ruleId": %1$s, "description": "now first"}, {"kind": "updateRuleRolloutAndContextKind", "ruleId": %1$s, "weight": 20000, "contextKind": "device"}, {"kind": "addClauses", "ruleId": %1$s, "clauses": [{"attribute": "b", "op": "in", "values": []}]},
	{"kind": "addValuesToClause", "ruleId": %2$s, "clauseId": %3$s, "values": [2, "1", 1]}, {"kind": "removeValuesFromClause",
	"ruleId": %2$s, "clauseId": %3$s, "values": [1.0, 5]}]', to_json(:'second'::text), to_json(:'first'::text), to_json(:'clause'::text)))->'rules' AS rules;
SELECT flagplane.get_segment('segmented', 'test', 'plain')->'rules'->0->>'_id' = :'second' AS reordered;
SELECT pg_temp.instruct('plain', format('[{"kind": "updateClause", "ruleId": %1$s, "clauseId": %2$s, "clause": {"attribute": "c", "op": "in", "values": [true], "negate": true}}]', to_json(:'first'::text), to_json(:'clause'::text)))->'rules'->1 AS updated, flagplane.get_segment('segmented',
	'test', 'plain')->'rules'->1->'clauses'->0->>'_id' = :'clause' AS same_id;
SELECT pg_temp.instruct('plain', format('[{"kind": "removeClauses", "ruleId": %1$s, "clauseIds": [%2$s]}, {"kind": "removeRule", "ruleId": %3$s}, {"kind": "removeRule", "ruleId": "none"}]', to_json(:'first'::text), to_json(:'clause'::text), to_json(:'second'::text)))->'rules' AS rules;
SELECT i, t.try(format('SELECT flagplane.update_segment(''segmented'', ''test'', ''plain'', %L)', '{"instructions": [' || i || ']}')) AS refused FROM unnest(ARRAY[
	'{"kind": "addExcludedTargets", "values": ["q", "a"]}', '{"kind": "addIncludedUsers", "values": ["e"]}', '{"kind": "addIncludedTargets"}', '{"kind": "addIncludedTargets", "values": [1]}', '{"kind": "addIncludedTargets", "contextKind": "multi", "values": ["a"]}', '{"kind": "addIncludedTargets", "contextKind": 1, "values": []}',
	'{"kind": "addIncludedUsers", "contextKind": "org", "values": []}', '{"kind": "addRule", "clauses": {}}', '{"kind": "addRule", "clauses": [{"op": "in"}]}', '{"kind": "addRule"}', '{"kind": "reorderRules", "ruleIds": []}', '{"kind": "reorderRules", "ruleIds": ["none"]}',
	'{"kind": "updateRuleDescription", "ruleId": "none", "description": ""}', '{"kind": "updateRuleRolloutAndContextKind", "ruleId": "none", "weight": 100001}', '{"kind": "addClauses", "ruleId": "none", "clauses": []}', '{"kind": "removeClauses", "ruleId": "none", "clauseIds": []}', '{"kind": "updateClause", "ruleId": "none", "clauseId": "none", "clause": {}}',
	'{"kind": "addValuesToClause", "ruleId": "none", "clauseId": "none", "values": "x"}', '{"kind": "addBigSegmentIncludedTargets", "values": ["x"]}', '{"kind": "addExpireUserTargetDate"}']) i;
SELECT t.try(format('SELECT flagplane.update_segment(''segmented'', ''test'', ''plain'', %L)', jsonb_build_object('instructions', jsonb_build_array(jsonb_build_object('kind', 'addIncludedUsers', 'values', (SELECT jsonb_agg(n::text)
	FROM generate_series(1, 1501) n)))))) AS too_many;
SELECT t.try($$SELECT flagplane.update_segment('segmented', 'test', 'plain', format('{"instructions": [{"kind": %s, "ruleId": "%s", "clauseId": "none", "values": []}]}', '"addValuesToClause"', flagplane.get_segment('segmented', 'test', 'plain')->'rules'->0->>'_id')::jsonb)$$) AS no_such_clause;
SELECT t.try($$SELECT flagplane.update_segment('segmented', 'test', 'plain', format('{"instructions": [{"kind": "removeClauses", "ruleId": "%s", "clauseIds": ["none"]}]}', flagplane.get_segment('segmented', 'test', 'plain')->'rules'->0->>'_id')::jsonb)$$) AS no_such_clause;
SELECT flagplane.update_segment('segmented', 'test', 'plain', '{"environmentKey": "production", "instructions": []}');
SELECT flagplane.update_segment('segmented', 'test', 'plain', '{"environmentKey": "test", "comment": "c", "instructions": []}')->>'key' AS key;
-- Segments that name each other.
SELECT flagplane.create_segment('segmented', 'test', k, k) IS NOT NULL AS made FROM unnest('{one,two,three}'::text[]) k;
CREATE FUNCTION pg_temp.name_in(key text, named text) RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format('SELECT flagplane.update_segment(''segmented'', ''test'', %L, %L)->''version''', key, format('{"rules": [{"clauses": [{"op": "segmentMatch", "values": ["%s"]}]}]}', named)))
$$;
SELECT pg_temp.name_in('one', 'two') AS one, pg_temp.name_in('two', 'three') AS two, pg_temp.name_in('three', 'one') AS cycle, pg_temp.name_in('two',
	'one') AS cycle, pg_temp.name_in('one', 'one') AS self;
-- One that a rule names stays; its version goes on when another one gets its key.
SELECT flagplane.delete_segment('segmented', 'test', 'two');
SELECT flagplane.create_flag('segmented', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.update_flag('segmented', 'f', '{"environments": {"test": {"rules": [{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["one"]}]}]}}}')->>'key' AS key;
SELECT flagplane.update_flag('segmented', 'f', '[{"op": "add", "path": "/environments/test/rules/0/clauses/0/values/-", "value": "none"}]');
SELECT flagplane.update_flag('segmented', 'f', '[{"op": "add", "path": "/environments/production/rules/0", "value": {"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["one"]}]}}]');
SELECT flagplane.delete_segment('segmented', 'test', 'one');
SELECT flagplane.update_flag('segmented', 'f', '{"environments": {"test": {"rules": []}}}')->>'key' AS key;
SELECT flagplane.delete_segment('segmented', 'test', 'one'), flagplane.delete_segment('segmented', 'test', 'two');
SELECT flagplane.get_segment('segmented', 'test', 'one');
SELECT flagplane.delete_segment('segmented', 'test', 'one');
SELECT flagplane.create_segment('segmented', 'test', 'one', 'One again')->>'version' AS goes_on, flagplane.create_segment('segmented', 'production', 'one', 'Another one')->>'version' AS new;
-- Lists.
SELECT i->>'key' AS key FROM json_array_elements(flagplane.list_segments('segmented', 'test')->'items') i;
SELECT l->>'totalCount' AS total, (SELECT string_agg(i->>'key', ' ') FROM json_array_elements(l->'items') i) AS keys, l->'_links' AS links FROM flagplane.list_segments('segmented',
	'test', 1, 1, 'query:e,keys:beta|one|three', '-name') l;
SELECT (SELECT string_agg(i->>'key', ' ') FROM json_array_elements(l->'items') i) AS tagged FROM flagplane.list_segments('segmented', 'test', filter => 'tags:x') l;
SELECT (SELECT string_agg(i->>'key', ' ') FROM json_array_elements(l->'items') i) AS sorted FROM flagplane.list_segments('segmented', 'test', sort => '-creationDate,lastModified') l;
SELECT flagplane.list_segments('segmented', 'test', filter => 'unknown:x', sort => 'key');
SELECT flagplane.list_segments('segmented', 'none');
SELECT flagplane.list_segments('none', 'test');
-- Through REST: the version is the ETag.
SELECT t.rest('POST', '/api/v2/segments/segmented/test', '{"key": "rest", "name": "Rest", "unbounded": false}');
SELECT t.rest('PATCH', '/api/v2/segments/segmented/test/rest?dryRun=true', '{"name": "Other"}', '{"if-match": "\"7\""}');
SELECT t.rest('PATCH', '/api/v2/segments/segmented/test/rest?dryRun=true', '{"name": "Other"}', '{"if-match": "\"1\""}');
SELECT t.rest('PATCH', '/api/v2/segments/segmented/test/rest', '{"comment": "c", "instructions": [{"kind": "addRule", "clauses": [{"op": "in", "values": []}]}]}');
SELECT t.rest('GET', '/api/v2/segments/segmented/test/rest');
SELECT t.rest('GET', '/api/v2/segments/segmented/test?limit=1&sort=name');
SELECT t.rest('DELETE', '/api/v2/segments/segmented/test/rest');
-- A copy of the environment has the rules, but nobody by name; the share is the same.
SELECT flagplane.create_environment('segmented', 'copy', 'Copy', '000000', source => '{"key": "test"}') IS NOT NULL AS made;
SELECT (SELECT count(*) FROM json_array_elements(flagplane.list_segments('segmented', 'copy')->'items')) AS copied, c->>'name' AS name, c->'tags'
	AS tags, c->'included' AS included, c->'excludedContexts' AS excluded_contexts, c->>'version' AS version, (c->'rules')::jsonb = (flagplane.get_segment('segmented',
	'test', 'beta')->'rules')::jsonb AS rules FROM flagplane.get_segment('segmented', 'copy', 'beta') c;
SELECT count(DISTINCT salt) AS salts FROM flagplane_data.segment WHERE key = 'beta' AND environment_id IN (SELECT id
	FROM flagplane_data.environment WHERE key IN ('test', 'copy') AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'segmented'));
SELECT count(flagplane.create_segment('segmented', 'copy', 's' || n, 'S')) AS made FROM generate_series(1, 1000) n;
SELECT flagplane.create_environment('segmented', 'another', 'Another', '000000', source => '{"key": "copy"}');
-- The size is limited, of what grows.
SELECT flagplane.update_segment('segmented', 'production', 'one', jsonb_build_object('merge', jsonb_build_object('included', (SELECT jsonb_agg(repeat('x',
	999) || n) FROM generate_series(1, 600) n))))->>'version' AS version;
SELECT flagplane.update_segment('segmented', 'production', 'one', jsonb_build_object('merge', jsonb_build_object('excluded', (SELECT jsonb_agg(repeat('x',
	999) || n) FROM generate_series(1, 600) n))));
-- The view, and what is left with the environment gone.
SELECT key, name, tags, version FROM flagplane.segments WHERE project_id = (SELECT id FROM flagplane_data.project
	WHERE key = 'segmented') AND key IN ('beta', 'one') ORDER BY environment_id = (SELECT id FROM flagplane_data.environment WHERE key = 'copy'
	AND project_id = (SELECT id FROM flagplane_data.project WHERE key = 'segmented')), key, version;
SELECT flagplane.delete_environment('segmented', 'test'), flagplane.delete_environment('segmented', 'copy');
SELECT (SELECT count(*) FROM flagplane_data.segment s JOIN flagplane_data.environment e ON e.id = s.environment_id
	JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'segmented') AS left, (SELECT count(*) FROM flagplane_data.payload_tombstone t
	WHERE NOT EXISTS (SELECT FROM flagplane_data.environment e WHERE e.id = t.environment_id)) AS orphans;
-- SDKs are sent segments, with a version that goes on, and rules are evaluated with them; whatever changes one changes the version of the payload.
SELECT flagplane.create_environment('segmented', 'sdk', 'S', '000000') IS NOT NULL AS made;
SELECT flagplane.create_segment('segmented', 'sdk', k, k) IS NOT NULL AS made FROM unnest('{in,rules}'::text[]) k;
SELECT flagplane.update_segment('segmented', 'sdk', 'in', '{"included": ["ada"], "excluded": ["eve"], "includedContexts": [{"contextKind": "org", "values": ["acme"]}]}')->>'version' AS version;
SELECT flagplane.update_segment('segmented', 'sdk', 'rules', '{"rules": [{"_id": "r", "description": "d", "clauses": [{"_id": "c", "op": "segmentMatch", "values": ["in"]}], "weight": 100000, "bucketBy": ""}, {"_id": "s", "clauses": [{"_id": "c", "attribute": "name", "op": "startsWith", "values": ["B"]}]}]}')->>'version' AS version;
SELECT flagplane.create_flag('segmented', 'sdk', 'S', variations => '[{"value": "in"}, {"value": "out"}]') IS NOT NULL AS made;
SELECT flagplane.update_flag('segmented', 'sdk', '{"environments": {"sdk": {"on": true, "fallthrough": {"variation": 1}, "rules": [{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["rules"]}]}]}}}')->>'key' AS key;
SELECT s.key, regexp_replace(s.value::text, '"salt":"[^"]*"', '"salt":"..."') AS segment FROM json_each(flagplane.payload('segmented', 'sdk')->'segments') s;
CREATE FUNCTION pg_temp.evaluated() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(flagplane.variation('segmented', 'sdk', 'sdk', c::jsonb)::text, ' ' ORDER BY n) FROM unnest(ARRAY['{"key": "ada"}', '{"key": "eve"}', '{"key": "bob"}', '{"key": "bob", "name": "Bob"}', '{"kind": "org", "key": "acme"}']) WITH ORDINALITY u(c, n)
$$;
CREATE FUNCTION pg_temp.version() RETURNS bigint LANGUAGE sql AS $$
	SELECT v.version FROM flagplane_data.environment_payload v JOIN flagplane_data.environment e ON e.account_id = v.account_id
	AND e.id = v.environment_id
	WHERE e.key = 'sdk' AND e.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'segmented')
$$;
SELECT pg_temp.evaluated();
SELECT pg_temp.version() AS version \gset
SELECT flagplane.update_segment('segmented', 'sdk', 'in', '{"instructions": [{"kind": "addIncludedUsers", "values": ["bob"]}, {"kind": "removeIncludedUsers", "values": ["ada"]}]}')->>'version' AS version;
SELECT pg_temp.evaluated(), pg_temp.version() - :version AS raised;
SELECT flagplane.update_segment('segmented', 'sdk', 'in', '{"name": "Dry"}', dry_run => true)->>'version' AS version, flagplane.update_segment('segmented', 'sdk', 'in', '[]')->>'version' AS unchanged;
SELECT pg_temp.version() - :version AS not_raised;
SELECT flagplane.create_segment('segmented', 'sdk', 'more', 'M') IS NOT NULL AS made;
SELECT pg_temp.version() - :version AS raised;
SELECT flagplane.delete_segment('segmented', 'sdk', 'more');
SELECT pg_temp.version() - :version AS raised;
-- In one transaction: what it has changed itself counts for it alone.
BEGIN;
SELECT flagplane.update_segment('segmented', 'sdk', 'in', '{"included": ["eve"]}') IS NOT NULL AS changed;
SELECT pg_temp.evaluated();
ROLLBACK;
SELECT pg_temp.evaluated();
-- PHP asks for one segment at a time.
SELECT flagplane.get_environment('segmented', 'sdk')->>'apiKey' AS sdk \gset
SELECT k, h.status, h.body::jsonb = flagplane.payload('segmented', 'sdk')::jsonb #> ARRAY['segments', k] AS same
FROM unnest('{in,none}'::text[]) k, flagplane.handle('GET', '/sdk/segments/' || k, jsonb_build_object('authorization', :'sdk')) h;
