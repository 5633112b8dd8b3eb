import { applyChange, eventsMax, type LiveEvent, type LiveView } from '@sluice/rest-api/live';
import { expect, test } from 'vitest';

const view: LiveView = {
  at_ms: 1_000,
  cluster: 'test',
  version: '4.1.0',
  leader: { coordinator: 'coordinator-1', epoch: 3, lease_ends_at_ms: 4_000 },
  workers: {},
  connectors: {
    orders: { type: 'source', class: 'FileStreamSource', target_state: 'STARTED', version: 1 },
    ['__proto__']: { type: 'sink', class: 'FileStreamSink', target_state: 'PAUSED', version: 1 },
  },
  units: {},
  events: [event(1)],
};

function event(number: number): LiveEvent {
  return { id: `${number}-0`, at_ms: number, type: 'test', message: `event ${number}`, facts: {} };
}

test('what a change does not name stays the object that it was', () => {
  const next = applyChange(view, { at_ms: 2_000, leader: null });
  expect(next).toEqual({ ...view, at_ms: 2_000, leader: null });
  expect(next.connectors).toBe(view.connectors);
  expect(view.leader).not.toBeNull();
});

test('records of a change replace those of their name, and null takes them away', () => {
  const orders = {
    type: 'source',
    class: 'FileStreamSource',
    target_state: 'STOPPED',
    version: 2,
  } as const;
  const next = applyChange(view, { at_ms: 2_000, connectors: { orders, ['__proto__']: null } });
  expect(Object.entries(next.connectors)).toEqual([['orders', orders]]);
  expect(Object.keys(view.connectors)).toEqual(['orders', '__proto__']);
});

test('new events come before those that were seen, of which the oldest go', () => {
  const many = Array.from({ length: eventsMax - 1 }, (_none, index) => event(100 - index));
  const next = applyChange(view, { at_ms: 2_000, events: many });
  expect(next.events).toHaveLength(eventsMax);
  expect(next.events.at(-1)).toEqual(event(1));
  const after = applyChange(next, { at_ms: 3_000, events: [event(101)] });
  expect(after.events[0]).toEqual(event(101));
  expect(after.events).not.toContainEqual(event(1));
});
