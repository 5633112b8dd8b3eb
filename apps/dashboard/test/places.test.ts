import { expect, test } from 'vitest';
import { connectorUrl } from '../src/api/client.ts';
import { connectorPath, parsePath, tasksPath } from '../src/paths.ts';
import { pathWith } from '../src/router.tsx';
import {
  connectorsAmong,
  mergedEvents,
  nextOf,
  placeOfEvent,
  siftedEvents,
  stepsMs,
  toneOfEvent,
} from '../src/state/events.ts';
import { refusal } from '../src/state/session.ts';
import { meaningOf } from '../src/ui/keys.ts';
import { rowHeight, rowsAmong, rowsInSight } from '../src/ui/windowed.tsx';

test('an address names a page, and what is no page is none', () => {
  expect(parsePath('/')).toEqual({ page: 'overview' });
  expect(parsePath('/events/errors')).toEqual({ page: 'events', tab: 'errors' });
  expect(parsePath('/events/tasks')).toEqual({ page: 'events', tab: 'tasks' });
  expect(parsePath('/events/else')).toEqual({ page: 'events', tab: 'latest' });
  expect(parsePath('/connectors/orders/logs')).toEqual({
    page: 'connector',
    name: 'orders',
    tab: 'logs',
  });
  expect(parsePath('/nonsense')).toEqual({ page: 'unknown' });
});

test('any name of a connector survives its address', () => {
  for (const name of [
    'orders',
    'a/b',
    'x y',
    '100%',
    'ä?#',
    '🚚',
    '.',
    '..',
    '=..',
    '...',
    '../..',
  ]) {
    expect(parsePath(connectorPath(name, 'offsets'))).toEqual({
      page: 'connector',
      name,
      tab: 'offsets',
    });
  }
  expect(parsePath('/connectors/100%')).toMatchObject({ name: '100%' });
  expect(tasksPath({ connector: 'a b', state: 'FAILED' })).toBe(
    '/tasks?connector=a+b&state=FAILED',
  );
});

test('a browser leaves the address of any connector as it is', () => {
  for (const name of ['.', '..', '../x', 'a/..', '=.', '%2e%2e', 'a b?c#d']) {
    for (const path of [`/ui${connectorPath(name, 'logs')}`, connectorUrl(name, '/pause')]) {
      expect(new URL(path, 'http://localhost').pathname).toBe(path);
    }
  }
  expect(connectorUrl('..', '/pause')).toBe('/sluice/connectors/=../pause');
  expect(connectorUrl('=..', '/pause')).toBe('/connectors/%3D../pause');
});

test('g and a letter go somewhere if they are one after the other', () => {
  expect(meaningOf('t', { key: 'g', agoMs: 300 })).toBe('g t');
  expect(meaningOf('t', { key: 'g', agoMs: 5_000 })).toBe('t');
  expect(meaningOf('t', undefined)).toBe('t');
  expect(meaningOf('z', { key: 'g', agoMs: 300 })).toBe('z');
});

test('only rows in sight and some around them are in the page', () => {
  const screen = { height: 10 * rowHeight };
  expect(rowsInSight(1_000, { top: 0, ...screen })).toEqual({ first: 0, last: 22 });
  expect(rowsInSight(1_000, { top: -500 * rowHeight, ...screen })).toEqual({
    first: 488,
    last: 522,
  });
  expect(rowsInSight(5, { top: 0, ...screen })).toEqual({ first: 0, last: 5 });
  expect(rowsInSight(5, { top: -500 * rowHeight, ...screen })).toEqual({ first: 0, last: 5 });
});

test('rows of any heights are in the page where they are in sight', () => {
  const heights = Array.from({ length: 1_000 }, (_, row) => (row === 500 ? 5_000 : 30));
  const all = 999 * 30 + 5_000;
  const beyond = 12 * rowHeight;
  for (const top of [100, -9_000, -16_000, -30_000]) {
    const { first, last, before, after } = rowsAmong(heights, { top, height: 600 });
    const shown = heights.slice(first, last).reduce((sum, each) => sum + each, 0);
    expect(before + shown + after).toBe(all);
    expect(before === 0 || top + before <= 0).toBe(true);
    expect(after === 0 || top + before + shown >= 600).toBe(true);
    expect(shown).toBeLessThan(600 + 2 * beyond + 5_100);
  }
  // Shorter than it was, and scrolled beyond its end.
  expect(rowsAmong([30], { top: -9_000, height: 600 })).toMatchObject({ before: 30, after: 0 });
  expect(rowsAmong([], { top: 0, height: 600 })).toMatchObject({ first: 0, last: 0, after: 0 });
});

test('a viewer is told which role is missing, an admin nothing', () => {
  const as = (role: 'viewer' | 'operator' | 'admin') => ({
    kind: 'signed-in' as const,
    session: { user: 'ann', role, hasSignIn: true },
  });
  expect(refusal(as('viewer'), 'operator')).toContain('Needs the role operator: you are a viewer');
  expect(refusal(as('operator'), 'admin')).toContain('you are an operator');
  expect(refusal(as('operator'), 'operator')).toBeUndefined();
  expect(refusal(as('admin'), 'viewer')).toBeUndefined();
  expect(refusal({ kind: 'signed-out', hasEnded: false }, 'viewer')).toBeDefined();
});

test('events are sifted here as by the server, and a full page has one after it', () => {
  const event = (id: string, type: string, message: string) => ({
    id,
    type,
    message,
    at_ms: 1,
    facts: {},
  });
  const all = [
    event('4-0', 'worker.dead', 'W1 declared dead'),
    event('3-0', 'worker.joined', 'w2 joined'),
    event('2-0', 'workers', 'of another area'),
  ];
  const ids = (wanted: { type?: string; text?: string }): string[] =>
    siftedEvents(all, { type: '', text: '', ...wanted }).map(({ id }) => id);
  expect(ids({ type: 'worker' })).toEqual(['4-0', '3-0']);
  expect(ids({ type: 'worker.dead' })).toEqual(['4-0']);
  expect(ids({ text: ' w1  DEAD' })).toEqual(['4-0']);
  expect(nextOf(all, 3)).toBe('2-0');
  expect(nextOf(all, 4)).toBeNull();
  expect(nextOf([], 3)).toBeNull();
});

test('another query keeps the rest of the address', () => {
  const place = { path: '/tasks', query: new URLSearchParams('state=FAILED&q=a b') };
  expect(pathWith(place, { q: undefined })).toBe('/tasks?state=FAILED');
  expect(pathWith(place, { q: '', state: '' })).toBe('/tasks');
  expect(pathWith(place, { task: 'or/ders/0' })).toBe(
    '/tasks?state=FAILED&q=a+b&task=or%2Fders%2F0',
  );
});

test('events that came both ways are shown once, the newest first', () => {
  const event = (id: string, at_ms: number) => ({ id, at_ms, type: 'x', message: '', facts: {} });
  const merged = mergedEvents([event('3', 30), event('2', 20)], [event('2', 20), event('1', 10)]);
  expect(merged.map(({ id }) => id)).toEqual(['3', '2', '1']);
});

test('an event leads to what it is about, the nearest first', () => {
  const facts = { worker: 'worker-1', connector: 'orders', unit: 'task/orders/3' };
  expect(placeOfEvent({ facts })).toEqual({
    name: 'orders/3',
    to: '/tasks?connector=orders&task=orders%2F3',
  });
  expect(placeOfEvent({ facts: { ...facts, unit: 'connector/orders' } })).toEqual({
    name: 'orders',
    to: '/connectors/orders',
  });
  expect(placeOfEvent({ facts: { worker: 'worker-1' } })?.to).toBe('/tasks?worker=worker-1');
  expect(placeOfEvent({ facts: { epoch: 3 } })).toBeUndefined();
});

test('connectors that failed themselves are told apart from their tasks', () => {
  expect(connectorsAmong(['task/orders/0', 'connector/connector/a', 'connector/bills'])).toEqual([
    'connector/a',
    'bills',
  ]);
});

test('a step lasts until the next one of the same unit', () => {
  const step = (id: string, at_ms: number, unit?: string) => ({
    id,
    at_ms,
    type: 'x',
    message: '',
    facts: unit === undefined ? {} : { unit },
  });
  const lasted = stepsMs([
    step('4', 40, 'a'),
    step('3', 30, 'b'),
    step('2', 20),
    step('1', 10, 'a'),
  ]);
  expect([...lasted]).toEqual([['1', 30]]);
});

test.each([
  ['unit.failed', 'bad'],
  ['unit.backing_off', 'warn'],
  ['worker.dead', 'bad'],
  ['assignment.rerun', 'move'],
  ['worker.joined', 'ok'],
  ['anything.else', 'idle'],
])('%s is shown as %s', (type, tone) => {
  expect(toneOfEvent(type)).toBe(tone);
});
