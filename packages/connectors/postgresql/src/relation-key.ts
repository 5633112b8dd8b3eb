/** Which columns tell rows of a table apart, by what the log has of former rows. Pure. */
import type { LogMessage } from './pgoutput.ts';

export type Relation = Extract<LogMessage, { kind: 'relation' }>;

/** What the log has of a former row; undefined: all of it, or nothing. */
export function identityOf({ columns, hasWholeRows }: Relation): readonly string[] | undefined {
  const names = columns.filter(({ isIdentity }) => isIdentity).map(({ name }) => name);
  return hasWholeRows || names.length === 0 ? undefined : names;
}

/**
 * The key that rows had when they were logged, by the names that it had then; undefined: nobody knows. `now`: the key of
 * the table by now, undefined if the table is gone.
 */
export function keyOfRelation(
  relation: Relation,
  now: readonly string[] | undefined,
): readonly string[] | undefined {
  const identity = identityOf(relation);
  const known = identity ?? relation.columns.map(({ name }) => name);
  const inOrder = (now ?? []).filter((name) => known.includes(name));
  if (identity) return inOrder.length === known.length ? inOrder : known;
  const isUnknown = relation.hasWholeRows && inOrder.length !== now?.length;
  return isUnknown ? undefined : inOrder;
}
