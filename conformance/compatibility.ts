/** The rows of docs/COMPATIBILITY.md that declare a difference, and whether each has its cases. Pure. */
import type { Suite } from './case.ts';

const heading = '## Declared differences';

export interface DeclaredRow {
  readonly id: string;
  /** Of the heading that its table stands under, as links name it: `requests`. */
  readonly anchor: string;
}

/** The rows of the tables below the heading: `` | `file-sink-data` | … ``. */
export function declaredRows(markdown: string): DeclaredRow[] {
  const [, section = ''] = markdown.split(`\n${heading}\n`);
  const [own = ''] = section.split('\n## ');
  let anchor = '';
  const rows: DeclaredRow[] = [];
  for (const line of own.split('\n')) {
    anchor = /^### (.+)$/.exec(line)?.[1]?.toLowerCase().replaceAll(' ', '-') ?? anchor;
    const id = /^\| `([a-z0-9-]+)` \|/.exec(line)?.[1];
    if (id !== undefined) rows.push({ id, anchor });
  }
  return rows;
}

/** What is wrong: a row without a case, a case without its row, a row that is there twice. */
export function undeclared(rows: readonly string[], suites: readonly Suite[]): string[] {
  const named = new Set(
    suites.flatMap(({ cases }) => cases.flatMap(({ difference }) => difference ?? [])),
  );
  const twice = rows.filter((row, index) => rows.indexOf(row) !== index);
  return [
    ...rows.filter((row) => !named.has(row)).map((row) => `no case shows the row ${row}`),
    ...[...named].filter((row) => !rows.includes(row)).map((row) => `there is no row ${row}`),
    ...twice.map((row) => `the row ${row} is there twice`),
  ];
}
