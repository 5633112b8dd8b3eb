/** The port to dead letter queues, which are topics of the record log. */
import type { LettersAnswer, ReplayAnswer } from './shapes.ts';

export interface DeadLetterQueue {
  readonly topic: string;
  readonly letters: number;
  /** That were not replayed. */
  readonly waiting: number;
}

export interface LettersQuery {
  readonly topic: string;
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: string | undefined;
}

export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface LettersReplay {
  readonly topic: string;
  /** Only these; default: all that were not replayed. */
  readonly letters?: readonly LetterPlace[] | undefined;
  /** Also those that were replayed. */
  readonly again?: boolean | undefined;
  /** Instead of the topic that each is from. */
  readonly to?: string | undefined;
  readonly isDryRun: boolean;
}

export interface DeadLetters {
  queues(topics: readonly string[]): Promise<readonly DeadLetterQueue[]>;
  /** A page of them, the newest first. */
  newest(query: LettersQuery): Promise<LettersAnswer>;
  /** In a limited time: what is left then, is told. @throws ApiError 503 while others do. */
  replay(replay: LettersReplay): Promise<ReplayAnswer>;
}
