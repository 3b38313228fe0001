// sdk_node.mjs DATA.json CASES.tsv: random flags, segments and contexts, always the same ones, and what
// LaunchDarkly's SDK for Node makes of them. A line is the key of a flag, a context, a default and the
// expected detail. Where SDKs of different languages differ (doc/evaluation.md) nothing is made.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { randomFrom } from './random.mjs';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const sdk = require('@launchdarkly/node-server-sdk');
const { FileDataSourceFactory } = require('@launchdarkly/node-server-sdk/integrations');
const [dataFile, casesFile] = process.argv.slice(2);
const FLAGS = Number(process.env.RANDOM_FLAGS ?? 2000);
const CONTEXTS = 10;

// A fixed seed unless another one is told.
const { random, below, chance, one, some } = randomFrom(Number(process.env.RANDOM_SEED ?? 20240607));

const KINDS = ['user', 'org', 'device'];
const KEYS = ['a', 'b', 'c', 'user-1', 'user-2', 'x.y', 'é', 'long key with spaces', '日本'];
const WORDS = ['', 'a', 'ab', 'abc', 'Abc', 'b', 'é', 'beta', 'x/y', '99', 'true', '日本語'];
const NUMBERS = [0, 1, -1, 2, 99, 99.5, -0.5, 1e15, 3.0, 100000];
const VERSIONS = ['1.0.0', '1.0', '1', '2.0.0-rc.1', '2.0.0-rc.2', '2.0.0', '2.0.0+build', '2.0.0-rc.10', '1.10.0', '1.9.9', 'v1.0.0', '1.0.0-', '01.0.0'];
const DATES = ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.001Z', '2020-01-01T01:00:00+01:00', '2019-12-31T23:59:59-00:30', 1577836800000, 1577836800001, 0, '2020-01-01', 'yesterday'];
const PATTERNS = ['^a', 'b$', '^abc$', 'a|b', '[a-c]+', 'a.c', '(ab)+', '\\d+', '[^a]', 'b{2}', 'a*', '(', 'é', '^$', 'A(b|c)+', '\\.', 'x\\/y'];
const NAMES = ['key', 'name', 'anonymous', 'kind', 'group', 'age', 'version', 'date', 'flag', 'list', 'deep', '/deep/a', '/deep/b/c', '/group', 'x/y', '/x~1y', '/list/0', 'absent', '/deep'];

const value = (nullToo = true) => one([
  () => one(WORDS), () => one(NUMBERS), () => chance(0.5), () => one(VERSIONS), () => one(DATES),
  () => [one(WORDS), one(NUMBERS)], () => ({ a: one(WORDS) }), () => (nullToo ? null : ''),
])();
// For this SDK a null in a list equals a null in a clause.
const element = () => value(false);

function attributes() {
  const made = {};
  if (chance(0.5)) made.name = one(WORDS);
  if (chance(0.3)) made.anonymous = chance(0.5);
  if (chance(0.7)) made.group = one(WORDS);
  if (chance(0.6)) made.age = one(NUMBERS);
  if (chance(0.5)) made.version = one(VERSIONS);
  if (chance(0.5)) made.date = one(DATES);
  if (chance(0.4)) made.flag = chance(0.5);
  if (chance(0.4)) made.list = some(3, element);
  if (chance(0.4)) made.deep = { a: value(), b: { c: value() } };
  if (chance(0.3)) made['x/y'] = one(WORDS);
  return made;
}

function context() {
  const pick = random();
  if (pick < 0.08) {
    const { name, anonymous, ...custom } = attributes();
    return { key: chance(0.1) ? '' : one(KEYS), ...(name === undefined ? {} : { name }), ...(anonymous === undefined ? {} : { anonymous }), custom };
  }
  if (pick < 0.12) return one([{ kind: 'user', key: '' }, { kind: 'bad kind', key: 'a' }, { kind: 'kind', key: 'a' }, { kind: 'multi' }, { kind: 'org' }, { kind: '', key: 'a' }, {}]);
  if (pick < 0.45) {
    const multi = { kind: 'multi' };
    for (const kind of KINDS) if (chance(0.6)) multi[kind] = { key: one(KEYS), ...attributes() };
    return multi;
  }
  return { kind: one(KINDS), key: one(KEYS), ...attributes() };
}

const OPERATORS = {
  in: element, startsWith: () => one(WORDS), endsWith: () => one(WORDS), contains: () => one(WORDS), matches: () => one(PATTERNS),
  lessThan: () => one(NUMBERS), lessThanOrEqual: () => one(NUMBERS), greaterThan: () => one(NUMBERS), greaterThanOrEqual: () => one(NUMBERS),
  before: () => one(DATES), after: () => one(DATES), semVerEqual: () => one(VERSIONS), semVerLessThan: () => one(VERSIONS), semVerGreaterThan: () => one(VERSIONS),
  unknown: element,
};
const USUAL = { version: ['semVerEqual', 'semVerLessThan', 'semVerGreaterThan'], date: ['before', 'after'], age: ['in', 'lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'], group: ['in', 'startsWith', 'endsWith', 'contains', 'matches'] };

// Segments refer to those before them only, and prerequisites to flags before theirs, some of them to one in a ring.
function clause(segments) {
  if (segments.length && chance(0.25)) {
    return { contextKind: 'user', attribute: '', op: 'segmentMatch', values: some(2, () => one(segments)).concat(chance(0.1) ? ['nowhere'] : []), negate: chance(0.3) };
  }
  const attribute = one(NAMES);
  const op = chance(0.7) && USUAL[attribute] ? one(USUAL[attribute]) : one(Object.keys(OPERATORS));
  const made = { attribute, op, values: some(3, () => (chance(0.9) ? OPERATORS[op]() : element())), negate: chance(0.25) };
  if (chance(0.8)) made.contextKind = one(KINDS);
  return made;
}

// Clauses of a rule. One that ends in an error comes last: this SDK forgets the error if another follows.
function clauses(segments) {
  const made = Array.from({ length: 1 + below(2) }, () => clause(segments));
  if (chance(0.03)) {
    made.push(chance(0.5) ? { contextKind: 'user', attribute: '', op: 'segmentMatch', values: [one(['ring1', 'ring2'])], negate: chance(0.5) }
      : { contextKind: one(KINDS), attribute: one(['', '/', '//a']), op: 'in', values: [], negate: chance(0.5) });
  }
  return made;
}

function rollout(variations) {
  const made = { variations: [] };
  let left = 100000;
  while (left > 0 && made.variations.length < 6) {
    const weight = made.variations.length === 5 ? left : Math.min(left, 1 + below(60000));
    made.variations.push({ variation: below(variations), weight, ...(chance(0.2) ? { untracked: true } : {}) });
    left -= weight;
  }
  if (chance(0.1)) made.variations.pop();
  if (chance(0.5)) made.kind = one(['rollout', 'experiment']);
  if (chance(0.6)) made.contextKind = one(KINDS);
  if (chance(0.3)) made.bucketBy = one(['group', 'age', 'name', 'deep', '/deep/a', 'flag', 'absent']);
  if (chance(0.4)) made.seed = 1 + below(2147483647);
  if (chance(0.05)) made.variations = Array.from({ length: 1000 }, () => ({ variation: below(variations), weight: 100, untracked: chance(0.7) }));
  return made;
}

const serve = (variations) => (chance(0.4) ? { variation: below(variations) } : { rollout: rollout(variations) });

const segments = {};
for (let i = 0; i < 60; i++) {
  const key = `segment-${i}`;
  const before = Object.keys(segments).slice(-8);
  segments[key] = {
    key, version: 1, salt: one(['', 'salt', `s${i}`]), included: some(2, () => one(KEYS)), excluded: some(2, () => one(KEYS)),
    includedContexts: some(2, () => ({ contextKind: one(['org', 'device']), values: some(2, () => one(KEYS)) })),
    excludedContexts: some(2, () => ({ contextKind: one(['org', 'device']), values: some(2, () => one(KEYS)) })),
    rules: some(3, () => {
      const rule = { id: 'r', clauses: Array.from({ length: 1 + below(2) }, () => clause(before)) };
      if (chance(0.4)) {
        // A context without the kind is no match in some languages and one in others.
        const kind = one(KINDS);
        Object.assign(rule, { weight: below(100001), rolloutContextKind: kind, ...(chance(0.4) ? { bucketBy: one(['group', 'age']) } : {}) });
        rule.clauses.push({ contextKind: kind, attribute: 'key', op: 'in', values: ['nobody'], negate: true });
      }
      return rule;
    }),
  };
}
segments.ring1 = { key: 'ring1', version: 1, salt: 's', included: [], excluded: [], rules: [{ id: 'r', clauses: [{ contextKind: 'user', attribute: '', op: 'segmentMatch', values: ['ring2'], negate: false }] }] };
segments.ring2 = { ...segments.ring1, key: 'ring2', rules: [{ id: 'r', clauses: [{ contextKind: 'user', attribute: '', op: 'segmentMatch', values: ['ring1'], negate: false }] }] };

const flags = {};
const segmentKeys = Object.keys(segments).filter((key) => !key.startsWith('ring'));
const reliable = []; // flags without a variation out of range: those may be prerequisites
for (let i = 0; i < FLAGS; i++) {
  const key = `flag-${i}`;
  const count = 1 + below(4);
  const wrong = chance(0.05);
  const range = wrong ? count + 1 : count;
  const targets = some(3, () => ({ variation: below(range), values: some(3, () => one(KEYS)) }));
  flags[key] = {
    key, version: 1, on: chance(0.9), salt: one(['', 'salt', `salt-${i}`]), deleted: false,
    variations: Array.from({ length: count }, value), targets,
    contextTargets: chance(0.4) ? targets.map((target) => ({ contextKind: 'user', variation: target.variation, values: [] }))
      .concat(some(2, () => ({ contextKind: one(['org', 'device']), variation: below(range), values: some(2, () => one(KEYS)) }))) : [],
    prerequisites: reliable.length && chance(0.25) ? Array.from({ length: 1 + below(2) }, () => (chance(0.03) ? { key: 'no flag', variation: 0 } : { key: one(reliable), variation: below(2) })) : [],
    rules: some(4, () => ({ ...(chance(0.8) ? { id: `rule-${i}` } : {}), clauses: clauses(segmentKeys), ...serve(range) })),
    fallthrough: serve(range), ...(chance(0.9) ? { offVariation: below(range) } : {}),
  };
  if (!wrong) reliable.push(key);
}
flags['loop-1'] = { ...flags['flag-0'], key: 'loop-1', on: true, prerequisites: [{ key: 'loop-2', variation: 0 }] };
flags['loop-2'] = { ...flags['flag-1'], key: 'loop-2', on: true, prerequisites: [{ key: 'loop-1', variation: 0 }] };

writeFileSync(dataFile, JSON.stringify({ flags, segments }));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = sdk.init('sdk-test', { updateProcessor: new FileDataSourceFactory({ paths: [dataFile] }).getFactory(), sendEvents: false, logger: quiet });
await client.waitForInitialization({ timeout: 30 });
const lines = [];
const escape = (text) => text.replaceAll('\\', '\\\\');
for (const key of Object.keys(flags)) {
  for (let i = 0; i < CONTEXTS; i++) {
    const asked = context();
    const detail = await client.variationDetail(key, asked, 'the default');
    lines.push([key, JSON.stringify(asked), JSON.stringify(detail)].map(escape).join('\t'));
  }
}
writeFileSync(casesFile, lines.join('\n') + '\n');
client.close();
