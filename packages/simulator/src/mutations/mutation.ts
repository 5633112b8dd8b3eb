/** A guard of the product, broken in one way, to see whether anything notices. */

/** `true` and `false` remove the guard, one for each side that it keeps apart. */
export type MutationKind = 'true' | 'false' | 'inverted';
export type Language = 'lua' | 'typescript';

export interface Mutation {
  /** The same as long as the text before it in the file is: `claim.lua:42:inverted`, with `.2` for a second on the line. */
  readonly id: string;
  readonly language: Language;
  /** From the folder of the scripts, or of the brains' sources. */
  readonly file: string;
  readonly line: number;
  readonly kind: MutationKind;
  /** The text of the guard, on one line. */
  readonly guard: string;
  /** The text of the whole file with it broken. */
  readonly text: string;
}

/** In characters; `to` is exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** In parentheses, and apart from what stands beside it. */
const replacements: Readonly<
  Record<Language, Readonly<Record<MutationKind, (guard: string) => string>>>
> = {
  lua: {
    true: () => ' (true) ',
    false: () => ' (false) ',
    inverted: (guard) => ` (not (${guard})) `,
  },
  typescript: {
    true: () => ' (true as boolean) ',
    false: () => ' (false as boolean) ',
    inverted: (guard) => ` (!(${guard})) `,
  },
};

/** What a file's guards, in the order of their beginnings, can be turned into. */
export function mutationsAt(
  language: Language,
  file: string,
  text: string,
  guards: readonly Range[],
): Mutation[] {
  const onLine = new Map<number, number>();
  return guards.flatMap(({ from, to }) => {
    const line = text.slice(0, from).split('\n').length;
    const number = (onLine.get(line) ?? 0) + 1;
    onLine.set(line, number);
    const place = `${file}:${line}${number === 1 ? '' : `.${number}`}`;
    const guard = text.slice(from, to);
    const replace = replacements[language];
    return (Object.keys(replace) as MutationKind[]).map((kind) => ({
      id: `${place}:${kind}`,
      language,
      file,
      line,
      kind,
      guard: guard.replaceAll(/\s+/g, ' '),
      text: text.slice(0, from) + replace[kind](guard) + text.slice(to),
    }));
  });
}

/** In the order of their beginnings, outer ones first. */
export function inOrder(guards: Iterable<Range>): Range[] {
  return [...guards].toSorted((a, b) => a.from - b.from || b.to - a.to);
}
