// check_node.mjs BASE DIRECTORY: LaunchDarkly's SDK for Node takes every payload that serve.mjs sends at BASE, with
// all its flags, and evaluates each flag as the database does.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const sdk = require('@launchdarkly/node-server-sdk');
const [base, directory] = process.argv.slice(2);
const environments = readFileSync(`${directory}/answers.jsonl`, 'utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
let failures = 0;
let evaluations = 0;
const fail = (what) => {
  failures += 1;
  if (failures <= 20) console.log(`not ok - Node: ${what}`);
};
// -0 is 0 in JSON that a database keeps.
const plain = (value) => JSON.parse(JSON.stringify(value ?? null));

for (const [number, environment] of environments.entries()) {
  const complaints = [];
  const complain = (...words) => complaints.push(words.join(' '));
  const quiet = { debug() {}, info() {}, warn: complain, error: complain };
  const client = sdk.init(`e${number}`, { baseUri: base, streamUri: base, eventsUri: base, stream: false, sendEvents: false, logger: quiet });
  try {
    await client.waitForInitialization({ timeout: 10 });
    const [context] = environment.contexts;
    const known = Object.keys((await client.allFlagsState(context)).allValues()).length;
    if (known !== environment.flags) fail(`environment ${number} has ${known} flags of ${environment.flags}`);
    for (const [ordinal, key, expected] of environment.answers) {
      const detail = await client.variationDetail(key, environment.contexts[ordinal], 'the default');
      evaluations += 1;
      if (!isDeepStrictEqual(plain(detail), plain({ value: expected.value, variationIndex: expected.variationIndex, reason: expected.reason }))) {
        fail(`environment ${number}, flag ${key}, ${JSON.stringify(environment.contexts[ordinal])}: ${JSON.stringify(detail)}, expected ${JSON.stringify(expected)}`);
      }
    }
  } catch (error) {
    fail(`environment ${number}: ${error.message}`);
  }
  for (const complaint of complaints.filter((text) => !text.includes('flag not found') && !text.includes('Unknown feature flag') && !text.includes('Invalid'))) fail(`environment ${number}: the SDK says ${complaint}`);
  client.close();
}
if (failures > 0 || evaluations === 0) process.exit(1);
console.log(`ok - Node: ${environments.length} environments, ${evaluations} evaluations`);
process.exit(0);
