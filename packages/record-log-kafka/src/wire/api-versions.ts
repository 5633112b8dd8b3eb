import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface ApiVersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface ApiVersionsResult extends Throttled {
  readonly errorCode: number;
  readonly versions: readonly ApiVersionRange[];
}

/** ApiVersions v2. A broker that does not know the version answers with an error code and version 0. */
export function apiVersionsRequest(): KafkaRequest<ApiVersionsResult> {
  return {
    apiKey: 18,
    apiVersion: 2,
    apiName: 'ApiVersions',
    encode: () => new Uint8Array(0),
    decode: (body) => {
      const reader = new ByteReader(body);
      const errorCode = reader.int16();
      const versions = reader.array(() => ({
        apiKey: reader.int16(),
        minVersion: reader.int16(),
        maxVersion: reader.int16(),
      }));
      return { errorCode, versions, throttleMs: reader.remaining >= 4 ? reader.int32() : 0 };
    },
  };
}

export interface FeaturesResult extends Throttled {
  readonly errorCode: number;
  /** Levels that the whole cluster has gone to, as `metadata.version`; empty before Kafka 2.7, and without KRaft. */
  readonly features: ReadonlyMap<string, number>;
}

const finalizedFeatures = 2;

/** ApiVersions v3, for what it tells besides versions. */
export function featuresRequest(): KafkaRequest<FeaturesResult> {
  return {
    apiKey: 18,
    apiVersion: 3,
    apiName: 'ApiVersions',
    isFlexible: true,
    // So that also who asks too much understands the answer.
    hasOldAnswerHeader: true,
    encode: () =>
      new ByteWriter().compactString('sluice').compactString('1').noTaggedFields().bytes,
    decode: (body) => {
      const reader = new ByteReader(body);
      const errorCode = reader.int16();
      reader.compactArray(() => {
        reader.int16();
        reader.int16();
        reader.int16();
        reader.skipTaggedFields();
      });
      const throttleMs = reader.int32();
      const features = new Map<string, number>();
      reader.taggedFields((tag, field) => {
        if (tag !== finalizedFeatures) return;
        for (const [name, level] of field.compactArray(readFeature)) features.set(name, level);
      });
      return { errorCode, features, throttleMs };
    },
  };
}

function readFeature(reader: ByteReader): [name: string, level: number] {
  const name = reader.compactString();
  const level = reader.int16();
  reader.int16(); // The lowest that it may go back to.
  reader.skipTaggedFields();
  return [name, level];
}
