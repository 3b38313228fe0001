-- The evaluation of flags that are given: no table is read.

CREATE FUNCTION flagplane.user_context(
	key text,
	attributes jsonb DEFAULT '{}'
)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_user_context';
REVOKE ALL ON FUNCTION flagplane.user_context(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.user_context(text, jsonb) IS
'Make a context of kind user, with its attributes.
kind and key among the attributes do not count. NULL for a NULL key. Needs no token. Refuses: 22023.';

CREATE FUNCTION flagplane.evaluate(
	data jsonb,
	flag_key text,
	context jsonb,
	default_value jsonb DEFAULT NULL
)
RETURNS json LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'flagplane_evaluate';
REVOKE ALL ON FUNCTION flagplane.evaluate(jsonb, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.evaluate(jsonb, text, jsonb, jsonb) IS
'Evaluate a flag of a payload {flags, segments} for a context: {value, variationIndex, reason}.
What LaunchDarkly''s SDKs make of the same payload. Reads no table, refuses nothing, needs no token.';

CREATE FUNCTION flagplane.evaluate_all(
	data jsonb,
	context jsonb,
	client_side_only boolean DEFAULT false,
	with_reasons boolean DEFAULT false,
	details_only_for_tracked_flags boolean DEFAULT false
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'flagplane_evaluate_all';
REVOKE ALL ON FUNCTION flagplane.evaluate_all(jsonb, jsonb, boolean, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.evaluate_all(jsonb, jsonb, boolean, boolean, boolean) IS
'Evaluate all flags of a payload {flags, segments} for a context, in the form that all_flags_state answers.
Reads no table, refuses nothing, needs no token.';
