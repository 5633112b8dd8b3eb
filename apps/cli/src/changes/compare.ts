/** What definitions would change of a cluster as it is. Pure. */
import type { Change, ClusterSnapshot, Definition } from '@sluice/coordination';

import { changedKeys } from '../format/config.ts';
import { fitsPattern } from '../names.ts';

export function compare(
  { name, config, initialState }: Definition,
  { connectors }: ClusterSnapshot,
): Change {
  const before = connectors.get(name)?.record;
  const after = { ...config, name };
  const changed = changedKeys(before?.config ?? {}, after);
  const outcome = before ? (changed.length > 0 ? 'updated' : 'unchanged') : 'created';
  const isCreated = before === undefined && initialState !== undefined;
  return { name, outcome, changed, before, after, ...(isCreated && { initialState }) };
}

/** Connectors that the definitions do not name, among those that a pattern fits. */
export function surplus(
  definitions: readonly Definition[],
  { connectors }: ClusterSnapshot,
  pattern: string,
): Change[] {
  const wanted = new Set(definitions.map(({ name }) => name));
  return [...connectors.values()]
    .filter(({ record: { name } }) => !wanted.has(name) && fitsPattern(name, pattern))
    .map(({ record }) => ({
      name: record.name,
      outcome: 'deleted',
      changed: [],
      before: record,
      after: undefined,
    }));
}
