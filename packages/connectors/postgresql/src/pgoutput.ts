/** What PostgreSQL's output plugin pgoutput sends, version 1 of its protocol. Pure. */
import { ConnectError } from '@sluice/connector-api';
import { readLsn } from './lsn.ts';

/** A value that the change did not touch and that is stored apart from its row. */
export const unchanged: unique symbol = Symbol('unchanged');

/** Texts, as the types' output functions write them. */
export type RawValue = string | null | typeof unchanged;
export type RawRow = readonly RawValue[];

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  /** Part of what the log has of a former row. */
  readonly isIdentity: boolean;
}

export type LogMessage =
  | {
      readonly kind: 'begin';
      /** Of the commit that ends it: no other transaction has the same. */
      readonly commitLsn: number;
      /** µs since 1970. */
      readonly committedAtUs: number;
      readonly transactionId: number;
    }
  | { readonly kind: 'commit'; readonly endLsn: number }
  | {
      readonly kind: 'relation';
      readonly oid: number;
      readonly namespace: string;
      readonly table: string;
      /** The log has former rows as a whole: REPLICA IDENTITY FULL. */
      readonly hasWholeRows: boolean;
      readonly columns: readonly RelationColumn[];
    }
  | { readonly kind: 'insert'; readonly oid: number; readonly after: RawRow }
  | {
      readonly kind: 'update';
      readonly oid: number;
      /** The whole row or its key only, as the replica identity says; undefined: neither changed. */
      readonly before: RawRow | undefined;
      readonly after: RawRow;
    }
  | { readonly kind: 'delete'; readonly oid: number; readonly before: RawRow }
  | { readonly kind: 'truncate'; readonly oids: readonly number[] }
  /** Types, origins and messages, which are not needed. */
  | { readonly kind: 'other' };

/** µs from 1970 to 2000, from where PostgreSQL counts. */
const epochUs = 946_684_800_000_000;

/** @throws ConnectError for what this version of the protocol does not have. */
export function decodeMessage(bytes: Buffer): LogMessage {
  const reader = new Reader(bytes);
  const tag = reader.tag();
  switch (tag) {
    case 'B':
      return {
        kind: 'begin',
        commitLsn: reader.lsn(),
        committedAtUs: Number(reader.int64()) + epochUs,
        transactionId: reader.uint32(),
      };
    case 'C':
      reader.skip(1 + 8);
      return { kind: 'commit', endLsn: reader.lsn() };
    case 'R':
      return relation(reader);
    case 'I': {
      const oid = reader.uint32();
      reader.tag();
      return { kind: 'insert', oid, after: reader.row() };
    }
    case 'U': {
      const oid = reader.uint32();
      const isBefore = reader.tag() !== 'N';
      const before = isBefore ? reader.row() : undefined;
      if (isBefore) reader.tag();
      return { kind: 'update', oid, before, after: reader.row() };
    }
    case 'D': {
      const oid = reader.uint32();
      reader.tag();
      return { kind: 'delete', oid, before: reader.row() };
    }
    case 'T': {
      const count = reader.uint32();
      reader.skip(1);
      return { kind: 'truncate', oids: Array.from({ length: count }, () => reader.uint32()) };
    }
    case 'O':
    case 'Y':
    case 'M':
      return { kind: 'other' };
    default:
      throw new ConnectError(`PostgreSQL sent a change of an unknown kind: "${tag}"`);
  }
}

function relation(reader: Reader): LogMessage {
  const oid = reader.uint32();
  // PostgreSQL leaves out the name of its own schema.
  const namespace = reader.text() || 'pg_catalog';
  const table = reader.text();
  const hasWholeRows = reader.tag() === 'f';
  const columns = Array.from({ length: reader.uint16() }, (): RelationColumn => {
    const isIdentity = (reader.uint8() & 1) !== 0;
    return {
      isIdentity,
      name: reader.text(),
      typeOid: reader.uint32(),
      typeModifier: reader.int32(),
    };
  });
  return { kind: 'relation', oid, namespace, table, hasWholeRows, columns };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  tag(): string {
    const code = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return String.fromCharCode(code);
  }

  skip(count: number): void {
    this.#at += count;
  }

  uint8(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  uint16(): number {
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  lsn(): number {
    const value = readLsn(this.#bytes, this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const value = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  row(): RawRow {
    const count = this.uint16();
    const values: RawValue[] = [];
    for (let index = 0; index < count; index += 1) {
      const kind = this.#bytes[this.#at];
      this.#at += 1;
      if (kind === 0x74) {
        const length = this.uint32();
        values.push(this.#bytes.toString('utf8', this.#at, this.#at + length));
        this.#at += length;
      } else if (kind === 0x75) {
        values.push(unchanged);
      } else if (kind === 0x6e) {
        values.push(null);
      } else {
        throw new ConnectError('PostgreSQL sent a value in a form that was not asked for');
      }
    }
    return values;
  }
}
