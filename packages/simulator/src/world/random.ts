/**
 * Randomness of a simulation. Each purpose has a stream of its own, named: what one part draws changes
 * nothing for the others, so that a scenario from which a fault was removed stays the same elsewhere.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

import { hashText } from './trace-hash.ts';

export class Random {
  readonly #generator;

  constructor(seed: number, purpose: string) {
    this.#generator = xoroshiro128plus(hashText(purpose, seed));
  }

  /** In [0, 1). */
  fraction(): number {
    return uniformFloat64(this.#generator);
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  /** In [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.fraction();
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.whole(0, items.length - 1)] ?? items[0];
  }

  /** One of the items, the heavier the likelier. */
  weighted<T>(
    items: readonly [
      { readonly weight: number; readonly item: T },
      ...{ readonly weight: number; readonly item: T }[],
    ],
  ): T {
    let left = this.fraction() * items.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, item } of items) {
      left -= weight;
      if (left < 0) return item;
    }
    return items[0].item;
  }
}
