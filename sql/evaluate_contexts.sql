-- evaluate(): the forms of contexts, and references to their attributes.
\set VERBOSITY terse
SET client_min_messages = warning;
-- What a flag's one clause makes of a context: match, no match or the error.
CREATE FUNCTION pg_temp.clause(clause jsonb, context jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(d->'reason'->>'errorKind', d->>'value')
	FROM flagplane.evaluate(jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object('on', true, 'variations', '["no match", "match"]'::jsonb,
		'fallthrough', '{"variation": 0}'::jsonb, 'rules', jsonb_build_array(jsonb_build_object('variation', 1, 'clauses',
			jsonb_build_array('{"op": "in"}' || clause)))))),
		'f', context) d
$$;
CREATE TEMP TABLE wanted (clause jsonb, context jsonb, wanted text);
INSERT INTO wanted VALUES
	-- Contexts of one kind.
	('{"attribute": "key", "values": ["a"]}', '{"kind": "user", "key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "org", "key": "a"}', 'no match'),
	('{"attribute": "key", "values": ["a"], "negate": true}', '{"kind": "org", "key": "a"}', 'no match'),
	('{"contextKind": "org", "attribute": "key", "values": ["a"]}', '{"kind": "org", "key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"], "contextKind": ""}', '{"kind": "user", "key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"], "contextKind": null}', '{"kind": "user", "key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "user", "key": ""}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "user"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "user", "key": null}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "user", "key": 5}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "", "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": null, "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": 5, "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "kind", "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "a b", "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "é", "key": "a"}', 'USER_NOT_SPECIFIED'),
	('{"contextKind": "A.b_c-9", "attribute": "key", "values": ["a"]}', '{"kind": "A.b_c-9", "key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"]}', '"a"', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '["a"]', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', 'null', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', NULL, 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{}', 'USER_NOT_SPECIFIED'),
	-- Of several.
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'match'),
	('{"contextKind": "org", "attribute": "key", "values": ["b"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'match'),
	('{"contextKind": "org", "attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'no match'),
	('{"contextKind": "device", "attribute": "key", "values": ["a"], "negate": true}',
		'{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'no match'),
	('{"contextKind": "kind", "attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'no match'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}}', 'match'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": ""}}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": "b"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "org": null}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "multi": {"key": "b"}}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"kind": "multi", "user": {"key": "a"}, "o g": {"key": "b"}}', 'USER_NOT_SPECIFIED'),
	-- The user of older SDKs.
	('{"attribute": "key", "values": ["a"]}', '{"key": "a"}', 'match'),
	('{"attribute": "key", "values": [""]}', '{"key": ""}', 'match'),
	('{"attribute": "kind", "values": ["user"]}', '{"key": "a"}', 'match'),
	('{"attribute": "key", "values": ["a"]}', '{"key": 5}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "key", "values": ["a"]}', '{"name": "a"}', 'USER_NOT_SPECIFIED'),
	('{"attribute": "email", "values": ["e"]}', '{"key": "a", "email": "e"}', 'match'),
	('{"attribute": "email", "values": ["e"]}', '{"key": "a", "email": null, "custom": {"email": "e"}}', 'match'),
	('{"attribute": "name", "values": ["n"]}', '{"key": "a", "name": "n"}', 'match'),
	('{"attribute": "name", "values": ["n"]}', '{"key": "a", "custom": {"name": "n"}}', 'no match'),
	('{"attribute": "key", "values": ["n"]}', '{"key": "a", "custom": {"key": "n"}}', 'no match'),
	('{"attribute": "group", "values": ["g"]}', '{"key": "a", "custom": {"group": "g"}}', 'match'),
	('{"attribute": "group", "values": ["g"]}', '{"key": "a", "group": "g"}', 'no match'),
	('{"attribute": "custom", "values": ["g"]}', '{"key": "a", "custom": "g"}', 'no match'),
	('{"attribute": "anonymous", "values": [true]}', '{"key": "a", "anonymous": true}', 'match'),
	('{"attribute": "anonymous", "values": [false]}', '{"key": "a", "anonymous": null}', 'match'),
	('{"contextKind": "user", "attribute": "/address/city", "values": ["x"]}', '{"key": "a", "custom": {"address": {"city": "x"}}}', 'match'),
	-- Attributes that are always there, and one that never is.
	('{"attribute": "anonymous", "values": [false]}', '{"kind": "user", "key": "a"}', 'match'),
	('{"attribute": "anonymous", "values": [true]}', '{"kind": "user", "key": "a", "anonymous": true}', 'match'),
	('{"attribute": "anonymous", "values": [true]}', '{"kind": "user", "key": "a", "anonymous": "yes"}', 'no match'),
	('{"attribute": "name", "values": ["a"], "negate": true}', '{"kind": "user", "key": "a"}', 'no match'),
	('{"attribute": "_meta", "values": ["a"], "negate": true}', '{"kind": "user", "key": "a", "_meta": {"b": 1}}', 'no match'),
	('{"contextKind": "user", "attribute": "/_meta/b", "values": [1]}', '{"kind": "user", "key": "a", "_meta": {"b": 1}}', 'no match'),
	-- Kinds: each that is there, whatever the clause's own.
	('{"attribute": "kind", "values": ["org"]}', '{"kind": "org", "key": "a"}', 'match'),
	('{"contextKind": "device", "attribute": "kind", "values": ["org"]}', '{"kind": "org", "key": "a"}', 'match'),
	('{"attribute": "kind", "values": ["org"], "negate": true}', '{"kind": "org", "key": "a"}', 'no match'),
	('{"attribute": "kind", "values": ["org"], "negate": true}', '{"kind": "user", "key": "a"}', 'match'),
	('{"attribute": "kind", "values": ["org"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'match'),
	('{"attribute": "kind", "op": "startsWith", "values": ["us", "x"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'match'),
	('{"attribute": "kind", "values": ["multi", "kind"]}', '{"kind": "multi", "user": {"key": "a"}, "org": {"key": "b"}}', 'no match'),
	('{"contextKind": "user", "attribute": "/kind", "values": ["org"]}', '{"kind": "org", "key": "a"}', 'match'),
	-- References.
	('{"contextKind": "user", "attribute": "/a", "values": [1]}', '{"kind": "user", "key": "k", "a": 1}', 'match'),
	('{"contextKind": "user", "attribute": "/a/b/c", "values": [1]}', '{"kind": "user", "key": "k", "a": {"b": {"c": 1}}}', 'match'),
	('{"contextKind": "user", "attribute": "/a/b", "values": [1]}', '{"kind": "user", "key": "k", "a": {"b": {"c": 1}}}', 'no match'),
	('{"contextKind": "user", "attribute": "/a/b/c", "values": [1], "negate": true}', '{"kind": "user", "key": "k", "a": {"b": 1}}', 'no match'),
	('{"contextKind": "user", "attribute": "/a/0", "values": [1]}', '{"kind": "user", "key": "k", "a": [1]}', 'no match'),
	('{"contextKind": "user", "attribute": "/a~1b/c~0d~01", "values": [1]}', '{"kind": "user", "key": "k", "a/b": {"c~d~1": 1}}', 'match'),
	('{"contextKind": "user", "attribute": "/a~1b", "values": [1]}', '{"kind": "user", "key": "k", "a/b": 1}', 'match'),
	('{"contextKind": "user", "attribute": "a~1b", "values": [1]}', '{"kind": "user", "key": "k", "a~1b": 1}', 'match'),
	('{"contextKind": "user", "attribute": "a/b", "values": [1]}', '{"kind": "user", "key": "k", "a/b": 1}', 'match'),
	('{"contextKind": "user", "attribute": "a~", "values": [1]}', '{"kind": "user", "key": "k", "a~": 1}', 'match'),
	('{"attribute": "/a/b", "values": [1]}', '{"kind": "user", "key": "k", "/a/b": 1, "a": {"b": 2}}', 'match'),
	('{"attribute": "/", "values": [1]}', '{"kind": "user", "key": "k", "/": 1}', 'match'),
	('{"contextKind": "user", "attribute": "/key/a", "values": [1], "negate": true}', '{"kind": "user", "key": "k"}', 'no match'),
	('{"contextKind": "user", "attribute": "", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"attribute": "", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "/", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "//", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "//a", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "/a/", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "/a//b", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "/a~2", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "user", "attribute": "/a~", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	('{"contextKind": "org", "attribute": "/a/", "values": [1]}', '{"kind": "user", "key": "k"}', 'MALFORMED_FLAG'),
	-- Objects match nothing; negated they are a match.
	('{"attribute": "a", "values": [{}]}', '{"kind": "user", "key": "k", "a": {}}', 'no match'),
	('{"attribute": "a", "values": [1], "negate": true}', '{"kind": "user", "key": "k", "a": {}}', 'match'),
	('{"attribute": "a", "values": [1], "negate": true}', '{"kind": "user", "key": "k", "a": []}', 'match'),
	('{"attribute": "a", "values": [], "negate": true}', '{"kind": "user", "key": "k", "a": 1}', 'match'),
	('{"attribute": "a", "negate": true}', '{"kind": "user", "key": "k", "a": 1}', 'match');
SELECT clause, context, wanted, pg_temp.clause(clause, context) AS got FROM wanted WHERE pg_temp.clause(clause, context) IS DISTINCT FROM wanted;
SELECT wanted, count(*) FROM wanted GROUP BY wanted ORDER BY wanted COLLATE "C";
-- A context that is stored: in a short row, in a long one, compressed, and out of line.
CREATE TEMP TABLE stored (c jsonb);
INSERT INTO stored VALUES ('{"kind": "user", "key": "a", "n": 12345}'), (jsonb_build_object('kind', 'user', 'key', 'a', 'pad', repeat('x', 300))),
	(jsonb_build_object('kind', 'user', 'key', 'a', 'pad', repeat('x', 10000)));
INSERT INTO stored SELECT jsonb_build_object('kind', 'user', 'key', 'a', 'pad', string_agg(md5(i::text), '')) FROM generate_series(1, 1000) i;
SELECT pg_temp.clause('{"attribute": "key", "values": ["a"]}', c), count(*) FROM stored GROUP BY 1;

-- user_context(): a context of kind user.
SELECT flagplane.user_context('ada') AS alone, flagplane.user_context('ada',
	'{"country": "de", "kind": "org", "key": "bob", "deep": {"a": [1, {"b": null}]}}') AS attributes, flagplane.user_context('', NULL) AS empty,
	flagplane.user_context(NULL, '{}') AS none;
SELECT flagplane.user_context('ada', '[]');
SELECT flagplane.user_context('ada', '1');
SELECT flagplane.evaluate('{"flags": {"f": {"on": true, "variations": [1], "fallthrough": {"variation": 0}}}}', 'f', flagplane.user_context('ada'));
