/** Converters of a format on a registry in memory, without HTTP; and the two directions, one record at a time. */
import type { Converter, Schema } from '@sluice/connector-api';
import { RegistryClient } from '../src/registry/registry-client.ts';
import { SchemaRegistryError } from '../src/registry/registry-errors.ts';
import { RegistryConverter, type RegistryConverterOptions } from '../src/registry-converter.ts';
import type { SchemaAndValue, SchemaFormat } from '../src/schema-format.ts';
import { PlayedRegistry } from './played-registry.ts';

export interface UnderTest {
  readonly registry: PlayedRegistry;
  readonly client: RegistryClient;
  readonly converter: RegistryConverter;
}

export function underTest(
  format: SchemaFormat,
  options: Partial<RegistryConverterOptions> = {},
  registry: PlayedRegistry = new PlayedRegistry(),
): UnderTest {
  const client = new RegistryClient({
    send: async ({ method, path, body }) => {
      registry.requests.push(`${method} ${path}`);
      const answer = registry.answer(method, path, body as never);
      if (answer.status === 200) return answer.body;
      const { message, error_code: errorCode } = answer.body as {
        message: string;
        error_code: number;
      };
      throw new SchemaRegistryError(`${message}; error code: ${String(errorCode)}`, {
        status: answer.status,
        errorCode,
      });
    },
    cachedSchemasMax: 1000,
    latestTtlMs: -1,
    normalizes: false,
  });
  const converter = new RegistryConverter({
    format,
    client,
    isKey: false,
    strategy: 'TopicNameStrategy',
    ids: 'register',
    isLatestStrict: true,
    cachedSchemasMax: 1000,
    ...options,
  });
  return { registry, client, converter };
}

/** @throws the failure of the one record */
export async function write(
  converter: Converter,
  schema: Schema | undefined,
  value: unknown,
  topic = 'orders',
): Promise<Buffer | null> {
  const { bytes, failures } = await converter.toBytes({
    topic,
    values: [value],
    ...(schema ? { schemas: [schema] } : {}),
  });
  const [failure] = failures;
  if (failure) throw failure.error;
  const [one] = bytes;
  return one ? Buffer.from(one) : null;
}

/** @throws the failure of the one record */
export async function read(
  converter: Converter,
  bytes: Uint8Array | null,
  topic = 'orders',
): Promise<SchemaAndValue> {
  const { values, schemas, failures } = await converter.fromBytes({ topic, bytes: [bytes] });
  const [failure] = failures;
  if (failure) throw failure.error;
  return { schema: schemas?.[0], value: values[0] };
}

/** Registers a schema, and returns its id. */
export async function registered(
  { client }: UnderTest,
  schemaType: 'AVRO' | 'PROTOBUF' | 'JSON',
  schema: string,
  {
    subject = 'orders-value',
    references = [] as { name: string; subject: string; version: number }[],
  } = {},
): Promise<number> {
  return await client.register(subject, { schemaType, schema, references });
}

/** The wire format around data. */
export function withId(id: number, data: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, data]);
}
