/** How often which script was sent over some connections. */
import { scriptSource } from '@sluice/coordination-redis/script-source';
import type { Redis } from 'ioredis';

const scripts = [
  'append-events',
  'apply-request',
  'assignments',
  'beat',
  'changes',
  'claim',
  'declare-dead',
  'forget',
  'grant',
  'join',
  'lead',
  'orphan',
  'publish-tasks',
  'records',
  'release',
  'report',
  'revoke',
  'submit',
  'sweep',
] as const;

export type ScriptCounts = Readonly<Record<string, number>>;

export class ScriptCounter {
  readonly #names = new Map<string, string>(scripts.map((name) => [scriptSource(name).sha, name]));
  readonly #counts = new Map<string, number>();

  watch(redis: Redis): Redis {
    const send = redis.evalsha.bind(redis) as (...args: unknown[]) => Promise<unknown>;
    redis.evalsha = (sha: string, ...args: unknown[]): Promise<unknown> => {
      const name = this.#names.get(sha) ?? 'others';
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      return send(sha, ...args);
    };
    return redis;
  }

  get counts(): ScriptCounts {
    return Object.fromEntries(this.#counts);
  }
}

export function sumOf(...all: readonly ScriptCounts[]): ScriptCounts {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

export function difference(after: ScriptCounts, before: ScriptCounts): ScriptCounts {
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}
