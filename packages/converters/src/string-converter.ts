/** Kafka Connect's StringConverter: text as it is; what is read has the optional string schema. */
import {
  type BytesBatch,
  ConfigError,
  type ConnectorConfig,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  defineConfig,
  type Schema,
  string,
} from '@sluice/connector-api';
import { asBuffer } from './batch.ts';
import { writeJson } from './json-text.ts';

export const stringConverterConfig = defineConfig({
  'converter.encoding': string()
    .default('UTF-8')
    .importance('high')
    .displayName('Encoding')
    .doc('Character encoding of the bytes: UTF-8, UTF-16LE, ISO-8859-1 or US-ASCII.'),
});

const optionalString: Schema = { type: 'string', optional: true };

const encodings: Readonly<Record<string, BufferEncoding>> = {
  'UTF-8': 'utf8',
  UTF8: 'utf8',
  'UTF-16LE': 'utf16le',
  'ISO-8859-1': 'latin1',
  'US-ASCII': 'ascii',
};

export class StringConverter implements Converter {
  readonly #encoding: BufferEncoding;

  constructor(config: ConnectorConfig) {
    const name = stringConverterConfig.parse(config)['converter.encoding'];
    const encoding = encodings[name.toUpperCase()];
    if (!encoding)
      throw new ConfigError([
        {
          key: 'converter.encoding',
          message: `Invalid value ${name} for configuration converter.encoding: use one of ${Object.keys(encodings).join(', ')}`,
        },
      ]);
    this.#encoding = encoding;
  }

  toBytes({ values }: DataBatch): ConvertedBytes {
    const encoding = this.#encoding;
    const bytes = values.map((value) =>
      value === null || value === undefined ? null : Buffer.from(textOf(value), encoding),
    );
    return { bytes, failures: [] };
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    const encoding = this.#encoding;
    const values = bytes.map((one) => (one === null ? null : asBuffer(one).toString(encoding)));
    return { values, schemas: values.map(() => optionalString), failures: [] };
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : writeJson(value);
}
