-- The documented example requests, word for word, and the shapes of their answers.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('documented') IS NOT NULL AS made;
SELECT id FROM flagplane_data.project WHERE key = 'documented' \gset
SELECT length(flagplane.create_flag('documented', 'featureFlagKey', 'Flag')::text) > 0 AS made;

SELECT * FROM t.rest('POST', '/api/v2/projects/documented/layers', '{
  "key": "checkout-flow",
  "name": "Checkout Flow",
  "description": "string"
}');
SELECT * FROM t.rest('POST', '/api/v2/projects/documented/environments', '{
 "name": "My Environment",
 "key": "environment-key-123abc",
 "color": "DADBEE"
}');
SELECT * FROM t.rest('POST', '/api/v2/flag-links/projects/documented/flags/featureFlagKey', '{
  "key": "flag-link-key-123abc",
  "deepLink": "https://example.com/archives/123123123",
  "title": "Example link title",
  "description": "Example link description"
}');
SELECT * FROM t.rest('POST', '/v1/projects/prj_' || :'id' || '/sdk-apps', '{
    "name": "Acme Coffee iOS",
    "platform": "ios",
    "bundleId": "com.acmecoffee.ios"
  }', '{"Idempotency-Key": "2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10"}');

-- Names, order and types of all fields.
SELECT t.shape(flagplane.get_layer('documented', 'checkout-flow'));
SELECT t.shape(flagplane.get_environment('documented', 'environment-key-123abc'));
SELECT t.shape(flagplane.get_flag_link('documented', 'featureFlagKey', 'flag-link-key-123abc'));
SELECT t.shape(body) FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps',
	'{"Idempotency-Key": "2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b11"}',
	'{"name": "Web", "platform": "web", "webDomain": "acme.com"}');
SELECT t.shape(flagplane.get_sdk_app('documented',
	flagplane.list_sdk_apps('documented')->'items'->0->>'appId'));
SELECT t.shape(flagplane.list_sdk_apps('documented')->'items'->0);
SELECT t.shape(flagplane.get_project('documented'));
SELECT t.shape(flagplane.get_flag('documented', 'featureFlagKey'));
SELECT t.shape(flagplane.get_flag('documented', 'featureFlagKey')->'environments'->'production');

-- Without a key no SDK app can be made by REST; by SQL one can.
SELECT * FROM t.rest('POST', '/v1/projects/prj_' || :'id' || '/sdk-apps',
	'{"name": "Acme Coffee", "platform": "android", "androidPackage": "com.acmecoffee"}');
SELECT t.mask(flagplane.create_sdk_app('documented', 'Acme Coffee', 'android',
	android_package => 'com.acmecoffee')::text);
