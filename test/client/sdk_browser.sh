#!/usr/bin/env bash
# LaunchDarkly's SDKs for browsers in a page of Chromium, unchanged but for the URLs, over the whole
# path: flags by GET and by REPORT, goals, events, secure mode; and OpenFeature's with its provider for OFREP.
set -euo pipefail
database=flagplane_sdk_browser
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/client/skip.bash
. "$here/skip.bash"
command -v chromium >/dev/null || skip "chromium is not installed"
# shellcheck source=test/client/stack.bash
. "$here/stack.bash"
npm_packages "$place/npm" @launchdarkly/js-client-sdk@4.10.3 launchdarkly-js-client-sdk@3.9.5 @openfeature/web-sdk@1.10.0 @openfeature/ofrep-web-provider@0.4.3

sql >/dev/null <<'SQL'
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_flag('default', k, k, variations => v::jsonb, client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": false}')
FROM (VALUES ('switch', '[{"value": true}, {"value": false}]'), ('text', '[{"value": "é"}, {"value": "b"}]'), ('json', '[{"value": {"a": [1, null]}}, {"value": null}]')) f(k, v);
SELECT flagplane.create_flag('default', 'hidden', 'H');
SELECT flagplane.update_flag('default', k, '[{"op": "replace", "path": "/environments/production/on", "value": true}, {"op": "replace", "path": "/environments/test/on", "value": true}]') FROM unnest(ARRAY['switch', 'text', 'json', 'hidden']) k;
SELECT flagplane.update_environment('default', 'test', '[{"op": "replace", "path": "/secureMode", "value": true}]');
SQL
environment() { sql -c "SELECT flagplane.get_environment('default', '$1')->>'$2'"; }
ID=$(environment production _id) SECURE=$(environment test _id)
HASH=$(printf 'ada' | openssl dgst -sha256 -hmac "$(environment test apiKey)" | sed 's/.* //')
start_servers
mkdir "$place/site"
cp "$place/npm/node_modules/launchdarkly-js-client-sdk/dist/ldclient.min.js" "$place/site/v3.js"
cp "$place/npm/node_modules/@launchdarkly/js-client-sdk/dist/index.js" "$place/site/v4.js"
for package in core web-sdk; do cp "$place/npm/node_modules/@openfeature/$package/dist/esm/index.js" "$place/site/$package.js"; done
for package in ofrep-core ofrep-web-provider; do cp "$place/npm/node_modules/@openfeature/$package/index.esm.js" "$place/site/$package.js"; done
cat >"$place/site/page.html" <<HTML
<!DOCTYPE html><meta charset="utf-8"><title>page</title><pre id="told">the page's script did not run</pre>
<script src="v3.js"></script>
<script type="importmap">{"imports": {"@openfeature/core": "./core.js", "@openfeature/web-sdk": "./web-sdk.js",
	"@openfeature/ofrep-core": "./ofrep-core.js", "@openfeature/ofrep-web-provider": "./ofrep-web-provider.js"}}</script>
<script type="module">
import { createClient } from './v4.js';
import { OpenFeature } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
const told = [];
const tell = (...words) => { told.push(words.join('|')); document.getElementById('told').textContent = told.join('\n'); };
const context = { kind: 'user', key: 'ada', country: 'fr' };
async function third(what, id, options) {
	try {
		const client = LDClient.initialize(id, context, { baseUrl: '$base', streamUrl: '$base', eventsUrl: '$base', ...options });
		await client.waitForInitialization(5);
		const flags = client.allFlags();
		client.track('bought', { sku: 1 }, 2.5);
		await client.flush();
		tell(what, JSON.stringify(Object.keys(flags).sort().map(key => flags[key])), JSON.stringify(client.variationDetail('switch', null).reason ?? null));
		await client.close();
	} catch (error) { tell(what, 'failed', error.message); }
}
async function fourth(what, id, options, identifyOptions) {
	try {
		const client = createClient(id, context, { baseUri: '$base', streamUri: '$base', eventsUri: '$base', streaming: false, ...options });
		const { status } = await client.start({ identifyOptions });
		const flags = client.allFlags();
		client.track('bought', { sku: 1 }, 2.5);
		await client.flush();
		tell(what, status, JSON.stringify(Object.keys(flags).sort().map(key => flags[key])), JSON.stringify(client.variationDetail('switch', null).reason ?? null));
		await client.close();
	} catch (error) { tell(what, 'failed', error.message); }
}
async function openFeature(what, header, id) {
	const statuses = [];
	const fetchImplementation = async (...request) => {
		const response = await fetch(...request);
		statuses.push(response.status);
		return response;
	};
	try {
		await OpenFeature.setContext({ targetingKey: 'ada', country: 'fr' });
		await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl: '$base', cacheMode: 'disabled', headers: [[header, id]], fetchImplementation }));
		const client = OpenFeature.getClient();
		const values = JSON.stringify([client.getObjectValue('json', {}), client.getBooleanValue('switch', false), client.getStringValue('text', '')]);
		for (const country of ['fr', 'de']) await OpenFeature.setContext({ targetingKey: 'ada', country });
		tell(what, values, statuses.join());
	} catch (error) { tell(what, 'failed', error.code, statuses.join()); }
}
await third('v3', '$ID', {});
await third('v3 by REPORT', '$ID', { useReport: true, evaluationReasons: true });
await third('v3 secure', '$SECURE', { hash: '$HASH' });
await third('v3 without its hash', '$SECURE', {});
await third('v3 of nobody', '000000000000000000000000', {});
await fourth('v4', '$ID', { withReasons: true });
await fourth('v4 by REPORT', '$ID', { useReport: true });
await fourth('v4 secure', '$SECURE', {}, { hash: '$HASH' });
await fourth('v4 of the second protocol', '$ID', { dataSystem: {} });
await openFeature('ofrep', 'Authorization', 'Bearer $ID');
await openFeature('ofrep by the other header', 'X-API-Key', '$ID');
await openFeature('ofrep in secure mode', 'Authorization', 'Bearer $SECURE');
tell('end');
</script>
HTML
node - "$place/site" >"$place/site.port" <<'JS' &
const http = require('node:http'), fs = require('node:fs'), path = require('node:path');
const types = { '.js': 'text/javascript', '.html': 'text/html' };
const server = http.createServer((request, response) => {
	const file = path.join(process.argv[2], path.basename(request.url));
	if (!fs.existsSync(file)) return response.writeHead(404).end();
	response.writeHead(200, { 'Content-Type': types[path.extname(file)] }).end(fs.readFileSync(file));
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
site_pid=$!
trap 'kill "$site_pid" || true; clean' EXIT
wait_for grep -q . "$place/site.port"
timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$place/chromium" \
	--virtual-time-budget=60000 --dump-dom "http://127.0.0.1:$(cat "$place/site.port")/page.html" >"$place/page.txt" 2>"$place/chromium.log" || { cat "$place/chromium.log"; exit 1; }
said() { sed -n "s/^\(.*<pre id=\"told\">\)\?$1|\([^<]*\).*/\2/p" "$place/page.txt"; }
values='[[]{"a":[[]1,null]},true,"é"]'
check 'the SDK of version 3 has the flags of browsers' "$(said v3)" "$values|*"
check 'by REPORT, and with reasons' "$(said 'v3 by REPORT')" "$values|{\"kind\":\"FALLTHROUGH\"}"
check 'in secure mode with a hash' "$(said 'v3 secure')" "$values|*"
check 'and not without it' "$(said 'v3 without its hash')" 'failed|*'
check 'nor without an environment' "$(said 'v3 of nobody')" 'failed|*'
check 'the SDK of version 4 too' "$(said v4)" "complete*|$values|{\"kind\":\"FALLTHROUGH\"}"
check 'by REPORT' "$(said 'v4 by REPORT')" "complete*|$values|*"
check 'in secure mode' "$(said 'v4 secure')" "complete*|$values|*"
check 'of the second data protocol, which sends it to the first' "$(said 'v4 of the second protocol')" "complete*|$values|*"
check 'which it has asked for' "$(grep -cE '/sdk/(poll|stream)/eval' "$place/logs/flagplane.log")" '[1-9]*'
check 'the provider of OpenFeature too; it reads the tag, and knows another context' "$(said ofrep)" "$values|200,304,200"
check 'by the other header' "$(said 'ofrep by the other header')" "$values|200,304,200"
check 'and not in secure mode' "$(said 'ofrep in secure mode')" 'failed|PROVIDER_FATAL|403'
check 'that was all' "$(grep -c '^end' "$place/page.txt")" 1
if [ "$failures" != 0 ]; then sed -n "/<pre/,/<\/pre>/p" "$place/page.txt"; fi
echo "1..$number"
[ "$failures" = 0 ]
