-- No writer gets round the rules, the superuser included.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('domains') IS NOT NULL AS made;
SELECT flagplane.create_flag('domains', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('domains', 'f', 'k') IS NOT NULL AS made;
SELECT flagplane.create_layer('domains', 'l', 'L', '') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('domains', 'A', 'expo') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.set(tab text, col text, value text) RETURNS text LANGUAGE sql AS $$
	SELECT left(t.try(format('UPDATE flagplane_data.%I SET %I = %s', tab, col, value)), 90)
$$;
SELECT v.*, pg_temp.set(tab, col, value) FROM (VALUES
	('project', 'key', '''a b'''), ('project', 'name', ''''''), ('project', 'tags', '''{a b}'''), ('project', 'tags', 'ARRAY[NULL]'),
	('environment', 'key', '''-'''), ('environment', 'color', '''#fff'''), ('environment', 'default_ttl', '61'), ('environment', 'id', '''X'''),
	('environment_key', 'kind', '''api'''), ('environment_key', 'expires_at', 'NULL, kind = ''sdk'''), ('flag', 'kind', '''x'''), ('flag_link', 'key', '''é'''),
	('flag_link', 'deep_link', '''ftp://x'''), ('layer', 'key', 'repeat(''k'', 257)'), ('sdk_app', 'platform', '''tv'''),
	('sdk_app', 'bundle_id', '''a..b'''), ('sdk_app', 'web_domain', '''www.x.com'''), ('sdk_app', 'api_key_hash', '''x'''),
	('account', 'id', '0'), ('layer', 'project_id', 'gen_random_uuid()'), ('environment', 'account_id', '1')) v(tab, col, value);
-- A reference from one account to another is impossible.
SELECT flagplane.create_account('domains', 'Domains') IS NOT NULL AS made;
SELECT left(t.try($$INSERT INTO flagplane_data.layer SELECT a.id, l.id, l.project_id, l.key, l.name, l.description, NULL, l.seed, now()
	FROM flagplane_data.layer l, flagplane_data.account a WHERE a.key = 'domains' AND l.key = 'l'$$), 70);
