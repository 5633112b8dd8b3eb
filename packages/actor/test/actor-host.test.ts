import { expect, test } from 'vitest';
import { startHarness } from './fixtures/harness.ts';

test('an actor starts, is told messages in order, and stops', async () => {
  await using harness = await startHarness();
  harness.spawn('task/a/0');
  for (let value = 0; value < 100; value++) harness.tell('task/a/0', { do: 'echo', value });
  await harness.until('100 echoes', () => harness.events.length === 101);
  expect(harness.events.slice(1).map(({ event }) => event.echo)).toEqual(
    Array.from({ length: 100 }, (_, value) => value),
  );
  expect(harness.last('task/a/0')).toMatchObject({ state: 'RUNNING', attempts: 1, fence: 1 });
  await harness.host.stopActor('task/a/0', 1);
  expect(harness.events.at(-1)?.event).toEqual({ stopping: 'stop' });
  expect(harness.host.list()).toEqual([]);
});
