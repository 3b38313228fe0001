#!/usr/bin/env bash
# Thousands of random environments, made by the public operations: what SDKs are sent of each is taken by LaunchDarkly's SDKs,
# with all its flags, and they evaluate each flag as variation_detail() does. PAYLOADS says how many environments,
# PAYLOADS_SEED which ones. Node's SDKs always; Go's, Python's and Java's where there is what builds them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
database=flagplane_sdk_payloads
count=${PAYLOADS:-1000}
seed=${PAYLOADS_SEED:-20261128}
export PGOPTIONS='-c client_min_messages=warning'
place=$(mktemp -d "${TMPDIR:-/tmp}/flagplane-XXXXXX")
server=
clean() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" || true; fi
	dropdb --force --if-exists "$database"
	rm -rf "$place"
}
trap clean EXIT
npm_packages "$place/npm" @launchdarkly/node-server-sdk@9.13.7 launchdarkly-node-client-sdk@3.4.3
dropdb --force --if-exists "$database"
createdb "$database"
psql -X -q -d "$database" -c 'CREATE EXTENSION flagplane CASCADE'

node "$here/payloads/generate.mjs" "$count" "$seed" "$place/steps.tsv" "$place/contexts.tsv"
(cd "$place" && psql -X -q -At -v ON_ERROR_STOP=1 -v shown=20 -d "$database" -f "$here/payloads/make.sql") >"$place/made.log" 2>&1 || { cat "$place/made.log"; exit 1; }
cat "$place/made.log"
if grep -q '^not ok' "$place/made.log"; then exit 1; fi
node "$here/payloads/serve.mjs" "$place" >"$place/port" &
server=$!
for _ in $(seq 100); do
	[ -s "$place/port" ] && break
	sleep 0.1
done
base=http://127.0.0.1:$(cat "$place/port")
export NPM_PREFIX=$place/npm
failed=0
node "$here/payloads/check_node.mjs" "$base" "$place" || failed=1
node "$here/payloads/check_client.mjs" "$base" "$place" || failed=1

in_go() {
	command -v go >/dev/null || { echo "skipped: Go: it is not installed"; return; }
	mkdir "$place/go" && cp "$here/payloads/check.go" "$place/go"
	if ! (cd "$place/go" && go mod init check && timeout 300 go get github.com/launchdarkly/go-server-sdk/v7@v7.14.6) >"$place/go.log" 2>&1; then
		echo "skipped: Go: its SDK cannot be had: $(tail -1 "$place/go.log")"
		return
	fi
	(cd "$place/go" && go build -o check . && ./check "$base" "$place") || failed=1
}
in_python() {
	command -v python3 >/dev/null || { echo "skipped: Python: it is not installed"; return; }
	if ! timeout 300 python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$place/python" launchdarkly-server-sdk==9.20.0 >"$place/python.log" 2>&1; then
		echo "skipped: Python: its SDK cannot be had: $(tail -1 "$place/python.log")"
		return
	fi
	PYTHONPATH=$place/python python3 "$here/payloads/check.py" "$base" "$place" || failed=1
}
in_java() {
	if ! command -v javac >/dev/null || ! command -v mvn >/dev/null; then echo "skipped: Java: javac and mvn are not installed"; return; fi
	mkdir "$place/java" && cp "$here/payloads/Check.java" "$place/java"
	cat >"$place/java/pom.xml" <<-POM
		<project>
		  <modelVersion>4.0.0</modelVersion><groupId>flagplane</groupId><artifactId>check</artifactId><version>1</version>
		  <dependencies><dependency>
		    <groupId>com.launchdarkly</groupId><artifactId>launchdarkly-java-server-sdk</artifactId><version>7.13.0</version>
		  </dependency></dependencies>
		</project>
	POM
	if ! (cd "$place/java" && timeout 300 mvn -q -B dependency:copy-dependencies -DoutputDirectory="$place/java/lib") >"$place/java.log" 2>&1; then
		echo "skipped: Java: its SDK cannot be had: $(grep -m1 ERROR "$place/java.log" | cut -c1-200)"
		return
	fi
	(cd "$place/java" && javac -encoding UTF-8 -cp 'lib/*' Check.java && java -Dfile.encoding=UTF-8 -cp '.:lib/*' Check "$base" "$place") || failed=1
}
in_go
in_python
in_java
exit "$failed"
