/** What has to hold before anything is captured, and where a run begins. */
import {
  ConnectError,
  RetriableError,
  type SourceOffsetValue,
  type TaskLogger,
} from '@sluice/connector-api';
import { type TableName, tableText } from '@sluice/connector-capture';
import { readCascades, readTables, type ServerFacts, type ServerTable, scalar } from './catalog.ts';
import type { Session } from './client.ts';
import { type MysqlConfig, replicaName, selectionOf } from './config.ts';
import { type Position, positionOf } from './position.ts';

/** What keeps changes of this server from being captured, each with what to do. */
export function serverProblems(server: ServerFacts): string[] {
  const { variables } = server;
  if (!server.hasLog)
    return [
      'the server has no binary log: set log_bin and binlog_format = ROW in its configuration and restart it',
    ];
  return [
    ...(server.format === 'ROW'
      ? []
      : [
          `binlog_format of the server is ${server.format}, which does not log rows: set it to ROW`,
        ]),
    ...(server.rowImage === 'FULL'
      ? []
      : [
          `binlog_row_image of the server is ${server.rowImage}, with which the log has parts of rows only: set it to FULL`,
        ]),
    ...(variables['binlog_row_value_options']
      ? [
          'binlog_row_value_options of the server makes the log have parts of JSON only, which is not supported: set it to an empty value',
        ]
      : []),
    ...(variables['binlog_transaction_compression'] === 'ON'
      ? [
          'binlog_transaction_compression of the server is ON, which is not supported: set it to OFF',
        ]
      : []),
    ...(variables['binlog_alter_two_phase'] === 'ON' && !server.hasMetadata
      ? [
          'binlog_alter_two_phase of the server is ON, so that the log does not say when a table has changed: set binlog_row_metadata to FULL, or binlog_alter_two_phase to OFF',
        ]
      : []),
    ...(variables['server_id'] === '0'
      ? ['server_id of the server is 0, with which nobody may read its log: set it to 1 or more']
      : []),
  ];
}

/** @throws ConnectError for a server from which nothing can be captured. */
export function checkServer(server: ServerFacts, config: MysqlConfig): void {
  if (config['snapshot.mode'] === 'initial_only') return;
  const [problem] = serverProblems(server);
  if (problem) throw new ConnectError(problem);
}

/** Of versioned tables the log has former rows as inserts, and deletes as updates. */
export function versioningProblem(captured: readonly ServerTable[]): string | undefined {
  const versioned = captured.filter(({ isVersioned }) => isVersioned).map(tableText);
  return versioned.length === 0
    ? undefined
    : `tables WITH SYSTEM VERSIONING cannot be captured, since the log has their history as rows: leave ${versioned.join(', ')} out with table.exclude.list`;
}

export async function capturedTables(
  sql: Session,
  config: MysqlConfig,
  logger: TaskLogger,
): Promise<TableName[]> {
  const selection = selectionOf(config);
  const tables = (await readTables(sql)).filter((name) => selection.hasTable(name));
  const problem = versioningProblem(tables);
  if (problem) throw new ConnectError(problem);
  if (tables.length === 0)
    logger.warn({}, 'no table is captured; check table.include.list and database.include.list');
  await warnOfCascades(sql, tables, logger);
  return tables;
}

async function warnOfCascades(
  sql: Session,
  captured: readonly TableName[],
  logger: TaskLogger,
): Promise<void> {
  const names = new Set(captured.map(tableText));
  const tables = (await readCascades(sql)).map(tableText).filter((text) => names.has(text));
  if (tables.length > 0)
    logger.warn(
      { tables },
      'the log of the server does not have what a foreign key does to rows (ON DELETE CASCADE, SET NULL, ON UPDATE …): these changes are not captured',
    );
}

/** Undefined: a snapshot from the beginning, or the log from its end. */
export function startPosition(
  offset: SourceOffsetValue | undefined,
  config: MysqlConfig,
  isSnapshotTaken: boolean,
): Position | undefined {
  const position = positionOf(offset);
  const isAgain =
    config['snapshot.mode'] === 'always' && !isSnapshotTaken && position?.kind === 'stream';
  // The stream goes on where it was, after the rows that are read again.
  return isAgain
    ? { kind: 'snapshot', at: position.at, progress: '', schemas: position.schemas }
    : position;
}

/** The number is another one's among the replicas; undefined: it is free, or this connector's, or nobody may know. */
export async function serverIdProblem(
  sql: Session,
  server: ServerFacts,
  config: MysqlConfig,
): Promise<string | undefined> {
  const id = config['database.server.id'];
  if (server.variables['server_id'] === String(id))
    return `database.server.id ${String(id)} is the number of the server itself: choose another one`;
  let replicas: Readonly<Record<string, string | null>>[];
  try {
    replicas = await sql.queryNamed(
      server.isMariadb ? 'SHOW SLAVE HOSTS' : await replicasStatement(sql),
    );
  } catch (error) {
    // Of a connection that was lost; who lacks the privilege is not told.
    if (error instanceof RetriableError) throw error;
    return undefined;
  }
  const taken = replicas.find(
    (each) => each['server_id'] === String(id) && each['host'] !== replicaName(config),
  );
  return taken
    ? `database.server.id ${String(id)} is taken by the replica "${taken['host'] ?? ''}": give each connector and replica a number of its own`
    : undefined;
}

async function replicasStatement(sql: Session): Promise<string> {
  const [major = 0] = (await scalar(sql, 'SELECT VERSION()')).split('.').map(Number);
  return major >= 8 ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS';
}
