/**
 * A change of what only owners of tasks may change, made while the connector is stopped: its offsets.
 *
 * Nothing is locked. A change gets a fence above all former owners of the tasks, whose late commits are refused from
 * then on; whoever starts the connector again gets a higher one, and refuses the change. That no task was started
 * meanwhile is looked at after the change, so what is called changed holds for every later start.
 */
import { hasCode } from '@sluice/kernel';

import type { ConnectorRecord } from './model.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import type { OffsetsFence } from './store.ts';

/** As whom: the owner of that many tasks, under a fence above all former owners'. */
export interface StoppedOwner {
  readonly fence: number;
  readonly tasks: number;
}

export interface StoppedCluster {
  /** May wait for tasks that are being stopped. */
  fenceOffsets(connector: string): Promise<OffsetsFence>;
  snapshot(): Promise<Pick<ClusterSnapshot, 'connectors'>>;
}

export type StoppedChange =
  | { readonly kind: 'changed' }
  /** Nothing was changed. */
  | Exclude<OffsetsFence, { kind: 'fenced' }>
  /** Or its offsets were changed by another request: part of it may have been done, and undone. */
  | { readonly kind: 'started-meanwhile' };

/** Of tasks of which it is not known how many there were: more than anybody runs of one connector. */
const unknownTasksMax = 1_000;

/** `record`: as it was when the change was decided. @throws what `change` throws, unless it is `log.fenced`. */
export async function changeStopped(
  cluster: StoppedCluster,
  record: ConnectorRecord,
  change: (owner: StoppedOwner) => Promise<void>,
): Promise<StoppedChange> {
  const { name, config } = record;
  const fenced = await cluster.fenceOffsets(name);
  if (fenced.kind !== 'fenced') return fenced;
  if (fenced.uid !== record.uid) return { kind: 'started-meanwhile' };
  const tasks = fenced.tasksMax || Math.min(Number(config['tasks.max'] ?? 1) || 1, unknownTasksMax);
  try {
    await change({ fence: fenced.fence, tasks });
  } catch (error) {
    if (hasCode(error, 'log.fenced')) return { kind: 'started-meanwhile' };
    throw error;
  }
  const { connectors } = await cluster.snapshot();
  const now = connectors.get(name)?.record;
  const isAsItWas =
    now?.uid === fenced.uid &&
    // Its group may be another one.
    now.version === record.version &&
    now.targetState === 'STOPPED' &&
    now.taskEpoch === fenced.taskEpoch;
  return { kind: isAsItWas ? 'changed' : 'started-meanwhile' };
}
