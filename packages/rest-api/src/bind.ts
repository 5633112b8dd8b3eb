/** On which addresses a server may listen. */
import { type AccessSettings, hasAuthentication } from '@sluice/access';
import { SluiceError } from '@sluice/kernel';

/** @throws SluiceError `bind.refused` with the remedy. */
export function assertBindAllowed(options: {
  host: string;
  hasAuth: boolean;
  insecure: boolean;
}): void {
  const { host, hasAuth, insecure } = options;
  if (isLoopback(host) || hasAuth || insecure) return;
  throw new SluiceError(
    'bind.refused',
    `refused to listen on ${host || 'all addresses'} without authentication: anyone who reaches it could run connectors. Listen on 127.0.0.1, set up authentication (SLUICE_AUTH with a user and a password, SLUICE_AUTH_FILE or SLUICE_OIDC_ISSUER), or pass --insecure if the network is trusted`,
    { details: { host } },
  );
}

/** What to say of a listener whose passwords and tokens anybody on the way can read. */
export function unencryptedWarning(
  { host, isEncrypted }: { readonly host: string; readonly isEncrypted: boolean },
  access: AccessSettings,
): string | undefined {
  if (isLoopback(host) || isEncrypted || !hasAuthentication(access)) return undefined;
  return 'passwords and tokens come unencrypted: set SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY, unless what stands before this server encrypts';
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return (
    name === 'localhost' ||
    name === '::1' ||
    /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}
