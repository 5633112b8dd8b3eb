/**
 * The contract as suites for vitest. Each test runs the real runtime in this thread, on a record log in memory;
 * `@sluice/connector-testkit/contract` has the same checks for other test runners.
 */
export type {
  ContractRecord,
  InvalidConfig,
  SinkContractOptions,
  SinkFixture,
  SourceContractOptions,
  SourceFixture,
} from './contract.ts';
export { type LoggedLine, PolledSource, type PolledSourceOptions } from './polled-source.ts';
export { describeSink, describeSource } from './suites.ts';
