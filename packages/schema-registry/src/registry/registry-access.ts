/** How a registry is reached and who asks: URLs, credentials and certificates of the configuration. */
import { readFileSync } from 'node:fs';
import { ConfigError, type ConnectorConfig } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type { RegistryConfig } from './registry-keys.ts';
import type { TlsOptions } from './rest-client.ts';

/** What `schema.registry.url` and the keys of security say about a connection. */
export interface RegistryAccess {
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
}

const headerPrefix = 'request.header.';

/** @throws ConfigError */
export function registryAccess(parsed: RegistryConfig, config: ConnectorConfig): RegistryAccess {
  const urls = parsed['schema.registry.url'].map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
      throw invalid('schema.registry.url', 'each must be a URL with http:// or https://');
    return url;
  });
  const added = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(headerPrefix) ? [[key.slice(headerPrefix.length), value]] : [],
  );
  return {
    urls: urls.map((url) => `${url.origin}${url.pathname.replace(/\/+$/, '')}`),
    headers: {
      ...(Object.fromEntries(added) as Record<string, string>),
      ...authorization(parsed, urls),
    },
    tls: tlsOptions(parsed),
  };
}

function authorization(parsed: RegistryConfig, urls: readonly URL[]): Record<string, string> {
  const token = parsed['bearer.auth.token']?.reveal();
  const tokenSource = parsed['bearer.auth.credentials.source'];
  if (tokenSource !== 'STATIC_TOKEN')
    throw invalid(
      'bearer.auth.credentials.source',
      `${tokenSource} is not supported; use STATIC_TOKEN with bearer.auth.token`,
    );
  const userInfo = basicUserInfo(parsed, urls);
  if (token && userInfo)
    throw invalid(
      'bearer.auth.token',
      'there are basic credentials, too: only one of them is sent',
    );
  if (token) return { authorization: `Bearer ${token}` };
  return userInfo ? { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` } : {};
}

function basicUserInfo(parsed: RegistryConfig, urls: readonly URL[]): string | undefined {
  const source = parsed['basic.auth.credentials.source'];
  const key = 'basic.auth.credentials.source';
  switch (source) {
    case 'URL': {
      const withUser = urls.find((url) => url.username !== '');
      return withUser
        ? `${decodeURIComponent(withUser.username)}:${decodeURIComponent(withUser.password)}`
        : undefined;
    }
    case 'USER_INFO': {
      const info = parsed['basic.auth.user.info']?.reveal() ?? '';
      if (!info.includes(':'))
        throw invalid('basic.auth.user.info', 'it must be user:password with USER_INFO');
      return info;
    }
    case 'SASL_INHERIT':
      throw invalid(key, 'SASL_INHERIT is not supported; use USER_INFO with basic.auth.user.info');
    default:
      throw invalid(key, `"${source}" is none of URL, USER_INFO`);
  }
}

function tlsOptions(parsed: RegistryConfig): TlsOptions {
  for (const name of ['truststore', 'keystore'] as const) {
    const key = `schema.registry.ssl.${name}.type` as const;
    const type = parsed[key] ?? 'PEM';
    const isUsed = ['location', 'certificates', 'certificate.chain'].some(
      (part) =>
        `schema.registry.ssl.${name}.${part}` in parsed &&
        parsed[`schema.registry.ssl.${name}.${part}` as keyof RegistryConfig] !== undefined,
    );
    if (type.toUpperCase() !== 'PEM' || (isUsed && parsed[key] === undefined))
      throw invalid(
        key,
        'only PEM is supported: set it to PEM, and convert the store with keytool or openssl',
      );
  }
  const checksNames = parsed['schema.registry.ssl.endpoint.identification.algorithm'] !== '';
  const ca =
    parsed['schema.registry.ssl.truststore.certificates']?.reveal() ??
    fileOf('schema.registry.ssl.truststore.location', parsed);
  const keyFile = fileOf('schema.registry.ssl.keystore.location', parsed);
  const cert = parsed['schema.registry.ssl.keystore.certificate.chain']?.reveal() ?? keyFile;
  const key = parsed['schema.registry.ssl.keystore.key']?.reveal() ?? keyFile;
  const passphrase = parsed['schema.registry.ssl.key.password']?.reveal();
  return {
    checksNames,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function fileOf(
  key: 'schema.registry.ssl.truststore.location' | 'schema.registry.ssl.keystore.location',
  parsed: RegistryConfig,
): string | undefined {
  const path = parsed[key];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(key, `the file cannot be read: ${toError(error).message}`);
  }
}

function invalid(key: string, why: string): ConfigError {
  return new ConfigError([{ key, message: `Invalid value for configuration ${key}: ${why}` }]);
}
