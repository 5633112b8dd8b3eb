/** One task of the source: polls its tables, one after the other, each `poll.interval.ms` after its last poll. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConnectError,
  RetriableError,
  type RunContext,
  type YieldedRecord,
} from '@sluice/connector-api';
import { connect } from '../connection/connect.ts';
import type { Dialect, Session, TableName } from '../dialect.ts';
import { isTemporary, messageOf, SqlError } from '../sql-error.ts';
import { partitionsOf, positionOf, queryPartition } from './position.ts';
import { RowReader } from './row-reader.ts';
import { queryOf, type SourceConfig } from './source-keys.ts';

/** What a task reads: the query, or tables as schema and name. */
export type Assigned =
  | { readonly query: true }
  | { readonly tables: readonly { readonly schema: string | null; readonly table: string }[] };

type Context = Pick<
  RunContext<SourceConfig, Assigned, Dialect>,
  'config' | 'logger' | 'offsets' | 'signal' | 'state' | 'work'
>;

export async function* runSource(context: Context): AsyncGenerator<YieldedRecord[]> {
  const { config, logger, signal, state: dialect } = context;
  const readers = (await readersOf(context)).map((reader) => ({ reader, dueMs: 0 }));
  let session: Session | undefined;
  try {
    while (readers.length > 0) {
      for (const each of readers) {
        if (each.dueMs > performance.now()) continue;
        if (!session?.isUsable) session = await connect(dialect, config, { logger, signal });
        try {
          yield* each.reader.poll(session);
        } catch (error) {
          const isGone = error instanceof SqlError && error.fault === 'table';
          if (!isGone || 'query' in context.work) throw told(error, each.reader.name);
          // It was dropped or changed meanwhile: its connector notices, and the other tables are read on.
          logger.warn({ table: each.reader.name, reason: messageOf(error) }, 'cannot read a table');
        }
        each.dueMs = performance.now() + config['poll.interval.ms'];
      }
      const nextMs = Math.min(...readers.map(({ dueMs }) => dueMs));
      await sleep(Math.max(1, nextMs - performance.now()), undefined, { signal });
    }
  } finally {
    await session?.close();
  }
}

async function readersOf({ config, offsets, state: dialect, work }: Context): Promise<RowReader[]> {
  const query = queryOf(config);
  if (query !== undefined) {
    const [offset] = await offsets([queryPartition]);
    return [
      new RowReader({
        dialect,
        config,
        from: query,
        partition: queryPartition,
        position: positionOf(offset),
      }),
    ];
  }
  const tables: readonly TableName[] =
    'tables' in work
      ? work.tables.map(({ schema, table }) => ({ schema: schema ?? undefined, table }))
      : [];
  return await Promise.all(
    tables.map(async (table) => {
      const partitions = partitionsOf(dialect, table);
      const [partition = queryPartition] = partitions;
      const stored = (await offsets(partitions)).find((offset) => offset !== undefined);
      return new RowReader({
        dialect,
        config,
        from: table,
        partition,
        position: positionOf(stored),
      });
    }),
  );
}

function told(error: unknown, what: string): unknown {
  if (!(error instanceof SqlError)) return error;
  const message = `cannot read ${what}: ${messageOf(error)}`;
  return isTemporary(error)
    ? new RetriableError(message, { cause: error })
    : new ConnectError(message, { cause: error });
}
