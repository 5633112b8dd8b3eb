/** The faults, one round each: what happens, and what the observer saw of it. */
import { systemClock } from '@sluice/kernel';
import { type Cluster, type Member, waitFor } from '@sluice/testkit';

import type { Traffic } from './traffic.ts';

export interface TaskRow {
  readonly id: string;
  readonly kind: string;
  readonly task: number;
  readonly state: string;
  readonly worker: string;
  readonly fence: number;
  readonly since_ms: number;
}

/** What one round measured. */
export interface Round {
  /** ms to the first record of each lost task, or the longest silence of each moved one. */
  readonly gapsMs: readonly number[];
  /** Tasks of others whose fence or start time changed. */
  readonly disturbed: number;
  readonly leaderMs?: number;
}

export interface Bench {
  readonly cluster: Cluster;
  readonly traffic: Traffic;
  readonly tasks: number;
  readonly timeoutMs: number;
}

export async function rows({ cluster, traffic }: Bench): Promise<TaskRow[]> {
  const { connector } = traffic;
  const all = await cluster.api.read<TaskRow[]>(`/sluice/tasks?connector=${connector}`);
  return all.filter(({ kind }) => kind === 'task');
}

/** Every task runs, and the workers have as many as their share. */
export async function settled(bench: Bench, workers: number): Promise<TaskRow[]> {
  try {
    return await waitFor(async () => await rows(bench), {
      what: `${bench.tasks} tasks to run, spread over ${workers} workers`,
      until: (seen) => isSettled(seen, bench.tasks, workers),
      timeoutMs: 60_000,
    });
  } catch (error) {
    const ended = lostByThemselves(bench.cluster);
    if (ended.length === 0) throw error;
    throw new Error(`workers ended by themselves: ${ended.join('\n')}`, { cause: error });
  }
}

/** On a starved machine a worker whose executors cannot show that they are quiet kills itself. */
function lostByThemselves(cluster: Cluster): string[] {
  const latest = new Map(cluster.workers.map((member) => [member.name, member]));
  return [...latest.values()]
    .filter(({ process }) => process.hasExited)
    .map(({ process }) => process.describe());
}

function isSettled(seen: readonly TaskRow[], tasks: number, workers: number): boolean {
  if (seen.length !== tasks || seen.some(({ state }) => state !== 'RUNNING')) return false;
  const counts = [...Map.groupBy(seen, ({ worker }) => worker).values()].map((own) => own.length);
  return counts.length === workers && Math.max(...counts) - Math.min(...counts) <= 1;
}

/** SIGKILL or SIGTERM of one worker, which comes back under its name afterwards. */
export async function loseWorker(
  bench: Bench,
  victim: Member,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<Round> {
  const { observer } = bench.traffic;
  const before = await rows(bench);
  const lost = before.filter(({ worker }) => worker === victim.name).map(({ task }) => task);
  observer.begin();
  void victim.process.kill(signal);
  const firstMs = await observer.firstRecords(lost, bench.timeoutMs);
  // A task that is handed over writes until it is told to stop: what counts is its silence.
  if (signal === 'SIGTERM') await moved(bench, victim.name);
  const gapsMs = signal === 'SIGTERM' ? observer.longestGaps(lost) : firstMs;
  return { gapsMs, disturbed: disturbed(before, await rows(bench), victim.name) };
}

async function moved(bench: Bench, from: string): Promise<void> {
  await waitFor(async () => await rows(bench), {
    what: `every task to have left ${from}`,
    until: (seen) => seen.every(({ worker, state }) => worker !== from && state === 'RUNNING'),
    timeoutMs: bench.timeoutMs,
  });
}

function disturbed(before: readonly TaskRow[], after: readonly TaskRow[], victim: string): number {
  const now = new Map(after.map((row) => [row.id, row]));
  return before.filter(({ id, worker, fence, since_ms }) => {
    const row = now.get(id);
    return worker !== victim && (row?.fence !== fence || row.since_ms !== since_ms);
  }).length;
}

interface Leader {
  readonly coordinator: string;
}

export async function leaderOf({ cluster }: Bench): Promise<Member> {
  const { body } = await cluster.api.get<{ leader: Leader | null }>('/sluice/leader');
  const leader = cluster.coordinators.findLast(
    ({ name, process }) => name === body.leader?.coordinator && !process.hasExited,
  );
  if (!leader) throw new Error(`no running coordinator is the leader: ${JSON.stringify(body)}`);
  return leader;
}

/** SIGKILL of the leader, and of a worker with it if one is given. */
export async function loseLeader(bench: Bench, victim?: Member): Promise<Round> {
  const { cluster } = bench;
  const { observer } = bench.traffic;
  const leader = await leaderOf(bench);
  const before = await rows(bench);
  const lost = before.filter(({ worker }) => worker === victim?.name).map(({ task }) => task);
  const others = before.filter(({ worker }) => worker !== victim?.name).map(({ task }) => task);
  observer.begin();
  const sinceMs = systemClock.monotonicMs();
  void leader.process.kill('SIGKILL');
  void victim?.process.kill('SIGKILL');
  await leader.process.exited;
  await waitFor(async () => await cluster.api.get<{ leader: Leader | null }>('/sluice/leader'), {
    what: 'another coordinator to lead',
    until: ({ body }) => body.leader !== null && body.leader.coordinator !== leader.name,
    timeoutMs: bench.timeoutMs,
  });
  const leaderMs = systemClock.monotonicMs() - sinceMs;
  const gapsMs = victim
    ? await observer.firstRecords(lost, bench.timeoutMs)
    : observer.longestGaps(others);
  return { gapsMs, disturbed: disturbed(before, await rows(bench), victim?.name ?? ''), leaderMs };
}
