/** What the processes of a worker use: its own, and those of dedicated executors. */
import type { ActorHost, ProcessUsage } from '@sluice/actor';
import type { ExecutorLoad, WorkerLoad } from '@sluice/coordination';
import type { Clock } from '@sluice/kernel';

type Executors = ReturnType<ActorHost['executors']>;

const own = '';

export class ProcessLoad {
  readonly #clock: Clock;
  readonly #usageNow: () => ProcessUsage;
  #before: { readonly atMs: number; readonly cpuMs: ReadonlyMap<string, number> };

  constructor(clock: Clock, usageNow: () => ProcessUsage) {
    this.#clock = clock;
    this.#usageNow = usageNow;
    this.#before = {
      atMs: clock.monotonicMs(),
      cpuMs: new Map([[own, usageNow().cpuMs]]),
    };
  }

  /** Since it was asked last. */
  now(executors: Executors): WorkerLoad {
    const usages = new Map([[own, this.#usageNow()]]);
    for (const { id, usage } of executors) if (usage) usages.set(id, usage);
    const atMs = this.#clock.monotonicMs();
    const passedMs = Math.max(1, atMs - this.#before.atMs);
    let cpuMs = 0;
    let rssBytes = 0;
    for (const [id, usage] of usages) {
      cpuMs += Math.max(0, usage.cpuMs - (this.#before.cpuMs.get(id) ?? 0));
      rssBytes += usage.rssBytes;
    }
    this.#before = { atMs, cpuMs: new Map([...usages].map(([id, each]) => [id, each.cpuMs])) };
    return {
      at_ms: this.#clock.wallMs(),
      cpu_cores: Math.round((cpuMs / passedMs) * 1_000) / 1_000,
      rss_bytes: rssBytes,
      executors: executors.map(loadOfExecutor),
    };
  }
}

function loadOfExecutor(executor: Executors[number]): ExecutorLoad {
  const { id, kind, actors, heapUsedBytes, eventLoopDelayMs } = executor;
  return {
    id,
    kind,
    actors,
    heap_used_bytes: heapUsedBytes,
    event_loop_delay_ms: Math.round(eventLoopDelayMs * 100) / 100,
  };
}
