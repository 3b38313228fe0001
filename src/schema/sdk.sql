-- What SDKs ask for, behind PostgREST and a reverse proxy.

CREATE DOMAIN flagplane."*/*" AS text;
COMMENT ON DOMAIN flagplane."*/*" IS 'What PostgREST returns as it is, whatever is accepted; its media type is in the response''s headers.';

CREATE FUNCTION flagplane.sdk(bytea DEFAULT '')
RETURNS flagplane."*/*" LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_sdk';
REVOKE ALL ON FUNCTION flagplane.sdk(bytea) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.sdk(bytea) IS
'Answer a request of an SDK behind PostgREST and a reverse proxy.
Takes what rest() takes, for the paths of SDKs only. Writes nothing: a standby can serve it.';

CREATE FUNCTION flagplane.sdk_stream(bytea DEFAULT '')
RETURNS flagplane."*/*" LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_sdk';
REVOKE ALL ON FUNCTION flagplane.sdk_stream(bytea) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.sdk_stream(bytea) IS
'Answer a request of an SDK for a stream behind PostgREST and a reverse proxy.
As sdk(); the stream ends after what is known now, and the SDK comes again.';
