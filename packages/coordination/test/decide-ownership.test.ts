import { describe, expect, test } from 'vitest';

import {
  decideOwnership,
  type OwnershipDecision,
  type OwnershipPolicy,
} from '../src/decide-ownership.ts';
import type { ConnectorRecord, MemberRecord, UnitRecord } from '../src/model.ts';
import { PluginCatalog } from '../src/plugin-catalog.ts';
import {
  actor,
  clockPlugin,
  connector,
  member,
  ownedBy,
  plugin,
  type Records,
  task,
  viewOf,
} from './records.ts';

const policy: OwnershipPolicy = {
  movement: 'minimal',
  balanceMovesMax: Number.POSITIVE_INFINITY,
  penalties: new Map(),
};
const printer = plugin('example.Printer', { type: 'sink' });
const [w1, w2, w3] = ['w1', 'w2', 'w3'].map((name) => member(name)) as [
  MemberRecord,
  MemberRecord,
  MemberRecord,
];

function decide(records: Records, changes: Partial<OwnershipPolicy> = {}): OwnershipDecision {
  const view = viewOf({ connectors: [connector('a')], ...records });
  return decideOwnership(view, new PluginCatalog([clockPlugin, printer]), {
    ...policy,
    ...changes,
  });
}

function tasks(count: number, changes: (number: number) => Partial<UnitRecord>): UnitRecord[] {
  return Array.from({ length: count }, (_, number) => task('a', number, changes(number)));
}

/** `task/a/0 → w1`. */
function grants({ grant }: OwnershipDecision): string[] {
  return grant.map(({ unit, worker }) => `${unit} → ${worker}`);
}

/** `task/a/0 (drain)`. */
function revokes({ revoke }: OwnershipDecision): string[] {
  return revoke.map(({ unit, why }) => `${unit} (${why})`);
}

describe('what has no owner', () => {
  test('a cold start is the formula, for connectors and tasks apart', () => {
    const decision = decide({
      members: [w3, w1, w2],
      connectors: [connector('a'), connector('b')],
      units: [actor('a'), actor('b'), ...tasks(4, () => ({}))],
    });
    expect(grants(decision)).toEqual([
      'connector/a → w1',
      'connector/b → w2',
      'task/a/0 → w1',
      'task/a/1 → w2',
      'task/a/2 → w3',
      'task/a/3 → w1',
    ]);
    expect(decision).toMatchObject({ workers: 3, placed: 4, orphans: 0, moves: 0, revoke: [] });
  });

  test('a grant is for the unit as it is wanted now', () => {
    const units = [task('a', 0, { uid: 'u', epoch: 4, lastWorker: 'w9' })];
    expect(
      decide({ members: [w1], connectors: [connector('a', { uid: 'u' })], units }).grant,
    ).toEqual([
      { unit: 'task/a/0', uid: 'u', epoch: 4, worker: 'w1', incarnation: 'w1#1', from: 'w9' },
    ]);
  });

  test('orphans are dealt at once, also while balancing has to wait', () => {
    const decision = decide(
      {
        members: [w1, w2],
        units: tasks(6, (n) => (n < 3 ? ownedBy(w1) : { lastWorker: 'w3' })),
      },
      { balanceMovesMax: 0 },
    );
    expect(grants(decision)).toEqual(['task/a/3 → w2', 'task/a/4 → w2', 'task/a/5 → w2']);
    expect(decision).toMatchObject({ orphans: 3, moves: 3, placed: 0, workers: 2 });
  });

  test('what a dead worker still owns is no orphan to be granted yet', () => {
    const decision = decide({
      members: [w1, member('w2', { state: 'dead' })],
      units: [task('a', 0, ownedBy(w2))],
    });
    expect(decision).toMatchObject({ grant: [], revoke: [], orphans: 1, workers: 1 });
  });

  test.each<[string, readonly MemberRecord[], string]>([
    ['nobody joined', [], 'no worker has joined'],
    [
      'all leave',
      [member('w1', { state: 'draining' })],
      'no worker is up: all are draining or restarting',
    ],
    [
      'nobody has the plugin',
      [member('w1', { plugins: [printer] })],
      'no worker that is up has the plugin example.Clock',
    ],
    [
      'it did not load there',
      [member('w1', { plugins: [{ ...clockPlugin, error: 'it throws' }] })],
      'no worker that is up has the plugin example.Clock',
    ],
  ])('it waits while %s', (_what, members, reason) => {
    const decision = decide({ members, units: [task('a', 0)] });
    expect(decision).toMatchObject({ grant: [], placed: 0 });
    expect(decision.unplaceable).toEqual([{ id: 'task/a/0', reason }]);
  });

  test('a definition may name its plugin by an alias', () => {
    const both = member('w2', { plugins: [clockPlugin, printer] });
    const decision = decide({
      members: [member('w1', { plugins: [printer] }), both],
      connectors: [connector('a', { config: { 'connector.class': 'Clock' } })],
      units: tasks(2, () => ({})),
    });
    expect(grants(decision)).toEqual(['task/a/0 → w2', 'task/a/1 → w2']);
  });
});

describe('what is not wanted', () => {
  test('a retired unit is revoked while it is owned, then swept', () => {
    const decision = decide({
      members: [w1],
      units: [
        task('a', 0, ownedBy(w1, { retired: true })),
        task('a', 1, ownedBy(w1, { retired: true, state: 'revoking' })),
        task('a', 2, { retired: true }),
      ],
    });
    expect(revokes(decision)).toEqual(['task/a/0 (retired)']);
    expect(decision.sweepUnits).toEqual(['task/a/2']);
    expect(decision.grant).toEqual([]);
  });

  test('one that is free already keeps no other from being granted', () => {
    const units = [task('a', 0), task('a', 1, { retired: true })];
    const decision = decide({ members: [w1], units });
    expect(grants(decision)).toEqual(['task/a/0 → w1']);
    expect(decision.sweepUnits).toEqual(['task/a/1']);
  });

  test('units of a connector that is being deleted, or of its deleted namesake, are given to nobody', () => {
    const records = (record: ConnectorRecord): Records => ({
      members: [w1],
      connectors: [record],
      units: [task('a', 0)],
    });
    expect(decide(records(connector('a', { lifecycle: 'deleting' }))).grant).toEqual([]);
    expect(decide(records(connector('a', { uid: 'another' }))).grant).toEqual([]);
  });

  test('a deleted connector is swept once none of its units is owned', () => {
    const deleting = connector('a', { lifecycle: 'deleting' });
    const owned = task('a', 0, ownedBy(w1, { retired: true }));
    const records = { members: [w1], connectors: [deleting, connector('b')] };
    expect(decide({ ...records, units: [owned] }).sweepConnectors).toEqual([]);
    expect(decide({ ...records, units: [] }).sweepConnectors).toEqual(['a']);
    expect(
      decide({ ...records, units: [task('a', 0, { retired: true })] }).sweepConnectors,
    ).toEqual(['a']);
  });
});

describe('a newer set of tasks', () => {
  test('no task of it is granted while one of an older set is owned, a removed one included', () => {
    const held = ownedBy(w1, { epoch: 2, heldEpoch: 1 });
    const decision = decide({
      members: [w1, w2],
      units: [
        task('a', 0, held),
        task('a', 1, { ...held, state: 'revoking' }),
        task('a', 2, { epoch: 2 }),
      ],
    });
    expect(revokes(decision)).toEqual(['task/a/0 (older epoch)']);
    expect(decision.grant).toEqual([]);
    const removed = decide({
      members: [w1],
      units: [task('a', 0, { epoch: 2 }), task('a', 5, ownedBy(w1, { retired: true }))],
    });
    expect(removed.grant).toEqual([]);
  });

  test('what is held of an older set is revoked for that alone, wherever it is to be', () => {
    const units = tasks(2, () => ownedBy(w1, { epoch: 2, heldEpoch: 1 }));
    const decision = decide({ members: [w1, w2], units }, { movement: 'literal' });
    expect(revokes(decision)).toEqual(['task/a/0 (older epoch)', 'task/a/1 (older epoch)']);
  });

  test('other connectors, and the connector itself, do not wait for it', () => {
    const decision = decide({
      members: [w1],
      connectors: [connector('a'), connector('b')],
      units: [task('a', 0, ownedBy(w1, { epoch: 2, heldEpoch: 1 })), task('b', 0), actor('a')],
    });
    expect(grants(decision)).toEqual(['connector/a → w1', 'task/b/0 → w1']);
  });

  test('a connector’s unit that its deleted namesake still owns is revoked, and its tasks need not wait', () => {
    const decision = decide({
      members: [w1],
      units: [actor('a', ownedBy(w1, { epoch: 1, heldEpoch: 0 })), task('a', 0)],
    });
    expect(revokes(decision)).toEqual(['connector/a (older epoch)']);
    expect(grants(decision)).toEqual(['task/a/0 → w1']);
  });
});

describe('with a journal', () => {
  const records = {
    members: [w1, w2],
    connectors: [
      connector('a', { journaledEpoch: 1 }),
      connector('b', { taskEpoch: 2, journaledEpoch: 1 }),
      connector('c'),
    ],
  };

  test('tasks are granted whose epoch is in it, and connectors whatever is', () => {
    const anew = actor('c', { epoch: 1 });
    const units = [task('a', 0), task('b', 0, { epoch: 2 }), task('c', 0), anew];
    const decision = decide({ ...records, units }, { journaledOnly: true });
    expect(grants(decision)).toEqual(['connector/c → w1', 'task/a/0 → w1']);
    expect(grants(decide({ ...records, units }))).toHaveLength(4);
  });

  test('what could not be granted again is not taken away to balance, but a drain is obeyed', () => {
    const held = ownedBy(w1, { epoch: 2, heldEpoch: 2 });
    const units = [task('b', 0, held), task('b', 1, held), task('b', 2, held), task('b', 3, held)];
    expect(revokes(decide({ ...records, units }, { journaledOnly: true }))).toEqual([]);
    expect(revokes(decide({ ...records, units }))).toHaveLength(2);
    const members = [{ ...w1, state: 'draining' as const }, w2];
    const drained = decide({ ...records, members, units }, { journaledOnly: true });
    expect(revokes(drained)).toHaveLength(4);
  });
});

describe('moving', () => {
  test('a join moves the surplus only, and no more at a time than allowed', () => {
    const units = tasks(9, (n) => ownedBy(n < 5 ? w1 : w2));
    const all = decide({ members: [w1, w2, w3], units });
    expect(all.revoke).toHaveLength(3);
    expect(all).toMatchObject({ moves: 3, balanceRemaining: 0, movesRemaining: 0, grant: [] });
    const one = decide({ members: [w1, w2, w3], units }, { balanceMovesMax: 1 });
    expect(revokes(one)).toEqual([expect.stringMatching(/^task\/a\/\d \(balance\)$/)]);
    expect(one).toMatchObject({ balanceRemaining: 2, movesRemaining: 2 });
    const none = decide({ members: [w1, w2, w3], units }, { balanceMovesMax: 0 });
    expect(none).toMatchObject({ revoke: [], balanceRemaining: 3 });
  });

  test('what is on its way already is not revoked twice, and counts where it goes', () => {
    const units = tasks(6, (n) => ownedBy(w1, n < 3 ? { state: 'revoking' } : {}));
    const decision = decide({ members: [w1, w2], units });
    expect(decision).toMatchObject({ revoke: [], grant: [], balanceRemaining: 0 });
  });

  test('a draining worker gives everything away at once', () => {
    const draining = member('w1', { state: 'draining' });
    const units = tasks(4, (n) => ownedBy(w1, n === 3 ? { state: 'granted' } : {}));
    const decision = decide({ members: [draining, w2], units }, { balanceMovesMax: 0 });
    expect(revokes(decision)).toEqual(units.map(({ unit }) => `${unit} (drain)`));
    expect(decision).toMatchObject({ moves: 4, orphans: 0, workers: 1 });
  });

  test('… also what nobody else can run', () => {
    const draining = member('w1', { state: 'draining' });
    const decision = decide({ members: [draining], units: [task('a', 0, ownedBy(w1))] });
    expect(revokes(decision)).toEqual(['task/a/0 (drain)']);
    expect(decision.moves).toBe(0);
  });

  test('a worker that is up keeps what nobody else can run, though it lost the plugin', () => {
    const bare = member('w1', { plugins: [] });
    expect(decide({ members: [bare], units: [task('a', 0, ownedBy(w1))] }).revoke).toEqual([]);
    expect(revokes(decide({ members: [bare, w2], units: [task('a', 0, ownedBy(w1))] }))).toEqual([
      'task/a/0 (balance)',
    ]);
  });

  test('a worker that keeps dying gets the odd task last', () => {
    const penalties = new Map([['w1', 3]]);
    expect(grants(decide({ members: [w1, w2], units: [task('a', 0)] }, { penalties }))).toEqual([
      'task/a/0 → w2',
    ]);
  });
});

describe('a cordoned worker', () => {
  const cordoned = member('w1', { cordoned: true });

  test('keeps what it has, and what is new or free goes to others', () => {
    const units = tasks(6, (n) => (n < 4 ? ownedBy(w1) : { lastWorker: 'w1' }));
    const decision = decide({ members: [cordoned, w2], units });
    expect(revokes(decision)).toEqual([]);
    expect(grants(decision)).toEqual(['task/a/4 → w2', 'task/a/5 → w2']);
    expect(decision).toMatchObject({ workers: 1, moves: 2, balanceRemaining: 0 });
  });

  test('gives everything away when it is drained', () => {
    const draining = { ...cordoned, state: 'draining' as const };
    const decision = decide({ members: [draining, w2], units: [task('a', 0, ownedBy(w1))] });
    expect(revokes(decision)).toEqual(['task/a/0 (drain)']);
  });

  test('alone leaves what is free where it is, and says why', () => {
    const decision = decide({
      members: [cordoned],
      units: [task('a', 0, ownedBy(w1)), task('a', 1)],
    });
    expect(decision).toMatchObject({ grant: [], revoke: [], workers: 0 });
    expect(decision.unplaceable).toEqual([
      {
        id: 'task/a/1',
        reason: 'every worker that is up is cordoned: uncordon one, or start another',
      },
    ]);
  });

  test('has its seat in the formula', () => {
    const owner = [w1, w2, w3];
    const units = tasks(6, (n) => ownedBy(owner[n % 3] ?? w1));
    const decision = decide(
      { members: [cordoned, w2, w3], units: [...units, task('a', 6)] },
      { movement: 'literal' },
    );
    expect(revokes(decision)).toEqual([]);
    expect(grants(decision)).toEqual(['task/a/6 → w2']);
  });
});

describe('movement literal', () => {
  const literal = { movement: 'literal' } as const;

  test('puts every task where the formula says, from wherever it is', () => {
    const units = tasks(4, () => ownedBy(w1));
    const decision = decide({ members: [w1, w2], units }, literal);
    expect(revokes(decision)).toEqual(['task/a/1 (balance)', 'task/a/3 (balance)']);
  });

  test('keeps the seat of a worker that drains to come back, and of one that left to come back', () => {
    const owner = [w1, w2, w3];
    const units = tasks(6, (n) => ownedBy(owner[n % 3] ?? w1));
    const draining = member('w2', { state: 'draining', returns: true });
    expect(revokes(decide({ members: [w1, draining, w3], units }, literal))).toEqual([
      'task/a/1 (drain)',
      'task/a/4 (drain)',
    ]);
    const left = units.map((unit) =>
      unit.worker === 'w2' ? task('a', unit.task ?? 0, { ordinal: unit.ordinal }) : unit,
    );
    const heldSeats = [{ worker: 'w2', slot: 1 }];
    const after = decide({ members: [w1, w3], units: left }, { ...literal, heldSeats });
    expect(after.revoke).toEqual([]);
    expect(after.grant.map(({ unit }) => unit)).toEqual(['task/a/1', 'task/a/4']);
  });

  test('keeps none of a worker that died while it drained', () => {
    const units = tasks(2, () => ({}));
    const died = member('w1', { state: 'dead', returns: true });
    expect(grants(decide({ members: [died, w2, w3], units }, literal))).toEqual([
      'task/a/0 → w2',
      'task/a/1 → w3',
    ]);
  });

  test('without a seat that is held, nearly everything moves', () => {
    const owner = [w1, w2, w3];
    const units = tasks(6, (n) => ownedBy(owner[n % 3] ?? w1));
    const gone = member('w2', { state: 'draining' });
    expect(decide({ members: [w1, gone, w3], units }, literal).revoke.length).toBeGreaterThan(2);
  });
});

test('a plan that was carried out is followed by none', () => {
  const decision = decide({
    members: [w1, w2],
    units: [
      actor('a', ownedBy(w1, { heldEpoch: 0 })),
      ...tasks(3, (n) => ownedBy(n === 1 ? w2 : w1)),
    ],
  });
  expect(decision).toMatchObject({
    revoke: [],
    grant: [],
    sweepUnits: [],
    sweepConnectors: [],
    orphans: 0,
    moves: 0,
    placed: 0,
    balanceRemaining: 0,
  });
});

test('a live connector whose own unit is missing gets it back, one being deleted does not', () => {
  const decision = decide({
    members: [w1],
    connectors: [connector('a'), connector('b'), connector('c', { lifecycle: 'deleting' })],
    units: [actor('a')],
  });
  expect(decision.repair).toEqual([{ connector: 'b', uid: connector('b').uid }]);
});
