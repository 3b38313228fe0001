-- The evaluation of the database's own flags: values, reasons, defaults, refusals, all flags at once, and the payload that they come from.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('variation') IS NOT NULL AS made;
SELECT flagplane.create_flag('variation', 'bool', 'B', is_flag_on => true) IS NOT NULL AND flagplane.create_flag('variation', 'off', 'O') IS NOT NULL
	AND flagplane.create_flag('variation', 'text', 'T', variations => '[{"value": "a\u00e4\""}, {"value": ""}]', is_flag_on => true) IS NOT NULL
	AND flagplane.create_flag('variation', 'number', 'N', variations => '[{"value": 12345678901234567890.5}, {"value": 0}]', is_flag_on => true) IS NOT NULL
	AND flagplane.create_flag('variation', 'json', 'J', variations => '[{"value": {"a": [1, null, "x"]}, "name": "N"}, {"value": null}, {"value": [1]}]', is_flag_on => true) IS NOT NULL AS made;
-- Each function with each kind of value: one of another type is the default.
SELECT f AS flag, flagplane.variation('variation', 'test', f, '{"key": "a"}', '"default"') AS variation, flagplane.bool_variation('variation', 'test', f, '{"key": "a"}', NULL) AS bool,
	flagplane.text_variation('variation', 'test', f, '{"key": "a"}', 'default') AS text, flagplane.numeric_variation('variation', 'test', f, '{"key": "a"}', -1) AS number
FROM unnest(ARRAY['bool', 'off', 'text', 'number', 'json', 'nosuch', NULL]) f;
SELECT flagplane.bool_variation('variation', 'test', 'text', '{"key": "a"}', d) AS bool FROM unnest(ARRAY[true, false, NULL]) d;
-- A null that is served is a value; nothing served and no default is NULL.
SELECT flagplane.update_flag('variation', 'json', '{"environments": {"test": {"fallthrough": {"variation": 1}}}}') IS NOT NULL AS changed;
SELECT flagplane.variation('variation', 'test', 'json', '{"key": "a"}', '1') AS served, flagplane.variation('variation', 'test', 'nosuch', '{"key": "a"}') IS NULL AS nothing;
-- Why: the reason says what is wrong with a flag or a context, and nothing is raised.
SELECT f AS flag, c AS context, flagplane.variation_detail('variation', 'test', f, c::jsonb, '7') AS detail
FROM unnest(ARRAY['bool', 'nosuch', NULL]) f, unnest(ARRAY['{"key": "a"}', '{"kind": "multi"}', '{"kind": "org"}', '[]', '"a"', 'null', NULL]) c;
-- Refused: what is no environment, and NULL for one.
SELECT t.try(format('SELECT flagplane.%s(%L, %L, %L, %L%s)', f, p, e, 'bool', '{"key": "a"}', CASE f WHEN 'bool_variation' THEN ', true' ELSE '' END)) AS refused
FROM unnest(ARRAY['variation', 'bool_variation', 'variation_detail', 'explain_variation']) f, (VALUES ('variation', 'nosuch'), ('nosuch', 'test'), (NULL, 'test'), ('variation', NULL)) v(p, e);
SELECT t.try(s) AS refused FROM unnest(ARRAY[$$SELECT flagplane.payload('variation', 'nosuch')$$, $$SELECT flagplane.payload('nosuch', 'test')$$, $$SELECT flagplane.payload(NULL, 'test')$$, $$SELECT flagplane.payload('variation', NULL)$$,
	$$SELECT flagplane.all_flags_state('variation', 'nosuch', '{"key": "a"}')$$, $$SELECT flagplane.all_flags_state(NULL, 'test', '{"key": "a"}')$$, $$SELECT flagplane.touch_environment('variation', 'nosuch')$$, $$SELECT flagplane.touch_environment('nosuch', 'test')$$,
	$$SELECT flagplane.text_variation('variation', NULL, 'text', '{"key": "a"}', '')$$, $$SELECT flagplane.numeric_variation('nosuch', 'test', 'text', '{"key": "a"}', 1)$$]) s;

-- A flag with all there is: prerequisites, targets of several kinds, rules one of which is disabled, a rollout.
SELECT flagplane.create_flag('variation', 'whole', 'W', variations => '[{"value": "a"}, {"value": "b"}, {"value": "c"}]', is_flag_on => true, client_side_availability => '{"usingMobileKey": false, "usingEnvironmentId": true}') IS NOT NULL AS made;
UPDATE flagplane_data.flag_environment c SET salt = 'salt' FROM flagplane_data.flag f WHERE f.id = c.flag_id AND f.key = 'whole';
SELECT flagplane.update_flag('variation', 'whole', '{"environments": {"test": {"prerequisites": [{"key": "bool", "variation": 0}], "trackEvents": true,
	"targets": [{"variation": 2, "values": ["cara"]}, {"variation": 1, "values": ["acme"], "contextKind": "org"}],
	"rules": [{"_id": "00000000-0000-4000-8000-000000000001", "disabled": true, "variation": 2, "clauses": []},
		{"_id": "00000000-0000-4000-8000-000000000002", "variation": 1, "trackEvents": true, "description": "d", "ref": "r", "clauses": [{"attribute": "/address/country", "op": "in", "values": ["de", 1, null]}, {"attribute": "plan", "op": "endsWith", "values": ["ee"], "negate": true, "contextKind": "org"}]}],
	"fallthrough": {"variation": null, "rollout": {"bucketBy": "email", "variations": [{"variation": 0, "weight": 30000}, {"variation": 1, "weight": 70000}]}}}}}') IS NOT NULL AS changed;
SELECT flagplane.payload('variation', 'test')->'flags'->'whole' AS whole;
SELECT k AS key, flagplane.payload('variation', 'test')->'segments' AS segments FROM (SELECT string_agg(key, ' ') FROM json_object_keys(flagplane.payload('variation', 'test')->'flags') key) x(k);
CREATE TEMP TABLE context AS SELECT c::jsonb AS context FROM unnest(ARRAY['{"key": "cara"}', '{"key": "dan", "email": "d@x"}', '{"key": "dan", "email": "y@x"}', '{"kind": "org", "key": "acme"}', '{"kind": "multi", "user": {"key": "cara"}, "org": {"key": "acme"}}',
	'{"kind": "multi", "user": {"key": "e", "address": {"country": "de"}}, "org": {"key": "x", "plan": "free"}}', '{"kind": "multi", "user": {"key": "e", "address": {"country": "de"}}, "org": {"key": "x", "plan": "gold"}}', '{"kind": ""}']) c;
SELECT flagplane.variation_detail('variation', 'test', 'whole', context) AS detail FROM context;
SELECT flagplane.explain_variation('variation', 'test', 'whole', context, '"default"') AS explained FROM context;
-- The same as evaluate() makes of the payload, for all flags and contexts.
SELECT count(*), count(*) FILTER (WHERE flagplane.variation_detail('variation', 'test', f, context, '1')::text
	<> flagplane.evaluate(flagplane.payload('variation', 'test')::jsonb, f, context, '1')::text) AS different
FROM context, unnest(ARRAY['bool', 'off', 'text', 'number', 'json', 'whole', 'nosuch']) f;
-- A prerequisite that is off.
SELECT flagplane.update_flag('variation', 'bool', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}]}') IS NOT NULL AS changed;
SELECT flagplane.variation_detail('variation', 'test', 'whole', '{"key": "cara"}') AS detail, flagplane.explain_variation('variation', 'test', 'whole', '{"key": "cara"}') AS explained;
SELECT flagplane.update_flag('variation', 'bool', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}') IS NOT NULL AS changed;
-- A flag without an off variation that is off serves the default, and is no error.
SELECT flagplane.update_flag('variation', 'off', '[{"op": "remove", "path": "/environments/test/offVariation"}]') IS NOT NULL AS changed;
SELECT flagplane.variation_detail('variation', 'test', 'off', '{"key": "a"}', '"default"') AS detail, flagplane.payload('variation', 'test')->'flags'->'off'->'offVariation' AS off_variation;

-- All flags at once, in the form that a page bootstraps from.
SELECT flagplane.all_flags_state('variation', 'test', '{"key": "cara"}') AS state;
SELECT flagplane.all_flags_state('variation', 'test', '{"kind": "multi", "user": {"key": "e", "address": {"country": "de"}}, "org": {"key": "x", "plan": "gold"}}', client_side_only => true) AS client_side;
SELECT flagplane.all_flags_state('variation', 'test', '{"key": "cara"}', with_reasons => true, details_only_for_tracked_flags => true) AS with_reasons;
SELECT flagplane.all_flags_state('variation', 'test', c::jsonb) AS invalid FROM unnest(ARRAY['{"kind": "org"}', '1', NULL]) c;
SELECT t.try($$SELECT flagplane.all_flags_state('variation', 'test', '{"key": "a"}', NULL, NULL, NULL)->'off'$$) AS nulls_are_false;

-- Archived and deleted flags are not there.
SELECT flagplane.update_flag('variation', 'text', '{"archived": true}') IS NOT NULL AS archived, flagplane.update_flag('variation', 'whole', '{"environments": {"test": {"prerequisites": []}}}') IS NOT NULL AS changed;
SELECT flagplane.variation_detail('variation', 'test', 'text', '{"key": "a"}') AS archived, flagplane.payload('variation', 'test')->'flags'->'text' IS NULL AS not_sent;
SELECT flagplane.update_flag('variation', 'text', '{"archived": false}') IS NOT NULL AS restored;
SELECT flagplane.text_variation('variation', 'test', 'text', '{"key": "a"}', '') AS restored;
-- Many environments in one query, more than an expression caches, in any order.
SELECT flagplane.create_environment('variation', 'e' || i, 'E', '000000') IS NOT NULL AS made FROM generate_series(1, 20) i \g /dev/null
SELECT flagplane.update_flag('variation', 'off', format('{"environmentKey": "e%s", "instructions": [{"kind": "turnFlagOn"}]}', i)::jsonb) IS NOT NULL FROM generate_series(1, 20, 2) i \g /dev/null
SELECT flagplane.bool_variation('variation', 'e' || e, 'off', '{"key": "a"}', NULL) AS is_on, count(*),
	count(DISTINCT e) AS environments, sum(e % 2) AS odd
FROM generate_series(1, 20) e, generate_series(1, 3) i GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE flagplane.bool_variation(p, e, f, '{"key": "a"}', NULL) IS NOT DISTINCT FROM v) AS right, count(*)
FROM (VALUES ('variation', 'e1', 'off', true), ('variation', 'e2', 'off', false), ('variation', 'e1', 'nosuch', NULL), ('variation', 'test', 'bool', true)) x(p, e, f, v), generate_series(1, 4);

-- Who may: the scope flags:read, in the projects that a token is for.
SELECT flagplane.create_access_token('variation', ARRAY['flags:read'])->>'token' AS token \gset
SELECT flagplane.create_access_token('variation', ARRAY['projects:read'])->>'token' AS other \gset
SELECT flagplane.create_project('elsewhere', 'E') IS NOT NULL AS made, flagplane.create_access_token('variation', ARRAY['flags:read'], projects => '{elsewhere}')->>'token' AS limited \gset
CREATE FUNCTION pg_temp.rpc(call text, token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.path', '/rpc/x', true), set_config('request.headers', json_build_object('authorization', token)::text, true);
	EXECUTE 'SELECT ' || call INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || (SQLERRM::json->>'message');
END
$$;
SELECT c AS call, pg_temp.rpc(c, :'token') AS scope, pg_temp.rpc(c, :'other') AS no_scope, pg_temp.rpc(c, :'limited') AS other_project, pg_temp.rpc(c, 'fp_00000000_0000000000000000_0000000000000000000000000000000000000000000') AS unknown
FROM unnest(ARRAY[$$flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL)$$, $$flagplane.variation('variation', 'test', 'bool', '{"key": "a"}')$$, $$flagplane.variation_detail('variation', 'test', 'bool', '{"key": "a"}')$$,
	$$flagplane.explain_variation('variation', 'test', 'bool', '{"key": "a"}')$$, $$flagplane.payload('variation', 'test')->'segments'$$, $$flagplane.all_flags_state('variation', 'test', '{"key": "a"}')->'bool'$$, $$flagplane.touch_environment('variation', 'test')$$]) c;
-- Without a token a role needs rights on the data.
CREATE ROLE fp_variation;
GRANT USAGE ON SCHEMA flagplane TO fp_variation;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_variation;
SET ROLE fp_variation;
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
RESET ROLE;
-- A role that is bound to an account stays there, whatever it sets itself. As other settings of roles, it counts for later sessions.
SELECT flagplane.create_account('variation-bound', 'B') IS NOT NULL AS made;
GRANT USAGE ON SCHEMA flagplane_data TO fp_variation;
ALTER ROLE fp_variation SET flagplane.role_account = 'variation-bound';
\c -
SET ROLE fp_variation;
SET flagplane.account = 'default';
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
SET flagplane.role_account = 'default';
ALTER ROLE fp_variation SET flagplane.role_account = 'default';
RESET ROLE;
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
-- In one database before all others.
DO $$ BEGIN EXECUTE format('ALTER ROLE fp_variation IN DATABASE %I SET flagplane.role_account = %L', current_database(), 'default'); END $$;
\c -
SET ROLE fp_variation;
SET flagplane.account = 'variation-bound';
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
RESET ROLE;
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
-- What is empty binds to none.
DO $$ BEGIN EXECUTE format('ALTER ROLE fp_variation IN DATABASE %I RESET ALL', current_database()); END $$;
ALTER ROLE fp_variation SET flagplane.role_account = '';
\c -
SET ROLE fp_variation;
SET flagplane.account = 'variation-bound';
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
SET flagplane.account = 'default';
SELECT flagplane.bool_variation('variation', 'test', 'bool', '{"key": "a"}', NULL);
RESET ROLE;
RESET flagplane.account;
REVOKE ALL ON SCHEMA flagplane, flagplane_data FROM fp_variation;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA flagplane FROM fp_variation;
DROP ROLE fp_variation;
