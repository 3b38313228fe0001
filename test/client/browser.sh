#!/usr/bin/env bash
# A page of another origin in Chromium, over the whole path: what a browser asks
# before it sends a request, what it lets the page read, of answers and of refusals.
set -euo pipefail
# shellcheck source=test/client/skip.bash
. "$(dirname "${BASH_SOURCE[0]}")/skip.bash"
command -v chromium >/dev/null || skip "chromium is not installed"
database=flagplane_browser
# shellcheck source=test/client/stack.bash
. "$(dirname "${BASH_SOURCE[0]}")/stack.bash"

sql -c "SELECT flagplane.create_project('acme', 'Acme')" >/dev/null
key=$(token "role => 'admin'")
start_servers
cat >"$place/page.html" <<HTML
<!DOCTYPE html><meta charset="utf-8"><title>page</title><pre id="told">the page's script did not run</pre>
<script>
const told = [];
const show = () => document.getElementById('told').textContent = told.join('\n');
async function call(what, method, path, headers, body, read) {
	try {
		const answer = await fetch('$base' + path, { method, headers, body });
		const text = await answer.text();
		let said = text;
		try { const json = JSON.parse(text); said = json.error?.code ?? json.code ?? json.key ?? json.actor ?? json.length ?? ''; } catch {}
		told.push([what, answer.status, said, ...read.map(name => answer.headers.get(name))].join('|'));
	} catch (error) {
		told.push(what + '|' + error);
	}
	show();
}
(async () => {
	const token = { Authorization: '$key' };
	const layer = JSON.stringify({ key: 'l', name: 'L', description: '' });
	const once = { ...token, 'Content-Type': 'application/json', 'Idempotency-Key': '2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10', 'LD-API-Version': 'beta' };
	await call('made', 'POST', '/api/v2/projects/acme/layers', once, layer, ['Location']);
	await call('again', 'POST', '/api/v2/projects/acme/layers', once, layer, ['Idempotent-Replayed']);
	await call('read', 'GET', '/api/v2/projects/acme/environments/test', token, undefined, ['ETag']);
	await call('changed', 'PATCH', '/api/v2/projects/acme/environments/test', { ...token, 'If-Match': '"1"' },
		JSON.stringify([{ op: 'replace', path: '/name', value: 'T' }]), ['ETag']);
	await call('stale', 'PATCH', '/api/v2/projects/acme/environments/test', { ...token, 'If-Match': '"1"' },
		JSON.stringify([{ op: 'replace', path: '/name', value: 'U' }]), []);
	await call('deleted', 'DELETE', '/api/v2/projects/acme/layers/l', { 'X-Api-Key': '$key' }, undefined, []);
	await call('reported', 'REPORT', '/api/v2/projects', token, '{}', ['Allow']);
	await call('nobody', 'GET', '/v1/whoami', {}, undefined, []);
	await call('whoami', 'GET', '/v1/whoami', { Authorization: 'Bearer $key' }, undefined, []);
	await call('nowhere', 'GET', '/nowhere', token, undefined, []);
	await call('too large', 'POST', '/v1/projects/x/sdk-apps', token, 'x'.repeat(1048577), []);
	await call('function', 'POST', '/rpc/get_environment', { 'X-Api-Key': '$key', 'Content-Type': 'application/json' },
		JSON.stringify({ project_key: 'acme', environment_key: 'test' }), []);
	await call('view', 'GET', '/environments?select=key&limit=1', { 'X-Api-Key': '$key', Prefer: 'count=exact' }, undefined, ['Content-Range']);
	told.push('end');
	show();
})();
</script>
HTML
timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$place/chromium" \
	--virtual-time-budget=60000 --dump-dom "file://$place/page.html" >"$place/page.txt" 2>"$place/chromium.log" || { cat "$place/chromium.log"; exit 1; }
said() { sed -n "s/^\(.*<pre id=\"told\">\)\?$1|\([^<]*\).*/\2/p" "$place/page.txt"; }
check 'a page makes something, and reads its place' "$(said made)" '201|l|/api/v2/projects/acme/layers/l'
check 'a retry is told as one' "$(said again)" '201|l|true'
check 'it reads a version' "$(said read)" '200|test|"1"'
check 'and changes that version' "$(said changed)" '200|test|"2"'
check 'not another one' "$(said stale)" '409|optimistic_locking_error'
check 'it deletes' "$(said deleted)" '204|'
check 'it may send REPORT, where a path takes it' "$(said reported)" '405|method_not_allowed|*GET*'
check 'it reads a refusal' "$(said nobody)" '401|UNAUTHENTICATED'
check 'it is told who it is' "$(said whoami)" '200|token:*'
check 'it reads a refusal by nginx' "$(said nowhere)" '404|not_found'
check 'of a body that is too large' "$(said 'too large')" '413|VALIDATION'
check 'it calls a function' "$(said function)" '200|test'
check 'it reads a view' "$(said view)" '20[06]|1|0-0/*'
check 'that was all' "$(grep -c '^end' "$place/page.txt")" 1
if [ "$failures" != 0 ]; then sed -n "/<pre/,/<\/pre>/p" "$place/page.txt"; fi
echo "1..$number"
[ "$failures" = 0 ]
