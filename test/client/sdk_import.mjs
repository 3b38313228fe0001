// sdk_import.mjs make DATA.json CASES.tsv: a random environment as LaunchDarkly serves it, always the same one,
// with the oddities of what is served: null and absent members, whole numbers with a fraction, names from before there
// were references. A line of the cases is the key of a flag, a context and the detail that LaunchDarkly's SDK for
// Node gives.
// sdk_import.mjs compare DATA.json CASES.tsv: what the SDK makes of other data for the same cases.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { randomFrom } from './random.mjs';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const sdk = require('@launchdarkly/node-server-sdk');
const { FileDataSourceFactory } = require('@launchdarkly/node-server-sdk/integrations');
const [what, dataFile, casesFile] = process.argv.slice(2);
const FLAGS = 300;
const CONTEXTS = 10000;
const EVALUATIONS = 12; // of each context

const { random, below, chance, one, some } = randomFrom(20261128);
// A member that may be absent, or null.
const maybe = (object, name, value, missing = 0.3) => {
  if (!chance(missing)) object[name] = value();
  else if (chance(0.5)) object[name] = null;
};

const KINDS = ['user', 'org', 'device'];
const KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`).concat(['é', 'with spaces', '日本', 'a.b']);
const WORDS = ['a', 'ab', 'Abc', 'beta', 'x/y', '99', 'true', '日本語', ''];
const NUMBERS = [0, 1, -1, 99, 99.5, 1e15, 100000, 3];
const VERSIONS = ['1.0.0', '1.0', '2.0.0-rc.1', '2.0.0', '1.10.0'];
const DATES = ['2020-01-01T00:00:00Z', '2020-01-01T01:00:00+01:00', 1577836800000, 1577836800001];
const NAMES = ['key', 'name', 'group', 'age', 'version', 'date', 'deep', '/deep/a', '/slash', '/x~1y', 'x/y', '/a~b', 'anonymous', 'list', 'kind'];
const OPERATORS = {
  in: () => one([...WORDS, ...NUMBERS, true, false]), startsWith: () => one(WORDS), endsWith: () => one(WORDS), contains: () => one(WORDS),
  matches: () => one(['^a', 'b$', 'a|b', '[a-c]+', '\\d+']), lessThan: () => one(NUMBERS), lessThanOrEqual: () => one(NUMBERS),
  greaterThan: () => one(NUMBERS), greaterThanOrEqual: () => one(NUMBERS), before: () => one(DATES), after: () => one(DATES),
  semVerEqual: () => one(VERSIONS), semVerLessThan: () => one(VERSIONS), semVerGreaterThan: () => one(VERSIONS),
};

function attributes() {
  const made = {};
  if (chance(0.5)) made.name = one(WORDS);
  if (chance(0.3)) made.anonymous = chance(0.5);
  if (chance(0.7)) made.group = one(WORDS);
  if (chance(0.6)) made.age = one(NUMBERS);
  if (chance(0.5)) made.version = one(VERSIONS);
  if (chance(0.5)) made.date = one(DATES);
  if (chance(0.5)) made.deep = { a: one(WORDS) };
  if (chance(0.4)) made['x/y'] = one(WORDS);
  if (chance(0.4)) made['/slash'] = one(WORDS);
  if (chance(0.4)) made['/a~b'] = one(WORDS);
  if (chance(0.3)) made.list = some(3, () => one(WORDS));
  return made;
}
function context() {
  if (chance(0.3)) {
    const multi = { kind: 'multi' };
    for (const kind of KINDS) if (chance(0.7)) multi[kind] = { key: one(KEYS), ...attributes() };
    if (Object.keys(multi).length > 1) return multi;
  }
  return { kind: chance(0.7) ? 'user' : one(KINDS), key: chance(0.5) ? one(KEYS) : `unit-${below(1000000)}`, ...attributes() };
}

// Without a kind the attribute is a name as it is, also one with a slash.
function clause(segments) {
  if (segments.length && chance(0.3)) {
    const made = { op: 'segmentMatch', values: [one(segments), ...some(1, () => one(segments))], negate: chance(0.3) };
    if (chance(0.5)) made.attribute = one(['', 'segmentMatch']);
    maybe(made, 'contextKind', () => one(['', 'user']), 0.5);
    return made;
  }
  const op = one(Object.keys(OPERATORS));
  const made = { attribute: one(NAMES), op, values: some(4, OPERATORS[op]) };
  maybe(made, 'negate', () => chance(0.3), 0.2);
  if (chance(0.7)) made.contextKind = one(KINDS);
  else if (chance(0.3)) made.contextKind = null;
  else if (made.attribute.startsWith('/deep') || made.attribute.startsWith('/x')) made.attribute = '/slash';
  // With a kind it is a reference; one to a name that begins with a slash this SDK does not find.
  if (made.contextKind && ['/a~b', '/slash'].includes(made.attribute)) made.attribute = 'group';
  return made;
}
const clauses = (segments) => Array.from({ length: 1 + below(3) }, () => clause(segments));

function rollout(count) {
  const made = { variations: [] };
  if (chance(0.08)) { // as an experiment in a layer has it
    const bits = below(1000);
    made.variations = Array.from({ length: 1000 }, (_, i) => ({ variation: (i * 7 + bits) % count, weight: 100, ...((i + bits) % 3 ? { untracked: true } : {}) }));
    Object.assign(made, { kind: 'experiment', seed: 1 + below(2147483647), contextKind: one(KINDS) });
    return made;
  }
  for (let left = 100000; left > 0;) {
    const weight = made.variations.length === 5 ? left : Math.min(left, 1 + below(60000));
    made.variations.push({ variation: below(count), weight, ...(chance(0.2) ? { untracked: chance(0.7) } : {}) });
    left -= weight;
  }
  maybe(made, 'kind', () => one(['rollout', 'experiment']), 0.4);
  maybe(made, 'contextKind', () => one(KINDS), 0.4);
  maybe(made, 'seed', () => 1 + below(2147483647), 0.5);
  if (chance(0.3)) made.bucketBy = one(made.contextKind ? ['group', '/deep/a', '/x~1y', 'key'] : ['group', '/slash', '/a~b', 'key']);
  else if (chance(0.2)) made.bucketBy = one(['', null]);
  return made;
}
// A variation counts before a rollout.
function serve(count) {
  const made = {};
  if (chance(0.4)) made.variation = below(count);
  else made.rollout = rollout(count);
  if (chance(0.15)) made[made.rollout ? 'variation' : 'rollout'] = null;
  else if (made.rollout === undefined && chance(0.05)) made.rollout = rollout(count);
  return made;
}

function segment(key, before) {
  const made = { key, version: 1 + below(500), salt: one(['', '0', `salt of ${key}`]) };
  maybe(made, 'included', () => some(3, () => one(KEYS)));
  maybe(made, 'excluded', () => some(3, () => one(KEYS)));
  // Users stand in included and excluded: some SDKs do not look for a lone one in the lists of contexts.
  maybe(made, 'includedContexts', () => some(2, () => ({ contextKind: one(['org', 'device']), values: some(4, () => one(KEYS)) })));
  maybe(made, 'excludedContexts', () => some(2, () => ({ contextKind: one(['org', 'device']), values: some(4, () => one(KEYS)) })));
  made.rules = some(3, () => {
    const rule = { id: `rule-${below(1000000)}`, clauses: clauses(before) };
    if (chance(0.5)) {
      // A context without the kind is no match in some languages and one in others.
      const kind = one(KINDS);
      rule.weight = below(100001);
      if (kind !== 'user' || chance(0.5)) rule.rolloutContextKind = kind;
      if (chance(0.3)) rule.bucketBy = rule.rolloutContextKind ? one(['group', '/x~1y']) : one(['group', '/slash']);
      rule.clauses.push({ contextKind: kind, attribute: 'key', op: 'in', values: ['nobody'], negate: true });
    } else if (chance(0.3)) Object.assign(rule, { weight: null, bucketBy: null, rolloutContextKind: null });
    return rule;
  });
  if (chance(0.5)) Object.assign(made, { deleted: false, unbounded: false, generation: 1 });
  return made;
}

const VARIATIONS = [
  () => (chance(0.5) ? [true, false] : [false, true]), () => ['red', 'green', 'blue', ''].slice(0, 2 + below(3)), () => [0, 1, 2.5, 1e6].slice(0, 2 + below(3)),
  () => [null, { a: [1, 'é', null] }, [], {}].slice(0, 2 + below(3)), () => [1, '1', true],
];
// contextTargets tell the order and whom targets of users are for; what they do not name there is never tried.
function targets(made, count) {
  const users = some(4, () => ({ variation: below(count), values: some(4, () => one(KEYS)) }));
  maybe(made, 'targets', () => users, users.length ? 0 : 0.5);
  maybe(made, 'contextTargets', () => (chance(0.6) ? [] : [
    ...users.filter(() => chance(0.8)).map(({ variation }) => ({ contextKind: one(['user', 'user', 'user']), variation, values: [] })),
    ...some(3, () => ({ contextKind: one(['org', 'device']), variation: below(count), values: some(4, () => one(KEYS)) })),
  ].sort(() => random() - 0.5)));
}
function flag(key, before, segments) {
  const variations = one(VARIATIONS)();
  const count = variations.length;
  const made = { key, version: 1 + below(5000), on: chance(0.9), variations, salt: one(['', '0', `salt of ${key}`]), fallthrough: serve(count) };
  maybe(made, 'offVariation', () => below(count), 0.2);
  targets(made, count);
  maybe(made, 'prerequisites', () => (before.length ? some(2, () => ({ key: one(before), variation: below(2) })) : []), 0.5);
  made.rules = some(4, () => ({ id: `rule-${below(1000000)}`, clauses: clauses(segments), ...serve(count), ...(chance(0.5) ? { trackEvents: chance(0.5) } : {}) }));
  maybe(made, 'trackEvents', () => chance(0.5));
  maybe(made, 'trackEventsFallthrough', () => chance(0.5));
  maybe(made, 'debugEventsUntilDate', () => 1800000000000, 0.5);
  if (chance(0.5)) made.clientSideAvailability = { usingMobileKey: chance(0.5), usingEnvironmentId: chance(0.5) };
  maybe(made, 'clientSide', () => chance(0.5));
  if (chance(0.5)) made.deleted = false;
  return made;
}

function make() {
  const segments = {};
  for (let i = 0; i < 50; i++) segments[`segment-${i}`] = segment(`segment-${i}`, Object.keys(segments).slice(-6));
  const flags = {};
  const keys = Object.keys(segments);
  for (let i = 0; i < FLAGS; i++) flags[`flag-${i}`] = flag(`flag-${i}`, Object.keys(flags).slice(-20), keys);
  // The keys are in no order in which prerequisites come first.
  const shuffled = Object.fromEntries(Object.entries(flags).sort(() => random() - 0.5));
  return JSON.stringify({ flags: shuffled, segments })
    .replace(/"weight":(\d+)/g, (all, n, at) => (at % 5 ? all : `"weight":${n}.0`)).replace(/"version":(\d)00,/g, '"version":$1e2,');
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
async function open() {
  const client = sdk.init('sdk-test', { updateProcessor: new FileDataSourceFactory({ paths: [dataFile] }).getFactory(), sendEvents: false, logger: quiet });
  await client.waitForInitialization({ timeout: 30 });
  return client;
}

if (what === 'make') {
  writeFileSync(dataFile, make());
  const client = await open();
  const lines = [];
  for (let i = 0; i < CONTEXTS; i++) {
    const asked = context();
    for (let j = 0; j < EVALUATIONS; j++) {
      const key = `flag-${below(FLAGS)}`;
      lines.push([key, JSON.stringify(asked), JSON.stringify(await client.variationDetail(key, asked, 'the default'))].map((text) => text.replaceAll('\\', '\\\\')).join('\t'));
    }
  }
  writeFileSync(casesFile, lines.join('\n') + '\n');
  client.close();
} else {
  const client = await open();
  let count = 0;
  for (const line of readFileSync(casesFile, 'utf8').trimEnd().split('\n')) {
    const [key, asked, expected] = line.split('\t').map((text) => text.replaceAll('\\\\', '\\'));
    const detail = JSON.stringify(await client.variationDetail(key, JSON.parse(asked), 'the default'));
    if (detail !== expected) {
      console.log(`not ok - ${key} for ${asked}: ${detail}, expected ${expected}`);
      process.exit(1);
    }
    count++;
  }
  console.log(count);
  client.close();
}
