import type { ConnectorPlugin } from '@sluice/connector-api';
import { datagenSource } from './datagen-source.ts';
import { faultySource } from './faulty-source.ts';
import { mockSink, mockSource } from './mock.ts';
import { monitorableSink, monitorableSource } from './monitorable.ts';
import { noopSource } from './noop-source.ts';
import { schemaSource } from './schema-source.ts';
import { verifiableSink } from './verifiable-sink.ts';
import { verifiableSource } from './verifiable-source.ts';

export { type FaultName, faultNames } from './faults.ts';
export { type MonitoredCall, type MonitoredLine, monitoredCalls } from './monitor.ts';
export {
  datagenSource,
  faultySource,
  mockSink,
  mockSource,
  monitorableSink,
  monitorableSource,
  noopSource,
  schemaSource,
  verifiableSink,
  verifiableSource,
};

export const plugins: readonly ConnectorPlugin[] = [
  verifiableSource,
  verifiableSink,
  mockSource,
  mockSink,
  monitorableSource,
  monitorableSink,
  schemaSource,
  datagenSource,
  noopSource,
  faultySource,
];
