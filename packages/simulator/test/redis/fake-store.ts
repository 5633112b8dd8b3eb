/** The product's store on a fake Redis that answers at once, and whose time passes as it is used. */
import type { StoreUnderTest } from '@sluice/coordination/conformance';
import { RedisCoordinationStore } from '@sluice/coordination-redis';
import type { RedisUnderTest } from '@sluice/coordination-redis/conformance';

import { inject } from 'vitest';

import { FakeRedis, fakeClient, ScriptBook } from '../../src/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** By file: scripts that are tried with another text. See `mutations/mutant.vitest.config.ts`. */
    replacedScripts?: Readonly<Record<string, string>>;
  }
}

export interface FakeStoreOptions {
  readonly scripts?: ScriptBook;
  readonly cluster?: string;
}

export class FakeStore {
  readonly redis: FakeRedis;
  readonly store: RedisCoordinationStore;
  /** Passes by itself, as if each command took a while. */
  micros = 1_800_000_000_000_000;

  constructor({ scripts, cluster = 'test' }: FakeStoreOptions = {}) {
    this.redis = new FakeRedis({
      nowMicros: () => this.micros,
      ...(scripts ? { scripts } : {}),
    });
    const link = {
      send: async <T>(command: () => T): Promise<T> => {
        this.micros += 100;
        return command();
      },
    };
    this.store = new RedisCoordinationStore({
      redis: fakeClient(this.redis, link),
      cluster,
    });
  }
}

export function makeFakeStore(scripts?: ScriptBook): StoreUnderTest {
  return makeFakeRedis(scripts ? { scripts } : {});
}

export function makeFakeRedis(options: FakeStoreOptions): RedisUnderTest {
  const fake = new FakeStore({ scripts: givenScripts(), ...options });
  return {
    store: fake.store,
    command: async (name, ...args) => fake.redis.command(name, ...args.map(String)),
    elapse: async (ms) => {
      fake.micros += ms * 1_000;
    },
    loseData: async () => fake.redis.flush(),
    saveData: async () => {
      const { point } = fake.redis;
      return async () => fake.redis.revertTo(point);
    },
    close: async () => {},
  };
}

function givenScripts(): ScriptBook {
  return new ScriptBook(new Map(Object.entries(inject('replacedScripts') ?? {})));
}
