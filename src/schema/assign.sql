-- Who is in which experiment: buckets, assignments, and what shows them.

CREATE FUNCTION flagplane.bucket(
	seed text,
	unit_key text
)
RETURNS integer LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_bucket';
REVOKE ALL ON FUNCTION flagplane.bucket(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.bucket(text, text) IS
'Which of the buckets 0 to 99999 a unit falls into under a seed.
The first 15 hexadecimal digits of SHA-1(seed.unit_key), scaled to 100,000: what LaunchDarkly''s SDKs compute. Needs no token.';
