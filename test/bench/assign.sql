-- assign() over a table of units, beside what a team writes today in PL/pgSQL with pgcrypto's
-- digest, and beside a query for each unit, which only takes the hash from us. One core,
-- interleaved rounds, medians, less what counting the units takes.
CREATE EXTENSION pgcrypto;
SELECT flagplane.create_layer('bench', 'assign', 'Assign', '') \g /dev/null
INSERT INTO flagplane_data.experiment (account_id, id, environment_id, key, name, description, randomization_unit, status, version, created_at)
SELECT e.account_id, lpad(i::text, 24, '0'), e.id, 'experiment-' || i, 'Bench', '', 'user', 'running', 1, now()
FROM flagplane_data.environment e, generate_series(0, 7) i WHERE e.key = 'bench-assign';
INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id, segments, created_at)
SELECT x.account_id, x.id, l.id, x.environment_id, x.id, (SELECT range_agg(int4range(s, s + 1)) FROM generate_series(0, 999) s WHERE s * 7919 % 1000 / 100 = right(x.key, 1)::int), now()
FROM flagplane_data.experiment x, flagplane_data.layer l WHERE l.key = 'assign';

CREATE FUNCTION twin.owner(project_key text, environment_key text, layer_key text, unit_bucket int) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT x.key FROM flagplane_data.project p
	JOIN flagplane_data.environment e ON e.account_id = p.account_id AND e.project_id = p.id AND e.key = environment_key
	JOIN flagplane_data.layer l ON l.account_id = p.account_id AND l.project_id = p.id AND l.key = layer_key
	JOIN flagplane_data.layer_reservation r ON r.account_id = l.account_id AND r.layer_id = l.id AND r.environment_id = e.id AND r.released_at IS NULL
	JOIN flagplane_data.experiment x ON x.account_id = r.account_id AND x.id = r.experiment_id
	WHERE p.key = project_key AND r.segments @> unit_bucket / 100
$$;

CREATE FUNCTION twin.seed(project_key text, layer_key text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT l.seed::text FROM flagplane_data.project p JOIN flagplane_data.layer l ON l.account_id = p.account_id AND l.project_id = p.id
	WHERE p.key = project_key AND l.key = layer_key
$$;

CREATE FUNCTION twin.assign(project_key text, environment_key text, layer_key text, unit_key text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	hash numeric := ('x0' || substr(encode(public.digest(twin.seed(project_key, layer_key) || '.' || unit_key, 'sha1'), 'hex'), 1, 15))::bit(64)::bigint;
BEGIN
	RETURN twin.owner(project_key, environment_key, layer_key, least(99999, div(hash * 100000, 1152921504606846975))::int);
END
$$;

CREATE FUNCTION twin.assign_by_query(project_key text, environment_key text, layer_key text, unit_key text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN twin.owner(project_key, environment_key, layer_key, flagplane.bucket(twin.seed(project_key, layer_key), unit_key));
END
$$;

CREATE TABLE unit AS SELECT 'user-' || i AS key FROM generate_series(1, :units) i;
VACUUM ANALYZE unit, flagplane_data.experiment, flagplane_data.layer_reservation, flagplane_data.layer, flagplane_data.environment, flagplane_data.project;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET bench.units = :units;
SET bench.rounds = :rounds;

-- Nanoseconds a unit that an expression takes over so many units.
CREATE FUNCTION pg_temp.ns(expression text, units int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	EXECUTE format('SELECT count(%s) FROM (SELECT key FROM unit LIMIT %s) u', expression, units);
	RETURN extract(epoch FROM clock_timestamp() - started) * 1e9 / units;
END
$$;

DO $$
DECLARE
	units int := current_setting('bench.units');
	few int := greatest(units / 50, 1);
	names text := $names$('bench', 'bench-assign', 'assign', key)$names$;
	ours float8[];
	bucket float8[];
	scan float8[];
	many float8[];
	twin float8[];
	by_query float8[];
	median text := 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u) FROM unnest($1) u';
	o float8;
	m float8;
	t float8;
	q float8;
	b float8;
	s float8;
BEGIN
	-- They agree, or the figures mean nothing.
	EXECUTE format('SELECT count(*) FROM (SELECT key FROM unit LIMIT 2000) u WHERE flagplane.assign%s IS DISTINCT FROM twin.assign%s OR flagplane.assign%s IS DISTINCT FROM twin.assign_by_query%s',
		names, names, names, names) INTO o;
	IF o <> 0 THEN
		RAISE EXCEPTION '% of 2000 assignments differ', o;
	END IF;
	FOR i IN 1..current_setting('bench.rounds')::int LOOP
		ours := ours || pg_temp.ns('flagplane.assign' || names, units);
		scan := scan || pg_temp.ns('key', units);
		twin := twin || pg_temp.ns('twin.assign' || names, few);
		by_query := by_query || pg_temp.ns('twin.assign_by_query' || names, few);
		bucket := bucket || pg_temp.ns($bucket$flagplane.bucket('0123456789abcdef', key)$bucket$, units);
		many := many || pg_temp.ns($many$(SELECT count(experiment_key) FROM flagplane.assign_many('bench', 'bench-assign', 'assign', (SELECT array_agg(key) FROM unit)))$many$, 1) / units;
	END LOOP;
	EXECUTE median USING scan INTO s;
	EXECUTE median USING ours INTO o;
	EXECUTE median USING twin INTO t;
	EXECUTE median USING by_query INTO q;
	EXECUTE median USING bucket INTO b;
	EXECUTE median USING many INTO m;
	RAISE WARNING 'assign over % units, one core: % ns a unit, % a second (must <= 200 ns, aim 110); bucket alone % ns; as one array, made and read, % ns',
		units, round(o - s), round(1e9 / (o - s)), round(b - s), round(m);
	RAISE WARNING 'assign / PL/pgSQL twin with pgcrypto: % (% ns a unit); / a query a unit with our bucket: % (% ns)',
		round(((o - s) / (t - s))::numeric, 4), round(t - s), round(((o - s) / (q - s))::numeric, 4), round(q - s);
END
$$;
