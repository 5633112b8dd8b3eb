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
  name: string,
): Promise<string> {
  const chosen = chooseQueue(name, await queuesOf(context, global));
  if (chosen !== undefined) return chosen;
  if ((await log.topics.describe([name])).has(name)) return name;
  throw new CliError(
    exitCodes.notFound,
    `there is no topic ${name}, and no connector ${name} with ${topicKey}; sluice dlq list lists the queues`,
  );
}

/**
 * The topic that is meant: a queue of that name before the queue of a connector of that name, and both before a topic
 * that nobody calls his queue. A sink often has the name of the topic that it reads, and that one is not meant.
 */
export function chooseQueue(
  name: string,
  queues: readonly { readonly connector: string; readonly topic: string }[],
): string | undefined {
  const own = queues.find(({ topic }) => topic === name);
  return (own ?? queues.find(({ connector }) => connector === name))?.topic;
}
