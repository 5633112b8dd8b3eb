/** What an example ends with: what it counted, what had to come out, and perhaps a report of two systems side by side. */

export interface Outcome {
  readonly counts: readonly Count[];
  /** For the reader: what has to be right about it is among the counts. */
  readonly report?: Report;
}

export interface Count {
  readonly what: string;
  readonly count: number;
  /** Absent: it may be anything. */
  readonly expected?: number;
}

/** One query, and what each of two systems answers. */
export interface Report {
  readonly sql: string;
  /** The columns that tell rows apart, which come first, and the others. */
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly answers: readonly [Answer, Answer];
}

export interface Answer {
  readonly from: string;
  readonly rows: readonly (readonly string[])[];
}

export function allAsExpected({ counts }: Outcome): boolean {
  return counts.every(({ count, expected }) => expected === undefined || count === expected);
}

export function outcomeText({ counts, report }: Outcome): string {
  return [...(report ? [report.sql, reportTable(report)] : []), countTable(counts)].join('\n\n');
}

function countTable(counts: readonly Count[]): string {
  return table(
    ['', 'count', 'expected', ''],
    counts.map(({ count, expected, what }) => [
      what,
      String(count),
      expected === undefined ? 'any' : String(expected),
      expected === undefined ? '' : count === expected ? 'ok' : 'WRONG',
    ]),
  );
}

function reportTable({ answers, keys, values }: Report): string {
  const byKey = answers.map(
    ({ rows }) => new Map(rows.map((row) => [row.slice(0, keys.length).join('\t'), row])),
  );
  const found = [...new Set(byKey.flatMap((rows) => [...rows.keys()]))];
  const lines = found.toSorted().map((key) => {
    const [one, other] = byKey.map(
      (rows) => rows.get(key)?.slice(keys.length) ?? values.map(() => '-'),
    );
    const verdict = one?.join('\t') === other?.join('\t') ? 'ok' : 'WRONG';
    return [...key.split('\t'), ...(one ?? []), ...(other ?? []), verdict];
  });
  const headers = answers.flatMap(({ from }) => values.map((value) => `${value} in ${from}`));
  return table([...keys, ...headers, ''], lines);
}

/** Columns of numbers are aligned to the right. */
function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const columns = header.map((title, at) => {
    const cells = lines.map((line) => line[at] ?? '');
    const width = Math.max(...[title, ...cells].map((cell) => cell.length));
    const isNumeric = cells.every((cell) => /^(?:[-\d.]+|any)$/.test(cell));
    return (cell: string) => (isNumeric ? cell.padStart(width) : cell.padEnd(width));
  });
  return [header, ...lines]
    .map((line) =>
      columns
        .map((aligned, at) => aligned(line[at] ?? ''))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
