import { type Logger, SluiceError, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import type { RecordLog } from '@sluice/record-log';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { expect, onTestFinished, test, vi } from 'vitest';

import { LogProbe } from '../src/index.ts';

const away = new SluiceError('log.unreachable', 'Kafka at kafka:9092 does not answer', {
  retriable: true,
});

test('before the first answer it says so, afterwards that the log answers', async () => {
  const { probe, clock, lines } = startProbe(async () => new MemoryLog(new MemoryLogStore()));
  expect(probe.health).toEqual({
    kind: 'kafka',
    address: 'kafka:9092',
    reachable: false,
    message: 'has not answered yet',
    promise: null,
  });
  await clock.advance(0);
  expect(probe.health).toMatchObject({ reachable: true, message: 'The record log answers.' });
  expect(lines).toEqual(['info record log answers']);
});

test('what is wrong is told once, and the log is asked again until it answers', async () => {
  let isAway = true;
  let opened = 0;
  const { probe, clock, lines } = startProbe(async () => {
    opened += 1;
    if (isAway) throw away;
    return new MemoryLog(new MemoryLogStore());
  });
  await clock.advance(20_000);
  expect(probe.health).toMatchObject({ reachable: false, message: away.message });
  expect(probe.hasAnswered).toBe(false);
  expect(lines).toEqual(['warn record log cannot be used, tasks wait']);
  // A back-off up to 5 s, and never a loop without pause.
  expect(opened).toBeGreaterThan(4);
  expect(opened).toBeLessThan(20);
  isAway = false;
  await clock.advance(5_000);
  expect(probe.health.reachable).toBe(true);
  expect(lines.at(-1)).toBe('info record log answers');
});

test('a log that goes away is noticed, a reminder comes every minute, and it was there once', async () => {
  const log = new MemoryLog(new MemoryLogStore());
  let isAway = false;
  const { probe, clock, lines } = startProbe(async () => {
    if (isAway) throw away;
    return log;
  });
  await clock.advance(0);
  isAway = true;
  log.destroy();
  await clock.advance(15_000);
  expect(probe.health.reachable).toBe(false);
  expect(probe.hasAnswered).toBe(true);
  const before = lines.length;
  await clock.advance(180_000);
  expect(lines.length - before).toBeGreaterThanOrEqual(2);
  expect(lines.length - before).toBeLessThanOrEqual(4);
});

test('a log that neither answers nor refuses is given up after a limit', async () => {
  const silent = new MemoryLog(new MemoryLogStore());
  silent.topics.describe = () => new Promise(() => {});
  const { probe, clock } = startProbe(async () => silent);
  await clock.advance(11_000);
  expect(probe.health.message).toContain('(kafka at kafka:9092) did not answer within 10 s');
});

test('a log that is just being opened when the probe stops is not left open', async () => {
  const log = new MemoryLog(new MemoryLogStore());
  const destroyed = vi.spyOn(log, 'destroy');
  const opening = Promise.withResolvers<RecordLog>();
  const { probe } = startProbe(() => opening.promise);
  const stopped = probe.stop();
  opening.resolve(log);
  await stopped;
  expect(destroyed).toHaveBeenCalled();
});

function startProbe(open: () => Promise<RecordLog>): {
  probe: LogProbe;
  clock: FakeClock;
  lines: string[];
} {
  const clock = new FakeClock();
  const lines: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (_fields, message) => void lines.push(`info ${message}`),
    warn: (_fields, message) => void lines.push(`warn ${message}`),
  };
  const probe = new LogProbe({
    settings: { kind: 'kafka', kafka: { brokers: ['kafka:9092'] } },
    cluster: 'test',
    clientId: 'worker-1/probe',
    logger,
    clock,
    // The overload for Redis promises more than a fake can keep, and is not used here.
    open: open as never,
  });
  void probe.start();
  onTestFinished(() => probe.stop());
  return { probe, clock, lines };
}
