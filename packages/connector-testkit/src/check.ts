/** One sentence of the contract and what proves it; needs no test runner. */
export interface Check {
  readonly title: string;
  /** Rejects if the connector breaks it. May be run again. */
  readonly run: () => Promise<void>;
}

/** Something that a fixture does to its system. */
export interface Disturbance {
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
}

/** How often a condition is looked at unless it is said, ms. */
const defaultLookMs = 5;

/** @throws Error with what was waited for and `explain`. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  options: {
    readonly limitMs: number;
    readonly lookMs?: number;
    readonly explain?: () => string | Promise<string>;
    /** Rejects when waiting makes no sense any more. */
    readonly failed?: Promise<never>;
  },
): Promise<void> {
  const { lookMs = defaultLookMs } = options;
  const giveUpMs = performance.now() + options.limitMs;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) {
      const seen = (await options.explain?.()) ?? '';
      throw new Error(`waited ${String(options.limitMs)} ms until ${what}${seen && `: ${seen}`}`);
    }
    const looked = new Promise<void>((resolve) => setTimeout(resolve, lookMs));
    await (options.failed ? Promise.race([looked, options.failed]) : looked);
  }
}

/** The first few of a list, for a message. */
export function some(items: readonly string[]): string {
  const first = items.slice(0, 5).join(', ');
  return items.length > 5 ? `${first}, … (${String(items.length)})` : first;
}

export function assertContract(isKept: boolean, message: string): asserts isKept {
  if (!isKept) throw new Error(message);
}
