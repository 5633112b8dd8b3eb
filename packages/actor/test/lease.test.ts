import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { ExecutorBoard } from '../src/executor-board.ts';
import { ActorLease, BoardLease } from '../src/lease.ts';
import { LeaseBeyond } from '../src/lease-beyond.ts';

function setUp(): {
  board: ExecutorBoard;
  clock: FakeClock;
  lease: BoardLease;
  expiries: number[];
  renew: (ms: number) => void;
} {
  const board = new ExecutorBoard();
  const clock = new FakeClock();
  const lease = new BoardLease(board, clock);
  const expiries: number[] = [];
  lease.onExpired(() => expiries.push(clock.monotonicMs()));
  const renew = (ms: number): void => {
    const nowMs = clock.monotonicMs();
    board.setLease({ pauseAtMs: nowMs + ms / 2, quiesceAtMs: nowMs + ms });
  };
  return { board, clock, lease, expiries, renew };
}

const refusal = expect.objectContaining({ code: 'lease.expired', fenced: true }) as Error;

test('without a lease nothing is held, and nothing expires', async () => {
  const { clock, lease, expiries } = setUp();
  expect(lease.isHeld()).toBe(false);
  expect(() => lease.assertHeld()).toThrow(refusal);
  lease.look();
  await clock.advance(60_000);
  expect(expiries).toEqual([]);
});

test('it is fresh until the pause deadline and held until the quiesce deadline', async () => {
  const { clock, lease, expiries, renew } = setUp();
  renew(1_000);
  lease.look();
  await clock.advance(499);
  expect([lease.isFresh(), lease.isHeld()]).toEqual([true, true]);
  await clock.advance(1);
  expect([lease.isFresh(), lease.isHeld()]).toEqual([false, true]);
  await clock.advance(499);
  expect(() => lease.assertHeld()).not.toThrow();
  expect(expiries).toEqual([]);
  await clock.advance(1);
  // The timer noticed, nobody asked.
  expect(expiries).toEqual([1_000]);
  expect(() => lease.assertHeld()).toThrow(refusal);
});

test('a renewal in time moves the expiry', async () => {
  const { clock, lease, expiries, renew } = setUp();
  renew(1_000);
  lease.look();
  await clock.advance(900);
  renew(1_000);
  await clock.advance(900);
  expect(lease.isHeld()).toBe(true);
  await clock.advance(200);
  expect(expiries).toEqual([1_900]);
});

test('after a freeze the very first check refuses and cuts, before any timer runs', () => {
  const board = new ExecutorBoard();
  let nowMs = 10;
  // A clock whose timers never get a turn.
  const clock = Object.assign(new FakeClock(), { monotonicMs: () => nowMs });
  const lease = new BoardLease(board, clock);
  let cuts = 0;
  lease.onExpired(() => cuts++);
  board.setLease({ pauseAtMs: 100, quiesceAtMs: 200 });
  lease.look();
  expect(lease.isHeld()).toBe(true);
  nowMs = 5_000;
  expect(() => lease.assertHeld()).toThrow(refusal);
  expect(cuts).toBe(1);
  expect(board.quietForMs).toBe(200);
});

test('it expires once, is armed again by a renewal, and wakes those who wait for it', async () => {
  const { clock, lease, expiries, renew } = setUp();
  renew(100);
  lease.look();
  await clock.advance(100);
  lease.isHeld();
  lease.isHeld();
  expect(expiries).toHaveLength(1);
  let isFresh = false;
  const waiting = lease.untilFresh(new AbortController().signal).then(() => {
    isFresh = true;
  });
  await clock.advance(1_000);
  expect(isFresh).toBe(false);
  renew(100);
  lease.look();
  await waiting;
  expect(lease.isHeld()).toBe(true);
  await clock.advance(100);
  expect(expiries).toHaveLength(2);
});

test('an aborted wait for a fresh lease rejects with the reason', async () => {
  const { lease } = setUp();
  const abort = new AbortController();
  const waiting = lease.untilFresh(abort.signal);
  abort.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await expect(lease.untilFresh(abort.signal)).rejects.toThrow('stopped');
});

test('an abandoned executor is refused for ever, whatever its lease says', async () => {
  const { board, clock, lease, expiries, renew } = setUp();
  renew(10_000);
  lease.look();
  board.abandon();
  expect(() => lease.assertHeld()).toThrow(refusal);
  expect(expiries).toHaveLength(1);
  renew(10_000);
  lease.look();
  await clock.advance(20_000);
  expect(lease.isHeld()).toBe(false);
  expect(expiries).toHaveLength(1);
});

test('it confirms to be quiet only for a deadline that has passed', async () => {
  const { board, clock, lease, renew } = setUp();
  renew(100);
  lease.look();
  await clock.advance(99);
  expect(board.quietForMs).toBe(0);
  await clock.advance(1);
  expect(board.quietForMs).toBe(100);
  renew(100);
  lease.look();
  expect(board.quietForMs).toBeLessThan(board.quiesceAtMs);
});

test('a listener that throws does not keep the others from being called', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { clock, lease, expiries, renew } = setUp();
  lease.onExpired(() => {
    throw new Error('a bad listener');
  });
  let isCalled = false;
  lease.onExpired(() => {
    isCalled = true;
  });
  renew(100);
  lease.look();
  await clock.advance(100);
  expect(expiries).toHaveLength(1);
  expect(isCalled).toBe(true);
  expect(warn).toHaveBeenCalledWith('a lease listener threw: Error: a bad listener');
  warn.mockRestore();
});

test("an actor's view can be revoked alone, and then cuts its own sockets only", async () => {
  const { lease, expiries, renew } = setUp();
  const one = new ActorLease(lease);
  const other = new ActorLease(lease);
  const cuts: string[] = [];
  one.onExpired(() => cuts.push('one'));
  other.onExpired(() => cuts.push('other'));
  renew(1_000);
  lease.look();
  one.revoke(true);
  expect(() => one.assertHeld()).toThrow(refusal);
  expect([one.isHeld(), one.isFresh(), other.isHeld()]).toEqual([false, false, true]);
  await expect(one.untilFresh(new AbortController().signal)).rejects.toThrow(refusal);
  expect(cuts).toEqual(['one']);
  expect(expiries).toEqual([]);
});

test('deadlines may be endless', () => {
  const { board, lease } = setUp();
  board.setLease({ pauseAtMs: Number.POSITIVE_INFINITY, quiesceAtMs: Number.POSITIVE_INFINITY });
  lease.look();
  expect([lease.isFresh(), lease.isHeld()]).toEqual([true, true]);
});

describe('a lease that is held beyond its end', () => {
  function beyond(ms: number) {
    const parts = setUp();
    const actor = new ActorLease(parts.lease);
    const longer = new LeaseBeyond(actor, parts.clock, ms);
    const ends: number[] = [];
    longer.onExpired(() => ends.push(parts.clock.monotonicMs()));
    parts.renew(1_000);
    parts.lease.look();
    return { ...parts, actor, longer, ends };
  }

  test('is held for its time, while that of the others is over and the executor quiet', async () => {
    const { board, clock, actor, longer, expiries, ends } = beyond(5_000);
    await clock.advance(1_000);
    expect(expiries).toEqual([1_000]);
    expect(board.quietForMs).toBe(board.quiesceAtMs);
    expect([actor.isHeld(), longer.isFresh(), longer.isHeld()]).toEqual([false, true, true]);
    await clock.advance(4_999);
    expect(() => longer.assertHeld()).not.toThrow();
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([6_000]);
    expect(() => longer.assertHeld()).toThrow(refusal);
  });

  test('goes on without an end when it is renewed in time, and ends after the next loss', async () => {
    const { clock, lease, longer, renew, ends } = beyond(5_000);
    await clock.advance(4_000);
    renew(1_000);
    lease.look();
    await clock.advance(900);
    renew(1_000);
    lease.look();
    await clock.advance(5_999);
    expect([longer.isHeld(), ends]).toEqual([true, []]);
    await clock.advance(1);
    expect([longer.isHeld(), ends]).toEqual([false, [10_900]]);
  });

  test('ends with its executor, and with its actor', async () => {
    const abandoned = beyond(5_000);
    await abandoned.clock.advance(2_000);
    abandoned.board.abandon();
    abandoned.lease.isHeld();
    expect([abandoned.longer.isHeld(), abandoned.ends]).toEqual([false, [2_000]]);

    const overstayed = beyond(5_000);
    await overstayed.clock.advance(2_000);
    overstayed.actor.revoke(true);
    expect([overstayed.longer.isHeld(), overstayed.ends]).toEqual([false, [2_000]]);

    const ended = beyond(5_000);
    await ended.clock.advance(2_000);
    ended.actor.revoke(false);
    await ended.clock.advance(60_000);
    expect([ended.longer.isHeld(), ended.ends]).toEqual([false, []]);
  });

  test('is not held where there never was a lease', () => {
    const { lease, clock } = setUp();
    expect(new LeaseBeyond(new ActorLease(lease), clock, 1e12).isHeld()).toBe(false);
  });
});
