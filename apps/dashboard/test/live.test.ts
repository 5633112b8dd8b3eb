import { expect, test } from 'vitest';
import { samplesMax, withSample } from '../src/live/history.ts';
import { LiveStore } from '../src/live/live-store.ts';
import { ServerEvents } from '../src/live/server-events.ts';
import { view } from './views.ts';

const event = (name: string, data: object): { event: string; data: string } => ({
  event: name,
  data: JSON.stringify(data),
});

test('events of a stream are whole, however it is cut', () => {
  const text =
    'event: view\ndata: {"a":1}\n\n: a comment\n\nevent: tick\r\ndata: {"b":2}\r\n\r\ndata: x\n';
  const events = new ServerEvents();
  const received = Array.from(text).flatMap((character) => events.push(character));
  expect(received).toEqual([
    { event: 'view', data: '{"a":1}' },
    { event: 'tick', data: '{"b":2}' },
  ]);
});

test('a change is applied to the view before it, and one before any view is not', () => {
  const store = new LiveStore();
  store.receive(event('change', { at_ms: 1, workers: { 'worker-9': null } }), 5);
  expect(store.get().view).toBeUndefined();
  store.receive(event('view', view({ 'orders/0': {}, 'orders/1': {} })), 5);
  store.receive(event('change', { at_ms: 11_000, units: { 'task/orders/1': null } }), 6);
  expect(Object.keys(store.get().view?.units ?? {})).toEqual(['task/orders/0']);
  expect(store.get()).toMatchObject({ stream: { kind: 'live' }, heardAtMs: 6 });
});

test('ticks keep the data fresh; a coordinator without Redis does not', () => {
  const store = new LiveStore();
  store.receive(event('view', view()), 1_000);
  store.receive(event('tick', { at_ms: 12_000 }), 3_000);
  expect(store.get()).toMatchObject({ heardAtMs: 3_000, clockSkewMs: 9_000 });
  store.receive(event('stale', { at_ms: 13_000, now_ms: 14_000, reason: 'away' }), 4_000);
  expect(store.get()).toMatchObject({
    heardAtMs: 3_000,
    stream: { kind: 'stale', why: 'away' },
  });
  store.receive(event('tick', { at_ms: 15_000 }), 6_000);
  expect(store.get().stream).toEqual({ kind: 'live' });
});

test('a view that was old when it came is as old as the coordinator says', () => {
  const store = new LiveStore();
  store.receive(event('view', view({}, { at_ms: 20_000 })), 1_000);
  store.receive(event('stale', { at_ms: 20_000, now_ms: 27_000, reason: 'away' }), 1_001);
  expect(store.get()).toMatchObject({ heardAtMs: -5_999, clockSkewMs: 25_999 });
});

test('an event of a newer release changes nothing', () => {
  const store = new LiveStore();
  store.receive(event('view', view()), 1);
  const before = store.get();
  store.receive(event('weather', { sunny: true }), 2);
  expect(store.get()).toBe(before);
});

test('charts have samples while the stream lives, and as many as are kept', () => {
  const store = new LiveStore();
  store.sample(1);
  expect(store.get().history).toEqual([]);
  store.receive(event('view', view({ 'orders/0': {}, 'orders/1': { state: 'FAILED' } })), 1);
  store.sample(2);
  expect(store.get().history).toMatchObject([{ running: 1, abnormal: 1, lag: null }]);
  store.setStream({ kind: 'broken', why: 'no coordinator answers' });
  store.sample(3);
  expect(store.get().history).toHaveLength(1);

  const sample = store.get().history[0];
  if (!sample) throw new Error('there is a sample');
  let history: readonly (typeof sample)[] = [];
  for (let atMs = 0; atMs < samplesMax + 5; atMs += 1) {
    history = withSample(history, { ...sample, atMs });
  }
  expect([history.length, history[0]?.atMs]).toEqual([samplesMax, 5]);
});

test('charts show nothing for a time in which nothing came', () => {
  const store = new LiveStore();
  store.receive(event('view', view({ 'orders/0': {} })), 10_000);
  store.sample(10_000);
  store.sample(11_000);
  store.setStream({ kind: 'resting' });
  store.sample(12_000);
  store.receive(event('tick', { at_ms: 90_000 }), 90_000);
  store.sample(90_000);
  const nothing = { recordsIn: null, recordsOut: null, lag: null, running: null, abnormal: null };
  expect(store.get().history).toMatchObject([
    { atMs: 10_000, running: 1 },
    { atMs: 11_000, running: 1 },
    { atMs: 11_001, ...nothing },
    { atMs: 90_000, running: 1 },
  ]);
});
