import type { ConnectorPlugin } from '@sluice/connector-api';
import { fileStreamSink } from './file-stream-sink.ts';
import { fileStreamSource } from './file-stream-source.ts';
import { logFilesSink } from './log-files-sink.ts';
import { logFilesSource } from './log-files-source.ts';

export { fileStreamSink, fileStreamSource, logFilesSink, logFilesSource };

export const plugins: readonly ConnectorPlugin[] = [
  fileStreamSource,
  fileStreamSink,
  logFilesSource,
  logFilesSink,
];
