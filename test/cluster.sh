#!/usr/bin/env bash
#
# cluster.sh: the one place that installs packages and runs a private cluster.
# demo, test and bench use it; nothing else knows where the server is.
#
#   cluster.sh install [NAME]  install what is missing, and a command of that package
#   cluster.sh optional        install what single tests need, where it can be had
#   cluster.sh pg_config       print the pg_config of the private server, made if need be
#   cluster.sh start | stop    the cluster in $FLAGPLANE_CLUSTER
#   cluster.sh kill            its server ends at once, as if the machine had stopped
#   cluster.sh recover         its server, which was killed, goes on with its data
#   cluster.sh follow          a standby there of the cluster in $CLUSTER_PRIMARY, at port $PRIMARY_PORT
#   cluster.sh promote         that standby becomes a primary
#   cluster.sh env             print exports for eval, to reach it
#
# PG_CONFIG names another server than the distribution's; CLUSTER_OPTIONS holds
# lines for postgresql.conf; CLUSTER_POSTGRES is a program to run as the server;
# CLUSTER_PORT is a port on loopback where the server listens too.
#
# What is built is not installed into that server but into a private copy of it in
# $FLAGPLANE_SERVER: PostgreSQL finds its libraries and its extensions relative to its
# programs, so the programs are copied and everything else is linked.
set -euo pipefail

# Every Debian package that building, testing and showing needs. NN stands for
# the newest major version from 15 to 19 that the distribution offers.
packages=(gcc make libc6-dev libpq-dev postgresql-NN postgresql-server-dev-NN jq curl nginx)
majors=(19 18 17 16 15)

# Optional: not every distribution has them for every major version, and a test is skipped
# without its own.
optional=(postgresql-NN-cron pgbouncer nodejs npm chromium)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# PostgreSQL refuses to run as root: then an unprivileged user runs it.
server_user=$(id -un)
if [ "$(id -u)" = 0 ]; then
	if id postgres >/dev/null 2>&1; then server_user=postgres; else server_user=nobody; fi
fi

# The path of a socket may have 107 bytes, so the cluster lives in a short one,
# which every user can reach.
: "${FLAGPLANE_CLUSTER:=${TMPDIR:-/tmp}/flagplane-$(id -u)-$(printf %s "$here" | cksum | cut -d' ' -f1)}"

: "${FLAGPLANE_SERVER:=${TMPDIR:-/tmp}/flagplane-server-$(id -u)-$(printf %s "$here" | cksum | cut -d' ' -f1)}"

say() { printf '%s\n' "$*" >&2; }

as_server_user() {
	if [ "$(id -un)" = "$server_user" ]; then
		(cd / && "$@")
	else
		(cd / && runuser -u "$server_user" -- "$@")
	fi
}

installed_pg_config() {
	if [ -n "${PG_CONFIG:-}" ]; then
		command -v "$PG_CONFIG"
		return
	fi
	for major in "${majors[@]}"; do
		local path=/usr/lib/postgresql/$major/bin
		if [ -x "$path/pg_config" ] && [ -x "$path/postgres" ]; then
			printf '%s\n' "$path/pg_config"
			return
		fi
	done
	return 1
}

# link_entries DIRECTORY: the private copy of a directory that installing writes to. What
# the system's server has of this extension is not part of it.
link_entries() {
	local entry target
	mkdir -p "$FLAGPLANE_SERVER$1"
	for entry in "$1"/*; do
		case "${entry##*/}" in flagplane.so | flagplane.index.bc | flagplane | flagplane.control | flagplane--*) continue ;; esac
		[ -e "$entry" ] || continue
		target=$FLAGPLANE_SERVER$1/${entry##*/}
		# Another call may make it at the same time.
		[ -e "$target" ] || ln -s "$entry" "$target" 2>/dev/null || [ -L "$target" ]
	done
}

# The private server, made anew when the installed one has changed.
private_pg_config() {
	local config bin lib share include stamp directory
	config=$(installed_pg_config)
	case "$config" in "$FLAGPLANE_SERVER"/*) printf '%s\n' "$config"; return ;; esac
	# A wrapper on the PATH names the directory that the program is in.
	bin=$("$config" --bindir) lib=$("$config" --pkglibdir) share=$("$config" --sharedir)
	stamp="$bin $("$config" --version) $(stat -c %Y "$bin/postgres")"
	if [ "$(cat "$FLAGPLANE_SERVER/made_of" 2>/dev/null)" != "$stamp" ]; then
		if [ -e "$FLAGPLANE_SERVER" ] && [ ! -O "$FLAGPLANE_SERVER" ]; then
			say "$FLAGPLANE_SERVER belongs to somebody else"
			return 1
		fi
		rm -rf "$FLAGPLANE_SERVER"
		mkdir -p "$FLAGPLANE_SERVER$bin"
		chmod 755 "$FLAGPLANE_SERVER"
		cp -pL "$bin"/* "$FLAGPLANE_SERVER$bin/"
		mkdir -p "$FLAGPLANE_SERVER$lib/bitcode" "$FLAGPLANE_SERVER$share/extension"
		for include in "$("$config" --libdir)" "$("$config" --includedir)"; do
			if [ ! -e "$FLAGPLANE_SERVER$include" ]; then
				mkdir -p "$(dirname "$FLAGPLANE_SERVER$include")"
				ln -s "$include" "$FLAGPLANE_SERVER$include"
			fi
		done
		printf '%s\n' "$stamp" >"$FLAGPLANE_SERVER/made_of"
	fi
	# Extensions that were installed since are linked too.
	for directory in "$lib" "$lib/bitcode" "$share" "$share/extension"; do link_entries "$directory"; done
	printf '%s\n' "$FLAGPLANE_SERVER$bin/pg_config"
}

# A set-up is complete when there is a server with its headers, and the tools.
is_complete() {
	local config
	config=$(installed_pg_config) || return 1
	[ -f "$("$config" --includedir-server)/postgres.h" ] &&
		[ -f "$("$config" --pgxs)" ] &&
		[ -f "$("$config" --sharedir)/extension/btree_gist.control" ] &&
		[ -f "$("$config" --includedir)/libpq-fe.h" ] &&
		command -v gcc >/dev/null && command -v make >/dev/null &&
		command -v jq >/dev/null && command -v curl >/dev/null &&
		PATH=$PATH:/usr/sbin:/sbin command -v nginx >/dev/null
}

has_optional() { # a package of the list, for a major version
	case "$1" in
		*-cron) [ -f "$("$(installed_pg_config)" --sharedir)/extension/pg_cron.control" ] ;;
		nodejs) command -v node >/dev/null ;;
		*) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
	esac
}

is_offered() { [[ $(apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }

install_packages() { # and perhaps one more, that is a command's name too
	local sudo=() wanted=() major package
	if is_complete; then packages=(); fi
	if [ -n "${1:-}" ] && ! command -v "$1" >/dev/null; then packages+=("$1"); fi
	if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
	if [ "${#packages[@]}" != 0 ]; then
		if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
			say "missing packages; as root: apt-get install ${packages[*]} (NN: 15 to 19)"
			exit 1
		fi
		say "installing packages"
		"${sudo[@]}" apt-get update -qq
		for major in "${majors[@]}"; do
			if is_offered "postgresql-server-dev-$major"; then break; fi
		done
		for package in "${packages[@]}"; do wanted+=("${package/NN/$major}"); done
		if ! apt_install "${wanted[@]}" || ! is_complete; then
			say "the set-up is not complete even with ${wanted[*]}"
			exit 1
		fi
	fi
}

# What is not to be had is left out: its test says that it is skipped.
install_optional() {
	local major package sudo=() wanted=()
	if [ "$(id -u)" != 0 ]; then
		if ! sudo -n true 2>/dev/null; then return; fi
		sudo=(sudo -n)
	fi
	major=$("$(installed_pg_config)" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	for package in "${optional[@]}"; do
		package=${package/NN/$major}
		if ! has_optional "$package" && is_offered "$package"; then wanted+=("$package"); fi
	done
	if [ "${#wanted[@]}" = 0 ]; then return; fi
	apt_install "${wanted[@]}" || say "not installed: ${wanted[*]}"
}

apt_install() { # packages, so that nothing runs because of it
	# The distribution would make and start a cluster of its own: this file says
	# not to, and is left alone where there is one already.
	local conf=/etc/postgresql-common/createcluster.conf made=
	if [ ! -e "$conf" ]; then
		"${sudo[@]}" mkdir -p "$(dirname "$conf")"
		echo 'create_main_cluster = false' | "${sudo[@]}" tee "$conf" >/dev/null
		made=1
	fi
	# Nor should a web server run because it is installed: 101 forbids it.
	local policy=/usr/sbin/policy-rc.d forbidden= status=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
		"${sudo[@]}" chmod 755 "$policy"
		forbidden=1
	fi
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends -o Dpkg::Options::=--force-confold "$@" >&2 </dev/null || status=$?
	if [ -n "$forbidden" ]; then "${sudo[@]}" rm -f "$policy"; fi
	if [ -n "$made" ] && ! dpkg -S "$conf" >/dev/null 2>&1; then
		"${sudo[@]}" sed -i '/^create_main_cluster = false$/d' "$conf"
	fi
	return "$status"
}

bindir() { dirname "$(private_pg_config)"; }

# The number in postmaster.pid may be another process's by now, so the server
# itself is asked: it answers 0, or 1 while it starts or stops.
is_running() {
	local answer=0
	"$(bindir)/pg_isready" -q -h "$FLAGPLANE_CLUSTER" -p "${CLUSTER_PORT:-5432}" || answer=$?
	[ "$answer" -le 1 ]
}

# Only an empty directory or a cluster is removed, whatever the variable names.
remove() {
	if [ -n "$(ls -A "$FLAGPLANE_CLUSTER" 2>/dev/null)" ] && [ ! -f "$FLAGPLANE_CLUSTER/data/PG_VERSION" ]; then
		say "$FLAGPLANE_CLUSTER holds something else than a cluster"
		exit 1
	fi
	rm -rf "$FLAGPLANE_CLUSTER"
}

start() {
	local bin
	bin=$(bindir)
	if is_running; then return; fi
	remove
	mkdir -p "$FLAGPLANE_CLUSTER"
	if [ "$(id -u)" = 0 ]; then chown "$server_user" "$FLAGPLANE_CLUSTER"; fi
	as_server_user "$bin/initdb" -D "$FLAGPLANE_CLUSTER/data" -U postgres -A trust \
		--locale=C --encoding=UTF8 >"$FLAGPLANE_CLUSTER.initdb.log" 2>&1 ||
		{ cat "$FLAGPLANE_CLUSTER.initdb.log" >&2; exit 1; }
	rm -f "$FLAGPLANE_CLUSTER.initdb.log"
	as_server_user sh -c 'cat >>"$1"' sh "$FLAGPLANE_CLUSTER/data/postgresql.conf" <<-CONF
		unix_socket_directories = '$FLAGPLANE_CLUSTER'
		listen_addresses = '${CLUSTER_PORT:+127.0.0.1}'
		port = ${CLUSTER_PORT:-5432}
		max_connections = 100
		max_prepared_transactions = 10
		wal_level = logical
		fsync = off
		${CLUSTER_OPTIONS:-}
	CONF
	run || { cat "$FLAGPLANE_CLUSTER/server.log" >&2; exit 1; }
}

run() {
	as_server_user "$(bindir)/pg_ctl" -D "$FLAGPLANE_CLUSTER/data" -l "$FLAGPLANE_CLUSTER/server.log" \
		-p "${CLUSTER_POSTGRES:-$(bindir)/postgres}" -t 300 -w start >/dev/null
}

# The processes that a killed postmaster leaves behind see so one after the other, and
# no server can start before the last of them is gone.
recover() {
	local try
	for try in {1..100}; do
		if run 2>/dev/null; then return; fi
		sleep 0.1
	done
	say "the server does not start again"
	cat "$FLAGPLANE_CLUSTER/server.log" >&2
	exit 1
}

follow() {
	local bin
	bin=$(bindir)
	remove
	mkdir -p "$FLAGPLANE_CLUSTER"
	if [ "$(id -u)" = 0 ]; then chown "$server_user" "$FLAGPLANE_CLUSTER"; fi
	as_server_user "$bin/pg_basebackup" -h "$CLUSTER_PRIMARY" -p "$PRIMARY_PORT" -U postgres \
		-D "$FLAGPLANE_CLUSTER/data" -X stream --checkpoint=fast -R
	as_server_user sh -c 'cat >>"$1"' sh "$FLAGPLANE_CLUSTER/data/postgresql.conf" <<-CONF
		unix_socket_directories = '$FLAGPLANE_CLUSTER'
		port = ${CLUSTER_PORT:-5432}
	CONF
	run || { cat "$FLAGPLANE_CLUSTER/server.log" >&2; exit 1; }
}

stop() {
	if is_running; then
		as_server_user "$(bindir)/pg_ctl" -D "$FLAGPLANE_CLUSTER/data" -m fast -w stop >/dev/null
	fi
	remove
}

kill_server() { as_server_user "$(bindir)/pg_ctl" -D "$FLAGPLANE_CLUSTER/data" -m immediate -w stop >/dev/null; }

case "${1:-}" in
	install) install_packages "${2:-}" ;;
	optional) install_optional ;;
	pg_config) private_pg_config ;;
	start) start ;;
	stop) stop ;;
	kill) kill_server ;;
	recover) recover ;;
	follow) follow ;;
	promote) as_server_user "$(bindir)/pg_ctl" -D "$FLAGPLANE_CLUSTER/data" -t 300 -w promote >/dev/null ;;
	env)
		printf 'export FLAGPLANE_CLUSTER=%q PGHOST=%q PGPORT=%q PGUSER=postgres PGDATABASE=postgres\n' \
			"$FLAGPLANE_CLUSTER" "$FLAGPLANE_CLUSTER" "${CLUSTER_PORT:-5432}"
		printf 'export PG_CONFIG=%q PATH=%q:"$PATH"\n' "$(private_pg_config)" "$(bindir)"
		;;
	*)
		say "usage: cluster.sh install [NAME] | optional | pg_config | start | stop | kill | recover | follow | promote | env"
		exit 2
		;;
esac
