// OpenFeature's SDKs with their providers for OFREP against the whole path: every kind of flag has the
// value of variation(), errors are those of OpenFeature, and a change is seen. Timers of the provider that
// polls are held here and run when the test wants the next poll.
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
const environment = (member) => sql(`SELECT flagplane.get_environment('default', 'production')->>'${member}'`);
const toggle = (on) => sql(`SELECT 1 FROM flagplane.update_flag('default', 'switch', '{"environmentKey": "production", "instructions": [{"kind": "turnFlag${on ? 'On' : 'Off'}"}]}')`);
const polls = new Set();
globalThis.setInterval = (run) => {
  const timer = { run, unref() { return this; }, ref() { return this; } };
  polls.add(timer);
  return timer;
};
globalThis.clearInterval = (timer) => polls.delete(timer);

// OpenFeature's contexts, and what they are to variation().
const CONTEXTS = [
  [{ targetingKey: 'ada' }, { kind: 'user', key: 'ada' }],
  [{ targetingKey: 'bob', country: 'fr' }, { kind: 'user', key: 'bob', country: 'fr' }],
  [{ targetingKey: 'acme', kind: 'org' }, { kind: 'org', key: 'acme' }],
  [{ kind: 'multi', user: { targetingKey: 'eve', country: 'fr' }, org: { key: 'acme' } }, { kind: 'multi', user: { key: 'eve', country: 'fr' }, org: { key: 'acme' } }],
  ...Array.from({ length: 20 }, (_, i) => [{ targetingKey: `u${i}` }, { kind: 'user', key: `u${i}` }]),
];
const DEFAULTS = { switch: null, text: 'default', number: 4711, json: { default: true }, hidden: null };
const GETTERS = { switch: 'Boolean', text: 'String', number: 'Number', json: 'Object', hidden: 'Boolean' };
const EXPECTED = JSON.parse(sql(`SELECT json_object_agg(k, (SELECT json_agg(flagplane.variation('default', 'production', k, c->1) ORDER BY n)
  FROM jsonb_array_elements('${JSON.stringify(CONTEXTS)}') WITH ORDINALITY u(c, n))) FROM unnest('{${Object.keys(GETTERS)}}'::text[]) k`));
const expected = (flag, context) => EXPECTED[flag][CONTEXTS.findIndex(([, read]) => read === context)] ?? DEFAULTS[flag];
const details = (client, flag, ...rest) => client[`get${GETTERS[flag]}Details`](flag, DEFAULTS[flag] ?? false, ...rest);

// Servers: a request for each evaluation.
const { OpenFeature: Server } = require('@openfeature/server-sdk');
const { OFREPProvider } = require('@openfeature/ofrep-provider');
const server = async (domain, headers) => {
  await Server.setProviderAndWait(domain, new OFREPProvider({ baseUrl: BASE, headers }));
  return Server.getClient(domain);
};
for (const [way, headers] of [['Bearer', [['Authorization', `Bearer ${environment('apiKey')}`]]], ['X-API-Key', [['X-API-Key', environment('apiKey')]]]]) {
  const client = await server(way, headers);
  for (const flag of Object.keys(GETTERS)) {
    const got = [];
    const wanted = [];
    for (const [given, read] of CONTEXTS) {
      got.push((await details(client, flag, given)).value);
      wanted.push(expected(flag, read));
    }
    check(`server, ${way}: ${flag} is what variation() says`, JSON.stringify(got) === JSON.stringify(wanted), { got, wanted });
  }
}
const client = await server('errors', [['Authorization', `Bearer ${environment('apiKey')}`]]);
const ada = { targetingKey: 'ada' };
const reasons = async () => Object.fromEntries(await Promise.all(['switch', 'text', 'hidden'].map(async (flag) => {
  const { reason, variant, flagMetadata } = await details(client, flag, ada);
  return [flag, [reason, variant, typeof flagMetadata.version]];
})));
const told = await reasons();
check('reasons, variants and metadata', JSON.stringify(told) === JSON.stringify({ switch: ['STATIC', 'On', 'number'], text: ['TARGETING_MATCH', '2', 'number'], hidden: ['DISABLED', '1', 'number'] }), told);
const errorOf = async (who, flag, context) => (await who.getBooleanDetails(flag, true, context)).errorCode;
for (const [what, got, wanted] of [
  ['an unknown flag', await errorOf(client, 'nothing', ada), 'FLAG_NOT_FOUND'],
  ['no targeting key', await errorOf(client, 'switch', {}), 'TARGETING_KEY_MISSING'],
  ['a context that is none', await errorOf(client, 'switch', { targetingKey: 'x', kind: 5 }), 'INVALID_CONTEXT'],
  ['another type', await errorOf(client, 'text', ada), 'TYPE_MISMATCH'],
  ['a flag that is not for mobiles', await errorOf(await server('mobile', [['X-API-Key', environment('mobileKey')]]), 'switch', ada), 'FLAG_NOT_FOUND'],
  ['an unknown key', await errorOf(await server('unknown', [['X-API-Key', 'sdk-x']]), 'switch', ada), 'GENERAL'],
]) check(`server: ${what}`, got === wanted, got);
const former = environment('apiKey');
sql(`SELECT 1 FROM flagplane.reset_environment_sdk_key('default', 'production', ${Date.now() + 3600000})`);
check('server: goes on with a former key until that expires', (await errorOf(client, 'switch', ada)) === undefined);
sql(`UPDATE flagplane_data.environment_key SET expires_at = now() WHERE value = '${former}'`);
check('server: is refused with one that is no more', (await errorOf(client, 'switch', ada)) === 'GENERAL');
const named = await server('named', [['X-API-Key', sql("SELECT flagplane.create_sdk_key('default', 'production', 'batch')->>'apiKey'")]]);
check('server: a key with a name is as good', (await errorOf(named, 'switch', ada)) === undefined);
toggle(false);
check('server: sees a change', (await details(named, 'switch', ada)).value === false);
toggle(true);
sql("SELECT flagplane.delete_sdk_key('default', 'production', 'batch')");
check('server: and is refused when it is deleted', (await errorOf(named, 'switch', ada)) === 'GENERAL');
await Server.close();

// Browsers: all flags of a context, kept until a poll finds others.
const { OpenFeature: Web, ProviderEvents } = require('@openfeature/web-sdk');
const { OFREPWebProvider } = require('@openfeature/ofrep-web-provider');
const statuses = [];
let arrived = () => {};
const browser = (key) => new OFREPWebProvider({ baseUrl: BASE, pollInterval: 1000, cacheMode: 'disabled', headers: [['Authorization', `Bearer ${key}`]],
  fetchImplementation: async (...request) => {
    const response = await fetch(...request);
    statuses.push(response.status);
    arrived();
    return response;
  } });
await Web.setContext(CONTEXTS[0][0]);
await Web.setProviderAndWait(browser(environment('_id')));
const web = Web.getClient();
for (const [given, read] of CONTEXTS.slice(0, 8)) {
  await Web.setContext(given);
  for (const flag of Object.keys(GETTERS).filter((key) => key !== 'hidden')) {
    const got = details(web, flag).value;
    check(`browser, ${JSON.stringify(given)}: ${flag} is what variation() says`, JSON.stringify(got) === JSON.stringify(expected(flag, read)), got);
  }
}
check('browser: what is not for browsers is not there', web.getBooleanDetails('hidden', true).errorCode === 'FLAG_NOT_FOUND');
check('browser: another type', web.getBooleanDetails('text', true).errorCode === 'TYPE_MISMATCH');
// The provider goes on with its tag when an attribute changes: that must not look the same.
await Web.setContext({ targetingKey: 'zoe', country: 'de' });
await Web.setContext({ targetingKey: 'zoe', country: 'fr' });
check('browser: an attribute is another context', web.getStringDetails('text', '').value === 'é"\\', web.getStringDetails('text', ''));
const poll = async () => {
  const done = new Promise((resolve) => { arrived = resolve; });
  for (const timer of [...polls]) timer.run();
  await done;
};
statuses.length = 0;
await poll();
check('browser: a poll that finds nothing new is 304', statuses.join() === '304', statuses);
const changed = new Promise((resolve) => { web.addHandler(ProviderEvents.ConfigurationChanged, (event) => resolve(event.flagsChanged)); });
toggle(false);
// A poll is left out while the former one is worked on.
const seen = await Promise.race([changed, (async () => { for (let i = 0; i < 100; i += 1) { for (const timer of [...polls]) timer.run(); await new Promise((done) => setTimeout(done, 50)); } return 'nothing'; })()]);
check('browser: sees a change', JSON.stringify(seen) === '["switch"]' && web.getBooleanValue('switch', true) === false, seen);
await Web.close();
sql("SELECT 1 FROM flagplane.update_environment('default', 'production', '[{\"op\": \"replace\", \"path\": \"/secureMode\", \"value\": true}]')");
for (const [what, key] of [['an unknown id', '000000000000000000000000'], ['secure mode', environment('_id')]]) {
  let failed = null;
  try { await Web.setProviderAndWait(browser(key)); } catch (error) { failed = error; }
  check(`browser: ${what} is fatal`, failed?.code === 'PROVIDER_FATAL', String(failed));
}
await Web.close();
process.exit(failures === 0 ? 0 : 1);
