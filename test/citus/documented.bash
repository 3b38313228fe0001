# shellcheck shell=bash
# Sourced by what runs the commands of doc/operations.md, after nodes.bash. joined are the workers that there are.

# documented HEADING: its blocks of commands, with the places of this cluster's nodes for those of the document.
documented() {
	awk -v heading="### $1" '/^##/ { inside = $0 == heading } inside && /^```/ { block = !block; next } inside && block' "$tests/../doc/operations.md" |
		sed -e "s/'coordinator', 5432/'127.0.0.1', ${port[coordinator]}/; s/'worker1', 5432/'127.0.0.1', ${port[one]}/; s/'worker2', 5432/'127.0.0.1', ${port[two]}/; s/'worker3', 5432/'127.0.0.1', ${port[three]}/" \
			-e "s/'standby', 5432/'127.0.0.1', ${replacement:-0}/; s/nodename = 'worker1' AND nodeport = 5432/nodeport = ${replaced:-0}/" \
			-e 's/\bmydb\b/flagplane/'
}

# run_documented HEADING: runs them where the line before them says.
run_documented() {
	local line node place='' commands=0
	rm -f "$work"/block.*
	while IFS= read -r line; do
		case "$line" in
			'-- on '*) commands=$((commands + 1)) place=$line && echo "$place" >"$work/block.$commands.place" ;;
			*) printf '%s\n' "$line" >>"$work/block.$commands" ;;
		esac
	done < <(documented "$1")
	[ "$commands" -gt 0 ] || fail "doc/operations.md has commands under $1"
	for ((n = 1; n <= commands; n++)); do
		place=$(cat "$work/block.$n.place")
		case "$place" in
			'-- on the coordinator') on coordinator -f "$work/block.$n" >"$work/said" || fail "$1: $(cat "$work/block.$n")" ;;
			'-- on every node') for node in coordinator one two three; do on "$node" -f "$work/block.$n" >"$work/said"; done ;;
			'-- on every worker') for node in "${joined[@]}"; do on "$node" -f "$work/block.$n" >"$work/said"; done ;;
			'-- on the coordinator, shell') (cd "$work" && PGHOST=$work/coordinator PGPORT=${port[coordinator]} bash -euo pipefail "$work/block.$n" >"$work/said") || fail "$1: $(cat "$work/block.$n")" ;;
			*) fail "doc/operations.md says where: $place" ;;
		esac
	done
	ok "$1: the documented commands work"
}
