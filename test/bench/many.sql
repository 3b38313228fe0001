-- Many calls in one transaction: do they slow down, does memory grow? Memory is
-- asked for between statements, in the same way each time, and twice, of which the
-- second counts: what asking takes is in none of the differences. The machine may be
-- faster at one time than at another: what a tenth takes is told in the time of a
-- fixed piece of work, done before and after it.
--
-- Where an answer cannot be foretold, the row of an idempotency key is inserted and
-- then updated by the same transaction. PostgreSQL remembers the two command ids of
-- each such row until the transaction ends, whoever does it; so such calls are a
-- measure of their own, of a tenth of the number.
SET synchronous_commit = off;

-- Seconds that a part of the calls takes, each with an idempotency key.
CREATE FUNCTION pg_temp.layers(part text, calls int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_layer('bench', 'layer-' || part || '-' || i, 'Bench', '', idempotency_key => gen_random_uuid());
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - started);
END
$$;
CREATE FUNCTION pg_temp.members(part text, calls int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_member(part || i || '@example.com', idempotency_key => gen_random_uuid());
	END LOOP;
END
$$;
-- Seconds of a piece of work that has nothing to do with the calls.
CREATE FUNCTION pg_temp.measure() RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1..1000000 LOOP
		PERFORM hashtext(i::text);
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - started);
END
$$;
PREPARE layers AS SELECT pg_temp.layers($1, $2);
PREPARE measure AS SELECT pg_temp.measure();
PREPARE memory AS SELECT sum(total_bytes) FROM pg_backend_memory_contexts;

SELECT :calls / 10 AS tenth, :calls * 8 / 10 AS middle, :calls / 100 AS hundredth \gset
BEGIN;
EXECUTE memory \gset
EXECUTE measure \gset a_
EXECUTE layers('first', :tenth) \gset first_
EXECUTE measure \gset b_
EXECUTE memory \gset
EXECUTE memory \gset before_
EXECUTE layers('middle', :middle) \gset
EXECUTE measure \gset c_
EXECUTE layers('last', :tenth) \gset last_
EXECUTE measure \gset d_
EXECUTE memory \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls with idempotency keys in one transaction: last tenth / first tenth %s (must <= 1.1); memory grew by %s kB (must <= 64)', :calls,
	round((:last_layers / (:c_measure + :d_measure) / (:first_layers / (:a_measure + :b_measure)))::numeric, 2), (:after_sum - :before_sum) / 1024);

BEGIN;
SELECT pg_temp.members('warm', :hundredth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset before_
SELECT pg_temp.members('keyed', :tenth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls whose answers cannot be foretold: memory grew by %s bytes a call, which PostgreSQL keeps of rows updated by who inserted them',
	:tenth, round(((:after_sum - :before_sum) / :tenth::numeric), 1));
