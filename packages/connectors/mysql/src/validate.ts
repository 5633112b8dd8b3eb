/** What stands in the way of a definition at the other end, each with what to do about it. Nothing is changed there. */
import type { ConfigProblem, TaskLogger } from '@sluice/connector-api';
import { type TableName, tableText, wholeName } from '@sluice/connector-capture';
import { CapturedTable, type Flavour } from './captured-table.ts';
import {
  readEnd,
  readLayout,
  readServer,
  readTables,
  type ServerFacts,
  tableIdentifier,
  textOf,
} from './catalog.ts';
import { Session } from './client.ts';
import { type MysqlConfig, readsRows, selectionOf } from './config.ts';
import { codeOf } from './errors.ts';
import { serverIdProblem, serverProblems, versioningProblem } from './preparation.ts';

/** A form does not wait long. */
const limitMs = 4_000;

export interface ValidateContext {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
}

export async function databaseProblems(context: ValidateContext): Promise<ConfigProblem[]> {
  const { config, signal } = context;
  let session: Session;
  try {
    session = await Session.open({
      config,
      signal,
      connectLimitMs: limitMs,
      queryLimitMs: limitMs,
    });
  } catch (error) {
    signal.throwIfAborted();
    return [problem(keyOfFailure(error), messageOf(error))];
  }
  try {
    return await problemsOn(session, context);
  } finally {
    await session.close();
  }
}

async function problemsOn(
  session: Session,
  { config, flavour }: ValidateContext,
): Promise<ConfigProblem[]> {
  const server = await readServer(session);
  const tables = await readTables(session);
  const captured = tables.filter((name) => selectionOf(config).hasTable(name));
  const versioned = versioningProblem(captured);
  const streams = config['snapshot.mode'] !== 'initial_only';
  return [
    ...(streams ? serverProblems(server).map((text) => problem('database.hostname', text)) : []),
    ...(streams && server.hasLog ? await replicationProblems(session, server, config) : []),
    ...tableProblems(tables, config),
    ...(versioned === undefined ? [] : [problem('table.exclude.list', versioned)]),
    ...(await columnProblems(session, server, captured, { config, flavour })),
    ...(readsRows(config) ? await selectProblems(session, captured, config) : []),
  ];
}

async function replicationProblems(
  session: Session,
  server: ServerFacts,
  config: MysqlConfig,
): Promise<ConfigProblem[]> {
  const user = config['database.user'];
  const problems: ConfigProblem[] = [];
  const grants = (await session.query('SHOW GRANTS')).map(([grant]) => textOf(grant));
  const mayReplicate = grants.some((grant) =>
    /GRANT (?:ALL PRIVILEGES|.*\bREPLICATION SLAVE\b).* ON \*\.\*/i.test(grant),
  );
  if (!mayReplicate)
    problems.push(
      problem(
        'database.user',
        `user ${user} lacks the privilege REPLICATION SLAVE: GRANT REPLICATION SLAVE ON *.* TO ${user}`,
      ),
    );
  try {
    await readEnd(session, server);
  } catch (error) {
    const remedy = `GRANT REPLICATION CLIENT ON *.* TO ${user}`;
    problems.push(problem('database.user', `${messageOf(error)}: ${remedy}`));
  }
  const taken = await serverIdProblem(session, server, config);
  if (taken) problems.push(problem('database.server.id', taken));
  return problems;
}

/** Each part of a list has to name a table that is there. */
function tableProblems(tables: readonly TableName[], config: MysqlConfig): ConfigProblem[] {
  const names = tables.map(tableText);
  const missing = (config['table.include.list'] ?? []).filter((source) => {
    const pattern = wholeName(source);
    return !names.some((name) => pattern.test(name));
  });
  const user = config['database.user'];
  return missing.map((source) =>
    problem(
      'table.include.list',
      `table.include.list has "${source}", and the server has no such table that user ${user} may see: write database.table, create it first, or grant SELECT on it`,
    ),
  );
}

/** Columns of types that are not supported. */
async function columnProblems(
  session: Session,
  server: ServerFacts,
  captured: readonly TableName[],
  { config, flavour }: Pick<ValidateContext, 'config' | 'flavour'>,
): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const name of captured) {
    const layout = await readLayout(session, name, server.isMariadb);
    const found = problemOf(() => new CapturedTable({ config, flavour, name, layout }));
    if (found !== undefined) problems.push(problem('column.exclude.list', found));
  }
  return problems;
}

async function selectProblems(
  session: Session,
  captured: readonly TableName[],
  config: MysqlConfig,
): Promise<ConfigProblem[]> {
  const user = config['database.user'];
  const problems: ConfigProblem[] = [];
  for (const name of captured)
    try {
      await session.query(`SELECT * FROM ${tableIdentifier(name)} LIMIT 0`);
    } catch {
      problems.push(
        problem(
          'database.user',
          `user ${user} may not read ${tableText(name)}, which a snapshot needs: GRANT SELECT ON ${tableIdentifier(name)} TO ${user}`,
        ),
      );
    }
  return problems;
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function problem(key: string, message: string): ConfigProblem {
  return { key, message };
}

/** Which key a failed connection is about. */
function keyOfFailure(error: unknown): string {
  const message = messageOf(error);
  if (/database\.password/.test(message)) return 'database.password';
  if (/database\.user/.test(message)) return 'database.user';
  if (/database\.ssl\.mode/.test(message)) return 'database.ssl.mode';
  return codeOf(error) === 'ENOENT' ? 'database.ssl.ca' : 'database.hostname';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
