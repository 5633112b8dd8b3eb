import { hasCode, SluiceError } from '@sluice/kernel';
import type { FastifyInstance } from 'fastify';

/**
 * Listens, and explains an address that cannot be had.
 * @throws SluiceError `bind.failed` with the remedy.
 */
export async function listenOn(
  app: FastifyInstance,
  address: {
    readonly host: string;
    readonly port: number;
    /** That they come from. */
    readonly settings: { readonly host: string; readonly port: string };
  },
): Promise<void> {
  const { host, port, settings } = address;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = reasonOf(cause, settings);
    if (why === undefined) throw cause;
    throw new SluiceError('bind.failed', `cannot listen on ${host}:${port}: ${why}`, {
      details: { host, port, setting: settings.port },
      cause,
    });
  }
}

function reasonOf(
  cause: unknown,
  settings: Parameters<typeof listenOn>[1]['settings'],
): string | undefined {
  const other = `set ${settings.port} to another port (0 takes a free one)`;
  if (hasCode(cause, 'EADDRINUSE')) {
    return `the port is in use: stop what listens there, or ${other}`;
  }
  if (hasCode(cause, 'EACCES')) return `not allowed to use this port: ${other}`;
  if (hasCode(cause, 'EADDRNOTAVAIL') || hasCode(cause, 'ENOTFOUND')) {
    return `this machine has no such address: set ${settings.host} to one that it has`;
  }
  return undefined;
}
