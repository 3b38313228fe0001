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

CREATE FUNCTION flagplane.assign(
	project_key text,
	environment_key text,
	layer_key text,
	unit_key text,
	include_not_started boolean DEFAULT false
)
RETURNS text LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_assign';
REVOKE ALL ON FUNCTION flagplane.assign(text, text, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.assign(text, text, text, text, boolean) IS
'Say which running experiment of a layer a unit is in: its key, or NULL.
The experiment that has reserved the unit''s segment in that environment; with include_not_started also one that has not started. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.assign_many(
	project_key text,
	environment_key text,
	layer_key text,
	unit_keys text[]
)
RETURNS TABLE (unit_key text, experiment_key text) LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'flagplane_assign_many';
REVOKE ALL ON FUNCTION flagplane.assign_many(text, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.assign_many(text, text, text, text[]) IS
'Say which running experiment of a layer each of many units is in.
A row for each unit, in their order. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.draw_layer(
	project_key text,
	environment_key text,
	layer_key text
)
RETURNS text LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_draw_layer';
REVOKE ALL ON FUNCTION flagplane.draw_layer(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.draw_layer(text, text, text) IS
'Draw a layer''s thousand segments in an environment for a terminal, with a legend.
Refuses: 22023, P0002.';

-- PostgREST uses the name of the returned type as the Content-Type.
CREATE DOMAIN flagplane."image/svg+xml" AS text;
COMMENT ON DOMAIN flagplane."image/svg+xml" IS 'An SVG document.';

CREATE FUNCTION flagplane.layer_svg(
	project_key text,
	environment_key text,
	layer_key text
)
RETURNS flagplane."image/svg+xml" LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_layer_svg';
REVOKE ALL ON FUNCTION flagplane.layer_svg(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.layer_svg(text, text, text) IS
'Draw a layer''s thousand segments in an environment as an SVG.
Over PostgREST with the header Accept: image/svg+xml. Refuses: 22023, P0002.';
