-- import_environment: what server-side SDKs are sent of another environment comes in, and is served as it was.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('imported') IS NOT NULL AS made, t.project('another') IS NOT NULL AS another;
CREATE FUNCTION pg_temp.versions() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(e.key || ' ' || v.version, ', ' ORDER BY e.key)
	FROM flagplane_data.environment_payload v JOIN flagplane_data.environment e ON e.id = v.environment_id
	WHERE e.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'imported')
$$;
-- A flag with the members that every flag needs, and those that are given.
CREATE FUNCTION pg_temp.flag(key text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(key, jsonb_build_object('key', key, 'version', 1, 'on', true, 'variations',
		'["a", "b", "c"]'::jsonb, 'fallthrough', '{"variation": 0}'::jsonb, 'offVariation', 2, 'salt', 'salt') || more)
$$;
CREATE FUNCTION pg_temp.import(flags jsonb, segments jsonb DEFAULT '{}', environment text DEFAULT 'test') RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format('SELECT flagplane.import_environment(%L, %L, %L)', 'imported', environment, jsonb_build_object('flags', flags, 'segments', segments)))
$$;
-- In a snapshot of its own.
CREATE FUNCTION pg_temp.served(flag text, environment text DEFAULT 'test') RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
	RETURN flagplane.payload('imported', environment)->'flags'->flag;
END $$;

-- All that SDKs know of flags and segments is kept; what is null or absent gets what SDKs take for it.
SELECT flagplane.import_environment('imported', 'test', '{"flags": {
	"rich": {"key": "rich", "version": 41, "on": true, "salt": "5a17", "variations": [true, false], "offVariation": null, "trackEvents": true, "trackEventsFallthrough": true, "debugEventsUntilDate": 1700000000000, "deleted": false,
		"clientSideAvailability": {"usingMobileKey": false, "usingEnvironmentId": true}, "clientSide": true, "samplingRatio": 1, "excludeFromSummaries": false, "migration": null,
		"prerequisites": [{"key": "zeta", "variation": 1}], "targets": [{"variation": 1, "values": ["ada"]}, {"variation": 0, "values": ["bob"]}],
		"contextTargets": [{"contextKind": "org", "variation": 0, "values": ["acme"]}, {"contextKind": "user", "variation": 0, "values": []}, {"contextKind": "user", "variation": 1, "values": []}],
		"rules": [{"id": "rule-1", "clauses": [{"contextKind": "org", "attribute": "/address/city", "op": "in", "values": ["Ulm", 7, true], "negate": true}, {"op": "segmentMatch", "attribute": "", "values": ["beta"], "negate": false}], "variation": 1, "trackEvents": true},
			{"id": "rule-2", "clauses": [], "rollout": {"contextKind": "org", "bucketBy": "/address/city", "variations": [{"variation": 0, "weight": 2.5e4}, {"variation": 1, "weight": 75000.0}]}, "variation": null}],
		"fallthrough": {"rollout": {"kind": "experiment", "contextKind": "user", "seed": 61, "variations": [{"variation": 0, "weight": 10000}, {"variation": 1, "weight": 10000}, {"variation": 1, "weight": 80000, "untracked": true}]}}},
	"zeta": {"key": "zeta", "version": 3, "variations": ["a", null, {"b": [1.50]}], "fallthrough": {"variation": 1}, "rules": null, "targets": null, "salt": null, "what": "some SDK knows"},
	"gone": {"key": "gone", "version": 9, "deleted": true}},
	"segments": {"beta": {"key": "beta", "version": 12, "salt": "beef", "included": ["eve"], "excluded": ["mallory"], "includedContexts": [{"contextKind": "org", "values": ["acme"]}], "excludedContexts": null, "unbounded": false, "generation": 1,
		"rules": [{"id": "s-1", "clauses": [{"contextKind": "user", "attribute": "email", "op": "endsWith", "values": [".edu"]}], "weight": 50000, "bucketBy": "name", "rolloutContextKind": "org"}, {"id": "s-2", "clauses": [{"op": "segmentMatch", "values": ["inner"]}], "weight": null}]},
	"inner": {"key": "inner", "version": 1, "salt": "", "rules": [], "deleted": false}}, "metrics": {}}') AS imported;
SELECT key, jsonb_pretty(value) AS served FROM jsonb_each(flagplane.payload('imported', 'test')::jsonb->'flags');
SELECT key, jsonb_pretty(value) AS served FROM jsonb_each(flagplane.payload('imported', 'test')::jsonb->'segments');
-- New flags are off in the other environments, where they serve what they serve here while off and on. The version of each payload is raised once.
SELECT key, value - 'salt' AS elsewhere FROM jsonb_each(flagplane.payload('imported', 'production')::jsonb->'flags');
SELECT pg_temp.versions();
SELECT f.key, f.kind, f.name, f.temporary, f.tags, f.on_variation, f.off_variation, f.version, (SELECT bool_and(v->>'_id' ~ '^[0-9a-f-]{36}$')
	FROM jsonb_array_elements(f.variations) v) AS ids
	FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = 'imported' ORDER BY 1;
SELECT operation, subject, target, before, after, project_id IS NOT NULL AS in_project FROM flagplane_data.audit_log WHERE operation = 'import_environment';
SELECT flagplane.list_audit_log("limit" => 1)->'items'->0->>'description' AS description;
-- They are flags and segments like others.
SELECT flagplane.update_flag('imported', 'rich',
	'{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}]}')->'environments'->'test'->'version' AS version;
SELECT flagplane.update_segment('imported', 'test', 'beta', '{"included": ["eve", "bob"]}')->'version' AS version;
SELECT flagplane.delete_flag('imported', 'zeta');

-- Again, and what comes out again: only what says something new is stored, and gets a new version.
SELECT flagplane.payload('imported', 'test')::text AS payload \gset
SELECT flagplane.import_environment('imported', 'test', :'payload') AS the_same, pg_temp.versions();
SELECT count(*) AS audited FROM flagplane_data.audit_log WHERE operation = 'import_environment';
SELECT flagplane.import_environment('imported', 'test', jsonb_set(jsonb_set(:'payload', '{flags,rich,on}', 'true'), '{flags,rich,version}', '7')) AS on_again;
SELECT pg_temp.served('rich')->'version' AS higher, pg_temp.versions();
SELECT flagplane.import_environment('imported', 'test', jsonb_set(:'payload', '{segments,inner,version}', '100')) AS later;
SELECT flagplane.get_segment('imported', 'test', 'inner')->'version' AS version;
-- Names and descriptions of rules are those of people: a flag that says the same keeps them, one that says something else gets new rules.
SELECT flagplane.update_flag('imported', 'rich',
	'{"environmentKey": "test", "instructions": [{"kind": "updateRuleDescription", "ruleId": "rule-1", "description": "Ulm"}]}') IS NOT NULL AS described;
SELECT flagplane.import_environment('imported', 'test', flagplane.payload('imported', 'test')::jsonb)->'flags'->'unchanged' AS unchanged,
	flagplane.get_flag('imported', 'rich') #>> '{environments,test,rules,0,description}' AS description;
-- Another project, and an environment of the same: the same document but for what is there already.
SELECT flagplane.import_environment('another', 'production', flagplane.payload('imported', 'test')::jsonb) AS imported;
SELECT flagplane.payload('another', 'production')::text = flagplane.payload('imported', 'test')::text AS the_same;
SELECT flagplane.import_environment('imported', 'production', flagplane.payload('imported', 'test')::jsonb) AS imported;
SELECT flagplane.payload('imported', 'production')::text = flagplane.payload('imported', 'test')::text AS the_same;
-- Versions go on from those of what has been deleted.
SELECT pg_temp.import(pg_temp.flag('again', '{"version": 5}')) AS made, pg_temp.served('again')->'version' AS version,
	flagplane.delete_flag('imported', 'again') AS deleted, pg_temp.import('{}', '{"s": {"version": 8}}') AS made,
	flagplane.delete_segment('imported', 'test', 's') AS deleted;
SELECT pg_temp.import(pg_temp.flag('again', '{"version": 2}'), '{"s": {}}') AS made,
	pg_temp.served('again')->'version' AS six, pg_temp.served('again', 'production')->'version' AS two;
SELECT flagplane.get_segment('imported', 'test', 's')->'version' AS nine;
-- An environment that is made after the first flags came by an import has them too.
SELECT t.project('imported-first') IS NOT NULL AS made, flagplane.import_environment('imported-first', 'test', jsonb_build_object('flags', pg_temp.flag('first')))->'flags' AS flags;
SELECT flagplane.create_environment('imported-first', 'later', 'L', '000000') IS NOT NULL AS made;
SELECT flagplane.payload('imported-first', 'later')->'flags'->'first'->'on' AS on;
-- In one transaction with its use, and in one that is rolled back with a savepoint.
BEGIN;
SELECT pg_temp.versions() AS before;
SAVEPOINT s;
SELECT pg_temp.import(pg_temp.flag('later')) IS NOT NULL AS imported;
SELECT flagplane.variation('imported', 'test', 'later', '{"key": "u"}') AS served;
ROLLBACK TO s;
SELECT flagplane.variation('imported', 'test', 'later', '{"key": "u"}', '"none"') AS gone;
SELECT pg_temp.import(pg_temp.flag('later') || pg_temp.flag('more')) IS NOT NULL
	AND pg_temp.import(pg_temp.flag('later', '{"on": false}')) IS NOT NULL AS twice, pg_temp.versions() AS raised_once;
COMMIT;

-- The order of targets is that of contextTargets, where there are any: whom those do not name is not tried.
CREATE FUNCTION pg_temp.targets(targets jsonb, context_targets jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
	IF pg_temp.import(pg_temp.flag('targeted', jsonb_build_object('targets', targets, 'contextTargets', context_targets))) LIKE '{%' THEN
		RETURN (SELECT jsonb_build_array(s->'targets', s->'contextTargets') FROM pg_temp.served('targeted') s);
	END IF;
END $$;
SELECT n, pg_temp.targets(targets, context_targets) FROM (VALUES
	(1, '[{"variation": 1, "values": ["a"]}, {"variation": 0, "values": ["b"]}, {"variation": 1, "values": ["c"]}]'::jsonb, '[]'::jsonb),
	(2, '[{"variation": 1, "values": ["a"]}, {"variation": 0, "values": ["b"]}]',
		'[{"contextKind": "user", "variation": 0}, {"variation": 1, "values": []}, {"variation": 0, "values": null}]'),
	(3, '[{"variation": 1, "values": ["a"]}, {"variation": 1, "values": ["c"]}, {"variation": 0, "values": ["b"]}]',
		'[{"contextKind": "org", "variation": 2, "values": ["x"]}, {"contextKind": "user", "variation": 1, "values": []}]'),
	(4, '[{"contextKind": "org", "variation": 1, "values": ["a"]}]', null), (5, null,
		'[{"contextKind": "user", "variation": 1, "values": []}]')) v(n, targets, context_targets) ORDER BY n;
-- A name from before there were references is one as it is; what is a reference stays one.
CREATE FUNCTION pg_temp.rules(rules jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
	RETURN CASE WHEN pg_temp.import(pg_temp.flag('ruled', jsonb_build_object('rules', rules))) LIKE '{%' THEN pg_temp.served('ruled')->'rules' END;
END $$;
CREATE FUNCTION pg_temp.one_clause(clause jsonb) RETURNS TABLE (served jsonb, stored text, reason text) LANGUAGE plpgsql AS $$ BEGIN
	served := pg_temp.rules(jsonb_build_array(jsonb_build_object('id', 'r', 'variation', 0, 'clauses',
		jsonb_build_array(clause || '{"op": "in", "values": ["x"]}'))))->0->'clauses'->0;
	stored := flagplane.get_flag('imported', 'ruled') #>> '{environments,test,rules,0,clauses,0,attribute}';
	reason := flagplane.variation_detail('imported', 'test', 'ruled', '{"kind": "user", "key": "u", "/a~/b": "x", "a": {"b": "x"}, "c": "x"}')->'reason'->>'kind';
	RETURN NEXT;
END $$;
SELECT clause, o.*
	FROM (VALUES (1, '{"attribute": "/a~/b"}'::jsonb), (2, '{"attribute": "/a/b", "contextKind": "user"}'), (3,
	'{"attribute": "/~1a~0~1b", "contextKind": "user"}'), (4, '{"attribute": "/a/b"}'),
	(5, '{"attribute": "c", "contextKind": ""}'), (6, '{"attribute": "/~1a~0~1b", "contextKind": "org"}')) v(n, clause),
		LATERAL pg_temp.one_clause(clause) o ORDER BY n;
SELECT regexp_replace(pg_temp.rules('[{"id": "", "variation": 0, "clauses": []}, {"clauses": [], "variation": 1, "rollout": {"no": "rollout"}}, {"id": "r", "clauses": [], "rollout": {"bucketBy": "/x", "kind": "", "contextKind": null, "seed": null, "variations": [{"variation": 0, "weight": 100000, "untracked": false}]}}]')::text,
	'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<uuid>', 'g') AS served;
SELECT pg_temp.import('{}',
	'{"s": {"rules": [{"clauses": [], "weight": 1, "bucketBy": "/x"}, {"clauses": [], "weight": 1, "bucketBy": "/x/y", "rolloutContextKind": "user"}, {"clauses": [], "bucketBy": "", "rolloutContextKind": ""}]}}') AS imported;
SELECT regexp_replace((flagplane.payload('imported', 'test')->'segments'->'s'->'rules')::text,
	'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<uuid>', 'g') AS served;

-- Shares without weight, and lists of users among those of contexts, are stored as they are sent: it says the same again.
SELECT pg_temp.import(pg_temp.flag('shared', '{"fallthrough": {"rollout": {"variations": [{"variation": 1, "weight": 0}, {"variation": 0, "weight": 100000}, {"variation": 2, "weight": 0}]}}}'),
	'{"users": {"included": ["a"], "includedContexts": [{"contextKind": "org", "values": ["x"]}, {"contextKind": "user", "values": ["b", "c"]}, {"values": ["d"]}], "excludedContexts": [{"contextKind": "user", "values": ["e"]}], "rules": []}}') AS made,
	pg_temp.served('shared')->'fallthrough' AS served;
SELECT flagplane.payload('imported', 'test')->'segments'->'users' AS served, flagplane.get_segment('imported', 'test', 'users')->'included' AS included;
SELECT pg_temp.import(pg_temp.flag('shared', '{"fallthrough": {"rollout": {"variations": [{"variation": 1, "weight": 0}, {"variation": 0, "weight": 100000}, {"variation": 2, "weight": 0}]}}}'),
	'{"users": {"included": ["a"], "includedContexts": [{"contextKind": "org", "values": ["x"]}, {"contextKind": "user", "values": ["b", "c"]}, {"values": ["d"]}], "excludedContexts": [{"contextKind": "user", "values": ["e"]}], "rules": []}}') AS the_same;

-- What could not be evaluated, or is not done here, is refused by its path, and nothing of it stays.
SELECT pg_temp.versions() AS before, count(*) AS flags FROM flagplane_data.flag f
	JOIN flagplane_data.project p ON p.id = f.project_id AND p.key = 'imported' \gset
SELECT more, pg_temp.import(pg_temp.flag('good') || pg_temp.flag('x', more::jsonb)) AS refused FROM unnest(ARRAY[
	'{"key": "y"}', '{"key": 1}', '{"version": -1}', '{"version": 1.5}', '{"version": 2000000001}', '{"on": 1}',
		'{"salt": 7}', '{"variations": null}', '{"variations": ["a"]}', '{"variations": ["a", "b", "a"]}', '{"variations": {}}',
	'{"offVariation": 3}', '{"offVariation": "a"}', '{"fallthrough": null}', '{"fallthrough": {}}', '{"fallthrough": 1}',
		'{"fallthrough": {"variation": -1}}', '{"fallthrough": {"rollout": {}}}', '{"fallthrough": {"rollout": 1}}',
	'{"fallthrough": {"rollout": {"variations": [{"variation": 0, "weight": 99999}]}}}',
		'{"fallthrough": {"rollout": {"variations": [{"variation": 3, "weight": 100000}]}}}',
		'{"fallthrough": {"rollout": {"seed": 0, "variations": [{"variation": 0, "weight": 100000}]}}}',
	'{"fallthrough": {"rollout": {"kind": "split", "variations": [{"variation": 0, "weight": 100000}]}}}',
		'{"fallthrough": {"rollout": {"contextKind": "kind", "variations": [{"variation": 0, "weight": 100000}]}}}',
		'{"fallthrough": {"rollout": {"bucketBy": "/", "contextKind": "org", "variations": [{"variation": 0, "weight": 100000}]}}}',
	'{"targets": 1}', '{"targets": [1]}', '{"targets": [{"variation": 3, "values": []}]}',
		'{"targets": [{"variation": 0, "values": [1]}]}', '{"contextTargets": [{"variation": 0, "values": ["a"]}]}',
		'{"contextTargets": [{"contextKind": "multi", "variation": 0, "values": ["a"]}]}',
	'{"prerequisites": [1]}', '{"prerequisites": [{"variation": 0}]}',
		'{"prerequisites": [{"key": "none", "variation": 0}]}', '{"prerequisites": [{"key": "good", "variation": 3}]}',
		'{"prerequisites": [{"key": "x", "variation": 0}]}', '{"prerequisites": [{"key": "rich", "variation": 0}]}',
	'{"rules": [1]}', '{"rules": [{"id": "r", "variation": 0}]}', '{"rules": [{"id": "r", "clauses": []}]}',
		'{"rules": [{"id": "r", "variation": 0, "clauses": [1]}]}',
		'{"rules": [{"id": "r", "variation": 0, "clauses": [{"attribute": "a", "op": "like", "values": []}]}]}',
	'{"rules": [{"id": "r", "variation": 0, "clauses": [{"op": "in", "values": []}]}]}',
		'{"rules": [{"id": "r", "variation": 0, "clauses": [{"attribute": "a", "op": "in", "values": null}]}]}',
		'{"rules": [{"id": "r", "variation": 0, "clauses": [{"op": "segmentMatch", "values": ["beta"]}]}]}',
	'{"rules": [{"id": "r", "variation": 0, "clauses": [{"contextKind": "user", "attribute": "/", "op": "in", "values": []}]}]}',
		'{"clientSideAvailability": 1}', '{"clientSideAvailability": {"usingMobileKey": 1}}', '{"clientSide": 1}',
	'{"samplingRatio": 2}', '{"excludeFromSummaries": true}', '{"migration": {"checkRatio": 1}}', '{"on": 1, "salt": 1, "trackEvents": "x"}']) more;
SELECT more, pg_temp.import(pg_temp.flag('good'), jsonb_build_object('s', more::jsonb)) AS refused
	FROM unnest(ARRAY['1', '{"key": "t"}', '{"salt": 1}', '{"included": 1}', '{"excluded": [1]}',
	'{"includedContexts": [{"contextKind": "kind", "values": []}]}', '{"excludedContexts": [1]}',
	'{"rules": [{}]}', '{"rules": [{"clauses": [], "weight": 100001}]}',
		'{"rules": [{"clauses": [], "weight": 1, "rolloutContextKind": "org", "bucketBy": "/"}]}',
		'{"rules": [{"clauses": [{"op": "segmentMatch", "values": ["beta"]}]}]}', '{"rules": [{"clauses": [{"op": "segmentMatch", "values": ["s"]}]}]}',
	'{"unbounded": true, "unboundedContextKind": "user", "generation": 3}', '{"unbounded": 1}', '{"version": "1"}']) more;
SELECT pg_temp.import(pg_temp.flag('p', '{"prerequisites": [{"key": "q", "variation": 0}]}') || pg_temp.flag('q',
	'{"prerequisites": [{"key": "r", "variation": 0}]}') || pg_temp.flag('r', '{"prerequisites": [{"key": "p", "variation": 0}]}')) AS ring;
SELECT flags, t.try(format('SELECT flagplane.import_environment(%L, %L, %L)', 'imported', 'test', flags)) AS refused
	FROM unnest(ARRAY['{}', '[]', '1', '{"flags": null}', '{"flags": []}', '{"flags": {"x": 1}}',
	'{"flags": {"no key": {}}}', '{"flags": {"": {}}}', '{"flags": {"constructor": {}}}', '{"flags": {}, "segments": []}', '{"flags": {}, "segments": {"-": {}}}']) flags;
SELECT pg_temp.import(jsonb_build_object(repeat('k', 257), '{}'::jsonb), jsonb_build_object(repeat('k', 256), '{"salt": 1}'::jsonb)) AS a_long_key;
SELECT flagplane.import_environment('imported', 'test', NULL);
SELECT flagplane.import_environment('imported', 'none', '{"flags": {}}');
SELECT flagplane.import_environment('none', 'test', '{"flags": {}}');
SELECT flagplane.import_environment('imported', 'test', '{"flags": {}}')->'flags' AS nothing, pg_temp.versions() = :'before'
	AND count(*) = :flags AS as_before FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id AND p.key = 'imported';
-- All that is broken is told at once, up to a number.
SELECT regexp_count(refused, 'flags\.x') AS told, length(refused) < 10000 AS short
	FROM (SELECT pg_temp.import(jsonb_object_agg('x' || i, '{"variations": []}'::jsonb)) AS refused FROM generate_series(1, 1000) i) x;

-- What all environments have in common must agree with a flag that is there.
SELECT pg_temp.import(pg_temp.flag('common')) AS made, flagplane.create_flag('imported', 'old', 'Old') IS NOT NULL
	AND flagplane.update_flag('imported', 'old', '{"archived": true}') IS NOT NULL AS archived;
SELECT more, pg_temp.import(pg_temp.flag('common', more::jsonb)) AS refused
	FROM unnest(ARRAY['{"variations": ["a", "b"], "offVariation": 1}', '{"variations": ["a", "b", "d"]}',
	'{"variations": ["a", "b", "c", "d"]}', '{"clientSideAvailability": {"usingEnvironmentId": true}}', '{"clientSide": true}']) more;
SELECT pg_temp.import(pg_temp.flag('old', '{"variations": [true, false], "offVariation": 1}')) AS archived;
SELECT pg_temp.import(pg_temp.flag('common',
	'{"clientSideAvailability": {"usingMobileKey": true}, "fallthrough": {"variation": 1}, "on": null}')) AS agrees, pg_temp.served('common')->'on' AS on;

-- An experiment that runs keeps its flag's settings as they are; what it serves can be imported elsewhere.
SELECT flagplane.create_flag('imported', 'tried', 'T', variations => '[{"value": 0}, {"value": 1}]', is_flag_on => true)->'variations' AS variations \gset
SELECT flagplane.create_experiment('imported', 'test', 'trial', 'Trial',
	iteration => jsonb_build_object('randomizationUnit', 'user', 'treatments', (SELECT jsonb_agg(jsonb_build_object('name',
	'T' || n, 'baseline', n = 1, 'allocationPercent', '30', 'parameters',
		jsonb_build_array(jsonb_build_object('flagKey', 'tried', 'variationId', v->'_id'))) ORDER BY n)
			FROM jsonb_array_elements(:'variations'::jsonb) WITH ORDINALITY u(v, n)),
	'flags', jsonb_build_object('tried', jsonb_build_object('notInExperimentVariationId', :'variations'::jsonb->0->'_id')))) IS NOT NULL AS made;
SELECT flagplane.create_layer('imported', 'l', 'L', '') IS NOT NULL
	AND flagplane.update_layer('imported', 'l',
	'[{"kind": "updateExperimentReservation", "experimentKey": "trial", "reservationPercent": 40}]', 'test') IS NOT NULL
	AND flagplane.start_experiment('imported', 'test', 'trial') IS NOT NULL AS started;
SELECT jsonb_array_length(pg_temp.served('tried') #> '{fallthrough,rollout,variations}') AS entries;
SELECT pg_temp.import(jsonb_build_object('tried', pg_temp.served('tried'))) AS the_same;
SELECT pg_temp.import(jsonb_build_object('tried', pg_temp.served('tried') || '{"on": false}')) AS refused;
SELECT pg_temp.import(jsonb_build_object('tried', pg_temp.served('tried')), environment => 'production') AS elsewhere,
	pg_temp.served('tried', 'production') - 'version' = pg_temp.served('tried') - 'version' AS the_same;
SELECT count(DISTINCT d) AS details, count(*) FILTER (WHERE a <> b) AS differ,
	count(*) FILTER (WHERE a::jsonb @> '{"reason": {"inExperiment": true}}') > 0 AS in_experiment
	FROM (SELECT flagplane.variation_detail('imported', 'test', 'tried', c)::text AS a,
	flagplane.variation_detail('imported', 'production', 'tried', c)::text AS b
	FROM (SELECT flagplane.user_context('u' || i) AS c FROM generate_series(1, 5000) i) u) x, LATERAL (SELECT a AS d) y;

-- Each place of a document with each odd value: it is refused, or the flags serve the same as before they came in.
CREATE TEMP TABLE document AS SELECT '{"flags": {"rich": {"key": "rich", "version": 41, "on": true, "salt": "5a17", "variations": [true, false], "offVariation": 1, "trackEvents": true, "trackEventsFallthrough": true, "debugEventsUntilDate": 1700000000000, "deleted": false,
		"clientSideAvailability": {"usingMobileKey": false, "usingEnvironmentId": true}, "clientSide": true, "samplingRatio": 1, "excludeFromSummaries": false, "migration": null, "prerequisites": [{"key": "zeta", "variation": 1}],
		"targets": [{"variation": 1, "values": ["ada"]}, {"variation": 0, "values": ["bob"]}], "contextTargets": [{"contextKind": "org", "variation": 0, "values": ["acme"]}, {"contextKind": "user", "variation": 0, "values": []}],
		"rules": [{"id": "rule-1", "clauses": [{"contextKind": "org", "attribute": "/address/city", "op": "in", "values": ["Ulm", 7, true], "negate": true}, {"op": "segmentMatch", "attribute": "", "values": ["beta"], "negate": false}], "variation": 1, "trackEvents": true},
			{"id": "rule-2", "clauses": [], "rollout": {"contextKind": "org", "bucketBy": "/address/city", "kind": "experiment", "seed": 3, "variations": [{"variation": 0, "weight": 25000}, {"variation": 1, "weight": 75000, "untracked": true}]}}],
		"fallthrough": {"rollout": {"bucketBy": "/x", "variations": [{"variation": 0, "weight": 100000}]}}},
	"zeta": {"key": "zeta", "version": 3, "on": true, "variations": ["a", null, {"b": [1.50]}], "fallthrough": {"variation": 1}}},
	"segments": {"beta": {"key": "beta", "version": 12, "salt": "beef", "included": ["eve"], "excluded": ["mallory"], "includedContexts": [{"contextKind": "org", "values": ["acme"]}], "excludedContexts": [], "unbounded": false, "generation": 1, "unboundedContextKind": "user",
		"rules": [{"id": "s-1", "clauses": [{"contextKind": "user", "attribute": "email", "op": "endsWith", "values": [".edu"]}], "weight": 50000, "bucketBy": "name", "rolloutContextKind": "org"}, {"id": "s-2", "clauses": [{"op": "segmentMatch", "values": ["inner"]}], "weight": null}]},
	"inner": {"key": "inner", "version": 1, "rules": []}}}'::jsonb AS document;
CREATE TEMP TABLE place AS WITH RECURSIVE p(path, value) AS (SELECT '{}'::text[], document FROM document UNION ALL
	SELECT p.path || e.key, e.value FROM p, LATERAL (SELECT key, value FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END)
		UNION ALL SELECT (n - 1)::text, value
			FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END) WITH ORDINALITY a(value, n)) e(key, value))
	SELECT path FROM p WHERE path <> '{}';
CREATE FUNCTION pg_temp.odd(changed jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	served jsonb;
	wrong text;
BEGIN
	PERFORM flagplane.create_project('odd', 'Odd');
	PERFORM flagplane.import_environment('odd', 'test', changed);
	served := flagplane.payload('odd', 'test');
	SELECT format('%s for %s: %s, before %s', key, context, now, before) INTO wrong FROM jsonb_object_keys(changed->'flags') key,
		unnest(ARRAY['{"kind": "user", "key": "ada"}', '{"kind": "user", "key": "eve", "email": "a.edu", "/x": "q", "x": "z"}', '{"kind": "multi", "user": {"key": "u1", "email": "b.edu", "/x": "r"}, "org": {"key": "acme", "name": "n", "address": {"city": "Ulm"}}}',
			'{"kind": "org", "key": "o2", "address": {"city": "Bonn"}, "name": "q"}', '{"kind": "multi", "user": {"key": "bob"}, "org": {"key": "k", "address": {"city": 7}}}']::jsonb[]) context,
		LATERAL (SELECT flagplane.evaluate(changed, key, context, '"none"')::jsonb, flagplane.evaluate(served, key, context, '"none"')::jsonb) e(before, now)
		WHERE before #- '{reason,ruleId}' <> now #- '{reason,ruleId}';
	RAISE EXCEPTION USING ERRCODE = 'UNDOS', MESSAGE = coalesce(wrong, 'serves the same');
EXCEPTION
	WHEN SQLSTATE 'UNDOS' THEN RETURN SQLERRM;
	WHEN SQLSTATE '22023' THEN RETURN 'is refused';
END $$;
SELECT pg_temp.odd(document) FROM document;
SELECT outcome, CASE WHEN outcome IN ('is refused', 'serves the same') THEN count(*) > 100 END AS many,
	CASE WHEN outcome NOT IN ('is refused', 'serves the same') THEN array_agg((path, odd)) END AS those
	FROM document, place, unnest(ARRAY['null', 'true', '0', '-1', '1.5', '1e300', '99999999999999999999', '""', '"\u2028x"', '[]', '{}', '[null]', '[{}]', '{"": null}', '["a", 1]']::jsonb[]) odd,
	LATERAL (SELECT pg_temp.odd(jsonb_set(document, path, odd))) o(outcome) GROUP BY outcome ORDER BY outcome;

-- As a request, by a token, with a key, and once.
SELECT flagplane.create_access_token('w', '{flags:write}')->>'token' AS writer, flagplane.create_access_token('r',
	'{flags:read}')->>'token' AS reader, flagplane.create_access_token('p', '{flags:write}', projects => '{another}')->>'token' AS elsewhere \gset
SELECT what, h.status, h.body->>'code' AS code, h.body->>'message' AS message, h.body - 'code' - 'message' AS answer
	FROM (VALUES (1, 'a reader', :'reader', '{"flags": {}}'), (2, 'of another project', :'elsewhere', '{"flags": {}}'), (3,
	'a writer', :'writer',
	'{"flags": {"posted": {"version": 1, "on": true, "variations": [1, 2], "fallthrough": {"variation": 1}, "salt": "s"}}, "segments": {}}'),
	(4, 'no document', :'writer', '[]'), (5, 'no JSON', :'writer', '{'), (6, 'a fault', :'writer',
		'{"flags": {"posted": {"variations": [1, 2], "fallthrough": {"variation": 2}}}}')) v(n, what, token, body),
	LATERAL (SELECT status, body::jsonb
		FROM flagplane.handle('POST', '/api/v2/projects/imported/environments/test/import', jsonb_build_object('Authorization', token), body)) h ORDER BY n;
SELECT n, h.status, h.headers->>'Idempotent-Replayed' AS replayed, h.body
	FROM generate_series(1, 2) n, LATERAL flagplane.handle('POST', '/api/v2/projects/imported/environments/test/import',
	jsonb_build_object('Idempotency-Key', '9cb958b5-11b5-4e30-8675-5d075d52da7c'), jsonb_build_object('flags',
	pg_temp.flag('posted', jsonb_build_object('variations', '[1, 2]'::jsonb, 'offVariation', 0, 'on', n > 0)))::text) h;
-- It may be larger than other requests, up to 16 MiB.
BEGIN;
SELECT n, h.status, h.body->>'message' AS message, h.body->'flags'->>'created' AS created
	FROM (VALUES (900000), (16777216 / 4)) v(n), LATERAL flagplane.handle('POST',
	'/api/v2/projects/imported/environments/test/import', '{}', (SELECT jsonb_build_object('flags',
	jsonb_object_agg('large-' || n || i, jsonb_build_object('variations', jsonb_build_array(repeat('x', n), i), 'fallthrough', '{"variation": 0}'::jsonb)))
	FROM generate_series(1, 4) i)::text) h;
SELECT t.try(format('SELECT flagplane.import_environment(%L, %L, %L)', 'imported', 'test',
	(SELECT jsonb_build_object('flags', jsonb_object_agg('large-' || i, jsonb_build_object('variations', jsonb_build_array(repeat('x', 900000), i))))
	FROM generate_series(1, 19) i))) AS sql;
SELECT t.try(format('SELECT flagplane.import_environment(%L, %L, %L)', 'imported', 'test', jsonb_build_object('flags',
	pg_temp.flag('x', jsonb_build_object('variations', jsonb_build_array(repeat('x', 1048576), 1))), 'segments',
	jsonb_build_object('s', jsonb_build_object('included', jsonb_build_array(repeat('x', 1048576))))))) AS of_one;
-- A long chain is no depth.
SELECT flagplane.import_environment('another', 'test', jsonb_build_object('flags',
	(SELECT jsonb_object_agg('chain-' || i, jsonb_build_object('variations', '[1, 2]'::jsonb, 'fallthrough',
	'{"variation": 0}'::jsonb, 'prerequisites', CASE WHEN i < 2000 THEN jsonb_build_array(jsonb_build_object('key',
	'chain-' || i + 1, 'variation', 0)) ELSE '[]' END)) FROM generate_series(1, 2000) i)))->'flags' AS chain;
ROLLBACK;
