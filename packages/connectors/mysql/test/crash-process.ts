/**
 * A capture in a process of its own, to be killed: what it is polled of is appended to a file, then the offset, as a
 * log would store them. It goes on at the last offset that is whole in the file.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import type { ConnectorConfig, SourceOffsetValue, SourceRecord } from '@sluice/connector-api';
import { mariadbConnector } from '../src/index.ts';

/** One line of the file. */
export type Line =
  | { readonly record: { readonly topic: string; readonly op: string; readonly row: unknown } }
  | { readonly offset: SourceOffsetValue };

/** More than one write to the file has. */
const tailBytes = 1024 * 1024;

/** Without the last one if it was torn. */
export function linesOf(file: string): Line[] {
  return existsSync(file) ? parsed(readFileSync(file, 'utf8')) : [];
}

export function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** Read from the end, since tests ask often. */
export function lastOffsetOf(file: string): SourceOffsetValue | undefined {
  if (!existsSync(file)) return undefined;
  const size = sizeOf(file);
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
  } finally {
    closeSync(descriptor);
  }
  const last = parsed(tail.toString()).findLast((line) => 'offset' in line);
  return last && 'offset' in last ? last.offset : undefined;
}

function parsed(content: string): Line[] {
  return content.split('\n').flatMap((line): Line[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

async function main(file: string, config: ConnectorConfig): Promise<void> {
  let stored = lastOffsetOf(file);
  // Ends what a killed process has torn.
  appendFileSync(file, '\n');
  const task = mariadbConnector.createTask();
  const silent = (): void => {};
  await task.start(config, {
    connector: 'shop',
    task: 0,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    signal: new AbortController().signal,
    configs: () => config,
    offsets: async (partitions) => partitions.map(() => stored),
  });
  for (;;) {
    const records = (await task.poll()) ?? [];
    const offset = records.findLast(({ sourceOffset }) => sourceOffset)?.sourceOffset;
    const lines = [...records.flatMap(lineOf), ...(offset ? [{ offset }] : [])];
    if (lines.length > 0) appendFileSync(file, lines.map((line) => `${text(line)}\n`).join(''));
    if (!offset) continue;
    stored = offset;
    await task.commit?.();
  }
}

function lineOf({ topic, value }: SourceRecord): Line[] {
  const change = value as { op: string; before: unknown; after: unknown } | null;
  return change ? [{ record: { topic, op: change.op, row: change.after ?? change.before } }] : [];
}

function text(line: Line): string {
  return JSON.stringify(line, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each,
  );
}

const [file, config] = process.argv.slice(2);
if (file !== undefined && config !== undefined)
  await main(file, JSON.parse(config) as ConnectorConfig);
