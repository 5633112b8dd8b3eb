/**
 * What the coordination store has instead of a connection: those methods of ioredis that it uses, on a fake
 * Redis, over a link that decides when a command is carried out, whether, and whether the answer comes back.
 */
import type { Redis } from 'ioredis';

import type { ScriptReply } from '../lua/compile.ts';
import type { FakeRedis } from './fake-redis.ts';
import { ReplyError } from './reply-error.ts';

export interface Link {
  /**
   * Calls `command`, once or not at all, and settles with what it returns or throws; or rejects as ioredis does
   * where there is no answer: with an error that is no `ReplyError`.
   */
  send<T>(command: () => T): Promise<T>;
}

type Argument = string | number;
/** As the driver takes them: some in arrays. */
type Arguments = (Argument | Argument[])[];

/** To be given to `RedisCoordinationStore`, which takes an ioredis but needs no more of it than this. */
export function fakeClient(fake: FakeRedis, link: Link): Redis {
  return new FakeClient(fake, link) as unknown as Redis;
}

class FakeClient {
  readonly status = 'ready';
  readonly options = { host: 'fake', port: 6379 };
  readonly #fake: FakeRedis;
  readonly #link: Link;

  constructor(fake: FakeRedis, link: Link) {
    this.#fake = fake;
    this.#link = link;
  }

  evalsha(sha: string, keyCount: number, ...args: Arguments): Promise<ScriptReply> {
    const texts = args.flat().map(String);
    return this.#link.send(() =>
      this.#fake.evalsha(sha, texts.slice(0, keyCount), texts.slice(keyCount)),
    );
  }

  eval(text: string, keyCount: number, ...args: Arguments): Promise<ScriptReply> {
    const texts = args.flat().map(String);
    return this.#link.send(() =>
      this.#fake.eval(text, texts.slice(0, keyCount), texts.slice(keyCount)),
    );
  }

  get(key: string): Promise<ScriptReply> {
    return this.#command('GET', key);
  }

  async hgetall(key: string): Promise<Record<string, string>> {
    return asRecord(await this.#command('HGETALL', key));
  }

  ping(): Promise<ScriptReply> {
    return this.#command('PING');
  }

  xrange(key: string, from: string, to: string, ...limit: Argument[]): Promise<ScriptReply> {
    return this.#command('XRANGE', key, from, to, ...limit);
  }

  xrevrange(key: string, to: string, from: string, ...limit: Argument[]): Promise<ScriptReply> {
    return this.#command('XREVRANGE', key, to, from, ...limit);
  }

  pipeline(): FakePipeline {
    return new FakePipeline(this.#fake, this.#link);
  }

  #command(name: string, ...args: Argument[]): Promise<ScriptReply> {
    return this.#link.send(() => this.#fake.command(name, ...args.map(String)));
  }
}

type Outcome = [error: Error | null, value: unknown];

/** All of its commands are carried out at one moment, which Redis does not promise. */
class FakePipeline {
  readonly #fake: FakeRedis;
  readonly #link: Link;
  readonly #commands: (() => unknown)[] = [];

  constructor(fake: FakeRedis, link: Link) {
    this.#fake = fake;
    this.#link = link;
  }

  time(): this {
    this.#commands.push(() => this.#fake.command('TIME'));
    return this;
  }

  get(key: string): this {
    this.#commands.push(() => this.#fake.command('GET', key));
    return this;
  }

  pttl(key: string): this {
    this.#commands.push(() => this.#fake.command('PTTL', key));
    return this;
  }

  hgetall(key: string): this {
    this.#commands.push(() => asRecord(this.#fake.command('HGETALL', key)));
    return this;
  }

  exec(): Promise<Outcome[]> {
    return this.#link.send(() => this.#commands.map(outcomeOf));
  }
}

function outcomeOf(command: () => unknown): Outcome {
  try {
    return [null, command()];
  } catch (error) {
    if (error instanceof ReplyError) return [error, undefined];
    throw error;
  }
}

function asRecord(reply: ScriptReply): Record<string, string> {
  const record: Record<string, string> = {};
  if (!Array.isArray(reply)) return record;
  for (let index = 0; index + 1 < reply.length; index += 2) {
    record[String(reply[index])] = String(reply[index + 1]);
  }
  return record;
}
