/**
 * What workers do, each in a key of its own that expires. Tasks are written as rows of numbers, since a worker may have
 * thousands of them and tells them every second. How old a report is, Redis says, by how long it still keeps it: clocks of
 * workers may be wrong.
 */
import {
  type ExecutorLoad,
  type LoadReport,
  type LoadReports,
  loadLimits,
  type TaskReport,
  type TransformLoad,
  type WorkerLoad,
} from '@sluice/coordination';
import { type Clock, isObject, systemClock } from '@sluice/kernel';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads } from './reads.ts';
import { Scripts } from './scripts.ts';

/** In one reply. */
const readMax = 50;
/** Of rows; another layout gets another number, and reports that have it are passed over by who does not know it. */
const layout = 1;
/** In a row, behind the numbers. */
const transformsAt = 13;

export class RedisLoadReports implements LoadReports {
  readonly #scripts: Scripts;
  readonly #reads: Reads;
  readonly #clock: Clock;

  constructor({
    redis,
    cluster,
    clock = systemClock,
  }: {
    readonly redis: Redis;
    readonly cluster: string;
    readonly clock?: Clock;
  }) {
    this.#clock = clock;
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
  }

  async tell(worker: string, report: LoadReport): Promise<void> {
    const args = [worker, loadLimits.keptMs, reportText(report)];
    (await this.#scripts.run('tell-load', args)).status('told');
  }

  async readAll(workers: readonly string[]): Promise<ReadonlyMap<string, LoadReport>> {
    const found = new Map<string, LoadReport>();
    for (let from = 0; from < workers.length; from += readMax) {
      const asked = workers.slice(from, from + readMax);
      const replies = await this.#reads.pipeline('load reports', (pipeline, keys) => {
        const names = asked.map((worker) => keys.record('load', worker));
        pipeline.mget(names);
        for (const name of names) pipeline.pttl(name);
      });
      const nowMs = this.#clock.wallMs();
      const [texts, ...leftMs] = replies as [(string | null)[], ...number[]];
      for (const [index, worker] of asked.entries()) {
        const report = reportIn(texts[index] ?? undefined);
        if (report) found.set(worker, dated(report, nowMs, leftMs[index]));
      }
    }
    return found;
  }
}

/** By this process's clock. It expired meanwhile, or never does: as it was told. */
function dated(report: LoadReport, nowMs: number, leftMs = -1): LoadReport {
  if (leftMs < 0) return report;
  const ageMs = Math.max(0, loadLimits.keptMs - leftMs);
  return { ...report, worker: { ...report.worker, at_ms: nowMs - ageMs } };
}

/** Beyond the bound, tasks are counted only. */
export function reportText({ worker, tasks, tasks_left_out: leftOut }: LoadReport): string {
  const rows = [...tasks].slice(0, loadLimits.tasks).map(([unit, task]) => rowOf(unit, task));
  return JSON.stringify({ layout, worker, rows, leftOut: leftOut + tasks.size - rows.length });
}

/** Anybody who has Redis may have written it, and another release: undefined if it is no report. */
export function reportIn(text: string | undefined): LoadReport | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (!isObject(read) || read.layout !== layout || !Array.isArray(read.rows)) return undefined;
  const worker = workerIn(read.worker);
  if (!worker) return undefined;
  return {
    worker,
    tasks: new Map(read.rows.flatMap((row: unknown) => taskIn(row) ?? [])),
    tasks_left_out: numberIn(read.leftOut) ?? 0,
  };
}

function rowOf(unit: string, { load, totals }: TaskReport): unknown[] {
  return [
    unit,
    load.records_in,
    load.records_out,
    load.bytes,
    load.lag_records,
    load.source_delay_ms,
    load.errors,
    load.retries,
    load.skipped,
    load.dead_letters,
    totals.records_in,
    totals.records_out,
    totals.bytes,
    // Who does not know it does not look behind the numbers.
    ...(load.transforms ? [load.transforms.slice(0, loadLimits.transforms).map(transformRow)] : []),
  ];
}

function transformRow({ name, records_in, records_out, busy }: TransformLoad): unknown[] {
  return [name, records_in, records_out, busy];
}

function transformIn(row: unknown): [TransformLoad] | undefined {
  if (!Array.isArray(row) || typeof row[0] !== 'string') return undefined;
  const [recordsIn = 0, recordsOut = 0, busy = 0] = row.slice(1).map(numberIn);
  return [{ name: row[0], records_in: recordsIn, records_out: recordsOut, busy }];
}

function taskIn(row: unknown): [[string, TaskReport]] | undefined {
  if (!Array.isArray(row) || typeof row[0] !== 'string') return undefined;
  const numbers = row.slice(1).map(numberIn);
  const at = (index: number): number => numbers[index] ?? 0;
  const transforms: unknown = row[transformsAt];
  const load = {
    records_in: at(0),
    records_out: at(1),
    bytes: at(2),
    lag_records: numbers[3] ?? null,
    source_delay_ms: numbers[4] ?? null,
    errors: at(5),
    retries: at(6),
    skipped: at(7),
    dead_letters: at(8),
    ...(Array.isArray(transforms) && {
      transforms: transforms
        .slice(0, loadLimits.transforms)
        .flatMap((each: unknown) => transformIn(each) ?? []),
    }),
  };
  const totals = { records_in: at(9), records_out: at(10), bytes: at(11) };
  return [[row[0], { load, totals }]];
}

function workerIn(value: unknown): WorkerLoad | undefined {
  if (!isObject(value)) return undefined;
  const { at_ms: atMs, cpu_cores: cores, rss_bytes: rss, executors } = value;
  const known = numberIn(atMs);
  if (known === undefined) return undefined;
  return {
    at_ms: known,
    cpu_cores: numberIn(cores) ?? 0,
    rss_bytes: numberIn(rss) ?? 0,
    executors: Array.isArray(executors) ? executors.flatMap((each) => executorIn(each) ?? []) : [],
  };
}

function executorIn(value: unknown): ExecutorLoad | undefined {
  if (!isObject(value) || typeof value.id !== 'string') return undefined;
  return {
    id: value.id,
    kind: value.kind === 'dedicated' ? 'dedicated' : 'shared',
    actors: numberIn(value.actors) ?? 0,
    heap_used_bytes: numberIn(value.heap_used_bytes) ?? 0,
    event_loop_delay_ms: numberIn(value.event_loop_delay_ms) ?? 0,
  };
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
