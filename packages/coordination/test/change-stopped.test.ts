/** When a change of a stopped connector is made, as whom, and when it is called changed. */
import { SluiceError } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { changeStopped, type StoppedOwner } from '../src/change-stopped.ts';
import type { ConnectorRecord } from '../src/model.ts';
import type { OffsetsFence } from '../src/store.ts';
import { connector } from './records.ts';

const stopped = connector('a', { targetState: 'STOPPED', taskEpoch: 4 });
const fenced: OffsetsFence = {
  kind: 'fenced',
  uid: stopped.uid,
  taskEpoch: 4,
  fence: 77,
  tasksMax: 3,
};

interface Scene {
  readonly asked?: ConnectorRecord;
  readonly fence?: OffsetsFence;
  /** Of the connector, after the change; undefined: it is gone. */
  readonly after?: ConnectorRecord | undefined;
  readonly fails?: Error;
}

async function change({ asked = stopped, fence = fenced, fails, ...rest }: Scene) {
  const owners: StoppedOwner[] = [];
  const record = 'after' in rest ? rest.after : stopped;
  const connectors = new Map(record ? [['a', { record, state: 'STOPPED', tasks: [] }]] : []);
  const cluster = {
    fenceOffsets: async () => fence,
    snapshot: async () => ({ connectors: connectors as never }),
  };
  const outcome = await changeStopped(cluster, asked, async (owner) => {
    owners.push(owner);
    if (fails) throw fails;
  });
  return { outcome, owners };
}

test('it is made as the owner of all tasks that there ever were, and holds if nothing has changed since', async () => {
  const { outcome, owners } = await change({});
  expect(owners).toEqual([{ fence: 77, tasks: 3 }]);
  expect(outcome).toEqual({ kind: 'changed' });
});

test.each([
  { max: undefined, tasks: 1 },
  { max: '5', tasks: 5 },
  { max: 'many', tasks: 1 },
  { max: '5000000', tasks: 1_000 },
])('without knowing how many there ever were, as that of tasks.max $max: $tasks', async (each) => {
  const config = {
    ...stopped.config,
    ...(each.max === undefined ? {} : { 'tasks.max': each.max }),
  };
  const asked = { ...stopped, config };
  const { owners } = await change({ asked, fence: { ...fenced, tasksMax: 0 } });
  expect(owners).toEqual([{ fence: 77, tasks: each.tasks }]);
});

test.each<OffsetsFence>([
  { kind: 'unknown' },
  { kind: 'not-stopped' },
  { kind: 'quarantined' },
  { kind: 'held', tasks: 2 },
])('without a fence nothing is changed: $kind', async (fence) => {
  expect(await change({ fence })).toEqual({ outcome: fence, owners: [] });
});

test('nothing is changed of another connector of that name', async () => {
  const { outcome, owners } = await change({ asked: { ...stopped, uid: 'before' } });
  expect(outcome).toEqual({ kind: 'started-meanwhile' });
  expect(owners).toEqual([]);
});

test.each([
  ['as many as it may have', '5', 5],
  ['one, if that says nothing', 'many', 1],
  ['not more than anybody runs', '5000', 1_000],
])('where it is not known how many tasks there were: %s', async (_what, tasksMax, tasks) => {
  const asked = { ...stopped, config: { ...stopped.config, 'tasks.max': tasksMax } };
  const { owners } = await change({ asked, fence: { ...fenced, tasksMax: 0 } });
  expect(owners).toEqual([{ fence: 77, tasks }]);
});

test('one task, where it does not say how many', async () => {
  const { 'tasks.max': _none, ...config } = stopped.config;
  const { owners } = await change({
    asked: { ...stopped, config },
    fence: { ...fenced, tasksMax: 0 },
  });
  expect(owners).toEqual([{ fence: 77, tasks: 1 }]);
});

test('a newer owner who refuses it was started meanwhile; other errors are told as they are', async () => {
  const refused = await change({ fails: new SluiceError('log.fenced', 'a newer owner is there') });
  expect(refused.outcome).toEqual({ kind: 'started-meanwhile' });
  await expect(change({ fails: new Error('no log') })).rejects.toThrow('no log');
});

test.each<[string, ConnectorRecord | undefined]>([
  ['is gone', undefined],
  ['is another one', { ...stopped, uid: 'later' }],
  ['has another version', { ...stopped, version: stopped.version + 1 }],
  ['is to run', { ...stopped, targetState: 'STARTED' }],
  ['has published tasks', { ...stopped, taskEpoch: 5 }],
])('it does not count if the connector %s afterwards', async (_what, after) => {
  expect((await change({ after })).outcome).toEqual({ kind: 'started-meanwhile' });
});
