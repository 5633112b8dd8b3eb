/** The way of a connector's data, as far as its configuration says. Pure. */
import type { Config } from './config-diff.ts';
import { shortClass } from './connectors.ts';

export interface Transform {
  readonly name: string;
  readonly type: string;
  readonly predicate: string | undefined;
}

export function listOf(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

export function transformsOf(config: Config): Transform[] {
  return listOf(config['transforms']).map((name) => ({
    name,
    type: shortClass(config[`transforms.${name}.type`] ?? 'unknown'),
    predicate: config[`transforms.${name}.predicate`],
  }));
}

/** Topics of a sink as it was defined; undefined for a source, whose topics are known when it wrote to them. */
export function sinkTopics(config: Config): string | undefined {
  return config['topics'] ?? config['topics.regex'];
}

export function deadLetterTopic(config: Config): string | undefined {
  const topic = config['errors.deadletterqueue.topic.name'];
  return topic === undefined || topic === '' ? undefined : topic;
}
