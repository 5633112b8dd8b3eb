/**
 * Kafka Connect's StringConverter: text as it is, other values as Java prints them; what is read has the
 * optional string schema.
 */
import {
  type BytesBatch,
  ConfigError,
  type ConnectorConfig,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  defineConfig,
  schemas,
  string,
} from '@sluice/connector-api';
import { convertToBytes } from './batch.ts';
import { type Charset, charsetNames, findCharset } from './charsets.ts';
import { javaText } from './java-text.ts';

export const stringConverterConfig = defineConfig({
  'converter.encoding': string()
    .default('UTF-8')
    .importance('high')
    .displayName('Encoding')
    .width('medium')
    .doc(`Character encoding of the bytes: ${charsetNames.join(', ')}.`),
});

export class StringConverter implements Converter {
  readonly #charset: Charset;

  constructor(config: ConnectorConfig) {
    const name = stringConverterConfig.parse(config)['converter.encoding'];
    const charset = findCharset(name);
    if (!charset)
      throw new ConfigError([
        {
          key: 'converter.encoding',
          message: `Invalid value ${name} for configuration converter.encoding: use one of ${charsetNames.join(', ')}`,
        },
      ]);
    this.#charset = charset;
  }

  toBytes({ values, schemas: given }: DataBatch): ConvertedBytes {
    const { encode } = this.#charset;
    return convertToBytes(values, given, (schema, value) =>
      value === null || value === undefined ? null : encode(javaText(schema, value)),
    );
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    const { decode } = this.#charset;
    const values = bytes.map((one) => (one === null ? null : decode(one)));
    return { values, schemas: values.map(() => schemas.optionalString), failures: [] };
  }
}
