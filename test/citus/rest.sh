#!/usr/bin/env bash
#
# PostgREST in front of a worker, as doc/postgrest.md sets it up, against PostgREST in front of a plain database: the same
# answers to the same requests, by a role without rights on the rows. What a cluster cannot is refused in so many words.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/../client/skip.bash"
command -v postgrest >/dev/null || skip "there is no postgrest on the PATH"
. "$here/nodes.bash"
deploy=$tests/../deploy

on coordinator -d postgres -c 'CREATE DATABASE plain'
on coordinator -d plain -c 'CREATE EXTENSION flagplane CASCADE'
on coordinator >/dev/null -c 'CREATE EXTENSION flagplane CASCADE' -c 'SELECT flagplane.distribute()' -f "$deploy/roles.sql"
grep -vE '^(CREATE|ALTER) ROLE|^GRANT (pg_monitor|flagplane_anonymous) ' "$deploy/roles.sql" >"$work/grants.sql"
on coordinator -d plain -f "$work/grants.sql"
for node in one two; do on "$node" -c 'SET citus.enable_ddl_propagation = off' -f "$work/grants.sql"; done

# A port that nobody listens at; another program may take it in between.
declare -A rest token
start_rest() { # a name, a node, a database
	local try
	for try in {1..20}; do
		rest[$1]=$((20000 + RANDOM % 12000))
		sed -e "s|^db-uri = .*|db-uri = \"postgres://flagplane_authenticator@127.0.0.1:${port[$2]}/$3\"|" \
			-e "s|^server-port = .*|server-port = ${rest[$1]}|" -e "s|^admin-server-port = .*|admin-server-port = $((rest[$1] + 12000))|" "$deploy/postgrest.conf" >"$work/$1.conf"
		(unset PGOPTIONS PGUSER PGDATABASE && exec postgrest "$work/$1.conf") >"$work/$1.log" 2>&1 &
		while kill -0 $! 2>/dev/null; do
			if curl -s -f -o /dev/null "http://127.0.0.1:$((rest[$1] + 12000))/ready"; then return; fi
			sleep 0.1
		done
	done
	cat "$work/$1.log"
	fail "PostgREST starts in front of $1"
}
start_rest plain coordinator plain
start_rest worker one flagplane
for name in plain worker; do
	database=flagplane
	if [ "$name" = plain ]; then database=plain; fi
	on coordinator -d "$database" >/dev/null -c "SELECT flagplane.create_account('acme', 'Acme'), flagplane.create_account('other', 'Other')"
	as other coordinator -d "$database" >/dev/null -c "SELECT flagplane.create_project('secret', 'Secret')"
	token[$name]=$(as acme coordinator -d "$database" -c "SELECT flagplane.create_access_token('t', '{*}')->>'token'")
done
ask() { # a name, and curl's arguments, a path last
	curl -s -g -w '\n%{http_code}\n' -H "X-Api-Key: ${token[$1]}" "${@:2:$#-2}" "http://127.0.0.1:${rest[$1]}${*: -1}" | without_accidents acme
}
both() { # what, a part of the answer, and curl's arguments
	ask plain "${@:3}" >"$work/plain.answer"
	ask worker "${@:3}" | diff "$work/plain.answer" - || fail "$1"
	grep -qF -- "$2" "$work/plain.answer" || fail "$1: $(cat "$work/plain.answer")"
	ok "$1"
}
json='Content-Type: application/json'
both "a project is created" '"key":"p"' -H "$json" -d '{"key": "p", "name": "P", "tags": ["b", "a"]}' /rpc/create_project
both "a second one" '"key":"q"' -H "$json" -d '{"key": "q", "name": "Q"}' /rpc/create_project
both "once only" 409 -H "$json" -d '{"key": "q", "name": "Q"}' /rpc/create_project
both "a layer" '"key":"l"' -H "$json" -d '{"project_key": "p", "key": "l", "name": "L", "description": ""}' /rpc/create_layer
both "a flag" '"key":"f"' -H "$json" -d '{"project_key": "p", "key": "f", "name": "F"}' /rpc/create_flag
both "a segment" '"key":"s"' -H "$json" -d '{"project_key": "p", "environment_key": "test", "key": "s", "name": "S", "tags": ["t"]}' /rpc/create_segment
both "projects, in order" '[{"key":"q","tags":[]},' '/projects?select=key,tags&order=key.desc'
both "by a filter" '"P"' '/projects?select=name&key=eq.p'
both "by several" '[{"key":"production"}]' '/environments?select=key&color=neq.ffffff&key=like.prod*&limit=1'
both "by what a list has in it" '"s"' '/segments?select=key,tags&tags=cs.{t}'
both "by several keys" '"q"' '/projects?select=key&key=in.(p,q)&order=key'
both "a page, counted" 'create_project' -H 'Prefer: count=exact' -H 'Range: 0-1' '/audit?select=operation,target&order=epoch,xid,ordinal'
both "nothing" '[]' '/layers?select=key&key=eq.none'
both "what is not there" 'PGRST204' -X PATCH -H "$json" -d '{"no_column": 1}' '/projects?key=eq.p'
both "a view cannot be changed" '"code":"42501"' -X POST -H "$json" -d '{"name": "x"}' '/projects'
both "nobody else's rows" '[]' '/projects?select=name&key=eq.secret'
both "a function that reads" '"key":"f"' '/rpc/get_flag?project_key=p&flag_key=f'
both "not without a token" '401' -H 'X-Api-Key: none' '/projects'
# What differs.
same "on one server a view embeds another" "$(ask plain '/projects?select=key,layers(key)&key=eq.p' | tr '\n' ' ')" '[{"key":"p","layers":[{"key": "l"}]}] 200 '
same "on a cluster that is refused by its name" "$(ask worker '/projects?select=key,layers(key)&key=eq.p' | tr '\n' ' ' | grep -oE 'PGRST200|400 $' | tr '\n' ' ')" 'PGRST200 400  '
echo "1..$number"
