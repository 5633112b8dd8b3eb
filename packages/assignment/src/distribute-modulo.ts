/**
 * The formula itself, T_i = { t_j | j mod N = i }: item j goes to worker j mod N.
 *
 * @example distributeModulo(['a', 'b', 'c'], 2) // [['a', 'c'], ['b']]
 */
export function distributeModulo<Item>(items: readonly Item[], workers: number): Item[][] {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`workers must be a whole number of at least 1, not ${workers}`);
  }
  const shares: Item[][] = Array.from({ length: workers }, () => []);
  for (const [index, item] of items.entries()) shares[index % workers]?.push(item);
  return shares;
}
