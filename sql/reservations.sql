-- Reservations: who owns which segments after anything that can happen to them.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('segments') AS project \gset
CREATE FUNCTION pg_temp.reserve(layer text, experiment text, percent int) RETURNS text LANGUAGE sql AS $$
	SELECT left(t.try(format('SELECT flagplane.update_layer(%L, %L, %L, %L)->%L', 'segments', layer,
		json_build_array(json_build_object('kind', 'updateExperimentReservation', 'experimentKey', experiment, 'reservationPercent', percent)), 'test', 'key')), 200)
$$;
CREATE FUNCTION pg_temp.make(experiment text) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.create_experiment('segments', 'test', experiment, experiment, iteration => t.plan('segments', experiment))->>'key'
$$;
CREATE FUNCTION pg_temp.end(experiment text) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.start_experiment('segments', 'test', experiment)->'currentIteration'->>'status';
	SELECT flagplane.stop_experiment('segments', 'test', experiment)->'currentIteration'->>'status'
$$;
-- What experiments own, or owned last.
CREATE VIEW pg_temp.owned AS
	SELECT l.key AS layer, e.key AS experiment, r.segments, r.released_at IS NULL AS live FROM flagplane_data.layer_reservation r
	JOIN flagplane_data.layer l ON l.id = r.layer_id JOIN flagplane_data.experiment e ON e.id = r.experiment_id
	JOIN flagplane_data.environment n ON n.id = r.environment_id WHERE n.key = 'test';
CREATE FUNCTION pg_temp.size(int4multirange) RETURNS int LANGUAGE sql AS $$ SELECT coalesce(sum(upper(s) - lower(s)), 0)::int FROM unnest($1) s $$;
CREATE FUNCTION pg_temp.segments(name text) RETURNS int4multirange LANGUAGE sql
	AS $$ SELECT coalesce(range_agg(s), '{}') FROM pg_temp.owned, unnest(segments) s WHERE experiment = name $$;

-- Half of a layer is some hundred pieces all over it, not one.
SELECT flagplane.create_layer('segments', 'strata', 'Strata', '')->>'key' AS layer, pg_temp.make('a'), pg_temp.make('b'), pg_temp.make('c'), pg_temp.make('d');
SELECT pg_temp.reserve('strata', 'a', 50);
SELECT pg_temp.size(s) AS size, (SELECT count(*) FROM unnest(s)) BETWEEN 150
	AND 350 AS many_pieces, pg_temp.size(s * '{[0,500)}') BETWEEN 180 AND 320 AS all_over FROM pg_temp.segments('a') s;
-- After it ends, the next one gets half of its segments from it and half from those that nobody had.
SELECT pg_temp.end('a'), pg_temp.reserve('strata', 'b', 50);
SELECT pg_temp.size(pg_temp.segments('b')) AS size, pg_temp.size(pg_temp.segments('b') * pg_temp.segments('a')) AS from_a;
-- What counts is who had a segment last: b has now had half of what a had.
SELECT pg_temp.end('b'), pg_temp.reserve('strata', 'c', 30);
SELECT pg_temp.size(c * (a - b)) AS from_a, pg_temp.size(c * b) AS from_b, pg_temp.size(c - a - b) AS from_nobody
	FROM pg_temp.segments('a') a, pg_temp.segments('b') b, pg_temp.segments('c') c;
-- Of an experiment that is gone too.
SELECT flagplane.delete_experiment('segments', 'test', 'b') IS NULL AS deleted;
SELECT pg_temp.reserve('strata', 'd', 70);
SELECT pg_temp.size(d * c) AS taken_twice, pg_temp.size(d + c) AS whole FROM pg_temp.segments('c') c, pg_temp.segments('d') d;
-- Growing keeps, shrinking keeps a part, and what was given back is history.
SELECT pg_temp.segments('c') AS before \gset
SELECT pg_temp.reserve('strata', 'd', 40), pg_temp.reserve('strata', 'c', 50);
SELECT pg_temp.size(segments) AS size, :'before'::int4multirange <@ segments AS kept FROM pg_temp.owned WHERE experiment = 'c' AND live;
SELECT segments AS before FROM pg_temp.owned WHERE experiment = 'c' AND live \gset
SELECT pg_temp.reserve('strata', 'c', 20);
SELECT live, pg_temp.size(segments) AS size, segments <@ :'before'::int4multirange AS of_those, (SELECT count(*)
	FROM unnest(segments)) > 50 AS many_pieces FROM pg_temp.owned WHERE experiment = 'c' ORDER BY live DESC;

-- A hundred draws of a tenth hit each tenth of the layer alike: chi-square over ten, beyond 40 once in 100,000 runs were they not strata.
SELECT count(flagplane.create_layer('segments', 'draw-' || g, 'Draw',
	'')::text || pg_temp.make('draw-' || g) || pg_temp.reserve('draw-' || g, 'draw-' || g, 10)) AS draws FROM generate_series(1, 100) g;
SELECT sum((hits - 1000) ^ 2 / 1000) < 40 AS uniform, sum(hits) AS hits
FROM (SELECT sum(pg_temp.size(segments * int4multirange(int4range(d * 100, d * 100 + 100)))) AS hits
	FROM pg_temp.owned, generate_series(0, 9) d WHERE layer LIKE 'draw-%' GROUP BY d) h;
SELECT count(DISTINCT segments) AS different FROM pg_temp.owned WHERE layer LIKE 'draw-%';

-- The tables refuse by themselves: two owners, a segment that is none, a live reservation of nobody, two of one experiment.
SELECT flagplane.create_layer('segments', 'by-hand', 'By hand', '')->>'key' AS layer, pg_temp.make('x'), pg_temp.make('y');
CREATE FUNCTION pg_temp.by_hand(experiment text, segments text, environment text DEFAULT 'test',
	released timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format($i$INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id,
			segments, created_at, released_at)
		SELECT p.account_id, %L, l.id, n.id, (SELECT e.id FROM flagplane_data.experiment e
			JOIN flagplane_data.environment o ON o.id = e.environment_id WHERE o.project_id = p.id AND e.key = %L), %L, now(), %L
		FROM flagplane_data.project p JOIN flagplane_data.layer l ON l.project_id = p.id JOIN flagplane_data.environment n ON n.project_id = p.id
		WHERE p.key = 'segments' AND l.key = 'by-hand' AND n.key = %L RETURNING segments$i$, substr(md5(random()::text), 1,
			24), experiment, segments, released, environment))
$$;
SELECT pg_temp.by_hand('x', '{[0,10),[20,30)}');
SELECT pg_temp.by_hand('y', '{[29,31)}');
SELECT pg_temp.by_hand('y', '{[995,1001)}'), pg_temp.by_hand('y', '{[-1,1)}'), pg_temp.by_hand('y', '{(,)}');
SELECT pg_temp.by_hand('nobody', '{[40,50)}');
SELECT pg_temp.by_hand('x', '{[40,50)}');
-- The gap between is free, and so is the same in another environment, or in history.
SELECT pg_temp.by_hand('y', '{[10,20)}');
SELECT flagplane.create_experiment('segments', 'production', 'z', 'Z')->>'key', pg_temp.by_hand('z', '{[0,10)}', 'production');
SELECT pg_temp.by_hand('x', '{[0,1000)}', 'test', now()), pg_temp.by_hand('nobody', '{[0,1000)}', 'test', now());
-- The functions build on what was written by hand.
SELECT flagplane.get_layer('segments', 'by-hand')->'environments' AS environments;
SELECT pg_temp.make('w'), pg_temp.reserve('by-hand', 'w', 98), pg_temp.reserve('by-hand', 'w', 97);
SELECT pg_temp.size(range_agg(s)) AS owned, sum(upper(s) - lower(s)) AS together FROM pg_temp.owned, unnest(segments) s WHERE layer = 'by-hand' AND live;

-- A thousand random steps: after each, who owns what is what it should be.
SELECT flagplane.create_layer('segments', 'walk', 'Walk', '')->>'key' AS layer;
CREATE TEMP TABLE model (key text PRIMARY KEY, status text, percent int, segments int4multirange DEFAULT '{}'); -- percent is NULL outside of the layer
CREATE TEMP TABLE last_use (segment int PRIMARY KEY, owner text, step int); -- by whom and until when a segment was used
INSERT INTO last_use SELECT g, NULL, 0 FROM generate_series(0, 999) g;
CREATE TEMP TABLE complaint (step int, what text, complaint text);
CREATE PROCEDURE pg_temp.walk(seed float8, steps int) LANGUAGE plpgsql AS $$
DECLARE
	what text;
	m model;
	wish int;
	free int;
	good bool;
	answer text;
	now_owned int4multirange;
	gained int4multirange;
	lost int4multirange;
	taken int4multirange;
	gone text[] := '{}';
	dice float8;
BEGIN
	PERFORM setseed(seed);
	FOR n IN 1..steps LOOP
		dice := random();
		wish := floor(random() * 30);
		IF dice < 0.15 OR NOT EXISTS (SELECT FROM model) THEN
			INSERT INTO model VALUES ('walk-' || n, 'not_started') RETURNING * INTO m;
			PERFORM pg_temp.make(m.key);
		ELSE
			SELECT * INTO m FROM model ORDER BY random() LIMIT 1;
		END IF;
		free := 100 - (SELECT coalesce(sum(percent), 0) FROM model);
		IF dice < 0.60 THEN
			what := format('reserve %s percent for %s with %s', wish, m.key, coalesce(m.percent::text, 'nothing'));
			good := wish - coalesce(m.percent, 0) <= free AND (m.status = 'not_started' OR m.status = 'running' AND m.percent IS NOT NULL AND wish > 0);
			answer := pg_temp.reserve('walk', m.key, wish);
			IF good THEN
				m.percent := wish;
			ELSIF m.status = 'not_started' AND answer NOT LIKE '%, and ' || free || ' percent is free%' THEN
				INSERT INTO complaint VALUES (n, what, 'says something else: ' || answer);
			END IF;
		ELSIF dice < 0.70 THEN
			what := 'start ' || m.key;
			good := m.status <> 'stopped' AND coalesce(m.percent, 1) > 0;
			answer := t.try(format('SELECT flagplane.start_experiment(%L, %L, %L)->%L', 'segments', 'test', m.key, 'key'));
			IF good THEN
				m.status := 'running';
			END IF;
		ELSIF dice < 0.86 THEN
			what := 'stop ' || m.key;
			good := m.status <> 'not_started';
			answer := t.try(format('SELECT flagplane.stop_experiment(%L, %L, %L)->%L', 'segments', 'test', m.key, 'key'));
			IF good THEN
				m.status := 'stopped';
				m.percent := NULL;
			END IF;
		ELSIF dice < 0.92 THEN
			what := 'remove ' || m.key;
			good := m.status <> 'running' OR m.percent IS NULL;
			answer := t.try(format('SELECT flagplane.update_layer(%L, %L, %L, %L)->%L', 'segments', 'walk',
				json_build_array(json_build_object('kind', 'removeExperiment', 'experimentKey', m.key)), 'test', 'key'));
			IF good THEN
				m.percent := NULL;
			END IF;
		ELSE
			what := 'delete ' || m.key;
			good := m.status <> 'running';
			answer := t.try(format('SELECT flagplane.delete_experiment(%L, %L, %L)', 'segments', 'test', m.key));
			IF good THEN
				m.percent := NULL;
				gone := gone || m.key;
			END IF;
		END IF;
		IF good = (answer ~ '^[0-9A-Z]{5}: ' IS TRUE) THEN
			INSERT INTO complaint VALUES (n, what, 'answers ' || answer);
		END IF;

		now_owned := coalesce((SELECT o.segments FROM pg_temp.owned o WHERE o.experiment = m.key AND o.live), '{}');
		gained := now_owned - m.segments;
		lost := m.segments - now_owned;
		taken := coalesce((SELECT range_agg(s) FROM model, unnest(segments) s), '{}');
		IF (SELECT pg_temp.size(range_agg(s)) <> coalesce(sum(upper(s) - lower(s)), 0)
			FROM pg_temp.owned o, unnest(o.segments) s WHERE o.layer = 'walk' AND o.live) THEN
			INSERT INTO complaint VALUES (n, what, 'a segment has two owners');
		END IF;
		IF pg_temp.size(now_owned) <> coalesce(m.percent, 0) * 10 OR (SELECT count(*) FROM pg_temp.owned o
			WHERE o.layer = 'walk' AND o.live AND o.experiment <> m.key
				AND NOT EXISTS (SELECT FROM model x WHERE x.key = o.experiment AND x.segments = o.segments)) > 0 THEN
			INSERT INTO complaint VALUES (n, what, 'owns something else');
		END IF;
		IF NOT (now_owned @> m.segments OR now_owned <@ m.segments) THEN
			INSERT INTO complaint VALUES (n, what, 'neither keeps nor gives back');
		END IF;
		-- What is taken comes from each earlier use in proportion, to less than one segment; those of a deleted experiment are apart by the time of their release.
		IF EXISTS (SELECT FROM (SELECT count(*) FILTER (WHERE u.segment <@ gained) AS drawn, count(*) AS size, sum(count(*)) OVER () AS all_free
			FROM last_use u WHERE NOT u.segment <@ taken GROUP BY u.owner, CASE WHEN u.owner = ANY (gone) THEN u.step END) q
			WHERE abs(q.drawn - (q.size::numeric * pg_temp.size(gained) / q.all_free)) >= 1) THEN
			INSERT INTO complaint VALUES (n, what, 'does not draw in proportion');
		END IF;
		UPDATE last_use u SET owner = m.key, step = n WHERE u.segment <@ lost;
		IF lost <> '{}' AND NOT EXISTS (SELECT FROM flagplane_data.layer_reservation r LEFT JOIN flagplane_data.experiment e ON e.id = r.experiment_id
				WHERE r.segments = lost AND r.released_at IS NOT NULL AND (e.key = m.key OR e.key IS NULL AND m.key = ANY (gone))) THEN
			INSERT INTO complaint VALUES (n, what, 'left no history');
		END IF;
		IF n % 20 = 0 AND (SELECT coalesce(range_agg(int4range(u.segment, u.segment + 1)), '{}') FROM last_use u WHERE u.owner IS NOT NULL) <>
			(SELECT coalesce(range_agg(s), '{}') FROM flagplane_data.layer_reservation r
				JOIN flagplane_data.layer l ON l.id = r.layer_id, unnest(r.segments) s WHERE l.key = 'walk' AND r.released_at IS NOT NULL) THEN
			INSERT INTO complaint VALUES (n, what, 'the history is not whole');
		END IF;
		UPDATE model SET status = m.status, percent = m.percent, segments = now_owned WHERE model.key = m.key;
		DELETE FROM model WHERE model.key = ANY (gone) OR (model.status = 'stopped' AND random() < 0.5);
		COMMIT;
	END LOOP;
END
$$;
CALL pg_temp.walk(0.2026, 1000);
SELECT * FROM complaint ORDER BY step LIMIT 20;
-- It was a walk with something of everything.
SELECT operation, count(*) >= 20 AS many FROM flagplane_data.audit_log WHERE (target = 'proj/segments:layer/walk'
	OR target LIKE 'proj/segments:env/test:experiment/walk-%') AND operation <> 'create_layer' GROUP BY 1 ORDER BY 1;
SELECT count(*) > 60 AS long_history FROM flagplane_data.layer_reservation r
	JOIN flagplane_data.layer l ON l.id = r.layer_id WHERE l.key = 'walk' AND r.released_at IS NOT NULL;
