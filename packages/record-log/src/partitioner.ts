/**
 * Kafka's default partitioner: murmur2 of the key, and one partition for all keyless records of a
 * batch. Records with equal keys must reach the partition where a Java producer puts them.
 */

const multiplier = 0x5bd1e995;
const seed = 0x9747b28c;

/** Kafka's murmur2, as a signed 32-bit integer. */
export function murmur2(key: Uint8Array): number {
  const length = key.length;
  const end = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < end; at += 4) {
    let word =
      byteAt(key, at) |
      (byteAt(key, at + 1) << 8) |
      (byteAt(key, at + 2) << 16) |
      (byteAt(key, at + 3) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= byteAt(key, end + 2) << 16;
  if (rest >= 2) hash ^= byteAt(key, end + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(key, end), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, as `toPositive(murmur2(key)) % partitions` in Kafka. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * Partitions for the keyless records of one writer: all of a batch go to one partition, and the batches
 * of a topic take turns from a random start.
 */
export class KeylessPartitions {
  readonly #random: () => number;
  readonly #turns = new Map<string, number>();

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  next(topic: string, partitions: number): number {
    if (partitions === 1) return 0;
    const turn = this.#turns.get(topic) ?? Math.floor(this.#random() * partitions);
    this.#turns.set(topic, turn + 1);
    return turn % partitions;
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
