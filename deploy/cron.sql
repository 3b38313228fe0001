-- What has to be done regularly, by pg_cron. postgresql.conf, then a restart:
--
--     shared_preload_libraries = 'flagplane,pg_cron'
--     cron.database_name = 'postgres'        -- the only database that pg_cron is made in
--     cron.use_background_workers = on       -- else jobs log in by TCP, which pg_hba.conf must let them
--
-- Run it once in that database, as a superuser, and name the database of flagplane:
--
--     psql -d postgres -v database=mydb -f deploy/cron.sql
--
-- So a dump of mydb has nothing of pg_cron, which can be restored into no other database.
-- Where cron.database_name is flagplane's own database, leave the variable out; any role
-- with USAGE on cron and flagplane_data may run it there, once pg_cron is made.
-- The jobs run as whoever schedules them.
CREATE EXTENSION IF NOT EXISTS pg_cron;

DO $$
BEGIN
	IF NOT current_setting('cron.use_background_workers')::boolean THEN
		RAISE WARNING 'cron.use_background_workers is off: jobs fail unless pg_hba.conf lets them log in from %',
			current_setting('cron.host')
		USING HINT = 'Set it to on in postgresql.conf, and restart.';
	END IF;
END
$$;

-- Every minute: expired idempotency keys and old environment keys, 10,000 of each.
-- A run that overlaps with the next one does no harm: they share the rows.
\if :{?database}
SELECT cron.schedule_in_database('flagplane purge', '* * * * *', 'SELECT flagplane.purge()', :'database');
\else
SELECT cron.schedule('flagplane purge', '* * * * *', 'SELECT flagplane.purge()');
\endif

-- Every night: what pg_cron noted of its runs.
SELECT cron.schedule('flagplane cron notes', '15 3 * * *',
	$$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'$$);
