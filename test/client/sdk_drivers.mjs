// LaunchDarkly's SDKs of several languages over the whole path, at the same time and by the same checks.
//
// A driver is a program that has an SDK. It reads a command on each line of its input and answers each with
// a line, both JSON; it ends, and closes its clients, when the input ends. The clients have names.
//
//   {command: "open", client, application, key, mode, timeout, context}  {initialized}
//     application: its id in the SDK's settings, by which its requests are known
//     mode: polling, streaming, or the second protocol, which only server-side SDKs have
//     timeout: seconds until it answers without being initialized; context: only client-side SDKs need it
//   {command: "evaluate", client, context, flags: [{key, type, default}]}  {details: [{value, variationIndex, reason}]}
//     type: bool, string, number or json, by the function of the SDK for it
//   {command: "track", client, context, event, data, metric}  {}, when the SDK was told to send its events
//   {command: "state", client}  {state}: that of the data source, where the SDK tells it
//
// sdk_drivers.sh says how each is started. The database is stopped and started by it, when it is told so.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';

const { BASE, DATABASE, LOG } = process.env;
let number = Number(process.argv[2]);
let failures = 0;
const check = (what, good, got = '') => {
  number += 1;
  failures += good ? 0 : 1;
  console.log(`${good ? 'ok' : 'not ok'} ${number} - ${what}${good ? '' : `: ${JSON.stringify(got)}`}`);
};
const sql = (text) => execFileSync('psql', ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE, '-c', text]).toString().trim();
const until = async (condition) => {
  for (let tries = 0; tries < 360; tries += 1) {
    if (await condition()) return true;
    await new Promise((done) => setTimeout(done, 250));
  }
  return false;
};

// Lines of input are taken by whoever asks next.
const reader = (input) => {
  const waiting = [];
  createInterface({ input }).on('line', (line) => waiting.shift()(line));
  return () => new Promise((done) => waiting.push(done));
};
const nextLine = reader(process.stdin);
const tell = (what) => {
  console.log(what);
  return nextLine();
};

// What nginx was asked for: a status, a URI, and the application of the client.
const requests = () => readFileSync(LOG, 'utf8').split('\n').slice(0, -1).map((line) => {
  const [status, uri, tags] = line.split(' ');
  return { status: Number(status), uri, application: tags.replace('application-id/', '') };
});
const EVENTS = /^\/(bulk|events\/bulk)/;

class Driver {
  constructor(argument) {
    const [name, id, kind, refused, refusedBySecond, file] = argument.split('|');
    Object.assign(this, { name, id, kind });
    this.refused = { polling: refused, streaming: refused, 'second-protocol': refusedBySecond };
    this.modes = kind === 'server' ? ['polling', 'streaming', 'second-protocol'] : ['polling', 'streaming'];
    const [program, ...words] = readFileSync(file, 'utf8').trim().split('\n');
    this.process = spawn(program, [...words, BASE], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.on('exit', (status) => {
      if (status === 0) return;
      console.log(`not ok - the driver of ${name} has ended with ${status}`);
      process.exit(1);
    });
    this.next = reader(this.process.stdout);
  }

  async ask(command) {
    this.process.stdin.write(`${JSON.stringify(command)}\n`);
    return JSON.parse(await this.next());
  }

  async open(client, key, mode, timeout = 10) {
    const application = `${this.id}.${client}`;
    return (await this.ask({ command: 'open', client, application, key, mode, timeout, context: CONTEXTS[0] })).initialized;
  }

  async evaluate(client, context, flags = FLAGS) {
    return (await this.ask({ command: 'evaluate', client, context, flags })).details;
  }

  async state(client) {
    return (await this.ask({ command: 'state', client })).state;
  }

  // The statuses that a client was answered with, about events or flags.
  statuses(client, events = false) {
    return requests().filter((r) => r.application === `${this.id}.${client}` && EVENTS.test(r.uri) === events).map((r) => r.status);
  }

  close() {
    this.process.stdin.end();
    return new Promise((done) => this.process.on('close', done));
  }
}

const FLAGS = [
  ['switch', 'bool', false], ['off', 'bool', true], ['text', 'string', 'default'], ['number', 'number', 7.5], ['json', 'json', { default: [] }],
  ['unmet', 'string', 'default'], ['tried', 'string', 'default'], ['layered', 'string', 'default'], ['nothing', 'json', null],
].map(([key, type, otherwise]) => ({ key, type, default: otherwise }));
const SWITCH = [FLAGS[0]];
const CONTEXTS = [
  { kind: 'user', key: 'ada' }, { kind: 'user', key: 'bob', country: 'fr' }, { kind: 'org', key: 'acme', size: 100 },
  { kind: 'multi', user: { key: 'eve', email: 'eve@example.com' }, org: { key: 'other', size: 99.5 } },
  ...Array.from({ length: 16 }, (_, i) => ({ kind: 'user', key: `u${i}` })),
];

const quoted = (value) => `'${JSON.stringify(value).replaceAll("'", "''")}'`;
const expected = (environment) => JSON.parse(sql(`
  SELECT json_agg(details ORDER BY n) FROM jsonb_array_elements(${quoted(CONTEXTS)}) WITH ORDINALITY c(context, n), LATERAL (
    SELECT json_agg(flagplane.variation_detail('default', '${environment}', f->>'key', context, f->'default') ORDER BY m) AS details
    FROM jsonb_array_elements(${quoted(FLAGS)}) WITH ORDINALITY f(f, m)) d`));
const environment = (key) => JSON.parse(sql(`SELECT flagplane.get_environment('default', '${key}')`));

// Every kind of evaluation is among what is expected.
const kinds = (details) => {
  const told = details.flat().map(({ value, reason }) => [typeof value, reason.errorKind ?? reason.kind, reason.inExperiment ?? false].join(' '));
  return [...new Set(told)].sort();
};

// What differs from what SQL says.
async function differences(driver, client, wanted) {
  const found = [];
  for (const [i, context] of CONTEXTS.entries()) {
    const got = await driver.evaluate(client, context);
    for (const [j, flag] of FLAGS.entries()) {
      if (!isDeepStrictEqual(got[j], wanted[i][j])) found.push({ context, flag: flag.key, got: got[j], wanted: wanted[i][j] });
    }
  }
  return found;
}
async function compare(what, driver, client, wanted) {
  const found = await differences(driver, client, wanted);
  check(`${driver.name}, ${what}: ${CONTEXTS.length} contexts get the value and the reason of variation_detail()`, found.length === 0, found.slice(0, 3));
}

async function begin(driver, wanted) {
  const { production } = driver.keys;
  for (const mode of driver.modes) {
    check(`${driver.name}, ${mode}: initializes`, await driver.open(mode, production, mode));
    await compare(mode, driver, mode, wanted);
    await driver.ask({ command: 'track', client: mode, context: CONTEXTS[0], event: 'bought', data: { sku: 1 }, metric: 9.5 });
    const taken = () => driver.statuses(mode, true);
    check(`${driver.name}, ${mode}: its events are taken`, await until(() => taken().length > 0) && taken().every((status) => status === 202), taken());
  }
}

// While it is down each client asks, is told 503, and goes on with what it has.
async function outage(driver, wanted) {
  for (const mode of driver.modes) {
    const told = async () => {
      await driver.evaluate(mode, CONTEXTS[0], SWITCH);
      return driver.statuses(mode).includes(503);
    };
    check(`${driver.name}, ${mode}: is told that the server is away`, await until(told));
    const [detail] = await driver.evaluate(mode, CONTEXTS[0], SWITCH);
    check(`${driver.name}, ${mode}: goes on without it`, isDeepStrictEqual(detail, wanted[0][0]), detail);
  }
}

async function beginAgain(driver) {
  check(`${driver.name}: another environment`, await driver.open('quiet', driver.keys.quiet, 'polling'));
  for (const mode of driver.modes) {
    check(`${driver.name}, ${mode}: initializes with a key that is revoked later`, await driver.open(`doomed-${mode}`, driver.keys.doomed, mode));
  }
}

// The key was exchanged, and lasts; what has changed since then came by it.
async function follow(driver, wanted) {
  for (const mode of driver.modes) {
    const seen = async () => isDeepStrictEqual(await driver.evaluate(mode, CONTEXTS[0], SWITCH), [wanted[0][0]]);
    check(`${driver.name}, ${mode}: sees a change after the restart, by its former key`, await until(seen));
    await compare(`${mode} after it`, driver, mode, wanted);
  }
  if (driver.refused.polling !== '-') {
    check(`${driver.name}, polling: and says that it is VALID`, await driver.state('polling') === 'VALID', await driver.state('polling'));
  }
  if (driver.kind === 'server') {
    const next = environment('production').apiKey;
    check(`${driver.name}: begins with the new key`, await driver.open('next', next, 'polling'));
    await compare('with the new key', driver, 'next', wanted);
    check(`${driver.name}: a poll that finds nothing new is 304`, await until(() => driver.statuses('quiet').includes(304)));
  }
}

async function lose(driver, wanted) {
  const { doomed } = driver.keys;
  const refusal = driver.kind === 'server' ? 401 : 404;
  for (const mode of driver.modes) {
    const client = `doomed-${mode}`;
    const refused = async () => {
      await driver.evaluate(client, CONTEXTS[0], SWITCH);
      return driver.statuses(client).includes(refusal);
    };
    check(`${driver.name}, ${mode}: is refused`, await until(refused), driver.statuses(client));
    check(`${driver.name}, ${mode}: goes on with what it has`, isDeepStrictEqual(await driver.evaluate(client, CONTEXTS[0], SWITCH), [wanted[0][0]]));
    if (driver.refused[mode] !== '-') {
      const says = async () => (await driver.state(client)) === driver.refused[mode];
      check(`${driver.name}, ${mode}: and says that it is ${driver.refused[mode]}`, await until(says), await driver.state(client));
    }
    check(`${driver.name}, ${mode}: does not begin with a key that is no more`, !(await driver.open(`late-${mode}`, doomed, mode, 2)));
  }
}

const drivers = process.argv.slice(3).map((argument) => new Driver(argument));
const all = (what, ...given) => Promise.all(drivers.map((driver) => what(driver, ...given)));
// A client-side id is the environment's own: it is lost with that.
const keys = (...names) => Object.fromEntries(names.map((name) => [name, environment(name)]));
const environments = keys('production', 'quiet', 'doomed', 'removed');
for (const driver of drivers) {
  const { production, quiet, doomed, removed } = environments;
  driver.keys = driver.kind === 'server' ? { production: production.apiKey, quiet: quiet.apiKey, doomed: doomed.apiKey }
    : { production: production._id, quiet: quiet._id, doomed: removed._id };
}

const before = expected('production');
const off = expected('doomed');
const WANTED = ['boolean FALLTHROUGH false', 'boolean OFF false', 'number FALLTHROUGH false', 'number RULE_MATCH false', 'object FLAG_NOT_FOUND false',
  'object FALLTHROUGH false', 'object PREREQUISITE_FAILED false', 'string FALLTHROUGH false', 'string FALLTHROUGH true', 'string PREREQUISITE_FAILED false',
  'string RULE_MATCH false', 'string TARGET_MATCH false'].sort();
check('every kind of flag is asked for', isDeepStrictEqual(kinds(before), WANTED), kinds(before));
await all(begin, before);
const counted = () => sql("SELECT sum(calls) || ' ' || sum(errors) FROM flagplane.stats WHERE operation IN ('sdk_events', 'sdk_client_events')");
const logged = () => `${requests().filter((r) => EVENTS.test(r.uri)).length} 0`;
check('the events are counted', await until(() => counted() === logged()), [counted(), logged()]);

await tell('stop the database');
await all(outage, before);
await tell('start the database');

// A change by the former key, and a key that is revoked: both are seen by the next poll.
await all(beginAgain);
sql(`SELECT 1 FROM flagplane.reset_environment_sdk_key('default', 'production', ${Date.now() + 3600000})`);
sql("SELECT 1 FROM flagplane.update_flag('default', 'switch', '{\"environmentKey\": \"production\", \"instructions\": [{\"kind\": \"turnFlagOff\"}]}')");
sql("SELECT 1 FROM flagplane.reset_environment_sdk_key('default', 'doomed')");
sql("SELECT flagplane.delete_environment('default', 'removed')");
const after = expected('production');
check('the change is one', !isDeepStrictEqual(before, after));
await Promise.all([all(follow, after), all(lose, off)]);
await all((driver) => driver.close());
console.log(`1..${number}`);
process.exit(failures === 0 ? 0 : 1);
