-- Helpers that the other tests use: calls that mask what differs from run to run.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA t;

CREATE FUNCTION t.mask(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
		regexp_replace(regexp_replace(regexp_replace(answer,
		'fp_[0-9a-f]{8}_[0-9a-f]{16}_([0-9A-Za-z]{43})?', '<token>', 'g'),
		'sk_app_[0-9A-Za-z]{43}', '<app key>', 'g'),
		'req_[0-9A-Z]{26}', '<request>', 'g'),
		'(sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}', '<\1 key>', 'g'),
		'[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}', '<uuid>', 'g'),
		'(?<![0-9a-f])([0-9a-f]{32}|[0-9a-f]{24})(?![0-9a-f])', '<id>', 'g'),
		'\m(1[7-9]|[23]\d)\d{11}\M', '<ms>', 'g'),
		'20(2[6-9]|[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?', '<time>', 'g'),
		'\m(?!2147483647)(1[7-9]|[23]\d)\d{8}\M', '<s>', 'g'),
		'\\"[0-9a-f]{16}\\"', '\"<hash>\"', 'g')
$$;

-- A REST request: its status, its headers and its body.
CREATE FUNCTION t.rest(method text, uri text, body text DEFAULT NULL, headers jsonb DEFAULT '{}')
RETURNS TABLE (status int, headers text, body text) LANGUAGE sql AS $$
	SELECT h.status, t.mask((h.headers - 'Content-Type')::text), t.mask(h.body::text)
	FROM flagplane.handle(method, uri, headers, body) h
$$;

-- A statement's SQLSTATE and message, or the one value it answers.
CREATE FUNCTION t.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN t.mask(answer);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- The keys of a document in their order, with the types of their values.
CREATE FUNCTION t.shape(document json) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(key || ' ' || json_typeof(value), ', ' ORDER BY ordinality)
	FROM json_each(document) WITH ORDINALITY
$$;

-- A project of a test's own.
CREATE FUNCTION t.project(key text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	PERFORM flagplane.create_project(key, 'Project ' || key);
	RETURN (SELECT id FROM flagplane_data.project p WHERE p.key = project.key);
END
$$;
-- An iteration that an experiment on a flag, which is made unless it is there, can start with: half of its units each get the first two variations.
CREATE FUNCTION t.plan(project text, flag text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = project AND f.key = flag) THEN
		PERFORM flagplane.create_flag(project, flag, flag);
	END IF;
	RETURN jsonb_build_object('flags', jsonb_build_object(flag, '{}'::jsonb), 'treatments',
		(SELECT jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 0, 'allocationPercent', '50',
		'parameters', jsonb_build_array(jsonb_build_object('flagKey', flag, 'variationId', f.variations->i->>'_id'))) ORDER BY i)
		FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id, generate_series(0, 1) i WHERE p.key = project AND f.key = flag));
END
$$;
SELECT t.mask('app_0123456789abcdef01234567 0123456789abcdef01234567 1795217638999');
-- The times of 2030 and 2095 are masked as those of today; times that tests give are not.
SELECT t.mask('1893456000000 1893456000 2030-01-01T00:00:00Z 3944678400000 3944678400 2095-01-01T00:00:00Z 1577836800000 1577836800 2020-01-01T00:00:00Z');
