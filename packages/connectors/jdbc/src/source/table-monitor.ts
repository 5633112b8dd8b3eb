/**
 * The tables of one connector, as its tasks know them. Tables that come or go make the work be divided anew.
 *
 *     divided ── every table.poll.interval.ms ──▶ the same: nothing  |  others: asks for another division
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskLogger } from '@sluice/connector-api';
import { connect } from '../connection/connect.ts';
import { openDialect } from '../connection/open-dialect.ts';
import type { TableName } from '../dialect.ts';
import { messageOf } from '../sql-error.ts';
import { queryOf, type SourceConfig } from './source-keys.ts';
import type { Assigned } from './source-run.ts';
import { dealTables, selectTables } from './table-selection.ts';

interface Context {
  readonly config: SourceConfig;
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
}

export class TableMonitor {
  #divided: string | undefined;

  async divide(context: Context & { readonly max: number }): Promise<Assigned[]> {
    const { config, logger, max } = context;
    if (queryOf(config) !== undefined) return [{ query: true }];
    const tables = await this.#look(context);
    this.#divided = JSON.stringify(tables);
    if (tables.length === 0)
      logger.warn(
        {},
        'there is no table to read yet: see table.whitelist, schema.pattern and table.types',
      );
    return dealTables(tables, max).map((dealt) => ({
      tables: dealt.map(({ schema, table }) => ({ schema: schema ?? null, table })),
    }));
  }

  async watch(
    context: Context & { readonly requestTaskReconfiguration: () => void },
  ): Promise<void> {
    const { config, logger, signal } = context;
    if (queryOf(config) !== undefined) return;
    for (;;) {
      await sleep(config['table.poll.interval.ms'], undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        const tables = JSON.stringify(await this.#look(context));
        if (this.#divided !== undefined && tables !== this.#divided)
          context.requestTaskReconfiguration();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ reason: messageOf(error) }, 'cannot look for new tables');
      }
    }
  }

  async #look({ config, logger, signal }: Context): Promise<TableName[]> {
    const dialect = await openDialect(config);
    const session = await connect(dialect, config, { logger, signal });
    try {
      return await selectTables(dialect, session, config);
    } finally {
      await session.close();
    }
  }
}
