import { describe, expect, test } from 'vitest';
import { defineSink, type SinkRecord, string } from '../src/index.ts';
import { connectorContext, sinkContext } from './contexts.ts';

const record: SinkRecord = { topic: 't', partition: 0, offset: 7, value: 'v' };

test('every task of a sink gets the configuration of the connector', async () => {
  const plugin = defineSink({ name: 'sink', version: '1.0.0', config: {}, put() {} });
  const connector = plugin.createConnector();
  await connector.start?.({ topics: 't' }, connectorContext());
  expect(await connector.taskConfigs(2)).toEqual([{ topics: 't' }, { topics: 't' }]);
});

test('a sink refuses a bad configuration when the connector starts', () => {
  const plugin = defineSink({
    name: 'sink',
    version: '1.0.0',
    config: { url: string() },
    put() {},
  });
  expect(() => plugin.createConnector().start?.({}, connectorContext())).toThrow(
    'Missing required configuration "url" which has no default value.',
  );
});

describe('a task of a defined sink', () => {
  test('calls the hooks with the configuration and the state of setup', async () => {
    const calls: unknown[] = [];
    const plugin = defineSink({
      name: 'sink',
      version: '1.0.0',
      config: { table: string() },
      setup: async ({ config, task }) => ({ rows: 0, id: `${config.table}-${String(task)}` }),
      open: (partitions, { state }) => void calls.push(['open', state.id, partitions]),
      put(records, { config, state }) {
        state.rows += records.length;
        calls.push(['put', config.table, records]);
      },
      flush: ({ state }, offsets) => void calls.push(['flush', state.rows, [...offsets.keys()]]),
      close: (partitions) => void calls.push(['close', partitions]),
      teardown: ({ state }) => void calls.push(['teardown', state.id]),
    });
    const task = plugin.createTask();
    const partition = { topic: 't', partition: 0 };
    await task.start({ table: 'orders' }, sinkContext());
    await task.open?.([partition]);
    await task.put([record]);
    await task.flush?.(new Map([['t-0', { ...partition, offset: 8 }]]));
    await task.close?.([partition]);
    await task.stop();
    expect(calls).toEqual([
      ['open', 'orders-2', [partition]],
      ['put', 'orders', [record]],
      ['flush', 1, ['t-0']],
      ['close', [partition]],
      ['teardown', 'orders-2'],
    ]);
  });

  test('needs no more than put', async () => {
    const put: unknown[] = [];
    const plugin = defineSink({
      name: 'sink',
      version: '1.0.0',
      config: {},
      put: (records) => void put.push(...records),
    });
    const task = plugin.createTask();
    await task.start({}, sinkContext());
    await task.open?.([]);
    await task.put([record]);
    await task.flush?.(new Map());
    await task.stop();
    expect(put).toEqual([record]);
  });

  test('passes on what it asks of the runtime', async () => {
    const context = sinkContext();
    const plugin = defineSink({
      name: 'sink',
      version: '1.0.0',
      config: {},
      put(_records, runtime) {
        const [partition = { topic: '', partition: -1 }] = runtime.assignment();
        runtime.seek(partition, 3);
        runtime.pause(partition);
        runtime.resume(partition);
        runtime.timeout(100);
        runtime.requestCommit();
      },
    });
    const task = plugin.createTask();
    await task.start({}, context);
    await task.put([]);
    const partition = { topic: 't', partition: 0 };
    expect(context.calls).toEqual([
      ['seek', partition, 3],
      ['pause', partition],
      ['resume', partition],
      ['timeout', 100],
      ['requestCommit'],
    ]);
  });

  test('says which offsets are safe only if it wants to', async () => {
    const base = { name: 'sink', version: '1.0.0', config: {}, put() {} };
    expect(defineSink(base).createTask()).toMatchObject({ preCommit: undefined });
    const task = defineSink({ ...base, preCommit: () => new Map() }).createTask();
    await task.start({}, sinkContext());
    const offsets = new Map([['t-0', { topic: 't', partition: 0, offset: 3 }]]);
    expect(await task.preCommit?.(offsets)).toEqual(new Map());
  });

  test('is not torn down when setup failed', async () => {
    const calls: string[] = [];
    const plugin = defineSink({
      name: 'sink',
      version: '1.0.0',
      config: {},
      setup: () => {
        throw new Error('no connection');
      },
      put() {},
      teardown: () => void calls.push('teardown'),
    });
    const task = plugin.createTask();
    await expect(task.start({}, sinkContext())).rejects.toThrow('no connection');
    await task.stop();
    expect(calls).toEqual([]);
  });
});
