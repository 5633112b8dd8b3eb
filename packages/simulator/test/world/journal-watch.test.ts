import type { JournaledConnector, JournalWrite } from '@sluice/coordination';
import { MemoryJournal, MemoryJournalStore } from '@sluice/coordination/testing';
import { expect, test } from 'vitest';

import { JournalWatch } from '../../src/world/invariants/journal.ts';
import { World } from '../../src/world/world.ts';

const orders: JournaledConnector = {
  name: 'orders',
  uid: 'uid',
  version: 2,
  config: {},
  type: 'sink',
  targetState: 'STARTED',
  lifecycle: 'live',
  createdAtMs: 0,
  taskEpoch: 3,
  taskVersion: 2,
  tasks: [],
};
const high = { ordinal: 0, fence: 0 };
const beat = { script: 'beat', args: [] };

const request = {
  id: 'pause',
  position: '1-0',
  result: { kind: 'done' as const, connectors: [] },
  restart: [],
  events: [],
};

/** What is said after these writes, one after the other. */
async function violationOf(
  ...writes: Partial<Omit<JournalWrite, 'high'>>[]
): Promise<string | undefined> {
  const world = new World(1);
  const store = new MemoryJournalStore();
  const watch = new JournalWatch(world, store);
  const journal = new MemoryJournal(store);
  await journal.open({ coordinator: 'c', epoch: 1 });
  for (const write of writes) {
    await journal.append({ connectors: [], deleted: [], ...write, high });
    watch.scriptRan(beat, undefined);
  }
  return world.violation?.message;
}

test('a journal may be told of new versions, deletions, and another connector after one', async () => {
  const deleting = { ...orders, lifecycle: 'deleting' } as const;
  const anew = { ...orders, uid: 'another', version: 1 };
  expect(
    await violationOf(
      { connectors: [orders] },
      { connectors: [{ ...orders, version: 3, taskEpoch: 4 }] },
      { connectors: [{ ...orders, version: 3, taskEpoch: 4, targetState: 'PAUSED' }], request },
      { connectors: [{ ...orders, version: 3, taskEpoch: 4 }], request },
      { connectors: [{ ...deleting, version: 3, taskEpoch: 4 }] },
      { connectors: [{ ...anew, taskEpoch: 4 }] },
      { connectors: [{ ...anew, taskEpoch: 4, lifecycle: 'deleting' }] },
      { deleted: ['orders'] },
    ),
  ).toBeUndefined();
});

test.each([
  ['version 2 of orders', { connectors: [{ ...orders, version: 1 }] }],
  ['version 2 of orders', { connectors: [{ ...orders, config: { other: 'text' } }] }],
  ['the target state of orders', { connectors: [{ ...orders, targetState: 'PAUSED' as const }] }],
  [
    'the target state of orders',
    { connectors: [{ ...orders, version: 3, targetState: 'PAUSED' as const }], request },
  ],
  ['epoch 3 of the tasks of orders', { connectors: [{ ...orders, taskEpoch: 2 }] }],
  ['the definition of orders', { connectors: [{ ...orders, uid: 'another' }] }],
  ['orders is taken out of the journal', { deleted: ['orders'] }],
])('it may not forget: %s', async (what, write) => {
  expect(await violationOf({ connectors: [orders] }, write)).toContain(what);
});

test('a deletion is not undone', async () => {
  const deleting = { ...orders, lifecycle: 'deleting' } as const;
  expect(await violationOf({ connectors: [deleting] }, { connectors: [orders] })).toContain(
    'the deletion of orders',
  );
});

test('what is applied to the store is in the journal before', async () => {
  const world = new World(1);
  const store = new MemoryJournalStore();
  const watch = new JournalWatch(world, store);
  const journal = new MemoryJournal(store);
  await journal.open({ coordinator: 'c', epoch: 1 });
  await journal.append({ connectors: [orders], deleted: [], high });
  watch.scriptRan(applied('uid', 2), 'applied');
  expect(world.violation).toBeUndefined();
  watch.scriptRan(applied('uid', 3), 'conflict');
  expect(world.violation).toBeUndefined();
  watch.scriptRan(applied('uid', 3), 'applied');
  expect(world.violation?.message).toBe(
    'version 3 of orders (STARTED, live) is in the store, and not in the journal',
  );
});

/** A request that writes one version of `orders`. */
function applied(uid: string, version: number) {
  const head = ['c|1|', 'request', '1-0', '{}', 1_000, '', '', '', 'journal', 1, 1];
  const before = ['orders', '1', version - 1, uid, 'STARTED', 'live'];
  const after = [uid, version, '{}', 'sink', 'STARTED', 'live', 3, '0', '0'];
  return { script: 'apply-request', args: [...head, ...before, ...after] };
}
