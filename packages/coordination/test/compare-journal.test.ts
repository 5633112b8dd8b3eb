/** What journal and store learn from each other, for every relation that a crash or a loss can leave. */
import { describe, expect, test } from 'vitest';

import {
  entryFromMutation,
  entryFromStore,
  findUnwritten,
  hasFollowed,
  highOf,
  isBehind,
  planRestoration,
} from '../src/journal/compare-journal.ts';
import type { JournaledConnector, JournalState } from '../src/journal/definition-journal.ts';
import { KnownJournal } from '../src/journal/known-journal.ts';
import type { ConnectorRecord } from '../src/model.ts';
import { actor, connector, task, viewOf } from './records.ts';

const mark = { journal: 'j', position: 10 };

/** An entry that says of a connector what its record says. */
function entry(changes: Partial<JournaledConnector> = {}): JournaledConnector {
  const { taskCount: _count, ...record } = connector('a');
  return { ...record, tasks: [{ ordinal: 5, config: { n: '0' } }], ...changes };
}

function journal(
  connectors: readonly (readonly [JournaledConnector, number])[],
  rest: Partial<JournalState> = {},
): JournalState {
  return {
    id: 'j',
    position: 20,
    connectors: new Map(connectors.map(([value, position]) => [value.name, { value, position }])),
    deleted: new Map(),
    request: undefined,
    high: { ordinal: 0, fence: 0 },
    ...rest,
  };
}

function stored(changes: Partial<ConnectorRecord> = {}): ReturnType<typeof viewOf> {
  return viewOf({ connectors: [connector('a', changes)], units: [task('a', 0, { ordinal: 5 })] });
}

describe('what is restored', () => {
  test('nothing, where both say the same', () => {
    const plan = planRestoration(stored(), journal([[entry(), 15]]), mark);
    expect(plan).toEqual({ connectors: [], provesLoss: false });
  });

  test('all of an emptied store, which proves a loss; but not what was being deleted', () => {
    const gone = entry({ name: 'b', lifecycle: 'deleting' });
    const state = journal([
      [entry(), 5],
      [gone, 6],
    ]);
    const plan = planRestoration(viewOf({}), state, undefined);
    expect(plan).toEqual({ connectors: [entry()], provesLoss: true });
  });

  test('an emptied store proves a loss also for a connector that had no tasks yet', () => {
    const state = journal([[entry({ taskEpoch: 0, taskVersion: 0, tasks: [] }), 5]]);
    expect(planRestoration(viewOf({}), state, undefined).provesLoss).toBe(true);
  });

  test('so does one that is missing though the store has followed so far, or that ran', () => {
    const without = entry({ taskEpoch: 0, taskVersion: 0, tasks: [] });
    expect(planRestoration(viewOf({}), journal([[without, 9]]), mark).provesLoss).toBe(true);
    expect(planRestoration(viewOf({}), journal([[entry(), 11]]), mark).provesLoss).toBe(true);
  });

  test('what was written and never applied, which proves none', () => {
    const created = entry({ taskEpoch: 0, taskVersion: 0, tasks: [] });
    const request = { id: 'r', position: '1', result: { kind: 'done' as const, connectors: [] } };
    const written = { value: { ...request, restart: [], events: [] }, position: 12 };
    const state = journal([[created, 11]], { request: written });
    const plan = planRestoration(viewOf({}), state, mark);
    expect(plan).toEqual({ connectors: [created], request: written.value, provesLoss: false });
  });

  test('a request that was applied is not answered again', () => {
    const value = { id: 'r', position: '1', result: { kind: 'done' as const, connectors: [] } };
    const request = { value: { ...value, restart: [], events: [] }, position: 10 };
    expect(planRestoration(stored(), journal([], { request }), mark).request).toBeUndefined();
    expect(planRestoration(stored(), journal([], { request }), undefined).request).toBeDefined();
  });

  test.each<[string, Partial<JournaledConnector>]>([
    ['version', { version: 2 }],
    ['configuration', { config: { name: 'a', 'connector.class': 'Other' } }],
    ['target state', { targetState: 'PAUSED' }],
    ['type', { type: 'sink' }],
    ['lifecycle', { lifecycle: 'deleting' }],
    ['uid', { uid: 'another' }],
    ['configuration with a key less', { config: { name: 'a' } }],
    [
      'configuration with a key more',
      { config: { name: 'a', 'connector.class': 'Clock', topic: 't' } },
    ],
  ])('another %s beyond the mark; up to it, the store is right', (_what, changes) => {
    const newer = entry(changes);
    expect(planRestoration(stored(), journal([[newer, 11]]), mark).connectors).toEqual([newer]);
    expect(planRestoration(stored(), journal([[newer, 10]]), mark).connectors).toEqual([]);
  });

  test('a newer task set, whichever definition is right; it proves a loss', () => {
    const newer = entry({ taskEpoch: 3, targetState: 'PAUSED' });
    const beyond = planRestoration(stored(), journal([[newer, 11]]), mark);
    expect(beyond).toEqual({ connectors: [newer], provesLoss: true });
    const before = planRestoration(stored(), journal([[newer, 9]]), mark);
    expect(before).toEqual({
      connectors: [{ ...newer, targetState: 'STARTED' }],
      provesLoss: true,
    });
  });

  test('of a namesake’s task set, nothing is to be told apart from it: it proves no loss', () => {
    const namesake = entry({ uid: 'another', taskEpoch: 3 });
    const beyond = planRestoration(stored(), journal([[namesake, 11]]), mark);
    expect(beyond).toEqual({ connectors: [namesake], provesLoss: false });
    const before = planRestoration(stored(), journal([[namesake, 9]]), mark);
    expect(before).toEqual({ connectors: [], provesLoss: false });
  });

  test('not an older task set', () => {
    const older = entry({ version: 2, taskEpoch: 1 });
    const plan = planRestoration(stored({ taskEpoch: 4 }), journal([[older, 11]]), mark);
    expect(plan).toEqual({ connectors: [{ ...older, taskEpoch: 4 }], provesLoss: false });
  });

  test('a deletion that an older state of the store does not know', () => {
    const state = journal([], { deleted: new Map([['a', 11]]) });
    const [deleted] = planRestoration(stored(), state, mark).connectors;
    expect(deleted).toMatchObject({ name: 'a', lifecycle: 'deleting', tasks: [] });
    expect(planRestoration(stored(), state, { ...mark, position: 11 }).connectors).toEqual([]);
    const deleting = stored({ lifecycle: 'deleting' });
    expect(planRestoration(deleting, state, mark).connectors).toEqual([]);
    expect(planRestoration(viewOf({}), state, mark).connectors).toEqual([]);
  });

  test('without a mark, the later creation and the higher version are right, and nothing is deleted', () => {
    const other = { journal: 'another', position: 100 };
    for (const none of [undefined, other]) {
      const plan = (changes: Partial<JournaledConnector>): readonly JournaledConnector[] =>
        planRestoration(stored(), journal([[entry(changes), 50]]), none).connectors;
      expect(plan({ version: 2 })).toHaveLength(1);
      expect(plan({ targetState: 'PAUSED' })).toEqual([]);
      expect(plan({ uid: 'another', createdAtMs: 999 })).toEqual([]);
      expect(plan({ uid: 'another', createdAtMs: 1_001 })).toHaveLength(1);
      const deleted = journal([], { deleted: new Map([['a', 50]]) });
      expect(planRestoration(stored(), deleted, none).connectors).toEqual([]);
    }
  });
});

describe('what is written', () => {
  const own = actor('a', { ordinal: 4, epoch: 1 });
  const view = viewOf({
    connectors: [connector('a')],
    units: [own, task('a', 0, { ordinal: 5, fence: 77 })],
  });
  const whole = entry({ unit: { ordinal: 4, epoch: 1 } });

  test('nothing that is there; its task set is marked, once', () => {
    const look = findUnwritten(['a'], view, journal([[whole, 5]]));
    const set = { connector: 'a', uid: 'uid of a', epoch: 1 };
    expect(look).toEqual({ write: [], deleted: [], marks: [set], lost: [] });
    const marked = viewOf({
      connectors: [connector('a', { journaledEpoch: 1 })],
      units: [own, task('a', 0, { ordinal: 5 })],
    });
    expect(findUnwritten(['a'], marked, journal([[whole, 5]])).marks).toEqual([]);
  });

  test.each<[string, Partial<JournaledConnector>]>([
    ['the version', { version: 0 }],
    ['the target state', { targetState: 'STOPPED' }],
    ['the task epoch', { taskEpoch: 0 }],
    ['the version of the task set', { taskVersion: 0 }],
    ['the number of tasks', { tasks: [] }],
    ['an ordinal of a task', { tasks: [{ ordinal: 6, config: {} }] }],
    ['the ordinal of its own unit', { unit: { ordinal: 3, epoch: 1 } }],
    ['the epoch of its own unit', { unit: { ordinal: 4, epoch: 0 } }],
  ])('a connector of which %s is another one; and it is not marked', (_what, changes) => {
    const look = findUnwritten(['a'], view, journal([[{ ...whole, ...changes }, 5]]));
    expect(look).toEqual({ write: ['a'], deleted: [], marks: [], lost: [] });
  });

  test('nothing of one that is being deleted because its units are gone', () => {
    const deleting = viewOf({ connectors: [connector('a', { lifecycle: 'deleting' })] });
    const state = journal([[{ ...whole, lifecycle: 'deleting' }, 5]]);
    expect(findUnwritten(['a'], deleting, state).write).toEqual([]);
  });

  test('what is gone: forgotten if it was deleted, else lost', () => {
    const state = journal([
      [entry({ lifecycle: 'deleting' }), 5],
      [entry({ name: 'b' }), 6],
    ]);
    const look = findUnwritten(['a', 'b', 'c'], viewOf({}), state);
    expect(look).toEqual({ write: [], deleted: ['a'], marks: [], lost: ['b'] });
  });

  test('an epoch that the journal alone has: the store has lost it, unless the connector is another by now', () => {
    const later = { ...whole, taskEpoch: 2 };
    const look = (entryThere: JournaledConnector, seen = view) =>
      findUnwritten(['a'], seen, journal([[entryThere, 5]]));
    expect(look(later)).toEqual({ write: [], deleted: [], marks: [], lost: ['a'] });
    expect(look({ ...later, uid: 'another' })).toMatchObject({ write: ['a'], lost: [] });
    expect(look({ ...later, lifecycle: 'deleting' })).toMatchObject({ lost: [] });
    const deleting = viewOf({ connectors: [connector('a', { lifecycle: 'deleting' })] });
    expect(look(later, deleting)).toMatchObject({ lost: [] });
  });

  test('an entry is made of records of one moment only', () => {
    const record = connector('a');
    const set = { uid: record.uid, epoch: 1, version: 1, configs: [{ n: '0' }] };
    expect(entryFromStore(record, set, view)).toEqual(whole);
    for (const other of [
      { ...set, epoch: 2 },
      { ...set, uid: 'another' },
      { ...set, version: 2 },
      { ...set, configs: [] },
      undefined,
    ]) {
      expect(entryFromStore(record, other, view)).toBeUndefined();
    }
    const unseen = viewOf({ connectors: [record], units: [own] });
    expect(entryFromStore(record, set, unseen)).toBeUndefined();
  });

  test('its own unit is in it only if there is one, and not a namesake’s', () => {
    const record = connector('a');
    const set = { uid: record.uid, epoch: 1, version: 1, configs: [{ n: '0' }] };
    const tasks = [task('a', 0, { ordinal: 5 })];
    for (const units of [tasks, [...tasks, actor('a', { ordinal: 4, uid: 'another' })]]) {
      const without = entryFromStore(record, set, viewOf({ connectors: [record], units }));
      expect(without).toStrictEqual(entry());
    }
  });

  test('a request keeps the task set that the journal has, until it ends it', () => {
    const record = connector('a', { version: 2, taskEpoch: 9, config: { name: 'a' } });
    expect(entryFromMutation({ record }, whole)).toEqual({
      ...whole,
      version: 2,
      config: { name: 'a' },
    });
    const ended = { taskEpoch: 9, taskVersion: 0, tasks: [] };
    expect(entryFromMutation({ record, retireTasks: true }, whole)).toMatchObject(ended);
    const namesake = { ...record, uid: 'another', taskEpoch: 0 };
    const known = { ...whole, taskEpoch: 3 };
    const anew = entryFromMutation({ record: namesake }, known);
    expect(anew).toMatchObject({ uid: 'another', taskEpoch: 3, tasks: [] });
    expect(anew.unit).toBeUndefined();
    expect(entryFromMutation({ record: namesake }, undefined)).toMatchObject({ taskEpoch: 0 });
  });

  test('ordinals and fences only grow', () => {
    expect(highOf(view, { ordinal: 0, fence: 100 })).toEqual({ ordinal: 5, fence: 100 });
    expect(highOf(view, { ordinal: 9, fence: 0 })).toEqual({ ordinal: 9, fence: 77 });
  });
});

describe('a store has followed the journal', () => {
  const value = { id: 'r', position: '1', result: { kind: 'done' as const, connectors: [] } };
  const request = { value: { ...value, restart: [], events: [] }, position: 6 };
  const state = { ...journal([[entry(), 5]]), deleted: new Map([['b', 4]]), request };

  test('if its mark is not before anything in it', () => {
    expect(hasFollowed(state, { journal: 'j', position: 6 })).toBe(true);
    expect(hasFollowed({ ...state, request: undefined }, { journal: 'j', position: 5 })).toBe(true);
  });

  test.each([
    ['is before the last request', { journal: 'j', position: 5 }],
    ['is of another journal', { journal: 'another', position: 6 }],
    ['is not there', undefined],
  ])('not if its mark %s', (_what, found) => {
    expect(hasFollowed(state, found)).toBe(false);
  });

  test('not if its mark is before a connector, or a deletion', () => {
    const earlier = { journal: 'j', position: 4 };
    expect(hasFollowed({ ...state, request: undefined }, earlier)).toBe(false);
    const deletions = { ...state, request: undefined, connectors: new Map() };
    expect(hasFollowed(deletions, earlier)).toBe(true);
    expect(hasFollowed(deletions, { ...earlier, position: 3 })).toBe(false);
  });
});

test.each([
  ['one that is where it was', mark, mark, false],
  ['one that was told more than we know of', { ...mark, position: 11 }, mark, false],
  ['one that went back', { ...mark, position: 9 }, mark, true],
  ['one that is empty', undefined, mark, true],
  ['one of another journal', { ...mark, journal: 'another', position: 1 }, mark, false],
  ['one that was told nothing', undefined, null, false],
])('what it was told is lost, or not, by %s', (_what, found, told, isLost) => {
  expect(isBehind(found, told)).toBe(isLost);
});

test('the last request is known also after writes that were made for none', () => {
  const value = { id: 'r', position: '1', result: { kind: 'done' as const, connectors: [] } };
  const request = { ...value, restart: [], events: [] };
  const known = new KnownJournal(journal([]));
  known.learn({ connectors: [], deleted: [], high: known.high, request }, 21);
  known.learn({ connectors: [entry()], deleted: [], high: known.high }, 22);
  expect(known.request).toEqual({ value: request, position: 21 });
  expect(known.mark).toEqual({ journal: 'j', position: 22 });
});
