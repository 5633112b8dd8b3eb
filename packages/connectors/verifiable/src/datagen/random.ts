/** Numbers that look random and depend on the seeds alone: record 7 of task 1 is the same after each restart. */
export interface Random {
  /** 0 ≤ x < 1 */
  next(): number;
  /** Whole, both ends included. */
  whole(min: number, max: number): number;
  pick<Item>(items: readonly Item[]): Item | undefined;
}

export function randomOf(...seeds: readonly number[]): Random {
  let state = 0x9e37_79b9;
  // Both halves of a large number count.
  for (const seed of seeds)
    state = mix(mix(state ^ (seed >>> 0)) ^ (Math.floor(seed / 2 ** 32) >>> 0));
  const next = (): number => {
    state = (state + 0x9e37_79b9) | 0;
    return (mix(state) >>> 0) / 2 ** 32;
  };
  return {
    next,
    // Two draws: whole numbers above 2^32 have all their digits.
    whole: (min, max) => min + Math.floor((next() + next() / 2 ** 32) * (max - min + 1)),
    pick: (items) => items[Math.floor(next() * items.length)],
  };
}

/** The finalizer of MurmurHash3: each bit of the input changes about half of the output's. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
