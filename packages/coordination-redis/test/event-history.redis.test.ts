import type { NewEvent } from '@sluice/coordination';
import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { RedisCoordinationStore, RedisEventHistory } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

async function withEvents(events: readonly NewEvent[]) {
  const cluster = newShortId();
  const { redis } = under;
  const store = new RedisCoordinationStore({ redis, cluster });
  const lead = { coordinator: 'c1', leaseMs: 60_000, protocol: { min: 1, max: 1 }, log: 'redis' };
  const reply = await store.lead(lead);
  if (reply.kind !== 'leading') throw new Error('it does not lead');
  for (const event of events) await store.appendEvents(reply.term, [event]);
  return { store, history: new RedisEventHistory({ redis, cluster }) };
}

function step(type: string, unit: string, facts: NewEvent['facts'] = {}): NewEvent {
  const connector = unit.split('/')[1] ?? '';
  return { type, message: `${unit} ${type}`, facts: { unit, connector, ...facts } };
}

const dead: NewEvent = { type: 'worker.dead', message: 'w1 died', facts: { worker: 'w1' } };

test('steps of units are told where they are asked for, between what happened to the cluster', async () => {
  const { store, history } = await withEvents([
    step('unit.running', 'task/orders/0', { worker: 'w1' }),
    dead,
    step('unit.granted', 'task/orders/0', { worker: 'w2', from: 'w1' }),
    step('unit.running', 'task/payments/0', { worker: 'w2' }),
  ]);
  const types = async (query: object): Promise<string[]> =>
    (await history.read({ limit: 10, ...query })).map(({ type }) => type);
  expect(await types({})).toEqual(['worker.dead']);
  expect((await store.events(10)).map(({ type }) => type)).toEqual(['worker.dead']);
  expect(await types({ unit: 'task/orders/0' })).toEqual(['unit.granted', 'unit.running']);
  expect(await types({ worker: 'w1' })).toEqual(['unit.granted', 'worker.dead', 'unit.running']);
  expect(await types({ connector: 'payments' })).toEqual(['unit.running']);
  expect(await types({ type: 'unit' })).toEqual(['unit.running', 'unit.granted', 'unit.running']);
  expect(await types({ type: 'unit.granted' })).toEqual(['unit.granted']);
  expect(await types({ type: 'worker' })).toEqual(['worker.dead']);
  expect(await types({ type: 'work' })).toEqual([]);
  expect(await types({ text: 'DEAD  w1' })).toEqual(['worker.dead']);
  expect(await types({ text: 'w1 lives' })).toEqual([]);
});

test('pages follow each other without a gap', async () => {
  const { history } = await withEvents(
    Array.from({ length: 25 }, (_none, n) => step(`unit.step${n}`, 'task/orders/0')),
  );
  const found: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await history.read({ limit: 10, unit: 'task/orders/0', before });
    found.push(...page.map(({ type }) => type));
    if (page.length < 10) break;
    before = page.at(-1)?.id;
  }
  expect(found).toEqual(Array.from({ length: 25 }, (_none, n) => `unit.step${24 - n}`));
});
