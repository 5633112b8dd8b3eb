/** What somebody may set the offset of a capture to. */
import { ConnectError, type SourceOffsetValue, type SourcePartition } from '@sluice/connector-api';

/**
 * `read`: of the connector's offsets. Null is a reset, also of what another `topic.prefix` has left.
 * @throws ConnectError for what its task could not go on at.
 */
export function assertOwnOffset(
  own: { readonly server: string },
  partition: SourcePartition,
  offset: SourceOffsetValue | null,
  read: (offset: SourceOffsetValue) => unknown,
): void {
  if (offset === null) return;
  if (Object.keys(partition).length !== 1 || partition['server'] !== own.server)
    throw new ConnectError(
      `This connector has one source partition, ${JSON.stringify(own)} (topic.prefix)`,
    );
  read(offset);
}
