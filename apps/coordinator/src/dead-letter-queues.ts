/** Dead letter queues, by this process's client of the record log. One replay at a time: they are seldom, and may be long. */
import { type Clock, hasCode } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import {
  ApiError,
  type DeadLetterQueue,
  type DeadLetters,
  type LettersAnswer,
  type LettersQuery,
  type LettersReplay,
  type ReplayAnswer,
} from '@sluice/rest-api';
import {
  letterJson,
  lettersPage,
  queuePartitions,
  replayLetters,
  waitingIn,
} from '@sluice/runtime/dead-letters';

export interface DeadLetterQueuesOptions {
  readonly log: RecordLog;
  readonly cluster: string;
  readonly clock: Clock;
}

/** Whoever asked waits for it, and asks again for what is left. */
const replayMsMax = 8_000;

export class DeadLetterQueues implements DeadLetters {
  readonly #options: DeadLetterQueuesOptions;
  #isReplaying = false;

  constructor(options: DeadLetterQueuesOptions) {
    this.#options = options;
  }

  async queues(topics: readonly string[]): Promise<readonly DeadLetterQueue[]> {
    const { log } = this.#options;
    return Promise.all(
      topics.map(async (topic) => {
        const partitions = (await queuePartitions(log, topic)) ?? [];
        const sum = (count: (each: (typeof partitions)[number]) => number): number =>
          partitions.reduce((total, each) => total + count(each), 0);
        return {
          topic,
          letters: sum(({ low, high }) => high - low),
          waiting: sum(waitingIn),
        };
      }),
    );
  }

  async newest({ topic, limit, before }: LettersQuery): Promise<LettersAnswer> {
    const { letters, next } = await lettersPage(this.#options.log, {
      topic,
      limit,
      ...(before !== undefined && { before }),
    });
    return { topic, letters: letters.map(letterJson), next: next ?? null };
  }

  async replay({ topic, letters, again, to, isDryRun }: LettersReplay): Promise<ReplayAnswer> {
    const { log, cluster, clock } = this.#options;
    if (this.#isReplaying) {
      throw new ApiError(503, 'Another replay runs on this coordinator: try again in a moment', {
        headers: { 'retry-after': '1' },
      });
    }
    this.#isReplaying = true;
    const endMs = clock.monotonicMs() + replayMsMax;
    try {
      const { topics, passedOver, isDone, isWhole } = await replayLetters({
        log,
        cluster,
        topic,
        fence: clock.wallMs(),
        isDryRun,
        isOver: () => clock.monotonicMs() >= endMs,
        ...(letters && { letters }),
        ...(again !== undefined && { again }),
        ...(to !== undefined && { to }),
      });
      return { topic, topics, passed_over: passedOver, is_done: isDone, is_whole: isWhole };
    } catch (error) {
      if (!hasCode(error, 'log.fenced')) throw error;
      throw new ApiError(409, `Somebody else began to replay ${topic}: look at what is left of it`);
    } finally {
      this.#isReplaying = false;
    }
  }
}
