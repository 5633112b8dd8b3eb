/** What the API tells of a cluster, in the forms that tests compare. */
import { loadavg } from 'node:os';
import { inspect } from 'node:util';
import { type Cluster, waitFor } from '@sluice/testkit';
import { onTestFailed } from 'vitest';

export interface UnitRow {
  /** `task/<connector>/<n>` or `connector/<name>`. */
  readonly id: string;
  readonly kind: 'connector' | 'task';
  readonly connector: string;
  readonly task: number | null;
  readonly state: string;
  readonly worker: string | null;
  readonly fence: number;
  readonly since_ms: number | null;
  readonly attempts: number;
  readonly executor: string | null;
  readonly stalled: boolean;
  readonly reason: string | null;
  readonly trace: string | null;
}

export interface WorkerRow {
  readonly id: string;
  readonly incarnation: string;
  readonly state: string;
  readonly pid: number;
  readonly beat_age_ms: number | null;
  readonly tasks: readonly string[];
  readonly connectors: readonly string[];
}

export interface EventRow {
  readonly id: string;
  readonly at_ms: number;
  readonly type: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** The cluster, or what a certain one of its coordinators says. */
export type ApiOf = Pick<Cluster, 'api'>;

export async function units(cluster: ApiOf, connector?: string): Promise<UnitRow[]> {
  const query = connector === undefined ? '' : `?connector=${encodeURIComponent(connector)}`;
  return await cluster.api.read(`/sluice/tasks${query}`);
}

export async function tasks(cluster: ApiOf, connector?: string): Promise<UnitRow[]> {
  return (await units(cluster, connector)).filter(({ kind }) => kind === 'task');
}

export async function workers(cluster: ApiOf): Promise<WorkerRow[]> {
  return await cluster.api.read('/sluice/workers');
}

/** Oldest first. */
export async function events(cluster: ApiOf, type?: string): Promise<EventRow[]> {
  const all = await cluster.api.read<EventRow[]>('/sluice/events?limit=1000');
  return all.filter((event) => type === undefined || event.type === type).toReversed();
}

export interface Holding {
  readonly worker: string | null;
  readonly fence: number;
  readonly since: number | null;
}

/** Who holds what, since when: equal before and after means that nothing was touched. */
export function holdings(
  rows: readonly UnitRow[],
  options: { readonly without?: string } = {},
): Record<string, Holding> {
  return Object.fromEntries(
    rows
      .filter(({ worker }) => options.without === undefined || worker !== options.without)
      .map(({ id, worker, fence, since_ms: since }) => [id, { worker, fence, since }]),
  );
}

/** `<connector>/<task>` of the tasks that this worker has. */
export function tasksOf(rows: readonly UnitRow[], worker: string): string[] {
  return rows.filter((row) => row.kind === 'task' && row.worker === worker).map(nameOf);
}

/** `<connector>/<task>`, as a sequence is called. */
export function nameOf({ connector, task }: UnitRow): string {
  return `${connector}/${task}`;
}

export function ownerOf(rows: readonly UnitRow[], unit: string): string {
  const owner = rows.find(({ id }) => id === unit)?.worker;
  if (owner === undefined || owner === null) throw new Error(`nobody owns ${unit}`);
  return owner;
}

/** Until every connector and task runs, and none of them on one of these workers. */
export async function allRunning(
  cluster: ApiOf,
  options: { readonly notOn?: string; readonly timeoutMs?: number } = {},
): Promise<UnitRow[]> {
  return await waitFor(async () => await units(cluster), {
    what: 'all connectors and tasks to run',
    until: (rows) =>
      rows.length > 0 &&
      rows.every(({ state, worker }) => state === 'RUNNING' && worker !== options.notOn),
    timeoutMs: options.timeoutMs ?? 30_000,
  });
}

/** Prints what the processes said, should the test that calls this fail. */
export function showLogsOnFailure(cluster: Cluster): void {
  onTestFailed(() => console.log(cluster.logs()));
}

/** A worker that runs a task of the connector, and is alive: to be killed. */
export async function liveOwnerOf(
  cluster: Cluster,
  connector: string,
): Promise<Cluster['workers'][number]> {
  return await waitFor(
    async () => {
      const running = (await tasks(cluster, connector)).filter(({ state }) => state === 'RUNNING');
      return cluster.workers.find(
        ({ name, process: child }) =>
          !child.hasExited && running.some(({ worker }) => worker === name),
      );
    },
    { what: `a live owner of ${connector}`, timeoutMs: 60_000 },
  );
}

/** What the cluster says of itself, and what of its processes is left: for a wait that was in vain. */
export async function clusterState(cluster: Cluster): Promise<string> {
  const [unitRows, workerRows] = await Promise.allSettled([units(cluster), workers(cluster)]);
  const processes = cluster.workers.map(({ process: child }) => child.describe().split(';')[0]);
  return inspect(
    { load: loadavg(), processes, workers: told(workerRows), units: told(unitRows) },
    { depth: 6, breakLength: 160 },
  );
}

function told<T>(result: PromiseSettledResult<T>): unknown {
  return result.status === 'fulfilled' ? result.value : String(result.reason);
}
