/** What the leader remembers besides the store: small things that a new leader does without. */
import { describe, expect, test } from 'vitest';

import type { StartJob } from '../src/dispatch.ts';
import { HeldSeats } from '../src/held-seats.ts';
import { MembershipChanges } from '../src/membership-changes.ts';
import type { ConnectorRecord, MemberRecord, UnitRecord } from '../src/model.ts';
import { timingProfile, timingProfiles } from '../src/profile.ts';
import { Quarantine } from '../src/quarantine.ts';
import type { HeldUnit } from '../src/store.ts';
import { UnclaimedGrants } from '../src/unclaimed-grants.ts';
import { connector, member, ownedBy, task } from './records.ts';

function byName(...members: MemberRecord[]): Map<string, MemberRecord> {
  return new Map(members.map((each) => [each.worker, each]));
}

describe('quarantine', () => {
  const waitMs = timingProfiles.default.deadAfterMs + 1_000;

  test('none: nothing to do', () => {
    expect(new Quarantine(timingProfiles.default).next(undefined, 0, 0)).toEqual({ kind: 'none' });
  });

  test('lasts until everybody who could act has spoken or is quiet', () => {
    const quarantine = new Quarantine(timingProfiles.default);
    expect(quarantine.next('a', 1_000, 0)).toEqual({ kind: 'began' });
    expect(quarantine.next('a', 1_001, 0)).toEqual({ kind: 'waiting' });
    expect(quarantine.next('a', 1_000 + waitMs - 1, 0)).toEqual({ kind: 'waiting' });
    expect(quarantine.next('a', 1_000 + waitMs, 0)).toEqual({ kind: 'over', nonce: 'a' });
    expect(quarantine.next(undefined, 1_000 + waitMs, 0)).toEqual({ kind: 'none' });
  });

  test('a worker with a longer lease is waited for', () => {
    const quarantine = new Quarantine(timingProfiles.fast);
    quarantine.next('a', 0, 4_000);
    expect(quarantine.next('a', 4_999, 4_000)).toEqual({ kind: 'waiting' });
    expect(quarantine.next('a', 5_000, 4_000)).toEqual({ kind: 'over', nonce: 'a' });
  });

  test('another loss begins another one', () => {
    const quarantine = new Quarantine(timingProfiles.default);
    quarantine.next('a', 0, 0);
    expect(quarantine.next('b', waitMs, 0)).toEqual({ kind: 'began' });
    expect(quarantine.next('b', 2 * waitMs - 1, 0)).toEqual({ kind: 'waiting' });
    expect(quarantine.next(undefined, 2 * waitMs, 0)).toEqual({ kind: 'none' });
    // The same nonce after an end cannot be, but would be one of its own.
    expect(quarantine.next('b', 3 * waitMs, 0)).toEqual({ kind: 'began' });
  });

  test('of several who report a unit, the highest fence is adopted, and of live members only', () => {
    const quarantine = new Quarantine(timingProfiles.default);
    const held = (unit: string, fence: number): HeldUnit => ({ unit, fence, uid: 'u', epoch: 1 });
    const reports = new Map([
      ['w1#1', [held('task/a/0', 5), held('task/a/1', 5)]],
      ['w2#1', [held('task/a/0', 7)]],
      ['w3#1', [held('task/a/2', 9)]],
      ['w4#1', [held('task/a/1', 4)]],
      ['w5#0', [held('task/a/3', 1)]],
    ]);
    const members = byName(
      member('w1'),
      member('w2', { state: 'draining' }),
      member('w3', { state: 'dead' }),
      member('w4'),
      member('w5'),
    );
    expect(quarantine.adoptions(reports, members)).toEqual([
      { worker: 'w1', incarnation: 'w1#1', units: [held('task/a/1', 5)] },
      { worker: 'w2', incarnation: 'w2#1', units: [held('task/a/0', 7)] },
    ]);
  });
});

describe('unclaimed grants', () => {
  const afterMs = 400;
  const job: StartJob = {
    unit: 'task/a/0',
    fence: 10,
    worker: 'w1',
    incarnation: 'w1#1',
    reason: 'first assignment',
  };
  const w1 = member('w1');
  const seen = (changes: Partial<UnitRecord>): Map<string, UnitRecord> =>
    new Map([['task/a/0', task('a', 0, changes)]]);
  const granted = seen(ownedBy(w1, { state: 'granted', fence: 10 }));

  test('one is reminded of, three times at most', () => {
    const grants = new UnclaimedGrants();
    grants.granted(job, 0);
    expect(grants.overdue(granted, 399, afterMs)).toEqual([]);
    expect(grants.overdue(granted, 400, afterMs)).toEqual([job]);
    expect(grants.overdue(granted, 799, afterMs)).toEqual([]);
    expect(grants.overdue(granted, 800, afterMs)).toEqual([job]);
    expect(grants.overdue(granted, 1_200, afterMs)).toEqual([job]);
    expect(grants.overdue(granted, 9_000, afterMs)).toEqual([]);
  });

  test('a view that does not show the grant yet does not end it', () => {
    const grants = new UnclaimedGrants();
    grants.granted(job, 0);
    expect(grants.overdue(seen({ fence: 3 }), 400, afterMs)).toEqual([job]);
  });

  test.each([
    ['claimed', seen(ownedBy(w1, { fence: 10 }))],
    ['revoked', seen({ state: 'free', fence: 10 })],
    ['granted anew', seen(ownedBy(w1, { state: 'granted', fence: 11 }))],
    ['deleted', new Map<string, UnitRecord>()],
  ])('it is forgotten once the unit is %s', (_what, units) => {
    const grants = new UnclaimedGrants();
    grants.granted(job, 0);
    expect(grants.overdue(units, 400, afterMs)).toEqual([]);
    expect(grants.overdue(granted, 800, afterMs)).toEqual([]);
  });

  test('a new leader begins without any', () => {
    const grants = new UnclaimedGrants();
    grants.granted(job, 0);
    grants.clear();
    expect(grants.overdue(granted, 400, afterMs)).toEqual([]);
  });
});

describe('why a rerun happens', () => {
  test('nothing was noted', () => {
    expect(new MembershipChanges().take()).toBeUndefined();
  });

  test('each cause once, and forgotten when taken', () => {
    const changes = new MembershipChanges();
    changes.note('lease of w1 expired');
    changes.note('w2 joined');
    changes.note('lease of w1 expired');
    expect(changes.take()).toBe('lease of w1 expired, w2 joined');
    expect(changes.take()).toBeUndefined();
  });

  test('many are summed up', () => {
    const changes = new MembershipChanges();
    for (let number = 1; number <= 5; number++) changes.note(`w${number} joined`);
    expect(changes.take()).toBe('w1 joined, w2 joined, w3 joined and 2 more');
  });

  const noted = (before: MemberRecord[], after: MemberRecord[]): unknown => {
    const changes = new MembershipChanges();
    const outcome = changes.noteMembers(byName(...before), byName(...after));
    return { ...outcome, cause: changes.take() };
  };

  test.each([
    ['joined', [], [member('w1')], { joined: ['w1'], gone: [], cause: 'w1 joined' }],
    [
      'back under its name',
      [member('w1')],
      [member('w1', { incarnation: 'w1#2' })],
      { joined: ['w1'], gone: [], cause: 'w1 joined' },
    ],
    ['unchanged', [member('w1')], [member('w1')], { joined: [], gone: [], cause: undefined }],
    [
      'draining',
      [member('w1')],
      [member('w1', { state: 'draining' })],
      { joined: [], gone: [], cause: 'w1 drains' },
    ],
    [
      'draining as before: that was told',
      [member('w1', { state: 'draining' })],
      [member('w1', { state: 'draining', address: 'elsewhere:8084' })],
      { joined: [], gone: [], cause: undefined },
    ],
    [
      'gone after it drained: that was told',
      [member('w1', { state: 'draining' })],
      [],
      { joined: [], gone: ['w1'], cause: undefined },
    ],
    [
      'gone after its death: that was told',
      [member('w1', { state: 'dead' })],
      [],
      { joined: [], gone: ['w1'], cause: undefined },
    ],
    ['gone', [member('w1')], [], { joined: [], gone: ['w1'], cause: 'w1 left' }],
    [
      'draining when it is first seen',
      [],
      [member('w1', { state: 'draining' })],
      { joined: [], gone: [], cause: undefined },
    ],
    [
      'cordoned',
      [member('w1')],
      [member('w1', { cordoned: true })],
      { joined: [], gone: [], cause: 'w1 was cordoned' },
    ],
    [
      'cordoned as before: that was told',
      [member('w1', { cordoned: true })],
      [member('w1', { cordoned: true, address: 'elsewhere:8084' })],
      { joined: [], gone: [], cause: undefined },
    ],
    [
      'uncordoned',
      [member('w1', { cordoned: true })],
      [member('w1')],
      { joined: [], gone: [], uncordoned: ['w1'], cause: 'w1 was uncordoned' },
    ],
    [
      'back, and cordoned',
      [member('w1')],
      [member('w1', { incarnation: 'w1#2', cordoned: true })],
      { joined: ['w1'], gone: [], cause: 'w1 joined, cordoned' },
    ],
  ])('a worker is %s', (_what, before, after, expected) => {
    expect(noted(before, after)).toEqual({ uncordoned: [], ...expected });
  });

  test('connectors that come, get tasks, and go', () => {
    const changes = new MembershipChanges();
    const note = (record: ConnectorRecord | undefined): string | undefined => {
      changes.noteConnectors(new Map([['a', record]]));
      return changes.take();
    };
    expect(note(connector('a', { taskEpoch: 0 }))).toBe('a created');
    expect(note(connector('a', { taskEpoch: 1, taskCount: 1 }))).toBe('a has 1 task');
    expect(note(connector('a', { taskEpoch: 1, targetState: 'PAUSED' }))).toBeUndefined();
    expect(note(connector('a', { taskEpoch: 2, taskCount: 5 }))).toBe('a has 5 tasks');
    expect(note(undefined)).toBe('a deleted');
    expect(note(undefined)).toBeUndefined();
  });
});

describe('seats of workers that announced their return', () => {
  const returning = member('w2', { state: 'draining', returns: true });

  test('one is held for its time', () => {
    const seats = new HeldSeats(1_000);
    seats.left(returning, 0);
    expect(seats.expire(byName(member('w1')), 999)).toBe(false);
    expect(seats.list()).toEqual([{ worker: 'w2', slot: 1 }]);
    expect(seats.expire(byName(member('w1')), 1_000)).toBe(true);
    expect(seats.list()).toEqual([]);
    expect(seats.expire(byName(member('w1')), 2_000)).toBe(false);
  });

  test.each([
    ['the worker is back', [member('w2')]],
    ['the worker is back in another one', [member('w2', { slot: 5 })]],
    ['another has its slot', [member('w9', { slot: 1 })]],
  ])('not once %s', (_what, members) => {
    const seats = new HeldSeats(1_000);
    seats.left(returning, 0);
    expect(seats.expire(byName(...members), 1)).toBe(true);
    expect(seats.list()).toEqual([]);
  });

  test('none for a worker that said nothing of the kind', () => {
    const seats = new HeldSeats(1_000);
    seats.left(member('w2', { state: 'draining' }), 0);
    seats.left(member('w3', { state: 'dead' }), 0);
    seats.left(undefined, 0);
    expect(seats.list()).toEqual([]);
  });
});

describe('timing profiles', () => {
  test.each(Object.entries(timingProfiles))(
    '%s: a worker is quiet before anybody else may act',
    (_name, p) => {
      expect(p.heartbeatIntervalMs * 2).toBeLessThan(p.pauseAfterMs);
      expect(p.pauseAfterMs).toBeLessThan(p.quiesceAfterMs);
      expect(p.quiesceAfterMs).toBeLessThan(p.killAfterMs);
      // Clocks may run 10 % apart.
      expect(p.killAfterMs * 1.1).toBeLessThan(p.deadAfterMs);
      expect(p.leaderRenewMs * 2).toBeLessThan(p.leaderLeaseMs);
      expect(timingProfile(_name)).toBe(p);
    },
  );

  test('an unknown one is refused by name', () => {
    expect(() => timingProfile('slow')).toThrow(
      'unknown timing profile "slow": use one of default, fast',
    );
  });
});
