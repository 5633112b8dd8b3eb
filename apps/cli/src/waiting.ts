/**
 * Waits until the effect of a request can be seen. A look decides `done`, `waiting` or `failed`; looking
 * goes on at a fixed pace until the limit.
 */
import type { ClusterSnapshot, ConnectorView, UnitId, UnitView } from '@sluice/coordination';
import { isRetriable, systemClock } from '@sluice/kernel';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';

export type Look =
  | { readonly kind: 'done' }
  /** `for`: what is missing, to be shown when the time is over. */
  | { readonly kind: 'waiting'; readonly for: string }
  | { readonly kind: 'failed'; readonly message: string };

const betweenLooksMs = 100;

/** @throws CliError `failed` as soon as a look says so, `timeout` at the end of the time. */
export async function waitUntil(
  session: Session,
  timeoutMs: number,
  look: (snapshot: ClusterSnapshot) => Look,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const snapshot = await snapshotBefore(session, deadlineMs);
    const seen = look(snapshot);
    if (seen.kind === 'done') return;
    if (seen.kind === 'failed') throw new CliError(exitCodes.failed, seen.message);
    if (systemClock.monotonicMs() + betweenLooksMs > deadlineMs) {
      const hint = snapshot.leader ? '' : ' (no coordinator is up)';
      throw new CliError(
        exitCodes.timeout,
        `not there after ${timeoutMs / 1_000} s: ${seen.for}${hint}; it goes on without sluice waiting`,
      );
    }
    await systemClock.sleep(betweenLooksMs);
  }
}

/** A Redis that is away for a moment does not end the wait. */
async function snapshotBefore(session: Session, deadlineMs: number): Promise<ClusterSnapshot> {
  for (;;) {
    try {
      return await session.client.snapshot();
    } catch (error) {
      if (!isRetriable(error) || systemClock.monotonicMs() + betweenLooksMs > deadlineMs)
        throw error;
      await systemClock.sleep(betweenLooksMs);
    }
  }
}

/** Each look in turn: what failed in any is the result, else what is still missing in the first. */
export function allOf(looks: readonly Look[]): Look {
  return (
    looks.find((look) => look.kind === 'failed') ??
    looks.find((look) => look.kind === 'waiting') ?? { kind: 'done' }
  );
}

/** Units that were FAILED before the request, and since when: that failure is not its effect. */
export type KnownFailures = ReadonlyMap<UnitId, number>;

export function failuresIn(snapshot: ClusterSnapshot): KnownFailures {
  const units = [...snapshot.connectors.values()].flatMap((view) => [
    view.connector,
    ...view.tasks,
  ]);
  return new Map(
    units.filter((unit) => unit.state === 'FAILED').map((unit) => [unit.unit, unit.sinceMs ?? 0]),
  );
}

/** The connector and all of its tasks are in its target state, with at least this definition version. */
export function lookAtConnector(
  snapshot: ClusterSnapshot,
  name: string,
  expected: { readonly version: number; readonly known: KnownFailures },
): Look {
  const view = snapshot.connectors.get(name);
  if (!view) return { kind: 'failed', message: `connector ${name} has been deleted meanwhile` };
  const { record, connector, tasks } = view;
  if (record.version < expected.version) return waitingFor(`connector ${name} to be applied`);
  const failed = [connector, ...tasks].find((unit) => isNewFailure(unit, view, snapshot, expected));
  if (failed) return { kind: 'failed', message: describeFailure(failed) };

  if (record.targetState === 'STOPPED') return lookAtStopped(snapshot, view);
  const wanted = record.targetState === 'PAUSED' ? 'PAUSED' : 'RUNNING';
  if (connector.state !== wanted) return waitingForUnit(connector, wanted);
  if (record.taskVersion < record.version) {
    return waitingFor(`connector ${name} to say which tasks it has`);
  }
  if (tasks.length < record.taskCount) {
    return waitingFor(`${record.taskCount - tasks.length} more tasks of ${name}`);
  }
  const late = tasks.find((task) => task.state !== wanted || !isCurrent(task, view, snapshot));
  return late ? waitingForUnit(late, wanted) : { kind: 'done' };
}

function lookAtStopped(snapshot: ClusterSnapshot, { record, connector }: ConnectorView): Look {
  if (connector.state !== 'STOPPED') return waitingForUnit(connector, 'STOPPED');
  const left = unitsOf(snapshot, record.name).filter((unit) => unit.startsWith('task/'));
  return left.length > 0 ? waitingFor(`${left.join(', ')} to stop`) : { kind: 'done' };
}

/** Nothing of it is left, or what has its name now is another one. */
export function lookAtDeleted(snapshot: ClusterSnapshot, name: string, uid: string): Look {
  const left = [...snapshot.units.values()].filter(
    (unit) => unit.connector === name && unit.uid === uid,
  );
  if (left.length > 0) return waitingFor(`${left.map((unit) => unit.unit).join(', ')} to stop`);
  return snapshot.connectors.get(name)?.record.uid === uid
    ? waitingFor(`connector ${name} to be deleted`)
    : { kind: 'done' };
}

export function lookAtDrained(snapshot: ClusterSnapshot, worker: string): Look {
  const view = snapshot.workers.find((each) => each.member.worker === worker);
  if (!view || view.units.length === 0) return { kind: 'done' };
  return waitingFor(`${worker} to give away ${view.units.length} of its connectors and tasks`);
}

/** Restarted units run again: a report that is new, or none for so long that it must have been quick. */
export function lookAtRestarted(
  snapshot: ClusterSnapshot,
  name: string,
  restart: {
    readonly units: readonly UnitId[];
    readonly before: ReadonlyMap<UnitId, number | undefined>;
    readonly known: KnownFailures;
    readonly sinceRequestMs: number;
  },
): Look {
  const view = snapshot.connectors.get(name);
  if (!view) return { kind: 'failed', message: `connector ${name} has been deleted meanwhile` };
  const wanted = view.record.targetState === 'PAUSED' ? 'PAUSED' : 'RUNNING';
  const looks = [view.connector, ...view.tasks]
    .filter((unit) => restart.units.includes(unit.unit))
    .map((unit): Look => {
      if (unit.state === 'FAILED' && restart.known.get(unit.unit) !== (unit.sinceMs ?? 0)) {
        return { kind: 'failed', message: describeFailure(unit) };
      }
      const isNew = unit.sinceMs !== restart.before.get(unit.unit);
      if (unit.state === wanted && (isNew || restart.sinceRequestMs >= quickRestartMs)) {
        return { kind: 'done' };
      }
      return waitingForUnit(unit, wanted);
    });
  return allOf(looks);
}

/** A unit that was running and runs again within one report shows no change at all. */
const quickRestartMs = 2_000;

function isNewFailure(
  unit: UnitView,
  view: ConnectorView,
  snapshot: ClusterSnapshot,
  { known }: { readonly known: KnownFailures },
): boolean {
  return (
    unit.state === 'FAILED' &&
    known.get(unit.unit) !== (unit.sinceMs ?? 0) &&
    (unit.task === undefined || isCurrent(unit, view, snapshot))
  );
}

/** Whether the owner of a task runs the newest set of task configurations. */
function isCurrent(task: UnitView, { record }: ConnectorView, snapshot: ClusterSnapshot): boolean {
  return (
    record.taskVersion >= record.version &&
    snapshot.units.get(task.unit)?.heldEpoch === record.taskEpoch
  );
}

export function describeFailure({ unit, worker, trace }: UnitView): string {
  const where = worker === undefined ? '' : ` on ${worker}`;
  return `${unit} FAILED${where}:\n${trace ?? 'it gave no trace'}`;
}

function unitsOf(snapshot: ClusterSnapshot, connector: string): UnitId[] {
  return [...snapshot.units.values()]
    .filter((unit) => unit.connector === connector)
    .map((unit) => unit.unit);
}

function waitingForUnit({ unit, state, reason }: UnitView, wanted: string): Look {
  const why = reason === undefined ? '' : `, ${reason}`;
  return waitingFor(`${unit} to be ${wanted} (it is ${state}${why})`);
}

function waitingFor(what: string): Look {
  return { kind: 'waiting', for: `waiting for ${what}` };
}
