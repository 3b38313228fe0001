-- evaluate(): nothing that it is given makes it raise; whatever it answers has the form of a detail.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT setseed(0.25);
-- Random JSON, among it names and values that mean something.
CREATE FUNCTION pg_temp.scalar() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT ('{null,true,false,0,1,-1,2,3,100000,1.5,1e300,1e999,9223372036854775808,-9223372036854775809,"\"\"","\"a\"","\"user\"","\"org\"","\"multi\"","\"kind\"","\"key\"","\"/a/b\"","\"/\"","\"~\"","\"f\"","\"g\"","\"s\"","\"t\"","\"in\"","\"matches\"","\"before\"","\"semVerEqual\"","\"segmentMatch\"","\"experiment\"","\"(\"","\"(?i)[a-z\\\\d]{2,}$\"","\"2020-01-01T00:00:00Z\"","\"1.0.0-a.1\"","\"\\u00e9\"",[],"{}"}'::jsonb[])[1 + floor(random() * 41)]
$$;
CREATE FUNCTION pg_temp.json(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	names constant text[] := '{flags,segments,f,g,s,t,kind,key,user,org,custom,on,variations,fallthrough,variation,rollout,weight,seed,rules,clauses,values,op,attribute,contextKind,targets,contextTargets,prerequisites,included,includedContexts,bucketBy,offVariation,negate,untracked,salt,unbounded,a,b}';
BEGIN
	IF depth = 0 OR random() < 0.3 THEN
		RETURN pg_temp.scalar();
	ELSIF random() < 0.4 THEN
		RETURN (SELECT coalesce(jsonb_agg(pg_temp.json(depth - 1)), '[]') FROM generate_series(1, floor(random() * 4)::int));
	END IF;
	RETURN (SELECT coalesce(jsonb_object_agg(names[1 + floor(random() * array_length(names, 1))], pg_temp.json(depth - 1)), '{}')
		FROM generate_series(1, floor(random() * 6)::int));
END
$$;
-- A document with one of its parts replaced or removed, here and there.
CREATE FUNCTION pg_temp.mutated(document jsonb, chance float) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF random() < chance THEN
		RETURN pg_temp.json(2);
	ELSIF jsonb_typeof(document) = 'object' THEN
		RETURN (SELECT coalesce(jsonb_object_agg(key, pg_temp.mutated(value, chance)) FILTER (WHERE random() > chance / 2), '{}') FROM jsonb_each(document));
	ELSIF jsonb_typeof(document) = 'array' THEN
		RETURN (SELECT coalesce(jsonb_agg(pg_temp.mutated(value, chance)) FILTER (WHERE random() > chance / 2), '[]') FROM jsonb_array_elements(document));
	END IF;
	RETURN document;
END
$$;
DO $$
DECLARE
	good constant jsonb := '{"flags": {
		"f": {"key": "f", "version": 1, "on": true, "salt": "s", "variations": [1, "b", null, {"c": [true]}], "offVariation": 0, "prerequisites": [{"key": "g", "variation": 1}],
			"targets": [{"variation": 0, "values": ["a"]}], "contextTargets": [{"contextKind": "user", "variation": 0, "values": []}, {"contextKind": "org", "variation": 1, "values": ["a", "b"]}],
			"rules": [{"id": "r", "clauses": [{"contextKind": "user", "attribute": "/a/b", "op": "in", "values": [1, "x", true], "negate": true}, {"attribute": "a", "op": "matches", "values": ["^a+$"], "negate": true}],
				"rollout": {"kind": "experiment", "contextKind": "user", "seed": 61, "variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000, "untracked": true}]}},
				{"clauses": [{"op": "segmentMatch", "values": ["s", "t"]}], "variation": 1}],
			"fallthrough": {"rollout": {"bucketBy": "a", "variations": [{"variation": 2, "weight": 100000}]}}},
		"g": {"on": true, "variations": [1, 2], "fallthrough": {"variation": 1}, "rules": [{"clauses": [{"attribute": "d", "op": "before", "values": ["2020-01-01T00:00:00Z", 5]}], "variation": 1},
			{"clauses": [{"attribute": "v", "op": "semVerLessThan", "values": ["2.0.0-rc.1+b"]}], "variation": 1}]}},
		"segments": {"s": {"key": "s", "included": ["a"], "excluded": ["b"], "includedContexts": [{"contextKind": "org", "values": ["a"]}], "salt": "x", "rules": [{"clauses": [{"op": "segmentMatch", "values": ["t"]}], "weight": 50000, "bucketBy": "a"}]},
			"t": {"rules": [{"clauses": [{"attribute": "key", "op": "endsWith", "values": ["a"]}]}], "unbounded": false, "generation": 1}}}';
	contexts constant jsonb[] := ARRAY['{"kind": "user", "key": "a", "a": {"b": [1, null, {"c": 2}]}, "d": "2019-01-01T00:00:00Z", "v": "1.0"}',
		'{"kind": "multi", "user": {"key": "a", "a": 5}, "org": {"key": "b", "d": 77}}', '{"key": "b", "custom": {"a": "aaa"}, "anonymous": true}'];
	data jsonb;
	context jsonb;
	detail jsonb;
	raised int := 0;
	odd int := 0;
	served int := 0;
BEGIN
	FOR i IN 1..1000 LOOP
		data := CASE WHEN i % 8 = 0 THEN pg_temp.json(6) ELSE pg_temp.mutated(good, (i % 7) * 0.01) END;
		context := CASE WHEN i % 5 = 0 THEN pg_temp.json(3) ELSE pg_temp.mutated(contexts[1 + i % 3], (i % 5) * 0.05) END;
		BEGIN
			detail := flagplane.evaluate(data, CASE WHEN i % 2 = 0 THEN 'f' ELSE 'g' END, context, '"default"');
			served := served + (detail->>'variationIndex' IS NOT NULL)::int;
			IF NOT (detail ?& '{value,variationIndex,reason}'
				AND (detail->'reason'->>'kind' = 'ERROR') = (detail->'reason' ? 'errorKind') AND (detail->'reason'->>'kind' <> 'ERROR'
				OR detail->>'value' = 'default')) THEN
				odd := odd + 1;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			raised := raised + 1;
			RAISE WARNING '% for % and %', SQLERRM, data, context;
		END;
	END LOOP;
	RAISE WARNING '% raised, % of another form, %', raised, odd, CASE WHEN served > 100 THEN 'some served' ELSE served || ' served' END;
END
$$;
