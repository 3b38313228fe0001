-- The rules that every writer is held to, whichever way it came. The functions
-- check the same rules first and say what is wrong in better words.
CREATE DOMAIN flagplane_data.key AS text COLLATE "C"
	CONSTRAINT key_form CHECK (VALUE ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,255}$');
COMMENT ON DOMAIN flagplane_data.key IS
'1 to 256 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.project_key AS text COLLATE "C"
	CONSTRAINT project_key_form CHECK (VALUE ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$');
COMMENT ON DOMAIN flagplane_data.project_key IS
'1 to 100 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.link_key AS text COLLATE "C"
	CONSTRAINT link_key_form
	CHECK (length(VALUE) <= 512 AND VALUE ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$');
COMMENT ON DOMAIN flagplane_data.link_key IS
'1 to 512 letters, digits, _, . and -, the first a letter or digit.';

CREATE DOMAIN flagplane_data.object_id AS text COLLATE "C"
	CONSTRAINT object_id_form CHECK (VALUE ~ '^[0-9a-f]{24}$');
COMMENT ON DOMAIN flagplane_data.object_id IS '24 lower-case hexadecimal digits.';

CREATE DOMAIN flagplane_data.name AS text
	CONSTRAINT name_length CHECK (length(VALUE) BETWEEN 1 AND 256);
COMMENT ON DOMAIN flagplane_data.name IS 'A name for people, 1 to 256 characters.';

CREATE DOMAIN flagplane_data.color AS text COLLATE "C"
	CONSTRAINT color_form CHECK (VALUE ~ '^[0-9a-fA-F]{6}$');
COMMENT ON DOMAIN flagplane_data.color IS 'Six hexadecimal digits.';

CREATE DOMAIN flagplane_data.ttl AS integer
	CONSTRAINT ttl_range CHECK (VALUE BETWEEN 0 AND 60);
COMMENT ON DOMAIN flagplane_data.ttl IS 'A time to live in minutes, 0 to 60.';

CREATE DOMAIN flagplane_data.tag AS text COLLATE "C"
	CONSTRAINT tag_form CHECK (VALUE IS NOT NULL AND VALUE ~ '^[a-zA-Z0-9_.-]{1,64}$');
COMMENT ON DOMAIN flagplane_data.tag IS '1 to 64 letters, digits, _, . and -.';

CREATE DOMAIN flagplane_data.platform AS text COLLATE "C"
	CONSTRAINT platform_known CHECK (VALUE IN ('ios', 'android', 'web', 'react-native', 'flutter',
		'expo', 'nextjs', 'vite', 'react-router'));
COMMENT ON DOMAIN flagplane_data.platform IS 'A platform that SDK apps are built for.';

CREATE DOMAIN flagplane_data.app_identifier AS text COLLATE "C"
	CONSTRAINT app_identifier_form
	CHECK (length(VALUE) <= 253 AND VALUE ~ '^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$');
COMMENT ON DOMAIN flagplane_data.app_identifier IS
'A bundle identifier or package name: letters, digits, - and _ in parts joined by dots.';

CREATE DOMAIN flagplane_data.web_domain AS text COLLATE "C"
	CONSTRAINT web_domain_form
	CHECK (length(VALUE) <= 253 AND VALUE !~ '^www\.'
		AND VALUE ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$');
COMMENT ON DOMAIN flagplane_data.web_domain IS
'A bare domain in lower case, without scheme, port, path or leading www.';

CREATE DOMAIN flagplane_data.url AS text
	CONSTRAINT url_form CHECK (length(VALUE) <= 2048 AND VALUE ~* '^https?://[^\s/]\S*$');
COMMENT ON DOMAIN flagplane_data.url IS 'An absolute http or https URL of at most 2048 characters.';

CREATE DOMAIN flagplane_data.hash AS bytea
	CONSTRAINT hash_length CHECK (length(VALUE) = 32);
COMMENT ON DOMAIN flagplane_data.hash IS 'A SHA-256.';
