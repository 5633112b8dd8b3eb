/**
 * A fake Redis and a real one that are asked the same. To `RedisCoordinationStore` the twin is a connection; it
 * compares each pair of answers, and all keys after each call, and answers what the fake does.
 *
 * Both have the test's time: the fake by its option, the server by scripts that read it from a key (see
 * `clocked-script.ts`). What expires on the server is given so long that the server's own clock never matters;
 * when the test lets time pass, it tells the server how long is left by the fake's clock.
 */
import { isDeepStrictEqual } from 'node:util';
import { assert } from '@sluice/kernel';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';

import { FakeRedis, fakeClient, ScriptBook } from '../../src/index.ts';
import { shaOf } from '../../src/redis/script-book.ts';
import { canonical, type Outcome, outcomeOf } from './canonical-reply.ts';
import { clockKey, withTestClock } from './clocked-script.ts';
import { pictureScript, readPicture } from './server-picture.ts';

type Argument = string | number;
/** As the driver takes them: some in arrays. */
type Arguments = (Argument | Argument[])[];

/** By how much the server's own clock may have gone on while the test thought. */
const expiryToleranceMs = 30_000;

const product = new ScriptBook();
const serverTexts = new Map<string, string>();

/** What the server runs for a script of the product. */
function serverText(sha: string): string {
  const known = serverTexts.get(sha);
  if (known !== undefined) return known;
  const script = product.find(sha);
  assert(script, 'only scripts of the product are called');
  const text = withTestClock(script.text);
  serverTexts.set(sha, text);
  return text;
}

export class TwinRedis {
  readonly fake: FakeRedis;
  readonly status = 'ready';
  /** The first that was found. */
  difference: unknown;
  readonly options = { host: 'twin', port: 6379 };
  readonly #server: Redis;
  #micros = 1_800_000_000_000_000;

  private constructor(server: Redis, scripts?: ScriptBook) {
    this.#server = server;
    this.fake = new FakeRedis({
      nowMicros: () => this.#micros,
      history: { commandsMax: Infinity, ageMsMax: Infinity },
      ...(scripts ? { scripts } : {}),
    });
  }

  /** Empties the server. */
  static async start(server: Redis, scripts?: ScriptBook): Promise<TwinRedis> {
    await server.flushall();
    await server.script('FLUSH');
    return new TwinRedis(server, scripts);
  }

  get asRedis(): Redis {
    return this as unknown as Redis;
  }

  async evalsha(sha: string, keyCount: number, ...args: Arguments): Promise<unknown> {
    const texts = args.flat().map(String);
    const [keys, argv] = [texts.slice(0, keyCount), texts.slice(keyCount)];
    return this.#compare(product.find(sha)?.name ?? '', () => this.fake.evalsha(sha, keys, argv), [
      'evalsha',
      shaOf(serverText(sha)),
      keyCount,
      ...texts,
    ]);
  }

  async eval(text: string, keyCount: number, ...args: Arguments): Promise<unknown> {
    const texts = args.flat().map(String);
    const [keys, argv] = [texts.slice(0, keyCount), texts.slice(keyCount)];
    const sha = shaOf(text);
    return this.#compare(product.find(sha)?.name ?? '', () => this.fake.eval(text, keys, argv), [
      'eval',
      serverText(sha),
      keyCount,
      ...texts,
    ]);
  }

  async get(key: string): Promise<unknown> {
    return this.#compare('GET', () => this.fake.command('GET', key), ['get', key]);
  }

  async ping(): Promise<unknown> {
    return this.#compare('PING', () => this.fake.command('PING'), ['ping']);
  }

  async hgetall(key: string): Promise<unknown> {
    await this.#compare('HGETALL', () => this.fake.command('HGETALL', key), ['hgetall', key]);
    return fakeClient(this.fake, { send: async (command) => command() }).hgetall(key);
  }

  async xrange(key: string, ...args: Arguments): Promise<unknown> {
    const texts = args.flat().map(String);
    return this.#compare('XRANGE', () => this.fake.command('XRANGE', key, ...texts), [
      'xrange',
      key,
      ...texts,
    ]);
  }

  async xrevrange(key: string, ...args: Arguments): Promise<unknown> {
    const texts = args.flat().map(String);
    return this.#compare('XREVRANGE', () => this.fake.command('XREVRANGE', key, ...texts), [
      'xrevrange',
      key,
      ...texts,
    ]);
  }

  /** Its times are the fake's alone. */
  pipeline() {
    const works: (() => Promise<unknown>)[] = [];
    const add = (work: () => Promise<unknown>) => {
      works.push(work);
      return pipeline;
    };
    const pipeline = {
      time: () => add(async () => this.fake.command('TIME')),
      get: (key: string) => add(() => this.get(key)),
      pttl: (key: string) => add(async () => this.fake.command('PTTL', key)),
      hgetall: (key: string) => add(() => this.hgetall(key)),
      exec: async (): Promise<Outcome[]> =>
        await Promise.all(works.map(async (work): Promise<Outcome> => [null, await work()])),
    };
    return pipeline;
  }

  /** True time passes for both. */
  async elapse(ms: number): Promise<void> {
    this.#micros += ms * 1_000;
    await this.#expire();
  }

  async jumpClock(byMs: number): Promise<void> {
    this.fake.jumpClock(byMs);
    await this.#expire();
  }

  async flush(): Promise<void> {
    this.fake.flush();
    await this.#server.flushall();
    await this.#server.script('FLUSH');
  }

  /** Returns what brings both back to what they are now. */
  async save(): Promise<() => Promise<void>> {
    const { point } = this.fake;
    const keys = await this.#server.keys('*');
    const values = await Promise.all(
      keys.map(async (key) => [key, await this.#server.dumpBuffer(key)] as const),
    );
    return async () => {
      this.fake.revertTo(point);
      await this.#server.flushall();
      await this.#server.script('FLUSH');
      for (const [key, value] of values) if (value) await this.#server.restore(key, 0, value);
      await this.#expire();
    };
  }

  /** The server's keys live as long as the fake's. */
  async #expire(): Promise<void> {
    // Deletes what is over.
    this.fake.command('PING');
    const left = this.fake.dump();
    const nowMs = Math.floor(this.fake.clockMicros / 1_000);
    const pipeline = this.#server.pipeline();
    for (const key of await this.#server.keys('*')) {
      if (key === clockKey) continue;
      const picture = left[key];
      if (!picture) pipeline.del(key);
      else if (picture.expiresAtMs !== undefined)
        pipeline.pexpire(key, picture.expiresAtMs - nowMs + expiryToleranceMs);
    }
    await pipeline.exec();
  }

  async #compare(
    name: string,
    ask: () => unknown,
    command: [string, ...Argument[]],
  ): Promise<unknown> {
    this.#micros += 137;
    const micros = this.fake.clockMicros;
    const expected = await this.#askServer(micros, command);
    const given = outcomeOf(ask);
    try {
      this.#compareOutcomes(name, given, expected.outcome);
      this.#comparePictures(name, expected.picture);
    } catch (difference) {
      this.difference ??= difference;
      throw difference;
    }
    if (given[0]) throw given[0];
    return given[1];
  }

  /** In one round trip: sets the time, asks, looks at all keys. */
  async #askServer(micros: number, command: [string, ...Argument[]]) {
    const replies = await this.#server
      .pipeline()
      .del(clockKey)
      .rpush(clockKey, Math.floor(micros / 1_000_000), micros % 1_000_000)
      .call(...command)
      .eval(pictureScript, 0)
      .exec();
    const [, , outcome, picture] = replies ?? [];
    assert(outcome && picture && !picture[0], `the server answers: ${String(picture?.[0])}`);
    return { outcome, picture: readPicture(picture[1]) };
  }

  #compareOutcomes(name: string, given: Outcome, expected: Outcome): void {
    expect({ of: name, reply: canonical(name, given) }).toEqual({
      of: name,
      reply: canonical(name, expected),
    });
  }

  #comparePictures(name: string, { keys, leftMs }: ReturnType<typeof readPicture>): void {
    const nowMs = Math.floor(this.fake.clockMicros / 1_000);
    const own = Object.fromEntries(
      Object.entries(this.fake.dump()).map(([key, { expiresAtMs, ...picture }]) => {
        const isExpected = expiresAtMs !== undefined;
        const left = leftMs.get(key);
        expect({ key, expires: left !== undefined }).toEqual({ key, expires: isExpected });
        if (isExpected && left !== undefined) {
          expect(Math.abs(expiresAtMs - nowMs - left), key).toBeLessThanOrEqual(
            2 * expiryToleranceMs,
          );
        }
        return [key, picture];
      }),
    );
    // Much faster than what explains the difference.
    if (!isDeepStrictEqual(own, keys))
      expect({ after: name, keys: own }).toEqual({ after: name, keys });
  }
}
