-- What clients leave out of rules and clauses is filled in, however many members a rule and its clauses have.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('members') IS NOT NULL AS made, flagplane.create_flag('members', 'f', 'F') IS NOT NULL AS made, flagplane.create_segment('members', 'test', 's', 'S') IS NOT NULL AS made;
-- A clause of the first members of this list, and a rule of so many clauses and the first members of others.
CREATE FUNCTION pg_temp.first_of(members jsonb, wanted int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(member->>0, member->1), '{}') FROM jsonb_array_elements(members) WITH ORDINALITY u(member, n) WHERE n <= wanted
$$;
CREATE FUNCTION pg_temp.rule(others jsonb, wanted int, clauses int, clause_members int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT pg_temp.first_of(others, wanted) || jsonb_build_object('clauses', (SELECT jsonb_agg(pg_temp.first_of(
		'[["op", "in"], ["values", ["x"]], ["attribute", "name"], ["contextKind", "org"], ["negate", true]]', clause_members)) FROM generate_series(1, clauses)))
$$;
CREATE FUNCTION pg_temp.complete(rules jsonb, members text[]) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s rules, %s incomplete, %s clauses, %s incomplete', count(DISTINCT r), count(DISTINCT r) FILTER (WHERE NOT rule ?& members), count(*),
		count(*) FILTER (WHERE NOT clause ?& '{_id,op,values,attribute,contextKind,negate}')) FROM jsonb_array_elements(rules) WITH ORDINALITY u(rule, r), jsonb_array_elements(rule->'clauses') clause
$$;
SELECT pg_temp.complete(flagplane.update_flag('members', 'f', jsonb_build_object('environments', jsonb_build_object('test', jsonb_build_object('rules', jsonb_agg(
	pg_temp.rule('[["variation", 0], ["description", "d"], ["ref", "r"], ["trackEvents", true], ["disabled", false]]', n, c, m) ORDER BY n, c, m)))))
	::jsonb#>'{environments,test,rules}', '{_id,clauses,variation,trackEvents}') AS flag
FROM generate_series(1, 5) n, generate_series(1, 4) c, generate_series(3, 5) m;
SELECT pg_temp.complete(flagplane.update_segment('members', 'test', 's', jsonb_build_object('rules', jsonb_agg(
	pg_temp.rule('[["description", "d"], ["weight", 100], ["bucketBy", "name"], ["rolloutContextKind", "org"]]', n, c, m) ORDER BY n, c, m)))
	::jsonb->'rules', '{_id,clauses}') AS segment
FROM generate_series(0, 4) n, generate_series(1, 4) c, generate_series(3, 5) m;
-- A rule of each shape alone, since what is around it in memory differs.
SELECT count(*), bool_and(flagplane.update_segment('members', 'test', 's', jsonb_build_object('rules', jsonb_build_array(
	pg_temp.rule('[["description", "d"], ["weight", 100], ["bucketBy", "name"], ["rolloutContextKind", "org"]]', n, c, m))))::jsonb->'rules'->0->'clauses'->(c - 1) ?& '{_id,op,values,attribute,contextKind,negate}') AS complete
FROM generate_series(0, 4) n, generate_series(1, 4) c, generate_series(3, 5) m;
