/**
 * The topics that sinks ask for, looked up in the log at most once an interval for all tasks of an executor
 * that ask the same. An answer that is asked for again sooner is the remembered one.
 */
import { ConnectError, TopicPattern } from '@sluice/connector-api';
import { type Clock, toError } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';

import type { TopicSelection } from './partition-share.ts';

export type KnownTopics = ReadonlyMap<string, { readonly partitions: number }>;

interface Lookup {
  readonly atMs: number;
  readonly answer: Promise<KnownTopics>;
}

/** Selections remembered; more are looked up each time. */
const lookupsMax = 1_000;

export class TopicCatalog {
  readonly #log: RecordLog;
  readonly #clock: Clock;
  readonly #lookups = new Map<string, Lookup>();

  constructor(log: RecordLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Topics of the selection that exist, not older than `maxAgeMs`. @throws as the log does. */
  find(selection: TopicSelection, maxAgeMs: number): Promise<KnownTopics> {
    const name =
      selection.kind === 'list' ? selection.topics.join(',') : `/${selection.pattern.source}/`;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#lookups.get(name);
    if (known && nowMs - known.atMs < maxAgeMs) return known.answer;
    const answer = this.#lookUp(selection);
    this.#lookups.delete(name);
    this.#lookups.set(name, { atMs: nowMs, answer });
    answer.catch(() => {
      if (this.#lookups.get(name)?.answer === answer) this.#lookups.delete(name);
    });
    const oldest = this.#lookups.keys().next();
    if (this.#lookups.size > lookupsMax && !oldest.done) this.#lookups.delete(oldest.value);
    return answer;
  }

  async #lookUp(selection: TopicSelection): Promise<KnownTopics> {
    if (selection.kind === 'list') return this.#log.topics.describe(selection.topics);
    const names = await this.#log.topics.list();
    return this.#log.topics.describe(names.filter((name) => selection.pattern.matches(name)));
  }
}

/** @throws ConnectError in Kafka Connect's words unless exactly one of `topics` and `topics.regex` is set. */
export function topicSelectionOf(config: Readonly<Record<string, string>>): TopicSelection {
  const list = (config['topics'] ?? '').split(',').flatMap((topic) => topic.trim() || []);
  const regex = (config['topics.regex'] ?? '').trim();
  if (list.length > 0 && regex !== '')
    throw new ConnectError(
      'topics and topics.regex are mutually exclusive options, but both are set.',
    );
  if (list.length > 0) return { kind: 'list', topics: list };
  if (regex === '') throw new ConnectError('Must configure one of topics or topics.regex');
  try {
    return { kind: 'regex', pattern: new TopicPattern(regex) };
  } catch (error) {
    throw new ConnectError(`topics.regex is not valid: ${toError(error).message}`, {
      cause: error,
    });
  }
}
