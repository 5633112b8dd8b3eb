import { SluiceError } from '@sluice/kernel';
import { fencedError, type WriterIdentity } from '@sluice/record-log';

import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export interface FenceParts {
  readonly connection: Connection;
  readonly keys: Keys;
}

/** Raises the fence of an identity. @throws SluiceError `log.fenced` if a newer owner exists. */
export async function openIdentity(
  identity: WriterIdentity,
  { connection, keys }: FenceParts,
): Promise<void> {
  const reply = await connection.run(scripts.open, [keys.fence(identity.id)], [identity.fence]);
  const [outcome, fence] = reply as [string, string];
  if (outcome === 'fenced') throw fencedError(identity, Number(fence));
}

/**
 * Runs a script that checks the fence. If Redis does not know the fence, it has lost data: the identity
 * is opened again, which a newer owner's fence would refuse.
 */
export async function withFence(
  identity: WriterIdentity,
  parts: FenceParts,
  run: () => Promise<unknown>,
): Promise<readonly unknown[]> {
  let reply = (await run()) as readonly unknown[];
  if (reply[0] === 'unopened') {
    await openIdentity(identity, parts);
    reply = (await run()) as readonly unknown[];
  }
  if (reply[0] === 'fenced') throw fencedError(identity, Number(reply[1]));
  if (reply[0] === 'unopened') {
    throw new SluiceError('log.unreachable', 'Redis keeps losing what it has acknowledged', {
      retriable: true,
    });
  }
  return reply;
}
