/**
 * Sets of global transaction ids: which transactions are written. MariaDB's has the last of each domain
 * (`0-1-270,1-3-12`), MySQL's has intervals for each server (`3e11fa47-…:1-5:7`). Pure.
 */
import { ConnectError } from '@sluice/connector-api';

export interface GtidSet {
  /** The set with one more. */
  add(gtid: string): void;
  toString(): string;
}

const mariadbGtid = /^(\d+)-\d+-\d+$/;
const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class MariadbGtids implements GtidSet {
  readonly #byDomain = new Map<string, string>();

  constructor(text: string) {
    for (const part of partsOf(text)) this.add(part);
  }

  add(gtid: string): void {
    const domain = mariadbGtid.exec(gtid)?.[1];
    if (domain === undefined)
      throw new ConnectError(`"${gtid}" is no GTID of MariaDB: correct or delete the offsets`);
    this.#byDomain.set(domain, gtid);
  }

  toString(): string {
    return [...this.#byDomain.values()].join(',');
  }
}

interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

export class MysqlGtids implements GtidSet {
  readonly #intervals = new Map<string, Interval[]>();

  constructor(text: string) {
    for (const part of partsOf(text)) {
      const [uuid = '', ...ranges] = part.split(':');
      if (ranges.length === 0) numberOf('', part);
      for (const range of ranges) {
        const [first = '', last = first] = range.split('-');
        this.#add(uuid, numberOf(first, part), numberOf(last, part));
      }
    }
  }

  add(gtid: string): void {
    const [uuid = '', number = ''] = gtid.split(':');
    this.#add(uuid, numberOf(number, gtid), numberOf(number, gtid));
  }

  toString(): string {
    return [...this.#intervals]
      .map(([uuid, intervals]) => {
        const ranges = intervals.map(({ first, last }) =>
          first === last ? String(first) : `${first}-${last}`,
        );
        return [uuid, ...ranges].join(':');
      })
      .join(',');
  }

  /** As COM_BINLOG_DUMP_GTID takes it. */
  encode(): Buffer {
    const parts: Buffer[] = [bigBytes(BigInt(this.#intervals.size))];
    for (const [uuid, intervals] of this.#intervals) {
      parts.push(Buffer.from(uuid.replaceAll('-', ''), 'hex'), bigBytes(BigInt(intervals.length)));
      for (const { first, last } of intervals) parts.push(bigBytes(first), bigBytes(last + 1n));
    }
    return Buffer.concat(parts);
  }

  #add(name: string, first: bigint, last: bigint): void {
    const uuid = name.trim().toLowerCase();
    if (!uuidPattern.test(uuid))
      throw new ConnectError(`"${name}" is no server of a GTID set: correct or delete the offsets`);
    const merged: Interval[] = [];
    let added: Interval = { first, last };
    for (const each of this.#intervals.get(uuid) ?? []) {
      const touches = each.first <= added.last + 1n && added.first <= each.last + 1n;
      if (!touches) merged.push(each);
      else
        added = {
          first: each.first < added.first ? each.first : added.first,
          last: each.last > added.last ? each.last : added.last,
        };
    }
    merged.push(added);
    this.#intervals.set(
      uuid,
      merged.toSorted((one, other) => (one.first < other.first ? -1 : 1)),
    );
  }
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function numberOf(text: string, whole: string): bigint {
  if (/^\d+$/.test(text)) return BigInt(text);
  throw new ConnectError(`"${whole}" is no GTID of MySQL: correct or delete the offsets`);
}

function bigBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
