-- What has to be done regularly, by pg_cron. Run once, as a role with USAGE on
-- flagplane_data (the jobs run as whoever schedules them), in the database that the
-- setting cron.database_name names; from another one use cron.schedule_in_database.
-- pg_cron must be in shared_preload_libraries.
CREATE EXTENSION IF NOT EXISTS pg_cron;

-- Every minute: expired idempotency keys and old environment keys, 10,000 of each.
-- A run that overlaps with the next one does no harm: they share the rows.
SELECT cron.schedule('flagplane purge', '* * * * *', 'SELECT flagplane.purge()');

-- Every night: what pg_cron noted of its runs.
SELECT cron.schedule('flagplane cron notes', '15 3 * * *',
	$$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'$$);
