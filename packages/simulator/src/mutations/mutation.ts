/** Guards of the product, and the ways in which one is broken to see whether anything notices. */

/**
 * `true` and `false` remove a guard, one for each side that it keeps apart. Of a condition as a whole its inversion is
 * left out: whatever notices that the guard is gone one way notices it.
 */
export type MutationKind = 'true' | 'false' | 'inverted';
export type Language = 'lua' | 'typescript';

/** What a guard is part of: it is removed as that which changes nothing there. */
export type GuardRole = 'condition' | 'operand of and' | 'operand of or' | 'value';

/** In characters; `to` is exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface FoundGuard extends Range {
  readonly role: GuardRole;
}

export interface Guard extends FoundGuard {
  /** Its place in the list of all; what the instrumented text calls it by. */
  readonly number: number;
  readonly language: Language;
  /** From the folder of the scripts, or of the brains' sources. */
  readonly file: string;
  readonly line: number;
  /** Its text, on one line. */
  readonly text: string;
  /** `claim.lua:42`, with `.2` for a second on the line. */
  readonly place: string;
}

export interface Mutation {
  readonly guard: Guard;
  readonly kind: MutationKind;
}

/** A mutation, as a process is told which. */
export interface BrokenGuard {
  readonly number: number;
  readonly kind: MutationKind;
}

const kindsOfRole: Readonly<Record<GuardRole, readonly MutationKind[]>> = {
  condition: ['true', 'false'],
  'operand of and': ['true', 'inverted'],
  'operand of or': ['false', 'inverted'],
  value: ['inverted'],
};

export function mutationsOf(guard: Guard): Mutation[] {
  return kindsOfRole[guard.role].map((kind) => ({ guard, kind }));
}

/** `claim.lua:42:inverted`: the same as long as the text before it in the file is. */
export function idOf({ guard, kind }: Mutation): string {
  return `${guard.place}:${kind}`;
}

export function brokenBy({ guard: { number }, kind }: Mutation): BrokenGuard {
  return { number, kind };
}

/** In the order of their beginnings, outer ones first. */
export function inOrder(guards: Iterable<FoundGuard>): FoundGuard[] {
  return [...guards].toSorted((a, b) => a.from - b.from || b.to - a.to);
}

/** Gives a file's guards their places, and the numbers from `first` on. */
export function placed(
  language: Language,
  file: string,
  text: string,
  guards: readonly FoundGuard[],
  first: number,
): Guard[] {
  const onLine = new Map<number, number>();
  return guards.map((guard, index) => {
    const line = text.slice(0, guard.from).split('\n').length;
    const position = (onLine.get(line) ?? 0) + 1;
    onLine.set(line, position);
    return {
      ...guard,
      number: first + index,
      language,
      file,
      line,
      text: text.slice(guard.from, guard.to).replaceAll(/\s+/g, ' '),
      place: `${file}:${line}${position === 1 ? '' : `.${position}`}`,
    };
  });
}
