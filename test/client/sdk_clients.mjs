// LaunchDarkly's SDK for Node against the whole path, unchanged but for the URLs: polling, in its
// default mode, and of the second data protocol. Timers of the SDK that wait for seconds are
// held here and run when the test wants the next poll.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const { BASE, DATABASE } = process.env;
let number = 0;
let failures = 0;
const check = (what, good, got = '') => {
  number += 1;
  failures += good ? 0 : 1;
  console.log(`${good ? 'ok' : 'not ok'} ${number} - ${what}${good ? '' : `: ${JSON.stringify(got)}`}`);
};
const sql = (text) => execFileSync('psql', ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE, '-c', text]).toString().trim();

const held = new Set();
const realTimeout = globalThis.setTimeout;
const realClear = globalThis.clearTimeout;
globalThis.setTimeout = (run, delay, ...rest) => {
  if (!(delay >= 3000)) return realTimeout(run, delay, ...rest);
  const timer = { run: () => run(...rest), unref() { return this; }, ref() { return this; }, hasRef: () => false };
  held.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => (held.delete(timer) ? undefined : realClear(timer));
const next = () => {
  const timers = [...held];
  held.clear();
  for (const timer of timers) timer.run();
};
// What is kept by nginx is a second old at most: a few polls see what has changed.
const until = async (condition) => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await condition()) return true;
    next();
    await new Promise((done) => realTimeout(done, 100));
  }
  return false;
};

const ld = require('@launchdarkly/node-server-sdk');
const open = async (key, options) => {
  const said = [];
  const logger = ld.basicLogger({ level: 'warn', destination: (line) => said.push(line) });
  const client = ld.init(key, { baseUri: BASE, streamUri: BASE, eventsUri: BASE, logger, ...options });
  let failed = null;
  try { await client.waitForInitialization({ timeout: 2.5 }); } catch (error) { failed = error; }
  return { client, said, failed };
};
const key = () => sql("SELECT flagplane.get_environment('default', 'production')->>'apiKey'");
const toggle = (on) => sql(`SELECT 1 FROM flagplane.update_flag('default', 'switch', '{"environmentKey": "production", "instructions": [{"kind": "turnFlag${on ? 'On' : 'Off'}"}]}')`);

const CONTEXTS = [{ kind: 'user', key: 'ada' }, { kind: 'user', key: 'bob', country: 'fr' }, { kind: 'org', key: 'acme' },
  { kind: 'multi', user: { key: 'eve', country: 'fr' }, org: { key: 'acme' } }, ...Array.from({ length: 20 }, (_, i) => ({ kind: 'user', key: `u${i}` }))];
const same = async (what, client) => {
  for (const flag of sql("SELECT string_agg(f->>'key', ' ' ORDER BY f->>'key') FROM json_array_elements(flagplane.list_flags('default')->'items') f").split(' ')) {
    const got = [];
    for (const context of CONTEXTS) got.push(await client.variation(flag, context, 'default'));
    const expected = JSON.parse(sql(`SELECT json_agg(flagplane.variation('default', 'production', '${flag}', c, '"default"') ORDER BY n) FROM jsonb_array_elements('${JSON.stringify(CONTEXTS)}') WITH ORDINALITY u(c, n)`));
    check(`${what}: ${flag} is what variation() says`, JSON.stringify(got) === JSON.stringify(expected), { got, expected });
  }
};
const value = (client) => client.variation('switch', CONTEXTS[0], null);

for (const [what, options] of [['polling', { stream: false }], ['streaming', {}],
  ['second protocol, polling', { dataSystem: { dataSource: { dataSourceOptionsType: 'pollingOnly', pollInterval: 30 } } }],
  ['second protocol', { dataSystem: {} }]]) {
  toggle(true);
  const { client, said, failed } = await open(key(), options);
  check(`${what}: initializes`, client.initialized() && !failed, [String(failed), said]);
  await same(what, client);
  client.track('bought', CONTEXTS[0], { sku: 1 }, 9.5);
  await client.flush();
  check(`${what}: its events are taken`, !said.some((line) => /event/i.test(line)), said);
  const before = await value(client);
  toggle(false);
  check(`${what}: sees a change`, await until(async () => (await value(client)) !== before), said);
  const former = key();
  sql(`SELECT 1 FROM flagplane.reset_environment_sdk_key('default', 'production', ${Date.now() + 3600000})`);
  toggle(true);
  check(`${what}: goes on with a former key until that expires`, await until(async () => (await value(client)) === before), said);
  await client.close();

  sql("SELECT 1 FROM flagplane.reset_environment_sdk_key('default', 'production')");
  sql(`UPDATE flagplane_data.environment_key SET expires_at = now() WHERE value = '${former}'`);
  // What is kept by nginx is a second old at most.
  const refused = async (path) => (await fetch(BASE + path, { headers: { authorization: former } })).status === 401;
  check(`${what}: the former key is refused`, await until(async () => (await refused('/sdk/latest-all')) && refused('/all')));
  const late = await open(former, options);
  check(`${what}: is refused with a key that is no more`, late.failed !== null && !late.client.initialized(), late.said);
  await late.client.close();
}
process.exit(failures === 0 ? 0 : 1);
