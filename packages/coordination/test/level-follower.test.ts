import { LogLevels, SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { LevelFollower } from '../src/level-follower.ts';
import type { LoggerLevel } from '../src/store.ts';

test('levels are followed every two seconds, also after the store was away', async () => {
  const clock = new FakeClock();
  const levels = new LogLevels('info', []);
  let stored: Map<string, LoggerLevel> | undefined = new Map([['a', { level: 'DEBUG', atMs: 1 }]]);
  let looks = 0;
  const follower = new LevelFollower({
    store: {
      loggerLevels: async () => {
        if (!stored) throw new SluiceError('store.unreachable', 'away', { retriable: true });
        return stored;
      },
    },
    levels,
    clock,
    onLook: ({ size }) => (looks += size),
  });
  await follower.start();
  expect(levels.get('a')?.level).toBe('DEBUG');
  stored = undefined;
  await clock.advance(2_000);
  stored = new Map([['a', { level: 'WARN', atMs: 2 }]]);
  await clock.advance(2_000);
  expect(levels.get('a')?.level).toBe('WARN');
  expect(looks).toBe(2);
  await follower.stop();
  stored = new Map([['a', { level: 'OFF', atMs: 3 }]]);
  await clock.advance(10_000);
  expect(levels.get('a')?.level).toBe('WARN');
});

test('stopped while it looks, it does not look again', async () => {
  const clock = new FakeClock();
  const { promise, resolve } = Promise.withResolvers<Map<string, LoggerLevel>>();
  let looks = 0;
  const loggerLevels = async () => {
    looks++;
    return promise;
  };
  const levels = new LogLevels('info', []);
  const follower = new LevelFollower({ store: { loggerLevels }, levels, clock });
  const started = follower.start();
  await follower.stop();
  resolve(new Map());
  await started;
  await clock.advance(10_000);
  expect(looks).toBe(1);
});
