/**
 * Appends each value as a line to the file that a pattern says, such as one for each service and day. At least once:
 * offsets are committed after the files are synced to the disk, so what was appended after the last commit before a crash
 * is appended again. Half a line that a crash left stays, marked, and comes again as a whole.
 */
import { defineSink, int, type SinkPlugin, string } from '@sluice/connector-api';
import { AppendedFiles } from './appended-files.ts';
import { lineOf } from './line-of.ts';
import { compilePath, pathPatternProblem, timeZoneProblem } from './path-pattern.ts';

export const logFilesSink: SinkPlugin = defineSink({
  name: 'LogFilesSink',
  class: 'io.sluice.connect.file.LogFilesSinkConnector',
  version: '1.0.0',
  config: {
    path: string()
      .nonEmpty()
      .importance('high')
      .check(pathPatternProblem)
      .doc(
        'Where a record goes, on the worker that runs the task: an absolute path with {topic}, {partition}, {key}, {date} (2026-11-30), {hour} (00 to 23), {field.NAME} of the value or {header.NAME} in it. What a record puts there has every character but letters, digits and ._@+=- replaced by _; what it lacks is none.',
      ),
    timezone: string()
      .default('UTC')
      .check(timeZoneProblem)
      .doc('Time zone of {date} and {hour}, which are those of the record, as Europe/Berlin.'),
    'files.open.max': int()
      .default(100)
      .min(1)
      .max(10_000)
      .doc('At most so many files of a task are open at a time.'),
  },
  setup: ({ config }) => ({
    files: new AppendedFiles(config['files.open.max']),
    pathOf: compilePath(config.path, config.timezone),
  }),
  async put(records, { state }) {
    // A tombstone is no line.
    const lines = records.filter(({ value }) => value !== null && value !== undefined);
    for (const [path, batch] of Map.groupBy(lines, state.pathOf)) {
      const text = batch.map((record) => `${lineOf(record.value)}\n`).join('');
      await state.files.append(path, text);
    }
  },
  flush: ({ state }) => state.files.sync(),
  teardown: ({ state }) => state.files.close(),
});
