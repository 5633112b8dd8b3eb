/** A leader with a journal in memory. */
import { MemoryJournal, MemoryJournalStore } from '../src/conformance/memory-journal.ts';
import type { StoredRequest } from '../src/requests.ts';
import type { TaskSet } from '../src/store.ts';
import { LeaderWorld } from './leader-world.ts';
import { actor, connector, member, ownedBy, task } from './records.ts';

export const w1 = member('w1');
/** Of connector `a`, as its worker has published it. */
export const set: TaskSet = { uid: 'uid of a', epoch: 1, version: 1, configs: [{ n: '0' }] };

export function pause(id: string): StoredRequest {
  return { id, position: '1', body: { op: 'target', connector: 'a', state: 'PAUSED' } };
}

export interface JournalWorld {
  readonly leader: LeaderWorld;
  readonly journal: MemoryJournalStore;
  /** Of the journal, by the leader. */
  readonly opens: () => number;
  readonly closes: () => number;
  /** The next ones wait for what these make of them. */
  readonly beforeOpens: (() => Promise<void>)[];
}

export async function journalWorld(
  arrange: (made: LeaderWorld, journal: MemoryJournalStore) => void = () => {},
  beforeOpens: (() => Promise<void>)[] = [],
): Promise<JournalWorld> {
  const journal = new MemoryJournalStore();
  const used = new MemoryJournal(journal);
  let [opens, closes] = [0, 0];
  const leader = new LeaderWorld({
    journal: {
      name: used.name,
      open: async (term) => {
        opens++;
        await beforeOpens.shift()?.();
        return used.open(term);
      },
      append: (write) => used.append(write),
      close: async () => {
        closes++;
        await used.close();
      },
    },
  });
  leader.played.set(
    w1,
    connector('a'),
    actor('a', ownedBy(w1, { heldEpoch: 0 })),
    task('a', 0, { ordinal: 5 }),
  );
  leader.played.sets.set('a', set);
  arrange(leader, journal);
  await leader.started();
  return { leader, journal, opens: () => opens, closes: () => closes, beforeOpens };
}
