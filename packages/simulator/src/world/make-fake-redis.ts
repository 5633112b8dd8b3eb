/** The fake Redis of one simulation: on its time, with its chance. */
import { FakeRedis } from '../redis/fake-redis.ts';
import type { HistoryOptions } from '../redis/history.ts';
import { type ReplacedFiles, ScriptBook } from '../redis/script-book.ts';
import { wallOriginMs } from './played-process.ts';
import type { World } from './world.ts';

/** Longer than any scenario goes back. */
const longHistory = { commandsMax: 20_000, ageMsMax: 30_000 };

/** @throws LuaCompileError if a replaced text cannot be compiled. */
export function makeFakeRedis(
  world: World,
  replaced: ReplacedFiles = new Map(),
  history: HistoryOptions = longHistory,
): FakeRedis {
  const random = world.random('redis');
  return new FakeRedis({
    nowMicros: () => Math.floor((wallOriginMs + world.time.nowMs) * 1_000),
    random: () => random.fraction(),
    history,
    scripts: new ScriptBook(replaced),
  });
}
