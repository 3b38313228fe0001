-- The roles of flagplane behind PostgREST. Run once as the extension's owner,
-- after CREATE EXTENSION; change the names to yours. Roles belong to the whole
-- server: in a second database, and after an upgrade that brings new functions,
-- only the GRANTs are needed.

-- For requests without a JWT. It may call every function and read every view, and needs
-- an access token each time. It has no right on the rows themselves.
CREATE ROLE flagplane_anonymous NOLOGIN;
GRANT USAGE ON SCHEMA flagplane TO flagplane_anonymous;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO flagplane_anonymous;
GRANT SELECT ON flagplane.projects, flagplane.environments, flagplane.layers, flagplane.segments,
	flagplane.flag_links, flagplane.sdk_apps, flagplane.audit TO flagplane_anonymous;

-- Your own backends: USAGE on flagplane_data is what lets a role act for the account
-- named by flagplane.account without a token. It still cannot read the tables.
CREATE ROLE flagplane_backend NOLOGIN;
GRANT USAGE ON SCHEMA flagplane, flagplane_data TO flagplane_backend;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO flagplane_backend;
GRANT SELECT ON flagplane.projects, flagplane.environments, flagplane.layers, flagplane.segments,
	flagplane.flag_links, flagplane.sdk_apps, flagplane.audit TO flagplane_backend;

-- For an application that evaluates flags, and does nothing else: it acts without a token for
-- the account that flagplane.role_account names, which only a superuser changes. Use a role of its
-- own for each account, or for each application.
CREATE ROLE flagplane_evaluator LOGIN;
ALTER ROLE flagplane_evaluator SET flagplane.role_account = 'default';
GRANT USAGE ON SCHEMA flagplane, flagplane_data TO flagplane_evaluator;
GRANT EXECUTE ON FUNCTION flagplane.variation(text, text, text, jsonb, jsonb),
	flagplane.bool_variation(text, text, text, jsonb, boolean),
	flagplane.text_variation(text, text, text, jsonb, text),
	flagplane.numeric_variation(text, text, text, jsonb, numeric),
	flagplane.variation_detail(text, text, text, jsonb, jsonb),
	flagplane.explain_variation(text, text, text, jsonb, jsonb),
	flagplane.all_flags_state(text, text, jsonb, boolean, boolean, boolean),
	flagplane.evaluate(jsonb, text, jsonb, jsonb), flagplane.evaluate_all(jsonb, jsonb, boolean, boolean, boolean),
	flagplane.user_context(text, jsonb)
	TO flagplane_evaluator;

-- For monitoring: a member of pg_monitor with these grants. It reads the counters, status() and
-- doctor(), and has no right on the data: without a token it can act for no account. GRANT it
-- to the role that your monitoring logs in as.
CREATE ROLE flagplane_monitor NOLOGIN;
GRANT pg_monitor TO flagplane_monitor;
GRANT USAGE ON SCHEMA flagplane TO flagplane_monitor;
GRANT SELECT ON flagplane.stats, flagplane.environment_stats TO flagplane_monitor;
GRANT EXECUTE ON FUNCTION flagplane.operation_stats(), flagplane.environment_stats(), flagplane.status(),
	flagplane.doctor() TO flagplane_monitor;

-- The role that PostgREST logs in as. It has no right of its own, and switches to the anonymous
-- role for each request. Give it a password in psql (\password flagplane_authenticator),
-- which keeps it out of the server's log.
CREATE ROLE flagplane_authenticator LOGIN NOINHERIT CONNECTION LIMIT 50;
GRANT flagplane_anonymous TO flagplane_authenticator;

-- Backends that call through PostgREST with a JWT whose role is flagplane_backend need
-- this too. Whoever can sign such a JWT needs no access token.
-- GRANT flagplane_backend TO flagplane_authenticator;
