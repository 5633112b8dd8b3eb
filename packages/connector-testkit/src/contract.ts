/** The contract as data, for test runners other than vitest. */
export type { Check } from './check.ts';
export type { InvalidConfig } from './config-checks.ts';
export {
  type ContractRecord,
  type SinkContractOptions,
  type SinkFixture,
  sinkContract,
} from './sink-contract.ts';
export {
  type SourceContractOptions,
  type SourceFixture,
  sourceContract,
} from './source-contract.ts';
