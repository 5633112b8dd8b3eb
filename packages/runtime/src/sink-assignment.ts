/**
 * Which partitions a sink task reads: looks for topics and partitions now and then, and keeps the reader,
 * the plugin and the positions in step. Owned by the task's loop: nothing here runs beside a put.
 */
import type { SinkTask, TopicPartition } from '@sluice/connector-api';
import { isFenced, isRetriable } from '@sluice/kernel';
import type { LogReader } from '@sluice/record-log';

import type { LogCalls } from './log-calls.ts';
import { partitionsOf, type TopicSelection } from './partition-share.ts';
import { partitionKey, type SinkPositions } from './sink-positions.ts';
import type { TaskRunContext } from './task-run.ts';
import type { KnownTopics } from './topic-catalog.ts';

export interface SinkAssignmentOptions {
  readonly context: TaskRunContext;
  readonly selection: TopicSelection;
  readonly calls: LogCalls;
  readonly positions: SinkPositions;
  readonly reader: LogReader;
  readonly task: SinkTask;
  /** Before the plugin is told. */
  readonly onRemoved: (partitions: readonly TopicPartition[]) => void;
}

export class SinkAssignment {
  readonly #options: SinkAssignmentOptions;
  #refreshAtMs = 0;
  #refreshEveryMs = 0;

  constructor(options: SinkAssignmentOptions) {
    this.#options = options;
  }

  /** Monotonic ms: when to look again. */
  get refreshAtMs(): number {
    return this.#refreshAtMs;
  }

  /** A log that is away is asked again later. @throws what it refused for good, and errors of the plugin. */
  async refresh(): Promise<void> {
    const { calls, context, selection } = this.#options;
    const { missingTopicRefreshMs, topicRefreshMs } = context.options;
    // An answer that another task got a moment ago will do.
    const ageMsMax = this.#refreshEveryMs / 2;
    this.#refreshAfter(missingTopicRefreshMs);
    let found: KnownTopics;
    try {
      found = await context.catalog.find(selection, ageMsMax);
      calls.noteSuccess('topics');
    } catch (error) {
      if (isFenced(error) || !isRetriable(error)) throw error;
      calls.noteFailure('topics', error);
      return;
    }
    const isMissing =
      selection.kind === 'list'
        ? selection.topics.some((topic) => !found.has(topic))
        : found.size === 0;
    if (!isMissing) this.#refreshAfter(topicRefreshMs);
    await this.#assign(partitionsOf(found, selection, context));
  }

  async #assign(wanted: readonly TopicPartition[]): Promise<void> {
    const { calls, context, positions, reader, task } = this.#options;
    const names = new Set(wanted.map(partitionKey));
    const added = wanted.filter((partition) => !positions.has(partition));
    const removed = positions.assignment.filter((each) => !names.has(partitionKey(each)));
    if (added.length === 0 && removed.length === 0) return;
    if (removed.length > 0) await this.#giveUp(removed);
    await calls.untilAccepted('assign', () => reader.assign(wanted));
    for (const partition of added)
      positions.assign({ ...partition, offset: reader.position(partition) ?? 0 });
    context.counters.partitions = wanted.length;
    if (added.length > 0) await task.open?.(added);
  }

  /** Their topic was deleted. Nothing is committed: offsets must not outlive it into a topic of its name. */
  async #giveUp(removed: readonly TopicPartition[]): Promise<void> {
    const { onRemoved, positions, task } = this.#options;
    onRemoved(removed);
    await task.close?.(removed);
    for (const partition of removed) positions.forget(partition);
  }

  #refreshAfter(ms: number): void {
    this.#refreshEveryMs = ms;
    this.#refreshAtMs = this.#options.context.options.clock.monotonicMs() + ms;
  }
}
