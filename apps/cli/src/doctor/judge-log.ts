/** Whether the record log answers, and what its promise is worth. Pure. */
import type { LogHealth } from '@sluice/log-choice';

import { type Finding, fail, ok, warn } from './finding.ts';

/** A topic that Sluice keeps its own records in. */
export interface InternalTopic {
  readonly name: string;
  readonly purpose: 'offsets' | 'configs' | 'fences';
  readonly partitions: number;
  /** Empty: we may not know them. */
  readonly settings: Readonly<Record<string, string>>;
}

export function judgeLog(health: LogHealth): Finding[] {
  const what = `the log on ${health.kind} at ${health.address}`;
  if (!health.reachable) {
    return [
      fail(
        'log',
        `${what} cannot be used: ${health.message}`,
        'tasks wait for it: start it, or mend the settings of all processes',
      ),
    ];
  }
  const { promise } = health;
  if (!promise) {
    return [ok('log', `${what} answers; how durable it is shows with the first connector`)];
  }
  const text = `${what} answers. ${promise.meaning}`;
  return [
    promise.durability === 'durable'
      ? ok('log', text)
      : warn('log', text, `what it acknowledges is ${promise.durability}: set it as that says`),
  ];
}

export function judgeTopic({ name, purpose, partitions, settings }: InternalTopic): Finding {
  const policy = settings['cleanup.policy'];
  if (policy !== undefined && policy !== 'compact') {
    return fail(
      'log',
      `topic ${name} has cleanup.policy=${policy}: what is kept there is forgotten`,
      `kafka-configs.sh --alter --topic ${name} --add-config cleanup.policy=compact`,
    );
  }
  if (purpose === 'configs' && partitions !== 1) {
    return fail(
      'log',
      `topic ${name} has ${partitions} partitions, and must have one: changes of definitions have an order`,
      'name another topic as SLUICE_CONFIG_STORAGE_TOPIC, and let Sluice create it',
    );
  }
  const text = `topic ${name} keeps ${purpose}, ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
  return ok('log', policy === undefined ? text : `${text}, compacted`);
}
