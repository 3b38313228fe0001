-- check_layer(): the figures, each computed again in SQL.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('check') IS NOT NULL AS made;
SELECT flagplane.create_layer('check', 'one', 'One', '')->>'key' AS one, flagplane.create_layer('check', 'two', 'Two', '')->>'key' AS two, flagplane.create_layer('check', 'twin', 'Twin', '')->>'key' AS twin;
-- Fixed seeds, and a layer with the seed of another one, as no layer should have.
UPDATE flagplane_data.layer SET seed = CASE key WHEN 'two' THEN 'seed two' ELSE 'seed one' END WHERE key IN ('one', 'two', 'twin');
INSERT INTO flagplane_data.experiment (account_id, id, environment_id, key, name, description, randomization_unit, status, version, created_at)
SELECT e.account_id, left(md5(x || e.id), 24), e.id, x, x, '', 'user', CASE x WHEN 'zero' THEN 'not_started' ELSE 'running' END, 1, now() FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id, unnest('{big,small,zero}'::text[]) x WHERE p.key = 'check' AND e.key = 'production';
INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id, segments, created_at)
SELECT x.account_id, x.id, l.id, x.environment_id, x.id, CASE x.key WHEN 'big' THEN '{[0,300),[500,650)}' WHEN 'small' THEN '{[300,425)}' ELSE '{}' END::int4multirange, x.created_at
FROM flagplane_data.experiment x JOIN flagplane_data.environment e ON e.id = x.environment_id JOIN flagplane_data.layer l ON l.project_id = e.project_id WHERE l.key = 'one';
SELECT flagplane.check_layer('check', 'production', 'one');
SELECT flagplane.check_layer('check', 'test', 'two', units => 1000);
-- Units, chi-squares and p by SQL. For an odd number of degrees and a value that is not small, Q(df / 2, x) is the sum of
-- x^(i + 1/2) e^-x / Gamma(i + 3/2) for i below (df - 1) / 2, its rest erfc(sqrt(x)) being nothing.
CREATE FUNCTION t.p(chi_square float8, df int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	x float8 := chi_square / 2;
	term float8;
	p float8 := 0;
BEGIN
	IF x > 700 THEN
		RETURN 0;
	END IF;
	term := 2 * sqrt(x / pi()) * exp(-x);
	FOR i IN 0..(df - 3) / 2 LOOP
		p := p + term;
		term := term * x / (i + 1.5);
	END LOOP;
	RETURN p;
END
$$;
CREATE FUNCTION t.agrees(layer text, seed text, n int, parts int) RETURNS TABLE (of text, chi_square boolean, p boolean) LANGUAGE sql AS $$
	WITH document AS (SELECT flagplane.check_layer('check', 'production', layer, n) AS d),
	unit AS (SELECT flagplane.bucket(seed, 'unit-' || i) AS bucket, i FROM generate_series(1, n) i),
	test AS (SELECT 'uniformity' AS of, d->'uniformity' AS found, (SELECT sum((coalesce(c, 0) - n::float8 / parts) ^ 2) / (n::float8 / parts) FROM generate_series(0, parts - 1) part
		LEFT JOIN (SELECT bucket / (100000 / parts) AS part, count(*) AS c FROM unit GROUP BY 1) cell USING (part)) AS value FROM document
	UNION ALL SELECT e->>'layerKey', e, (SELECT sum((c - r * k / n::float8) ^ 2 / (r * k / n::float8)) FROM (SELECT c, sum(c) OVER (PARTITION BY a) AS r, sum(c) OVER (PARTITION BY b) AS k
		FROM (SELECT a, b, count(u.i) AS c FROM generate_series(0, 9) a CROSS JOIN generate_series(0, 9) b LEFT JOIN unit u ON u.bucket / 10000 = a
			AND flagplane.bucket((SELECT l.seed FROM flagplane_data.layer l WHERE l.key = e->>'layerKey'), 'unit-' || u.i) / 10000 = b GROUP BY a, b) cell) sums) FROM document, json_array_elements(d->'independence') e)
	SELECT of, abs((found->>'chiSquare')::float8 - value) < 0.001, abs((found->>'p')::float8 - t.p(value, (found->>'degreesOfFreedom')::int)) < 0.0001 FROM test
$$;
SELECT * FROM t.agrees('one', 'seed one', 10000, 1000);
SELECT * FROM t.agrees('two', 'seed two', 9999, 100);
SELECT (d->>'freeUnits')::int = (SELECT count(*) FROM generate_series(1, 20000) i WHERE NOT flagplane.bucket('seed one', 'unit-' || i) / 100 <@ '{[0,425),[500,650)}'::int4multirange) AS free,
	(d->'reservations'->0->>'units')::int = (SELECT count(*) FROM generate_series(1, 20000) i WHERE flagplane.assign('check', 'production', 'one', 'unit-' || i) = 'big') AS big
FROM flagplane.check_layer('check', 'production', 'one', 20000) d;
-- A shared seed is found out.
SELECT e->>'layerKey' AS layer, (e->>'p')::float8 < 0.000001 AS dependent FROM json_array_elements(flagplane.check_layer('check', 'production', 'one')->'independence') e ORDER BY 1;
-- Refusals.
SELECT t.try($$SELECT flagplane.check_layer('check', 'production', 'one', 999)$$);
SELECT t.try($$SELECT flagplane.check_layer('check', 'production', 'one', 1000001)$$);
SELECT t.try($$SELECT flagplane.check_layer('check', 'nowhere', 'one')$$);
SELECT t.try($$SELECT flagplane.check_layer('check', 'production', 'nothing')$$);
SELECT t.try($$SELECT flagplane.check_layer(NULL, NULL, NULL)$$);
