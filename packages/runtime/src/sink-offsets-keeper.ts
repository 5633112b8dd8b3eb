/**
 * A sink that begins paused is not started, and would commit nothing for as long as the pause lasts, while Kafka
 * forgets offsets that were not committed for a week. So what the group has is committed once more, as it is.
 */
import { groupOf } from './group-name.ts';
import { LogCalls } from './log-calls.ts';
import { partitionsOf } from './partition-share.ts';
import type { TaskRunContext } from './task-run.ts';
import { topicSelectionOf } from './topic-catalog.ts';

/** @throws what the log refuses. */
export async function keepSinkOffsets(context: TaskRunContext): Promise<void> {
  const { catalog, config, connector, identity, options, scope } = context;
  const calls = new LogCalls(context);
  const selection = topicSelectionOf(config);
  const share = partitionsOf(await catalog.find(selection, 0), selection, context);
  if (share.length === 0) return;
  // Fences as a start does: an owner that is late learns of its successor.
  const reader = await calls.attempt(() =>
    options.log.openReader({ identity, group: groupOf(connector, config) }),
  );
  try {
    const committed = await calls.attempt(() => reader.committed(share));
    const offsets = share.flatMap((partition, index) => {
      const offset = committed[index];
      return offset === undefined ? [] : [{ ...partition, offset }];
    });
    if (offsets.length === 0 || scope.isClosing) return;
    await calls.attempt(() => reader.commit(offsets));
  } finally {
    await reader.close();
  }
}
