import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import type { HeldUnit } from '../store.ts';
import {
  joinRequest,
  leadRequest,
  type MakeStore,
  startTestCluster,
  TestCluster,
  type TestMember,
} from './test-cluster.ts';

const task = taskUnit('orders', 0);

export function testLossOfEverything(make: MakeStore): void {
  test('after everything was lost a worker is to join again, and a quarantine begins', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.under.loseData();
    expect(await cluster.beat(member)).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toEqual(expect.any(String));
    expect((await cluster.everything()).dataset).not.toBe(member.dataset);
  });

  test('one loss is one quarantine, however many workers notice', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.under.loseData();
    await cluster.beat(a);
    const nonce = await cluster.store.quarantine();
    expect(await cluster.beat(b)).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toBe(nonce);
  });

  test('who comes late, when it is over, only joins again', async () => {
    await using cluster = await startTestCluster(make);
    const [a, late] = [await cluster.join('a'), await cluster.join('late')];
    const next = await loseAndLead(cluster);
    await next.beat(a);
    await endQuarantine(next);
    expect(await next.beat(late)).toEqual({ kind: 'rejoin' });
    expect(await next.store.quarantine()).toBeUndefined();
    const again = await next.join('late', rejoining(late, []));
    expect(await next.beat(again)).toMatchObject({ kind: 'ok', quarantined: false });
    expect(await next.store.quarantine()).toBeUndefined();
  });

  test('a join that knew what is lost begins the quarantine, too', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.under.loseData();
    await cluster.join('w', rejoining(member, []));
    expect(await cluster.store.quarantine()).toEqual(expect.any(String));
  });

  test('who was cordoned in what is lost is so again, as it says; a data set that was not lost knows better', async () => {
    await using cluster = await startTestCluster(make);
    const members = [await cluster.join('cordoned'), await cluster.join('other')];
    const rejoin = async (): Promise<string[]> => {
      for (const member of members) {
        const cordoned = member.worker === 'cordoned';
        const again = await cluster.join(member.worker, { ...rejoining(member, []), cordoned });
        Object.assign(member, again);
      }
      const found = [...(await cluster.everything()).members.values()];
      return found.flatMap((member) => (member?.cordoned ? [member.worker] : []));
    };
    expect(await rejoin()).toEqual([]);
    await cluster.under.loseData();
    expect(await rejoin()).toEqual(['cordoned']);
    const [cordoned] = members;
    expect(cordoned && (await cluster.beat(cordoned))).toMatchObject({ cordoned: true });
  });

  test('assignments show that data was lost, and a quarantine', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const read = () => cluster.store.assignments(member.worker, member.incarnation);
    const before = await read();
    expect(before).toMatchObject({ dataset: member.dataset, quarantined: false });
    expect(before.beat).toBeGreaterThanOrEqual(member.beat);
    await cluster.under.loseData();
    expect(await read()).toMatchObject({ dataset: '', beat: 0, quarantined: false, units: [] });
    await cluster.beat(member);
    expect(await read()).toMatchObject({ quarantined: true, units: [] });
  });

  test('a first join begins none', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.under.loseData();
    await cluster.join('w');
    expect(await cluster.store.quarantine()).toBeUndefined();
  });

  test('beats and revisions go on above all that was seen', async () => {
    await using cluster = await startTestCluster(make);
    const [member, other] = [await cluster.join('w'), await cluster.join('other')];
    await cluster.under.loseData();
    await cluster.beat(member, { beatSeen: 1_000, revisionSeen: 2_000 });
    await cluster.beat(other, { beatSeen: 5, revisionSeen: 5 });
    const again = await cluster.join('w', rejoining(member, []));
    expect(again.beat).toBeGreaterThan(1_000);
    expect(again.revision).toBeGreaterThan(2_000);
  });

  test('assignment revisions and epochs of leaders grow across a loss', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const before = await cluster.assignmentRevision(member);
    await cluster.under.elapse(20);
    const next = await loseAndLead(cluster);
    await next.beat(member);
    const again = await next.join('w', rejoining(member, []));
    expect(await next.assignmentRevision(again)).toBeGreaterThan(before);
    expect(next.term.epoch).toBeGreaterThan(cluster.term.epoch);
  });

  test('fences stay above all that was reported', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const high = Number.MAX_SAFE_INTEGER - 1_000;
    const next = await loseAndLead(cluster);
    await next.beat(member);
    const again = await next.join('w', rejoining(member, [held(task, { fence: high })]));
    await next.join('w', rejoining(member, [held(task, { fence: 5 })]));
    await endQuarantine(next);
    await next.define('orders');
    expect(await next.grant(connectorUnit('orders'), again)).toBeGreaterThan(high);
  });

  test('a term from before the loss is over', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.under.loseData();
    await expect(cluster.store.appendEvents(cluster.term, [])).rejects.toMatchObject({
      code: 'coordination.not_leader',
    });
  });
}

export function testRestoredState(make: MakeStore): void {
  test.each([
    ['beat', { beatSeen: 1_000_000 }],
    ['revision', { revisionSeen: 1_000_000 }],
  ])('a worker that saw a later %s than there is proves a loss', async (_what, seen) => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    expect(await cluster.beat(member, seen)).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toEqual(expect.any(String));
    const again = await cluster.join('w', rejoining(member, []));
    expect(again.dataset).not.toBe(member.dataset);
    expect(await cluster.beat(again, seen)).toMatchObject({ kind: 'ok', quarantined: true });
  });

  test('after an older state came back, every worker joins again, also who would not have noticed', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const restore = await cluster.under.saveData();
    const seen = await cluster.beat(a);
    await restore();
    const beatSeen = seen.kind === 'ok' ? seen.beat : 0;
    expect(await cluster.beat(a, { beatSeen })).toEqual({ kind: 'rejoin' });
    const nonce = await cluster.store.quarantine();
    expect(await cluster.beat(b)).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toBe(nonce);
  });

  test('what took the place of lost data is missed as well when it goes back', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.under.loseData();
    await cluster.beat(member);
    const again = await cluster.join('w', rejoining(member, []));
    const restore = await cluster.under.saveData();
    const seen = await cluster.beat(again);
    await restore();
    const beatSeen = seen.kind === 'ok' ? seen.beat : 0;
    expect(await cluster.beat(again, { beatSeen })).toEqual({ kind: 'rejoin' });
    expect((await cluster.everything()).dataset).not.toBe(again.dataset);
  });

  test('assignment revisions grow across it', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const restore = await cluster.under.saveData();
    for (const name of ['a', 'b', 'c']) await cluster.define(name);
    const before = await cluster.assignmentRevision(member);
    await cluster.under.elapse(20);
    await restore();
    await cluster.beat(member, { beatSeen: 1_000_000 });
    const again = await cluster.join('w', rejoining(member, []));
    expect(await cluster.assignmentRevision(again)).toBeGreaterThan(before);
  });

  test('a reader notices that an older state came back', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const restore = await cluster.under.saveData();
    await cluster.define('orders');
    const { revision, dataset } = await cluster.everything();
    await restore();
    await cluster.beat(member, { revisionSeen: revision });
    const changes = await cluster.store.changes(revision, dataset);
    expect(changes.kind).toBe('full');
    expect(changes.connectors.size).toBe(0);
  });

  test.each(['beats', 'joins'])(
    'a reader notices an older state that came back after its loss was noticed and forgotten, once one %s who knows more',
    async (how) => {
      await using cluster = await startTestCluster(make);
      const member = await cluster.join('w');
      const restore = await cluster.under.saveData();
      await cluster.define('orders');
      const { revision, dataset } = await cluster.everything();
      await restore();
      await cluster.beat(member, { revisionSeen: revision });
      const again = await cluster.join('w', rejoining(member, []));
      await restore();
      expect((await cluster.everything()).dataset).toBe(dataset);
      if (how === 'beats') await cluster.beat(again, { revisionSeen: revision });
      else {
        const { dataset: joined } = await cluster.join('w', rejoining(again, []));
        expect(joined).toBe((await cluster.everything()).dataset);
      }
      const changes = await cluster.store.changes(revision, dataset);
      expect(changes.kind).toBe('full');
      expect(changes.dataset).not.toBe(dataset);
      expect(await cluster.store.quarantine()).toEqual(expect.any(String));
    },
  );

  test('who was declared dead stays so, though it knew what is lost', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.kill(member);
    expect(await cluster.beat(member, { beatSeen: 1_000_000 })).toEqual({ kind: 'fenced' });
    expect(await cluster.store.quarantine()).toBeUndefined();
  });
}

export function testQuarantine(make: MakeStore): void {
  test('nobody is granted or claims anything while it lasts', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('logs');
    const logs = connectorUnit('logs');
    const fence = await cluster.grant(logs, member);
    await cluster.define('orders');
    await cluster.store.startQuarantine(cluster.term);
    const again = await cluster.join('w', rejoining(member, []));
    expect(await cluster.beat(again)).toMatchObject({ kind: 'ok', quarantined: true });
    expect(await cluster.grantRefusal(connectorUnit('orders'), again)).toBe('quarantined');
    expect(await cluster.claim(again, logs, fence)).toEqual({ kind: 'stale' });

    const before = await cluster.assignmentRevision(again);
    await endQuarantine(cluster);
    expect(await cluster.beat(again)).toMatchObject({ kind: 'ok', quarantined: false });
    // Whoever held still is told to look again.
    expect(await cluster.assignmentRevision(again)).toBeGreaterThan(before);
    expect(await cluster.claim(again, logs, fence)).toMatchObject({ kind: 'claimed' });
    expect(await cluster.grantRefusal(connectorUnit('orders'), again)).toBeUndefined();
  });

  test('one that the leader starts makes every worker join again', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.startQuarantine(cluster.term);
    expect(await cluster.beat(member)).toEqual({ kind: 'rejoin' });
  });

  test('one that runs is not started again', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.startQuarantine(cluster.term);
    const [nonce, { dataset }] = [await cluster.store.quarantine(), await cluster.everything()];
    await cluster.store.startQuarantine(cluster.term);
    expect(await cluster.store.quarantine()).toBe(nonce);
    expect((await cluster.everything()).dataset).toBe(dataset);
  });

  test('the one that was waited for is ended, not a later one', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.startQuarantine(cluster.term);
    const nonce = (await cluster.store.quarantine()) ?? '';
    const again = await cluster.join('w', rejoining(member, []));
    await cluster.beat(again, { beatSeen: 1_000_000 });
    const later = (await cluster.store.quarantine()) ?? '';
    expect(later).not.toBe(nonce);
    expect(await cluster.store.endQuarantine(cluster.term, nonce)).toBe(false);
    expect(await cluster.store.quarantine()).toBe(later);
    expect(await cluster.store.endQuarantine(cluster.term, later)).toBe(true);
    expect(await cluster.store.endQuarantine(cluster.term, later)).toBe(false);
  });

  test('what workers report is known until it ends', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.store.startQuarantine(cluster.term);
    const units = [held(task, { fence: 5 })];
    await cluster.join('a', rejoining(a, units));
    await cluster.join('b', rejoining(b, []));
    await cluster.join('c');
    expect(await cluster.store.held()).toEqual(
      new Map([
        [a.incarnation, units],
        [b.incarnation, []],
      ]),
    );
    await endQuarantine(cluster);
    expect(await cluster.store.held()).toEqual(new Map());
  });

  test('what was reported before a further loss has to be reported again', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.startQuarantine(cluster.term);
    const again = await cluster.join('w', rejoining(member, [held(task, { fence: 5 })]));
    expect((await cluster.store.held()).size).toBe(1);
    await cluster.beat(again, { beatSeen: 1_000_000 });
    expect((await cluster.store.held()).size).toBe(0);
  });

  test('what somebody reports when none runs is not kept', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.join('w', rejoining(member, [held(task, { fence: 5 })]));
    expect((await cluster.store.held()).size).toBe(0);
  });

  test('who ends takes its report along', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.store.startQuarantine(cluster.term);
    await cluster.join('a', rejoining(a, []));
    await cluster.join('b', rejoining(b, []));
    await cluster.store.leave('a', a.incarnation);
    await cluster.kill(b);
    await cluster.store.forget(cluster.term, 'b', b.incarnation);
    expect((await cluster.store.held()).size).toBe(0);
  });
}

export function testAdoption(make: MakeStore): void {
  test('a unit is given back in place: its holder goes on under its fence', async () => {
    await using cluster = await startTestCluster(make);
    const { member, restored, unit } = await heldAcrossRestore(cluster);
    expect((await cluster.unit(task)).state).toBe('free');
    const before = await cluster.assignmentRevision(restored);
    expect(await adopt(cluster, restored, unit)).toBe(true);
    expect(await cluster.assignmentRevision(restored)).toBeGreaterThan(before);
    expect(await cluster.unit(task)).toMatchObject({
      state: 'claimed',
      worker: member.worker,
      incarnation: member.incarnation,
      heldEpoch: 1,
      fence: unit.fence,
    });
    expect((await cluster.assigned(restored)).map((each) => each.unit)).toContain(task);
    await endQuarantine(cluster);
    expect(await cluster.release(restored, task, unit.fence)).toBe(true);
  });

  test('an adopted connector keeps no task from being granted', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 1);
    const own = connectorUnit('orders');
    const { fence } = await cluster.unit(own);
    const unit = { unit: own, uid, epoch: 0, fence: fence + 10 };
    expect(await adopt(cluster, member, unit)).toBe(true);
    expect(await cluster.grantRefusal(task, member)).toBeUndefined();
  });

  test('an adopted task keeps tasks of a newer set from being granted', async () => {
    await using cluster = await startTestCluster(make);
    const { restored, unit } = await heldAcrossRestore(cluster, 2);
    await adopt(cluster, restored, unit);
    await endQuarantine(cluster);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', restored, 2);
    const other = await cluster.join('b');
    expect(await cluster.grantRefusal(taskUnit('orders', 1), other)).toBe('older-epoch-held');
  });

  test('the highest fence wins, in whatever order they are adopted', async () => {
    await using cluster = await startTestCluster(make);
    const { restored, unit } = await heldAcrossRestore(cluster);
    const other = await cluster.join('b');
    const higher = { ...unit, fence: unit.fence + 10 };
    expect(await adopt(cluster, restored, unit)).toBe(true);
    const status = { state: 'RUNNING', attempts: 1 } as const;
    const { worker, incarnation } = restored;
    await cluster.store.report(worker, incarnation, [{ ...unit, status }]);
    const before = await cluster.assignmentRevision(restored);
    expect(await adopt(cluster, other, higher)).toBe(true);
    expect(await adopt(cluster, restored, unit)).toBe(false);
    expect(await cluster.unit(task)).toMatchObject({ worker: 'b', fence: higher.fence });
    expect(await cluster.unit(task)).not.toHaveProperty('status');
    expect((await cluster.assigned(restored)).map((each) => each.unit)).not.toContain(task);
    expect(await cluster.assignmentRevision(restored)).toBeGreaterThan(before);
  });

  test('who still owns it by the record is confirmed', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const { uid } = await cluster.connector('orders');
    const { revision } = await cluster.everything();
    expect(await adopt(cluster, member, { unit, uid, epoch: 1, fence })).toBe(true);
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('a claim that was lost is made good', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const { uid } = await cluster.connector('orders');
    const fence = await cluster.grant(task, member);
    expect(await adopt(cluster, member, { unit: task, uid, epoch: 1, fence })).toBe(true);
    expect((await cluster.unit(task)).state).toBe('claimed');
  });

  test('a new fence that was lost is made good, an older one is not taken back', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const { uid } = await cluster.connector('orders');
    const renewed = fence + 5;
    expect(await adopt(cluster, member, { unit, uid, epoch: 1, fence: renewed })).toBe(true);
    expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', fence: renewed });
    expect(await adopt(cluster, member, { unit, uid, epoch: 1, fence })).toBe(false);
    expect((await cluster.unit(unit)).fence).toBe(renewed);
    expect((await cluster.assigned(member)).map((each) => each.unit)).toContain(unit);
  });

  test('a unit that was freed under the same fence is not given back', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const { uid } = await cluster.connector('orders');
    await cluster.release(member, unit, fence);
    expect(await adopt(cluster, member, { unit, uid, epoch: 1, fence })).toBe(false);
    expect((await cluster.unit(unit)).state).toBe('free');
  });

  test('fences go on above an adopted one, also of a unit that was deleted meanwhile', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 1);
    // As if the clock that fences come from had gone back by decades.
    const high = Number.MAX_SAFE_INTEGER - 1_000;
    await adopt(cluster, member, { unit: task, uid, epoch: 1, fence: high });
    await cluster.release(member, task, high);
    const second = await cluster.own(task, member);
    expect(second).toBeGreaterThan(high);
    const { worker, incarnation } = member;
    const [third = 0] = await cluster.store.refence(worker, incarnation, [
      { unit: task, fence: second },
    ]);
    expect(third).toBeGreaterThan(second);

    await cluster.stop('orders');
    await cluster.release(member, task, third);
    expect(await cluster.exists(task)).toBe(false);
    await cluster.alter('orders', { targetState: 'STARTED' });
    await cluster.publish('orders', member, 1);
    expect(await cluster.grant(task, member)).toBeGreaterThan(third);
  });

  test('not adopted is what is gone, another’s by uid, of a lost epoch or a lower fence', async () => {
    await using cluster = await startTestCluster(make);
    const { restored, unit } = await heldAcrossRestore(cluster);
    const before = await cluster.everything();
    expect(await adopt(cluster, restored, { ...unit, unit: taskUnit('orders', 9) })).toBe(false);
    expect(await adopt(cluster, restored, { ...unit, uid: 'another' })).toBe(false);
    expect(await adopt(cluster, restored, { ...unit, epoch: 2 })).toBe(false);
    expect(await adopt(cluster, restored, { ...unit, fence: 0 })).toBe(false);
    expect(await cluster.everything()).toEqual(before);
  });

  test('not adopted is what is not wanted any more', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { unit, fence } = await cluster.runTask('orders', a);
    const { uid } = await cluster.connector('orders');
    await cluster.stop('orders');
    expect(await adopt(cluster, b, { unit, uid, epoch: 1, fence: fence + 1 })).toBe(false);
    expect(await cluster.unit(unit)).toMatchObject({ worker: 'a', fence });
  });

  test('nothing is given to who is not a live member', async () => {
    await using cluster = await startTestCluster(make);
    const { restored, unit } = await heldAcrossRestore(cluster);
    expect(await adopt(cluster, { ...restored, incarnation: 'another' }, unit)).toBe(false);
    await cluster.kill(restored);
    expect(await adopt(cluster, restored, unit)).toBe(false);
    expect((await cluster.unit(task)).state).toBe('free');
  });
}

/** A member that claimed a task which the restored state says is free. */
async function heldAcrossRestore(
  cluster: TestCluster,
  tasks = 1,
): Promise<{ member: TestMember; restored: TestMember; unit: HeldUnit }> {
  const member = await cluster.join('w');
  const { uid } = await cluster.run('orders', member, tasks);
  const restore = await cluster.under.saveData();
  const fence = await cluster.own(task, member);
  const { revision } = await cluster.everything();
  await restore();
  await cluster.beat(member, { revisionSeen: revision });
  const unit = held(task, { uid, fence });
  const restored = await cluster.join('w', rejoining(member, [unit]));
  return { member, restored, unit };
}

async function adopt(
  cluster: TestCluster,
  { worker, incarnation }: TestMember,
  unit: HeldUnit,
): Promise<boolean> {
  const [adopted] = await cluster.store.adopt(cluster.term, worker, incarnation, [unit]);
  return adopted === true;
}

function held(unit: string, changes: Partial<HeldUnit>): HeldUnit {
  return { unit, uid: 'uid', epoch: 1, fence: 1, ...changes };
}

function rejoining(
  { worker, incarnation, dataset }: TestMember,
  holding: readonly HeldUnit[],
): ReturnType<typeof joinRequest> {
  return joinRequest(worker, incarnation, { holding, knownDataset: dataset });
}

async function loseAndLead(cluster: TestCluster): Promise<TestCluster> {
  await cluster.under.loseData();
  const reply = await cluster.store.lead(leadRequest('coordinator', 3_600_000));
  if (reply.kind !== 'leading') throw new Error('nobody else leads');
  return new TestCluster(cluster.under, reply.term);
}

async function endQuarantine(cluster: TestCluster): Promise<void> {
  const nonce = await cluster.store.quarantine();
  expect(await cluster.store.endQuarantine(cluster.term, nonce ?? '')).toBe(true);
}
