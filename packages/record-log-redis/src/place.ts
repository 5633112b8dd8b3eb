/**
 * A group's place in a partition as it is stored, `<offset>@<time>` or `~<offset>@<time>`; see
 * `lua/shared/groups.lua`.
 */
export interface GroupPlace {
  /** The next one to be read. */
  readonly offset: number;
  /** false: it has not committed yet, and begins there. */
  readonly isCommitted: boolean;
  /** When the group was last heard of, in the log's own time, ms; infinite if that was not stored. */
  readonly heardOfMs: number;
}

export function parsePlace(stored: string): GroupPlace {
  const isCommitted = !stored.startsWith('~');
  const [offset, heardOf] = (isCommitted ? stored : stored.slice(1)).split('@');
  return {
    offset: Number(offset),
    isCommitted,
    heardOfMs: Number(heardOf ?? Number.POSITIVE_INFINITY),
  };
}

export function committedOffset(stored: string | null | undefined): number | undefined {
  if (stored === null || stored === undefined) return undefined;
  const { offset, isCommitted } = parsePlace(stored);
  return isCommitted ? offset : undefined;
}
