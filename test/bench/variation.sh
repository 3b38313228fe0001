# shellcheck shell=bash
# Sourced by run.sh: the evaluation of flags in SQL, beside LaunchDarkly's SDK for Node where npm has it.
: "${CONTEXTS:=1000000}" "${CHANGES:=40000}"
reset() { :; } # what is measured changes no rows
sql -v contexts="$CONTEXTS" -v changes="$CHANGES" -f "$here/variation.sql"
echo "SELECT flagplane.bool_variation('variation', 'test', 'ruled', '{\"kind\": \"user\", \"key\": \"a\"}', false)" >"$scripts/variation.sql"
compare "a warm call of bool_variation / SELECT 1" variation select 1 "" latency "<=1.50" 1.30

ours_plain=$(sql -c "SELECT net('plain', $ROUNDS)")
ours_ruled=$(sql -c "SELECT net('ruled', $ROUNDS)")
node=$(mktemp -d)
if command -v npm >/dev/null &&
	timeout 120 npm install --prefix "$node" --ignore-scripts --no-audit --no-fund --fetch-retries 0 @launchdarkly/node-server-sdk@9.13.7 >/dev/null 2>&1; then
	sql -c "SELECT flagplane.payload('variation', 'test')" >"$node/data.json"
	sql -c "COPY (SELECT context FROM context ORDER BY id LIMIT 100000) TO STDOUT" >"$node/contexts"
	NPM_PREFIX=$node node "$here/variation.mjs" "$node/data.json" "$node/contexts" "$ROUNDS" plain ruled >"$node/times"
	while read -r flag other served; do
		ours=ours_$flag
		agreed=$(sql -c "SELECT count(*) FROM context WHERE id <= 100000 AND flagplane.bool_variation('variation', 'test', '$flag', context, false)")
		[ "$served" = "$agreed" ] || { echo "of $flag $served are served true there and $agreed here"; exit 1; }
		line "bool_variation, $flag flag / Node SDK, nanoseconds" "${!ours}" "$other" "$(echo "${!ours} $other" | awk '{ print $1 / $2 }')" "<=0.33" 0.20
	done <"$node/times"
else
	echo "npm does not install the SDK for Node: bool_variation takes $ours_plain ns a row for a plain flag, $ours_ruled ns with a rule and a rollout"
fi
rm -rf "$node"
printf '%-56s %10.2f %10s %8s %8s %6s\n' "first evaluation after a change, 1,000 flags, milliseconds" "$(sql -c 'CALL first_after_change(200)')" - - "<=2" 0.5
printf '%-56s %10s %10s %8.2f %8s %6s\n' "$CHANGES changes in one transaction, last tenth / first" - - "$(sql -c "SELECT last_tenth($CHANGES)")" "<=1.1" 1.0
