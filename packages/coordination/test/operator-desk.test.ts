import { SluiceError, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { AuditEntry } from '../src/audit.ts';
import type { SubmitOutcome } from '../src/cluster-client.ts';
import { OperatorDesk } from '../src/operator-desk.ts';
import type { InboxEntry } from '../src/operator-requests.ts';

const pause = { op: 'target', connector: 'orders', state: 'PAUSED' } as const;

/** An inbox, a leader that answers what the test says, and the trail. */
class World {
  readonly clock = new FakeClock();
  readonly entries: InboxEntry[] = [];
  readonly asked: string[] = [];
  readonly kept: AuditEntry[] = [];
  answer: () => Promise<SubmitOutcome> = async () => ({ kind: 'done', connectors: [] });
  #position = 0;

  desk(): OperatorDesk {
    return new OperatorDesk({
      inbox: {
        put: async () => '1-0',
        entries: async (max) => this.entries.slice(0, max),
        remove: async (position) => {
          const at = this.entries.findIndex((entry) => entry.position === position);
          if (at >= 0) this.entries.splice(at, 1);
          return at >= 0;
        },
      },
      client: {
        submit: async (body, { requestId }) => {
          this.asked.push(`${requestId} ${body.op}`);
          return this.answer();
        },
      },
      trail: { append: async (entry) => void this.kept.push(entry) },
      clock: this.clock,
      logger: silentLogger,
    });
  }

  put(id: string, body: unknown): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.entries.push({
      position: `${++this.#position}-0`,
      id,
      body: text,
      who: 'ann',
      from: 'pc',
    });
  }
}

test('what an operator asks for is asked in their place, and kept with its outcome', async () => {
  const world = new World();
  const desk = world.desk();
  world.put('1', pause);
  await desk.start();
  await world.clock.advance(0);
  expect(world.asked).toEqual(['operator:1-0:1 target']);
  expect(world.entries).toEqual([]);
  expect(world.kept).toEqual([
    {
      who: 'ann',
      from: 'pc',
      by: 'unverified',
      role: 'operator',
      action: 'pause',
      targets: ['orders'],
      detail: null,
      outcome: 'done',
      status: null,
    },
  ]);
  world.put('2', pause);
  await world.clock.advance(200);
  expect(world.asked).toEqual(['operator:1-0:1 target', 'operator:2-0:2 target']);
  await desk.stop();
});

test.each([
  [{ op: 'delete', connector: 'orders' }, 'delete'],
  [{ op: 'apply', definitions: 'all' }, 'apply'],
  ['no JSON', 'unknown'],
  ['null', 'unknown'],
])('%j is not asked, and kept as refused', async (body, action) => {
  const world = new World();
  const desk = world.desk();
  world.put('1', body);
  world.put('2', pause);
  await desk.start();
  await world.clock.advance(0);
  expect(world.asked).toEqual(['operator:2-0:2 target']);
  expect(world.entries).toEqual([]);
  expect(world.kept).toHaveLength(2);
  expect(world.kept).toContainEqual(
    expect.objectContaining({ action, outcome: 'refused', targets: [] }) as AuditEntry,
  );
  await desk.stop();
});

test('an id that was used before is another request', async () => {
  const world = new World();
  const desk = world.desk();
  world.put('1', pause);
  world.put('1', { ...pause, state: 'STOPPED' });
  await desk.start();
  await world.clock.advance(0);
  expect(world.asked).toEqual(['operator:1-0:1 target', 'operator:2-0:1 target']);
  await desk.stop();
});

test('one with an id that is too long to be kept is refused', async () => {
  const world = new World();
  const desk = world.desk();
  world.put('1'.repeat(101), pause);
  await desk.start();
  await world.clock.advance(0);
  expect(world.asked).toEqual([]);
  expect(world.entries).toEqual([]);
  expect(world.kept).toMatchObject([{ action: 'target', outcome: 'refused' }]);
  await desk.stop();
});

test('an entry is asked for once while its answer is awaited, and again if that failed', async () => {
  const world = new World();
  const desk = world.desk();
  const { promise, reject } = Promise.withResolvers<SubmitOutcome>();
  world.answer = async () => promise;
  world.put('1', pause);
  await desk.start();
  await world.clock.advance(1_000);
  expect(world.asked).toEqual(['operator:1-0:1 target']);
  world.answer = async () => ({
    kind: 'pending',
    requestId: 'operator:1-0:1',
    reason: 'nobody leads',
  });
  reject(new SluiceError('store.unreachable', 'away', { retriable: true }));
  await world.clock.advance(400);
  expect(world.asked).toEqual(['operator:1-0:1 target', 'operator:1-0:1 target']);
  expect(world.kept.map(({ outcome }) => outcome)).toEqual(['pending']);
  await desk.stop();
});

test('of two coordinators that ask, one keeps it', async () => {
  const world = new World();
  const desks = [world.desk(), world.desk()];
  world.put('1', pause);
  await Promise.all(desks.map(async (desk) => desk.start()));
  await world.clock.advance(0);
  expect(world.asked).toEqual(['operator:1-0:1 target', 'operator:1-0:1 target']);
  expect(world.kept).toHaveLength(1);
  await Promise.all(desks.map(async (desk) => desk.stop()));
});

test('after stop() nothing is taken any more', async () => {
  const world = new World();
  const desk = world.desk();
  await desk.start();
  await desk.stop();
  world.put('1', pause);
  await world.clock.advance(1_000);
  expect(world.asked).toEqual([]);
});
