import type { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/**
 * What is reached below kafkajs's public surface, and the little of its shape that is relied on. kafkajs
 * has no `exports` map and is pinned exactly; `test/kafkajs-internals.test.ts` fails when one of these moves.
 */
const require = createRequire(import.meta.url);

export const kafkajsVersion = '2.2.4';

export interface KafkajsLog {
  debug(message: string, extra?: object): void;
  info(message: string, extra?: object): void;
  warn(message: string, extra?: object): void;
  error(message: string, extra?: object): void;
  namespace(name: string): KafkajsLog;
}

export interface KafkajsSocketFactoryArguments {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | null;
  readonly onConnect: () => void;
}

export type KafkajsSocketFactory = (facts: KafkajsSocketFactoryArguments) => Socket;

/** Versions that a broker has, by api key. */
export type ApiVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number }>
>;

/** What `Connection` wants of its queue. Ours takes the place of kafkajs's. */
export interface KafkajsRequestQueue {
  scheduleRequestTimeoutCheck(): void;
  push(pushed: {
    readonly entry: {
      readonly apiKey: number;
      readonly apiName: string;
      readonly apiVersion: number;
      readonly correlationId: number;
      readonly resolve: (answer: KafkajsAnswer) => void;
      readonly reject: (error: Error) => void;
    };
    readonly expectResponse: boolean;
    readonly requestTimeout: number | null;
    readonly sendRequest: () => void;
  }): void;
  fulfillRequest(answer: {
    readonly correlationId: number;
    readonly payload: Buffer;
    readonly size: number;
  }): void;
  rejectAll(error: Error): void;
  maybeThrottle(ms: number | undefined): void;
  waitForPendingRequests(): Promise<void>;
  destroy(): void;
}

export interface KafkajsAnswer {
  readonly correlationId: number;
  readonly size: number;
  readonly payload: Buffer;
  readonly entry: object;
}

export interface KafkajsConnection {
  requestQueue: KafkajsRequestQueue;
  connectionStatus: string;
  /** How long before the end of the session it wants to be authenticated anew. */
  reauthenticationThreshold: number;
  /** A Long, in ms; 0 without an end. */
  readonly sessionLifetime: { toString(): string };
  /** Of whoever waits for what a server answers to a token of SASL, which is no answer of Kafka; else null. */
  readonly authHandlers: object | null;
  processData(data: Buffer): void;
  connect(): Promise<unknown>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  setVersions(versions: ApiVersions): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  nextCorrelationId(): number;
}

export interface KafkajsConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly logger: KafkajsLog;
  readonly socketFactory: KafkajsSocketFactory;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly ssl: object | null;
  readonly sasl: object | null;
}

export const Connection = require('kafkajs/src/network/connection') as new (
  options: KafkajsConnectionOptions,
) => KafkajsConnection;

export const disconnectedStatus: string = (
  require('kafkajs/src/network/connectionStatus') as {
    CONNECTION_STATUS: { DISCONNECTED: string };
  }
).CONNECTION_STATUS.DISCONNECTED;

export const createSocketFactory =
  require('kafkajs/src/network/socketFactory') as () => KafkajsSocketFactory;
