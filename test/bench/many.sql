-- Many calls in one transaction: do they slow down, does memory grow? Memory is
-- asked for between statements, in the same way each time, and was asked for before
-- it counts: what asking takes is in none of the differences.
SET synchronous_commit = off;

-- Seconds that a part of the calls takes.
CREATE FUNCTION pg_temp.seconds(part int, calls int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_layer('bench', 'layer-' || part || '-' || i, 'Bench', '', idempotency_key => gen_random_uuid());
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - started);
END
$$;
PREPARE seconds AS SELECT pg_temp.seconds($1, $2);
PREPARE memory AS SELECT sum(total_bytes) FROM pg_backend_memory_contexts;

SELECT :calls / 10 AS tenth, :calls * 8 / 10 AS middle \gset
BEGIN;
EXECUTE memory \gset
EXECUTE seconds(1, :tenth) \gset first_
EXECUTE memory \gset
EXECUTE memory \gset before_
EXECUTE seconds(2, :middle) \gset
EXECUTE seconds(3, :tenth) \gset last_
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls in one transaction: last tenth / first tenth %s (must <= 1.1); memory grew by %s kB (must <= 64)',
	:calls, round((:last_seconds / :first_seconds)::numeric, 2), (:after_sum - :before_sum) / 1024);
