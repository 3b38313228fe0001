-- JSON Patch (RFC 6902). Each row is a document, a patch, and what comes of it;
-- NULL: it is refused. The cases are those of the public conformance suite, a
-- patch with two members of one name left out, which no jsonb can contain.
\set VERBOSITY terse
\pset format unaligned
CREATE TEMP TABLE patch_case (id int GENERATED ALWAYS AS IDENTITY, document jsonb, patch jsonb, expected jsonb);
INSERT INTO patch_case (document, patch, expected) VALUES
('{}', '[]', '{}'),
('{"foo": 1}', '[]', '{"foo": 1}'),
('{"foo": 1, "bar": 2}', '[]', '{"bar": 2, "foo": 1}'),
('[{"foo": 1, "bar": 2}]', '[]', '[{"bar": 2, "foo": 1}]'),
('{"foo": {"foo": 1, "bar": 2}}', '[]', '{"foo": {"bar": 2, "foo": 1}}'),
('{"foo": null}', '[{"op": "add", "path": "/foo", "value": 1}]', '{"foo": 1}'),
('[]', '[{"op": "add", "path": "/0", "value": "foo"}]', '["foo"]'),
('["foo"]', '[]', '["foo"]'),
('{}', '[{"op": "add", "path": "/foo", "value": "1"}]', '{"foo": "1"}'),
('{}', '[{"op": "add", "path": "/foo", "value": 1}]', '{"foo": 1}'),
('"foo"', '[{"op": "replace", "path": "", "value": "bar"}]', '"bar"'),
('{}', '[{"op": "add", "path": "", "value": []}]', '[]'),
('[]', '[{"op": "add", "path": "", "value": {}}]', '{}'),
('[]', '[{"op": "add", "path": "/-", "value": "hi"}]', '["hi"]'),
('{}', '[{"op": "add", "path": "/", "value": 1}]', '{"": 1}'),
('{"foo": {}}', '[{"op": "add", "path": "/foo/", "value": 1}]', '{"foo": {"": 1}}'),
('{"foo": 1}', '[{"op": "add", "path": "/bar", "value": [1, 2]}]', '{"foo": 1, "bar": [1, 2]}'),
('{"foo": 1, "baz": [{"qux": "hello"}]}', '[{"op": "add", "path": "/baz/0/foo", "value": "world"}]', '{"foo": 1, "baz": [{"qux": "hello", "foo": "world"}]}'),
('{"bar": [1, 2]}', '[{"op": "add", "path": "/bar/8", "value": "5"}]', NULL),
('{"bar": [1, 2]}', '[{"op": "add", "path": "/bar/-1", "value": "5"}]', NULL),
('{"foo": 1}', '[{"op": "add", "path": "/bar", "value": true}]', '{"foo": 1, "bar": true}'),
('{"foo": 1}', '[{"op": "add", "path": "/bar", "value": false}]', '{"foo": 1, "bar": false}'),
('{"foo": 1}', '[{"op": "add", "path": "/bar", "value": null}]', '{"foo": 1, "bar": null}'),
('{"foo": 1}', '[{"op": "add", "path": "/0", "value": "bar"}]', '{"foo": 1, "0": "bar"}'),
('["foo"]', '[{"op": "add", "path": "/1", "value": "bar"}]', '["foo", "bar"]'),
('["foo", "sil"]', '[{"op": "add", "path": "/1", "value": "bar"}]', '["foo", "bar", "sil"]'),
('["foo", "sil"]', '[{"op": "add", "path": "/0", "value": "bar"}]', '["bar", "foo", "sil"]'),
('["foo", "sil"]', '[{"op": "add", "path": "/2", "value": "bar"}]', '["foo", "sil", "bar"]'),
('["foo", "sil"]', '[{"op": "add", "path": "/3", "value": "bar"}]', NULL),
('{"1e0": "foo"}', '[{"op": "test", "path": "/1e0", "value": "foo"}]', '{"1e0": "foo"}'),
('["foo", "bar"]', '[{"op": "test", "path": "/1e0", "value": "bar"}]', NULL),
('["foo", "sil"]', '[{"op": "add", "path": "/bar", "value": 42}]', NULL),
('["foo", "sil"]', '[{"op": "add", "path": "/1", "value": ["bar", "baz"]}]', '["foo", ["bar", "baz"], "sil"]'),
('{"foo": 1, "bar": [1, 2, 3, 4]}', '[{"op": "remove", "path": "/bar"}]', '{"foo": 1}'),
('{"foo": 1, "baz": [{"qux": "hello"}]}', '[{"op": "remove", "path": "/baz/0/qux"}]', '{"foo": 1, "baz": [{}]}'),
('{"foo": 1, "baz": [{"qux": "hello"}]}', '[{"op": "replace", "path": "/foo", "value": [1, 2, 3, 4]}]', '{"foo": [1, 2, 3, 4], "baz": [{"qux": "hello"}]}'),
('{"foo": [1, 2, 3, 4], "baz": [{"qux": "hello"}]}', '[{"op": "replace", "path": "/baz/0/qux", "value": "world"}]',
	'{"foo": [1, 2, 3, 4], "baz": [{"qux": "world"}]}'),
('["foo"]', '[{"op": "replace", "path": "/0", "value": "bar"}]', '["bar"]'),
('[""]', '[{"op": "replace", "path": "/0", "value": 0}]', '[0]'),
('[""]', '[{"op": "replace", "path": "/0", "value": true}]', '[true]'),
('[""]', '[{"op": "replace", "path": "/0", "value": false}]', '[false]'),
('[""]', '[{"op": "replace", "path": "/0", "value": null}]', '[null]'),
('["foo", "sil"]', '[{"op": "replace", "path": "/1", "value": ["bar", "baz"]}]', '["foo", ["bar", "baz"]]'),
('{"foo": "bar"}', '[{"op": "replace", "path": "", "value": {"baz": "qux"}}]', '{"baz": "qux"}'),
('{"bar": "baz"}', '[{"op": "replace", "path": "/foo/bar", "value": false}]', NULL),
('{"foo": 1}', '[{"op": "test", "path": "/foo", "value": 1, "spurious": 1}]', '{"foo": 1}'),
('{"foo": null}', '[{"op": "test", "path": "/foo", "value": null}]', '{"foo": null}'),
('{"foo": null}', '[{"op": "replace", "path": "/foo", "value": "truthy"}]', '{"foo": "truthy"}'),
('{"foo": null}', '[{"op": "move", "from": "/foo", "path": "/bar"}]', '{"bar": null}'),
('{"foo": null}', '[{"op": "copy", "from": "/foo", "path": "/bar"}]', '{"foo": null, "bar": null}'),
('{"foo": null}', '[{"op": "remove", "path": "/foo"}]', '{}'),
('{"foo": "bar"}', '[{"op": "replace", "path": "/foo", "value": null}]', '{"foo": null}'),
('{"foo": {"foo": 1, "bar": 2}}', '[{"op": "test", "path": "/foo", "value": {"bar": 2, "foo": 1}}]', '{"foo": {"foo": 1, "bar": 2}}'),
('{"foo": [{"foo": 1, "bar": 2}]}', '[{"op": "test", "path": "/foo", "value": [{"bar": 2, "foo": 1}]}]', '{"foo": [{"foo": 1, "bar": 2}]}'),
('{"foo": {"bar": [1, 2, 5, 4]}}', '[{"op": "test", "path": "/foo", "value": {"bar": [1, 2, 5, 4]}}]', '{"foo": {"bar": [1, 2, 5, 4]}}'),
('{"foo": {"bar": [1, 2, 5, 4]}}', '[{"op": "test", "path": "/foo", "value": [1, 2]}]', NULL),
('{"foo": 1}', '[{"op": "test", "path": "", "value": {"foo": 1}}]', '{"foo": 1}'),
('{"": 1}', '[{"op": "test", "path": "/", "value": 1}]', '{"": 1}'),
('{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}',
	'[{"op": "test", "path": "/foo", "value": ["bar", "baz"]}, {"op": "test", "path": "/foo/0", "value": "bar"}, {"op": "test", "path": "/", "value": 0}, {"op": "test", "path": "/a~1b", "value": 1}, {"op": "test", "path": "/c%d", "value": 2}, {"op": "test", "path": "/e^f", "value": 3}, {"op": "test", "path": "/g|h", "value": 4}, {"op": "test", "path": "/i\\j", "value": 5}, {"op": "test", "path": "/k\"l", "value": 6}, {"op": "test", "path": "/ ", "value": 7}, {"op": "test", "path": "/m~0n", "value": 8}]',
	'{"": 0, " ": 7, "a/b": 1, "c%d": 2, "e^f": 3, "foo": ["bar", "baz"], "g|h": 4, "i\\j": 5, "k\"l": 6, "m~n": 8}'),
('{"foo": 1}', '[{"op": "move", "from": "/foo", "path": "/foo"}]', '{"foo": 1}'),
('{"foo": 1, "baz": [{"qux": "hello"}]}', '[{"op": "move", "from": "/foo", "path": "/bar"}]', '{"baz": [{"qux": "hello"}], "bar": 1}'),
('{"baz": [{"qux": "hello"}], "bar": 1}', '[{"op": "move", "from": "/baz/0/qux", "path": "/baz/1"}]', '{"baz": [{}, "hello"], "bar": 1}'),
('{"baz": [{"qux": "hello"}], "bar": 1}', '[{"op": "copy", "from": "/baz/0", "path": "/boo"}]',
	'{"baz": [{"qux": "hello"}], "bar": 1, "boo": {"qux": "hello"}}'),
('{"foo": "bar"}', '[{"op": "add", "path": "", "value": {"baz": "qux"}}]', '{"baz": "qux"}'),
('[1, 2]', '[{"op": "add", "path": "/-", "value": {"foo": ["bar", "baz"]}}]', '[1, 2, {"foo": ["bar", "baz"]}]'),
('[1, 2, [3, [4, 5]]]', '[{"op": "add", "path": "/2/1/-", "value": {"foo": ["bar", "baz"]}}]', '[1, 2, [3, [4, 5, {"foo": ["bar", "baz"]}]]]'),
('{"foo": 1, "baz": [{"qux": "hello"}]}', '[{"op": "remove", "path": "/baz/1e0/qux"}]', NULL),
('[1, 2, 3, 4]', '[{"op": "remove", "path": "/0"}]', '[2, 3, 4]'),
('[1, 2, 3, 4]', '[{"op": "remove", "path": "/1"}, {"op": "remove", "path": "/2"}]', '[1, 3]'),
('[1, 2, 3, 4]', '[{"op": "remove", "path": "/1e0"}]', NULL),
('[""]', '[{"op": "replace", "path": "/1e0", "value": false}]', NULL),
('{"baz": [1, 2, 3], "bar": 1}', '[{"op": "copy", "from": "/baz/1e0", "path": "/boo"}]', NULL),
('{"foo": 1, "baz": [1, 2, 3, 4]}', '[{"op": "move", "from": "/baz/1e0", "path": "/foo"}]', NULL),
('["foo", "sil"]', '[{"op": "add", "path": "/1e0", "value": "bar"}]', NULL),
('{}', '[{"op": "add", "value": "bar"}]', NULL),
('{}', '[{"op": "add", "path": null, "value": "bar"}]', NULL),
('{}', '[{"op": "add", "path": "foo", "value": "bar"}]', NULL),
('[1]', '[{"op": "add", "path": "/-"}]', NULL),
('[1]', '[{"op": "replace", "path": "/0"}]', NULL),
('[null]', '[{"op": "test", "path": "/0"}]', NULL),
('[false]', '[{"op": "test", "path": "/0"}]', NULL),
('[1]', '[{"op": "copy", "path": "/-"}]', NULL),
('{"foo": 1}', '[{"op": "copy", "from": "/bar", "path": "/foo"}]', NULL),
('{"foo": 1}', '[{"op": "move", "path": ""}]', NULL),
('{"foo": 1}', '[{"op": "move", "from": "/bar", "path": "/foo"}]', NULL),
('{"foo": 1}', '[{"op": "spam", "path": "/foo", "value": 1}]', NULL),
('["foo", "bar"]', '[{"op": "test", "path": "/00", "value": "foo"}]', NULL),
('["foo", "bar"]', '[{"op": "test", "path": "/01", "value": "bar"}]', NULL),
('{"foo": "bar"}', '[{"op": "remove", "path": "/baz"}]', NULL),
('{"foo": "bar"}', '[{"op": "remove", "path": "/missing1/missing2"}]', NULL),
('["foo", "bar"]', '[{"op": "remove", "path": "/2"}]', NULL),
('{"foo": "bar"}', '[{"op": "add", "path": "/FOO", "value": "BAR"}]', '{"foo": "bar", "FOO": "BAR"}'),
('{"foo": {"bar": {"baz": [{"boo": "net"}]}}}',
	'[{"op": "copy", "from": "/foo", "path": "/bak"}, {"op": "replace", "path": "/bak/bar/baz/0/boo", "value": "qux"}]',
	'{"foo": {"bar": {"baz": [{"boo": "net"}]}}, "bak": {"bar": {"baz": [{"boo": "qux"}]}}}'),
('{"foo": {"bar": {"baz": [{"boo": "net"}]}}}',
	'[{"op": "copy", "from": "/foo", "path": "/bak"}, {"op": "replace", "path": "/foo/bar/baz/0/boo", "value": "qux"}]',
	'{"foo": {"bar": {"baz": [{"boo": "qux"}]}}, "bak": {"bar": {"baz": [{"boo": "net"}]}}}'),
('{"q": {"bar": 2}}', '[{"op": "add", "path": "/a/b", "value": 1}]', NULL),
('{"foo": "bar"}', '[{"op": "add", "path": "/baz", "value": "qux"}]', '{"baz": "qux", "foo": "bar"}'),
('{"foo": ["bar", "baz"]}', '[{"op": "add", "path": "/foo/1", "value": "qux"}]', '{"foo": ["bar", "qux", "baz"]}'),
('{"baz": "qux", "foo": "bar"}', '[{"op": "remove", "path": "/baz"}]', '{"foo": "bar"}'),
('{"foo": ["bar", "qux", "baz"]}', '[{"op": "remove", "path": "/foo/1"}]', '{"foo": ["bar", "baz"]}'),
('{"baz": "qux", "foo": "bar"}', '[{"op": "replace", "path": "/baz", "value": "boo"}]', '{"baz": "boo", "foo": "bar"}'),
('{"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}',
	'[{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]', '{"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}'),
('{"foo": ["all", "grass", "cows", "eat"]}', '[{"op": "move", "from": "/foo/1", "path": "/foo/3"}]', '{"foo": ["all", "cows", "eat", "grass"]}'),
('{"baz": "qux", "foo": ["a", 2, "c"]}', '[{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}]',
	'{"baz": "qux", "foo": ["a", 2, "c"]}'),
('{"baz": "qux"}', '[{"op": "test", "path": "/baz", "value": "bar"}]', NULL),
('{"foo": "bar"}', '[{"op": "add", "path": "/child", "value": {"grandchild": {}}}]', '{"foo": "bar", "child": {"grandchild": {}}}'),
('{"foo": "bar"}', '[{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}]', '{"foo": "bar", "baz": "qux"}'),
('{"foo": "bar"}', '[{"op": "add", "path": "/baz/bat", "value": "qux"}]', NULL),
('{"/": 9, "~1": 10}', '[{"op": "test", "path": "/~01", "value": 10}]', '{"/": 9, "~1": 10}'),
('{"/": 9, "~1": 10}', '[{"op": "test", "path": "/~01", "value": "10"}]', NULL),
('{"foo": ["bar"]}', '[{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]', '{"foo": ["bar", ["abc", "def"]]}');
CREATE FUNCTION pg_temp.patched(document jsonb, patch jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN flagplane.json_patch(document, patch);
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN NULL;
END
$$;
SELECT count(*) AS cases, count(expected) AS good FROM patch_case;
SELECT * FROM (SELECT *, pg_temp.patched(document, patch) AS answer FROM patch_case) c
	WHERE answer IS DISTINCT FROM expected;

-- Errors of a patch are described.
SELECT p, t.try(format('SELECT flagplane.json_patch(%L, %L)', '{"a": {"b": 1}, "l": [1, 2], "~/": 0}', p)) FROM unnest(ARRAY[
	'[{"op": "remove", "path": "/x"}]', '[{"op": "remove", "path": ""}]', '[{"op": "test", "path": "/a/b", "value": "1"}]',
	'[{"op": "move", "from": "/a", "path": "/a/c"}]', '[{"op": "add", "path": "/l/3", "value": 0}]', '[{"op": "add", "path": "/a/b/c", "value": 0}]',
	'[{"op": "replace", "path": "/l/-", "value": 0}]', '[{"op": "add", "path": "/a~2", "value": 0}]', '[{"op": "add", "path": "/a~", "value": 0}]',
	'[{"op": "add", "path": "a", "value": 0}]', '[{"op": "add", "path": "/a"}]', '[{"op": "copy", "path": "/a"}]', '[{"op": "turn", "path": "/a"}]',
	'[{"op": 1, "path": "/a"}]', '["remove"]', '{}', 'null', '[{"op": "test", "path": "/l/4294967296", "value": 1}]',
		'[{"op": "replace", "path": "/~0~1/0", "value": 1}]']) p;
SELECT t.try('SELECT flagplane.json_patch(NULL, ''[]'')'), t.try('SELECT flagplane.json_patch(''{}'', NULL)');

-- All of it or nothing; what is copied is no longer tied to the original; numbers are compared by their value.
SELECT flagplane.json_patch('{"a": [1]}', '[{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/b/-", "value": 2},
	{"op": "move", "from": "/a/0", "path": "/a/-"}, {"op": "test", "path": "/a/0", "value": 1.0}, {"op": "copy", "from": "", "path": "/c"}]');
SELECT flagplane.json_patch('{"~/": 0}',
	'[{"op": "replace", "path": "/~0~1", "value": 1}, {"op": "move", "from": "/~0~1", "path": "/~0~1"}, {"op": "add", "path": "/~01", "value": 2}]');

-- Copies of copies are bounded, in number and in depth.
SELECT t.try(format('SELECT flagplane.json_patch(''{"a": [0]}'', %L)',
	(SELECT json_agg(json_build_object('op', 'copy', 'from', '/a', 'path', '/a/-')) FROM generate_series(1, 40))));
SELECT t.try(format('SELECT flagplane.json_patch(''{}'', %L)',
	(SELECT json_agg(json_build_object('op', 'copy', 'from', '', 'path', repeat('/a', (2 ^ n)::int))) FROM generate_series(0, 11) n)));
-- So are the bytes of what is copied: a long string, many times, is refused and no internal error.
SELECT t.try($$SELECT length(flagplane.json_patch(jsonb_build_object('a', repeat('x', 1000000)), (SELECT jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/a', 'path', '/' || n)) FROM generate_series(1, 16) n))::text)$$);
SELECT t.try($$SELECT flagplane.json_patch(jsonb_build_object('a', repeat('x', 1000000)), (SELECT jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/a', 'path', '/' || n)) FROM generate_series(1, 400) n))$$);
SELECT t.try($$SELECT flagplane.json_patch(jsonb_build_object('a', jsonb_build_object(repeat('x', 1000000), 1)), (SELECT jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/a', 'path', '/' || n)) FROM generate_series(1, 400) n))$$);
