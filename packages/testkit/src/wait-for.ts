import { inspect } from 'node:util';
import { systemClock, toError } from '@sluice/kernel';

export interface WaitForOptions<T> {
  /** Completes the sentence "waited … for …". */
  readonly what: string;
  /** Default 15 000: what is waited for comes soon, unless the machine is busy with something else. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 20. */
  readonly intervalMs?: number;
  /** When the value is good enough. Default: it is truthy. */
  readonly until?: (value: T) => boolean;
  /**
   * What moves while all is well. With it the limit is for standing still: it begins anew with each change of this, since
   * nobody can say how long the whole takes on a busy machine. The whole is limited by the test.
   */
  readonly progress?: (value: T) => unknown;
  /** More for the error: what is to be known of whoever stands still. */
  readonly explain?: () => Promise<string>;
}

const explainLimitMs = 10_000;

type Met<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * Looks until the condition holds and returns what it saw. A look that throws counts as "not yet".
 * After the limit it fails and tells what was waited for and what was seen last.
 *
 * @example
 * const status = await waitFor(() => readStatus('orders'), {
 *   what: 'orders to run',
 *   until: (seen) => seen.state === 'RUNNING',
 * });
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitForOptions<T>,
): Promise<Met<T>> {
  const { what, timeoutMs = 15_000, intervalMs = 20, until = Boolean, progress } = options;
  const startedAtMs = systemClock.monotonicMs();
  let deadlineMs = startedAtMs + timeoutMs;
  let progressed: string | undefined;
  let last = 'nothing, the first look never returned';
  let cause: unknown;
  for (;;) {
    const look = await lookOnce(condition, deadlineMs);
    if (look.kind === 'seen') {
      if (until(look.value)) return look.value as Met<T>;
      last = inspect(look.value, { depth: 6, maxStringLength: 2_000, breakLength: 120 });
      cause = undefined;
      const moving = progress && inspect(progress(look.value), { maxStringLength: null });
      if (moving !== progressed) {
        progressed = moving;
        deadlineMs = systemClock.monotonicMs() + timeoutMs;
      }
    } else if (look.kind === 'threw') {
      last = `an error: ${look.error.message}`;
      cause = look.error;
    }
    if (systemClock.monotonicMs() + intervalMs > deadlineMs) {
      const waitedMs = Math.round(systemClock.monotonicMs() - startedAtMs);
      const still = progress ? `, and nothing moved for ${timeoutMs} ms` : '';
      const more = options.explain ? `\n${await explained(options.explain)}` : '';
      throw new Error(`waited ${waitedMs} ms for ${what}${still}; last seen: ${last}${more}`, {
        cause,
      });
    }
    await systemClock.sleep(intervalMs);
  }
}

/** An explanation that fails or hangs must not take the place of what is to be explained. */
async function explained(explain: () => Promise<string>): Promise<string> {
  const look = await lookOnce(explain, systemClock.monotonicMs() + explainLimitMs);
  if (look.kind === 'seen') return look.value;
  return look.kind === 'threw'
    ? `no explanation: ${look.error.message}`
    : `no explanation within ${explainLimitMs} ms`;
}

type Look<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'threw'; readonly error: Error }
  | { readonly kind: 'hung' };

/** One look that cannot outlast the deadline, so that a hanging condition is reported as well. */
async function lookOnce<T>(condition: () => T | Promise<T>, deadlineMs: number): Promise<Look<T>> {
  const limit = new AbortController();
  const hung = systemClock
    .sleep(Math.max(0, deadlineMs - systemClock.monotonicMs()), limit.signal)
    .then(
      (): Look<T> => ({ kind: 'hung' }),
      (): Look<T> => ({ kind: 'hung' }),
    );
  const seen = (async (): Promise<Look<T>> => {
    try {
      return { kind: 'seen', value: await condition() };
    } catch (error) {
      return { kind: 'threw', error: toError(error) };
    }
  })();
  const look = await Promise.race([seen, hung]);
  limit.abort();
  return look;
}
