/** What can be known of the source before the first row: that it lets us in, and that its tables can be read as asked. */
import { type ConfigProblem, ConnectError } from '@sluice/connector-api';
import { openDialect } from '../connection/open-dialect.ts';
import { connectionProblem, connectLimitMs } from '../connection/validation.ts';
import type { Dialect, Session } from '../dialect.ts';
import { messageOf } from '../sql-error.ts';
import { keyColumns } from './key-columns.ts';
import { queryOf, type SourceConfig } from './source-keys.ts';
import { missingTables, selectTables } from './table-selection.ts';

/** Of more tables, the task tells when it reads them. */
const tablesMax = 50;

export async function checkSource(
  config: SourceConfig,
  signal: AbortSignal,
): Promise<ConfigProblem[]> {
  const dialect = await openDialect(config);
  let session: Session;
  try {
    session = await dialect.connect({ limitMs: connectLimitMs, signal });
  } catch (error) {
    return [connectionProblem(error)];
  }
  try {
    return queryOf(config) === undefined ? await tableProblems(dialect, session, config) : [];
  } catch (error) {
    const key = error instanceof ConnectError ? 'table.whitelist' : 'connection.url';
    return [{ key, message: messageOf(error) }];
  } finally {
    await session.close();
  }
}

async function tableProblems(
  dialect: Dialect,
  session: Session,
  config: SourceConfig,
): Promise<ConfigProblem[]> {
  const tables = await selectTables(dialect, session, config);
  const problems: ConfigProblem[] = missingTables(dialect, config, tables).map((name) => ({
    key: 'table.whitelist',
    message: `table.whitelist names ${name}, which is missing, or which connection.user may not see: create it, GRANT it, or see table.types`,
  }));
  for (const table of tables.slice(0, tablesMax)) {
    const name = dialect.qualifiedName(table);
    const info = await dialect.describeTable(session, table);
    if (!info) continue;
    const missing = await dialect.missingPrivileges(session, table, info, ['SELECT']);
    if (missing.length > 0)
      problems.push({
        key: 'connection.user',
        message: `connection.user lacks SELECT on table ${name}: GRANT SELECT ON ${dialect.tableName(table)} TO the user, or choose by table.whitelist`,
      });
    try {
      keyColumns(info, config, name);
    } catch (error) {
      problems.push({ key: 'mode', message: messageOf(error) });
    }
  }
  return problems;
}
