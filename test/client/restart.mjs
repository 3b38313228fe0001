// LaunchDarkly's SDK for Node, polling: prints what it evaluates a flag to, each time that this changes or
// that it has polled. Its timer of 30 seconds is shortened here.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NPM_PREFIX}/node_modules/`);
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = (run, delay, ...rest) => realTimeout(run, delay >= 3000 ? 300 : delay, ...rest);
const { init, basicLogger } = require('@launchdarkly/node-server-sdk');
const { BASE, KEY } = process.env;
const logger = basicLogger({ level: 'warn', destination: (line) => console.error(line) });
const client = init(KEY, { baseUri: BASE, streamUri: BASE, eventsUri: BASE, stream: false, logger });
await client.waitForInitialization({ timeout: 2.5 });
let last;
const look = async () => {
  const value = await client.variation('switch', { kind: 'user', key: 'a' }, 'none');
  if (value !== last) console.log(value);
  last = value;
  realTimeout(look, 50);
};
await look();
