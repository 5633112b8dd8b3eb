/** What stands in the way of a definition at the other end, each with what to do about it. Nothing is changed there. */
import type { ConfigProblem, TaskLogger } from '@sluice/connector-api';
import { tableText, wholeName } from '@sluice/connector-capture';
import {
  type CatalogTable,
  readServer,
  readTables,
  type ServerFacts,
  versionMin,
} from './catalog.ts';
import { Session } from './client.ts';
import { type PostgresConfig, selectionOf } from './config.ts';
import { currentLsn, readsAgain } from './preparation.ts';
import {
  isViaRoot,
  missingPublication,
  publicationProblem,
  readPublication,
} from './publication.ts';
import {
  foreignUser,
  gapProblem,
  identifier,
  readSlot,
  slotProblem,
  tableIdentifier,
} from './slot.ts';

/** A form does not wait long. */
const limitMs = 4_000;

export async function serverProblems({
  config,
  signal,
}: {
  readonly config: PostgresConfig;
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
}): Promise<readonly ConfigProblem[]> {
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
    return [{ key: keyOfFailure(error), message: messageOf(error) }];
  }
  try {
    return await problemsOn(session, config);
  } finally {
    await session.close();
  }
}

async function problemsOn(session: Session, config: PostgresConfig): Promise<ConfigProblem[]> {
  const server = await readServer(session);
  if (server.version < versionMin)
    return [
      problem(
        'database.hostname',
        `PostgreSQL ${String(Math.floor(server.version / 10_000))} is too old: this connector needs ${String(versionMin / 10_000)} or newer`,
      ),
    ];
  const publication = await readPublication(session, config['publication.name']);
  const tables = await readTables(session, isViaRoot(publication, config));
  const captured = tables.filter((table) => selectionOf(config).hasTable(table));
  const streams = config['snapshot.mode'] !== 'initial_only';
  return [
    ...(streams ? serverFactProblems(server, config) : []),
    ...tableProblems(tables, config),
    ...selectProblems(captured, config),
    ...(streams ? await slotProblems(session, config) : []),
    ...(streams ? await publicationProblems(session, config, server, captured) : []),
  ];
}

function serverFactProblems(server: ServerFacts, config: PostgresConfig): ConfigProblem[] {
  const user = config['database.user'];
  return [
    ...(server.walLevel === 'logical'
      ? []
      : [
          problem(
            'database.hostname',
            `wal_level of the server is ${server.walLevel}, which has no changes to read: set wal_level = logical in postgresql.conf and restart the server`,
          ),
        ]),
    ...(server.isReplicator || server.isSuperuser
      ? []
      : [
          problem(
            'database.user',
            `user ${user} lacks the privilege REPLICATION: ALTER ROLE ${identifier(user)} REPLICATION`,
          ),
        ]),
  ];
}

/** Each part of a list has to name a table that is there. */
function tableProblems(tables: readonly CatalogTable[], config: PostgresConfig): ConfigProblem[] {
  const names = tables.map(tableText);
  const missing = (config['table.include.list'] ?? []).filter((source) => {
    const pattern = wholeName(source);
    return !names.some((name) => pattern.test(name));
  });
  return missing.map((source) =>
    problem(
      'table.include.list',
      `table.include.list has "${source}", and database ${config['database.dbname']} has no such table: write schema.table, or create it first`,
    ),
  );
}

function selectProblems(
  captured: readonly CatalogTable[],
  config: PostgresConfig,
): ConfigProblem[] {
  const mode = config['snapshot.mode'];
  if (mode === 'no_data' || mode === 'never') return [];
  const hidden = captured.filter(({ canSelect }) => !canSelect);
  if (hidden.length === 0) return [];
  const user = config['database.user'];
  return [
    problem(
      'database.user',
      `user ${user} may not read tables that a snapshot needs: GRANT SELECT ON ${hidden.map(tableIdentifier).join(', ')} TO ${identifier(user)}`,
    ),
  ];
}

async function slotProblems(session: Session, config: PostgresConfig): Promise<ConfigProblem[]> {
  const name = config['slot.name'];
  const slot = await readSlot(session, name);
  if (slot) {
    const found =
      slotProblem(slot, config) ??
      foreignUser(slot, config) ??
      (slot.isLost && !readsAgain(config)
        ? gapProblem(slot, slot.confirmedLsn ?? 0, name, await currentLsn(session))
        : undefined);
    return found ? [problem('slot.name', found)] : [];
  }
  const [row] = await session.query(
    "SELECT (SELECT count(*) FROM pg_replication_slots) < current_setting('max_replication_slots')::int",
  );
  return row?.[0] === 't'
    ? []
    : [
        problem(
          'slot.name',
          `all replication slots of the server are in use: raise max_replication_slots, or drop one that nobody needs (SELECT slot_name FROM pg_replication_slots WHERE NOT active)`,
        ),
      ];
}

async function publicationProblems(
  session: Session,
  config: PostgresConfig,
  server: ServerFacts,
  captured: readonly CatalogTable[],
): Promise<ConfigProblem[]> {
  const name = config['publication.name'];
  const mode = config['publication.autocreate.mode'];
  const publication = await readPublication(session, name);
  if (publication) {
    const found = publicationProblem(publication, config);
    return found === undefined ? [] : [problem('publication.name', found)];
  }
  if (mode === 'disabled') return [problem('publication.name', missingPublication(name))];
  const user = config['database.user'];
  const byHand = `create it as a superuser: CREATE PUBLICATION ${identifier(name)} FOR TABLE …, and set publication.autocreate.mode to disabled`;
  if (server.isSuperuser) return [];
  if (mode === 'all_tables')
    return [
      problem(
        'publication.autocreate.mode',
        `only a superuser may create a publication for all tables, and ${user} is none: set publication.autocreate.mode to filtered, or ${byHand}`,
      ),
    ];
  if (!server.canCreate)
    return [
      problem(
        'publication.autocreate.mode',
        `user ${user} may not create the publication ${name}: GRANT CREATE ON DATABASE ${identifier(config['database.dbname'])} TO ${identifier(user)}, or ${byHand}`,
      ),
    ];
  const foreign = mode === 'filtered' ? captured.filter(({ isOwned }) => !isOwned) : [];
  return foreign.length === 0
    ? []
    : [
        problem(
          'publication.autocreate.mode',
          `only the owner of a table may publish it, and ${user} does not own ${foreign.map(tableText).join(', ')}: ${byHand}`,
        ),
      ];
}

function problem(key: string, message: string): ConfigProblem {
  return { key, message };
}

/** Which key a failed connection is about. */
function keyOfFailure(error: unknown): string {
  const message = messageOf(error);
  const named = /database\.(?:password|user|dbname|sslrootcert)/.exec(message);
  return named?.[0] ?? 'database.hostname';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
