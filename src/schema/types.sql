-- The rules for every writer, by whatever way it comes. The functions
-- check the same rules first and say what is wrong in better words.
-- The checks that are worth C: see api/domain.c. They are STRICT, so a NULL is no
-- violation, and belong to the domains alone.
CREATE FUNCTION flagplane_data.check_key(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_key';
REVOKE ALL ON FUNCTION flagplane_data.check_key(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_project_key(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_project_key';
REVOKE ALL ON FUNCTION flagplane_data.check_project_key(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_link_key(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_link_key';
REVOKE ALL ON FUNCTION flagplane_data.check_link_key(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_object_id(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_object_id';
REVOKE ALL ON FUNCTION flagplane_data.check_object_id(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_color(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_color';
REVOKE ALL ON FUNCTION flagplane_data.check_color(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_tag(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_tag';
REVOKE ALL ON FUNCTION flagplane_data.check_tag(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_app_identifier(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_app_identifier';
REVOKE ALL ON FUNCTION flagplane_data.check_app_identifier(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_web_domain(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_web_domain';
REVOKE ALL ON FUNCTION flagplane_data.check_web_domain(text) FROM PUBLIC;
CREATE FUNCTION flagplane_data.check_url(text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flagplane_check_url';
REVOKE ALL ON FUNCTION flagplane_data.check_url(text) FROM PUBLIC;

CREATE DOMAIN flagplane_data.key AS text COLLATE "C"
	CONSTRAINT key_form CHECK (flagplane_data.check_key(VALUE));
COMMENT ON DOMAIN flagplane_data.key IS
'1 to 256 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.project_key AS text COLLATE "C"
	CONSTRAINT project_key_form CHECK (flagplane_data.check_project_key(VALUE));
COMMENT ON DOMAIN flagplane_data.project_key IS
'1 to 100 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.link_key AS text COLLATE "C"
	CONSTRAINT link_key_form
	CHECK (flagplane_data.check_link_key(VALUE));
COMMENT ON DOMAIN flagplane_data.link_key IS
'1 to 512 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.object_id AS text COLLATE "C"
	CONSTRAINT object_id_form CHECK (flagplane_data.check_object_id(VALUE));
COMMENT ON DOMAIN flagplane_data.object_id IS '24 lower-case hexadecimal digits.';

CREATE DOMAIN flagplane_data.seed AS integer
	CONSTRAINT seed_range CHECK (VALUE >= 1);
COMMENT ON DOMAIN flagplane_data.seed IS 'From 1 to 2147483647: some SDKs read no more, and take 0 for none.';

CREATE DOMAIN flagplane_data.name AS text
	CONSTRAINT name_length CHECK (length(VALUE) BETWEEN 1 AND 256);
COMMENT ON DOMAIN flagplane_data.name IS 'A name for people, 1 to 256 characters.';

CREATE DOMAIN flagplane_data.color AS text COLLATE "C"
	CONSTRAINT color_form CHECK (flagplane_data.check_color(VALUE));
COMMENT ON DOMAIN flagplane_data.color IS 'Six hexadecimal digits.';

CREATE DOMAIN flagplane_data.ttl AS integer
	CONSTRAINT ttl_range CHECK (VALUE BETWEEN 0 AND 60);
COMMENT ON DOMAIN flagplane_data.ttl IS 'A time to live in minutes, 0 to 60.';

CREATE DOMAIN flagplane_data.tag AS text COLLATE "C"
	CONSTRAINT tag_form CHECK (VALUE IS NOT NULL AND flagplane_data.check_tag(VALUE));
COMMENT ON DOMAIN flagplane_data.tag IS '1 to 64 letters, digits, _, . and -.';

CREATE DOMAIN flagplane_data.platform AS text COLLATE "C"
	CONSTRAINT platform_known CHECK (VALUE IN ('ios', 'android', 'web', 'react-native', 'flutter',
		'expo', 'nextjs', 'vite', 'react-router'));
COMMENT ON DOMAIN flagplane_data.platform IS 'A platform that SDK apps are built for.';

-- A table's CHECK would be read from its text again by every statement.
CREATE DOMAIN flagplane_data.environment_key_kind AS text COLLATE "C"
	CONSTRAINT environment_key_kind_known CHECK (VALUE IN ('sdk', 'mobile'));
COMMENT ON DOMAIN flagplane_data.environment_key_kind IS 'What a key of an environment is for.';

CREATE DOMAIN flagplane_data.flag_kind AS text COLLATE "C"
	CONSTRAINT flag_kind_known CHECK (VALUE IN ('boolean', 'multivariate'));
COMMENT ON DOMAIN flagplane_data.flag_kind IS 'Whether a flag''s variations are true and false.';

CREATE DOMAIN flagplane_data.rate_tier AS text COLLATE "C"
	CONSTRAINT rate_tier_known CHECK (VALUE IN ('standard', 'pilot', 'partner'));
COMMENT ON DOMAIN flagplane_data.rate_tier IS 'A tier of rate limits.';

CREATE DOMAIN flagplane_data.app_identifier AS text COLLATE "C"
	CONSTRAINT app_identifier_form
	CHECK (flagplane_data.check_app_identifier(VALUE));
COMMENT ON DOMAIN flagplane_data.app_identifier IS
'A bundle identifier or package name: letters, digits, - and _ in parts joined by dots.';

CREATE DOMAIN flagplane_data.web_domain AS text COLLATE "C"
	CONSTRAINT web_domain_form
	CHECK (flagplane_data.check_web_domain(VALUE));
COMMENT ON DOMAIN flagplane_data.web_domain IS
'A bare domain in lower case, without scheme, port, path or leading www.';

CREATE DOMAIN flagplane_data.url AS text
	CONSTRAINT url_form CHECK (flagplane_data.check_url(VALUE));
COMMENT ON DOMAIN flagplane_data.url IS 'An absolute http or https URL of at most 2048 characters.';

CREATE DOMAIN flagplane_data.hash AS bytea
	CONSTRAINT hash_length CHECK (length(VALUE) = 32);
COMMENT ON DOMAIN flagplane_data.hash IS 'A SHA-256.';

CREATE DOMAIN flagplane_data.payload_stamp AS bytea
	CONSTRAINT payload_stamp_length CHECK (length(VALUE) = 8);
COMMENT ON DOMAIN flagplane_data.payload_stamp IS '8 random bytes.';
