import { ByteReader } from './byte-reader.ts';
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
