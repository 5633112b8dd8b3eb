/**
 * What comes from the slot becomes records with offsets. Pure but for the tables it is given.
 *
 *     between transactions ──begin──▶ inside one ──change──▶ … ──commit──▶ between transactions
 *
 * The last change of a transaction is held until the next message, so that it carries the position after the whole
 * transaction. A start inside a transaction gets it again from its beginning, and leaves out what was written of it:
 * changes are counted as the server sends them, before any of them is left out by name.
 */
import type { SourceOffsetValue, YieldedRecord } from '@sluice/connector-api';
import type { Operation } from '@sluice/connector-capture';
import type { CapturedTable } from './captured-table.ts';
import type { LogMessage, RawRow } from './pgoutput.ts';
import type { InsideTransaction } from './position.ts';
import type { StreamedMessage } from './replication-stream.ts';

interface Transaction {
  readonly commitLsn: number;
  readonly transactionId: number;
  readonly atUs: number;
  changes: number;
  /** So many of its changes were written before. */
  readonly written: number;
}

interface HeldChange {
  readonly lsn: number;
  readonly changes: number;
  readonly parts: readonly HeldPart[];
}

interface HeldPart {
  readonly table: CapturedTable;
  readonly op: Operation;
  readonly before: RawRow | undefined;
  readonly after: RawRow | undefined;
}

export interface ChangeStreamOptions {
  /** Where the stream begins. */
  readonly fromLsn: number;
  readonly inside: InsideTransaction | undefined;
  /** Undefined: a table that is not captured. */
  readonly tableOf: (oid: number) => CapturedTable | undefined;
}

export class ChangeStream {
  readonly #tableOf: ChangeStreamOptions['tableOf'];
  readonly #inside: InsideTransaction | undefined;
  /** All before it is written as whole transactions. */
  #completeLsn: number;
  #transaction: Transaction | undefined;
  #held: HeldChange | undefined;

  constructor({ fromLsn, inside, tableOf }: ChangeStreamOptions) {
    this.#completeLsn = fromLsn;
    this.#inside = inside;
    this.#tableOf = tableOf;
  }

  /** The records that a message completes: those of the change before it, mostly. */
  take({ lsn, message }: StreamedMessage, nowMs: number): YieldedRecord[] {
    switch (message.kind) {
      case 'begin':
        this.#transaction = {
          commitLsn: message.commitLsn,
          transactionId: message.transactionId,
          atUs: message.committedAtUs,
          changes: 0,
          written: this.#inside?.commitLsn === message.commitLsn ? this.#inside.changes : 0,
        };
        return [];
      case 'commit': {
        const records = this.#release(nowMs, message.endLsn);
        this.#completeLsn = message.endLsn;
        this.#transaction = undefined;
        return records;
      }
      case 'position':
        // Sent in the middle of a transaction, it says nothing of what was sent as a whole.
        if (!this.#transaction) this.#completeLsn = Math.max(this.#completeLsn, lsn);
        return [];
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        return this.#change(lsn, message, nowMs);
      default:
        return [];
    }
  }

  /** Where a start would go on if nothing more came; undefined inside of a transaction. */
  position(): SourceOffsetValue | undefined {
    if (this.#transaction) return undefined;
    return { lsn: this.#completeLsn, lsn_proc: this.#completeLsn, lsn_commit: this.#completeLsn };
  }

  #change(
    lsn: number,
    message: Extract<LogMessage, { kind: 'insert' | 'update' | 'delete' | 'truncate' }>,
    nowMs: number,
  ): YieldedRecord[] {
    const transaction = this.#transaction;
    if (!transaction) throw new Error('PostgreSQL sent a change outside of a transaction');
    transaction.changes += 1;
    if (transaction.changes <= transaction.written) return [];
    const parts = this.#partsOf(message);
    if (parts.length === 0) return [];
    const records = this.#release(nowMs);
    this.#held = { lsn, changes: transaction.changes, parts };
    return records;
  }

  #partsOf(
    message: Extract<LogMessage, { kind: 'insert' | 'update' | 'delete' | 'truncate' }>,
  ): HeldPart[] {
    if (message.kind === 'truncate')
      return message.oids.flatMap((oid) => this.#partOf(oid, 't', undefined, undefined));
    const { oid } = message;
    if (message.kind === 'insert') return this.#partOf(oid, 'c', undefined, message.after);
    return message.kind === 'update'
      ? this.#partOf(oid, 'u', message.before, message.after)
      : this.#partOf(oid, 'd', message.before, undefined);
  }

  #partOf(
    oid: number,
    op: Operation,
    before: RawRow | undefined,
    after: RawRow | undefined,
  ): HeldPart[] {
    const table = this.#tableOf(oid);
    return table ? [{ table, op, before, after }] : [];
  }

  /** `endLsn`: of the transaction, if the held change was its last one. */
  #release(nowMs: number, endLsn?: number): YieldedRecord[] {
    const held = this.#held;
    const transaction = this.#transaction;
    if (!held || !transaction) return [];
    this.#held = undefined;
    const { atUs, commitLsn, transactionId } = transaction;
    const shared = { lsn: held.lsn, lsn_proc: held.lsn, txId: transactionId, ts_usec: atUs };
    const offset: SourceOffsetValue =
      endLsn === undefined
        ? {
            ...shared,
            lsn_commit: this.#completeLsn,
            tx_lsn: commitLsn,
            tx_changes: held.changes,
          }
        : { ...shared, lsn_commit: endLsn };
    const origin = {
      lsn: held.lsn,
      commitLsn: this.#completeLsn,
      transactionId,
      atUs,
      snapshot: 'false' as const,
    };
    const [first, ...more] = held.parts;
    if (!first) return [];
    const records = first.table.recordsOf({ ...first, origin, offset }, nowMs);
    if (more.length === 0) return records;
    // A change of several tables is stored as written with the last of its records.
    for (const part of more)
      records.push(...part.table.recordsOf({ ...part, origin, offset }, nowMs));
    return records.map((record, index) => {
      if (index === records.length - 1) return record;
      const { offset: _, ...rest } = record;
      return rest;
    });
  }
}
