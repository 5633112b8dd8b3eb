/** Names of connectors on a command line: as they are, or with `*` and `?` for any part. Pure. */

export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether the whole name fits. */
export function fitsPattern(name: string, pattern: string): boolean {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (special) =>
    special === '*' ? '.*' : special === '?' ? '.' : `\\${special}`,
  );
  return new RegExp(`^${source}$`, 's').test(name);
}

export interface ChosenNames {
  /** Each once, in the order in which they were asked for. */
  readonly names: readonly string[];
  /** Patterns that nothing fits. */
  readonly unmatched: readonly string[];
}

/** A name without a pattern is taken as it is: whether it exists is for whoever is asked to say. */
export function chooseNames(wanted: readonly string[], existing: Iterable<string>): ChosenNames {
  const all = [...existing];
  const unmatched: string[] = [];
  const names = wanted.flatMap((name) => {
    if (!isPattern(name)) return [name];
    const fitting = all.filter((each) => fitsPattern(each, name));
    if (fitting.length === 0) unmatched.push(name);
    return fitting;
  });
  return { names: [...new Set(names)], unmatched };
}
