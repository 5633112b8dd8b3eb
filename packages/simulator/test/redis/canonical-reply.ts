/** Replies without what Redis leaves open: the order of a set and of a large hash, the rest of an error. */

export type Outcome = readonly [error: Error | null, value: unknown];

export function outcomeOf(ask: () => unknown): Outcome {
  try {
    return [null, ask()];
  } catch (error) {
    return [error as Error, undefined];
  }
}

/** `of`: the script or command that was asked. */
export function canonical(of: string, [error, value]: Outcome): unknown {
  // The first word is what callers go by.
  if (error) return { error: error.message.split(' ')[0] };
  // The driver makes a record of the server's.
  if (of === 'HGETALL') return { value: sortedRows(Array.isArray(value) ? value : flat(value), 2) };
  return { value: Array.isArray(value) ? ordered(of, value) : value };
}

function ordered(of: string, list: readonly unknown[]): unknown {
  switch (of) {
    case 'orphan':
      return list.map(String).toSorted();
    case 'assignments':
      return [...list.slice(0, 4), ...sortedRows(list.slice(4), 9)];
    case 'task-sets':
      return list.map((set) => {
        const values = set as unknown[];
        return [...values.slice(0, 3), ...sortedRows(values.slice(3), 2)];
      });
    case 'records':
      // Of a unit the values of its fields, which begin with its uid; else fields and values.
      return list.map((record) => (isHash(record) ? sortedRows(record, 2) : record));
    default:
      return list;
  }
}

function flat(record: unknown): unknown[] {
  return Object.entries(record as Record<string, string>).flat();
}

function isHash(record: unknown): record is unknown[] {
  return Array.isArray(record) && (record.includes('lifecycle') || record.includes('incarnation'));
}

function sortedRows(list: readonly unknown[], width: number): unknown[] {
  const rows = Array.from({ length: Math.ceil(list.length / width) }, (_, row) =>
    list.slice(row * width, (row + 1) * width),
  );
  return rows.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)).flat();
}
