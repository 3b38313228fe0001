-- Tokens that are rotated, revoked, killed.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('tokens') IS NOT NULL AS made;
SELECT t.project('tokens2') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.works(token text, uri text DEFAULT '/api/v2/projects/tokens') RETURNS int LANGUAGE sql AS $$
	SELECT status FROM t.rest('GET', uri, NULL, json_build_object('Authorization', token)::jsonb)
$$;
CREATE FUNCTION pg_temp.as_token(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', token)::text, true);
	answer := t.try(statement);
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
SELECT flagplane.create_access_token('rotated', role => 'reader') AS answer \gset
SELECT :'answer'::json->>'token' AS first, :'answer'::json->>'_id' AS id \gset
-- Without grace the old secret is dead at once.
SELECT t.mask(flagplane.rotate_access_token(:'id')::text) \gset rotated_
SELECT regexp_replace(:'rotated_mask', '"token":"[0-9A-Za-z]{4}"', '"token":"<ending>"');
SELECT pg_temp.works(:'first') AS old;
-- With grace both are good until its end; no third one.
SELECT flagplane.rotate_access_token(:'id')->>'token' AS second \gset
SELECT flagplane.rotate_access_token(:'id', '1 hour')->>'token' AS third \gset
SELECT pg_temp.works(:'first') AS first, pg_temp.works(:'second') AS second, pg_temp.works(:'third') AS third;
UPDATE flagplane_data.access_token SET previous_expires_at = now() WHERE id = :'id';
SELECT pg_temp.works(:'second') AS second, pg_temp.works(:'third') AS third;
-- A retry gets the same secret, and rotates once.
SELECT flagplane.rotate_access_token(:'id', idempotency_key => '77777777-7777-4777-8777-777777777777') AS answer \gset
SELECT flagplane.rotate_access_token(:'id', idempotency_key => '77777777-7777-4777-8777-777777777777')::text = :'answer' AS same;
SELECT pg_temp.works(:'answer'::json->>'token') AS fourth;
SELECT t.try(format('SELECT flagplane.rotate_access_token(%L, %L)', :'id', g)) FROM unnest(ARRAY['-1 second', '91 days', '1000000 years']) g;
SELECT t.try($$SELECT flagplane.rotate_access_token('nothing')$$);
SELECT t.try($$SELECT flagplane.rotate_access_token(NULL)$$);
-- Nobody rotates a token that may do more than they may.
SELECT flagplane.create_access_token('admin of tokens', ARRAY['tokens:admin'])->>'token' AS small \gset
SELECT flagplane.create_access_token('of one project', ARRAY['*'], projects => '{tokens}')->>'token' AS limited \gset
SELECT flagplane.create_access_token('all', role => 'admin')->>'_id' AS admin_id, flagplane.create_access_token('mine',
	ARRAY['*'], projects => '{tokens}')->>'_id' AS mine_id,
	flagplane.create_access_token('theirs', ARRAY['*'], projects => '{tokens,tokens2}')->>'_id' AS theirs_id \gset
SELECT pg_temp.as_token(:'small', format('SELECT flagplane.rotate_access_token(%L)', :'admin_id'));
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.rotate_access_token(%L)', :'admin_id'));
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.rotate_access_token(%L)', :'theirs_id'));
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.rotate_access_token(%L)->>%L', :'mine_id', 'name'));
-- Nor can they end one that reaches further than they do.
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.revoke_access_token(%L)', :'theirs_id'));
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.kill_access_token(%L)', :'admin_id'));
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.revoke_access_token(%L)->>%L', :'mine_id', 'name'));
-- Revoked: unknown; killed: said so. Either twice is as good as once, and neither comes back.
SELECT flagplane.create_access_token('revoked', role => 'reader') AS answer \gset
SELECT (flagplane.revoke_access_token(:'answer'::json->>'_id')->>'revokedAt') IS NOT NULL AS revoked;
SELECT pg_temp.works(:'answer'::json->>'token') AS status, flagplane.revoke_access_token(:'answer'::json->>'_id') IS NOT NULL AS again;
SELECT t.try(format('SELECT flagplane.rotate_access_token(%L)', :'answer'::json->>'_id'));
SELECT flagplane.create_access_token('killed', role => 'reader') AS answer \gset
SELECT (flagplane.kill_access_token(:'answer'::json->>'_id')->>'killedAt') IS NOT NULL AS killed;
SELECT pg_temp.works(:'answer'::json->>'token') AS launchdarkly, pg_temp.works(:'answer'::json->>'token', '/v1/projects/x/sdk-apps') AS layers;
SELECT flagplane.kill_access_token(:'answer'::json->>'_id')->>'killedAt' = flagplane.kill_access_token(:'answer'::json->>'_id')->>'killedAt' AS the_same;
SELECT t.try($$SELECT flagplane.revoke_access_token('nothing')$$);
SELECT t.try($$SELECT flagplane.kill_access_token('nothing')$$);
-- Tiers of rate limits: they can be changed; a token gives none above its own.
SELECT flagplane.create_access_token('tier', role => 'reader', rate_tier => 'pilot') AS answer \gset
SELECT :'answer'::json->>'rateTier' AS tier;
SELECT :'answer'::json->>'_id' AS tier_id \gset
SELECT flagplane.set_access_token_tier(:'tier_id', 'partner')->>'rateTier' AS tier;
SELECT flagplane.create_access_token('tier', role => 'reader', rate_tier => NULL)->>'rateTier' AS tier;
SELECT tier, t.try(format('SELECT flagplane.set_access_token_tier(%L, %L)', :'tier_id', tier)) FROM unnest(ARRAY['gold', 'Pilot', '', NULL]) tier;
SELECT t.try($$SELECT flagplane.create_access_token('tier', role => 'reader', rate_tier => 'gold')$$);
SELECT t.try($$SELECT flagplane.set_access_token_tier('nothing', 'pilot')$$);
SELECT pg_temp.as_token(:'small', format('SELECT flagplane.set_access_token_tier(%L, %L)', :'tier_id', 'pilot'));
SELECT pg_temp.as_token(:'small', format('SELECT flagplane.set_access_token_tier(%L, %L)->>%L', :'tier_id', 'standard', 'rateTier'));
SELECT flagplane.create_access_token('fast', '{tokens:admin}', rate_tier => 'pilot')->>'_id' AS fast_id \gset
SELECT pg_temp.as_token(:'small', format('SELECT flagplane.rotate_access_token(%L)', :'fast_id'));
SELECT pg_temp.as_token(:'small', $$SELECT flagplane.create_access_token('tier', '{tokens:admin}', rate_tier => 'pilot')$$);
SELECT pg_temp.as_token(:'limited', format('SELECT flagplane.set_access_token_tier(%L, %L)', :'theirs_id', 'standard'));
UPDATE flagplane_data.access_token SET rate_tier = 'gold' WHERE id = :'tier_id';
-- No secret is in the audit log.
SELECT count(*) FROM flagplane_data.audit_log WHERE before::text || after::text LIKE '%' || right(:'third', 43) || '%';
