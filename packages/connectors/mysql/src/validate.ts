/** What stands in the way of a definition at the other end, each with what to do about it. Nothing is changed there. */
import { type ConfigProblem, RetriableError, type TaskLogger } from '@sluice/connector-api';
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
import { serverIdProblem, serverProblems, versioningProblem } from './preparation.ts';

/** For all of it: a form does not wait long. */
const limitMs = 4_000;

export interface ValidateContext {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
}

export async function databaseProblems(context: ValidateContext): Promise<ConfigProblem[]> {
  const { config, logger } = context;
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([context.signal, limit]);
  const found: ConfigProblem[] = [];
  let session: Session | undefined;
  try {
    session = await Session.open({
      config,
      signal,
      connectLimitMs: limitMs,
      queryLimitMs: limitMs,
    });
    await findProblems(session, context, found);
  } catch (error) {
    context.signal.throwIfAborted();
    if (session && !limit.aborted) throw error;
    if (!session) return [problem(keyOfFailure(error), messageOf(error))];
    // Of thousands of tables; what was found is told, and the task finds the rest.
    logger.warn({}, `the server took longer than ${String(limitMs)} ms: not all was looked at`);
  } finally {
    await session?.close();
  }
  return found;
}

/** Adds what it finds as it goes: there may be no time for all tables. */
async function findProblems(
  session: Session,
  { config, flavour }: ValidateContext,
  found: ConfigProblem[],
): Promise<void> {
  const server = await readServer(session);
  const streams = config['snapshot.mode'] !== 'initial_only';
  if (streams)
    found.push(...serverProblems(server).map((text) => problem('database.hostname', text)));
  if (streams && server.hasLog) found.push(...(await replicationProblems(session, server, config)));
  const tables = await readTables(session);
  const captured = tables.filter((name) => selectionOf(config).hasTable(name));
  const versioned = versioningProblem(captured);
  found.push(...tableProblems(tables, config));
  if (versioned !== undefined) found.push(problem('table.exclude.list', versioned));
  for (const name of captured) {
    const layout = await readLayout(session, name, server.isMariadb);
    const text = problemOf(() => new CapturedTable({ config, flavour, name, layout }));
    if (text !== undefined) found.push(problem('column.exclude.list', text));
    if (readsRows(config)) found.push(...(await selectProblems(session, name, config)));
  }
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

async function selectProblems(
  session: Session,
  name: TableName,
  config: MysqlConfig,
): Promise<ConfigProblem[]> {
  try {
    await session.query(`SELECT * FROM ${tableIdentifier(name)} LIMIT 0`);
    return [];
  } catch (error) {
    if (error instanceof RetriableError) throw error;
    const user = config['database.user'];
    const text = `user ${user} may not read ${tableText(name)}, which a snapshot needs: GRANT SELECT ON ${tableIdentifier(name)} TO ${user}`;
    return [problem('database.user', text)];
  }
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
  return /\bENOENT\b/.test(message) ? 'database.ssl.ca' : 'database.hostname';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
