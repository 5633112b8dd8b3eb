import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { taskUnit } from '../src/model.ts';
import type { UsedTopics } from '../src/store.ts';
import { TopicNotes } from '../src/worker/topic-notes.ts';

const [a, b] = [taskUnit('a', 0), taskUnit('b', 0)];

function made(options: { batchMax?: number } = {}) {
  const clock = new FakeClock();
  const stored: (readonly UsedTopics[])[] = [];
  const store = { isAway: false };
  const notes = new TopicNotes({ clock, gatherMs: 5, batchMax: 10, ...options }, async (used) => {
    if (store.isAway) throw new Error('away');
    stored.push(used);
  });
  return { clock, stored, store, notes };
}

test('what is noted at about the same time is stored together, each topic once', async () => {
  const { clock, stored, notes } = made();
  notes.add(a, 1, ['x']);
  notes.add(a, 1, ['y', 'x']);
  notes.add(b, 2, ['z']);
  await clock.advance(5);
  expect(stored).toEqual([
    [
      { unit: a, fence: 1, topics: ['x', 'y'] },
      { unit: b, fence: 2, topics: ['z'] },
    ],
  ]);
  await clock.advance(50);
  expect(stored).toHaveLength(1);
});

test('of two owners the later one counts, in whichever order they say it', async () => {
  const { clock, stored, notes } = made();
  notes.add(a, 1, ['old']);
  notes.add(a, 2, ['new']);
  notes.add(b, 2, ['new']);
  notes.add(b, 1, ['old']);
  await clock.advance(5);
  expect(stored.flat().map(({ fence, topics }) => [fence, ...topics])).toEqual([
    [2, 'new'],
    [2, 'new'],
  ]);
});

test('many are stored in several calls', async () => {
  const { clock, stored, notes } = made({ batchMax: 2 });
  for (let task = 0; task < 3; task++) notes.add(taskUnit('a', task), 1, ['x']);
  await clock.advance(20);
  expect(stored.map(({ length }) => length)).toEqual([2, 1]);
});

test('what the store did not take is told again when asked for, with what came since', async () => {
  const { clock, stored, store, notes } = made();
  store.isAway = true;
  notes.add(a, 1, ['x']);
  await clock.advance(50);
  store.isAway = false;
  await clock.advance(50);
  expect(stored).toEqual([]);
  notes.add(a, 1, ['y']);
  await clock.advance(5);
  expect(stored).toEqual([[{ unit: a, fence: 1, topics: ['x', 'y'] }]]);
});

test('notes that are cleared meanwhile are not stored', async () => {
  const { clock, stored, notes } = made();
  notes.add(a, 1, ['x']);
  notes.clear();
  await clock.advance(50);
  expect(stored).toEqual([]);
});
