export {
  BooleanBuilder,
  boolean,
  ConfigBuilder,
  type ConfigOf,
  type ConfigShape,
  defineConfig,
  double,
  int,
  ListBuilder,
  list,
  long,
  NumberBuilder,
  oneOf,
  PasswordBuilder,
  password,
  StringBuilder,
  short,
  string,
} from './config-builders.ts';
export {
  assertValidConfig,
  type ConfigCheck,
  type ConfigDef,
  type ConfigImportance,
  type ConfigKey,
  type ConfigKeyInfo,
  type ConfigRecommender,
  type ConfigRules,
  type ConfigType,
  type ConfigValue,
  fromConfigKeyInfos,
  parseConfigValue,
  type TypedConfigDef,
  toConfigKeyInfos,
  validateConfig,
} from './config-def.ts';
export {
  hasConfigCode,
  type Recommendation,
  recommendations,
} from './config-recommendations.ts';
export {
  type ConfigReference,
  hasReference,
  hasReferences,
  isReference,
  referencesIn,
  replaceReferences,
} from './config-references.ts';
export {
  COMMON_CONNECTOR_KEYS,
  SINK_CONNECTOR_KEYS,
  SOURCE_CONNECTOR_KEYS,
} from './connector-keys.ts';
export { validateConnectorConfig } from './connector-validation.ts';
export type {
  BytesBatch,
  ConversionFailure,
  ConvertedBytes,
  ConvertedData,
  Converter,
  DataBatch,
} from './converter.ts';
export { Decimal } from './decimal.ts';
export { type ConverterDefinition, defineConverter } from './define-converter.ts';
export {
  CopyingConnector,
  defineSink,
  type SinkContext,
  type SinkDefinition,
} from './define-sink.ts';
export {
  defineSource,
  type RunContext,
  type SourceContext,
  type SourceDefinition,
  type Work,
  type YieldedRecord,
} from './define-source.ts';
export {
  definePredicate,
  defineTransform,
  type PredicateDefinition,
  perRecord,
  type RecordChange,
  type TransformDefinition,
} from './define-transform.ts';
export {
  ConfigError,
  type ConfigProblem,
  ConnectError,
  DataError,
  isConfigError,
  RetriableError,
  SchemaBuilderError,
  SchemaProjectorError,
} from './errors.ts';
export {
  asksOfExactlyOnce,
  exactlyOnceProblems,
  requiresExactlyOnce,
  type Support,
  type TransactionBoundary,
  transactionBoundaryOf,
} from './exactly-once.ts';
export { ConnectHeaders, headersNamed, lastHeader, latestHeaders } from './headers.ts';
export {
  bytesOfDecimal,
  dateOfDays,
  dateSchema,
  daysOfDate,
  decimalOfBytes,
  decimalScaleOf,
  decimalSchema,
  type LogicalType,
  logicalNames,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  timeOfMs,
  timeSchema,
  timestampOfMs,
  timestampSchema,
} from './logical-types.ts';
export { compareVersions } from './maven-version.ts';
export { hiddenText, Password } from './password.ts';
export {
  type AlteredSinkOffset,
  type AlteredSourceOffset,
  type AlterOffsets,
  aliasesOf,
  type ConnectorPlugin,
  type ConverterPlugin,
  type ConverterRole,
  isConnectorPlugin,
  type Plugin,
  type SinkPlugin,
  type SourcePlugin,
  type Validate,
  type ValidationContext,
} from './plugin.ts';
export {
  type PluginNeed,
  type PluginType,
  pluginNeeds,
  pluginsNamed,
  withChosenVersions,
} from './plugin-needs.ts';
export {
  chooseConnectorVersion,
  isInRange,
  newestInRange,
  parseVersionRange,
  type VersionRange,
  versionNotFound,
} from './plugin-version.ts';
export { pluginsOf } from './plugins-of.ts';
export {
  defaultRestartSettings,
  RESTART_KEYS,
  type RestartSettings,
  restartSettingsOf,
} from './restart-keys.ts';
export {
  arraySchema,
  type InputOf,
  type MapValue,
  mapSchema,
  type OptionalSchema,
  optionalSchema,
  type Schema,
  type SchemaField,
  type SchemaType,
  type StructInput,
  type StructValue,
  schemas,
  structSchema,
  type TypedSchema,
  type ValueOf,
} from './schema.ts';
export { SchemaBuilder } from './schema-builder.ts';
export { schemaFingerprint, schemasEqual } from './schema-equality.ts';
export { projectValue } from './schema-projector.ts';
export { Struct, schemaField, struct } from './struct.ts';
export type {
  Connector,
  ConnectorConfig,
  ConnectorContext,
  ErrantRecordReporter,
  RecordHeader,
  RecordMetadata,
  SinkOffsets,
  SinkRecord,
  SinkTask,
  SinkTaskContext,
  SourceOffsetValue,
  SourcePartition,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
  TaskLogger,
  TopicPartition,
  TransactionContext,
} from './task.ts';
export { TopicPattern } from './topic-pattern.ts';
export type {
  Predicate,
  PredicatePlugin,
  TestedBatch,
  Transform,
  TransformableRecord,
  TransformedBatch,
  TransformPlugin,
} from './transform.ts';
export { assertSupported, unsupportedKeys } from './unsupported-keys.ts';
export { validateValue } from './validate-value.ts';
