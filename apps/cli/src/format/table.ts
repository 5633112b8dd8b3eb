/** Plain tables: columns two spaces apart, no lines, headings in capitals. */
import { stripVTControlCharacters, styleText } from 'node:util';

import type { Io } from '../io.ts';

export type Tone = 'bad' | 'warn' | 'good' | 'plain';

export type Cell = string | { readonly text: string; readonly tone: Tone };

const colors = { bad: 'red', warn: 'yellow', good: 'green' } as const;
const gap = 2;
const lastColumnMin = 20;

/** The last column is cut where the terminal ends. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns, isColored }: Pick<Io, 'columns' | 'isColored'>,
): string {
  const lines = [headings, ...rows].map((row) => row.map(readable));
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.text.length ?? 0)),
  );
  const last = headings.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap, 0);
  const lastMax =
    columns === undefined ? Number.POSITIVE_INFINITY : Math.max(lastColumnMin, columns - before);
  return lines
    .map((line) =>
      line
        .map(({ text, tone }, column) => {
          const shown = column === last ? cut(text, lastMax) : text;
          const padding = ' '.repeat(
            column === last ? 0 : (widths[column] ?? 0) - shown.length + gap,
          );
          return color(shown, tone, isColored) + padding;
        })
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** `label:  value` lines with the values aligned. */
export function formatFields(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...fields.map(([label]) => label.length));
  return fields
    .map(([label, value]) => `${`${label}:`.padEnd(width + gap)} ${value}`.trimEnd())
    .join('\n');
}

function readable(cell: Cell): { text: string; tone: Tone } {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: 'plain' as const } : cell;
  // A cell is one line, and nothing in it can drive the terminal.
  return {
    text: stripVTControlCharacters(text)
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
    tone,
  };
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

function color(text: string, tone: Tone, isColored: boolean): string {
  return isColored && tone !== 'plain'
    ? styleText(colors[tone], text, { validateStream: false })
    : text;
}
