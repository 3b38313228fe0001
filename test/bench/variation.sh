# shellcheck shell=bash
# Sourced by run.sh: the evaluation of flags in SQL, beside LaunchDarkly's SDKs for Node and Go where they can be had,
# and what SDKs ask of an environment of 1,000 flags.
: "${CONTEXTS:=1000000}" "${CHANGES:=40000}"
reset() { :; } # what is measured changes no rows
sql -v contexts="$CONTEXTS" -v changes="$CHANGES" -f "$here/variation.sql"
echo "SELECT flagplane.bool_variation('variation', 'test', 'ruled', '{\"kind\": \"user\", \"key\": \"a\"}', false)" >"$scripts/variation.sql"
compare "a warm call of bool_variation / SELECT 1" variation select 1 "" latency "<=1.50" 1.30

# Each SDK's program prints for each flag the nanoseconds, and how many contexts are served true.
node_sdk() {
	command -v npm >/dev/null || { echo "npm is not installed"; return 1; }
	timeout 120 npm install --prefix "$sdks" --ignore-scripts --no-audit --no-fund --fetch-retries 0 @launchdarkly/node-server-sdk@9.13.7 >/dev/null 2>&1 ||
		{ echo "npm does not install the SDK"; return 1; }
	NPM_PREFIX=$sdks node "$here/variation.mjs" "$sdks/data.json" "$sdks/contexts" "$ROUNDS" plain ruled || exit 1
}
go_sdk() {
	command -v go >/dev/null || { echo "Go is not installed"; return 1; }
	mkdir "$sdks/go"
	cp "$here/variation.go" "$sdks/go/main.go"
	(
		cd "$sdks/go"
		export GOFLAGS='-mod=mod -modcacherw' GOTOOLCHAIN=local GOPATH="$sdks/path"
		go mod init bench && timeout 120 go get github.com/launchdarkly/go-server-sdk/v7@v7.7.0 && timeout 300 go build -o bench .
	) >/dev/null 2>&1 || { echo "Go does not build the SDK"; return 1; }
	"$sdks/go/bench" "$sdks/data.json" "$sdks/contexts" "$ROUNDS" plain ruled || exit 1
}

# beside SDK PROGRAM MUST AIM DIFFERENT: a line for each flag. So many contexts may be served otherwise.
beside() {
	local flag other served agreed ours
	if ! "$2" >"$sdks/times"; then
		echo "bool_variation / $1 SDK: skipped: $(cat "$sdks/times")"
		return
	fi
	while read -r flag other served; do
		ours=ours_$flag
		agreed=$(sql -c "SELECT count(*) FROM context WHERE id <= 100000 AND flagplane.bool_variation('variation', 'test', '$flag', context, false)")
		[ $((served > agreed ? served - agreed : agreed - served)) -le "$5" ] ||
			{ echo "of $flag $served are served true there and $agreed here"; exit 1; }
		line "bool_variation, $flag flag / $1 SDK, nanoseconds" "${!ours}" "$other" "$(echo "${!ours} $other" | awk '{ print $1 / $2 }')" "$3" "$4"
	done <"$sdks/times"
}
sdks=$(mktemp -d)
sql -c "SELECT flagplane.payload('variation', 'test')" >"$sdks/data.json"
sql -c "COPY (SELECT context FROM context ORDER BY id LIMIT 100000) TO STDOUT" >"$sdks/contexts"
ours_plain=$(sql -c "SELECT net('plain', $ROUNDS)")
ours_ruled=$(sql -c "SELECT net('ruled', $ROUNDS)")
printf '%-56s %10.0f\n' "bool_variation, plain flag, nanoseconds" "$ours_plain" "bool_variation, ruled flag, nanoseconds" "$ours_ruled"
beside Node node_sdk "<=0.33" 0.20 0
# It buckets in single precision, in which a unit beside a boundary may fall on the other side.
beside Go go_sdk - 1.00 5
rm -rf "$sdks"

# milliseconds ROUNDS STATEMENT [BEFORE]: the median after the other statement was committed, with :odd true and false in turn.
milliseconds() {
	sql -v rounds="$1" -v statement="$2" -v before="${3:-}" <<<"CALL milliseconds(:'statement', nullif(:'before', ''), :rounds)"
}
absolute() { printf '%-56s %10.2f %10s %8s %8s %6s\n' "$1" "$2" - - "$3" "$4"; } # NAME MILLISECONDS MUST AIM
ask() { echo "SELECT * FROM flagplane.handle('GET', '$1', '{\"authorization\": \"$(sql -c "SELECT flagplane.get_environment('variation', 'test')->>'apiKey'")\"}', NULL)"; }
poll=$(ask /sdk/latest-all)
evaluated=$(ask /sdk/evalx/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ)
another="SELECT flagplane.update_flag('variation', 'plain', '{\"environments\": {\"test\": {\"trackEvents\": :odd}}}')"
echo "(milliseconds, of an environment of 1,000 flags with rules)"
absolute "first evaluation after a change" \
	"$(milliseconds 200 "SELECT flagplane.bool_variation('variation', 'test', 'ruled', '{\"kind\": \"user\", \"key\": \"a\"}', false)" "$another")" "<=2" 0.5
absolute "200 on /sdk/latest-all, cached" "$(milliseconds 200 "$poll")" "<=3" 1
absolute "200 on /sdk/latest-all, made anew" "$(milliseconds 50 "$poll" "$another")" "<=40" 15
absolute "evalx for one context" "$(milliseconds 200 "$evaluated")" "<=2" 0.6

# changed PROJECT PATCH: milliseconds of processor time that a change of the same flag in it takes.
changed() { sql -c "CALL processor_milliseconds(\$\$SELECT flagplane.update_flag('$1', 'first', '$2')\$\$, 500)"; }
compare_changes() { # NAME PATCH ONE OTHER MUST AIM
	local ours="" other="" ratios="" a b i
	for ((i = 0; i < ROUNDS; i++)); do
		a=$(changed "$3" "$2")
		b=$(changed "$4" "$2")
		ours+=$a$'\n'
		other+=$b$'\n'
		ratios+=$(echo "$a $b" | awk '{ print $1 / $2 }')$'\n'
	done
	printf '%-56s %10.2f %10.2f %8.2f %8s %6s\n' "$1" "$(printf %s "$ours" | median)" "$(printf %s "$other" | median)" "$(printf %s "$ratios" | median)" "$5" "$6"
}
on='{"environments": {"test": {"on": :odd}}}'
echo "(processor time of a change in milliseconds)"
compare_changes "a flag in one environment, 1,000 flags / one" "$on" flags small "<=1.1" 1.0
compare_changes "a flag in one environment, 50 environments / one" "$on" large small - 1.0
available='{"clientSideAvailability": {"usingEnvironmentId": true, "usingMobileKey": :odd}}'
absolute "a flag itself, in 50 environments" "$(milliseconds 200 "SELECT flagplane.update_flag('large', 'first', '$available')")" "<=10" 4
printf '%-56s %10s %10s %8.2f %8s %6s\n' "$CHANGES changes in one transaction, last tenth / first" - - "$(sql -c "SELECT last_tenth($CHANGES)")" "<=1.1" 1.0
