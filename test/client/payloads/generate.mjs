// generate.mjs COUNT SEED STEPS.tsv CONTEXTS.tsv: random environments, each as the public operations that
// make it, and contexts to evaluate its flags for. A line is the number of an environment and a statement
// of SQL, or a context. What is odd for a decoder is in it: keys that are names of JavaScript's own, texts
// of every plane, numbers at the bounds of doubles, documents as deep as a request may be. Where SDKs of
// different languages are known to evaluate differently (doc/evaluation.md) nothing is made.
import { writeFileSync } from 'node:fs';
import { randomFrom } from '../random.mjs';

const [count, seed, stepsFile, contextsFile] = process.argv.slice(2);
const { below, chance, one, some } = randomFrom(Number(seed));

const LONG = 'k'.repeat(64);
const ODD_KEYS = ['length', 'key', 'flags', 'null', 'true', '0', '1e3', 'a.', 'a..b', 'x-', '0_', 'valid', 'prototype', LONG, 'K'.repeat(256), 'a.b-c_D', 'CON'];
const KINDS = ['user', 'org', 'device', 'a.b-c_D', 'Kind', 'users', 'z'.repeat(64)];
const KEYS = ['a', 'b', 'user-1', 'x.y', 'é', 'key with spaces', '日本', '😀', 'a/b', '~', '%', ':', '"', '\\', "it's", '\u0001', '\u2028', '\ufeff', 'k'.repeat(300), '1', 'true', 'null'];
const WORDS = ['', 'a', 'ab', 'abc', 'Abc', 'b', 'é', 'e\u0301', 'beta', 'x/y', '99', 'true', '日本語', '😀', '"', '\\', '\n\t', '\u0001\u001f', '\u2028\u2029', '</script>', '\ufffd', '\ufeff', "'", '$$', '{}', 'w'.repeat(300)];
// Written as they are: a decoder reads the text, not what JavaScript would make of it.
const NUMBERS = ['0', '1', '-1', '2', '99', '99.5', '-0.5', '-0.0', '1e15', '3.0', '100000', '2147483647', '2147483648', '-2147483649', '9007199254740993', '9223372036854775808', '1e21', '1e-7', '0.1', '1.7976931348623157e308', '-1.7976931348623157e308', '2.2250738585072014e-308', '5e-324', '123456789012345678901234567890', '0.30000000000000004', '1E+2', '1.10'];
const VERSIONS = ['1.0.0', '1.0', '1', '2.0.0-rc.1', '2.0.0-rc.2', '2.0.0', '2.0.0+build', '2.0.0-rc.10', '1.10.0', '1.9.9', 'v1.0.0', '1.0.0-'];
const DATES = ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.001Z', '2020-01-01T01:00:00+01:00', '2019-12-31T23:59:59-00:30', 1577836800000, 1577836800001, 0, '2020-01-01', 'yesterday'];
const PATTERNS = ['^a', 'b$', '^abc$', 'a|b', '[a-c]+', 'a.c', '(ab)+', '\\d+', '[^a]', 'b{2}', 'a*', '(', 'é', '^$', 'A(b|c)+', '\\.', 'x\\/y', '[', '*'];
const ATTRIBUTES = ['key', 'name', 'anonymous', 'kind', 'group', 'age', 'version', 'date', 'flag', 'list', '/deep/a', '/deep/b/c', '/group', '/x~1y', '/t~0', '/list/0', 'absent', 'with space', 'é', '日', '"', '\\', "'", 'constructor', 'attribute'.repeat(30)];

// A text of JSON that is written as it is.
class Raw {
  constructor(text) { this.text = text; }
}
function json(value) {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`;
  if (value !== null && typeof value === 'object') return `{${Object.entries(value).filter((e) => e[1] !== undefined).map(([k, v]) => `${JSON.stringify(k)}: ${json(v)}`).join(', ')}}`;
  return JSON.stringify(value);
}
const number = () => new Raw(one(NUMBERS));
function deep(levels) {
  if (levels === 0) return one([null, true, '', '😀', new Raw('-0.0')]);
  return chance(0.5) ? [deep(levels - 1)] : { [one(['', 'a', 'é', 'constructor', '"', '$ref', 'a.b'])]: deep(levels - 1) };
}
const document = () => one([
  () => ({}), () => [], () => null, () => [[], {}, null], () => deep(1 + below(40)), () => ({ '': number(), a: one(WORDS) }),
  () => Array.from({ length: 300 }, (_, i) => i), () => ({ constructor: { prototype: 1 }, length: -1, toString: null }), () => [number(), one(WORDS), false],
])();
const scalar = () => one([() => one(WORDS), number, () => chance(0.5), () => one(VERSIONS), () => one(DATES)])();

// Attributes: none of a type that languages read differently.
function attributes() {
  const made = {};
  if (chance(0.5)) made.name = one(WORDS);
  if (chance(0.3)) made.anonymous = chance(0.5);
  if (chance(0.7)) made.group = one(WORDS);
  if (chance(0.6)) made.age = one([0, 1, -1, 2, 99, 99.5, -0.5, 100000, 2147483647]);
  if (chance(0.5)) made.version = one(VERSIONS);
  if (chance(0.5)) made.date = one(DATES);
  if (chance(0.4)) made.flag = chance(0.5);
  if (chance(0.4)) made.list = some(3, () => one([one(WORDS), 1, 99.5, true]));
  if (chance(0.4)) made.deep = { a: one([one(WORDS), 2, true]), b: { c: one(WORDS) } };
  for (const name of ['x/y', 't~', 'with space', 'é', '日', '"', '\\', "'", 'constructor', 'attribute'.repeat(30)]) if (chance(0.15)) made[name] = one(WORDS);
  return made;
}
function context() {
  if (chance(0.4)) {
    const multi = { kind: 'multi', user: { key: one(KEYS), ...attributes() } };
    for (const kind of KINDS.slice(1)) if (chance(0.5)) multi[kind] = { key: one(KEYS), ...attributes() };
    return multi;
  }
  return { kind: one(KINDS), key: one(KEYS), ...attributes() };
}

const OPERATORS = {
  in: () => one([scalar, document])(), startsWith: () => one(WORDS), endsWith: () => one(WORDS), contains: () => one(WORDS), matches: () => one(PATTERNS),
  lessThan: number, lessThanOrEqual: number, greaterThan: number, greaterThanOrEqual: number,
  before: () => one(DATES), after: () => one(DATES), semVerEqual: () => one(VERSIONS), semVerLessThan: () => one(VERSIONS), semVerGreaterThan: () => one(VERSIONS),
};
const USUAL = { version: ['semVerEqual', 'semVerLessThan', 'semVerGreaterThan'], date: ['before', 'after'], age: ['in', 'lessThan', 'greaterThanOrEqual'], group: ['in', 'startsWith', 'endsWith', 'contains', 'matches'] };
function clause(segments) {
  if (segments.length && chance(0.3)) {
    return { op: 'segmentMatch', values: some(2, () => one(segments)), attribute: one([undefined, '', 'x']), contextKind: one([undefined, '', 'user']), negate: one([undefined, true, false]) };
  }
  const attribute = one(ATTRIBUTES);
  const op = chance(0.7) && Object.hasOwn(USUAL, attribute) ? one(USUAL[attribute]) : one(Object.keys(OPERATORS));
  return { attribute, op, values: some(4, () => (chance(0.9) ? OPERATORS[op]() : one([scalar, document])())), contextKind: one([undefined, ...KINDS]), negate: one([undefined, true, false]) };
}

function rollout(variations) {
  const shares = [];
  let left = 100000;
  while (left > 0) {
    const weight = shares.length === 5 ? left : Math.min(left, one([0, 1, 99999, 100000, 1 + below(60000)]));
    shares.push({ variation: below(variations), weight: chance(0.1) ? new Raw(`${weight}.0`) : weight, ...(chance(0.1) ? { _untracked: chance(0.5) } : {}), ...(chance(0.1) ? { untracked: chance(0.5) } : {}) });
    left -= weight;
  }
  return {
    variations: shares, contextKind: one([undefined, ...KINDS]), bucketBy: one([undefined, undefined, '', 'key', 'group', 'age', '/deep/a', 'flag', 'absent', '/x~1y', 'é']),
    seed: one([undefined, undefined, 1, 2147483647, 1 + below(2147483647)]), kind: one([undefined, undefined, 'rollout', 'experiment']),
    experimentAllocation: chance(0.1) ? { defaultVariation: below(variations), canReshuffle: chance(0.5) } : undefined,
  };
}
const serve = (variations) => (chance(0.4) ? { variation: below(variations) } : { rollout: rollout(variations) });
const target = (variations) => ({ variation: below(variations), values: some(9, () => one(KEYS)), contextKind: one([undefined, '', ...KINDS]) });

const quoted = (value) => `'${value.replaceAll("'", "''")}'`;
const document_of = (value) => quoted(json(value));
const steps = [];
const contexts = [];
let environment = 0;
let project = '';
const step = (name, ...given) => steps.push(`${environment}\tSELECT flagplane.${name}(${given.join(', ')})`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n'));
// Keys of an environment: each once.
function fresh(prefix, list) {
  for (;;) {
    const key = chance(0.3) ? one(ODD_KEYS) : `${prefix}-${list.length}`;
    if (!list.includes(key)) return key;
  }
}

function make_segment(made) {
  const key = fresh('segment', made);
  step('create_segment', quoted(project), "'e'", quoted(key), "'Segment'");
  if (chance(0.9)) {
    const list = (most) => some(most, () => ({ contextKind: one([undefined, '', ...KINDS]), values: some(3, () => one(KEYS)) }));
    step('update_segment', quoted(project), "'e'", quoted(key), document_of({
      included: some(2, () => one(KEYS)), excluded: some(2, () => one(KEYS)), includedContexts: list(2), excludedContexts: list(2),
      rules: some(3, () => {
        const rule = { clauses: some(2, () => clause(made)), description: one([undefined, 'why']) };
        if (chance(0.5)) {
          // A context without the kind is a match in some languages and none in others.
          const kind = one(KINDS);
          Object.assign(rule, { weight: one([0, 1, 50000, 100000, below(100001)]), rolloutContextKind: kind, bucketBy: one([undefined, '', 'group', 'age', '/deep/a']) });
          rule.clauses.push({ contextKind: kind, attribute: 'key', op: 'in', values: ['nobody'], negate: true });
        }
        return rule;
      }),
    }));
  }
  if (chance(0.2)) step('update_segment', quoted(project), "'e'", quoted(key), document_of({ instructions: [{ kind: 'addIncludedTargets', contextKind: one(KINDS), values: [one(KEYS)] }] }));
  made.push(key);
}

// Different values, at least two.
function variations() {
  const type = one(['boolean', 'text', 'number', 'document', 'document']);
  if (type === 'boolean') return [{ value: true }, { value: false }];
  const make = { text: () => one(WORDS), number, document: () => [below(1000), document()] }[type];
  const same = (v, w) => json(v) === json(w) || (v instanceof Raw && Number(v.text) === Number(w.text));
  const made = type === 'document' ? [document()] : [];
  const wanted = 2 + below(4);
  while (made.length < wanted) {
    const value = make();
    if (!made.some((other) => same(other, value))) made.push(value);
  }
  return made.map((value) => ({ value }));
}
// Ids that later steps can name; others are left to be made.
const clause_ids = (clauses) => clauses.map((made, i) => (chance(0.5) ? { _id: `clause-${i}`, ...made } : made));
function served(n) {
  if (chance(0.5)) return { variation: below(n) };
  const first = below(100001);
  return { weights: n > 1 ? { 0: first, [n - 1]: 100000 - first, ...Object.fromEntries(Array.from({ length: Math.max(n - 2, 0) }, (_, i) => [i + 1, 0])) } : { 0: 100000 }, ...(chance(0.5) ? { rolloutContextKind: one(KINDS) } : {}), ...(chance(0.5) ? { rolloutBucketBy: one(['group', '/deep/a', 'age']) } : {}) };
}
// Up to four instructions; those about rules name some that a step before has made with ids.
function instructions(n, rules, segments) {
  const rule = rules.length ? one(rules) : null;
  const about_rules = rule === null ? [] : [
    () => ({ kind: 'updateRuleVariationOrRollout', ruleId: rule, ...served(n) }), () => ({ kind: 'updateRuleTrackEvents', ruleId: rule, trackEvents: chance(0.5) }),
    () => ({ kind: 'addClauses', ruleId: rule, clauses: some(2, () => clause(segments)) }), () => ({ kind: 'reorderRules', ruleIds: [...rules].reverse() }),
    () => ({ kind: 'addRule', beforeRuleId: rule, clauses: some(3, () => clause(segments)), ...served(n) }), () => ({ kind: 'updateRuleDescription', ruleId: rule, description: 'd' }),
  ];
  const kinds = [
    () => ({ kind: 'turnFlagOn' }), () => ({ kind: 'turnFlagOff' }), () => ({ kind: 'updateOffVariation', variation: below(n) }), () => ({ kind: 'updateTrackEvents', trackEvents: chance(0.5) }),
    () => ({ kind: 'addRule', clauses: some(3, () => clause(segments)), ...served(n), ...(chance(0.5) ? { description: 'd' } : {}) }), () => ({ kind: 'updateFallthroughVariationOrRollout', ...served(n) }),
    () => ({ kind: 'addTargets', contextKind: one(KINDS), values: [one(KEYS)], variation: below(n) }), () => ({ kind: 'removeTargets', contextKind: one(KINDS), values: [one(KEYS)], variation: below(n) }),
    () => ({ kind: 'addUserTargets', values: [one(KEYS)], variation: below(n) }), () => ({ kind: 'clearTargets', variation: below(n) }),
    () => ({ kind: 'turnOnClientSideAvailability', value: 'usingEnvironmentId' }), () => ({ kind: 'addVariation', value: [below(1000000), document()], name: 'n' }), ...about_rules, ...about_rules,
  ];
  return Array.from({ length: 1 + below(4) }, () => one(kinds)());
}
function make_flag(made, counts, segments) {
  const key = fresh('flag', made);
  const values = variations();
  const n = values.length;
  const quotedKey = quoted(key);
  const rules = [];
  step('create_flag', quoted(project), quotedKey, "'Flag'", `variations => ${document_of(values)}`, `is_flag_on => ${chance(0.8)}`,
    `client_side_availability => ${document_of({ usingEnvironmentId: chance(0.7), usingMobileKey: chance(0.5) })}`);
  if (chance(0.85)) {
    step('update_flag', quoted(project), quotedKey, document_of({ environments: { e: {
      targets: some(3, () => target(n)), rules: some(4, () => chance(0.5)).map((named, i) => ({ ...(named ? { _id: rules[rules.push(`rule-${i}`) - 1] } : {}), clauses: clause_ids(some(3, () => clause(segments))), ...serve(n), trackEvents: one([undefined, true, false]), disabled: one([undefined, undefined, undefined, true]), description: one([undefined, 'd']) })),
      ...(chance(0.3) ? { trackEvents: chance(0.5), trackEventsFallthrough: chance(0.5) } : {}), offVariation: one([null, below(n)]),
      prerequisites: made.length && chance(0.4) ? some(2, () => one(made)).map((other) => ({ key: other, variation: below(counts.get(other)) })) : [],
    } } }));
  }
  if (chance(0.6)) step('update_flag', quoted(project), quotedKey, document_of([{ op: 'replace', path: '/environments/e/fallthrough', value: serve(n) }]));
  if (chance(0.5)) step('update_flag', quoted(project), quotedKey, `pg_temp.instructions(${quoted(project)}, ${quotedKey}, ${document_of(instructions(n, rules, segments))})`);
  if (chance(0.05)) step('update_flag', quoted(project), quotedKey, document_of({ archived: true }));
  made.push(key);
  counts.set(key, n);
}

for (environment = 0; environment < Number(count); environment++) {
  project = `p${environment}`;
  const segments = [];
  const flags = [];
  const counts = new Map();
  step('create_project', quoted(project), "'P'", `environments => '[{"key": "e", "name": "E", "color": "000000"}]'`);
  const segmentCount = below(3);
  for (let i = 0; i < segmentCount; i++) make_segment(segments);
  const flagCount = below(7);
  for (let i = 0; i < flagCount; i++) make_flag(flags, counts, segments);
  if (flags.length && chance(0.15)) {
    const layered = chance(0.5);
    const unit = one(KINDS);
    if (layered) step('create_layer', quoted(project), "'layer'", "'Layer'", "''", `randomization_unit => ${quoted(unit)}`);
    for (const key of flags.slice(0, 2)) steps.push(`${environment}\tSELECT pg_temp.experiment(${[quoted(project), quoted(key), quoted(unit), below(101), layered ? 1 + below(50) : 'NULL'].join(', ')})`);
  }
  for (let i = 0; i < 6; i++) contexts.push(`${environment}\t${json(context()).replaceAll('\\', '\\\\')}`);
}
writeFileSync(stepsFile, steps.join('\n') + '\n');
writeFileSync(contextsFile, contexts.join('\n') + '\n');
