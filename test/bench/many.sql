-- Many calls in one transaction: do they slow down, does memory grow? Memory is
-- asked for between statements, in the same way each time, and twice, of which the
-- second counts: what asking takes is in none of the differences. The machine may be
-- faster at one time than at another: what a tenth takes is told in the time of a
-- fixed piece of work that is done in between.
--
-- Where an answer cannot be precomputed, the row of an idempotency key is inserted and
-- then updated by the same transaction. PostgreSQL remembers the two command ids of
-- each such row until the transaction ends, whoever does it; so keys are a measure of
-- their own, of a tenth of the calls.
SET synchronous_commit = off;

-- What a part of the calls takes, in the time of a hundred pieces of work.
CREATE FUNCTION pg_temp.layers(part text, calls int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	of_calls interval := '0';
	of_work interval := '0';
BEGIN
	FOR s IN 1..100 LOOP
		started := clock_timestamp();
		FOR i IN 1..calls / 100 LOOP
			PERFORM flagplane.create_layer('bench', 'layer-' || part || '-' || s || '-' || i, 'Bench', '');
		END LOOP;
		of_calls := of_calls + (clock_timestamp() - started);
		started := clock_timestamp();
		FOR i IN 1..50000 LOOP
			PERFORM hashtext(i::text);
		END LOOP;
		of_work := of_work + (clock_timestamp() - started);
	END LOOP;
	RETURN extract(epoch FROM of_calls) / extract(epoch FROM of_work);
END
$$;
CREATE FUNCTION pg_temp.keyed(part text, calls int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_layer('bench', 'keyed-' || part || '-' || i, 'Bench', '', idempotency_key => gen_random_uuid());
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.members(part text, calls int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..calls LOOP
		PERFORM flagplane.create_member(part || i || '@example.com', idempotency_key => gen_random_uuid());
	END LOOP;
END
$$;
PREPARE layers AS SELECT pg_temp.layers($1, $2);
PREPARE memory AS SELECT sum(total_bytes) FROM pg_backend_memory_contexts;

SELECT :calls / 10 AS tenth, :calls * 8 / 10 AS middle, :calls / 100 AS hundredth \gset
BEGIN;
EXECUTE memory \gset
EXECUTE layers('first', :tenth) \gset first_
EXECUTE memory \gset
EXECUTE memory \gset before_
EXECUTE layers('middle', :middle) \gset
EXECUTE layers('last', :tenth) \gset last_
EXECUTE memory \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls in one transaction: last tenth / first tenth %s (must <= 1.1); memory grew by %s kB (must <= 64)',
	:calls, round((:last_layers / :first_layers)::numeric, 2), (:after_sum - :before_sum) / 1024);

BEGIN;
SELECT pg_temp.keyed('warm', :hundredth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset before_
SELECT pg_temp.keyed('many', :tenth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls with idempotency keys in one transaction: memory grew by %s bytes a call',
	:tenth, round(((:after_sum - :before_sum) / :tenth::numeric), 1));

BEGIN;
SELECT pg_temp.members('warm', :hundredth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset before_
SELECT pg_temp.members('many', :tenth) \g /dev/null
EXECUTE memory \gset
EXECUTE memory \gset after_
COMMIT;
SELECT format('%s calls with keys whose answers cannot be precomputed: memory grew by %s bytes a call, which PostgreSQL keeps of rows updated by who inserted them',
	:tenth, round(((:after_sum - :before_sum) / :tenth::numeric), 1));
