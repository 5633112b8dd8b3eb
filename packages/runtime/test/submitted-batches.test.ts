import type { SourceRecord } from '@sluice/connector-api';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { SubmittedBatches } from '../src/submitted-batches.ts';

function record(p: string, seq?: number): SourceRecord {
  const base = { topic: 't', value: null, sourcePartition: { p } };
  return seq === undefined ? base : { ...base, sourceOffset: { seq } };
}

function taken(batches: SubmittedBatches): Record<string, unknown> {
  return Object.fromEntries(
    batches.take().map(({ partition, offset }) => [partition['p'], offset['seq']]),
  );
}

test('an offset is due only when everything before it in its partition is acknowledged', () => {
  const batches = new SubmittedBatches();
  const first = batches.submit([record('a', 1), record('a', 2)]);
  const second = batches.submit([record('a', 3), record('b', 1)]);
  batches.acknowledge(second);
  expect(taken(batches)).toEqual({ b: 1 });
  batches.acknowledge(first);
  expect(taken(batches)).toEqual({ a: 3 });
});

test('records without an offset hold up later ones of their partition', () => {
  const batches = new SubmittedBatches();
  const first = batches.submit([record('a')]);
  const second = batches.submit([record('a', 2)]);
  batches.acknowledge(second);
  expect(taken(batches)).toEqual({});
  batches.acknowledge(first);
  expect(taken(batches)).toEqual({ a: 2 });
});

test('records without a source partition neither store an offset nor hold one up', () => {
  const batches = new SubmittedBatches();
  batches.submit([{ topic: 't', value: 'x' }]);
  batches.acknowledge(batches.submit([record('a', 1)]));
  expect(taken(batches)).toEqual({ a: 1 });
});

test('what is taken is not due again, and what is given back is, unless something newer came', () => {
  const batches = new SubmittedBatches();
  batches.acknowledge(batches.submit([record('a', 1), record('b', 1)]));
  const due = batches.take();
  expect(batches.hasDue).toBe(false);
  batches.acknowledge(batches.submit([record('a', 2)]));
  batches.giveBack(due);
  expect(taken(batches)).toEqual({ a: 2, b: 1 });
});

function at(offset: Record<string, number | bigint>): SourceRecord {
  return { topic: 't', sourcePartition: { file: 'x', host: 'y' }, sourceOffset: offset };
}

test('an offset that is stored already is not due, whatever the order of its fields', () => {
  const batches = new SubmittedBatches();
  batches.acknowledge(batches.submit([at({ line: 1, position: 9 })]));
  batches.markStored(batches.take());
  batches.acknowledge(
    batches.submit([
      { ...at({ position: 9, line: 1 }), sourcePartition: { host: 'y', file: 'x' } },
    ]),
  );
  expect(batches.take()).toEqual([]);
  batches.acknowledge(batches.submit([at({ line: 1n, position: 9 })]));
  expect(batches.take()).toHaveLength(1);
});

/** Kafka Connect's way: one entry a record. */
class PerRecordModel {
  readonly #queues = new Map<string, { batch: number; seq: number | undefined }[]>();
  readonly #acknowledged = new Set<number>();
  readonly due = new Map<string, number>();

  submit(batch: number, records: readonly SourceRecord[]): void {
    for (const { sourcePartition, sourceOffset } of records) {
      const p = String(sourcePartition?.['p']);
      const queue = this.#queues.get(p) ?? [];
      const seq = sourceOffset ? Number(sourceOffset['seq']) : undefined;
      this.#queues.set(p, [...queue, { batch, seq }]);
    }
  }

  acknowledge(batch: number): void {
    this.#acknowledged.add(batch);
    for (const [p, queue] of this.#queues) {
      let head = queue[0];
      while (head && this.#acknowledged.has(head.batch)) {
        if (head.seq !== undefined) this.due.set(p, head.seq);
        queue.shift();
        head = queue[0];
      }
    }
  }
}

test('counted by batch or by record, the same offsets are due', () => {
  const step = fc.oneof(
    fc.record({
      submit: fc.array(fc.record({ p: fc.constantFrom('a', 'b', 'c'), hasOffset: fc.boolean() }), {
        maxLength: 6,
      }),
    }),
    fc.record({ acknowledge: fc.nat({ max: 8 }) }),
    fc.constant('take' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const batches = new SubmittedBatches();
      const model = new PerRecordModel();
      const inFlight: { id: number; batch: ReturnType<SubmittedBatches['submit']> }[] = [];
      const dueByModel = new Map<string, number>();
      const due = new Map<unknown, unknown>();
      let seq = 0;
      let id = 0;
      for (const each of steps) {
        if (each === 'take') {
          for (const { partition, offset } of batches.take())
            due.set(partition['p'], offset['seq']);
          for (const [p, offset] of model.due) dueByModel.set(p, offset);
          expect(Object.fromEntries(due as Map<string, unknown>)).toEqual(
            Object.fromEntries(dueByModel),
          );
        } else if ('submit' in each) {
          const records = each.submit.map(({ p, hasOffset }) =>
            record(p, hasOffset ? ++seq : undefined),
          );
          id += 1;
          model.submit(id, records);
          inFlight.push({ id, batch: batches.submit(records) });
        } else {
          const [one] = inFlight.splice(each.acknowledge % Math.max(1, inFlight.length), 1);
          if (!one) continue;
          batches.acknowledge(one.batch);
          model.acknowledge(one.id);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('what is stored is what was submitted, though the plugin goes on changing its objects', () => {
  const batches = new SubmittedBatches();
  const sourcePartition = { p: 'a' };
  const sourceOffset = { seq: 1 };
  const batch = batches.submit([{ topic: 't', value: null, sourcePartition, sourceOffset }]);
  sourcePartition.p = 'b';
  sourceOffset.seq = 2;
  batches.acknowledge(batch);
  expect(taken(batches)).toEqual({ a: 1 });
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;

test.each([
  ['an object (Object)', { nested: { seq: 1 } }],
  ['an object (Object)', { circular }],
  ['a list', { list: [1] }],
  ['an object (Date)', { at: new Date(0) }],
  ['NaN', { seq: Number.NaN }],
  ['a function', { seq: () => 1 }],
])('%s in an offset is refused', (kind, sourceOffset) => {
  const batches = new SubmittedBatches();
  const field = Object.keys(sourceOffset)[0] ?? '';
  const message = `Offsets may only contain primitive types as values, but field ${field} contains ${kind}`;
  const odd = { topic: 't', value: null, sourceOffset, sourcePartition: { p: 'a' } };
  expect(() => batches.submit([odd as unknown as SourceRecord])).toThrow(message);
  const partition = { ...odd, sourcePartition: sourceOffset, sourceOffset: { seq: 1 } };
  expect(() => batches.submit([partition as unknown as SourceRecord])).toThrow(message);
});
