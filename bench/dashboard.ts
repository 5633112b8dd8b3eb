/**
 * What open dashboards cost the coordinator, and how late they show what happens: a cluster of records in a real Redis
 * whose loads all change each second, a real coordinator, and clients that read its stream; at last a real browser.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CoordinationStore } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  RedisLoadReports,
  untilReady,
} from '@sluice/coordination-redis';
import { startCluster } from '@sluice/testkit';

import { type BrowserMeasured, measureBrowser } from './dashboard/browser.ts';
import { type BusyUnit, keepBusy, tasksOf } from './dashboard/busy-cluster.ts';
import { DashboardClient } from './dashboard/client.ts';
import { makeDataSet } from './scale/data-set.ts';
import { formatMs, type Summary, summarize } from './statistics.ts';

const clientCounts = [0, 1, 10] as const;
const aims = { firstViewMs: 2_000, latencyP99Ms: 1_000, cores: 0.5 };
/** What the process did to start is not what is measured. */
const settleMs = 5_000;
const clockTicksPerSecond = 100;
/** Then it will not come any more. */
const shownMsMax = 30_000;

interface Measured {
  readonly clients: number;
  /** 1: one core. */
  readonly cores: number;
  readonly firstViewMs: number | null;
  readonly latency: Summary | null;
  readonly bytesPerSecond: number;
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      connectors: { type: 'string', default: '200' },
      tasks: { type: 'string', default: '1000' },
      workers: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '20' },
      browser: { type: 'boolean', default: true },
    },
  });
  const [connectors, tasks, workers, seconds] = (
    ['connectors', 'tasks', 'workers', 'seconds'] as const
  ).map((name) => positive(name, values[name]));
  if (!connectors || !tasks || !workers || !seconds) return 2;

  await using cluster = await startCluster({ coordinators: 0, workers: 0, profile: 'default' });
  const redis = connectCoordinationRedis(cluster.redisUrl, {
    role: 'coordination',
    cluster: cluster.name,
  });
  await untilReady(redis, 5_000);
  const store = new RedisCoordinationStore({ redis, cluster: cluster.name });
  const tasksPerConnector = Math.ceil(tasks / connectors);
  const data = await makeDataSet(store, { workers, tasks, tasksPerConnector });
  const units = await tasksOf(store);
  const reports = new RedisLoadReports({ redis, cluster: cluster.name });
  const busy = keepBusy(store, reports, data, units);
  const measured: Measured[] = [];
  let inBrowser: BrowserMeasured | undefined;
  try {
    const { process: coordinator, url } = await cluster.addCoordinator();
    for (const clients of clientCounts) {
      const firstRound = measured.length * seconds;
      const options = { url, pid: coordinator.pid, clients, seconds, store, units, firstRound };
      measured.push(await measure(options));
    }
    if (values.browser) {
      inBrowser = await measureBrowser(url, async (round) => {
        // None that a client saw fail.
        const next = measured.length * seconds + round;
        await report(store, units, next);
        return next + 1;
      });
    }
  } finally {
    await busy.stop();
    redis.disconnect();
  }
  if (values.json) console.log(JSON.stringify({ measured, inBrowser }));
  else print(measured, inBrowser, { connectors, tasks: units.length, workers });
  return 0;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0`);
  return 0;
}

async function measure(options: {
  readonly url: string;
  readonly pid: number;
  readonly clients: number;
  readonly seconds: number;
  readonly store: CoordinationStore;
  readonly units: readonly BusyUnit[];
  /** Of its changes: what is so already is shown at once. */
  readonly firstRound: number;
}): Promise<Measured> {
  const { url, pid, clients, seconds, store, units, firstRound } = options;
  const open = await Promise.all(Array.from({ length: clients }, () => DashboardClient.open(url)));
  await sleep(settleMs);
  const before = { ms: performance.now(), cpu: cpuSeconds(pid), bytes: bytesOf(open) };
  const latencies: number[] = [];
  for (let round = 0; round < seconds; round++) {
    latencies.push(...(await change(store, units, open, firstRound + round)));
    await sleep(Math.max(0, (round + 1) * 1_000 - (performance.now() - before.ms)));
  }
  const spanSeconds = (performance.now() - before.ms) / 1_000;
  const cores = (cpuSeconds(pid) - before.cpu) / spanSeconds;
  const bytesPerSecond = (bytesOf(open) - before.bytes) / spanSeconds;
  for (const client of open) client.close();
  await sleep(settleMs / 5);
  return {
    clients,
    cores,
    bytesPerSecond,
    firstViewMs: clients === 0 ? null : Math.max(...open.map(({ firstViewMs }) => firstViewMs)),
    latency: clients === 0 ? null : summarize(latencies),
  };
}

/** A task fails, or runs again: how long until each client shows it, ms. */
async function change(
  store: CoordinationStore,
  units: readonly BusyUnit[],
  clients: readonly DashboardClient[],
  round: number,
): Promise<number[]> {
  // Not always at the same moment of the reader's turn.
  await sleep((round * 173) % 450);
  const key = `round ${round}`;
  const { unit } = unitOf(units, round);
  for (const client of clients) {
    client.await(key, (view) => view.units[unit]?.attempts === attemptsIn(round));
  }
  // From before the store has it: that its answer is late is part of what people wait for.
  const askedMs = performance.now();
  await report(store, units, round);
  const untilMs = askedMs + shownMsMax;
  while (clients.some((client) => client.seenMs(key) === undefined)) {
    if (performance.now() > untilMs) throw new Error('a client did not show what happened in time');
    await sleep(5);
  }
  return clients.map((client) => (client.seenMs(key) ?? Number.NaN) - askedMs);
}

function unitOf(units: readonly BusyUnit[], round: number): BusyUnit {
  const unit = units[(round * 37) % units.length];
  if (!unit) throw new Error('there are no tasks');
  return unit;
}

function attemptsIn(round: number): number {
  return round + 2;
}

async function report(
  store: CoordinationStore,
  units: readonly BusyUnit[],
  round: number,
): Promise<void> {
  const unit = unitOf(units, round);
  const status = { state: 'FAILED', attempts: attemptsIn(round), trace: 'Error: away' } as const;
  const [isTaken] = await store.report(unit.worker, unit.incarnation, [{ ...unit, status }]);
  if (!isTaken)
    throw new Error(`${unit.worker} was declared dead: is this machine too busy to beat?`);
}

function bytesOf(clients: readonly DashboardClient[]): number {
  return clients.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Of all its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

function print(
  measured: readonly Measured[],
  inBrowser: BrowserMeasured | undefined,
  size: { readonly connectors: number; readonly tasks: number; readonly workers: number },
): void {
  console.log(
    `${size.connectors} connectors, ${size.tasks} tasks, ${size.workers} workers; every load changes each second`,
  );
  for (const { clients, cores, firstViewMs, latency, bytesPerSecond } of measured) {
    console.log(
      `${String(clients).padStart(3)} dashboards   coordinator ${cores.toFixed(2)} cores   ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
    );
    if (firstViewMs !== null) console.log(`    first view ${firstViewMs.toFixed(0)} ms`);
    if (latency) console.log(`    shown after ${formatMs(latency)}`);
  }
  if (inBrowser) {
    console.log(`in Chromium    usable ${formatMs(summarize(inBrowser.usableMs))}`);
    console.log(`    on the screen after ${formatMs(summarize(inBrowser.shownMs))}`);
  }
  console.log(
    `aims: first view ${aims.firstViewMs} ms, shown ${aims.latencyP99Ms} ms, coordinator ${aims.cores} cores with ten`,
  );
}
