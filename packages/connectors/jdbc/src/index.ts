import type { ConnectorPlugin } from '@sluice/connector-api';
import { jdbcSink } from './sink/jdbc-sink.ts';
import { jdbcSource } from './source/jdbc-source.ts';

export { jdbcSink, jdbcSource };

export const plugins: readonly ConnectorPlugin[] = [jdbcSource, jdbcSink];
