import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface ConfigResource {
  readonly type: 'topic' | 'broker';
  /** Topic, or the broker's id. */
  readonly name: string;
}

export interface ConfigEntry {
  readonly name: string;
  /** null for what is secret. */
  readonly value: string | null;
  /** Neither set for this resource nor for the brokers. */
  readonly isDefault: boolean;
}

export interface ResourceResult extends ConfigResource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface DescribeConfigsResult extends Throttled {
  readonly resources: readonly (ResourceResult & { readonly configs: readonly ConfigEntry[] })[];
}

const typeCodes = { topic: 2, broker: 4 } as const;
const defaultSource = 5;
const operationCodes = { set: 0, delete: 1 } as const;

/** DescribeConfigs v2. All settings without `names`. A broker's must be asked from that broker. */
export function describeConfigsRequest(
  resources: readonly (ConfigResource & { readonly names?: readonly string[] })[],
): KafkaRequest<DescribeConfigsResult> {
  return {
    apiKey: 32,
    apiVersion: 2,
    apiName: 'DescribeConfigs',
    encode: () => {
      const writer = new ByteWriter();
      writer.array(resources, ({ type, name, names }) => {
        writer.int8(typeCodes[type]).string(name);
        writer.array(names ?? null, (each) => writer.string(each));
      });
      return writer.boolean(false).bytes; // Without synonyms.
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const resourceResults = reader.array(() => ({
        ...readResourceResult(reader),
        configs: reader.array(readConfig),
      }));
      return { throttleMs, resources: resourceResults };
    },
  };
}

export interface ConfigChange {
  readonly name: string;
  /** null goes back to the default. */
  readonly value: string | null;
}

/** IncrementalAlterConfigs v0: what is not named stays as it is. */
export function alterConfigsRequest(
  resources: readonly (ConfigResource & { readonly changes: readonly ConfigChange[] })[],
): KafkaRequest<Throttled & { readonly resources: readonly ResourceResult[] }> {
  return {
    apiKey: 44,
    apiVersion: 0,
    apiName: 'IncrementalAlterConfigs',
    encode: () => {
      const writer = new ByteWriter();
      writer.array(resources, ({ type, name, changes }) => {
        writer.int8(typeCodes[type]).string(name);
        writer.array(changes, (change) => {
          const operation = change.value === null ? operationCodes.delete : operationCodes.set;
          writer.string(change.name).int8(operation).string(change.value);
        });
      });
      return writer.boolean(false).bytes; // Not only validated.
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      return { throttleMs, resources: reader.array(readResourceResult) };
    },
  };
}

function readResourceResult(reader: ByteReader): ResourceResult {
  const errorCode = reader.int16();
  const errorMessage = reader.nullableString();
  const type = reader.int8() === typeCodes.broker ? 'broker' : 'topic';
  return { errorCode, errorMessage, type, name: reader.string() };
}

function readConfig(reader: ByteReader): ConfigEntry {
  const name = reader.string();
  const value = reader.nullableString();
  reader.boolean(); // Read-only.
  const isDefault = reader.int8() === defaultSource;
  reader.boolean(); // Secret: then it has no value.
  reader.array(() => {
    reader.string();
    reader.nullableString();
    reader.int8();
  });
  return { name, value, isDefault };
}
