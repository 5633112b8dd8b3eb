/** TLS of a listener: which files, what of the client, and what of them Node's server wants. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { SluiceError, toError } from '@sluice/kernel';

import type { FileContents } from './watched-files.ts';

/** As Kafka Connect's `ssl.client.auth`. */
export const clientAuths = ['none', 'requested', 'required'] as const;

export type ClientAuth = (typeof clientAuths)[number];

export interface ListenerTls {
  /** PEM: the certificate, and those between it and its authority. */
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly keyPassword?: string | undefined;
  /** PEM: who signs the certificates of clients. */
  readonly clientAuthorityPath?: string | undefined;
  readonly clientAuth: ClientAuth;
}

const versionMin = 'TLSv1.2';

export function tlsPaths(tls: ListenerTls): string[] {
  const { certificatePath, keyPath, clientAuthorityPath } = tls;
  return [
    certificatePath,
    keyPath,
    ...(clientAuthorityPath === undefined ? [] : [clientAuthorityPath]),
  ];
}

/**
 * For a server, and for `setSecureContext` of one that runs.
 * @throws SluiceError `config.invalid` if the files are no certificate and its key.
 */
export function secureContextOptions(
  tls: ListenerTls,
  contents: FileContents,
): SecureContextOptions {
  const { certificatePath, keyPath, keyPassword, clientAuthorityPath } = tls;
  const options: SecureContextOptions = {
    cert: contents.get(certificatePath),
    key: contents.get(keyPath),
    minVersion: versionMin,
    ...(keyPassword !== undefined && { passphrase: keyPassword }),
    ...(clientAuthorityPath !== undefined && { ca: contents.get(clientAuthorityPath) }),
  };
  try {
    // Accepts any text as authorities.
    if (clientAuthorityPath !== undefined) {
      void new X509Certificate(contents.get(clientAuthorityPath) ?? '');
    }
    createSecureContext(options);
  } catch (error) {
    const paths = tlsPaths(tls).join(', ');
    throw new SluiceError(
      'config.invalid',
      `${paths} are no certificate, its key and an authority in PEM: ${toError(error).message}`,
    );
  }
  return options;
}

/** What stays when certificates change. */
export function clientAuthOptions({ clientAuth }: ListenerTls): TlsOptions {
  return {
    requestCert: clientAuth !== 'none',
    // Who has none, or a wrong one, is nobody, and may still come with a password.
    rejectUnauthorized: clientAuth === 'required',
  };
}

/** `CN=deploy,O=Acme`, as in a line of the callers: from the first part to the last, as in the certificate. */
export function subjectOf(certificate: X509Certificate): string {
  // One part a line; commas and line breaks within a part are escaped by OpenSSL.
  return certificate.subject.split('\n').join(',');
}
