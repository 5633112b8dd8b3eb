/** Kafka Connect's FileStreamSink: each value becomes a line at the end of a file, or on stdout. */
import { defineSink, type SinkPlugin, string } from '@sluice/connector-api';
import { AppendedFile } from './appended-file.ts';

export const fileStreamSink: SinkPlugin = defineSink({
  name: 'FileStreamSink',
  class: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  version: '1.0.0',
  config: {
    file: string()
      .optional()
      .importance('high')
      .doc('The file to append to, on the worker that runs the task. Without it, standard output.'),
  },
  // All are in its group; its file only grows.
  alterOffsets: () => true,
  setup: async ({ config }) => ({
    file: config.file ? await AppendedFile.open(config.file) : undefined,
  }),
  async put(records, { state }) {
    if (records.length === 0) return;
    const text = records.map((record) => `${lineOf(record.value)}\n`).join('');
    if (state.file) await state.file.append(text);
    else process.stdout.write(text);
  },
  async flush({ state }) {
    await state.file?.sync();
  },
  async teardown({ state }) {
    await state.file?.close();
  },
});

/** Text as it is; null as Java prints it; the rest as JSON. */
function lineOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return (
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ??
    'null'
  );
}
