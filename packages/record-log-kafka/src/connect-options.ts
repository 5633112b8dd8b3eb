/** Settings as options of the log: reads the files, and makes tokens be asked for. */
import { readFileSync } from 'node:fs';

import { type Clock, type Logger, SluiceError, systemClock, toError } from '@sluice/kernel';

import { tokenProvider } from './oauth-token.ts';
import type { KafkaLogOptions, KafkaSasl, KafkaTls } from './options.ts';
import type { KafkaSaslSettings } from './sasl-settings.ts';
import type { KafkaSettings } from './settings.ts';
import type { KafkaTlsSettings } from './tls-settings.ts';

export interface ConnectParts {
  /** Name of the Sluice cluster. */
  readonly cluster: string;
  readonly clientId: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

/** @throws SluiceError `log.bad_file` if a certificate or key cannot be read (any more). */
export function kafkaLogOptions(settings: KafkaSettings, parts: ConnectParts): KafkaLogOptions {
  const { tls, sasl, ...given } = settings;
  return {
    ...given,
    ...parts,
    ...(tls ? { tls: readTlsFiles(tls) } : {}),
    ...(sasl ? { sasl: saslOf(sasl, parts.clock ?? systemClock) } : {}),
  };
}

function readTlsFiles(settings: KafkaTlsSettings): KafkaTls {
  const { caLocation, certificateLocation, keyLocation, keyPassword, checkHostname } = settings;
  return {
    checkHostname,
    ...(caLocation === undefined ? {} : { ca: read('KAFKA_SSL_CA_LOCATION', caLocation) }),
    ...(certificateLocation === undefined
      ? {}
      : { cert: read('KAFKA_SSL_CERTIFICATE_LOCATION', certificateLocation) }),
    ...(keyLocation === undefined ? {} : { key: read('KAFKA_SSL_KEY_LOCATION', keyLocation) }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
  };
}

function saslOf(settings: KafkaSaslSettings, clock: Clock): KafkaSasl {
  if (settings.mechanism !== 'OAUTHBEARER') return settings;
  return { mechanism: settings.mechanism, token: tokenProvider(settings.source, { clock }) };
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SluiceError(
      'log.bad_file',
      `${name}=${path} cannot be read (${toError(cause).message}): put it there, or name another`,
      { cause, details: { name, path } },
    );
  }
}
