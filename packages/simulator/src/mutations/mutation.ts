/** A guard of the product, and what it is turned into to see whether anything notices. */

/** A condition, or an operand of one. */
export interface Guard {
  /** From the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** As it stands in the file, on one line. */
  readonly text: string;
  /** Where, in characters: the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** `always` and `never` remove the guard, one for each side that it keeps apart. */
export type MutationKind = 'always' | 'never' | 'inverted';

export const mutationKinds: readonly MutationKind[] = ['always', 'never', 'inverted'];

export interface Mutation {
  /** `packages/coordination/src/burial.ts:41:10+6:never`: line, column and length of the guard. */
  readonly id: string;
  readonly language: 'lua' | 'typescript';
  readonly kind: MutationKind;
  readonly guard: Guard;
}

/** How each language says it. */
const replacements: Readonly<
  Record<Mutation['language'], Readonly<Record<MutationKind, (guard: string) => string>>>
> = {
  typescript: {
    always: () => '(true as boolean)',
    never: () => '(false as boolean)',
    inverted: (guard) => `(!(${guard}))`,
  },
  lua: {
    always: () => '(true)',
    never: () => '(false)',
    inverted: (guard) => `(not (${guard}))`,
  },
};

/** The file's text with the guard replaced. */
export function mutated({ guard, kind, language }: Mutation, source: string): string {
  const { start, end } = guard;
  const replacement = replacements[language][kind](source.slice(start, end));
  return source.slice(0, start) + replacement + source.slice(end);
}

/** All that a file's guards can be turned into. A guard that is a constant already is none. */
export function mutationsOf(
  language: Mutation['language'],
  source: string,
  guards: readonly Guard[],
): Mutation[] {
  return guards.flatMap((guard) => {
    const column = guard.start - source.lastIndexOf('\n', guard.start - 1);
    return mutationKinds.map((kind) => ({
      id: `${guard.file}:${guard.line}:${column}+${guard.end - guard.start}:${kind}`,
      language,
      kind,
      guard,
    }));
  });
}

/** Where a range of the source is, and what it says. */
export function guardAt(file: string, source: string, start: number, end: number): Guard {
  const line = source.slice(0, start).split('\n').length;
  const text = source.slice(start, end).replaceAll(/\s+/g, ' ');
  return { file, line, text, start, end };
}
