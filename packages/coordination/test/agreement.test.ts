/** What becomes of the version of the protocol and of the record log, on which all processes have to agree. */
import { describe, expect, test } from 'vitest';

import { disagreementError, limitedTo } from '../src/agreement.ts';
import { decideRequest } from '../src/decide-request.ts';
import type { LeaderLoopOptions } from '../src/leader-context.ts';
import type { RequestBody } from '../src/requests.ts';
import { LeaderWorld } from './leader-world.ts';
import { changesOf, clockCatalog, member, viewOf } from './records.ts';

const both = { min: 1, max: 2 };
const [old1, old2] = [1, 2].map((n) => member(`w${n}`, { protocol: { min: 1, max: 1 } }));
const [new1, new2] = [1, 2].map((n) => member(`w${n}`, { protocol: both, incarnation: `w${n}#2` }));

/** Ticks in which nobody may be in the way before the protocol is raised. */
const quietMs = 20_000;

function quietTicks({ profile }: LeaderWorld): number {
  return quietMs / profile.tickMs;
}

async function startWorld(options: Partial<LeaderLoopOptions> = {}): Promise<LeaderWorld> {
  const world = new LeaderWorld({ protocol: both, protocolQuietMs: quietMs, ...options });
  if (!old1 || !old2) throw new Error('there must be two');
  world.played.set(old1, old2);
  return await world.started();
}

function replace(world: LeaderWorld, next: typeof new1): void {
  if (next) world.played.set(next);
}

describe('raising the protocol', () => {
  test('waits for the last worker, and for it to stay', async () => {
    const world = await startWorld();
    await world.ticks(2 * quietTicks(world), 'w1', 'w2');
    replace(world, new1);
    await world.ticks(2 * quietTicks(world), 'w1', 'w2');
    expect(world.played.done).not.toContain('raiseProtocol 2');
    replace(world, new2);
    await world.ticks(quietTicks(world) - 1, 'w1', 'w2');
    expect(world.played.protocol).toBe(1);
    await world.ticks(3, 'w1', 'w2');
    expect(world.played.protocol).toBe(2);
    expect(world.played.events.at(-1)).toMatch(/^protocol\.raised: protocol raised from version 1/);
    await world.ticks(2 * quietTicks(world), 'w1', 'w2');
    expect(world.played.done.filter((each) => each === 'raiseProtocol 2')).toHaveLength(1);
  });

  test('begins to wait anew when a worker is put back', async () => {
    const world = await startWorld();
    replace(world, new1);
    replace(world, new2);
    await world.ticks(quietTicks(world) - 5, 'w1', 'w2');
    replace(world, old2);
    await world.ticks(10, 'w1', 'w2');
    replace(world, new2);
    await world.ticks(quietTicks(world) - 5, 'w1', 'w2');
    expect(world.played.protocol).toBe(1);
    await world.ticks(10, 'w1', 'w2');
    expect(world.played.protocol).toBe(2);
  });

  test('tells whom it waits for, once', async () => {
    const world = await startWorld();
    await world.ticks(100, 'w1', 'w2');
    const waits = 'info the cluster stays at version 1 of the protocol until these are upgraded';
    expect(world.logged.filter((line) => line === waits)).toHaveLength(1);
    // There is nobody left to wait for.
    world.played.remove('members', 'w1');
    world.played.remove('members', 'w2');
    await world.ticks(10);
    expect(world.logged.filter((line) => line === waits)).toHaveLength(1);
  });

  test('waits for a coordinator, too', async () => {
    const world = await startWorld();
    world.played.olderCoordinator = 'c2';
    replace(world, new1);
    replace(world, new2);
    await world.ticks(3 * quietTicks(world), 'w1', 'w2');
    expect(world.played.protocol).toBe(1);
    expect(world.played.events.filter((event) => event.startsWith('protocol'))).toEqual([]);
    // It asks a few times while it waits, not with every turn.
    const asked = world.played.done.filter((each) => each === 'raiseProtocol 2').length;
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(12);
    world.played.olderCoordinator = undefined;
    await world.ticks(quietTicks(world), 'w1', 'w2');
    expect(world.played.protocol).toBe(2);
  });

  test('does not happen by a leader that does not speak it, nor by one that is held back', async () => {
    for (const protocol of [{ min: 1, max: 1 }, limitedTo(1, both)]) {
      const world = await startWorld({ protocol });
      replace(world, new1);
      replace(world, new2);
      await world.ticks(2 * quietTicks(world), 'w1', 'w2');
      expect(world.played.protocol).toBe(1);
      expect(world.played.done).not.toContain('raiseProtocol 1');
      expect(world.logged.filter((line) => line.includes('the cluster stays'))).toEqual([]);
    }
  });

  test('does not happen without any worker', async () => {
    const world = new LeaderWorld({ protocol: both, protocolQuietMs: quietMs });
    await world.started();
    await world.ticks(2 * quietTicks(world));
    expect(world.played.protocol).toBe(1);
  });

  test('goes to what all of them speak', async () => {
    const world = new LeaderWorld({ protocol: { min: 1, max: 9 }, protocolQuietMs: quietMs });
    world.played.set(
      member('w1', { protocol: { min: 1, max: 4 } }),
      member('w2', { protocol: { min: 1, max: 3 } }),
    );
    await world.started();
    await world.ticks(quietTicks(world) + 2, 'w1', 'w2');
    expect(world.played.protocol).toBe(3);
  });
});

describe('a coordinator that may not take part', () => {
  test('is told at once when it does not speak the protocol, and once', async () => {
    const world = new LeaderWorld();
    world.played.leadership = 'refused';
    world.played.protocol = 7;
    await world.started();
    await world.ticks(20);
    expect(world.refusals).toEqual(['cluster.protocol_too_old']);
    expect(world.loop.leads).toBe(false);
  });

  test('gives up when the workers of another log go on beating', async () => {
    const world = new LeaderWorld({ log: 'kafka' });
    world.played.log = 'redis';
    world.played.set(member('w1'));
    await world.started();
    await world.ticks(100, 'w1');
    expect(world.refusals).toEqual([]);
    await world.ticks(40, 'w1');
    expect(world.refusals).toEqual(['cluster.other_log']);
    expect(world.loop.leads).toBe(false);
  });

  test('leads when all workers of another log are silent for longer than they may act', async () => {
    const world = new LeaderWorld({ log: 'kafka' });
    world.played.log = 'redis';
    world.played.set(member('w1'));
    world.played.beatOf('w1');
    await world.started();
    await world.ticks(30);
    expect(world.loop.leads).toBe(false);
    await world.ticks(40);
    expect(world.loop.leads).toBe(true);
    expect(world.refusals).toEqual([]);
  });
});

test('who was declared dead keeps no other log in use, whatever its beats are', async () => {
  const world = new LeaderWorld({ log: 'kafka' });
  world.played.log = 'redis';
  world.played.set(member('w1', { state: 'dead' }));
  await world.started();
  await world.ticks(70, 'w1');
  expect(world.loop.leads).toBe(true);
});

describe('a request that needs another version of the protocol', () => {
  const body: RequestBody = { op: 'drain', worker: 'w1', protocol: 2 };
  const parts = { catalog: clockCatalog, newUid: () => 'uid', nowMs: 0 };

  test('is refused with the remedy as long as that is not in use', () => {
    const view = viewOf({ members: [member('w1')] });
    expect(decideRequest(body, { view, ...parts }).result).toMatchObject({
      kind: 'refused',
      status: 409,
      code: 'request.newer_protocol',
      message:
        'the request "drain" needs version 2 of the protocol, and the cluster uses version 1: upgrade all coordinators and workers (or unset SLUICE_PROTOCOL_MAX), then ask again; it uses a version a minute after all of them speak it',
    });
  });

  test('is applied once it is', () => {
    const view = viewOf({ members: [member('w1')] });
    view.apply(changesOf({}, { revision: 2, protocol: 2 }));
    expect(decideRequest(body, { view, ...parts }).result.kind).toBe('done');
  });
});

describe('the message to who may not take part', () => {
  const agreement = { protocol: { min: 2, max: 3 }, log: 'kafka' };

  test('names both versions and the remedy', () => {
    const tooOld = disagreementError('this worker', agreement, { about: 'protocol', inUse: 4 });
    expect(tooOld).toMatchObject({ code: 'cluster.protocol_too_old' });
    expect(tooOld.message).toMatch(
      /speaks version 2 to 3 .* uses version 4, .* install the release/,
    );
    const single = { ...agreement, protocol: { min: 2, max: 2 } };
    const ofOne = disagreementError('this worker', single, { about: 'protocol', inUse: 3 });
    expect(ofOne.message).toMatch(/ speaks version 2 of the protocol/);
    const tooNew = disagreementError('this worker', agreement, { about: 'protocol', inUse: 1 });
    expect(tooNew).toMatchObject({ code: 'cluster.protocol_too_new' });
    expect(tooNew.message).toMatch(
      /speaks version 2 to 3 .* uses version 1; upgrade .* 1 and 2 first/,
    );
  });

  test('names both logs and the remedy', () => {
    const error = disagreementError('this worker', agreement, { about: 'log', inUse: 'redis' });
    expect(error).toMatchObject({ code: 'cluster.other_log' });
    expect(error.message).toMatch(
      /record log on kafka, but the cluster uses the one on redis: give/,
    );
  });
});
