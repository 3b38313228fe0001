// Calls the MCP server's tools that are about what is here: mcp.mjs URL TOKEN
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [url, key] = process.argv.slice(2);
const client = new Client({ name: 'flagplane', version: '1' });
await client.connect(new StdioClientTransport({
	command: process.execPath, stderr: 'ignore',
	args: ['node_modules/@launchdarkly/mcp-server/bin/mcp-server.js', 'start', '--api-key', key, '--server-url', url] }));

let number = 0, failures = 0;
async function call(what, tool, request, expected) {
	const result = await client.callTool({ name: tool, arguments: { request } });
	const text = result.content?.[0]?.text ?? '';
	const good = !result.isError && text.includes(expected);
	console.log(`${good ? 'ok' : 'not ok'} ${++number} - ${what}`);
	if (!good) {
		console.log(`# ${text.slice(0, 500)}`);
		failures++;
	}
}
const flag = { projectKey: 'shop', featureFlagKey: 'new' };
await call('a flag is made', 'create-feature-flag', { projectKey: 'shop', FeatureFlagBody: { key: 'new', name: 'New' } }, '"key":"new"');
await call('it is patched', 'update-feature-flag',
	{ ...flag, PatchWithComment: { patch: [{ op: 'replace', path: '/description', value: 'Patched' }] } }, '"description":"Patched"');
await call('it gets a rule', 'update-feature-flag', { ...flag, PatchWithComment: { patch: [{ op: 'add', path: '/environments/test/rules/-',
	value: { variation: 0, clauses: [{ attribute: 'country', op: 'in', values: ['de'] }] } }] } }, '"key":"new"');
await call('it is read', 'get-feature-flag', flag, '"negate":false');
await call('so is one from before defaults were filled in', 'get-feature-flag', { projectKey: 'shop', featureFlagKey: 'old' }, '"trackEvents":false');
await call('flags are listed', 'list-feature-flags', { projectKey: 'shop', summary: false }, '"key":"old"');
await call('environments are listed', 'get-environments', { projectKey: 'shop' }, '"key":"production"');
await call('a flag is deleted', 'delete-feature-flag', flag, '');
await client.close();
console.log(`1..${number}`);
process.exit(failures === 0 ? 0 : 1);
