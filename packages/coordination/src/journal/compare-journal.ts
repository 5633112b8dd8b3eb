/**
 * What the journal and the store have to learn from each other. Pure.
 *
 * The journal is written first, so an entry beyond the store's mark is newer than what the store has; up
 * to the mark, the store is the newer one (task sets are published in it). Where the mark is of another
 * journal, or there is none, nothing is deleted: the later creation, then the higher version wins.
 */
import type { ClusterView } from '../cluster-view.ts';
import { type ConnectorRecord, connectorUnit, taskUnit } from '../model.ts';
import type { ConnectorMutation } from '../requests.ts';
import type { TaskSet } from '../store.ts';
import type {
  JournaledConnector,
  JournaledRequest,
  JournaledSet,
  JournalHigh,
  JournalMark,
  JournalState,
} from './definition-journal.ts';

export interface Restoration {
  /** As they are to be in the store. */
  readonly connectors: readonly JournaledConnector[];
  /** A request that was written here, and perhaps never applied. */
  readonly request?: JournaledRequest;
  /** The store has lost what workers may hold: they are to be asked. */
  readonly provesLoss: boolean;
}

/** Whether the store has been told all that is in the journal. */
export function hasFollowed(journal: JournalState, mark: JournalMark | undefined): boolean {
  if (mark?.journal !== journal.id) return false;
  const positions = [
    ...[...journal.connectors.values()].map(({ position }) => position),
    ...journal.deleted.values(),
    journal.request?.position ?? 0,
  ];
  return positions.every((position) => position <= mark.position);
}

/** Whether a store has lost what it was told: a mark never goes back by itself. */
export function isBehind(mark: JournalMark | undefined, told: JournalMark | null): boolean {
  if (told === null) return false;
  return !mark || (mark.journal === told.journal && mark.position < told.position);
}

export function planRestoration(
  view: ClusterView,
  journal: JournalState,
  mark: JournalMark | undefined,
): Restoration {
  const follows = mark?.journal === journal.id;
  const isAhead = (position: number): boolean => !follows || position > mark.position;
  const connectors: JournaledConnector[] = [];
  let provesLoss = false;
  for (const [name, { value, position }] of journal.connectors) {
    const stored = view.connectors.get(name);
    if (!stored) {
      // One that was being deleted has nothing left to be deleted.
      if (value.lifecycle === 'deleting') continue;
      connectors.push(value);
      // Of one that was written and never applied, nobody can hold anything.
      provesLoss ||= !follows || !isAhead(position) || value.taskEpoch > 0;
      continue;
    }
    const wins = follows ? isAhead(position) : isNewer(value, stored);
    const wanted = merge(value, stored, wins);
    if (!wanted) continue;
    connectors.push(wanted);
    provesLoss ||= value.uid === stored.uid && value.taskEpoch > stored.taskEpoch;
  }
  for (const [name, position] of journal.deleted) {
    const stored = view.connectors.get(name);
    // The mark of an older state that came back; without one, it may have been created since.
    if (!stored || stored.lifecycle === 'deleting' || !follows || !isAhead(position)) continue;
    connectors.push({ ...definitionOf(stored), lifecycle: 'deleting', ...noTasks(stored) });
  }
  const { request } = journal;
  return {
    connectors,
    ...(request && isAhead(request.position) ? { request: request.value } : {}),
    provesLoss,
  };
}

/** What the store's record should become; undefined: it is as it should be. */
function merge(
  entry: JournaledConnector,
  stored: ConnectorRecord,
  entryWins: boolean,
): JournaledConnector | undefined {
  const sameUid = entry.uid === stored.uid;
  const missesTasks = sameUid && entry.taskEpoch > stored.taskEpoch;
  const differs = entryWins && !sameDefinition(entry, stored);
  if (!missesTasks && !differs) return undefined;
  // A set is restored only where the store's is older: see `restore` of the store.
  if (entryWins) return { ...entry, taskEpoch: Math.max(entry.taskEpoch, stored.taskEpoch) };
  return { ...entry, ...definitionOf(stored) };
}

/** Between records that no mark relates to each other. */
function isNewer(entry: JournaledConnector, stored: ConnectorRecord): boolean {
  if (entry.uid !== stored.uid) return entry.createdAtMs > stored.createdAtMs;
  return entry.version > stored.version;
}

export interface Unwritten {
  /** Connectors whose entry is to be written (anew). */
  readonly write: readonly string[];
  readonly deleted: readonly string[];
  /** Task sets that are in the journal, which the store has not been told. */
  readonly marks: readonly JournaledSet[];
  /** In the journal and not in the store, though nobody deleted them, or their newest tasks: the store lost them. */
  readonly lost: readonly string[];
}

/** What of these connectors the journal does not hold as the store does. */
export function findUnwritten(
  names: Iterable<string>,
  view: ClusterView,
  journal: JournalState,
): Unwritten {
  const write: string[] = [];
  const deleted: string[] = [];
  const marks: JournaledSet[] = [];
  const lost: string[] = [];
  for (const name of names) {
    const stored = view.connectors.get(name);
    const entry = journal.connectors.get(name)?.value;
    if (!stored) {
      if (entry) (entry.lifecycle === 'deleting' ? deleted : lost).push(name);
      continue;
    }
    if (entry && misses(stored, entry)) {
      lost.push(name);
      continue;
    }
    if (!entry || !holds(entry, stored, view)) {
      write.push(name);
      continue;
    }
    const { uid, taskEpoch, journaledEpoch = 0 } = stored;
    if (taskEpoch > journaledEpoch) marks.push({ connector: name, uid, epoch: taskEpoch });
  }
  return { write, deleted, marks, lost };
}

/** Tasks are published in the store: an epoch that only the journal knows was there once. */
function misses(
  stored: ConnectorRecord,
  { uid, lifecycle, taskEpoch }: JournaledConnector,
): boolean {
  const isSame = uid === stored.uid && lifecycle === 'live' && stored.lifecycle === 'live';
  return isSame && taskEpoch > stored.taskEpoch;
}

function holds(entry: JournaledConnector, stored: ConnectorRecord, view: ClusterView): boolean {
  if (!sameDefinition(entry, stored)) return false;
  if (entry.taskEpoch !== stored.taskEpoch || entry.taskVersion !== stored.taskVersion)
    return false;
  if (entry.tasks.length !== stored.taskCount) return false;
  if (stored.lifecycle === 'deleting') return true;
  const unit = ownUnit(stored, view);
  if (unit?.ordinal !== entry.unit?.ordinal || unit?.epoch !== entry.unit?.epoch) return false;
  return entry.tasks.every(
    ({ ordinal }, task) => view.units.get(taskUnit(stored.name, task))?.ordinal === ordinal,
  );
}

/** The entry of a connector as it is in the store; undefined if its records are not of one moment. */
export function entryFromStore(
  stored: ConnectorRecord,
  set: TaskSet | undefined,
  view: ClusterView,
): JournaledConnector | undefined {
  const { uid, taskEpoch, taskVersion, taskCount } = stored;
  if (set?.uid !== uid || set.epoch !== taskEpoch || set.version !== taskVersion) return undefined;
  const tasks = set.configs.flatMap((config, task) => {
    const unit = view.units.get(taskUnit(stored.name, task));
    return unit ? [{ ordinal: unit.ordinal, config }] : [];
  });
  if (tasks.length !== taskCount) return undefined;
  const unit = ownUnit(stored, view);
  return {
    ...definitionOf(stored),
    ...(unit ? { unit: { ordinal: unit.ordinal, epoch: unit.epoch } } : {}),
    taskEpoch,
    taskVersion,
    tasks,
  };
}

/** The entry that a request makes, with the task set that the journal knows: the store may be ahead of it. */
export function entryFromMutation(
  { record, retireTasks }: ConnectorMutation,
  known: JournaledConnector | undefined,
): JournaledConnector {
  const before = known?.uid === record.uid ? known : undefined;
  const definition = { ...definitionOf(record), ...(before?.unit ? { unit: before.unit } : {}) };
  if (!before || retireTasks) {
    const taskEpoch = Math.max(record.taskEpoch, known?.taskEpoch ?? 0);
    return { ...definition, ...noTasks({ taskEpoch }) };
  }
  const { taskEpoch, taskVersion, tasks } = before;
  return { ...definition, taskEpoch, taskVersion, tasks };
}

export function highOf(view: ClusterView, { ordinal, fence }: JournalHigh): JournalHigh {
  const high = { ordinal, fence };
  for (const unit of view.units.values()) {
    high.ordinal = Math.max(high.ordinal, unit.ordinal);
    high.fence = Math.max(high.fence, unit.fence);
  }
  return high;
}

function ownUnit(
  { name, uid }: ConnectorRecord,
  view: ClusterView,
): { ordinal: number; epoch: number } | undefined {
  const unit = view.units.get(connectorUnit(name));
  return unit?.uid === uid ? unit : undefined;
}

type Definition = Omit<JournaledConnector, 'unit' | 'taskEpoch' | 'taskVersion' | 'tasks'>;

function definitionOf(record: Definition): Definition {
  const { name, uid, version, config, type, targetState, lifecycle, createdAtMs } = record;
  return { name, uid, version, config, type, targetState, lifecycle, createdAtMs };
}

function noTasks({
  taskEpoch,
}: {
  readonly taskEpoch: number;
}): Pick<JournaledConnector, 'taskEpoch' | 'taskVersion' | 'tasks'> {
  return { taskEpoch, taskVersion: 0, tasks: [] };
}

function sameDefinition(a: Definition, b: Definition): boolean {
  return (
    a.uid === b.uid &&
    a.version === b.version &&
    a.type === b.type &&
    a.targetState === b.targetState &&
    a.lifecycle === b.lifecycle &&
    sameConfig(a.config, b.config)
  );
}

function sameConfig(a: Definition['config'], b: Definition['config']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
