/** What can be known of the target before the first record: that it is there, lets us in, and has the tables. */
import type { ConfigProblem } from '@sluice/connector-api';
import { openDialect } from '../connection/open-dialect.ts';
import { connectionProblem, connectLimitMs } from '../connection/validation.ts';
import type { Dialect, Privilege, Session, TableInfo } from '../dialect.ts';
import { messageOf } from '../sql-error.ts';
import { engineProblem } from './offsets-table.ts';
import { isExactlyOnce, offsetsTableOf, type SinkConfig } from './sink-keys.ts';

export async function checkTarget(
  config: SinkConfig,
  topics: readonly string[],
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
    const problems = await offsetsTableProblems(dialect, session, config);
    for (const topic of topics)
      problems.push(...(await tableProblems(dialect, session, config, topic)));
    return problems;
  } catch (error) {
    return [{ key: 'connection.url', message: messageOf(error) }];
  } finally {
    await session.close();
  }
}

async function offsetsTableProblems(
  dialect: Dialect,
  session: Session,
  config: SinkConfig,
): Promise<ConfigProblem[]> {
  const name = offsetsTableOf(config);
  if (name === undefined) return [];
  const table = dialect.parseTableName(name);
  return engineProblems(dialect.tableName(table), await dialect.describeTable(session, table));
}

function engineProblems(name: string, info: TableInfo | undefined): ConfigProblem[] {
  const engine = info?.engineWithoutTransactions;
  return engine === undefined
    ? []
    : [{ key: 'exactly.once.offsets.table', message: engineProblem(name, engine) }];
}

async function tableProblems(
  dialect: Dialect,
  session: Session,
  config: SinkConfig,
  topic: string,
): Promise<ConfigProblem[]> {
  const table = dialect.parseTableName(config['table.name.format'].replaceAll('${topic}', topic));
  const name = dialect.tableName(table);
  const info = await dialect.describeTable(session, table);
  if (!info) {
    if (config['auto.create']) return [];
    const message = `Table ${name} for the topic ${topic} is missing, or connection.user may not see it: create it, GRANT it, or set auto.create=true`;
    return [{ key: 'auto.create', message }];
  }
  const problems = isExactlyOnce(config) ? engineProblems(name, info) : [];
  const keys = config['pk.fields'];
  const isUpsert = config['insert.mode'] === 'upsert';
  if (isUpsert && info.uniqueKeys.length === 0)
    problems.push({
      key: 'insert.mode',
      message: `Table ${name} has no primary key, which insert.mode=upsert needs: create one`,
    });
  else if (isUpsert && keys.length > 0 && config['pk.mode'] !== 'kafka') {
    const known = info.uniqueKeys.map((columns) => columns.map(folded).toSorted().join(', '));
    if (!known.includes(keys.map(folded).toSorted().join(', ')))
      problems.push({
        key: 'pk.fields',
        message: `Table ${name} has no primary key or unique index on exactly ${keys.join(', ')}, which insert.mode=upsert needs: create one, or change pk.fields`,
      });
  }
  const missing = await dialect.missingPrivileges(session, table, info, neededFor(config));
  if (missing.length > 0)
    problems.push({
      key: 'connection.user',
      message: `connection.user lacks ${missing.join(', ')} on table ${name}: GRANT ${missing.join(', ')} ON ${name} TO the user`,
    });
  return problems;
}

function neededFor(config: SinkConfig): Privilege[] {
  const needed: Privilege[] = [];
  if (config['insert.mode'] !== 'update') needed.push('INSERT');
  if (config['insert.mode'] !== 'insert') needed.push('UPDATE');
  // What a row is compared with is read.
  if (config['insert.mode'] !== 'insert' || config['delete.enabled']) needed.push('SELECT');
  if (config['delete.enabled']) needed.push('DELETE');
  return needed;
}

function folded(name: string): string {
  return name.toLowerCase();
}
