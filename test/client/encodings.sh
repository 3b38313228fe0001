#!/usr/bin/env bash
# Databases in other encodings: what cannot be text there is a documented refusal.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
number=0
database=flagplane_encoding
trap 'dropdb --force --if-exists "$database"' EXIT

check() { # what, got, expected
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1: got $2, expected $3"
		exit 1
	fi
}

for encoding in SQL_ASCII LATIN1; do
	dropdb --force --if-exists "$database"
	createdb --encoding="$encoding" --locale=C --template=template0 "$database"
	sql() { PGCLIENTENCODING=$encoding psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" "$@"; }
	sql >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('p', 'P')"
	post() { sql -c "SELECT status || ' ' || coalesce(body->>'code', '') FROM flagplane.handle('POST', '/api/v2/projects/p/layers', '{}', $1)"; }
	# rest() is handed UTF-8 and answers a client that speaks it, whatever the database holds.
	rest() { # a body
		PGCLIENTENCODING=UTF8 psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" \
			-c "SELECT set_config('request.headers', '{\"x-original-method\": \"POST\", \"x-original-uri\": \"/api/v2/projects/p/layers\"}', false)" \
			-c "SELECT flagplane.rest(decode('$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')', 'hex')), current_setting('response.status')" |
			sed '1d; s/"createdAt":[0-9]*,.*}/…}/'
	}
	check "$encoding: UTF-8 through rest()" "$(rest '{"key": "r", "name": "é", "description": "ÿ"}')" '{"key":"r","name":"é","description":"ÿ",…}|201'
	held='{"key":"e","name":"€","description":"",…}|201'
	if [ "$encoding" = LATIN1 ]; then
		held='{"code":"invalid_request","message":"character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\""}|400'
	fi
	check "$encoding: what it may not hold" "$(rest '{"key": "e", "name": "€", "description": ""}')" "$held"
	if [ "$encoding" = SQL_ASCII ]; then
		check "$encoding: a body that is not UTF-8" \
			"$(post "E'{\"key\": \"a\", \"name\": \"\\xff\", \"description\": \"\"}'")" "400 invalid_request"
		check "$encoding: UTF-8 comes back as it was sent" \
			"$(sql -c "SELECT body->>'name' FROM flagplane.handle('POST', '/api/v2/projects/p/layers', '{}', '{\"key\": \"b\", \"name\": \"é\", \"description\": \"\"}')")" "é"
	else
		check "$encoding: an escape that the encoding cannot hold" \
			"$(post "E'{\"key\": \"a\", \"name\": \"\\\\u20ac\", \"description\": \"\"}'")" "400 invalid_request"
		check "$encoding: one that it can" \
			"$(post "E'{\"key\": \"b\", \"name\": \"\\\\u00e9\", \"description\": \"\"}'")" "201 "
		check "$encoding: the same in a document" \
			"$(sql -c "SELECT status FROM flagplane.handle('POST', '/api/v2/flags/p', '{}', E'{\"key\": \"f\", \"name\": \"F\", \"variations\": [{\"value\": \"\\\\u20ac\"}, {\"value\": 1}]}')")" "400"
	fi
	# A query string is UTF-8, read and written.
	sql >/dev/null -c "SELECT flagplane.create_project('e', convert_from('\xc3a974c3a9', 'UTF8'))"
	check "$encoding: what a URI asks for" "$(sql -c "SELECT body->>'totalCount', split_part(body->'_links'->'self'->>'href', '=', 3) FROM flagplane.handle('GET', '/api/v2/projects?filter=query:%C3%A9t%C3%A9', '{}')")" '1|query%3A%C3%A9t%C3%A9'
	check "$encoding: what is not UTF-8 in one" "$(sql -c "SELECT status FROM flagplane.handle('GET', '/api/v2/projects?filter=query:%E9', '{}')")" 400
	# What it is in a UTF-8 database.
	check "$encoding: the bucket is that of UTF-8" "$(sql -c "SET client_encoding = UTF8" -c "SELECT flagplane.bucket('seed é', 'ünit')")" 2774
done
echo "1..$number"
