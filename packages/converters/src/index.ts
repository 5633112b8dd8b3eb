export { ByteArrayConverter } from './byte-array-converter.ts';
export { converterKeys, converterProblems } from './converter-config.ts';
export {
  converterSettingsHelp,
  inheritedConverters,
  readConverterSettings,
  workerConverterDefaults,
} from './converter-settings.ts';
export { JsonConverter, jsonConverterConfig } from './json-converter.ts';
export {
  type JsonReader,
  jsonKindOf,
  jsonMismatch,
  jsonScalarReader,
} from './json-scalar-reader.ts';
export { jsonScalarWriter, jsonWriteMismatch } from './json-scalar-writer.ts';
export {
  JsonNumber,
  jsonString,
  parseExactJson,
  parseJson,
  readJson,
  writeJson,
} from './json-text.ts';
export {
  converterFor,
  converterPluginFor,
  converterPlugins,
  createConverter,
  findConverter,
  withInheritedConverters,
} from './registry.ts';
export { SimpleHeaderConverter } from './simple-header-converter.ts';
export { StringConverter, stringConverterConfig } from './string-converter.ts';
