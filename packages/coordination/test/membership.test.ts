import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import { timingProfiles } from '../src/profile.ts';
import type { HeldUnit, JoinReply, JoinRequest } from '../src/store.ts';
import { Membership } from '../src/worker/membership.ts';
import type { LeaseDeadlines } from '../src/worker/unit-runner.ts';
import { clockPlugin, plugin } from './records.ts';
import { beatAnswer, PlayedStore } from './worker-world.ts';

const profile = timingProfiles.default;
const beatMs = profile.heartbeatIntervalMs;
const taken: JoinReply = { kind: 'name-taken', incarnation: 'other', host: 'there', pid: 99 };

const refused: JoinReply = {
  kind: 'refused',
  disagreement: { about: 'protocol', inUse: 3 },
};
const otherLog: JoinReply = { kind: 'refused', disagreement: { about: 'log', inUse: 'kafka' } };

const atFirst = [clockPlugin];

class World {
  readonly clock = new FakeClock();
  readonly store = new PlayedStore();
  readonly leases: LeaseDeadlines[] = [];
  readonly acknowledged: string[] = [];
  readonly deaths: string[] = [];
  readonly refusals: string[] = [];
  readonly errors: string[] = [];
  readonly logged: string[] = [];
  held: HeldUnit[] = [];
  isQuiet = true;
  fencings = 0;
  fencing: Promise<void> | undefined;
  confirmations = 0;
  confirming: Promise<void> | undefined;
  readonly membership = new Membership({
    identity: {
      worker: 'w1',
      pid: 1,
      host: 'here',
      address: 'here:8084',
      plugins: atFirst,
      protocol: { min: 1, max: 2 },
      log: 'redis',
    },
    store: this.store,
    clock: this.clock,
    profile,
    logger: {
      ...silentLogger,
      error: (_fields, message) => this.errors.push(message),
      warn: (_fields, message) => this.logged.push(message),
      info: (_fields, message) => this.logged.push(message),
    },
    random: () => 0.5,
    events: {
      leaseRenewed: (deadlines) => this.leases.push(deadlines),
      beatAcknowledged: (revision, state) => this.acknowledged.push(`${state} ${revision}`),
      holding: () => this.held,
      confirmHolding: async () => {
        this.confirmations++;
        await this.confirming;
      },
      fenced: async () => {
        this.fencings++;
        await this.fencing;
      },
      isQuiet: () => this.isQuiet,
      refused: ({ code }) => this.refusals.push(code),
      mustDie: (reason) => this.deaths.push(reason),
    },
  });

  async started(): Promise<this> {
    await this.membership.start();
    return this;
  }

  async beats(count: number): Promise<void> {
    await this.clock.advance(count * beatMs);
  }

  get joins(): JoinRequest[] {
    return this.store.callsOf('join') as JoinRequest[];
  }

  get beatCount(): number {
    return this.store.callsOf('beat').length;
  }
}

describe('joining', () => {
  test('says who it is, and beats at once', async () => {
    const world = await new World().started();
    expect(world.joins).toEqual([
      {
        worker: 'w1',
        incarnation: world.membership.incarnation,
        pid: 1,
        host: 'here',
        address: 'here:8084',
        protocol: { min: 1, max: 2 },
        log: 'redis',
        leaseMs: 4_000,
        plugins: [clockPlugin],
        holding: [],
      },
    ]);
    expect(world.beatCount).toBe(1);
    expect(world.leases).toHaveLength(1);
    expect(world.acknowledged).toEqual(['up 1']);
  });

  test('waits for the lease of a dead process of its name', async () => {
    const world = new World();
    world.store.joinAnswers.push(taken, taken, taken);
    const started = world.membership.start();
    await world.beats(3);
    await started;
    expect(world.joins).toHaveLength(4);
    expect(new Set(world.joins.map(({ incarnation }) => incarnation)).size).toBe(1);
  });

  test('gives up when the name is held by a process that lives', async () => {
    const world = new World();
    world.store.joinAnswers.push(...Array.from({ length: 100 }, () => taken));
    const started = expect(world.membership.start()).rejects.toMatchObject({
      code: 'worker.name_taken',
      message:
        'a worker named "w1" is alive (pid 99 on there): stop it, or set SLUICE_WORKER_NAME to another name',
    });
    await world.clock.advance(profile.deadAfterMs + 9_000);
    expect(world.joins.length).toBeGreaterThan(20);
    await world.clock.advance(2_000);
    await started;
  });

  test('a version of the protocol that it does not speak ends the start at once', async () => {
    const world = new World();
    world.store.joinAnswers.push(refused);
    await expect(world.membership.start()).rejects.toMatchObject({
      code: 'cluster.protocol_too_old',
      message: expect.stringContaining('it speaks version 1 to 2 of the protocol') as string,
    });
    expect(world.joins).toHaveLength(1);
  });

  test('another record log is waited for as long as its users may be dying', async () => {
    const world = new World();
    world.store.joinAnswers.push(otherLog, otherLog);
    const started = world.membership.start();
    await world.beats(3);
    await started;
    expect(world.joins).toHaveLength(3);

    const inVain = new World();
    inVain.store.joinAnswers.push(...Array.from({ length: 100 }, () => otherLog));
    const failing = expect(inVain.membership.start()).rejects.toMatchObject({
      code: 'cluster.other_log',
    });
    await inVain.clock.advance(profile.deadAfterMs + 11_000);
    await failing;
  });

  test('who is refused when coming back is told so once, and asks no more', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push({ kind: 'fenced' });
    world.store.joinAnswers.push(refused, refused);
    await world.beats(5);
    expect(world.fencings).toBe(1);
    expect(world.refusals).toEqual(['cluster.protocol_too_old']);
    expect(world.joins).toHaveLength(2);
  });

  test.each(['fail', 'loseAnswers'] as const)(
    'is tried again when the store does not answer, as the same incarnation (%s)',
    async (how) => {
      const world = new World();
      world.store[how]('join', 2);
      const started = world.membership.start();
      await world.beats(2);
      await started;
      expect(world.joins.at(-1)?.incarnation).toBe(world.membership.incarnation);
      expect(world.leases).toHaveLength(1);
    },
  );

  test('fails when the store does not answer for longer than anything may take', async () => {
    const world = new World();
    world.store.fail('join', 100);
    const started = expect(world.membership.start()).rejects.toMatchObject({
      code: 'store.unreachable',
    });
    await world.clock.advance(profile.deadAfterMs + 11_000);
    await started;
  });

  test('starts without a lease when only the first beat is not answered, and gets it later', async () => {
    const world = new World();
    world.store.fail('beat');
    await world.started();
    expect(world.leases).toHaveLength(0);
    await world.beats(2);
    expect(world.leases.length).toBeGreaterThan(0);
  });
});

test('a first beat that fails for another reason than the store’s absence ends the start', async () => {
  const world = new World();
  world.store.failWith('beat', new Error('a bug'));
  await expect(world.membership.start()).rejects.toThrow('a bug');
});

describe('the lease', () => {
  test('lasts from when the acknowledged beat was sent, not from when it was answered', async () => {
    const world = await new World().started();
    const answer = world.store.hold('beat');
    await world.beats(1);
    expect(world.leases).toHaveLength(1);
    await world.clock.advance(800);
    answer();
    await world.clock.advance(0);
    expect(world.leases.at(-1)).toEqual({
      pauseAtMs: beatMs + profile.pauseAfterMs,
      quiesceAtMs: beatMs + profile.quiesceAfterMs,
    });
    expect(world.membership.leaseAgeMs).toBe(800);
  });

  test('is undefined before the first, and ages while no beat is answered', async () => {
    const world = new World();
    expect(world.membership.leaseAgeMs).toBeUndefined();
    await world.started();
    world.store.fail('beat', 3);
    await world.beats(3);
    expect(world.membership.leaseAgeMs).toBe(3 * beatMs);
    expect(world.leases).toHaveLength(1);
    await world.beats(1);
    expect(world.leases).toHaveLength(2);
  });

  test('each beat says what was seen and acknowledged', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push(beatAnswer({ beat: 7, revision: 30 }));
    await world.beats(1);
    world.store.loseAnswers('beat');
    await world.beats(2);
    const calls = world.store.callsOf('beat');
    expect(calls.slice(-2)).toMatchObject([
      { dataset: 'data', beatSeen: 7, revisionSeen: 30, ackedBeat: 7 },
      { dataset: 'data', beatSeen: 7, revisionSeen: 30, ackedBeat: 7 },
    ]);
  });

  test('that it is cordoned is remembered for a store that may lose it, as the last beat has it', async () => {
    const world = await new World().started();
    for (const cordoned of [true, false]) {
      world.store.beatAnswers.push(beatAnswer({ cordoned }), { kind: 'rejoin' });
      await world.beats(2);
      expect(world.store.callsOf('join').at(-1)).toMatchObject({ knownDataset: 'data', cordoned });
    }
    expect(world.store.callsOf('join')[0]).not.toHaveProperty('cordoned');
  });

  test('is not renewed in a quarantine, and nothing else is done', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push(beatAnswer({ quarantined: true }));
    await world.beats(1);
    expect(world.leases).toHaveLength(1);
    expect(world.acknowledged).toHaveLength(1);
  });
});

describe('a beat that fails', () => {
  test('is told of, unless the store does not answer, and the next one comes all the same', async () => {
    const world = await new World().started();
    world.store.fail('beat', 2);
    await world.beats(2);
    expect(world.errors).toEqual([]);
    world.store.failWith('beat', new Error('a bug'));
    await world.beats(1);
    expect(world.errors).toEqual(['heartbeat failed']);
    await world.beats(1);
    expect(world.leases).toHaveLength(2);
  });
});

describe('what is held is in doubt', () => {
  test.each([
    ['a quarantine', beatAnswer({ quarantined: true })],
    ['a rejoin', { kind: 'rejoin' } as const],
  ])('after %s the lease waits until everything else has stopped', async (_what, answer) => {
    const world = await new World().started();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.confirming = promise;
    world.store.beatAnswers.push(answer);
    await world.beats(4);
    expect(world.leases).toHaveLength(1);
    expect(world.confirmations).toBe(1);
    resolve();
    await world.beats(2);
    expect(world.leases.length).toBeGreaterThan(1);
    expect(world.acknowledged.length).toBeGreaterThan(1);
    expect(world.confirmations).toBe(1);
  });

  test('a confirmation that fails is asked for again', async () => {
    const world = await new World().started();
    world.confirming = Promise.reject(new Error('Redis is away'));
    world.confirming.catch(() => {});
    world.store.beatAnswers.push({ kind: 'rejoin' });
    await world.beats(3);
    expect(world.leases).toHaveLength(1);
    expect(world.confirmations).toBe(2);
    world.confirming = undefined;
    await world.beats(2);
    expect(world.leases).toHaveLength(2);
  });

  test('one that was begun before the latest doubt does not count', async () => {
    const world = await new World().started();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.confirming = promise;
    world.store.beatAnswers.push(
      { kind: 'rejoin' },
      beatAnswer(),
      beatAnswer({ quarantined: true }),
    );
    await world.beats(3);
    expect(world.confirmations).toBe(1);
    resolve();
    world.confirming = new Promise(() => {});
    await world.beats(3);
    expect(world.confirmations).toBe(2);
    expect(world.leases).toHaveLength(1);
  });
});

describe('plugins that change', () => {
  const other = plugin('example.Other');
  const told = (world: World) => world.store.plugins.map((each) => each.class);

  test('are told at once, and by every later join', async () => {
    const world = await new World().started();
    await world.membership.announce([other]);
    expect(told(world)).toEqual(['example.Other']);
    world.store.beatAnswers.push({ kind: 'rejoin' });
    await world.beats(2);
    expect(world.joins.at(-1)?.plugins).toEqual([other]);
    await world.beats(3);
    expect(world.store.callsOf('announce')).toHaveLength(1);
  });

  test('are told by joining, when it has not joined yet', async () => {
    const world = new World();
    await world.membership.announce([other]);
    expect(world.store.callsOf('announce')).toHaveLength(0);
    await world.started();
    expect(world.joins[0]?.plugins).toEqual([other]);
  });

  test('are told until the store has had them for a beat, since it may go back before that', async () => {
    const world = await new World().started();
    await world.membership.announce([other]);
    world.store.plugins = [clockPlugin];
    await world.beats(1);
    expect(told(world)).toEqual(['example.Other']);
    await world.beats(5);
    expect(world.store.callsOf('announce')).toHaveLength(3);
    // Logged as often as the store took them.
    expect(world.logged.filter((line) => line === 'plugins announced')).toHaveLength(2);
  });

  test.each(['fail', 'loseAnswers'] as const)(
    'are told again with later beats, when the store does not answer (%s)',
    async (how) => {
      const world = await new World().started();
      world.store[how]('announce', 2);
      await world.membership.announce([other]);
      await world.beats(3);
      expect(told(world)).toEqual(['example.Other']);
      expect(world.store.callsOf('announce').length).toBeGreaterThan(2);
      const calls = world.store.callsOf('announce').length;
      await world.beats(5);
      expect(world.store.callsOf('announce')).toHaveLength(calls);
    },
  );

  test('are told again when a join that was under way told what there was before', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push({ kind: 'rejoin' });
    const answer = world.store.hold('join');
    await world.beats(1);
    expect(world.joins).toHaveLength(2);
    const announcing = world.membership.announce([other]);
    answer();
    await announcing;
    await world.beats(2);
    expect(world.joins.at(-1)?.plugins).toEqual([clockPlugin]);
    expect(told(world)).toEqual(['example.Other']);
  });

  test('those that were there at first are told, too, when they are back at once', async () => {
    const world = await new World().started();
    await world.membership.announce([other]);
    await world.membership.announce(atFirst);
    expect(world.store.plugins).toEqual(atFirst);
  });

  test('the last of several counts', async () => {
    const world = await new World().started();
    const answer = world.store.hold('announce');
    const both = [[other], []].map((plugins) => world.membership.announce(plugins));
    answer();
    await Promise.all(both);
    await world.beats(1);
    expect(told(world)).toEqual([]);
  });
});

describe('rejoining', () => {
  test('it is the same incarnation, and says what it holds and which data set it knew', async () => {
    const world = await new World().started();
    const { incarnation } = world.membership;
    world.held = [{ unit: 'task/a/0', uid: 'u', epoch: 1, fence: 5 }];
    world.store.beatAnswers.push({ kind: 'rejoin' });
    world.store.joinAnswers.push({
      kind: 'joined',
      slot: 0,
      dataset: 'other',
      beat: 3,
      revision: 2,
    });
    await world.beats(2);
    expect(world.joins.at(-1)).toMatchObject({
      incarnation,
      holding: world.held,
      knownDataset: 'data',
    });
    expect(world.store.callsOf('beat').at(-1)).toMatchObject({
      dataset: 'other',
      beatSeen: 3,
      revisionSeen: 2,
      ackedBeat: 3,
    });
    expect(world.fencings).toBe(0);
    expect(world.membership.hasLost({ dataset: 'other', beat: 3 })).toBe(false);
    expect(world.membership.hasLost({ dataset: 'other', beat: 2 })).toBe(true);
    expect(world.membership.hasLost({ dataset: 'data', beat: 3 })).toBe(true);
  });

  test('it is tried again with every interval; who is no member does not beat', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push({ kind: 'rejoin' });
    world.store.fail('join', 3);
    await world.beats(4);
    expect(world.beatCount).toBe(2);
    expect(world.joins).toHaveLength(5);
    await world.beats(3);
    expect(world.beatCount).toBeGreaterThan(2);
    expect(world.leases).toHaveLength(3);
  });

  test('that another process has its name is told once for each', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push({ kind: 'rejoin' });
    world.store.joinAnswers.push(taken, taken, { ...taken, incarnation: 'third' }, taken);
    await world.beats(6);
    expect(world.joins).toHaveLength(6);
    const waits = 'another process has taken our name: waiting for it';
    expect(world.logged.filter((line) => line === waits)).toHaveLength(3);
  });
});

describe('being fenced', () => {
  const fenced = { kind: 'fenced' } as const;

  test('everything has stopped before it comes back as another incarnation, which knows nothing', async () => {
    const world = await new World().started();
    const { incarnation } = world.membership;
    const { promise, resolve } = Promise.withResolvers<void>();
    world.fencing = promise;
    world.store.beatAnswers.push(fenced);
    await world.beats(3);
    expect(world.membership.incarnation).toBe(incarnation);
    expect(world.joins).toHaveLength(1);
    resolve();
    await world.beats(2);
    expect(world.membership.incarnation).not.toBe(incarnation);
    expect(world.joins.at(-1)).not.toHaveProperty('knownDataset');
    expect(world.confirmations).toBe(0);
    expect(world.leases.length).toBeGreaterThan(1);
    expect(world.fencings).toBe(1);
  });

  test('also when the store says so to its join', async () => {
    const world = await new World().started();
    const { incarnation } = world.membership;
    world.store.beatAnswers.push({ kind: 'rejoin' });
    world.store.joinAnswers.push(fenced);
    await world.beats(2);
    expect(world.fencings).toBe(1);
    expect(world.membership.incarnation).not.toBe(incarnation);
    expect(world.joins).toHaveLength(3);
  });

  test('if it cannot join at once it beats for nobody: that would look like lost data', async () => {
    const world = await new World().started();
    const beats = world.beatCount;
    world.store.beatAnswers.push(fenced);
    world.store.fail('join', 2);
    await world.beats(3);
    expect(world.beatCount).toBe(beats + 1);
    expect(world.joins).toHaveLength(4);
    await world.beats(1);
    expect(world.store.callsOf('beat').every((beat) => (beat as { dataset: string }).dataset)).toBe(
      true,
    );
    expect(world.beatCount).toBe(beats + 2);
  });

  test('if its name was taken meanwhile, it waits for it', async () => {
    const world = await new World().started();
    world.store.beatAnswers.push(fenced);
    world.store.joinAnswers.push(...Array.from({ length: 50 }, () => taken));
    await world.beats(40);
    expect(world.beatCount).toBe(2);
    expect(world.deaths).toEqual([]);
    await world.beats(20);
    expect(world.beatCount).toBeGreaterThan(2);
  });
});

describe('the last fence', () => {
  test('the process dies when its lease is over and an executor is not known to be quiet, once', async () => {
    const world = await new World().started();
    world.isQuiet = false;
    world.store.fail('beat', 1_000);
    await world.clock.advance(profile.killAfterMs - 1);
    expect(world.deaths).toEqual([]);
    await world.clock.advance(200);
    expect(world.deaths).toEqual([
      expect.stringMatching(/^no acknowledged beat for 3\d{3} ms and an executor is not quiet$/),
    ]);
    await world.clock.advance(10_000);
    expect(world.deaths).toHaveLength(1);
  });

  test('it lives while all are quiet, however long the store is away', async () => {
    const world = await new World().started();
    world.store.fail('beat', 1_000);
    await world.clock.advance(60_000);
    expect(world.deaths).toEqual([]);
  });

  test('after the whole process was frozen, executors get the time to notice first', async () => {
    const world = await new World().started();
    world.isQuiet = false;
    world.store.fail('beat', 1_000);
    // All timers of the time in between fire at its end, as after SIGCONT.
    freeze(world.clock, 20_000);
    await world.clock.advance(profile.killAfterMs - profile.quiesceAfterMs - 10);
    expect(world.deaths).toEqual([]);
    await world.clock.advance(200);
    expect(world.deaths).toHaveLength(1);
  });
});

describe('stopping', () => {
  test('no beat comes after it, and nothing joins', async () => {
    const world = await new World().started();
    const { beatCount, joins } = world;
    await world.membership.stop();
    await world.beats(20);
    expect([world.beatCount, world.joins.length]).toEqual([beatCount, joins.length]);
    await world.membership.stop();
  });

  test.each([{ kind: 'rejoin' } as const, { kind: 'fenced' } as const])(
    'a beat that is answered by then with $kind does not make it join',
    async (answer) => {
      const world = await new World().started();
      world.store.beatAnswers.push(answer);
      const tell = world.store.hold('beat');
      await world.beats(1);
      const stopped = world.membership.stop();
      tell();
      await stopped;
      await world.beats(5);
      expect(world.joins).toHaveLength(1);
    },
  );

  test('once it is to join no more, it only stops what it must', async () => {
    const world = await new World().started();
    world.membership.joinNoMore();
    world.store.beatAnswers.push(beatAnswer(), { kind: 'fenced' });
    await world.beats(10);
    expect(world.fencings).toBe(1);
    expect(world.joins).toHaveLength(1);
    expect(world.beatCount).toBe(3);
  });

  test('a process that is ending by itself is not killed', async () => {
    const world = await new World().started();
    world.isQuiet = false;
    world.store.fail('beat', 1_000);
    await world.clock.advance(profile.killAfterMs - 100);
    freeze(world.clock, 110);
    await world.membership.stop();
    expect(world.membership.leaseAgeMs).toBeGreaterThan(profile.killAfterMs);
    expect(world.deaths).toEqual([]);
  });

  test('before it was started it does nothing', async () => {
    await new World().membership.stop();
  });
});

/** Time passes, and nothing runs. */
function freeze(clock: FakeClock, ms: number): void {
  const real = clock.monotonicMs.bind(clock);
  clock.monotonicMs = () => real() + ms;
}
