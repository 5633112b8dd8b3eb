/**
 * A process that captures into a file, for tests that kill it: each record is a line, and what is in the file is
 * stored. Arguments: the file, and the configuration as JSON. It prints a line when it streams.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { ConnectorConfig, SourceOffsetValue } from '@sluice/connector-api';
import { postgresConnector } from '../src/index.ts';

export interface CapturedLine {
  readonly topic: string;
  readonly key: unknown;
  readonly op: string | undefined;
  readonly after: Record<string, unknown> | null;
  readonly offset: SourceOffsetValue | undefined;
}

/** A last line that was cut by a kill is none. */
export function readLines(file: string): CapturedLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as CapturedLine);
}

const [, script, file, configText] = process.argv;
if (script === import.meta.filename && file !== undefined && configText !== undefined)
  await capture(file, JSON.parse(configText) as ConnectorConfig);

async function capture(target: string, config: ConnectorConfig): Promise<void> {
  let stored = readLines(target).findLast(({ offset }) => offset !== undefined)?.offset;
  // The end of a line that was cut.
  if (existsSync(target)) appendFileSync(target, '\n');
  const task = postgresConnector.createTask();
  const { signal } = new AbortController();
  const logger = { debug() {}, info: tell, warn() {}, error() {} };
  await task.start(config, {
    connector: 'shop',
    task: 0,
    logger,
    signal,
    configs: () => config,
    offsets: async (partitions) => partitions.map(() => stored),
  });
  for (;;) {
    const records = (await task.poll()) ?? [];
    if (records.length === 0) continue;
    const lines = records.map(({ key, sourceOffset, topic, value }) => {
      const envelope = value as { op: string; after: Record<string, unknown> | null } | null;
      return JSON.stringify({
        topic,
        key,
        op: envelope?.op,
        after: envelope?.after ?? null,
        offset: sourceOffset,
      });
    });
    appendFileSync(target, `${lines.join('\n')}\n`);
    stored =
      records.findLast(({ sourceOffset }) => sourceOffset !== undefined)?.sourceOffset ?? stored;
    await task.commit?.();
  }
}

function tell(_fields: object, message: string): void {
  process.stdout.write(`${message}\n`);
}
