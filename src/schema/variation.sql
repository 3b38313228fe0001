-- The evaluation of the database's own flags.

CREATE FUNCTION flagplane.payload(
	project_key text,
	environment_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_payload';
REVOKE ALL ON FUNCTION flagplane.payload(text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.payload(text, text) IS
'What server-side SDKs are sent of an environment: {flags, segments}.
The document of /sdk/latest-all, also for file data sources and for evaluate(). Archived flags are not in it. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.import_environment(
	project_key text,
	environment_key text,
	payload jsonb,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_import_environment';
REVOKE ALL ON FUNCTION flagplane.import_environment(text, text, jsonb, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.import_environment(text, text, jsonb, uuid) IS
'Bring into an environment what server-side SDKs are sent of another one.
payload: {"flags": {key: flag}, "segments": {key: segment}}, the document of /sdk/latest-all, of at most 16 MiB. Flags that the project has not are created; the settings in this environment of those it has are replaced, and segments; what the document does not name stays as it is. Salts, seeds and the ids of rules are kept, so that every context is served the same; versions become at least as high. Refuses: 22023, P0002, 55006 (an experiment runs on a flag).';

CREATE FUNCTION flagplane.touch_environment(
	project_key text,
	environment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_touch_environment';
REVOKE ALL ON FUNCTION flagplane.touch_environment(text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.touch_environment(text, text, uuid) IS
'Raise the version of what SDKs are sent of an environment.
For whoever has changed its flags by other means than these functions: what is cached of it is good no longer. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.all_flags_state(
	project_key text,
	environment_key text,
	context jsonb DEFAULT NULL,
	client_side_only boolean DEFAULT false,
	with_reasons boolean DEFAULT false,
	details_only_for_tracked_flags boolean DEFAULT false
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_all_flags_state';
REVOKE ALL ON FUNCTION flagplane.all_flags_state(text, text, jsonb, boolean, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.all_flags_state(text, text, jsonb, boolean, boolean, boolean) IS
'Evaluate all flags for a context, in the form that LaunchDarkly''s client-side SDKs bootstrap from.
{flag key: value, $flagsState, $valid}; for an invalid or NULL context $valid is false and there are no flags. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.variation(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value jsonb DEFAULT NULL
)
RETURNS jsonb LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_variation';
REVOKE ALL ON FUNCTION flagplane.variation(text, text, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.variation(text, text, text, jsonb, jsonb) IS
'Evaluate a flag for a context: the value that it is served, or the default.
Refuses: 22023, P0002, never because of a flag or a context.';

CREATE FUNCTION flagplane.bool_variation(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value boolean
)
RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_bool_variation';
REVOKE ALL ON FUNCTION flagplane.bool_variation(text, text, text, jsonb, boolean) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.bool_variation(text, text, text, jsonb, boolean) IS
'Evaluate a flag for a context: true or false, or the default if it is neither.
Refuses: 22023, P0002, never because of a flag or a context.';

CREATE FUNCTION flagplane.text_variation(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value text
)
RETURNS text LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_text_variation';
REVOKE ALL ON FUNCTION flagplane.text_variation(text, text, text, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.text_variation(text, text, text, jsonb, text) IS
'Evaluate a flag for a context: a text, or the default if it is none.
Refuses: 22023, P0002, never because of a flag or a context.';

CREATE FUNCTION flagplane.numeric_variation(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value numeric
)
RETURNS numeric LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'flagplane_numeric_variation';
REVOKE ALL ON FUNCTION flagplane.numeric_variation(text, text, text, jsonb, numeric) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.numeric_variation(text, text, text, jsonb, numeric) IS
'Evaluate a flag for a context: a number, or the default if it is none.
Refuses: 22023, P0002, never because of a flag or a context.';

CREATE FUNCTION flagplane.variation_detail(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value jsonb DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'flagplane_variation_detail';
REVOKE ALL ON FUNCTION flagplane.variation_detail(text, text, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.variation_detail(text, text, text, jsonb, jsonb) IS
'Evaluate a flag for a context and tell why: {value, variationIndex, reason}.
Refuses: 22023, P0002, never because of a flag or a context.';

CREATE FUNCTION flagplane.explain_variation(
	project_key text,
	environment_key text,
	flag_key text,
	context jsonb,
	default_value jsonb DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'flagplane_explain_variation';
REVOKE ALL ON FUNCTION flagplane.explain_variation(text, text, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.explain_variation(text, text, text, jsonb, jsonb) IS
'Evaluate a flag for a context and tell each step: what variation_detail answers, with the prerequisites, rules and clauses that were tried.
Refuses: 22023, P0002, never because of a flag or a context.';
