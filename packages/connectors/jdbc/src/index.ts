import type { ConnectorPlugin } from '@sluice/connector-api';
import { jdbcSink } from './sink/jdbc-sink.ts';

export { jdbcSink };

export const plugins: readonly ConnectorPlugin[] = [jdbcSink];
