/** The way of a connector's data, as far as its configuration and its tasks say. Pure. */
import type { TaskLoad } from '@sluice/rest-api/live';
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

/** What passes a transform, of all tasks. */
export interface TransformRate {
  /** Records a second that came to it, and that went on. */
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Of the time of a task: the mean of those that tell. */
  readonly busy: number;
}

interface TransformLoad {
  readonly name: string;
  readonly records_in: number;
  readonly records_out: number;
  readonly busy: number;
}

/** By name; what no task tells, as older workers do not, is absent. */
export function transformRates(
  loads: readonly (TaskLoad & { readonly transforms?: readonly TransformLoad[] })[],
): ReadonlyMap<string, TransformRate> {
  const told = loads.flatMap(({ transforms }) => transforms ?? []);
  return new Map(
    [...Map.groupBy(told, ({ name }) => name)].map(([name, some]) => [
      name,
      {
        recordsIn: sumOf(some.map((each) => each.records_in)),
        recordsOut: sumOf(some.map((each) => each.records_out)),
        busy: sumOf(some.map((each) => each.busy)) / some.length,
      },
    ]),
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/** Topics of a sink as it was defined; undefined for a source, whose topics are known when it wrote to them. */
export function sinkTopics(config: Config): string | undefined {
  return config['topics'] ?? config['topics.regex'];
}

export function deadLetterTopic(config: Config): string | undefined {
  const topic = config['errors.deadletterqueue.topic.name'];
  return topic === undefined || topic === '' ? undefined : topic;
}
