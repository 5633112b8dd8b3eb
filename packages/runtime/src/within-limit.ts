import type { Clock } from '@sluice/kernel';

/**
 * Waits until `work` is settled, however it ended, but at most `limitMs`. Whoever started the work sees its
 * error; here only the time matters. True if it settled.
 */
export async function withinLimit(
  work: Promise<unknown>,
  limitMs: number,
  clock: Clock,
): Promise<boolean> {
  const limit = Promise.withResolvers<false>();
  const timer = clock.after(limitMs, () => limit.resolve(false));
  const settled = work.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, limit.promise]);
  timer.cancel();
  return result;
}
