// Clients that watch a flag, and the site that a browser's page is on. A line is printed when one
// of them sees another value: name|value|milliseconds since 1970.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const ld = require('@launchdarkly/node-server-sdk');
const { BASE, SECOND, KEY, ID, SITE } = process.env;
const EVERY = 25; // milliseconds
const context = { kind: 'user', key: 'ada' };

const watch = async (name, look) => {
  let last;
  for (;;) {
    const value = await look().catch(() => last);
    if (value !== last) console.log(`${name}|${value}|${Date.now()}`);
    last = value;
    await new Promise((done) => setTimeout(done, EVERY));
  }
};
const ask = async (url, options) => {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
};
const on = (payload) => payload.flags.switch.on;
const encoded = Buffer.from(JSON.stringify(context)).toString('base64url');
watch('nginx, flags of a context', async () => (await ask(`${BASE}/sdk/evalx/${ID}/contexts/${encoded}`)).switch.value);
watch('nginx, all flags', async () => on(await ask(`${BASE}/sdk/latest-all`, { headers: { authorization: KEY } })));
watch('standby, all flags', async () => on(await ask(`${SECOND}/rpc/sdk`, {
  method: 'POST',
  headers: { 'X-Original-Request': 'GET /sdk/latest-all', 'X-Original-Authorization': KEY, 'Content-Type': 'application/octet-stream', Accept: 'application/json' },
})));

const logger = ld.basicLogger({ level: 'none' });
for (const [name, options] of [['Node SDK, polling', { stream: false, pollInterval: 30 }], ['Node SDK, streaming', {}]]) {
  const client = ld.init(KEY, { baseUri: BASE, streamUri: BASE, eventsUri: BASE, sendEvents: false, logger, ...options });
  await client.waitForInitialization({ timeout: 10 });
  watch(name, () => client.variation('switch', context, 'none'));
}

const types = { '.js': 'text/javascript', '.html': 'text/html' };
const site = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const file = join(SITE, basename(url.pathname));
  if (url.pathname === '/saw') {
    console.log(['name', 'value', 'at'].map((part) => url.searchParams.get(part)).join('|'));
    response.writeHead(204).end();
  } else if (existsSync(file)) {
    response.writeHead(200, { 'Content-Type': types[file.slice(file.lastIndexOf('.'))] }).end(readFileSync(file));
  } else {
    response.writeHead(404).end();
  }
}).listen(0, '127.0.0.1', () => console.log(`site|${site.address().port}`));
