import type { Clock, Logger } from '@sluice/kernel';

import type { KafkaSasl, KafkaTls } from '../options.ts';
import type { BearerAuthentication } from './bearer-authentication.ts';
import type { KafkajsConnectionOptions } from './internals.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly tls?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
  /** For TCP and TLS. */
  readonly connectTimeoutMs: number;
  /** For each request, and for authentication as a whole. */
  readonly requestTimeoutMs: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export function kafkajsOptions(
  options: ConnectionOptions,
  bearer: BearerAuthentication | undefined,
): Omit<KafkajsConnectionOptions, 'logger' | 'socketFactory'> {
  return {
    host: options.host,
    port: options.port,
    clientId: options.clientId,
    connectionTimeout: options.connectTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: false, // By ours.
    ssl: options.tls === undefined ? null : tlsOptions(options.tls),
    sasl: options.sasl === undefined ? null : saslOptions(options.sasl, bearer),
  };
}

/** For Node's `tls.connect`. */
function tlsOptions({ ca, cert, key, passphrase, checkHostname = true }: KafkaTls): object {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(checkHostname ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** A new object for each connection: kafkajs keeps its authenticator in it. */
function saslOptions(sasl: KafkaSasl, bearer: BearerAuthentication | undefined): object {
  if (sasl.mechanism === 'OAUTHBEARER') {
    return { mechanism: sasl.mechanism, authenticationProvider: bearer?.provider };
  }
  return { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password };
}
