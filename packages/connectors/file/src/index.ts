import type { ConnectorPlugin } from '@sluice/connector-api';
import { fileStreamSink } from './file-stream-sink.ts';
import { fileStreamSource } from './file-stream-source.ts';

export { fileStreamSink, fileStreamSource };

export const plugins: readonly ConnectorPlugin[] = [fileStreamSource, fileStreamSink];
