import { describe, expect, test } from 'vitest';

import { ClusterView } from '../src/cluster-view.ts';
import { actor, changesOf, connector, member, ownedBy, plugin, task, viewOf } from './records.ts';

describe('reading everything again', () => {
  test('what it found goes under what has changed since', () => {
    const view = viewOf({ units: [task('a', 0), task('a', 1)] });
    view.apply(changesOf({ units: [task('a', 1, { restarts: 2 })] }, { revision: 5 }));
    const whole = changesOf(
      { units: [task('a', 0, { restarts: 7 }), task('a', 1)] },
      { kind: 'full', revision: 4 },
    );
    const since = changesOf({ units: [task('a', 1, { restarts: 3 })] }, { revision: 6 });
    expect(view.replace(whole, since)).toBe(false);
    expect([...view.units.values()].map(({ restarts }) => restarts)).toEqual([7, 3]);
    expect(view.revision).toBe(6);
  });

  test('a store that has lost data meanwhile is noticed', () => {
    const view = viewOf({ units: [task('a', 0)] });
    view.apply(changesOf({}, { revision: 5 }));
    const whole = changesOf({}, { kind: 'full', revision: 3 });
    expect(view.replace(whole, changesOf({}, { revision: 4 }))).toBe(true);
  });

  test('one that was trimmed or replaced meanwhile answers with everything itself', () => {
    const view = viewOf({ units: [task('a', 0)] });
    const whole = changesOf({ units: [task('a', 0)] }, { kind: 'full', revision: 1 });
    const since = changesOf({ units: [task('b', 0)] }, { kind: 'full', revision: 9 });
    expect(view.replace(whole, since)).toBe(false);
    expect([...view.units.keys()]).toEqual(['task/b/0']);
  });
});

test('that a granted unit is claimed is no reason to plan again; that it is revoked is one', () => {
  const owner = member('w1');
  const owned = ownedBy(owner);
  const view = viewOf({ members: [owner], units: [task('a', 0, { ...owned, state: 'granted' })] });
  const planned = view.planRevision;
  view.apply(changesOf({ units: [task('a', 0, { ...owned, state: 'claimed' })] }, { revision: 2 }));
  expect(view.planRevision).toBe(planned);
  view.apply(
    changesOf({ units: [task('a', 0, { ...owned, state: 'revoking' })] }, { revision: 3 }),
  );
  expect(view.planRevision).toBeGreaterThan(planned);
});

describe('following the store', () => {
  test('a delta adds, replaces and deletes records', () => {
    const view = viewOf({
      members: [member('w1'), member('w2')],
      connectors: [connector('a'), connector('b')],
      units: [actor('a'), task('a', 0), task('b', 0)],
    });
    view.apply(
      changesOf(
        { connectors: [connector('a', { version: 2 })], units: [task('a', 1)] },
        { revision: 2 },
      ),
    );
    view.apply({
      ...changesOf({}, { revision: 3 }),
      members: new Map([['w2', undefined]]),
      connectors: new Map([['b', undefined]]),
      units: new Map([['task/b/0', undefined]]),
    });
    expect(view.revision).toBe(3);
    expect(view.connectors.get('a')?.version).toBe(2);
    expect([...view.connectors.keys()]).toEqual(['a']);
    expect([...view.members.keys()]).toEqual(['w1']);
    expect([...view.units.keys()]).toEqual(['connector/a', 'task/a/0', 'task/a/1']);
    expect(view.unitsOf('a').map(({ unit }) => unit)).toEqual([
      'connector/a',
      'task/a/0',
      'task/a/1',
    ]);
    expect(view.unitsOf('b')).toEqual([]);
  });

  test('a unit that goes leaves the others of its connector', () => {
    const view = viewOf({ units: [actor('a'), task('a', 0)] });
    view.apply({ ...changesOf({}, { revision: 2 }), units: new Map([['task/a/0', undefined]]) });
    expect(view.unitsOf('a').map(({ unit }) => unit)).toEqual(['connector/a']);
  });

  test('a full answer replaces everything', () => {
    const view = viewOf({ members: [member('w1')], units: [task('a', 0)] });
    view.apply(changesOf({ units: [task('b', 0)] }, { kind: 'full', revision: 7 }));
    expect([...view.units.keys()]).toEqual(['task/b/0']);
    expect(view.members.size).toBe(0);
    expect(view.unitsOf('a')).toEqual([]);
  });

  test('deleting a unit that was never seen changes nothing', () => {
    const view = viewOf({ units: [task('a', 0)] });
    view.apply({ ...changesOf({}), units: new Map([['task/x/0', undefined]]) });
    expect([...view.units.keys()]).toEqual(['task/a/0']);
  });
});

describe('noticing that the store lost data', () => {
  test('the first answer and every later revision is no loss', () => {
    const view = new ClusterView();
    expect(view.apply(changesOf({}, { kind: 'full', revision: 5 }))).toBe(false);
    expect(view.apply(changesOf({}, { revision: 5 }))).toBe(false);
    expect(view.apply(changesOf({}, { revision: 6 }))).toBe(false);
    // A reader that is behind the tombstones reads all anew.
    expect(view.apply(changesOf({}, { kind: 'full', revision: 9 }))).toBe(false);
  });

  test('another data set is a loss, once', () => {
    const view = viewOf({ units: [task('a', 0)] });
    const other = changesOf({}, { kind: 'full', dataset: 'data-2', revision: 9 });
    expect(view.apply(other)).toBe(true);
    expect(view.apply({ ...other, kind: 'delta' })).toBe(false);
  });

  test('a revision that went back is a loss', () => {
    const view = new ClusterView();
    view.apply(changesOf({}, { kind: 'full', revision: 10 }));
    expect(view.apply(changesOf({}, { kind: 'full', revision: 9 }))).toBe(true);
  });
});

describe('what a plan depends on', () => {
  const w1 = member('w1');
  const owned = task('a', 0, ownedBy(w1));

  test.each([
    ['its state', { state: 'revoking' }],
    ['its fence', { fence: 101 }],
    ['its owner', { incarnation: 'w1#2' }],
    ['its epoch', { epoch: 2 }],
    ['the epoch that it is held in', { heldEpoch: 0 }],
    ['its uid', { uid: 'another' }],
    ['being wanted', { retired: true }],
  ] as const)('a unit changes the plan by %s', (_what, change) => {
    const view = viewOf({ members: [w1], units: [owned] });
    const before = view.planRevision;
    view.apply(changesOf({ units: [{ ...owned, ...change }] }, { revision: 2 }));
    expect(view.planRevision).toBeGreaterThan(before);
  });

  test('a status, a restart and an unchanged record do not', () => {
    const view = viewOf({ members: [w1], units: [owned] });
    const before = view.planRevision;
    const status = { state: 'RUNNING', sinceMs: 1, attempts: 1 } as const;
    view.apply(changesOf({ units: [{ ...owned, status, restarts: 3 }] }, { revision: 2 }));
    view.apply(changesOf({}, { revision: 3 }));
    expect(view.planRevision).toBe(before);
  });

  test('members, connectors, new and deleted units do', () => {
    const view = viewOf({ members: [w1], units: [owned] });
    const revisions = [view.planRevision];
    const apply = (next: Parameters<typeof view.apply>[0]): void => {
      view.apply(next);
      revisions.push(view.planRevision);
    };
    apply(changesOf({ members: [member('w2')] }));
    apply(changesOf({ connectors: [connector('a')] }));
    apply(changesOf({ units: [task('a', 1)] }));
    apply({ ...changesOf({}), units: new Map([['task/a/1', undefined]]) });
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
  });
});

describe('the live owner of a unit', () => {
  const w1 = member('w1');
  const owned = task('a', 0, ownedBy(w1));

  test.each([
    ['up', [w1], 'w1'],
    ['draining', [member('w1', { state: 'draining' })], 'w1'],
    ['dead', [member('w1', { state: 'dead' })], undefined],
    ['another incarnation', [member('w1', { incarnation: 'w1#2' })], undefined],
    ['gone', [], undefined],
  ] as const)('its member is %s', (_what, members, expected) => {
    const view = viewOf({ members, units: [owned] });
    expect(view.liveOwner(owned)?.worker).toBe(expected);
  });

  test('a free unit has none', () => {
    expect(viewOf({ members: [w1] }).liveOwner(task('a', 0))).toBeUndefined();
  });
});

describe('the plugins that members announce', () => {
  const classesOf = (view: ClusterView): string[] => view.catalog.list().map((each) => each.class);

  test('are put together anew when a member changed, and only then', () => {
    const view = viewOf({ members: [member('w1')] });
    const { catalog } = view;
    view.apply(changesOf({ units: [task('a', 0)], connectors: [connector('a')] }));
    expect(view.catalog).toBe(catalog);
    view.apply(changesOf({ members: [member('w1', { plugins: [plugin('example.Other')] })] }));
    expect(classesOf(view)).toEqual(['example.Other']);
    view.apply({ ...changesOf({}), members: new Map([['w1', undefined]]) });
    expect(classesOf(view)).toEqual([]);
  });

  test('are forgotten with everything else', () => {
    const view = viewOf({ members: [member('w1')] });
    expect(classesOf(view)).toEqual(['example.Clock']);
    view.apply(changesOf({}, { kind: 'full', revision: 2 }));
    expect(classesOf(view)).toEqual([]);
  });
});
