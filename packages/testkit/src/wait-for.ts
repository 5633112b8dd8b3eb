import { inspect } from 'node:util';
import { systemClock, toError } from '@sluice/kernel';

export interface WaitForOptions<T> {
  /** Completes the sentence "waited … for …". */
  readonly what: string;
  /** Default 5 000. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 20. */
  readonly intervalMs?: number;
  /** When the value is good enough. Default: it is truthy. */
  readonly until?: (value: T) => boolean;
}

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
  const { what, timeoutMs = 5_000, intervalMs = 20, until = Boolean } = options;
  const startedAtMs = systemClock.monotonicMs();
  const deadlineMs = startedAtMs + timeoutMs;
  let last = 'nothing, the first look never returned';
  let cause: unknown;
  for (;;) {
    const look = await lookOnce(condition, deadlineMs);
    if (look.kind === 'seen') {
      if (until(look.value)) return look.value as Met<T>;
      last = inspect(look.value, { depth: 6, maxStringLength: 2_000, breakLength: 120 });
      cause = undefined;
    } else if (look.kind === 'threw') {
      last = `an error: ${look.error.message}`;
      cause = look.error;
    }
    if (systemClock.monotonicMs() + intervalMs > deadlineMs) {
      const waitedMs = Math.round(systemClock.monotonicMs() - startedAtMs);
      throw new Error(`waited ${waitedMs} ms for ${what}; last seen: ${last}`, { cause });
    }
    await systemClock.sleep(intervalMs);
  }
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
