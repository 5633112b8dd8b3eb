import { Buffer } from 'node:buffer';

import { ByteReader } from './byte-reader.ts';

/**
 * A request to a broker and how its response is read: plain data, no I/O. A result has an error code for
 * each item (`errorCodes.ts`), so that one partition's failure hides nothing of the others.
 */
export interface KafkaRequest<Result> {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** As Kafka's documentation calls it, for messages. */
  readonly apiName: string;
  /** Its version is a flexible one (KIP-482): headers have tagged fields. Default false. */
  readonly isFlexible?: boolean;
  /** Of a flexible version, that its response has no tagged fields in its header: ApiVersions alone. */
  readonly hasOldAnswerHeader?: boolean;
  /** The body, without the request's header. */
  encode(): Uint8Array;
  /** @throws SluiceError `log.malformed_response`. May return views of `body`. */
  decode(body: Buffer): Result;
}

/** How long the broker asks to be left alone; every response of the versions in use has it. */
export interface Throttled {
  readonly throttleMs: number;
}

/** Whether records of open and aborted transactions are seen. */
export type Isolation = 'read_uncommitted' | 'read_committed';

export function isolationCode(isolation: Isolation): number {
  return isolation === 'read_committed' ? 1 : 0;
}

/** Length and header of a request whose body has `bodyBytes`; the body follows as it is. */
export function encodeRequestHeader(
  { apiKey, apiVersion, isFlexible }: Omit<KafkaRequest<unknown>, 'encode' | 'decode'>,
  correlationId: number,
  clientId: string,
  bodyBytes: number,
): Buffer {
  const clientIdBytes = Buffer.byteLength(clientId);
  // In a flexible header the client id is still a string of the old kind.
  const bytes = 4 + 2 + 2 + 4 + 2 + clientIdBytes + (isFlexible ? 1 : 0);
  const header = Buffer.allocUnsafe(bytes);
  header.writeInt32BE(bytes - 4 + bodyBytes, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(apiVersion, 6);
  header.writeInt32BE(correlationId, 8);
  header.writeInt16BE(clientIdBytes, 12);
  header.write(clientId, 14);
  if (isFlexible) header[bytes - 1] = 0; // No tagged fields.
  return header;
}

/** Decodes what follows the correlation id. */
export function decodeResponse<Result>(request: KafkaRequest<Result>, payload: Buffer): Result {
  if (!request.isFlexible || request.hasOldAnswerHeader) return request.decode(payload);
  const reader = new ByteReader(payload);
  reader.skipTaggedFields();
  return request.decode(payload.subarray(reader.position));
}
