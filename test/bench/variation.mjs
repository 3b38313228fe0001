// LaunchDarkly's SDK for Node over the same payload and contexts: nanoseconds an evaluation takes for each of the
// flags that are named.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [data, contexts, rounds, ...flags] = process.argv.slice(2);
const require = createRequire(`${process.env.NPM_PREFIX}/`);
const sdk = require('@launchdarkly/node-server-sdk');
const { FileDataSourceFactory } = require('@launchdarkly/node-server-sdk/integrations');
const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const client = sdk.init('sdk-bench', { updateProcessor: new FileDataSourceFactory({ paths: [data] }).getFactory(), sendEvents: false, logger: quiet });
await client.waitForInitialization({ timeout: 10 });
const all = readFileSync(contexts, 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const nanoseconds = async (flag) => {
	const started = process.hrtime.bigint();
	let served = 0;
	for (const context of all) if (await client.boolVariation(flag, context, false)) served++;
	return { took: Number(process.hrtime.bigint() - started) / all.length, served };
};

for (const flag of flags) {
	const took = [];
	let served;
	for (let i = 0; i < Number(rounds); i++) {
		const round = await nanoseconds(flag);
		took.push(round.took);
		served = round.served;
	}
	took.sort((a, b) => a - b);
	console.log(`${flag} ${took[Math.floor(took.length / 2)]} ${served}`);
}
client.close();
