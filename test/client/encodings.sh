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
			-c "SELECT set_config('request.headers', '{\"x-original-request\": \"POST /api/v2/projects/p/layers\"}', false)" \
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
	# A path that names what the database cannot hold names nothing.
	for uri in /%E6%97%A5 /api/v2/%E6%97%A5 /api/v2/projects/%E6%97%A5 /api/v2/flags/p/%E6%97%A5 /api/v2/projects/p/environments/x%E6%97%A5; do
		check "$encoding: GET $uri" "$(sql -c "SELECT status FROM flagplane.handle('GET', '$uri', '{}')")" 404
	done
	check "$encoding: a path that is no text" "$(sql -c "SELECT status FROM flagplane.handle('GET', '/api/v2/projects/%E6%97', '{}')")" 400
	if [ "$encoding" = LATIN1 ]; then
		check "$encoding: a filter that it cannot hold" "$(sql -c "SELECT status, body->>'message' FROM flagplane.handle('GET', '/api/v2/projects?filter=query:%E6%97%A5', '{}')")" \
			'400|filter has a character that nothing in this database can have'
	fi
	# What it is in a UTF-8 database.
	check "$encoding: the bucket is that of UTF-8" "$(sql -c "SET client_encoding = UTF8" -c "SELECT flagplane.bucket('seed é', 'ünit')")" 2774
done
# Case is folded alike whatever the locale: in Turkish, I is not the capital of i. Such a locale comes with ICU.
dropdb --force --if-exists "$database"
turkish=(--locale-provider=icu --icu-locale=tr)
[ "$(psql -X -At -d postgres -c "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'tr-x-icu')")" = t ] || turkish=()
[ ${#turkish[@]} -gt 0 ] || echo "# skipped: the server has no ICU, so no Turkish locale; the same is asked of its own"
createdb --encoding=UTF8 --locale=C "${turkish[@]}" --template=template0 "$database"
psql -X -q -v ON_ERROR_STOP=1 -d "$database" >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c "SELECT flagplane.create_project('PI', 'TITLE I')"
search() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$database" -c "$1"; }
[ ${#turkish[@]} -eq 0 ] || check "Turkish: what lower() makes of it" "$(search "SELECT lower('TITLE I') = 'title i'")" f
for query in 'title i' 'TITLE I' 'Title I' pi PI; do
	check "Turkish: query:$query" "$(search "SELECT flagplane.list_projects(filter => 'query:$query')->'totalCount'")" 1
	check "Turkish: the audit log by $query" "$(search "SELECT json_array_length(flagplane.list_audit_log(filter => '$query')->'items') > 0")" t
done
check "Turkish: Layers' search" "$(search "SELECT json_array_length(flagplane.list_partner_projects(search => 'title i')->'items')")" 1
echo "1..$number"
