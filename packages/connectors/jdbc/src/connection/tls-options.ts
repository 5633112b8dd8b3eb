/** A URL's TLS settings as Node.js takes them. */
import { readFile } from 'node:fs/promises';
import { ConnectError } from '@sluice/connector-api';
import type { TlsSettings } from './jdbc-url.ts';

export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly checkServerIdentity?: () => undefined;
}

/** Undefined: no TLS. @throws ConnectError that names the file which cannot be read. */
export async function tlsOptionsOf(settings: TlsSettings): Promise<TlsOptions | undefined> {
  const { mode } = settings;
  if (mode === 'disable') return undefined;
  const [ca, cert, key] = await Promise.all(
    [settings.ca, settings.cert, settings.key].map((file) => pemOf(file)),
  );
  return {
    rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full',
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function pemOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConnectError(
      `connection.url names the file ${file}, which cannot be read on this worker`,
      { cause },
    );
  }
}
