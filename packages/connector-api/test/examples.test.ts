/** The examples of the repository, loaded and run as a worker would. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ConnectorConfig,
  type ConnectorPlugin,
  isConnectorPlugin,
  pluginsOf,
} from '../src/index.ts';
import { connectorContext, sinkContext, sourceContext } from './contexts.ts';

async function load(file: string): Promise<ConnectorPlugin> {
  const url = new URL(`../../../examples/${file}`, import.meta.url).href;
  const [plugin] = pluginsOf(await import(/* @vite-ignore */ url)).filter(isConnectorPlugin);
  if (!plugin) throw new Error('no plugin');
  return plugin;
}

async function firstRecords(plugin: ConnectorPlugin, config: ConnectorConfig, offset?: object) {
  if (plugin.type !== 'source') throw new Error('not a source');
  const task = plugin.createTask();
  const stored = offset as Record<string, number> | undefined;
  await task.start(config, sourceContext(() => stored).context);
  const records = await task.poll();
  await task.stop();
  return records;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the examples', () => {
  test('clock.ts ticks on where it left off', async () => {
    const clock = await load('clock.ts');
    expect(await firstRecords(clock, {})).toMatchObject([
      { topic: 'ticks', key: 'clock', value: { tick: 1 }, sourceOffset: { tick: 1 } },
    ]);
    expect(await firstRecords(clock, { topic: 't' }, { tick: 41 })).toMatchObject([
      { topic: 't', value: { tick: 42 }, sourcePartition: { source: 'clock' } },
    ]);
  });

  test('sensors.ts divides its sensors among its tasks', async () => {
    const sensors = await load('sensors.ts');
    const connector = sensors.createConnector();
    await connector.start?.({ sensors: 'a,b,c' }, connectorContext());
    const configs = await connector.taskConfigs(2);
    expect(configs).toHaveLength(2);
    const records = await firstRecords(sensors, configs[0] ?? {}, { number: 4 });
    expect(records).toMatchObject([
      { key: 'a', sourcePartition: { sensor: 'a' }, sourceOffset: { number: 5 } },
      { key: 'c', sourcePartition: { sensor: 'c' }, sourceOffset: { number: 5 } },
    ]);
  });

  test('sensors.ts reads every sensor once, however many tasks it may have', async () => {
    const sensors = await load('sensors.ts');
    for (const max of [1, 2, 3, 10]) {
      const connector = sensors.createConnector();
      await connector.start?.({ sensors: 'a,b,c' }, connectorContext());
      const read = new Set<unknown>();
      for (const config of await connector.taskConfigs(max))
        for (const record of (await firstRecords(sensors, config)) ?? []) {
          expect(read).not.toContain(record.key);
          read.add(record.key);
        }
      expect(read).toEqual(new Set(['a', 'b', 'c']));
    }
  });

  test('console-sink.ts prints what it gets', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const plugin = await load('console-sink.ts');
    if (plugin.type !== 'sink') throw new Error('not a sink');
    const task = plugin.createTask();
    await task.start({}, sinkContext());
    await task.put([{ topic: 't', partition: 0, offset: 0, key: null, value: { a: 1 } }]);
    expect(log.mock.calls).toEqual([['{"topic":"t","key":null,"value":{"a":1}}']]);
  });
});
