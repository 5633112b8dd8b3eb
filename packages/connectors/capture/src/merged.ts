/** Several readers of a snapshot as one. */

/** What the readers yield, as it comes. Each may be one item ahead. */
export async function* merged<Item>(
  readers: readonly AsyncGenerator<Item>[],
): AsyncGenerator<Item> {
  const pending = new Map(readers.map((reader) => [reader, stepOf(reader)]));
  try {
    while (pending.size > 0) {
      const { reader, result } = await Promise.race(pending.values());
      // Behind the others: one that is always ready would keep them waiting.
      pending.delete(reader);
      if (!result.done) {
        pending.set(reader, stepOf(reader));
        yield result.value;
      }
    }
  } finally {
    // Those that are left are of sessions that are closed next; nobody waits for them.
    for (const step of pending.values()) step.catch(() => {});
  }
}

async function stepOf<Item>(reader: AsyncGenerator<Item>): Promise<{
  readonly reader: AsyncGenerator<Item>;
  readonly result: IteratorResult<Item, unknown>;
}> {
  return { reader, result: await reader.next() };
}
