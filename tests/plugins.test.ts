/**
 * Plugin packages that come, change and go while a cluster runs: versions side by side, and tasks only where their
 * version is. The tests follow on each other. Worker 1 and worker 2 have a plugin path of their own.
 */
import { type Cluster, PluginFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure, tasks } from './support/cluster-facts.ts';
import { linesIn } from './support/numbered-file.ts';

let folder: PluginFolder;
let cluster: Cluster;

beforeAll(async () => {
  folder = await PluginFolder.make();
  await folder.writeFiles('path-1', { 'README.md': '' });
  await folder.writeFiles('path-2', { 'README.md': '' });
  cluster = await startCluster({
    workers: 0,
    // Nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: { SLUICE_PLUGIN_LOOK_MS: '200' },
  });
  for (const number of [1, 2]) await addWorker(number);
});

afterAll(async () => {
  await cluster?.stop();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => showLogsOnFailure(cluster));

function addWorker(number: number) {
  const env = { SLUICE_PLUGIN_PATH: folder.at(`path-${number}`) };
  return cluster.addWorker({ name: `worker-${number}`, env });
}

/** A source that tells its version every 50 ms, and a transform, a predicate and a converter. */
function acme(version: string) {
  const index = `
    import { setTimeout } from 'node:timers/promises';
    import { defineConverter, definePredicate, defineSource, defineTransform, perRecord, string } from '@sluice/connector-api';
    import { shout } from 'shouting';
    const common = { version: '${version}', config: {} };
    export default [
      defineSource({
        ...common, name: 'Ticker', class: 'com.acme.TickerSourceConnector', config: { topic: string() },
        async *run({ config, offset, signal }) {
          const settings = Object.keys(process.env).filter((name) => /^(REDIS_URL|SLUICE_|KAFKA_)/.test(name));
          if (!offset) yield { topic: config.topic, value: 'settings: ' + settings.join(), offset: { n: 0 } };
          for (let n = Number(offset?.n ?? 0) + 1; !signal.aborted; n += 1) {
            yield { topic: config.topic, value: 'source ${version} ' + n, offset: { n } };
            await setTimeout(50);
          }
        },
      }),
      defineTransform({ ...common, name: 'com.acme.Shout', create: () => perRecord((record) => ({ ...record, value: shout(record.value) + ' transform ${version}' })) }),
      definePredicate({ ...common, name: 'com.acme.IsEven', create: () => ({ test: (records) => ({ matches: records.map(({ value }) => /[02468]$/.test(value)), failures: [] }) }) }),
      defineConverter({
        ...common, name: 'com.acme.LineConverter', config: { end: string() },
        create: ({ end }) => ({
          toBytes: ({ values }) => ({ bytes: values.map((value) => Buffer.from(value + end)), failures: [] }),
          fromBytes: ({ bytes }) => ({ values: bytes.map((each) => Buffer.from(each).toString()), failures: [] }),
        }),
      }),
    ];
  `;
  return {
    name: '@acme/ticker',
    version,
    files: {
      'index.js': index,
      'node_modules/shouting/package.json': JSON.stringify({
        name: 'shouting',
        type: 'module',
        exports: './index.js',
      }),
      'node_modules/shouting/index.js': `export const shout = (text) => text.toUpperCase() + ' shouting of ${version}';`,
    },
  };
}

const ticker = {
  'connector.class': 'TickerSource',
  topic: 'ticks',
  transforms: 'shout',
  'transforms.shout.type': 'com.acme.Shout',
  'transforms.shout.predicate': 'even',
  predicates: 'even',
  'predicates.even.type': 'com.acme.IsEven',
  'value.converter': 'com.acme.LineConverter',
  'value.converter.end': '.',
};

interface Plugin {
  readonly class: string;
  readonly type: string;
  readonly version: string;
}

async function listed(version: string, isListed = true): Promise<readonly Plugin[]> {
  return await waitFor(
    async () => await cluster.api.read<Plugin[]>('/connector-plugins?connectorsOnly=false'),
    {
      what: `version ${version} to be ${isListed ? '' : 'un'}listed`,
      until: (plugins) =>
        plugins.some((each) => each.class.startsWith('com.acme.') && each.version === version) ===
        isListed,
      timeoutMs: 30_000,
    },
  );
}

interface Versioned {
  readonly connector: { readonly version?: string };
  readonly tasks: readonly { readonly state: string; readonly version?: string }[];
}

async function runsVersion(connector: string, version: string): Promise<void> {
  await waitFor(
    async () =>
      (await cluster.status(connector)) as unknown as Versioned & { connector: { state: string } },
    {
      what: `${connector} to run version ${version}`,
      until: ({ connector: own, tasks: all }) =>
        own.version === version &&
        all.length > 0 &&
        all.every((each) => each.state === 'RUNNING' && each.version === version),
      timeoutMs: 30_000,
    },
  );
}

async function workerOf(connector: string): Promise<string | null | undefined> {
  return (await tasks(cluster, connector))[0]?.worker;
}

/** What arrives in a file, by a sink that writes the bytes as they are. */
async function lineOf(topic: string, pattern: RegExp): Promise<string> {
  const file = folder.at(`${topic}.txt`);
  await cluster.apply(`read-${topic}`, {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file,
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  });
  const lines = await waitFor(() => linesIn(file), {
    what: `a line like ${pattern.source} of ${topic}`,
    until: (seen) => seen.some((line) => pattern.test(line)),
    timeoutMs: 30_000,
  });
  return lines.find((line) => pattern.test(line)) ?? '';
}

test('a package that is put into the plugin path is there without a restart, with all that it has', async () => {
  const refused = await cluster.api.put('/connectors/one/config', ticker);
  expect(refused.status).toBe(400);
  await folder.write('path-1/ticker', acme('1.0.0'));
  const plugins = await listed('1.0.0');
  expect(plugins.filter((each) => each.class.startsWith('com.acme.'))).toEqual([
    { class: 'com.acme.IsEven', type: 'predicate', version: '1.0.0' },
    { class: 'com.acme.LineConverter', type: 'converter', version: '1.0.0' },
    { class: 'com.acme.LineConverter', type: 'header_converter', version: '1.0.0' },
    { class: 'com.acme.Shout', type: 'transformation', version: '1.0.0' },
    { class: 'com.acme.TickerSourceConnector', type: 'source', version: '1.0.0' },
  ]);
  await cluster.apply('one', ticker);
  await runsVersion('one', '1.0.0');
  expect(await workerOf('one')).toBe('worker-1');
  expect(await lineOf('ticks', /^SOURCE/)).toMatch(
    /^SOURCE 1\.0\.0 \d*[02468] shouting of 1\.0\.0 transform 1\.0\.0\.$/,
  );
  // A worker has some: REDIS_URL, SLUICE_CLUSTER, …
  expect(await lineOf('ticks', /^settings/)).toBe('settings: .');
  expect(await lineOf('ticks', /^source/)).toMatch(/^source 1\.0\.0 \d*[13579]\.$/);
});

test('a converter of a package is judged by its keys', async () => {
  const { 'value.converter.end': _, ...config } = ticker;
  const pinned = { ...config, 'value.converter.plugin.version': '[2.0,)' };
  const { status, body } = await cluster.api.put('/connectors/two/config', pinned);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain(
    'Plugin com.acme.LineConverter not found that matches the version range [2.0,), available versions: [1.0.0]',
  );
});

test('a broken package is told by its name, and harms nobody', async () => {
  await folder.write('path-2/broken', {
    name: 'broken',
    files: { 'index.js': 'throw new Error("no native binding")' },
  });
  const seen = await waitFor(
    async () =>
      await cluster.api.read<
        {
          readonly id: string;
          readonly broken_plugins: readonly { name: string; error: string }[];
        }[]
      >('/sluice/workers'),
    {
      what: 'the broken package to be told',
      until: (all) =>
        all.some(({ broken_plugins: broken }) =>
          broken.some(({ error }) => error.includes('no native binding')),
        ),
      timeoutMs: 30_000,
    },
  );
  const broken = seen.find(({ id }) => id === 'worker-2')?.broken_plugins ?? [];
  expect(broken.map(({ name }) => name)).toContain(
    `./index.js of broken 1.0.0 (${folder.at('path-2/broken')})`,
  );
  expect(await cluster.liveWorkers()).toEqual(['worker-1', 'worker-2']);
});

test('another version runs beside it, on the worker that has it; what runs goes on until it is restarted', async () => {
  await folder.write('path-2/ticker', acme('2.0.0'));
  await listed('2.0.0');
  const pinned = (topic: string, range: string) => ({
    ...ticker,
    topic,
    'connector.plugin.version': range,
    'transforms.shout.plugin.version': range,
  });
  await cluster.apply('pinned-1', pinned('ticks-1', '[1.0,2.0)'));
  await cluster.apply('pinned-2', pinned('ticks-2', '2.0.0'));
  await runsVersion('pinned-1', '1.0.0');
  await runsVersion('pinned-2', '2.0.0');
  expect([await workerOf('pinned-1'), await workerOf('pinned-2')]).toEqual([
    'worker-1',
    'worker-2',
  ]);
  expect(await lineOf('ticks-2', /^SOURCE/)).toMatch(
    /^SOURCE 2\.0\.0 \d*[02468] shouting of 2\.0\.0 transform 2\.0\.0\.$/,
  );
  await runsVersion('one', '1.0.0');
  const { status, body } = await cluster.api.put(
    '/connectors/pinned-3/config',
    pinned('ticks-3', '3.0'),
  );
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain(
    'Plugin TickerSource not found that matches the version range [3.0], available versions: [1.0.0, 2.0.0]',
  );
});

test('both versions run in one process, and an upgrade in place comes with the next start', async () => {
  await folder.write('path-1/ticker-next', acme('2.1.0'));
  await listed('2.1.0');
  await runsVersion('pinned-1', '1.0.0');
  await cluster.apply('pinned-2-1', {
    ...ticker,
    topic: 'ticks-2-1',
    'connector.plugin.version': '[2.1]',
  });
  await runsVersion('pinned-2-1', '2.1.0');
  expect([await workerOf('pinned-1'), await workerOf('pinned-2-1')]).toEqual([
    'worker-1',
    'worker-1',
  ]);
  expect(await lineOf('ticks-2-1', /^SOURCE/)).toContain('shouting of 2.1.0 transform 2.1.0');

  await folder.write('path-1/ticker', acme('1.1.0'));
  await listed('1.1.0');
  await runsVersion('pinned-1', '1.0.0');
  const path = '/connectors/pinned-1/restart?includeTasks=true';
  expect((await cluster.api.post(path)).status).toBe(202);
  await runsVersion('pinned-1', '1.1.0');
  expect(await lineOf('ticks-1', /^SOURCE 1\.1\.0/)).toContain('shouting of 1.1.0 transform 1.1.0');
});

test('a connector whose version is gone with its worker waits, and starts when it comes elsewhere', async () => {
  await cluster.worker('worker-2').process.stop();
  await waitFor(async () => await tasks(cluster, 'pinned-2'), {
    what: 'pinned-2 to wait for its version',
    until: ([task]) =>
      task?.state === 'UNASSIGNED' && task.reason?.includes('that has its plugin') === true,
    timeoutMs: 30_000,
  });
  await folder.write('path-1/ticker-2', acme('2.0.0'));
  await runsVersion('pinned-2', '2.0.0');
  expect(await workerOf('pinned-2')).toBe('worker-1');
});

test('what is taken out of the path is announced no more, and its tasks go on', async () => {
  await folder.remove('path-1/ticker-2');
  await listed('2.0.0', false);
  const offset = async () =>
    (
      await cluster.api.read<{ offsets: { offset: { n: number } }[] }>(
        '/connectors/pinned-2/offsets',
      )
    ).offsets[0]?.offset.n ?? 0;
  const before = await offset();
  await waitFor(offset, { what: 'pinned-2 to go on', until: (now) => now > before + 20 });
  await runsVersion('pinned-2', '2.0.0');
});

test('a converter of a package may be what connectors of a worker inherit', async () => {
  await folder.write('path-3/ticker', acme('9.0.0'));
  await cluster.addWorker({
    name: 'worker-3',
    env: {
      SLUICE_PLUGIN_PATH: folder.at('path-3'),
      SLUICE_VALUE_CONVERTER: 'com.acme.LineConverter',
      SLUICE_VALUE_CONVERTER_END: '!',
    },
  });
  await cluster.apply('nine', {
    'connector.class': 'TickerSource',
    'connector.plugin.version': '[9.0.0]',
    topic: 'nines',
  });
  expect(await lineOf('nines', /^source/)).toMatch(/^source 9\.0\.0 \d+!$/);
  expect(await workerOf('nine')).toBe('worker-3');
});
