-- Rows in every table, for the tests that move them about, and in table public.secret what no copy of them may hold in clear.
-- Lines that say "reservation" or "register" can be left out where a table is not there yet.
CREATE TABLE public.secret (value text);
SELECT flagplane.create_project('p', 'P', tags => '{a,b}');
SELECT flagplane.create_flag('p', 'f', 'F', variations => '[{"value": {"a": [1, "é"]}}, {"value": null}]');
SELECT flagplane.create_flag('p', 'deleted', 'D');
SELECT flagplane.delete_flag('p', 'deleted');
SELECT flagplane.create_segment('p', 'test', 's', 'S');
SELECT flagplane.create_environment('p', 'clone', 'Clone', '000000', source => '{"key": "production"}');
SELECT flagplane.reset_environment_sdk_key('p', 'clone', expiry => 4102444800000);
SELECT flagplane.create_sdk_key('p', 'clone', 'k', expiry => 4102444800000);
SELECT flagplane.create_layer('p', 'l', 'L', E'tab\t and "quotes"');
SELECT flagplane.create_experiment('p', 'test', e, e, flag_key => 'f') FROM unnest('{gone,here}'::text[]) e;
SELECT flagplane.update_layer('p', 'l', format('[{"kind": "updateExperimentReservation", "experimentKey": "%s", "reservationPercent": 40}]', e)::jsonb, 'test') FROM unnest('{gone,here}'::text[]) e;
SELECT flagplane.delete_experiment('p', 'test', 'gone') /* frees its reservation */;
SELECT flagplane.create_experiment('p', 'test', 'running', 'R', iteration => (SELECT jsonb_build_object('flags', '{"run": {}}'::jsonb, 'treatments', jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 1, 'allocationPercent', '50', 'parameters', jsonb_build_array(jsonb_build_object('flagKey', 'run', 'variationId', v->>'_id'))))) FROM jsonb_array_elements(flagplane.create_flag('p', 'run', 'Run')::jsonb->'variations') WITH ORDINALITY u(v, i))) /* for its reservation */;
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "running", "reservationPercent": 10}]', 'test');
SELECT flagplane.start_experiment('p', 'test', 'running') /* with its reservation */;
SELECT flagplane.register_integration('acme', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}');
SELECT flagplane.create_flag_link('p', 'f', 'k', 'github', metadata => '{"prNumber": "1"}');
SELECT flagplane.create_account('other', 'Other');
INSERT INTO public.secret SELECT right(flagplane.create_sdk_app('p', 'A', 'expo',
	idempotency_key => '12345678-1234-4234-8234-123456789012')->>'apiKey', 43);
INSERT INTO public.secret SELECT right(flagplane.update_sdk_app('p', flagplane.create_sdk_app('p', 'Rotated', 'web', web_domain => 'x.com')->>'appId', rotate_key => true,
	idempotency_key => '12345678-1234-4234-8234-123456789013')->>'apiKey', 43);
INSERT INTO public.secret VALUES ('12345678-1234-4234-8234-123456789012'), ('12345678123442348234123456789012'), ('12345678-1234-4234-8234-123456789013'),
	('12345678123442348234123456789013'), ('12345678-1234-4234-8234-123456789014'), ('12345678123442348234123456789014');
SELECT flagplane.create_access_token('t', role => 'admin', projects => '{p}', member_id => flagplane.create_member('a@example.com')->>'_id') AS token \gset
INSERT INTO public.secret SELECT right(:'token'::json->>'token', 43);
SELECT status FROM flagplane.handle('GET', '/api/v2/projects/p', json_build_object('Authorization', :'token'::json->>'token')::jsonb);
-- Rotated twice: with a grace, so that two are good, and with an idempotency key, so that it can be shown again.
INSERT INTO public.secret SELECT right(flagplane.rotate_access_token(:'token'::json->>'_id', '1 day')->>'token', 43);
INSERT INTO public.secret SELECT right(flagplane.rotate_access_token(:'token'::json->>'_id', '1 day', '12345678-1234-4234-8234-123456789014')->>'token', 43);
