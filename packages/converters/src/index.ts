export { ByteArrayConverter } from './byte-array-converter.ts';
export {
  converterSettingsHelp,
  readConverterSettings,
  workerConverterDefaults,
} from './converter-settings.ts';
export { JsonConverter, jsonConverterConfig } from './json-converter.ts';
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
  converterVersionProblems,
  createConverter,
  findConverter,
} from './registry.ts';
export { SimpleHeaderConverter } from './simple-header-converter.ts';
export { StringConverter, stringConverterConfig } from './string-converter.ts';
