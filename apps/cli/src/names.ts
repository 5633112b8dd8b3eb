/**
 * Names of connectors on a command line: as they are, or with `*` and `?` for any part. A name may contain these itself:
 * behind a backslash they, and the backslash, stand for themselves. Pure.
 */

const escaped = /\\([*?\\])/g;

export function isPattern(name: string): boolean {
  return /[*?]/.test(name.replace(escaped, ''));
}

/** The one name that a word without a pattern stands for. */
export function nameOf(word: string): string {
  return word.replace(escaped, '$1');
}

/** The word that stands for this name alone. */
export function wordFor(name: string): string {
  // A backslash before anything else stands for itself, also unescaped.
  return name.replace(/[*?]|\\(?=[*?\\])/g, String.raw`\$&`);
}

/** Whether the whole name fits. */
export function fitsPattern(name: string, pattern: string): boolean {
  const source = pattern.replace(
    /\\([*?\\])|[.*+?^${}()|[\]\\]/g,
    (special, literal: string | undefined) => {
      if (literal !== undefined) return `\\${literal}`;
      return special === '*' ? '.*' : special === '?' ? '.' : `\\${special}`;
    },
  );
  return new RegExp(`^${source}$`, 's').test(name);
}

export interface ChosenNames {
  /** Each once, in the order in which they were asked for. */
  readonly names: readonly string[];
  /** Of these, the ones that nobody named: a pattern fits them. */
  readonly fitting: ReadonlySet<string>;
  /** Patterns that nothing fits. */
  readonly unmatched: readonly string[];
}

/** A name without a pattern is taken as it is: whether it exists is for whoever is asked to say. */
export function chooseNames(wanted: readonly string[], existing: Iterable<string>): ChosenNames {
  const all = [...existing];
  const unmatched: string[] = [];
  const names = new Set(
    wanted.flatMap((word) => {
      if (!isPattern(word)) return [nameOf(word)];
      const fitting = all.filter((each) => fitsPattern(each, word));
      if (fitting.length === 0) unmatched.push(word);
      return fitting;
    }),
  );
  const named = new Set(wanted.filter((word) => !isPattern(word)).map(nameOf));
  return { names: [...names], fitting: names.difference(named), unmatched };
}
