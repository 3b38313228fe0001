-- The PL/pgSQL twin of create_environment: what a careful team writes today, on
-- the same tables, with the same rules and the same answer. Token, scope, fields,
-- idempotency, environment, keys, flags' settings, audit and document are all there.
CREATE SCHEMA twin;

CREATE FUNCTION twin.object_id() RETURNS text LANGUAGE sql VOLATILE
RETURN lpad(to_hex(extract(epoch FROM clock_timestamp())::bigint), 8, '0')
	|| substr(replace(gen_random_uuid()::text, '-', ''), 1, 16);

CREATE FUNCTION twin.create_environment(
	token text,
	project_key text,
	key text,
	name text,
	color text,
	default_ttl integer DEFAULT NULL,
	secure_mode boolean DEFAULT NULL,
	default_track_events boolean DEFAULT NULL,
	confirm_changes boolean DEFAULT NULL,
	require_comments boolean DEFAULT NULL,
	tags text[] DEFAULT NULL,
	critical boolean DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts text[] := string_to_array(token, '_');
	caller record;
	problems text[] := '{}';
	this_request bytea;
	claim record;
	claimed boolean := false;
	environment record;
	project_id uuid;
	sdk_key text;
	mobile_key text;
	answer json;
	tag text;
BEGIN
	-- Who is calling, and may they?
	SELECT t.account_id, t.id, t.scopes, t.member_id, t.secret_hash INTO caller
	FROM flagplane_data.access_token t
	WHERE t.account_id = ('x' || lpad(parts[2], 16, '0'))::bit(64)::bigint AND t.selector = parts[3]
	AND t.revoked_at IS NULL AND t.killed_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now());
	IF NOT FOUND OR caller.secret_hash <> sha256(parts[4]::bytea) THEN
		RAISE EXCEPTION 'the access token is not valid' USING ERRCODE = '28000';
	END IF;
	IF NOT (caller.scopes && ARRAY['projects:write', '*']) THEN
		RAISE EXCEPTION 'scope projects:write is required' USING ERRCODE = '42501';
	END IF;

	-- The fields, all problems together.
	IF key IS NULL OR key !~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,255}$' THEN problems := problems || 'key'::text; END IF;
	IF name IS NULL OR length(name) NOT BETWEEN 1 AND 256 THEN problems := problems || 'name'::text; END IF;
	IF color IS NULL OR color !~ '^[0-9a-fA-F]{6}$' THEN problems := problems || 'color'::text; END IF;
	IF default_ttl NOT BETWEEN 0 AND 60 THEN problems := problems || 'default_ttl'::text; END IF;
	FOREACH tag IN ARRAY coalesce(tags, '{}') LOOP
		IF tag !~ '^[a-zA-Z0-9_.-]{1,64}$' THEN problems := problems || 'tags'::text; END IF;
	END LOOP;
	IF problems <> '{}' THEN
		RAISE EXCEPTION 'invalid: %', array_to_string(problems, ', ') USING ERRCODE = '22023';
	END IF;

	-- Claim the idempotency key, or replay.
	IF idempotency_key IS NOT NULL THEN
		this_request := sha256(convert_to(json_build_array('create_environment', project_key, key, name, color,
			default_ttl, secure_mode, default_track_events, confirm_changes, require_comments, tags, critical)::text, 'UTF8'));
		INSERT INTO flagplane_data.idempotency_key (account_id, actor, operation, key_hash, request_hash, salt, expires_at)
		VALUES (caller.account_id, 'token:' || caller.id, 'twin', sha256(uuid_send(idempotency_key)), this_request,
			uuid_send(gen_random_uuid()), clock_timestamp() + interval '24 hours')
		ON CONFLICT DO NOTHING;
		claimed := FOUND;
		IF NOT claimed THEN
			SELECT k.request_hash, k.response INTO claim FROM flagplane_data.idempotency_key k
			WHERE k.account_id = caller.account_id AND k.actor = 'token:' || caller.id AND k.operation = 'twin'
			AND k.key_hash = sha256(uuid_send(idempotency_key));
			IF claim.request_hash <> this_request THEN
				RAISE EXCEPTION 'the idempotency key was used for another request' USING ERRCODE = '22000';
			END IF;
			RETURN claim.response::json;
		END IF;
	END IF;

	SELECT p.id INTO project_id FROM flagplane_data.project p
	WHERE p.account_id = caller.account_id AND p.key = project_key FOR SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'project "%" does not exist', project_key USING ERRCODE = 'P0002';
	END IF;
	INSERT INTO flagplane_data.environment AS e (account_id, id, project_id, key, name, color, default_ttl, secure_mode,
		default_track_events, confirm_changes, require_comments, tags, critical, version, created_at)
	VALUES (caller.account_id, twin.object_id(), project_id, key, name, color, coalesce(default_ttl, 0),
		coalesce(secure_mode, false), coalesce(default_track_events, false), coalesce(confirm_changes, false),
		coalesce(require_comments, false), coalesce(tags, '{}'), coalesce(critical, false), 1, now())
	ON CONFLICT DO NOTHING
	RETURNING e.* INTO environment;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'environment "%" already exists', key USING ERRCODE = '23505';
	END IF;
	sdk_key := 'sdk-' || gen_random_uuid();
	mobile_key := 'mob-' || gen_random_uuid();
	INSERT INTO flagplane_data.environment_key (account_id, environment_id, kind, value, created_at)
	VALUES (caller.account_id, environment.id, 'sdk', sdk_key, now()), (caller.account_id, environment.id, 'mobile', mobile_key, now());
	INSERT INTO flagplane_data.environment_payload (account_id, environment_id, version, stamp)
	VALUES (caller.account_id, environment.id, 1, substr(uuid_send(gen_random_uuid()), 1, 8));
	INSERT INTO flagplane_data.flag_environment (account_id, flag_id, environment_id, is_on, fallthrough, off_variation, targets,
		rules, prerequisites, salt, sel, track_events, track_events_fallthrough, version, last_modified)
	SELECT caller.account_id, f.id, environment.id, false, jsonb_build_object('variation', f.on_variation), f.off_variation, '[]', '[]',
		'[]', replace(gen_random_uuid()::text, '-', ''), replace(gen_random_uuid()::text, '-', ''), environment.default_track_events, false, 1, now()
	FROM flagplane_data.flag f WHERE f.account_id = caller.account_id AND f.project_id = environment.project_id;

	answer := json_build_object(
		'_links', json_build_object('self', json_build_object('href',
			'/api/v2/projects/' || project_key || '/environments/' || environment.key, 'type', 'application/json')),
		'_id', environment.id, 'key', environment.key, 'name', environment.name, 'apiKey', sdk_key, 'mobileKey', mobile_key,
		'color', environment.color, 'defaultTtl', environment.default_ttl, 'secureMode', environment.secure_mode,
		'defaultTrackEvents', environment.default_track_events, 'requireComments', environment.require_comments,
		'confirmChanges', environment.confirm_changes, 'tags', environment.tags, 'critical', environment.critical,
		'approvalSettings', json_build_object('required', false, 'bypassApprovalsForPendingChanges', false, 'minNumApprovals', 1,
			'canReviewOwnRequest', false, 'canApplyDeclinedChanges', true, 'serviceKind', 'launchdarkly',
			'serviceConfig', json_build_object(), 'requiredApprovalTags', json_build_array()),
		'resourceApprovalSettings', json_build_object());
	INSERT INTO flagplane_data.audit_log (account_id, epoch, xid, ordinal, at, actor, member_id, operation, subject, project_id, target, after, request_id)
	VALUES (caller.account_id, 1, pg_current_xact_id(), 0, now(), 'token:' || caller.id, caller.member_id, 'create_environment', 'environment', project_id,
		'proj/' || project_key || ':env/' || key,
		replace(replace(answer::text, sdk_key, ''), mobile_key, '')::json, 'req_' || replace(gen_random_uuid()::text, '-', ''));
	IF claimed THEN
		UPDATE flagplane_data.idempotency_key k SET response = answer::text,
			location = '/api/v2/projects/' || project_key || '/environments/' || key, version = 1
		WHERE k.account_id = caller.account_id AND k.actor = 'token:' || caller.id AND k.operation = 'twin'
		AND k.key_hash = sha256(uuid_send(idempotency_key));
	END IF;
	RETURN answer;
END
$$;

-- Two clients at once with one key: the twin that has no claim catches the error
-- and reads what the winner made.
CREATE FUNCTION twin.create_or_get(token text, project_key text, key text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN twin.create_environment(token, project_key, key, 'Bench', 'DADBEE')->>'_id';
EXCEPTION WHEN unique_violation THEN
	RETURN (SELECT e.id FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id
		WHERE p.key = project_key AND e.key = create_or_get.key);
END
$$;
