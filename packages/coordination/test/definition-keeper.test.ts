/** A leader with a journal, turn by turn: what is written when, and what waits for what. */
import { describe, expect, test } from 'vitest';

import { MemoryJournal } from '../src/conformance/memory-journal.ts';
import type { RequestBody } from '../src/requests.ts';
import { type JournalWorld, journalWorld, pause, set, w1 } from './journal-world.ts';
import { LeaderWorld } from './leader-world.ts';
import { connector, task } from './records.ts';

describe('a task set', () => {
  test('is written before its tasks are granted', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    expect(journal.connectors.get('a')?.value.tasks).toEqual([{ ordinal: 5, config: { n: '0' } }]);
    expect(leader.played.done).toEqual(['journaled a 1', 'grant task/a/0 → w1']);
    expect(journal.writes).toHaveLength(1);
    expect(leader.played.events.filter((event) => event.startsWith('journal'))).toEqual([]);
  });

  test('that is known to be in the journal is granted while the log is away', async () => {
    const { leader } = await journalWorld((made, journal) => {
      journal.isAway = true;
      made.played.set(connector('a', { journaledEpoch: 1 }));
    });
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toEqual(['grant task/a/0 → w1']);
    expect(leader.loop.journalInStep).toBe(false);
  });

  test('that is not waits, and is granted when the log is back', async () => {
    const { leader, journal } = await journalWorld((_made, away) => {
      away.isAway = true;
    });
    await leader.ticks(50, 'w1');
    expect(leader.played.done).toEqual([]);
    journal.isAway = false;
    // More than the longest back-off.
    await leader.ticks(70, 'w1');
    expect(leader.played.done).toEqual(['journaled a 1', 'grant task/a/0 → w1']);
  });

  test('published while the one before is being written follows it', async () => {
    const { leader, journal } = await journalWorld();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await leader.ticks(5, 'w1');
    journal.beforeWrite = () => held;
    leader.played.set(connector('a', { taskEpoch: 2, version: 2, taskVersion: 2 }));
    leader.played.set(task('a', 0, { ordinal: 5, epoch: 2 }));
    leader.played.sets.set('a', { ...set, epoch: 2, version: 2 });
    await leader.ticks(2, 'w1');
    leader.played.set(connector('a', { taskEpoch: 3, version: 2, taskVersion: 2 }));
    leader.played.set(task('a', 0, { ordinal: 5, epoch: 3 }));
    leader.played.sets.set('a', { ...set, epoch: 3, version: 2 });
    await leader.ticks(2, 'w1');
    journal.beforeWrite = undefined;
    release();
    await leader.ticks(5, 'w1');
    expect(journal.writes.map(({ connectors }) => connectors[0]?.taskEpoch)).toEqual([1, 2, 3]);
    // Of the second one, nothing was ever granted.
    expect(leader.played.done.filter((done) => done.startsWith('journaled'))).toEqual([
      'journaled a 1',
      'journaled a 3',
    ]);
  });
});

describe('a request', () => {
  test('is written, and in a later turn applied', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    leader.played.before.set('applyRequest', () => {
      expect(journal.request?.id).toBe('r');
      expect(journal.connectors.get('a')?.value.targetState).toBe('PAUSED');
    });
    leader.played.requests.push(pause('r'));
    await leader.ticks(2, 'w1');
    expect(leader.played.done).toEqual(['applyRequest r', 'result done']);
    expect(leader.played.mark?.position).toBe(journal.state.position);
  });

  test('that creates a connector goes on from the epoch of one of its name that the journal still has', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.remove('units', 'task/a/0');
    leader.played.remove('units', 'connector/a');
    // Deleted, and gone before the journal was told.
    const entry = journal.connectors.get('a')?.value;
    if (!entry) throw new Error('it was written');
    const deleting = { ...entry, lifecycle: 'deleting', taskEpoch: 7 } as const;
    const { high, position } = journal.state;
    journal.state.learn({ connectors: [deleting], deleted: [], high }, position + 1);
    const next = new LeaderWorld({ journal: new MemoryJournal(journal) });
    next.played.set(w1);
    next.played.mark = journal.state.mark;
    next.played.epoch = 2;
    const definition = { name: 'a', config: { 'connector.class': 'Clock' } };
    next.played.requests.push({
      id: 'r',
      position: '1',
      body: { op: 'apply', mode: 'create', definitions: [definition] },
    });
    await next.started();
    await next.ticks(3, 'w1');
    expect(next.played.connector('a')?.taskEpoch).toBe(7);
    expect(journal.connectors.get('a')?.value).toMatchObject({ lifecycle: 'live', taskEpoch: 7 });
    expect(next.played.done).not.toContain('startQuarantine');
  });

  test('that changes no definition needs no journal, once it was read', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    journal.isAway = true;
    leader.played.requests.push(
      { id: 'r1', position: '1', body: { op: 'restart', connector: 'a' } },
      { id: 'r2', position: '2', body: { op: 'delete', connector: 'unknown' } },
    );
    await leader.ticks(1, 'w1');
    expect(leader.played.done).toEqual([
      'applyRequest r1',
      'result done',
      'applyRequest r2',
      'result refused',
    ]);
  });

  test('waits, with those after it, while the log is away; the turns go on', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    journal.isAway = true;
    leader.played.requests.push(pause('r1'), {
      id: 'r2',
      position: '2',
      body: { op: 'restart', connector: 'a' },
    });
    await leader.ticks(10, 'w1');
    expect(leader.played.done).toEqual([]);
    leader.played.claim('task/a/0');
    leader.played.set(task('a', 0, { ordinal: 5 }));
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toEqual(['grant task/a/0 → w1']);
    expect(leader.played.events.filter((event) => event.startsWith('journal'))).toEqual([
      'journal.away: changes wait for the journal memory-configs: the log does not answer',
    ]);
    journal.isAway = false;
    await leader.ticks(100, 'w1');
    expect(leader.played.done.slice(1)).toEqual([
      'applyRequest r1',
      'result done',
      'applyRequest r2',
      'result done',
    ]);
    expect(leader.played.events.filter((event) => event.startsWith('journal')).slice(1)).toEqual([
      'journal.back: the journal memory-configs can be written again',
    ]);
  });

  test('a log that never answers holds up no turn', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    journal.beforeWrite = () => new Promise(() => {});
    leader.played.requests.push(pause('r1'));
    await leader.ticks(10, 'w1');
    leader.played.set(task('a', 0, { ordinal: 5 }));
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toEqual(['grant task/a/0 → w1']);
  });

  test('the outage is told again each minute, not with each try', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    journal.isAway = true;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(Math.ceil(130_000 / leader.profile.tickMs), 'w1');
    const told = leader.played.events.filter((event) => event.startsWith('journal.away'));
    expect(told).toHaveLength(3);
    expect(leader.logged.filter((line) => line === 'warn requests wait')).toHaveLength(1);
  });
});

describe('a store that lost its data', () => {
  test('is filled before what the workers hold is adopted', async () => {
    const { leader } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    leader.played.loseData();
    leader.played.set(w1);
    const held = { unit: 'task/a/0', uid: set.uid, epoch: 1, fence: 100 };
    leader.played.reports.set(w1.incarnation, [held]);
    await leader.ticks(1, 'w1');
    await leader.ticks(Math.ceil(6_000 / leader.profile.tickMs), 'w1');
    const told = leader.played.done.filter((done) => /^(restore|adopt|endQ|startQ)/.test(done));
    expect(told.slice(-2)).toEqual(['adopt w1: task/a/0', 'endQuarantine']);
    expect(leader.played.events).toContain(
      'journal.restored: restored from memory-configs: 1 connectors, 1 tasks',
    );
    expect(told.slice(0, -2)).toContain('restore a');
    expect(told.slice(0, -2)).toContain('startQuarantine');
  });

  test('before this term began may have owners of what it gets back: they are asked first', async () => {
    const { leader } = await journalWorld((made, journal) => {
      const { taskCount: _count, ...definition } = connector('a');
      const tasks = [{ ordinal: 5, config: { n: '0' } }];
      const high = { ordinal: 5, fence: 1 };
      journal.state.learn({ connectors: [{ ...definition, tasks }], deleted: [], high }, 1);
      made.played.loseData();
      made.played.set(w1);
    });
    await leader.ticks(3, 'w1');
    expect(leader.played.done.slice(0, 2)).toEqual(['startQuarantine', 'restore a']);
  });

  test('without anybody noticing gets back what nobody deleted', async () => {
    const { leader } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.lose('connectors', 'a');
    await leader.ticks(10, 'w1');
    expect(leader.played.done).not.toContain('restore a');
    await leader.ticks(Math.ceil(31_000 / leader.profile.tickMs), 'w1');
    expect(leader.played.done).toContain('restore a');
  });

  test('is compared again also if it went back under the same name', async () => {
    const { leader } = await journalWorld();
    await leader.ticks(5, 'w1');
    const { mark } = leader.played;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(3, 'w1');
    leader.played.done.length = 0;
    // To a moment in which a quarantine ran, so that none begins now.
    leader.played.nonce = 'running';
    leader.played.revision = 1;
    leader.played.mark = mark;
    leader.played.set(w1, connector('a', { journaledEpoch: 1 }));
    await leader.ticks(2, 'w1');
    expect(leader.played.done).toContain('restore a');
  });

  test('just before a request is applied does not take the one before for followed', async () => {
    const { leader, journal } = await journalWorld();
    leader.played.set(connector('b'));
    await leader.ticks(5, 'w1');
    const { mark } = leader.played;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(3, 'w1');
    leader.played.requests.push({
      id: 'r2',
      position: '2',
      body: { op: 'target', connector: 'b', state: 'PAUSED' },
    });
    leader.played.before.set('applyRequest', () => {
      leader.played.before.clear();
      leader.played.mark = mark;
      leader.played.set(connector('a', { journaledEpoch: 1 }));
    });
    await leader.ticks(6, 'w1');
    for (const name of ['a', 'b']) {
      expect(leader.played.connector(name)?.targetState).toBe('PAUSED');
      expect(journal.connectors.get(name)?.value.targetState).toBe('PAUSED');
    }
    expect(leader.loop.journalInStep).toBe(true);
  });

  describe('and went on before anybody noticed', () => {
    /** And a few turns more. */
    const quarantineMs = 6_000;
    const restart = { op: 'restart', connector: 'a', task: 0 } as const;
    const rename: RequestBody = {
      op: 'apply',
      mode: 'upsert',
      definitions: [{ name: 'a', config: { ...connector('a').config, renamed: 'yes' } }],
    };

    /** Connector `a` is paused; `goBack` makes the store forget that. */
    async function paused(): Promise<JournalWorld & { readonly goBack: () => void }> {
      const world = await journalWorld();
      const { leader } = world;
      await leader.ticks(5, 'w1');
      const { mark } = leader.played;
      leader.played.requests.push(pause('r1'));
      await leader.ticks(3, 'w1');
      const goBack = (): void => {
        leader.played.mark = mark;
        leader.played.set(connector('a', { journaledEpoch: 1 }));
      };
      return { ...world, goBack };
    }

    test('is not believed against the journal', async () => {
      const { leader, journal, goBack } = await paused();
      goBack();
      await leader.ticks(3, 'w1');
      // Who owns what may be lost as well.
      const told = leader.played.done.filter((done) => /^(restore|startQ)/.test(done));
      expect(told).toEqual(['startQuarantine', 'restore a']);
      expect(leader.played.connector('a')?.targetState).toBe('PAUSED');
      expect(journal.connectors.get('a')?.value.targetState).toBe('PAUSED');
    });

    test('gets back what it lost before a request is decided', async () => {
      const { leader, goBack } = await paused();
      goBack();
      leader.played.requests.push(pause('r2'));
      await leader.ticks(4, 'w1');
      const told = leader.played.done.filter((done) => /^(restore|result)/.test(done));
      // With the restoration, the one that was lost is answered again.
      expect(told.slice(-3)).toEqual(['restore a', 'result done', 'result done']);
      expect(leader.played.connector('a')?.targetState).toBe('PAUSED');
    });

    test('is read anew where the leader still sees what is lost', async () => {
      const { leader, journal, goBack } = await paused();
      goBack();
      leader.played.goBack(connector('a', { journaledEpoch: 1 }));
      leader.played.requests.push({ id: 'r2', position: '2', body: rename });
      await leader.ticks(Math.ceil(quarantineMs / leader.profile.tickMs), 'w1');
      expect(leader.played.done).toContain('restore a');
      for (const record of [leader.played.connector('a'), journal.connectors.get('a')?.value]) {
        expect(record).toMatchObject({ targetState: 'PAUSED', version: 2 });
      }
    });

    test.each([1, 2])(
      'again before its mark moved on, %i times: it is restored again',
      async (times) => {
        const { leader, journal, goBack } = await paused();
        goBack();
        let left = times;
        leader.played.before.set('markJournaled', () => {
          if (--left === 0) leader.played.before.clear();
          leader.played.set(connector('a', { journaledEpoch: 1 }));
        });
        await leader.ticks(Math.ceil(quarantineMs / leader.profile.tickMs), 'w1');
        expect(leader.played.connector('a')?.targetState).toBe('PAUSED');
        expect(journal.connectors.get('a')?.value.targetState).toBe('PAUSED');
        expect(leader.loop.journalInStep).toBe(true);
      },
    );

    test('again and again: that holds nothing up for ever', async () => {
      const { leader, goBack } = await paused();
      goBack();
      leader.played.before.set('markJournaled', () =>
        leader.played.set(connector('a', { journaledEpoch: 1 })),
      );
      await leader.ticks(5, 'w1');
      expect(leader.played.done.filter((done) => done === 'restore a')).toHaveLength(4);
      expect(leader.loop.journalInStep).toBe(true);
    });

    test('while a request was applied: the next one is not decided on what is left', async () => {
      const { leader, journal, goBack } = await paused();
      leader.played.requests.push(
        { id: 'r2', position: '2', body: restart },
        { id: 'r3', position: '3', body: rename },
      );
      leader.played.before.set('applyRequest', () => {
        leader.played.before.clear();
        goBack();
      });
      await leader.ticks(Math.ceil(quarantineMs / leader.profile.tickMs), 'w1');
      for (const record of [leader.played.connector('a'), journal.connectors.get('a')?.value]) {
        expect(record).toMatchObject({ targetState: 'PAUSED', version: 2 });
        expect(record?.config['renamed']).toBe('yes');
      }
    });
  });

  test('the end of the quarantine waits for the journal, and not for ever', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    // Fails once, so that it has to be read again.
    journal.isAway = true;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(2, 'w1');
    leader.played.loseData();
    leader.played.set(w1);
    const seconds = async (count: number): Promise<void> =>
      leader.ticks(Math.ceil((count * 1_000) / leader.profile.tickMs), 'w1');
    await seconds(20);
    expect(leader.played.nonce).toBeDefined();
    await seconds(20);
    expect(leader.played.nonce).toBeUndefined();
  });
});

test('a leader without the journal of its cluster says so, once a term', async () => {
  const leader = new LeaderWorld();
  leader.played.mark = { journal: 'j', position: 1 };
  await leader.started();
  await leader.ticks(10);
  const told = leader.played.events.filter((event) => event.startsWith('journal.missing'));
  expect(told).toEqual([expect.stringContaining('KAFKA_BROKERS')]);
});

describe('a term', () => {
  test('that a newer leader’s write has ended is over, whatever the store says', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    const { epoch } = leader.played;
    journal.epoch = epoch + 5;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(100, 'w1');
    // The store still called it the leader: it asked for an epoch above the other's, and went on.
    expect(leader.played.done).toContain(`raiseEpoch ${epoch + 5}`);
    expect(leader.played.done).toContain('applyRequest r1');
    expect(leader.loop.term?.epoch).toBe(epoch + 6);
    // Where the journal did not say how much newer, it only stopped leading.
    expect(leader.leaderships).toEqual([true, false, true, false, true]);
  });

  test('that ends while something is written takes nothing of it along', async () => {
    const { leader, journal } = await journalWorld();
    await leader.ticks(5, 'w1');
    leader.played.done.length = 0;
    let release = (): void => {};
    journal.beforeWrite = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    leader.played.requests.push(pause('r1'));
    await leader.ticks(2, 'w1');
    leader.played.leadership = 'following';
    await leader.clock.advance(leader.profile.leaderRenewMs);
    expect(leader.loop.leads).toBe(false);
    release();
    await leader.ticks(20, 'w1');
    expect(leader.played.done).toEqual([]);
    expect(leader.loop.journalInStep).toBe(false);
  });
});
