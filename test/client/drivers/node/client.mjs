// Drives LaunchDarkly's client-side SDK for Node by the commands of sdk_drivers.mjs. The argument is the
// base URL; NPM_PREFIX is where the SDK is.
//
// A client has one context. Another one is identified, which fetches its flags; so is the same one, where
// no stream brings what has changed.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer } from './lines.mjs';

const { initialize, basicLogger } = createRequire(`${process.env.NPM_PREFIX}/node_modules/`)('launchdarkly-node-client-sdk');
const base = process.argv[2];
const clients = new Map();
const storage = mkdtempSync(join(tmpdir(), 'flagplane-'));

async function open({ client: name, application, key, mode, timeout, context }) {
  const streaming = mode === 'streaming';
  const client = initialize(key, context, {
    baseUrl: base,
    streamUrl: base,
    eventsUrl: base,
    streaming,
    application: { id: application },
    evaluationReasons: true,
    localStoragePath: storage,
    logger: basicLogger({ level: 'info', destination: console.error }),
  });
  client.on('error', (error) => console.error(error));
  clients.set(name, { client, streaming, context });
  const initialized = await client.waitForInitialization(timeout).then(() => true, () => false);
  return { initialized };
}

async function evaluate({ client: name, flags, context }) {
  const one = clients.get(name);
  if (!one.streaming || JSON.stringify(one.context) !== JSON.stringify(context)) {
    one.context = await one.client.identify(context).then(() => context, console.error);
  }
  const details = flags.map((flag) => {
    const { value, variationIndex, reason } = one.client.variationDetail(flag.key, flag.default);
    return { value, variationIndex, reason };
  });
  return { details };
}

async function track({ client: name, event, data, metric }) {
  const { client } = clients.get(name);
  client.track(event, data, metric);
  await client.flush();
  return {};
}

// This SDK tells nobody how its data source is.
await answer({ open, evaluate, track, state: () => ({}) });
for (const { client } of clients.values()) await client.close();
rmSync(storage, { recursive: true });
