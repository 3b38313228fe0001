// check_client.mjs BASE DIRECTORY: LaunchDarkly's client-side SDK for Node, whose parser is that of the SDK for browsers,
// takes every answer of evaluated flags that serve.mjs sends at BASE, and has the values that the database has.
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const sdk = require('launchdarkly-node-client-sdk');
const [base, directory] = process.argv.slice(2);
const environments = readFileSync(`${directory}/evaluated.jsonl`, 'utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
const storage = mkdtempSync(`${tmpdir()}/flagplane-`);
let failures = 0;
let evaluations = 0;
const fail = (what) => {
  failures += 1;
  if (failures <= 20) console.log(`not ok - client-side: ${what}`);
};
const plain = (value) => JSON.parse(JSON.stringify(value ?? null));

for (const [number, environment] of environments.entries()) {
  const complaints = [];
  const complain = (text) => complaints.push(text);
  const quiet = { debug() {}, info() {}, warn: complain, error: complain };
  const client = sdk.initialize(`e${number}`, environment.context, { baseUrl: base, streamUrl: base, eventsUrl: base, sendEvents: false, evaluationReasons: true, localStoragePath: storage, logger: quiet });
  try {
    await client.waitForInitialization(5);
    const known = Object.keys(client.allFlags()).length;
    if (known !== environment.answers.length - 1) fail(`environment ${number} has ${known} flags of ${environment.answers.length - 1}`);
    for (const [key, expected] of environment.answers) {
      const detail = client.variationDetail(key, 'the default');
      // Null is the default here.
      const wanted = { value: expected.value ?? 'the default', variationIndex: expected.variationIndex, reason: expected.reason };
      evaluations += 1;
      if (!isDeepStrictEqual(plain(detail), plain(wanted))) fail(`environment ${number}, flag ${key}: ${JSON.stringify(detail)}, expected ${JSON.stringify(wanted)}`);
    }
  } catch (error) {
    fail(`environment ${number}: ${error.message}`);
  }
  for (const complaint of complaints.filter((text) => !text.includes('nknown feature flag'))) fail(`environment ${number}: the SDK says ${complaint}`);
  await client.close();
}
rmSync(storage, { recursive: true });
if (failures > 0 || evaluations === 0) process.exit(1);
console.log(`ok - client-side: ${environments.length} environments, ${evaluations} evaluations`);
process.exit(0);
