/** The publication, which says what the slot tells of: made where it may be, and looked at while changes are streamed. */
import { ConnectError, type TaskLogger } from '@sluice/connector-api';
import { skippedOperations, tableText } from '@sluice/connector-capture';
import { type CatalogTable, readTables } from './catalog.ts';
import type { Session } from './client.ts';
import { type PostgresConfig, selectionOf } from './config.ts';
import { identifier, tableIdentifier } from './slot.ts';

export interface Publication {
  readonly hasAllTables: boolean;
  /** Changes of partitions are told as those of the table that they are parts of. */
  readonly isViaRoot: boolean;
  /** Those of which nothing is told. */
  readonly untold: readonly string[];
}

const operations = { c: 'insert', u: 'update', d: 'delete', t: 'truncate' } as const;

export async function readPublication(
  session: Session,
  name: string,
): Promise<Publication | undefined> {
  // As JSON, since columns came with the versions.
  const [row] = await session.query(
    'SELECT to_jsonb(p)::text FROM pg_publication p WHERE pubname = $1',
    [name],
  );
  if (!row) return undefined;
  const columns = JSON.parse(row[0] ?? '{}') as Record<string, unknown>;
  return {
    hasAllTables: columns['puballtables'] === true,
    isViaRoot: columns['pubviaroot'] === true,
    untold: Object.values(operations).filter((each) => columns[`pub${each}`] === false),
  };
}

/** Whether partitions are captured as the table that they are parts of: what there is counts, not what would be made. */
export function isViaRoot(publication: Publication | undefined, config: PostgresConfig): boolean {
  return publication?.isViaRoot ?? config['publish.via.partition.root'];
}

/** Why changes would be missed; undefined: they would not. */
export function publicationProblem(
  { untold }: Publication,
  config: PostgresConfig,
): string | undefined {
  const skipped = skippedOperations(config);
  const wanted = (['c', 'u', 'd', 't'] as const)
    .filter((op) => !skipped.has(op))
    .map((op) => operations[op]);
  const missed = wanted.filter((each) => untold.includes(each));
  if (missed.length === 0) return undefined;
  const name = config['publication.name'];
  return `the publication ${name} does not publish ${missed.join(', ')}: ALTER PUBLICATION ${identifier(name)} SET (publish = '${wanted.join(', ')}'), or leave them out with skipped.operations`;
}

export function missingPublication(name: string): string {
  return `there is no publication ${name}, and publication.autocreate.mode is disabled: create it with CREATE PUBLICATION ${identifier(name)} FOR TABLE …`;
}

/**
 * Makes the publication if it is missing and may be made. `isBegun`: rows were read before, and are not read again.
 * @throws ConnectError if it does not tell of all that is captured.
 */
export async function preparePublication(
  session: Session,
  config: PostgresConfig,
  tables: readonly CatalogTable[],
  { isBegun, logger }: { readonly isBegun: boolean; readonly logger: TaskLogger },
): Promise<void> {
  const name = config['publication.name'];
  const mode = config['publication.autocreate.mode'];
  const found = await readPublication(session, name);
  const problem = found && publicationProblem(found, config);
  if (problem !== undefined) throw new ConnectError(problem);
  if (!found) await createPublication(session, config, tables);
  if (mode === 'no_tables') return;
  const missing = await missingIn(session, name, tables);
  if (missing.length === 0) return;
  if (mode !== 'filtered') throw new ConnectError(lacking(name, missing));
  await addTables(session, name, missing);
  if (isBegun) logger.warn({ tables: missing.map(tableText) }, addedText);
}

const addedText =
  'tables were added to the publication: their rows of before are not captured, until the offsets are deleted';

const leftOutText =
  'tables were made that are not in the publication: their changes are not captured, and the next start is refused';

async function createPublication(
  session: Session,
  config: PostgresConfig,
  tables: readonly CatalogTable[],
): Promise<void> {
  const name = config['publication.name'];
  const mode = config['publication.autocreate.mode'];
  if (mode === 'disabled') throw new ConnectError(missingPublication(name));
  const of =
    mode === 'all_tables'
      ? ' FOR ALL TABLES'
      : mode === 'filtered' && tables.length > 0
        ? ` FOR TABLE ${tables.map(tableIdentifier).join(', ')}`
        : '';
  const settings = config['publish.via.partition.root']
    ? ' WITH (publish_via_partition_root = true)'
    : '';
  await session.query(`CREATE PUBLICATION ${identifier(name)}${of}${settings}`);
}

async function addTables(
  session: Session,
  name: string,
  tables: readonly CatalogTable[],
): Promise<void> {
  await session.query(
    `ALTER PUBLICATION ${identifier(name)} ADD TABLE ${tables.map(tableIdentifier).join(', ')}`,
  );
}

function lacking(name: string, missing: readonly CatalogTable[]): string {
  return `the publication ${name} lacks tables whose changes would be missed: ${missing.map(tableText).join(', ')}. Add them with ALTER PUBLICATION ${identifier(name)} ADD TABLE …, set publication.autocreate.mode to filtered, or leave them out (table.exclude.list)`;
}

async function missingIn(
  session: Session,
  name: string,
  tables: readonly CatalogTable[],
): Promise<CatalogTable[]> {
  const rows = await session.query(
    'SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1',
    [name],
  );
  const published = new Set(
    rows.map(([namespace, table]) => tableText({ namespace: namespace ?? '', table: table ?? '' })),
  );
  return tables.filter((table) => !published.has(tableText(table)));
}

export interface WatchOptions {
  readonly config: PostgresConfig;
  readonly logger: TaskLogger;
  /** Captured when the run began. */
  readonly tables: readonly CatalogTable[];
}

/** How often it is looked whether the publication has all that is captured, ms. */
const lookMs = 5_000;

/** Of a table that is not in the publication the slot tells nothing, and nothing says that it did not. */
export class PublicationWatch {
  readonly #config: PostgresConfig;
  readonly #logger: TaskLogger;
  /** By their ids: one that was made anew is another one. */
  readonly #known: Set<number>;
  readonly #warned = new Set<number>();
  #nextMs: number;

  constructor({ config, logger, tables }: WatchOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#known = new Set(tables.map(({ oid }) => oid));
    this.#nextMs = performance.now() + lookMs;
  }

  get isDue(): boolean {
    return (
      this.#config['publication.autocreate.mode'] !== 'no_tables' &&
      performance.now() >= this.#nextMs
    );
  }

  /** @throws ConnectError for a table that was taken out of the publication. */
  async look(session: Session): Promise<void> {
    this.#nextMs = performance.now() + lookMs;
    const name = this.#config['publication.name'];
    const publication = await readPublication(session, name);
    // One that is gone is told by the server with the next change.
    if (!publication) return;
    const problem = publicationProblem(publication, this.#config);
    if (problem !== undefined) throw new ConnectError(problem);
    if (publication.hasAllTables) return;
    const selection = selectionOf(this.#config);
    const tables = await readTables(session, publication.isViaRoot);
    const missing = await missingIn(
      session,
      name,
      tables.filter((table) => selection.hasTable(table)),
    );
    const taken = missing.filter(({ oid }) => this.#known.has(oid));
    await this.#follow(
      session,
      missing.filter(({ oid }) => !this.#known.has(oid) && !this.#warned.has(oid)),
    );
    if (taken.length > 0)
      throw new ConnectError(
        `${lacking(name, taken)}. To have what they missed, set snapshot.mode to always for a while, or delete the offsets`,
      );
  }

  /** Tables that were made since. */
  async #follow(session: Session, fresh: readonly CatalogTable[]): Promise<void> {
    if (fresh.length === 0) return;
    const isAdded = this.#config['publication.autocreate.mode'] === 'filtered';
    if (isAdded) await addTables(session, this.#config['publication.name'], fresh);
    this.#logger.warn({ tables: fresh.map(tableText) }, isAdded ? addedText : leftOutText);
    for (const { oid } of fresh) (isAdded ? this.#known : this.#warned).add(oid);
  }
}
