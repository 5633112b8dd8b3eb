/** Where the API listens: one address, or several, with TLS or without. */
import type { SettingsReader } from '@sluice/kernel';

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** That host and port come from. */
  readonly settings: { readonly host: string; readonly port: string };
}

const loopback = '127.0.0.1';
const portDefault = 8_083;
const several = { host: 'SLUICE_LISTENERS', port: 'SLUICE_LISTENERS' };
const admins = { host: 'SLUICE_ADMIN_LISTENERS', port: 'SLUICE_ADMIN_LISTENERS' };

/** The first is the one that the process says it is ready on. */
export function readListeners(settings: SettingsReader): readonly Listener[] {
  const hasTls = settings.optional('SLUICE_TLS_CERTIFICATE') !== undefined;
  const given = settings.list('SLUICE_LISTENERS');
  if (given.length === 0) {
    const host = settings.string('SLUICE_HOST', loopback);
    const port = settings.integer('SLUICE_PORT', portDefault, { min: 0, max: 65_535 });
    const names = { host: 'SLUICE_HOST', port: 'SLUICE_PORT' };
    return [{ host, port, isEncrypted: hasTls, settings: names }];
  }
  for (const name of ['SLUICE_HOST', 'SLUICE_PORT']) {
    if (settings.optional(name) === undefined) continue;
    settings.problem(`${name} and SLUICE_LISTENERS exclude each other: unset one of them`);
  }
  const seen = new Set<string>();
  return given.flatMap((text) => {
    const listener = parseListener(text);
    if (!listener) {
      settings.problem(
        `SLUICE_LISTENERS: "${text}" must be a listener, as http://127.0.0.1:${portDefault}`,
      );
      return [];
    }
    const { host = loopback, port = portDefault, isEncrypted } = listener;
    if (isEncrypted && !hasTls) {
      settings.problem(
        `SLUICE_LISTENERS: "${text}" needs a certificate: set SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY`,
      );
    }
    if (port !== 0 && seen.has(`${host}:${port}`)) {
      settings.problem(`SLUICE_LISTENERS names ${host}:${port} twice: give each its own port`);
    }
    seen.add(`${host}:${port}`);
    return [{ host, port, isEncrypted, settings: several }];
  });
}

/** Where levels of loggers are asked for and set: with the rest of the API, nowhere, or on a listener of their own. */
export function readAdminListener(settings: SettingsReader): 'shared' | 'none' | Listener {
  const value = settings.optional('SLUICE_ADMIN_LISTENERS');
  if (value === undefined) return 'shared';
  if (value === 'none') return 'none';
  const hasTls = settings.optional('SLUICE_TLS_CERTIFICATE') !== undefined;
  const scheme = hasTls ? 'https' : 'http';
  const listener = parseListener(value);
  if (listener?.port === undefined) {
    settings.problem(
      `SLUICE_ADMIN_LISTENERS=${value} must be one listener, as ${scheme}://127.0.0.1:8085, or none`,
    );
    return 'none';
  }
  // As in Kafka Connect, no host means all addresses.
  const { host = '0.0.0.0', port, isEncrypted } = listener;
  // Without a word about it, what has a certificate is encrypted.
  const mayDiffer = settings.optional('SLUICE_LISTENERS') !== undefined && hasTls;
  if (isEncrypted !== hasTls && !mayDiffer) {
    settings.problem(
      `SLUICE_ADMIN_LISTENERS=${value} must begin with ${scheme}://, as SLUICE_TLS_CERTIFICATE is ${hasTls ? '' : 'not '}set`,
    );
  }
  return { host, port, isEncrypted, settings: admins };
}

/** What is left out is undefined. */
function parseListener(
  text: string,
):
  | (Pick<Listener, 'isEncrypted'> & { readonly host?: string; readonly port?: number })
  | undefined {
  const [, scheme, host = '', port] =
    /^(https?):\/\/(\[[\da-f:.]+\]|[^:/[\]\s]*)(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  if (scheme === undefined || Number(port ?? 0) > 65_535) return undefined;
  const name = host.replaceAll(/[[\]]/g, '');
  return {
    isEncrypted: scheme.toLowerCase() === 'https',
    ...(name !== '' && { host: name }),
    ...(port !== undefined && { port: Number(port) }),
  };
}
