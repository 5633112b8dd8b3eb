import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StreamWatch } from '../src/live/stream-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function underTest({ isSeen = true } = {}) {
  const done: string[] = [];
  const connection = {
    start: () => done.push('start'),
    rest: () => done.push('rest'),
    stop: () => done.push('stop'),
  };
  return { done, watch: new StreamWatch(connection, { isSeen, restAfterMs: 1_000 }) };
}

test('the stream is open while somebody is signed in', () => {
  const { done, watch } = underTest();
  watch.signedIn(false);
  watch.signedIn(true);
  watch.signedIn(true);
  watch.signedIn(false);
  expect(done).toEqual(['start', 'stop']);
});

test('a tab that nobody sees for a while gives it up, and has it again when it is seen', () => {
  const { done, watch } = underTest();
  watch.signedIn(true);
  watch.seen(false);
  vi.advanceTimersByTime(999);
  expect(done).toEqual(['start']);
  vi.advanceTimersByTime(1);
  expect(done).toEqual(['start', 'rest']);
  watch.seen(true);
  expect(done).toEqual(['start', 'rest', 'start']);
});

test('a look at another tab and back is nothing', () => {
  const { done, watch } = underTest();
  watch.signedIn(true);
  watch.seen(false);
  vi.advanceTimersByTime(900);
  watch.seen(true);
  vi.advanceTimersByTime(5_000);
  expect(done).toEqual(['start']);
});

test('one that was opened in the background looks once, and one that was signed out stays so', () => {
  const { done, watch } = underTest({ isSeen: false });
  watch.signedIn(true);
  vi.advanceTimersByTime(1_000);
  expect(done).toEqual(['start', 'rest']);
  watch.signedIn(false);
  watch.seen(true);
  vi.advanceTimersByTime(5_000);
  expect(done).toEqual(['start', 'rest', 'stop']);
});
