/**
 * Exactly once: the next offset of each partition, in the database that the rows go to and in the transaction that
 * writes them. A row for each connector, topic and partition says which offset is next, and which owner may move it.
 *
 * An owner claims a partition by raising its epoch. Every later transaction locks the row first and compares the epoch,
 * so that what a former owner still writes is refused, however late it comes.
 */
import { type AlteredSinkOffset, ConnectError, type TopicPartition } from '@sluice/connector-api';
import type { Dialect, Session, SqlValue, TableName } from '../dialect.ts';
import { isTemporary, messageOf } from '../sql-error.ts';

export interface Claim {
  readonly epoch: number;
  /** Undefined: nothing was ever written. */
  readonly next: number | undefined;
}

export class OffsetsTable {
  readonly #dialect: Dialect;
  readonly #connector: string;
  readonly #table: TableName;
  readonly #name: string;
  #isThere = false;
  /** Epochs of this owner. */
  readonly #epochs = new Map<string, number>();

  constructor(dialect: Dialect, name: string, connector: string) {
    this.#dialect = dialect;
    this.#connector = connector;
    this.#table = dialect.parseTableName(name);
    this.#name = dialect.tableName(this.#table);
  }

  isClaimed(partition: TopicPartition): boolean {
    return this.#epochs.has(keyOf(partition));
  }

  /** Partitions that this task owns no more. */
  release(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#epochs.delete(keyOf(partition));
  }

  /** From now on, former owners are refused. Returns the next offset; undefined: none is known. */
  async claim(session: Session, partition: TopicPartition): Promise<number | undefined> {
    await this.#create(session);
    await session.execute('BEGIN');
    try {
      await this.#insertMissing(session, partition);
      const [claim] = await this.#lock(session, [partition]);
      if (!claim) throw new ConnectError(`a row of ${this.#name} is missing that was just written`);
      const epoch = claim.epoch + 1;
      await this.#update(session, partition, [['owner_epoch', epoch]]);
      await session.execute('COMMIT');
      this.#epochs.set(keyOf(partition), epoch);
      return claim.next;
    } catch (error) {
      await rollBack(session);
      throw error;
    }
  }

  /** Within a transaction: locks the partitions and returns their next offsets. @throws ConnectError when fenced. */
  async enter(
    session: Session,
    partitions: readonly TopicPartition[],
  ): Promise<ReadonlyMap<string, number | undefined>> {
    const claims = await this.#lock(session, partitions);
    const next = new Map<string, number | undefined>();
    for (const claim of claims) {
      const key = keyOf(claim);
      if (claim.epoch !== this.#epochs.get(key))
        throw new ConnectError(
          `partition ${claim.topic}-${String(claim.partition)} has another owner since: ${this.#name} refuses this one`,
        );
      next.set(key, claim.next);
    }
    for (const partition of partitions)
      if (!next.has(keyOf(partition)))
        throw new ConnectError(
          `the row of ${partition.topic}-${String(partition.partition)} was deleted from ${this.#name} while its task ran: restart the task`,
        );
    return next;
  }

  /** Within the same transaction. */
  async move(session: Session, partition: TopicPartition, next: number): Promise<void> {
    await this.#update(session, partition, [['next_offset', next]]);
  }

  /**
   * Of a connector that is stopped: where it goes on, as somebody asks for it; null: where its group is. Without any, all
   * its partitions. A task that is still about is refused from now on.
   */
  async alter(session: Session, offsets: readonly AlteredSinkOffset[]): Promise<void> {
    const isReset = offsets.every(({ offset }) => offset === null);
    if (isReset && !(await this.#canBeRead(session))) return;
    await this.#create(session);
    await session.execute('BEGIN');
    try {
      if (offsets.length === 0) await this.#resetAll(session);
      for (const { offset, partition, topic } of offsets) {
        await this.#insertMissing(session, { topic, partition });
        const [claim] = await this.#lock(session, [{ topic, partition }]);
        await this.#update(session, { topic, partition }, [
          ['next_offset', offset],
          ['owner_epoch', (claim?.epoch ?? 0) + 1],
        ]);
      }
      await session.execute('COMMIT');
    } catch (error) {
      await rollBack(session);
      throw error;
    }
  }

  async #resetAll(session: Session): Promise<void> {
    const values: SqlValue[] = [];
    const name = this.#dialect.bind(values, this.#connector);
    await session.execute(
      `UPDATE ${this.#name} SET next_offset = NULL, owner_epoch = owner_epoch + 1 WHERE connector_name = ${name}`,
      values,
    );
  }

  async #create(session: Session): Promise<void> {
    if (this.#isThere) return;
    const text = this.#dialect.keyTextType;
    const sql =
      `CREATE TABLE IF NOT EXISTS ${this.#name} (connector_name ${text} NOT NULL, topic_name ${text} NOT NULL, ` +
      'partition_number INT NOT NULL, next_offset BIGINT NULL, owner_epoch BIGINT NOT NULL, ' +
      `PRIMARY KEY (connector_name, topic_name, partition_number))${this.#dialect.transactionalTable}`;
    try {
      await session.execute(sql);
    } catch (error) {
      if (isTemporary(error)) throw error;
      // It may be there, and the right to create it not; or another task created it just now.
      const isThere = await this.#canBeRead(session);
      if (!isThere)
        throw new ConnectError(
          `cannot create the table of exactly.once.offsets.table: ${messageOf(error)}. Create it: ${sql}`,
          { cause: error },
        );
    }
    const info = await this.#dialect.describeTable(session, this.#table);
    if (info?.engineWithoutTransactions !== undefined)
      throw new ConnectError(engineProblem(this.#name, info.engineWithoutTransactions));
    this.#isThere = true;
  }

  async #canBeRead(session: Session): Promise<boolean> {
    try {
      await session.query(`SELECT 1 FROM ${this.#name} WHERE 1 = 0`);
      return true;
    } catch (error) {
      if (isTemporary(error)) throw error;
      return false;
    }
  }

  async #insertMissing(session: Session, partition: TopicPartition): Promise<void> {
    const values: SqlValue[] = [];
    const row = [this.#connector, partition.topic, partition.partition]
      .map((value) => this.#dialect.bind(values, value))
      .join(', ');
    const isMysql = this.#dialect.name !== 'PostgreSQL';
    await session.execute(
      `INSERT ${isMysql ? 'IGNORE ' : ''}INTO ${this.#name} (connector_name, topic_name, partition_number, owner_epoch) VALUES (${row}, 0)${isMysql ? '' : ' ON CONFLICT DO NOTHING'}`,
      values,
    );
  }

  async #lock(
    session: Session,
    partitions: readonly TopicPartition[],
  ): Promise<(TopicPartition & Claim)[]> {
    const values: SqlValue[] = [];
    const where = partitions.map((partition) => this.#where(values, partition)).join(' OR ');
    // In one order everywhere, so that nobody waits for each other.
    const rows = await session.query(
      `SELECT topic_name, partition_number, owner_epoch, next_offset FROM ${this.#name} WHERE ${where} ORDER BY topic_name, partition_number FOR UPDATE`,
      values,
    );
    return rows.map(([topic, partition, epoch, next]) => ({
      topic: String(topic),
      partition: Number(partition),
      epoch: Number(epoch),
      next: next === null || next === undefined ? undefined : Number(next),
    }));
  }

  async #update(
    session: Session,
    partition: TopicPartition,
    settings: readonly (readonly [string, number | null])[],
  ): Promise<void> {
    const values: SqlValue[] = [];
    const set = settings
      .map(([column, value]) => `${column} = ${this.#dialect.bind(values, value)}`)
      .join(', ');
    await session.execute(
      `UPDATE ${this.#name} SET ${set} WHERE ${this.#where(values, partition)}`,
      values,
    );
  }

  #where(values: SqlValue[], { partition, topic }: TopicPartition): string {
    const bind = (value: SqlValue): string => this.#dialect.bind(values, value);
    return `(connector_name = ${bind(this.#connector)} AND topic_name = ${bind(topic)} AND partition_number = ${bind(partition)})`;
  }
}

/** Of a table that cannot be written together with the offsets. */
export function engineProblem(table: string, engine: string): string {
  return `Table ${table} is of the engine ${engine}, which knows no transactions, so nothing in it can be exactly once: ALTER TABLE ${table} ENGINE=InnoDB, or remove exactly.once.offsets.table`;
}

export function keyOf({ partition, topic }: TopicPartition): string {
  return `${topic}-${String(partition)}`;
}

/** What fails here has been told already. */
export async function rollBack(session: Session): Promise<void> {
  if (session.isUsable) await session.execute('ROLLBACK').catch(() => {});
}
