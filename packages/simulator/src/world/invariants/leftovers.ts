/** I11: after everything was deleted and stopped in order, Redis holds only what is meant to outlast it. */
import type { SimulatedCluster } from '../cluster.ts';
import { clusterName } from '../store-access.ts';

/** Memories: of what must never be used twice, of who is dead, of what was answered, of what happened. */
const kept: ReadonlySet<string> = new Set([
  'assigned',
  'beat',
  'changes',
  'cordons',
  'dataset',
  'dead',
  'events',
  'fence-floor',
  'gone',
  'journal',
  'last-event',
  'leader-epoch',
  'log',
  'loggers',
  'lost',
  'ordinal',
  'past-slots',
  'protocol',
  'request-ids',
  'requests',
  'revision',
  'trimmed',
  'unit-events',
]);

export function whatIsLeft({ fake }: SimulatedCluster): string | undefined {
  const prefix = `{sluice:${clusterName}}:`;
  const left = Object.keys(fake.dump())
    .map((key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key))
    .filter((key) => !kept.has(key) && !key.startsWith('result:'));
  return left.length === 0 ? undefined : `keys are left: ${left.toSorted().join(', ')}`;
}
