/** Which dead letter queues there are. */
import type { RecordLog } from '@sluice/record-log';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';
import { type CommandContext, withSession } from './command.ts';

const topicKey = 'errors.deadletterqueue.topic.name';

/** Of the connectors that are defined. */
export async function queuesOf(
  context: CommandContext,
  global: GlobalOptions,
): Promise<{ readonly connector: string; readonly topic: string }[]> {
  const { connectors } = await withSession(context, global, 'read', ({ client }) =>
    client.snapshot(),
  );
  return [...connectors.values()].flatMap(({ record: { config, name } }) => {
    const topic = (config[topicKey] ?? '').trim();
    return topic === '' ? [] : { connector: name, topic };
  });
}

/** @throws CliError if there is no such queue. */
export async function queueTopic(
  context: CommandContext,
  global: GlobalOptions,
  log: RecordLog,
  queue: string,
): Promise<string> {
  if ((await log.topics.describe([queue])).has(queue)) return queue;
  const found = (await queuesOf(context, global)).find(({ connector }) => connector === queue);
  if (found) return found.topic;
  throw new CliError(
    exitCodes.notFound,
    `there is no topic ${queue}, and no connector ${queue} with ${topicKey}; sluice dlq list lists the queues`,
  );
}
