export type { ColumnType } from './column-type.ts';
export {
  batchSizeOf,
  type CommonConfig,
  commonKeys,
  commonProblems,
  skippedOperations,
} from './common-keys.ts';
export {
  bitsSchema,
  bytesOfBits,
  enumSchema,
  jsonSchema,
  ltreeSchema,
  pointSchema,
  pointValue,
  sourceFields,
  tsvectorSchema,
  uuidSchema,
  xmlSchema,
} from './data-types.ts';
export {
  type Change,
  type Operation,
  type Row,
  TableRecords,
  type TableRecordsOptions,
} from './envelope.ts';
export { type HeartbeatOptions, heartbeatRecord } from './heartbeat.ts';
export { merged } from './merged.ts';
export {
  type BinaryMode,
  binaryType,
  type DecimalMode,
  decimalType,
  unsayable,
} from './number-types.ts';
export { assertOwnOffset } from './own-offset.ts';
export {
  KeyColumns,
  listProblems,
  Selection,
  type SelectionLists,
  type TableName,
  tableText,
  wholeName,
} from './selection.ts';
export {
  type RowPlace,
  type SnapshotBatchesOptions,
  type SnapshotRows,
  snapshotBatches,
} from './snapshot-batches.ts';
export { type KeyTexts, partsOf, SnapshotPlan, type TableToRead } from './snapshot-plan.ts';
export {
  dateType,
  daysOfCivil,
  intervalSchema,
  isoMoment,
  isoTime,
  type LocalMoment,
  microDurationSchema,
  type TimePrecisionMode,
  timestampType,
  timeType,
  zonedTimeSchema,
  zonedTimestampSchema,
} from './temporal-types.ts';
export {
  type KeyPatterns,
  keysWithoutEffect,
  refusing,
  type UnsupportedKeys,
  unsupportedEverywhere,
  unsupportedProblems,
  withoutEffectEverywhere,
} from './unsupported.ts';
