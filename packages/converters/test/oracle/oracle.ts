/** Asks our converters, and Kafka Connect's, the same questions in the same form. */
import { join } from 'node:path';
import type { ConnectorConfig, Schema } from '@sluice/connector-api';
import { repositoryRoot, runJavaSource } from '@sluice/testkit';
import { createConverter } from '../../src/index.ts';
import {
  type Json,
  schemaFromWire,
  schemaToWire,
  valueFromWire,
  valueToWire,
} from './wire-data.ts';

export interface Request {
  readonly op: 'write' | 'read';
  /** Full class name. */
  readonly converter: string;
  readonly config: ConnectorConfig;
  readonly header?: boolean;
  /** To write. */
  readonly schema?: Json;
  readonly value?: Json;
  /** To read: base64. */
  readonly bytes?: string | null;
}

export type Answer =
  | { readonly bytes: string | null }
  | { readonly schema: Json; readonly value: Json }
  | { readonly error: string };

/** Kafka Connect's answers. */
export async function askKafkaConnect(requests: readonly Request[]): Promise<Answer[]> {
  const stdout = await runJavaSource({
    file: join(repositoryRoot, 'scripts/kafka-connect-oracle/ConverterOracle.java'),
    stdin: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

/** Ours. */
export async function askSluice(request: Request): Promise<Answer> {
  const { op, converter: name, config, header = false } = request;
  const converter = createConverter(name, config, header ? 'header' : 'value');
  if (op === 'write') {
    const schema = schemaFromWire(request.schema);
    const value = valueFromWire(schema, request.value);
    const batch = { topic: 't', values: [value], ...(schema ? { schemas: [schema] } : {}) };
    const { bytes, failures } = await converter.toBytes(batch);
    if (failures[0]) return { error: failures[0].error.message };
    return { bytes: bytes[0] ? Buffer.from(bytes[0]).toString('base64') : null };
  }
  const { bytes } = request;
  const { values, schemas, failures } = await converter.fromBytes({
    topic: 't',
    bytes: [typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : null],
  });
  if (failures[0]) return { error: failures[0].error.message };
  const schema = schemas?.[0];
  return { schema: schemaToWire(schema), value: valueToWire(schema, values[0]) };
}

/** Schema and value of an answer to a question about bytes; undefined when they were refused. */
export function dataOf(answer: Answer): { schema: Schema | undefined; value: unknown } | undefined {
  if (!('schema' in answer)) return undefined;
  const schema = schemaFromWire(answer.schema);
  return { schema, value: valueFromWire(schema, answer.value) };
}
