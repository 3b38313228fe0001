-- Many calls in one transaction: do they slow down, does memory grow? Memory is
-- asked for between statements, in the same way each time, and was asked for before
-- it counts: what asking takes is in none of the differences.
--
-- An idempotency key's row is inserted and then updated, by the same transaction.
-- PostgreSQL remembers the two command ids of each such row until the transaction
-- ends, whoever does it; so keys are a measure of their own, of a tenth of the calls.
SET synchronous_commit = off;

-- Seconds that a part of the calls takes.
CREATE FUNCTION pg_temp.seconds(part text, calls int, keyed boolean) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_layer('bench', 'layer-' || part || '-' || i, 'Bench', '',
			idempotency_key => CASE WHEN keyed THEN gen_random_uuid() END);
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - started);
END
$$;
PREPARE seconds AS SELECT pg_temp.seconds($1, $2, $3);
PREPARE memory AS SELECT sum(total_bytes) FROM pg_backend_memory_contexts;

SELECT :calls / 10 AS tenth, :calls * 8 / 10 AS middle, :calls / 100 AS hundredth \gset
BEGIN;
EXECUTE memory \gset
EXECUTE seconds('first', :tenth, false) \gset first_
EXECUTE memory \gset
EXECUTE memory \gset before_
EXECUTE seconds('middle', :middle, false) \gset
EXECUTE seconds('last', :tenth, false) \gset last_
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls in one transaction: last tenth / first tenth %s (must <= 1.1); memory grew by %s kB (must <= 64)',
	:calls, round((:last_seconds / :first_seconds)::numeric, 2), (:after_sum - :before_sum) / 1024);

BEGIN;
EXECUTE seconds('warm', :hundredth, true) \gset
EXECUTE memory \gset before_
EXECUTE seconds('keyed', :tenth, true) \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls with idempotency keys in one transaction: memory grew by %s bytes a call, which PostgreSQL keeps of rows updated by who inserted them',
	:tenth, round(((:after_sum - :before_sum) / :tenth::numeric), 1));
