/** Whether the record log answers, and what its promise is worth. Pure. */
import type { LogHealth } from '@sluice/log-choice';
import type { LogServer } from '@sluice/record-log';

import { type Finding, fail, ok, skip, warn } from './finding.ts';
import { releaseOf } from './kafka-release.ts';

/** A topic that Sluice keeps its own records in. */
export interface InternalTopic {
  readonly name: string;
  readonly purpose: 'offsets' | 'configs' | 'fences';
  readonly partitions: number;
  /** Undefined: not known. */
  readonly replicationFactor: number | undefined;
  /** Empty: we may not know them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** How many replicas there should be. */
export interface WantedReplicas {
  /** By KAFKA_REPLICATION_FACTOR. */
  readonly asked: number | undefined;
  readonly brokers: number;
}

/** `isWithheld`: the role that we ask in is let to no log. */
export function judgeLog(health: LogHealth, { isWithheld }: { isWithheld: boolean }): Finding[] {
  const what = `the log on ${health.kind} at ${health.address}`;
  if (!health.reachable) {
    if (isWithheld) {
      return [
        skip(
          'log',
          `${what} is not open to viewers and operators: the coordinator's /health says whether it answers`,
          'ask as an admin to have it looked at',
        ),
      ];
    }
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

export function judgeServer({ servers, features }: LogServer): Finding {
  const brokers = `${servers} ${servers === 1 ? 'broker' : 'brokers'}`;
  const level = features.get('metadata.version');
  if (level === undefined) return ok('log', `Kafka of a release that it does not tell, ${brokers}`);
  const release = releaseOf(level) ?? 'of an unknown release';
  return ok('log', `Kafka ${release} (metadata.version ${level}), ${brokers}`);
}

/** What is worst. */
export function judgeTopic(topic: InternalTopic, wanted: WantedReplicas): Finding {
  const { name, purpose, partitions, settings } = topic;
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
  const problem = judgeReplicas(topic, wanted);
  if (problem) return problem;
  const { replicationFactor } = topic;
  const facts = [
    `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`,
    ...(replicationFactor === undefined ? [] : [replicas(replicationFactor)]),
    ...(policy === undefined ? [] : ['compacted']),
  ];
  return ok('log', `topic ${name} keeps ${purpose}, ${facts.join(', ')}`);
}

function judgeReplicas(
  { name, replicationFactor, settings }: InternalTopic,
  { asked, brokers }: WantedReplicas,
): Finding | undefined {
  if (replicationFactor === undefined) return undefined;
  const inSync = Number(settings['min.insync.replicas'] ?? 1);
  const setInSync = (count: number): string =>
    `kafka-configs.sh --alter --topic ${name} --add-config min.insync.replicas=${count}`;
  const has = `topic ${name} has ${replicas(replicationFactor)}`;
  if (inSync > replicationFactor) {
    return fail(
      'log',
      `${has} and min.insync.replicas=${inSync}: nothing can be written to it`,
      setInSync(Math.max(1, replicationFactor - 1)),
    );
  }
  // What is not asked for should outlive a broker where there is more than one.
  const least = asked ?? Math.min(brokers, 2);
  if (replicationFactor < least) {
    const why =
      asked === undefined
        ? `though there are ${brokers} brokers`
        : `and KAFKA_REPLICATION_FACTOR asks for ${asked}`;
    return warn('log', `${has}, ${why}`, 'kafka-reassign-partitions.sh adds replicas to a topic');
  }
  if (replicationFactor > 2 && inSync === 1) {
    return warn(
      'log',
      `${has} and min.insync.replicas=1: what is acknowledged may be in one of them only`,
      setInSync(2),
    );
  }
  return undefined;
}

function replicas(count: number): string {
  return `${count} ${count === 1 ? 'replica' : 'replicas'}`;
}
