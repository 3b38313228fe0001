-- evaluate(): each operator on values of each type.
\set VERBOSITY terse
SET client_min_messages = warning;
-- Whether a flag's one clause matches a user whose attribute a has a value.
CREATE FUNCTION pg_temp.matches(op text, value jsonb, clause_values jsonb, negate boolean DEFAULT false) RETURNS boolean LANGUAGE sql AS $$
	SELECT (flagplane.evaluate(jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object('on', true, 'variations', '[false, true]'::jsonb,
		'fallthrough', '{"variation": 0}'::jsonb, 'rules', jsonb_build_array(jsonb_build_object('variation', 1, 'clauses', jsonb_build_array(
			jsonb_build_object('contextKind', 'user', 'attribute', 'a', 'op', op, 'values', clause_values, 'negate', negate))))))),
		'f', jsonb_build_object('kind', 'user', 'key', 'k', 'a', value))->>'value')::boolean
$$;
CREATE TEMP TABLE wanted (op text, value jsonb, clause_values jsonb, matches boolean);
INSERT INTO wanted VALUES
	-- in: equal scalars of one type, numbers as doubles.
	('in', '"x"', '["x"]', true), ('in', '"x"', '["y", "x"]', true), ('in', '"x"', '["X"]', false), ('in', '"x"', '[]', false), ('in', '""', '[""]', true),
	('in', '"é"', '["é"]', true), ('in', '"x "', '["x"]', false), ('in', '99', '[99]', true), ('in', '99', '[99.0]', true), ('in', '99.0', '[99]', true),
	('in', '0.1', '[0.1]', true), ('in', '0.1', '[0.10000000000000001]', true), ('in', '9007199254740993',
		'[9007199254740992]', true), ('in', '1e2', '[100]', true),
	('in', '-0.0', '[0]', true), ('in', '99', '["99"]', false), ('in', '"99"', '[99]', false), ('in', 'true', '[true]', true), ('in', 'true', '[false]', false),
	('in', 'false', '[false]', true), ('in', 'false', '[0]', false), ('in', '1', '[true]', false), ('in', '"true"', '[true]', false), ('in', '{}', '[{}]', false),
	('in', '{"b": 1}', '[{"b": 1}]', false), ('in', '["x"]', '[["x"]]', false), ('in', '["y", "x"]', '["x"]', true), ('in', '["y", "z"]', '["x"]', false),
	('in', '[]', '["x"]', false), ('in', '[null]', '[null]', false), ('in', '[["x"]]', '["x"]', false), ('in', '[3, true, "x"]', '["z", true]', true),
	('in', '1', '[5, 4, 3, 2, 1]', true), ('in', '6', '[5, 4, 3, 2, 1]', false),
	-- Strings, byte by byte.
	('startsWith', '"xyz"', '["x"]', true), ('startsWith', '"xyz"', '["yz", "xy"]', true), ('startsWith', '"xyz"', '["X"]',
		false), ('startsWith', '"xyz"', '[""]', true),
	('startsWith', '"x"', '["xy"]', false), ('startsWith', '99', '["9"]', false), ('startsWith', '"99"', '[9]', false), ('startsWith', '"éa"', '["é"]', true),
	('endsWith', '"xyz"', '["yz"]', true), ('endsWith', '"xyz"', '["xy"]', false), ('endsWith', '"xyz"', '["Z"]', false), ('endsWith', '"xyz"', '[""]', true),
	('endsWith', '"z"', '["xyz"]', false), ('endsWith', 'true', '["e"]', false), ('endsWith', '["a", "xyz"]', '["z"]', true),
	('contains', '"xyz"', '["y"]', true), ('contains', '"xyz"', '["Y"]', false), ('contains', '"xyz"', '["xyz"]', true), ('contains', '"xyz"', '["xyza"]', false),
	('contains', '"xyz"', '[""]', true), ('contains', '""', '[""]', true), ('contains', '"x99"', '[99]', false), ('contains', '"日本語"', '["本"]', true),
	-- Numbers, as doubles.
	('lessThan', '1', '[1.5]', true), ('lessThan', '1', '[1]', false), ('lessThan', '2', '[1, 3]', true), ('lessThan',
		'"1"', '[2]', false), ('lessThan', '1', '["2"]', false),
	('lessThan', 'false', '[1]', false), ('lessThanOrEqual', '1', '[1]', true), ('lessThanOrEqual', '1.01', '[1]', false), ('greaterThan', '2', '[1]', true),
	('greaterThan', '1', '[1.0]', false), ('greaterThan', '1e300', '[1e299]', true), ('greaterThan', '1e999', '[1e308]',
		true), ('greaterThan', '-1', '[-2]', true),
	('greaterThanOrEqual', '1.0', '[1]', true), ('greaterThanOrEqual', '0', '[1]', false), ('greaterThanOrEqual', '[0, 7]',
		'[5]', true), ('greaterThan', '"b"', '["a"]', false),
	-- Moments: RFC 3339 or milliseconds, a mixture too.
	('before', '"2020-01-01T00:00:00Z"', '["2020-01-01T00:00:01Z"]', true), ('before', '"2020-01-01T00:00:00Z"', '["2020-01-01T00:00:00Z"]', false),
	('after', '"2020-01-01T00:00:00Z"', '["2020-01-01T00:00:00Z"]', false), ('after', '"2020-01-01T00:00:00.001Z"', '["2020-01-01T00:00:00Z"]', true),
	('before', '"2020-01-01T01:00:00+01:00"', '["2020-01-01T00:00:00.000000001Z"]', true), ('after',
		'"2020-01-01T01:00:00+01:00"', '["2019-12-31T23:59:59.999999999Z"]', true),
	('before', '1577836799999', '["2020-01-01T00:00:00Z"]', true), ('before', '"2020-01-01T00:00:00Z"', '[1577836800001]',
		true), ('after', '1577836800000.9', '[1577836800000]', false),
	('before', '-1', '["1970-01-01T00:00:00Z"]', true), ('after', '-1', '["1969-12-31T23:59:59.998Z"]', true), ('before', '"0000-01-01T00:00:00Z"', '[0]', true),
	('after', '"9999-12-31T23:59:59Z"', '[0]', true), ('after', '1e300', '["9999-12-31T23:59:59Z"]', true), ('before',
		'"2020-02-30T00:00:00Z"', '["2020-03-01T12:00:00Z"]', true),
	('after', '"2020-02-29T00:00:00z"', '["2020-02-28t00:00:00z"]', true), ('before', '"2020-01-01T00:00:00-00:30"', '["2020-01-01T00:30:01Z"]', true),
	('before', '"2020-01-01"', '[9999999999999]', false), ('before', '"2020-01-01T00:00Z"', '[9999999999999]', false),
		('before', '"2020-01-01 00:00:00Z"', '[9999999999999]', false),
	('before', '"2020-01-01T00:00:00"', '[9999999999999]', false), ('before', '"2020-01-01T00:00:00.Z"', '[9999999999999]',
		false), ('before', '"2020-01-01T00:00:00.0000000001Z"', '[9999999999999]', false),
	('before', '"2020-13-01T00:00:00Z"', '[9999999999999]', false), ('before', '"2020-00-01T00:00:00Z"', '[9999999999999]',
		false), ('before', '"2020-01-32T00:00:00Z"', '[9999999999999]', false),
	('before', '"2020-01-01T24:00:00Z"', '[9999999999999]', false), ('before', '"2020-01-01T00:60:00Z"', '[9999999999999]',
		false), ('before', '"2020-01-01T00:00:61Z"', '[9999999999999]', false),
	('before', '"2020-01-01T00:00:00+1:00"', '[9999999999999]', false), ('before', '"2020-01-01T00:00:00+0100"',
		'[9999999999999]', false), ('before', '"2020-01-01T00:00:00Z "', '[9999999999999]', false),
	('before', '"20x0-01-01T00:00:00Z"', '[9999999999999]', false), ('before', '"12345"', '[99999]', false), ('before',
		'""', '[1]', false), ('before', 'true', '[1]', false),
	('before', '0', '["soon", 1]', true), ('before', '0', '[true]', false),
	-- Versions.
	('semVerEqual', '"2.0.0"', '["2.0.0"]', true), ('semVerEqual', '"2.0"', '["2.0.0"]', true), ('semVerEqual', '"2"',
		'["2.0.0"]', true), ('semVerEqual', '"2-rc"', '["2.0.0-rc"]', true),
	('semVerEqual', '"2.0-rc+x"', '["2.0.0-rc+y"]', true), ('semVerEqual', '"2.0.0+b1"', '["2.0.0"]', true),
		('semVerEqual', '"2.0.1"', '["2.0.0"]', false), ('semVerEqual', '2', '["2.0.0"]', false),
	('semVerEqual', '"v2.0.0"', '["2.0.0"]', false), ('semVerEqual', '"02.0.0"', '["2.0.0"]', false), ('semVerEqual',
		'"2.0.0.0"', '["2.0.0"]', false), ('semVerEqual', '"2."', '["2.0.0"]', false),
	('semVerEqual', '"2.0.0-"', '["2.0.0"]', false), ('semVerEqual', '"2.0.0+"', '["2.0.0"]', false), ('semVerEqual',
		'"2.0.0-a..b"', '["2.0.0-a..b"]', false), ('semVerEqual', '"2.0.0-é"', '["2.0.0-é"]', false),
	('semVerEqual', '"2.0.0-01"', '["2.0.0-01"]', false), ('semVerEqual', '"2.0.0-0"', '["2.0.0-0"]', true),
		('semVerEqual', '"2.0.0-0a"', '["2.0.0-0a"]', true), ('semVerEqual', '"2.0.0+01"', '["2.0.0"]', true),
	('semVerEqual', '""', '[""]', false), ('semVerEqual', '" 2.0.0"', '["2.0.0"]', false), ('semVerEqual', '"2.0.0-rc-1"', '["2.0.0-rc-1"]', true),
	('semVerLessThan', '"2.0.0-rc"', '["2.0.0"]', true), ('semVerLessThan', '"2.0.0"', '["2.0.0-rc"]', false),
		('semVerLessThan', '"1.9.0"', '["1.10.0"]', true), ('semVerLessThan', '"2.0.0-2"', '["2.0.0-10"]', true),
	('semVerLessThan', '"2.0.0-9"', '["2.0.0-a"]', true), ('semVerLessThan', '"2.0.0-a"', '["2.0.0-a.0"]', true),
		('semVerLessThan', '"2.0.0-A"', '["2.0.0-a"]', true), ('semVerLessThan', '"2.0.0-ab"', '["2.0.0-abc"]', true),
	('semVerLessThan', '"99999999999999999999.0.0"', '["100000000000000000000.0.0"]', true), ('semVerLessThan', '"2.0.0"',
		'["2.0.0"]', false), ('semVerLessThan', '"bad"', '["2.0.0"]', false),
	('semVerGreaterThan', '"2.1"', '["2.0.9"]', true), ('semVerGreaterThan', '"2.0.0-rc.10"', '["2.0.0-rc.9"]', true),
		('semVerGreaterThan', '"2.0.0"', '["bad", "1.0.0"]', true), ('semVerGreaterThan', '"2.0.0"', '[1]', false),
	-- Unknown operators never match.
	('isCool', '"x"', '["x"]', false), ('', '"x"', '["x"]', false), ('IN', '"x"', '["x"]', false);
SELECT op, value, clause_values, matches AS wanted FROM wanted WHERE pg_temp.matches(op, value, clause_values) IS DISTINCT FROM matches;
-- Negated, everything is the other way round, whatever the types.
SELECT op, value, clause_values, matches AS wanted FROM wanted WHERE pg_temp.matches(op, value, clause_values, true) IS NOT DISTINCT FROM matches;
SELECT op, count(*) FROM wanted GROUP BY op ORDER BY op COLLATE "C";
-- But no value is no match, negated or not.
SELECT op, pg_temp.matches(op, 'null', '["x", null]', negate) AS matches
	FROM (VALUES ('in', false), ('in', true), ('contains', true), ('isCool', true)) v(op, negate);

-- matches: RE2's syntax.
CREATE TEMP TABLE pattern (pattern text, subject text, matches boolean);
INSERT INTO pattern VALUES
	('b', 'abc', true), ('^b', 'abc', false), ('^a', 'abc', true), ('c$', 'abc', true), ('b$', 'abc', false), ('', 'abc',
		true), ('^$', '', true), ('a.c', 'abc', true), ('a.c', E'a\nc', false),
	('(?s)a.c', E'a\nc', true), ('(?s:a.)c', E'a\nc', true), ('(?s:a).c', E'a\nc', false), ('^b', E'a\nb', false),
		('(?m)^b', E'a\nb', true), ('(?m)a$', E'a\nb', true), ('a$', E'a\n', false),
	('[^a]', E'\n', true), ('B', 'abc', false), ('(?i)B', 'abc', true), ('(?i)[A-B]c', 'xbC', true), ('(?i:B)c', 'abC',
		false), ('(?i)(?-i)B', 'abc', false), ('(?i-s)B.', E'ab\n', false), ('((?i)b)C', 'abc', false),
	('a|x', 'xyz', true), ('^(a|b|)$', '', true), ('(ab)+', 'xababx', true), ('^(ab){2}$', 'abab', true), ('^(ab){2}$',
		'ab', false), ('a{2,}', 'aaa', true), ('^a{1,2}$', 'aaa', false), ('a{,2}', 'a{,2}', true),
	('a{', 'a{', true), ('a{x}', 'a{x}', true), ('{2}', '{2}', false), ('a{2,1}', 'aa', false), ('a{1001}', repeat('a',
		1001), false), ('a{01}', 'a{01}', true), ('a*?b', 'aab', true), ('a+?', 'a', true), ('a??b', 'b', true),
	('a**', 'a', false), ('a*+', 'a', false), ('*a', 'a', false), ('(*a)', 'a', false), ('a|*', 'a', false), ('***=a', 'a',
		false), ('***:a', 'a', false), ('^*', 'a', true),
	('(a', 'a', false), ('a)', 'a', false), ('[a', 'a', false), ('a]', 'a]', true), ('[]a]', ']', true), ('[^]a]', 'b',
		true), ('[a-]', '-', true), ('[-a]', '-', true), ('[b-a]', 'a', false), ('[[.a.]]', 'a]', true), ('[[=a=]]', 'a]', true),
	('\d+', 'a1', true), ('^\D$', '1', false), ('\w', '_', true), ('\W', 'é', true), ('\s', E'\v', false), ('\s', E'\t',
		true), ('\S', ' ', false), ('[\d]', '5', true), ('[^\d]', '5', false), ('[\D]', '5', false), ('[\w-]', '-', true), ('[a-\d]', 'a', false),
	('[[:alpha:]]', 'x', true), ('[[:^alpha:]]', 'x', false), ('[[:digit:][:upper:]]', 'Q', true), ('[[:alpha:]]', 'é',
		false), ('[[:none:]]', 'x', false), ('[[:alpha', 'x', false), ('[[:word:]]', '_', true), ('[[:punct:]]', '~', true), ('[[:ascii:]]', 'é', false),
	('\bfoo\b', 'a foo b', true), ('\bfoo\b', 'afoo', false), ('\Boo', 'foo', true), ('\Aa', 'ab', true), ('b\z', 'ab',
		true), ('\Za', 'a', false), ('\<a', 'a', false), ('\<a', '<a', true), ('\ya', 'a', false), ('\ma', 'a', false),
	('\.', 'a', false), ('\.', '.', true), ('\/', '/', true), ('\-', '-', true), ('\_', '_', true), ('\e', 'e', false),
		('\8', '8', false), ('(a)\1', 'aa', false), ('\x41', 'A', true), ('\x{e9}', 'é', true), ('\x{110000}', 'x', false), ('\x4', E'\x04', false),
	('\101', 'A', true), ('\n', E'\n', true), ('\t', E'\t', true), ('\Qa.c\E', 'a.c', true), ('\Qa.c\E', 'abc', false),
		('\Qa.c', 'a.c', true), ('\Q\E*', 'a', false), ('\pL', 'a', false), ('\p{Greek}', 'a', false), ('\C', 'a', false), ('a\', 'a\', false),
	('(?P<n>a)b', 'ab', true), ('(?<n>a)b', 'ab', true), ('(?P<>a)', 'a', false), ('(?P=n)', 'a', false), ('(?=a)', 'a',
		false), ('(?!a)', 'b', false), ('(?<=a)b', 'ab', false), ('(?<!a)b', 'b', false), ('(?x)a', 'a', false), ('(?#c)a', 'a',
		false), ('(?:a|b)c', 'bc', true),
	('(?U)a+', 'a', true), ('(?i', 'a', false), ('(?-)a', 'a', false), ('(?i-)a', 'a', false), ('日.語', '日本語', true),
		('^[あ-ん]+$', 'ひらがな', true), ('a b', 'a b', true), ('#', '#', true), ('(a*)*b', repeat('a', 40), false), ('(x+x+)+y', repeat('x', 40), false);
SELECT pattern, subject, matches AS wanted FROM pattern
	WHERE pg_temp.matches('matches', to_jsonb(subject), jsonb_build_array(pattern)) IS DISTINCT FROM matches;
SELECT count(*) FROM pattern;
-- One of several, an invalid one among them; values of other types are none.
SELECT pg_temp.matches('matches', '"abc"', '["(", 5, "x", "b"]') AS several, pg_temp.matches('matches', '99',
	'["9"]') AS number, pg_temp.matches('matches', '"9"', '[9]') AS of_number,
	pg_temp.matches('matches', '["x", "abc"]', '["b"]') AS element, pg_temp.matches('matches', to_jsonb(repeat('x', 5000) || 'y'), '["xy$"]') AS long;
