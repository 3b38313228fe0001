-- The two schemas: what users call, and the rows behind it.
CREATE SCHEMA flagplane;
REVOKE ALL ON SCHEMA flagplane FROM PUBLIC;
COMMENT ON SCHEMA flagplane IS
'flagplane: projects, environments, flags, layers, flag links and SDK apps. Grant USAGE on it, and EXECUTE on its functions, to roles that may call.';

CREATE SCHEMA flagplane_data;
REVOKE ALL ON SCHEMA flagplane_data FROM PUBLIC;
COMMENT ON SCHEMA flagplane_data IS
'The rows of flagplane. A role with USAGE on this schema acts for the account named by flagplane.account without an access token.';
