// Drives LaunchDarkly's server-side SDK for Node by the commands of sdk_drivers.mjs. The argument is the
// base URL; NPM_PREFIX is where the SDK is.
import { createRequire } from 'node:module';
import { answer } from './lines.mjs';

const { init, basicLogger } = createRequire(`${process.env.NPM_PREFIX}/node_modules/`)('@launchdarkly/node-server-sdk');
const base = process.argv[2];
const clients = new Map();

const MODES = { polling: { stream: false }, streaming: {}, 'second-protocol': { dataSystem: {} } };

async function open({ client: name, application, key, mode, timeout }) {
  const logger = basicLogger({ level: 'info', destination: console.error });
  const client = init(key, { baseUri: base, streamUri: base, eventsUri: base, application: { id: application }, logger, ...MODES[mode] });
  clients.set(name, client);
  await client.waitForInitialization({ timeout }).catch((error) => console.error(error));
  return { initialized: client.initialized() };
}

function evaluateOne(client, { key, type, default: otherwise }, context) {
  switch (type) {
    case 'bool': return client.boolVariationDetail(key, context, otherwise);
    case 'string': return client.stringVariationDetail(key, context, otherwise);
    case 'number': return client.numberVariationDetail(key, context, otherwise);
    default: return client.jsonVariationDetail(key, context, otherwise);
  }
}

async function evaluate({ client, flags, context }) {
  const details = [];
  for (const flag of flags) {
    const { value, variationIndex, reason } = await evaluateOne(clients.get(client), flag, context);
    details.push({ value, variationIndex: variationIndex ?? null, reason });
  }
  return { details };
}

async function track({ client, event, context, data, metric }) {
  clients.get(client).track(event, context, data, metric);
  await clients.get(client).flush();
  return {};
}

// This SDK tells nobody how its data source is.
await answer({ open, evaluate, track, state: () => ({}) });
for (const client of clients.values()) client.close();
process.exit();
