/** Reading dead letter queues, and replaying them. */
export { type DeadLetter, letterJson, letterOf, preview } from './letter.ts';
export { type LettersPage, lettersPage } from './page.ts';
export {
  newestLetters,
  type QueuedLetter,
  type QueuePartition,
  queuePartitions,
  waitingIn,
} from './queue.ts';
export {
  type LetterPlace,
  type ReplayOptions,
  type ReplayOutcome,
  replayLetters,
} from './replay.ts';
