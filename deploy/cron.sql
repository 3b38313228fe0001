-- The regular jobs, for pg_cron. Set this in postgresql.conf, then restart:
--
--     shared_preload_libraries = 'flagplane,pg_cron'
--     cron.database_name = 'postgres'        -- the only database that can have pg_cron
--     cron.use_background_workers = on       -- otherwise jobs log in by TCP, and pg_hba.conf must allow it
--
-- Run it once in that database, as a superuser, and name the database of flagplane:
--
--     psql -d postgres -v database=mydb -f deploy/cron.sql
--
-- Then a dump of mydb does not contain pg_cron, which cannot be restored into another database.
-- Where cron.database_name is flagplane's own database, leave the variable out; any role
-- with USAGE on cron and flagplane_data may run it there, once pg_cron is installed.
-- The jobs run as the role that schedules them.
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
-- Runs may overlap: they share the rows.
\if :{?database}
SELECT cron.schedule_in_database('flagplane purge', '* * * * *', 'SELECT flagplane.purge()', :'database');
\else
SELECT cron.schedule('flagplane purge', '* * * * *', 'SELECT flagplane.purge()');
\endif

-- Every night: pg_cron's own records of its runs.
SELECT cron.schedule('flagplane cron notes', '15 3 * * *',
	$$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'$$);
