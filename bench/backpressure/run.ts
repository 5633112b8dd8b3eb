/** One run: what flows is started, and everything that may grow is looked at until the time is over. */
import { systemClock } from '@sluice/kernel';
import type { Cluster, KafkaHandle, RedisHandle } from '@sluice/testkit';

import type { Sample } from './growth.ts';
import { memoryOf, rssOf } from './memory.ts';
import { FloodedPipeline, type LogContent, type PipelineOptions, sinks } from './pipeline.ts';
import type { SinkCounts } from './slow-sink.ts';

export interface RunOptions extends PipelineOptions {
  readonly runMs: number;
  readonly everyMs: number;
  readonly progress: (text: string) => void;
}

export interface Run {
  /** RSS by the name of the process. */
  readonly memory: ReadonlyMap<string, readonly Sample[]>;
  /** Of the heaps of all executors that are threads. */
  readonly executorHeap: readonly Sample[];
  readonly log: readonly (LogContent & { readonly ms: number })[];
  readonly sinks: Readonly<Record<string, SinkCounts>>;
}

export async function runFlood(
  cluster: Cluster,
  { kafka, redis }: { readonly kafka: KafkaHandle | undefined; readonly redis: RedisHandle },
  options: RunOptions,
): Promise<Run> {
  const pipeline = new FloodedPipeline(cluster, kafka, options);
  await pipeline.start();
  const memory = new Map<string, Sample[]>();
  const executorHeap: Sample[] = [];
  const log: (LogContent & { readonly ms: number })[] = [];
  const beganMs = systemClock.monotonicMs();
  const add = (name: string, ms: number, value: number): void => {
    const known = memory.get(name);
    if (known) known.push({ ms, value });
    else memory.set(name, [{ ms, value }]);
  };
  for (let at = 1; at * options.everyMs <= options.runMs; at += 1) {
    // At steady times, however long it takes to look.
    await systemClock.sleep(beganMs + at * options.everyMs - systemClock.monotonicMs());
    const ms = systemClock.monotonicMs() - beganMs;
    for (const { name, rssBytes } of memoryOf(cluster.workers)) add(name, ms, rssBytes);
    const redisRss = rssOf(redis.pid);
    if (redisRss !== undefined) add('redis-server', ms, redisRss);
    executorHeap.push({ ms, value: await executorHeapOf(cluster) });
    const content = await pipeline.content();
    log.push({ ms, ...content });
    options.progress(progressText(ms, content, pipeline));
  }
  const counts = Object.fromEntries(sinks.map((name) => [name, pipeline.delivered(name)]));
  await pipeline.stop();
  return { memory, executorHeap, log, sinks: counts };
}

async function executorHeapOf(cluster: Cluster): Promise<number> {
  const texts = await Promise.all(
    cluster.workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const found = texts.join('\n').matchAll(/^sluice_executor_heap_used_bytes\{[^}]*\} (\S+)$/gm);
  return [...found].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

function progressText(ms: number, log: LogContent, pipeline: FloodedPipeline): string {
  const delivered = sinks.map((name) => pipeline.delivered(name).delivered).join(' and ');
  const bytes = log.bytes === undefined ? '' : `, ${(log.bytes / 1024 / 1024).toFixed(0)} MiB`;
  const held = log.written - log.removed;
  return `${(ms / 1_000).toFixed(0)} s: written ${log.written}, in the log ${held}${bytes}, delivered ${delivered}`;
}
