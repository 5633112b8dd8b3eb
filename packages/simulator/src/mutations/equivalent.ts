/**
 * Guards that nothing can notice when they are broken, each with the reason. By the guard as it stands in its file, so
 * that lines may move; one that is not there any more fails the hunt.
 */
import type { Guard, Mutation, MutationKind } from './mutation.ts';

interface Equivalent {
  readonly file: string;
  readonly guard: string;
  /** Default: all. */
  readonly kinds?: readonly MutationKind[];
  readonly because: string;
}

export const equivalents: readonly Equivalent[] = [];

export function whyEquivalent({ guard: { file, text }, kind }: Mutation): string | undefined {
  return equivalents.find(
    (each) => each.file === file && each.guard === text && (each.kinds?.includes(kind) ?? true),
  )?.because;
}

/** Those that fit none of these guards. */
export function outdated(guards: readonly Pick<Guard, 'file' | 'text'>[]): Equivalent[] {
  return equivalents.filter(
    ({ file, guard }) => !guards.some((each) => each.file === file && each.text === guard),
  );
}
