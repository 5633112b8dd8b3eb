/**
 * The same by hand, as a program for this one table would do it: `JSON.stringify`, `JSON.parse`, `Buffer.from`, and
 * an object literal instead of three transforms. Nothing is validated, nobody says what failed.
 */
import { type Job, pipelines, timestampMs } from './cases.ts';
import { fetchedBatches, inBatches, type Row, valuesOf } from './records.ts';
import type { Runner } from './runner.ts';
import { writtenValues } from './sluice-runner.ts';

export async function plainRunner(job: Job): Promise<Runner> {
  const { hasSchema, hasTransforms, isText } = pipelines[job.pipeline];
  const written = await writtenValues(job);
  const change = hasTransforms ? transformed : (row: Row): Row => row;
  const schema: unknown = hasSchema ? schemaIn(written[0]) : undefined;
  const write = isText
    ? (value: unknown) => Buffer.from(value as string)
    : (value: unknown) =>
        Buffer.from(JSON.stringify(hasSchema ? { schema, payload: value } : value));
  if (job.direction === 'source') {
    const batches = inBatches(valuesOf(job), job.batch);
    const process = isText
      ? (batch: readonly unknown[] = []) => batch.map(write)
      : (batch: readonly unknown[] = []) => batch.map((value) => write(change(value as Row)));
    return {
      batches: batches.length,
      run: (batch) => process(batches[batch]).length,
      results: async () => process(batches[0]),
    };
  }
  const batches = fetchedBatches(written, job.batch).map(({ records }) =>
    records.map(({ value }) => value as Buffer),
  );
  const read = isText
    ? (bytes: Buffer): unknown => bytes.toString()
    : (bytes: Buffer): unknown => {
        const parsed = JSON.parse(bytes.toString()) as Row;
        return change(hasSchema ? (parsed['payload'] as Row) : parsed);
      };
  const process = (batch: readonly Buffer[] = []) => batch.map(read);
  return {
    batches: batches.length,
    run: (batch) => process(batches[batch]).length,
    results: async () => process(batches[0]).map(write),
  };
}

function schemaIn(bytes: Uint8Array | undefined): unknown {
  const envelope: unknown = JSON.parse(Buffer.from(bytes ?? []).toString());
  return (envelope as { readonly schema: unknown }).schema;
}

function transformed(row: Row): Row {
  const { id, customer, quantity, note: _, ...rest } = row;
  return {
    order_id: id,
    customer,
    quantity: String(quantity),
    ...rest,
    written: timestampMs,
    site: 'berlin',
  };
}
