import { FakeClock } from '@sluice/kernel/testing';
import { expect, test, vi } from 'vitest';

import { PendingRequests } from '../src/kafkajs/pending-requests.ts';

function setup() {
  const clock = new FakeClock();
  const expired: string[] = [];
  const broken: string[] = [];
  const refused: string[] = [];
  const answered: string[] = [];
  const timers = vi.spyOn(clock, 'after');
  const pending = new PendingRequests({
    clock,
    requestTimeoutMs: 1_000,
    onExpired: ({ apiName }) => expired.push(apiName),
    onBroken: (error) => broken.push(error.message),
  });
  const add = (correlationId: number, apiName: string, timeoutMs = 1_000): void =>
    pending.add(correlationId, {
      apiName,
      timeoutMs,
      answer: (payload) => answered.push(`${apiName} ${payload.toString('hex')}`),
      refuse: (error) => refused.push(`${apiName} ${error.message}`),
    });
  const answer = (correlationId: number): void =>
    pending.fulfillRequest({ correlationId, payload: Buffer.from([1]), size: 5 });
  const advance = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pending, expired, broken, refused, answered, timers, add, answer, advance };
}

test('an answer goes to the request that it belongs to', () => {
  const { add, answer, answered, pending } = setup();
  add(1, 'Metadata');
  add(2, 'Fetch');
  answer(2);
  answer(1);
  expect(answered).toEqual(['Fetch 01', 'Metadata 01']);
  expect(pending.size).toBe(0);
});

test('a thousand answered requests set one timer, and an idle connection none', async () => {
  const { add, answer, timers, advance, expired } = setup();
  for (let id = 0; id < 1_000; id += 1) {
    add(id, 'Produce');
    answer(id);
  }
  expect(timers).toHaveBeenCalledTimes(1);
  await advance(60_000);
  expect(timers).toHaveBeenCalledTimes(1);
  expect(expired).toEqual([]);
});

test('a request that is not answered in time is told, though others were answered meanwhile', async () => {
  const { add, answer, advance, expired } = setup();
  add(1, 'Metadata');
  await advance(600);
  add(2, 'Fetch');
  answer(1);
  await advance(600);
  expect(expired).toEqual([]);
  await advance(400);
  expect(expired).toEqual(['Fetch']);
});

test('a request with a shorter limit is not hidden by one that was sent before it', async () => {
  const { add, advance, expired } = setup();
  add(1, 'Fetch', 30_000);
  add(2, 'EndTxn', 100);
  await advance(101);
  expect(expired).toEqual(['EndTxn']);
});

test('a broker that throttles is given so much longer', async () => {
  const { pending, add, advance, expired } = setup();
  add(1, 'Produce');
  pending.maybeThrottle(5_000);
  add(2, 'Fetch');
  await advance(5_900);
  expect(expired).toEqual([]);
  await advance(200);
  expect(expired).toEqual(['Produce']);
});

test('what is refused is refused once, and whoever waits for the end is told', async () => {
  const { pending, add, refused, answer, broken } = setup();
  add(1, 'Produce');
  const empty = pending.waitForPendingRequests();
  pending.refuseAll(new Error('cut'));
  pending.refuseAll(new Error('cut again'));
  await empty;
  expect(refused).toEqual(['Produce cut']);
  answer(1);
  expect(broken).toEqual(['an answer to a request that was not made (1)']);
});
