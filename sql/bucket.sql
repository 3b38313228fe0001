-- bucket(): known answers.
\set VERBOSITY terse
\pset format unaligned
-- The SDKs' own: seed 61, and flag key and salt for a seed.
SELECT seed, unit, flagplane.bucket(seed, unit) AS bucket, expected, flagplane.bucket(seed, unit) = expected AS agrees
FROM (VALUES ('hashKey.saltyA', 'userKeyA', 42157), ('hashKey.saltyA', 'userKeyB', 67084), ('hashKey.saltyA', 'userKeyC', 10343),
	('hashKey.saltyA', '33333', 54771), ('hashKey.saltyA', '99999', 73096),
	('61', 'userKeyA', 9801), ('61', 'userKeyB', 14483), ('61', 'userKeyC', 92426)) v(seed, unit, expected);
-- Every length of message over three blocks, the seed in one piece of it and the unit in the other. The digest is that of
--   python3 -c 'import hashlib as h
--   print(h.md5(",".join(str(int(h.sha1(("s" * (i % 70) + "." + "u" * i).encode()).hexdigest()[:15], 16) * 100000 // (16 ** 15 - 1))
--     for i in range(201)).encode()).hexdigest())'
SELECT md5(string_agg(flagplane.bucket(repeat('s', i % 70), repeat('u', i))::text, ',' ORDER BY i)) FROM generate_series(0, 200) i;
-- Nothing on either side, and characters of several bytes, hashed as UTF-8. By the same program.
SELECT flagplane.bucket('', '') AS nothing, flagplane.bucket('é', '日本語') AS characters, flagplane.bucket('a', 'b.c') = flagplane.bucket('a.b', 'c') AS joined;
SELECT flagplane.bucket(NULL, 'x') IS NULL AND flagplane.bucket('x', NULL) IS NULL AS of_null_is_null;
-- A long message, from a value that is stored out of line.
CREATE TEMP TABLE long (unit text);
ALTER TABLE long ALTER unit SET STORAGE EXTERNAL;
INSERT INTO long VALUES (repeat('0123456789', 100000));
SELECT flagplane.bucket('seed', unit) FROM long;
-- It can stand in an index and in a generated column.
CREATE TEMP TABLE unit (key text, bucket int GENERATED ALWAYS AS (flagplane.bucket('61', key)) STORED);
CREATE INDEX ON unit (flagplane.bucket('62', key));
INSERT INTO unit VALUES ('userKeyA');
SELECT bucket FROM unit;
-- All buckets lie in 0 .. 99999, each thousandth gets its part: chi-square over 100 cells of 100,000 units stays below 149.4 (p = 0.0008).
SELECT min(bucket) BETWEEN 0 AND 10 AS from_0, max(bucket) BETWEEN 99989 AND 99999 AS to_99999
	FROM (SELECT flagplane.bucket('seed', i::text) AS bucket FROM generate_series(1, 100000) i) b;
SELECT sum((n - 1000) ^ 2 / 1000) < 149.4 AS uniform FROM (SELECT count(*) AS n FROM generate_series(1, 100000) i
	GROUP BY flagplane.bucket('seed', i::text) / 1000) c;
-- A role needs EXECUTE and nothing else.
CREATE ROLE fp_bucket;
GRANT USAGE ON SCHEMA flagplane TO fp_bucket;
SET ROLE fp_bucket;
SELECT flagplane.bucket('61', 'userKeyA');
RESET ROLE;
GRANT EXECUTE ON FUNCTION flagplane.bucket(text, text) TO fp_bucket;
SET ROLE fp_bucket;
SELECT flagplane.bucket('61', 'userKeyA');
RESET ROLE;
DROP OWNED BY fp_bucket;
DROP ROLE fp_bucket;
