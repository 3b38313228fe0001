-- Semantic patches of flags: every kind of instruction, what it changes and what it is refused for.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('instructions') IS NOT NULL AS made;
SELECT flagplane.create_flag('instructions', key, 'F', variations => '[{"value": "a"}, {"value": "b"}, {"value": "c"}]') IS NOT NULL AS made FROM unnest('{f,needed,other}'::text[]) key;
SELECT flagplane.create_member('instructions@example.com')->>'_id' AS member \gset
SELECT flagplane.create_segment('instructions', 'test', 's', 'S') IS NOT NULL AS made;
-- In instructions v0 is the id of the first variation, n0 that of the flag needed, r0 that of the first rule, c0 that of its first clause.
CREATE FUNCTION pg_temp.filled(instructions text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f jsonb := flagplane.get_flag('instructions', 'f');
	n jsonb := flagplane.get_flag('instructions', 'needed');
BEGIN
	FOR i IN 0..3 LOOP
		instructions := replace(instructions, '"v' || i || '"', coalesce((f #> ARRAY['variations', i::text, '_id'])::text, '"none"'));
		instructions := replace(instructions, '"n' || i || '"', coalesce((n #> ARRAY['variations', i::text, '_id'])::text, '"none"'));
		instructions := replace(instructions, '"r' || i || '"', coalesce((f #> ARRAY['environments', 'test', 'rules', i::text, '_id'])::text, '"none"'));
		instructions := replace(instructions, '"c' || i || '"', coalesce((f #> ARRAY['environments', 'test', 'rules', '0', 'clauses', i::text, '_id'])::text, '"none"'));
	END LOOP;
	RETURN instructions;
END
$$;
-- What instructions answer: a member of the settings in the environment test, or of the flag; or the refusal.
CREATE FUNCTION pg_temp.try(instructions text, path text, environment text DEFAULT ', "environmentKey": "test"') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	status int;
	body jsonb;
BEGIN
	SELECT h.status, h.body INTO status, body FROM flagplane.handle('PATCH', '/api/v2/flags/instructions/f', '{}', format('{"instructions": [%s]%s}', pg_temp.filled(instructions), environment)) h;
	RETURN concat_ws(' ', nullif(status, 200), t.mask(coalesce(body #> ('{environments,test,' || path || '}')::text[], body #> ('{' || path || '}')::text[],
	to_jsonb(body->>'message'))::text));
END
$$;
-- Rules and what they serve.
SELECT pg_temp.try('{"kind": "addRule", "variationId": "v1", "clauses": [{"attribute": "country", "op": "in", "values": ["de"]}], "description": "Germany"}', 'rules');
SELECT pg_temp.try('{"kind": "addRule", "beforeRuleId": "r0", "clauses": [{"contextKind": "org", "attribute": "a", "op": "in", "values": [1], "negate": true}], "rolloutContextKind": "org", "rolloutBucketBy": "country", "rolloutWeights": {"v2": 15000, "v0": 85000}}', 'rules');
SELECT pg_temp.try('{"kind": "addRule", "variationId": "v0", "clauses": [{"op": "segmentMatch", "values": ["s"]}]}', 'rules,2');
SELECT pg_temp.try('{"kind": "reorderRules", "ruleIds": ["r2", "r0", "r1"]}, {"kind": "updateRuleDescription", "ruleId": "r2", "description": "In the segment"}', 'rules');
SELECT pg_temp.try('{"kind": "updateRuleVariationOrRollout", "ruleId": "r1", "variationId": "v2"}, {"kind": "updateRuleVariationOrRollout", "ruleId": "r0", "rolloutWeights": {"v0": 100000}}', 'rules');
SELECT pg_temp.try('{"kind": "updateRuleTrackEvents", "ruleId": "r0", "trackEvents": true}', 'rules,0,trackEvents') AS rule, pg_temp.try('{"kind": "updateTrackEvents", "trackEvents": true}', 'trackEvents') AS flag, pg_temp.try('{"kind": "updateTrackEventsFallthrough", "trackEvents": true}', 'trackEventsFallthrough') AS fallthrough;
SELECT pg_temp.try('{"kind": "removeRule", "ruleId": "r2"}, {"kind": "removeRule", "ruleId": "none"}, {"kind": "removeRule", "ruleId": "r0"}', 'rules');
-- Clauses and their values.
SELECT pg_temp.try('{"kind": "addClauses", "ruleId": "r0", "clauses": [{"attribute": "b", "op": "in", "values": []}]}', 'rules,0,clauses');
SELECT pg_temp.try('{"kind": "addValuesToClause", "ruleId": "r0", "clauseId": "c1", "values": ["x", 1, {"y": [2]}, true, null, "x", 1.0]}, {"kind": "addValuesToClause", "ruleId": "r0", "clauseId": "c1", "values": ["z", "x"]}', 'rules,0,clauses,1,values');
SELECT pg_temp.try('{"kind": "removeValuesFromClause", "ruleId": "r0", "clauseId": "c1", "values": [1, {"y": [2]}, null, "none"]}', 'rules,0,clauses,1,values');
SELECT pg_temp.try('{"kind": "updateClause", "ruleId": "r0", "clauseId": "c1", "clause": {"attribute": "c", "op": "lessThan", "values": [5], "negate": true}}', 'rules,0,clauses,1');
SELECT pg_temp.try('{"kind": "removeClauses", "ruleId": "r0", "clauseIds": ["c0"]}', 'rules,0,clauses');
SELECT pg_temp.try('{"kind": "replaceRules", "rules": [{"variationId": "v1", "clauses": [], "description": "d", "trackEvents": true}, {"rolloutWeights": {"v0": 50000, "v1": 50000}, "rolloutBucketBy": "name", "clauses": [{"attribute": "a", "op": "in", "values": [1]}]}]}', 'rules');
-- Targets: those of users are for themselves, and the order among all kinds is that of contextTargets.
SELECT pg_temp.try('{"kind": "addTargets", "variationId": "v0", "values": ["ada", "bob", "ada"]}', 'targets') AS targets, pg_temp.try('{"kind": "addUserTargets", "variationId": "v0", "values": ["ada", "eve"]}', 'targets') AS targets, pg_temp.try('{"kind": "addTargets", "variationId": "v1", "contextKind": "org", "values": ["acme"]}', 'contextTargets') AS context_targets;
SELECT pg_temp.try('{"kind": "addTargets", "variationId": "v1", "values": ["zoe"]}, {"kind": "addTargets", "variationId": "v0", "contextKind": "org", "values": ["other"]}', 'contextTargets');
SELECT pg_temp.try('{"kind": "removeTargets", "variationId": "v0", "values": ["ada", "none"]}, {"kind": "removeTargets", "variationId": "v1", "contextKind": "org", "values": ["acme"]}, {"kind": "removeTargets", "variationId": "v2", "values": ["ada"]}, {"kind": "removeUserTargets", "variationId": "v1", "values": ["zoe"]}', 'targets');
SELECT flagplane.get_flag('instructions', 'f') #> '{environments,test,contextTargets}' AS context_targets;
SELECT pg_temp.try('{"kind": "replaceTargets", "targets": [{"contextKind": "org", "variationId": "v1", "values": ["acme"]}, {"variationId": "v0", "values": ["ada"]}, {"contextKind": "user", "variationId": "v2", "values": ["bob"]}]}', 'targets') AS targets;
SELECT flagplane.get_flag('instructions', 'f') #> '{environments,test,contextTargets}' AS context_targets;
SELECT pg_temp.try('{"kind": "replaceUserTargets", "targets": [{"variationId": "v2", "values": ["ada"]}, {"variationId": "v0", "values": ["bob"]}, {"variationId": "v1", "values": []}]}', 'targets') AS targets;
SELECT flagplane.get_flag('instructions', 'f') #> '{environments,test,contextTargets}' AS context_targets;
SELECT pg_temp.try('{"kind": "clearUserTargets", "variationId": "v2"}', 'targets') AS targets, pg_temp.try('{"kind": "addTargets", "contextKind": "org", "variationId": "v0", "values": ["o"]}, {"kind": "clearTargets", "variationId": "v0"}', 'contextTargets') AS context_targets;
SELECT flagplane.get_flag('instructions', 'f') #> '{environments,test,targets}' AS targets;
-- By another patch: what stands for users is filled in, and keys are where they belong.
SELECT pg_temp.try('{"kind": "clearTargets", "variationId": "v1"}', 'contextTargets');
SELECT h.status, h.body #> '{environments,test,targets}' AS targets, h.body #> '{environments,test,contextTargets}' AS context_targets FROM flagplane.handle('PATCH', '/api/v2/flags/instructions/f', '{}', '{"environments": {"test": {"targets": [{"variation": 1, "values": ["ada"]}, {"variation": 0, "values": ["bob"]}], "contextTargets": [{"variation": 0, "values": []}, {"variation": 0, "contextKind": "org", "values": ["o"]}]}}}') h;
SELECT p, h.body->>'message' AS refused FROM unnest(ARRAY['{"contextTargets": [{"variation": 0, "contextKind": "user", "values": ["ada"]}]}', '{"contextTargets": [{"variation": 3, "contextKind": "org", "values": []}]}', '{"contextTargets": [{"variation": 0, "contextKind": "multi", "values": []}]}', '{"contextTargets": [{"variation": 0, "contextKind": "org"}]}',
	'{"trackEventsFallthrough": 1}', '{"rules": [{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["none"]}]}]}']) p, flagplane.handle('PATCH', '/api/v2/flags/instructions/f', '{}', format('{"environments": {"test": %s}}', p)) h;
SELECT h.body->>'message' AS misplaced FROM flagplane.handle('PATCH', '/api/v2/flags/instructions/f', '{}', '{"trackEventsFallthrough": true}') h;
-- Prerequisites, by ids of variations of other flags.
SELECT pg_temp.try('{"kind": "addPrerequisite", "key": "needed", "variationId": "n1"}', 'prerequisites') AS added, pg_temp.try('{"kind": "updatePrerequisite", "key": "needed", "variationId": "n2"}', 'prerequisites') AS updated, pg_temp.try('{"kind": "addPrerequisite", "key": "needed", "variationId": "n0"}', 'prerequisites') AS again, pg_temp.try('{"kind": "removePrerequisite", "key": "needed"}, {"kind": "removePrerequisite", "key": "none"}', 'prerequisites')
	AS removed, pg_temp.try('{"kind": "replacePrerequisites", "prerequisites": [{"key": "needed", "variationId": "n1"}]}', 'prerequisites') AS replaced;
-- One that another flag needs is not archived.
SELECT h.status, h.body->>'message' AS message FROM unnest(ARRAY['{"instructions": [{"kind": "archiveFlag"}]}', '{"archived": true}', '[{"op": "replace", "path": "/archived", "value": true}]']) p, flagplane.handle('PATCH', '/api/v2/flags/instructions/needed', '{}', p) h;
-- Otherwise and while off.
SELECT pg_temp.try('{"kind": "updateFallthroughVariationOrRollout", "variationId": "v2"}', 'fallthrough') AS variation, pg_temp.try('{"kind": "updateFallthroughVariationOrRollout", "rolloutWeights": {"v0": 1000, "v1": 99000}, "rolloutContextKind": "org"}', 'fallthrough') AS rollout, pg_temp.try('{"kind": "updateFallthroughVariationOrRollout", "variationId": "v0"}', 'fallthrough') AS variation, pg_temp.try('{"kind": "updateOffVariation", "variationId": "v1"}',
	'offVariation') AS off, pg_temp.try('{"kind": "turnFlagOn"}', 'on') AS on, pg_temp.try('{"kind": "turnFlagOff"}', 'on') AS off;
-- The flag itself, in every environment: no environment need be named.
SELECT pg_temp.try('{"kind": "addVariation", "value": {"d": 1}, "name": "D", "description": "fourth"}', 'variations,3', '') AS added, pg_temp.try('{"kind": "updateVariation", "variationId": "v3", "value": "d", "name": "Delta"}', 'variations,3', '') AS updated, pg_temp.try('{"kind": "updateDefaultVariation", "onVariationValue": "d", "offVariationValue": "b"}', 'defaults', '') AS defaults, pg_temp.try('{"kind": "updateDefaultVariation", "onVariationValue": "a"}, {"kind": "removeVariation", "variationId": "v3"}', 'defaults', '') AS removed;
SELECT json_array_length(flagplane.get_flag('instructions', 'f')->'variations') AS left;
SELECT pg_temp.try('{"kind": "turnOnClientSideAvailability", "value": "usingEnvironmentId"}, {"kind": "turnOffClientSideAvailability", "value": "usingMobileKey"}', 'clientSideAvailability', '') AS availability, pg_temp.try('{"kind": "makeFlagPermanent"}', 'temporary', '') AS permanent, pg_temp.try('{"kind": "makeFlagTemporary"}', 'temporary', '') AS temporary,
	pg_temp.try('{"kind": "deprecateFlag"}', 'deprecated', '') AS deprecated, pg_temp.try('{"kind": "restoreDeprecatedFlag"}', 'deprecated', '') AS restored;
SELECT pg_temp.try(format('{"kind": "updateMaintainerMember", "value": "%s"}', :'member'), 'maintainerId', '') AS maintained, pg_temp.try('{"kind": "removeMaintainer"}', 'key', '') AS removed;
SELECT flagplane.get_flag('instructions', 'f')->'maintainerId' IS NULL AS by_nobody;
SELECT pg_temp.try('{"kind": "addCustomProperties", "key": "k", "name": "K", "values": ["1", "2"]}', 'customProperties', '') AS added, pg_temp.try('{"kind": "addCustomProperties", "key": "k", "name": "K", "values": ["2", "3"]}', 'customProperties', '') AS more, pg_temp.try('{"kind": "removeCustomProperties", "key": "k", "values": ["1"]}, {"kind": "removeCustomProperties", "key": "none", "values": ["1"]}', 'customProperties', '') AS removed, pg_temp.try('{"kind": "replaceCustomProperties", "key": "k", "name": "L", "values": ["4"]}',
	'customProperties', '') AS replaced, pg_temp.try('{"kind": "removeCustomProperties", "key": "k", "values": ["4"]}', 'customProperties', '') AS gone;
SELECT pg_temp.try('{"kind": "updateName", "value": "N"}, {"kind": "updateDescription", "value": "D"}, {"kind": "addTags", "values": ["t", "u", "t"]}, {"kind": "removeTags", "values": ["u", "none"]}', 'tags', '') AS tags, pg_temp.try('{"kind": "archiveFlag"}', 'archived', '') AS archived, pg_temp.try('{"kind": "restoreFlag"}', 'archived', '') AS restored;
-- Each kind is refused for what it cannot be about; all or none.
SELECT i, pg_temp.try(i, 'no member') AS refused FROM unnest(ARRAY[
	'{"kind": "addRule", "clauses": []}', '{"kind": "addRule", "clauses": [], "variationId": "v0", "rolloutWeights": {"v0": 100000}}', '{"kind": "addRule", "clauses": [], "variationId": "none"}', '{"kind": "addRule", "clauses": [], "variationId": "v0", "beforeRuleId": "none"}', '{"kind": "addRule", "clauses": [{"op": "in", "values": [1]}], "variationId": "v0"}', '{"kind": "addRule", "clauses": [], "rolloutWeights": {"none": 100000}}',
	'{"kind": "addRule", "clauses": [], "rolloutWeights": {"v0": 1}}', '{"kind": "addRule", "clauses": [], "rolloutWeights": [100000]}', '{"kind": "addRule", "clauses": [], "rolloutWeights": {"v0": 100000}, "rolloutBucketBy": "/"}', '{"kind": "replaceRules", "rules": [1]}', '{"kind": "replaceRules", "rules": [{"clauses": [], "variation": 0}]}', '{"kind": "replaceRules", "rules": [{"variationId": "v0"}]}', '{"kind": "replaceRules", "rules": [{"clauses": [], "rolloutWeights": 1}]}', '{"kind": "removeRule"}', '{"kind": "reorderRules", "ruleIds": ["r0", "r0"]}',
	'{"kind": "updateRuleVariationOrRollout", "ruleId": "none", "variationId": "v0"}', '{"kind": "updateRuleVariationOrRollout", "ruleId": "r0"}', '{"kind": "updateRuleDescription", "ruleId": "none", "description": ""}', '{"kind": "updateRuleTrackEvents", "ruleId": "none", "trackEvents": true}', '{"kind": "updateRuleTrackEvents", "ruleId": "r0", "trackEvents": 1}', '{"kind": "updateTrackEvents"}', '{"kind": "updateTrackEventsFallthrough", "trackEvents": null}',
	'{"kind": "addClauses", "ruleId": "none", "clauses": []}', '{"kind": "removeClauses", "ruleId": "r0", "clauseIds": ["none"]}', '{"kind": "updateClause", "ruleId": "r0", "clauseId": "none", "clause": {}}', '{"kind": "updateClause", "ruleId": "r0", "clauseId": "none", "clause": []}', '{"kind": "addValuesToClause", "ruleId": "r0", "clauseId": "none", "values": []}', '{"kind": "removeValuesFromClause", "ruleId": "none", "clauseId": "none", "values": []}',
	'{"kind": "addTargets", "variationId": "v2", "values": ["ada"]}', '{"kind": "addTargets", "variationId": "v2", "contextKind": "org", "values": ["o"]}', '{"kind": "addTargets", "variationId": "v2", "contextKind": "kind", "values": ["o"]}', '{"kind": "addTargets", "variationId": "none", "values": ["o"]}', '{"kind": "addTargets", "variationId": "v2", "values": [1]}', '{"kind": "removeTargets", "variationId": "none", "values": []}', '{"kind": "addUserTargets", "variationId": "v2", "contextKind": "org", "values": []}', '{"kind": "addUserTargets", "variationId": "v2", "values": ["bob"]}', '{"kind": "removeUserTargets", "variationId": "none", "values": []}', '{"kind": "clearTargets", "variationId": "none"}', '{"kind": "clearUserTargets"}',
	'{"kind": "replaceTargets", "targets": [{"variationId": "v0", "values": ["a"]}, {"variationId": "v1", "values": ["a"]}]}', '{"kind": "replaceTargets", "targets": [1]}', '{"kind": "replaceTargets", "targets": [{"variationId": "v0"}]}', '{"kind": "replaceTargets", "targets": [{"variationId": "v0", "values": [1]}]}', '{"kind": "replaceTargets", "targets": [{"variationId": "v0", "values": [], "more": 1}]}', '{"kind": "replaceUserTargets", "targets": [{"variationId": "v0", "values": []}]}', '{"kind": "replaceUserTargets", "targets": [{"variationId": "v0", "contextKind": "org", "values": []}]}',
	'{"kind": "addPrerequisite", "key": "none", "variationId": "n0"}', '{"kind": "addPrerequisite", "key": "needed", "variationId": "v0"}', '{"kind": "addPrerequisite", "key": "f", "variationId": "v0"}', '{"kind": "updatePrerequisite", "key": "other", "variationId": "n0"}', '{"kind": "removePrerequisite"}', '{"kind": "replacePrerequisites", "prerequisites": [{"key": "needed"}]}', '{"kind": "replacePrerequisites", "prerequisites": ["needed"]}',
	'{"kind": "updateFallthroughVariationOrRollout"}', '{"kind": "updateFallthroughVariationOrRollout", "variationId": "none"}', '{"kind": "updateOffVariation", "variationId": "none"}', '{"kind": "addVariation", "value": "a"}', '{"kind": "addVariation", "name": "N"}', '{"kind": "addVariation", "value": 1, "name": ""}', '{"kind": "removeVariation", "variationId": "v0"}', '{"kind": "removeVariation", "variationId": "none"}', '{"kind": "removeVariation", "variationId": "v2"}', '{"kind": "updateVariation", "variationId": "none", "name": "N"}', '{"kind": "updateVariation", "variationId": "v0", "value": "b"}', '{"kind": "updateDefaultVariation", "onVariationValue": "none"}',
	'{"kind": "turnOnClientSideAvailability", "value": "all"}', '{"kind": "turnOffClientSideAvailability"}', '{"kind": "updateMaintainerMember", "value": "000000000000000000000000"}', '{"kind": "addCustomProperties", "key": "k", "name": "K"}', '{"kind": "replaceCustomProperties", "key": "", "name": "K", "values": []}', '{"kind": "removeCustomProperties", "key": "k", "values": "v"}', '{"kind": "archiveFlag", "value": true}', '{"kind": "restoreFlag", "more": 1}',
	'{"kind": "deleteFlag"}', '{"kind": "updateMaintainerTeam", "value": "t"}', '{"kind": "addExpireUserTargetDate", "variationId": "v0", "userKey": "ada", "value": 4102444800000}', '{"kind": "addUserTarget"}', '{"kind": "addTags", "values": ["ok"]}, {"kind": "addTags", "values": ["not ok"]}', '{"kind": "addTags"}', '{"kind": "removeTags", "values": 1}', '{"kind": "updateName", "value": ""}', '{"kind": "updateDescription"}', '{"kind": 1}', '1']) i;
SELECT i, pg_temp.try(i, 'no member', '') AS refused FROM unnest(ARRAY['{"kind": "turnFlagOn"}', '{"kind": "turnFlagOff"}', '{"kind": "addRule", "clauses": [], "variationId": "v0"}', '{"kind": "removeRule", "ruleId": "none"}', '{"kind": "addTargets", "variationId": "v0", "values": []}', '{"kind": "removePrerequisite", "key": "k"}', '{"kind": "updateOffVariation", "variationId": "v0"}', '{"kind": "updateTrackEvents", "trackEvents": true}']) i;
SELECT pg_temp.try('{"kind": "updateOffVariation", "variationId": "v0"}', 'no member', ', "environmentKey": "none"') AS refused;
-- Only shown with dryRun; conflicts are not there to be ignored.
SELECT h.body->>'name' AS dry FROM flagplane.handle('PATCH', '/api/v2/flags/instructions/f?dryRun=true&ignoreConflicts=true', '{}', '{"instructions": [{"kind": "updateName", "value": "Dry"}]}') h;
SELECT flagplane.get_flag('instructions', 'f')->>'name' AS stays;
-- The settings go with a copy of the flag, and of the environment, but for the contexts in the latter.
SELECT c #> '{environments,test,contextTargets}' AS context_targets, c #> '{environments,test,trackEventsFallthrough}' AS track FROM flagplane.create_flag('instructions', 'copy', 'C', clone => 'f') c;
SELECT flagplane.create_environment('instructions', 'copied', 'C', '000000', source => '{"key": "test"}') IS NOT NULL AS made;
SELECT f #> '{environments,copied,targets}' AS targets, f #> '{environments,copied,contextTargets}' AS context_targets, f #> '{environments,copied,trackEventsFallthrough}' AS track FROM flagplane.get_flag('instructions', 'f') f;
