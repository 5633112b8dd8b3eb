/** Pages of what partitions hold, from the newest to the oldest. Pure. */

export interface LookedPartition {
  readonly partition: number;
  readonly low: number;
  /** First offset that is not asked for. */
  readonly high: number;
  /** From where on it was looked at, up to `high`. */
  readonly from: number;
}

export interface Placed {
  readonly partition: number;
  readonly offset: number;
  readonly record: { readonly timestampMs: number };
}

export interface NewestPage<Found extends Placed> {
  /** The newest first. */
  readonly found: readonly Found[];
  /** Each partition that has older ones, and the offset that they are below: `0:12,3:40`; undefined: there are none. */
  readonly next: string | undefined;
}

/**
 * The newest of all, where each partition is gone through from its end, as far as it goes: times within one may be in no
 * order, and what would be left out between two that are shown would be on no page. `isFull`: there is no room for it.
 */
export function newestPage<Found extends Placed>(
  partitions: readonly LookedPartition[],
  found: readonly Found[],
  isFull: (page: readonly Found[], next: Found) => boolean,
): NewestPage<Found> {
  const tails = Map.groupBy(found, ({ partition }) => partition);
  const hasOlder = new Set(
    partitions.flatMap((each) => (each.from > each.low ? each.partition : [])),
  );
  const page: Found[] = [];
  for (;;) {
    const newest = [...tails.values()].reduce<Found[] | undefined>(
      (best, tail) => (timeOf(tail) > timeOf(best) ? tail : best),
      undefined,
    );
    const last = newest?.at(-1);
    if (last === undefined || isFull(page, last)) break;
    newest?.pop();
    page.push(last);
    // What was not looked at may be newer than what is left of the others.
    if (newest?.length === 0 && hasOlder.has(last.partition)) break;
  }
  const places = partitions.flatMap(({ partition, low, high, from }) => {
    const shown = page.findLast((each) => each.partition === partition);
    // Where nothing was found, offsets are missing: of a transaction, or of what a topic has compacted.
    const looked = tails.get(partition)?.length ? high : Math.max(low, from);
    const offset = shown?.offset ?? looked;
    return offset > low ? [{ partition, offset }] : [];
  });
  return { found: page, next: placesText(places) };
}

function timeOf(tail: readonly Placed[] | undefined): number {
  return tail?.at(-1)?.record.timestampMs ?? Number.NEGATIVE_INFINITY;
}

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** `0:12,3:40`; undefined for none. */
export function placesText(places: readonly Place[]): string | undefined {
  if (places.length === 0) return undefined;
  return places.map(({ partition, offset }) => `${partition}:${offset}`).join();
}

/** Of each partition that the text names. */
export function placesOf(text: string): ReadonlyMap<number, number> {
  return new Map(
    text.split(',').map((place) => {
      const [partition, offset] = place.split(':').map(Number);
      return [partition ?? 0, offset ?? 0];
    }),
  );
}
