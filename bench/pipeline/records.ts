/** The records that all contenders are given: orders, each another one, the same in each run. */
import { type Schema, type SourceRecord, schemas, structSchema } from '@sluice/connector-api';
import type { FetchedBatch } from '@sluice/record-log';

import { type Case, distinctRecords, pipelines, timestampMs, topic } from './cases.ts';

export type Row = Readonly<Record<string, unknown>>;

const first = {
  id: schemas.int64,
  customer: schemas.string,
  quantity: schemas.int32,
  price: schemas.float64,
  paid: schemas.boolean,
  note: schemas.optionalString,
};

const customers = ['Ada Lovelace', 'Zoë Keller', 'Grace Hopper', 'Alan Turing', 'Edsger Dijkstra'];

function firstFields(index: number): Row {
  return {
    id: 1_000_000 + index,
    customer: customers[index % customers.length],
    quantity: 1 + (index % 40),
    // Never a whole number, of which JSON.stringify leaves out what Java writes.
    price: (index % 9_000) + 0.25,
    paid: index % 3 === 0,
    note: index % 4 === 0 ? null : 'in time',
  };
}

/** Columns of a wide table, four at a time: about 100 bytes. */
function moreFields(index: number, block: number): Row {
  return {
    [`street_${block}`]: `${index * 7 + block} Long Street, room ${block}`,
    [`count_${block}`]: index * 31 + block,
    [`share_${block}`]: ((index + block) % 100) + 0.5,
    [`active_${block}`]: (index + block) % 2 === 0,
  };
}

function moreSchemas(block: number): Record<string, Schema> {
  return {
    [`street_${block}`]: schemas.string,
    [`count_${block}`]: schemas.int64,
    [`share_${block}`]: schemas.float64,
    [`active_${block}`]: schemas.boolean,
  };
}

function blocksOf({ valueBytes }: Pick<Case, 'valueBytes'>): number[] {
  return Array.from({ length: Math.max(0, Math.round((valueBytes - 100) / 100)) }, (_, at) => at);
}

export function rowsOf(measured: Case): Row[] {
  const blocks = blocksOf(measured);
  return Array.from({ length: distinctRecords }, (_, index) => {
    const fields = [firstFields(index), ...blocks.map((block) => moreFields(index, block))];
    // As a parser makes them: wide objects that are put together field by field may be slower.
    return JSON.parse(JSON.stringify(Object.assign({}, ...fields))) as Row;
  });
}

export function schemaOf(measured: Case): Schema | undefined {
  if (!pipelines[measured.pipeline].hasSchema) return undefined;
  const more = blocksOf(measured).map(moreSchemas);
  return structSchema(Object.assign({}, first, ...more), { name: 'order' });
}

/** What a record of the case has as its value: an object, or its JSON as a text. */
export function valuesOf(measured: Case): unknown[] {
  const rows = rowsOf(measured);
  return pipelines[measured.pipeline].isText ? rows.map((row) => JSON.stringify(row)) : rows;
}

/** As a source's poll returns them. */
export function polledBatches(measured: Case, batch: number): SourceRecord[][] {
  const valueSchema = schemaOf(measured);
  const sourcePartition = { table: topic };
  return inBatches(
    valuesOf(measured).map((value, seqno) => ({
      topic,
      ...(valueSchema ? { valueSchema } : {}),
      value,
      timestampMs,
      sourcePartition,
      sourceOffset: { seqno },
    })),
    batch,
  );
}

/** As a reader of the log returns them: the values of a batch are views of one buffer. */
export function fetchedBatches(values: readonly Uint8Array[], batch: number): FetchedBatch[] {
  let offset = 0;
  return inBatches(values, batch).map((some) => {
    const whole = Buffer.concat(some);
    let at = 0;
    const records = some.map(({ length }) => {
      const value = whole.subarray(at, at + length);
      at += length;
      return { key: null, value, headers: [], timestampMs, offset: offset++ };
    });
    return { topic, partition: 0, records, nextOffset: offset, highWatermark: offset };
  });
}

export function inBatches<Element>(all: readonly Element[], size: number): Element[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}
