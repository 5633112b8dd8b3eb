/** What clients of the REST API wait for, with many connectors that have one idle task each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError, systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { type Summary, summarize } from '../statistics.ts';
import type { ApiTarget } from './target.ts';

export interface ApiPlan {
  readonly connectors: number;
  /** Status reads, one after another. */
  readonly reads: number;
  readonly lists: number;
  /** Of status reads while a worker dies. */
  readonly deathSeconds: number;
  readonly progress: (text: string) => void;
}

export interface ApiReport {
  readonly target: ApiTarget['name'];
  readonly connectors: number;
  readonly createMs: Summary;
  /** From the first POST until all connectors and tasks are RUNNING. */
  readonly allRunningMs: number;
  readonly statusMs: Summary;
  readonly listMs: Summary;
  readonly listBytes: number;
  readonly deathMs: Summary;
  /** Answers other than 200 meanwhile. */
  readonly deathErrors: number;
  /** From SIGKILL until no status says RUNNING of what the dead worker had. */
  readonly toldDeadMs: number | undefined;
}

const createsAtOnce = 8;
const runningLimitMs = 300_000;
const requestLimitMs = 60_000;
const deathReadsPerSecond = 50;

export async function measureApi(target: ApiTarget, plan: ApiPlan): Promise<ApiReport> {
  const { connectors, deathSeconds, lists, progress, reads } = plan;
  const names = Array.from(
    { length: connectors },
    (_, index) => `bench-${String(index).padStart(5, '0')}`,
  );
  progress(`${target.name}: creating ${connectors} connectors`);
  const fromMs = systemClock.monotonicMs();
  const createMs = await createAll(target, names);
  progress(`${target.name}: all were created after ${seconds(fromMs)}`);
  await waitFor(() => runningCount(target), {
    what: `${connectors} connectors to run`,
    until: (count) => count === connectors,
    timeoutMs: runningLimitMs,
    intervalMs: 250,
  });
  const allRunningMs = systemClock.monotonicMs() - fromMs;
  progress(`${target.name}: all run after ${seconds(fromMs)}`);
  await systemClock.sleep(5_000);
  const statusMs = await timeEach(reads, (index) => readStatus(target, names, index));
  progress(`${target.name}: ${reads} status reads`);
  let listBytes = 0;
  const listMs = await timeEach(lists, async () => {
    const { text } = await request(target, 'GET', '/connectors?expand=status&expand=info');
    listBytes = text.length;
  });
  progress(`${target.name}: ${lists} expanded lists; a worker dies`);
  const death = await readWhileWorkerDies(target, names, deathSeconds);
  return {
    target: target.name,
    connectors,
    createMs: summarize(createMs),
    allRunningMs,
    statusMs: summarize(statusMs),
    listMs: summarize(listMs),
    listBytes,
    ...death,
  };
}

async function createAll(target: ApiTarget, names: readonly string[]): Promise<number[]> {
  const took: number[] = [];
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const beganMs = systemClock.monotonicMs();
      await create(target, name);
      took.push(systemClock.monotonicMs() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: createsAtOnce }, work));
  return took;
}

/** As clients have to: asked again while Kafka Connect answers 409. */
async function create(target: ApiTarget, name: string): Promise<void> {
  const file = join(target.folder, name);
  writeFileSync(file, '');
  const config = { 'connector.class': 'FileStreamSource', file, topic: 'bench' };
  for (;;) {
    const { status, text } = await request(target, 'POST', '/connectors', { name, config });
    if (status === 201) return;
    if (status !== 409 || text.includes('already exists'))
      throw new SluiceError('bench.api', `POST /connectors of ${name}: ${status} ${text}`);
    await systemClock.sleep(100);
  }
}

interface Status {
  readonly connector: { readonly state: string; readonly worker_id: string };
  readonly tasks: readonly { readonly state: string; readonly worker_id: string }[];
}

async function statuses(target: ApiTarget): Promise<Status[]> {
  const { text } = await request(target, 'GET', '/connectors?expand=status');
  const body = JSON.parse(text) as Record<string, { readonly status: Status }>;
  return Object.values(body).map(({ status }) => status);
}

async function runningCount(target: ApiTarget): Promise<number> {
  return (await statuses(target)).filter(
    ({ connector, tasks }) => connector.state === 'RUNNING' && tasks[0]?.state === 'RUNNING',
  ).length;
}

async function readStatus(
  target: ApiTarget,
  names: readonly string[],
  index: number,
): Promise<number> {
  // A stride that meets all of them, in no order.
  const name = names[(index * 7_919) % names.length] ?? '';
  return (await request(target, 'GET', `/connectors/${name}/status`)).status;
}

async function readWhileWorkerDies(
  target: ApiTarget,
  names: readonly string[],
  deathSeconds: number,
): Promise<Pick<ApiReport, 'deathMs' | 'deathErrors' | 'toldDeadMs'>> {
  const before = await statuses(target);
  const workers = Map.groupBy(
    before.flatMap(({ tasks }) => tasks.map(({ worker_id: worker }) => worker)),
    (worker) => worker,
  );
  const took: number[] = [];
  let errors = 0;
  let index = 0;
  const read = async (): Promise<void> => {
    const beganMs = systemClock.monotonicMs();
    const status = await readStatus(target, names, index++).catch(() => 0);
    took.push(systemClock.monotonicMs() - beganMs);
    if (status !== 200) errors += 1;
  };
  const beganMs = systemClock.monotonicMs();
  const pending: Promise<void>[] = [];
  // At a rate, however long answers take: what waits behind one that is slow counts.
  const timer = setInterval(() => pending.push(read()), 1_000 / deathReadsPerSecond);
  await systemClock.sleep(2_000);
  await target.killWorker();
  const killedMs = systemClock.monotonicMs();
  let toldDeadMs: number | undefined;
  while (systemClock.monotonicMs() - beganMs < deathSeconds * 1_000) {
    toldDeadMs ??= (await isTold(target, workers.size))
      ? systemClock.monotonicMs() - killedMs
      : undefined;
    await systemClock.sleep(250);
  }
  clearInterval(timer);
  await Promise.all(pending);
  return { deathMs: summarize(took), deathErrors: errors, toldDeadMs };
}

/** Whether no task is said to run on one worker more than there are left. */
async function isTold(target: ApiTarget, before: number): Promise<boolean> {
  const running = (await statuses(target)).flatMap(({ tasks }) =>
    tasks.filter(({ state }) => state === 'RUNNING').map(({ worker_id: worker }) => worker),
  );
  return new Set(running).size < before;
}

async function timeEach(
  count: number,
  action: (index: number) => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < count; index++) {
    const beganMs = systemClock.monotonicMs();
    await action(index);
    took.push(systemClock.monotonicMs() - beganMs);
  }
  return took;
}

async function request(
  target: ApiTarget,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(new URL(path, target.url()), {
    method,
    signal: AbortSignal.timeout(requestLimitMs),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, text: await response.text() };
}

function seconds(fromMs: number): string {
  return `${((systemClock.monotonicMs() - fromMs) / 1_000).toFixed(1)} s`;
}
