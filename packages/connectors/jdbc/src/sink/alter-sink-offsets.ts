/** Exactly once: offsets that somebody sets or resets are those of the target, which say where the tasks go on. */
import { type AlteredSinkOffset, ConnectError } from '@sluice/connector-api';
import { openDialect } from '../connection/open-dialect.ts';
import { connectLimitMs } from '../connection/validation.ts';
import type { Session } from '../dialect.ts';
import { messageOf } from '../sql-error.ts';
import { OffsetsTable } from './offsets-table.ts';
import { offsetsTableOf, type SinkConfig } from './sink-keys.ts';

export async function alterSinkOffsets(
  config: SinkConfig,
  connector: string | undefined,
  offsets: readonly AlteredSinkOffset[],
  signal: AbortSignal,
): Promise<boolean> {
  const table = offsetsTableOf(config);
  if (table === undefined) return true;
  if (connector === undefined)
    throw new ConnectError('The definition has no name, by which its offsets are stored');
  const dialect = await openDialect(config);
  let session: Session | undefined;
  try {
    session = await dialect.connect({ limitMs: connectLimitMs, signal });
    await new OffsetsTable(dialect, table, connector).alter(session, offsets);
    return true;
  } catch (cause) {
    throw new ConnectError(
      `The offsets in ${table} of the target, which say where the connector goes on, cannot be changed: ${messageOf(cause)}`,
      { cause },
    );
  } finally {
    await session?.close();
  }
}
