-- Two roles for flagplane behind PostgREST. Run once as the extension's owner,
-- after CREATE EXTENSION; change the names to yours. Roles belong to the whole
-- server: in a second database, and after an upgrade that brings new functions,
-- only the GRANTs are needed.

-- Whoever comes without a JWT: may call every function and must present an access
-- token with each call. It has no right on the rows themselves.
CREATE ROLE flagplane_anonymous NOLOGIN;
GRANT USAGE ON SCHEMA flagplane TO flagplane_anonymous;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO flagplane_anonymous;

-- Your own backends: USAGE on flagplane_data is what lets a role act for the account
-- named by flagplane.account without a token. It still cannot read the tables.
CREATE ROLE flagplane_backend NOLOGIN;
GRANT USAGE ON SCHEMA flagplane, flagplane_data TO flagplane_backend;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO flagplane_backend;

-- PostgREST logs in as a role of its own that is granted flagplane_anonymous, and
-- switches to it for each request (db-anon-role = flagplane_anonymous).
