/** A store on a Redis, real or not, into which a test can reach with its hands. */
import type { LeadRequest } from '@sluice/coordination';
import {
  type StoreUnderTest,
  startTestCluster,
  type TestCluster,
} from '@sluice/coordination/conformance';
import { newShortId } from '@sluice/kernel';

import { Keys } from '../keys.ts';

/** Called once for each test. */
export type MakeStoredRedis = (cluster: string) => Promise<RedisUnderTest>;

export interface RedisUnderTest extends StoreUnderTest {
  /** As Redis answers it: integers as numbers, lists flat. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
}

export class StoredCluster {
  readonly cluster: TestCluster;
  readonly keys: Keys;
  readonly command: RedisUnderTest['command'];

  constructor(cluster: TestCluster, keys: Keys, under: RedisUnderTest) {
    this.cluster = cluster;
    this.keys = keys;
    this.command = (...args) => under.command(...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  /** The answer of a command that has a list of texts. */
  async list(name: string, ...args: (string | number)[]): Promise<string[]> {
    return (await this.command(name, ...args)) as string[];
  }

  /** By Redis' clock, ms since 1970. */
  async nowMs(): Promise<number> {
    const [seconds] = await this.list('TIME');
    return Number(seconds) * 1_000;
  }
}

/** `changes`: of its leader. */
export async function startStoredCluster(
  make: MakeStoredRedis,
  changes: Partial<LeadRequest> = {},
): Promise<StoredCluster> {
  const name = newShortId();
  const under = await make(name);
  return new StoredCluster(
    await startTestCluster(async () => under, changes),
    new Keys(name),
    under,
  );
}
