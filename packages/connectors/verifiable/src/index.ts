import type { ConnectorPlugin } from '@sluice/connector-api';
import { faultySource } from './faulty-source.ts';
import { mockSink, mockSource } from './mock.ts';
import { noopSource } from './noop-source.ts';
import { verifiableSink } from './verifiable-sink.ts';
import { verifiableSource } from './verifiable-source.ts';

export { type FaultName, faultNames } from './faults.ts';
export { faultySource, mockSink, mockSource, noopSource, verifiableSink, verifiableSource };

export const plugins: readonly ConnectorPlugin[] = [
  verifiableSource,
  verifiableSink,
  mockSource,
  mockSink,
  noopSource,
  faultySource,
];
