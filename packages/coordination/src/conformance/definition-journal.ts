import { isRetriable, systemClock } from '@sluice/kernel';
import { describe, expect, test } from 'vitest';

import type {
  DefinitionJournal,
  JournaledConnector,
  JournalWrite,
} from '../journal/definition-journal.ts';

export interface JournalUnderTest {
  /** Another coordinator's. */
  journal(): DefinitionJournal;
  /** Whether what carries it answers. */
  setAway(isAway: boolean): Promise<void>;
  /** As if it had been deleted, with all that it held, and made anew. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

const first = { coordinator: 'c1', epoch: 10 };
const second = { coordinator: 'c2', epoch: 20 };
/** Limit for what is back to do everything again. */
const againMs = 10_000;

/** What every journal of definitions must do, whatever carries it. */
export function describeDefinitionJournal(
  name: string,
  make: () => Promise<JournalUnderTest>,
): void {
  const withJournal = async (run: (under: JournalUnderTest) => Promise<void>): Promise<void> => {
    const under = await make();
    try {
      await run(under);
    } finally {
      await under.stop();
    }
  };
  const verify = (title: string, run: (under: JournalUnderTest) => Promise<void>): void =>
    test(title, async () => withJournal(run));

  describe(`the ${name} journal of definitions`, () => {
    verify('is empty at first, and has an id that stays', async (under) => {
      const state = await under.journal().open(first);
      expect(state.connectors.size).toBe(0);
      expect(state.request).toBeUndefined();
      expect(state.high).toEqual({ ordinal: 0, fence: 0 });
      expect((await under.journal().open(second)).id).toBe(state.id);
    });

    verify('gives the next leader back all that was written', async (under) => {
      const journal = under.journal();
      await journal.open(first);
      const written = { ...orders, unit: { ordinal: 1, epoch: 2 }, ...tasksOf(2) };
      const request = {
        id: 'request-1',
        position: '5-0',
        result: { kind: 'done', connectors: [] } as const,
        restart: ['connector/orders'],
        events: [{ type: 'connector.created', message: 'created', facts: { version: 1 } }],
      };
      const high = { ordinal: 12, fence: 1_700_000_000_000_000 };
      const position = await journal.append(write({ connectors: [written], request, high }));
      const state = await under.journal().open(second);
      expect(state.connectors.get('orders')?.value).toEqual(written);
      expect(state.connectors.get('orders')?.position).toBeLessThanOrEqual(position);
      expect(state.request?.value).toEqual(request);
      expect(state.request?.position).toBeLessThanOrEqual(position);
      expect(state.high).toEqual(high);
      expect(state.position).toBeGreaterThan(position);
    });

    verify('only the last entry of a connector counts', async (under) => {
      const journal = under.journal();
      await journal.open(first);
      const before = await journal.append(write({ connectors: [{ ...orders, ...tasksOf(3) }] }));
      const after = await journal.append(
        write({ connectors: [{ ...orders, version: 2, ...tasksOf(1), taskEpoch: 2 }] }),
      );
      expect(after).toBeGreaterThan(before);
      const state = await under.journal().open(second);
      expect(state.connectors.get('orders')?.value).toMatchObject({ version: 2, taskEpoch: 2 });
      expect(state.connectors.get('orders')?.value.tasks).toHaveLength(1);
      expect(state.connectors.get('orders')?.position).toBeGreaterThan(before);
    });

    verify('what was deleted is gone, and may be created anew', async (under) => {
      const journal = under.journal();
      await journal.open(first);
      await journal.append(write({ connectors: [orders, { ...orders, name: 'a/b' }] }));
      const position = await journal.append(write({ deleted: ['orders', 'a/b'] }));
      await journal.append(write({ connectors: [{ ...orders, name: 'a/b', uid: 'second' }] }));
      const state = await under.journal().open(second);
      expect([...state.connectors.keys()]).toEqual(['a/b']);
      expect(state.connectors.get('a/b')?.value.uid).toBe('second');
      expect([...state.deleted.keys()]).toEqual(['orders']);
      expect(state.deleted.get('orders')).toBeLessThanOrEqual(position);
    });

    verify(
      'a set of many tasks comes back whole, and so does a smaller one after it',
      async (under) => {
        const journal = under.journal();
        await journal.open(first);
        const many = { ...orders, ...tasksOf(3_000) };
        await journal.append(write({ connectors: [many] }));
        const middle = await under.journal().open({ coordinator: 'c1', epoch: 11 });
        expect(middle.connectors.get('orders')?.value).toEqual(many);
        const again = under.journal();
        await again.open({ coordinator: 'c1', epoch: 12 });
        const fewer = { ...orders, ...tasksOf(2_000), taskEpoch: 2 };
        await again.append(write({ connectors: [fewer] }));
        const one = { ...orders, ...tasksOf(1), taskEpoch: 3 };
        const state = await under.journal().open({ coordinator: 'c1', epoch: 13 });
        expect(state.connectors.get('orders')?.value).toEqual(fewer);
        const last = under.journal();
        await last.open({ coordinator: 'c1', epoch: 14 });
        await last.append(write({ connectors: [one] }));
        const after = await under.journal().open(second);
        expect(after.connectors.get('orders')?.value).toEqual(one);
      },
    );

    verify('an older leader is refused once a newer one has taken over', async (under) => {
      const older = under.journal();
      await older.open(first);
      await older.append(write({ connectors: [orders] }));
      const newer = under.journal();
      await newer.open(second);
      const deposed = { code: 'coordination.not_leader' };
      await expect(
        older.append(write({ connectors: [{ ...orders, version: 2 }] })),
      ).rejects.toMatchObject(deposed);
      await newer.append(write({ connectors: [{ ...orders, version: 3 }] }));
      await expect(under.journal().open(first)).rejects.toMatchObject({
        ...deposed,
        details: { epoch: second.epoch },
      });
      const state = await under.journal().open({ coordinator: 'c3', epoch: 30 });
      expect(state.connectors.get('orders')?.value.version).toBe(3);
    });

    verify('can be opened again in the same term', async (under) => {
      const journal = under.journal();
      await journal.open(first);
      await journal.append(write({ connectors: [orders] }));
      const state = await journal.open(first);
      expect(state.connectors.size).toBe(1);
      await journal.append(write({ connectors: [{ ...orders, version: 2 }] }));
    });

    verify('fails while nothing answers, and goes on after it was opened again', async (under) => {
      const journal = under.journal();
      await under.setAway(true);
      await expect(journal.open(first)).rejects.toMatchObject({ retriable: true });
      await under.setAway(false);
      await openAgain(journal);
      await under.setAway(true);
      await expect(journal.append(write({ connectors: [orders] }))).rejects.toMatchObject({
        retriable: true,
      });
      await under.setAway(false);
      await openAgain(journal);
      await journal.append(write({ connectors: [orders] }));
    });

    verify('one that was deleted is another one', async (under) => {
      const journal = under.journal();
      const { id } = await journal.open(first);
      await journal.append(write({ connectors: [orders] }));
      await under.replace();
      // Refused or lost, but never taken for a write to the journal that was opened.
      await expect(journal.append(write({ connectors: [orders] }))).rejects.toBeInstanceOf(Error);
      const state = await journal.open(first);
      expect(state.id).not.toBe(id);
    });

    verify(
      'a configuration that it cannot hold is refused by name, and disturbs no other',
      async (under) => {
        const journal = under.journal();
        await journal.open(first);
        const huge = {
          ...orders,
          name: 'huge',
          config: { name: 'huge', text: 'x'.repeat(20_000_000) },
        };
        await expect(journal.append(write({ connectors: [orders, huge] }))).rejects.toMatchObject({
          code: 'journal.entry_too_large',
          details: { connector: 'huge' },
        });
        await journal.append(write({ connectors: [{ ...orders, version: 2 }] }));
        const state = await under.journal().open(second);
        expect([...state.connectors.keys()]).toEqual(['orders']);
      },
    );

    verify('closing is possible at any time', async (under) => {
      const journal = under.journal();
      await journal.close();
      const opening = journal.open(first).catch(() => undefined);
      await journal.close();
      await opening;
      await journal.close();
      await journal.open(first);
    });
  });
}

/** As a leader does: what carries the journal may answer before it can do everything again. */
async function openAgain(journal: DefinitionJournal): Promise<void> {
  const untilMs = systemClock.monotonicMs() + againMs;
  for (;;) {
    try {
      await journal.open(first);
      return;
    } catch (error) {
      if (!isRetriable(error) || systemClock.monotonicMs() > untilMs) throw error;
      await systemClock.sleep(100);
    }
  }
}

const orders: JournaledConnector = {
  name: 'orders',
  uid: 'uid-1',
  version: 1,
  config: { name: 'orders', 'connector.class': 'Clock', password: 'größer' },
  type: 'source',
  targetState: 'PAUSED',
  lifecycle: 'live',
  createdAtMs: 1_000,
  taskEpoch: 0,
  taskVersion: 0,
  tasks: [],
};

function tasksOf(count: number): Pick<JournaledConnector, 'taskEpoch' | 'taskVersion' | 'tasks'> {
  const tasks = Array.from({ length: count }, (_, number) => ({
    ordinal: number + 2,
    config: {
      'task.id': `${number}`,
      files: 'a longer text, so that many do not fit. '.repeat(10),
    },
  }));
  return { taskEpoch: 1, taskVersion: 1, tasks };
}

function write(parts: Partial<JournalWrite>): JournalWrite {
  return { connectors: [], deleted: [], high: { ordinal: 0, fence: 0 }, ...parts };
}
