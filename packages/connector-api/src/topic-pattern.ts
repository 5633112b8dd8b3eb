import { WholeMatch } from './java-regex/whole-match.ts';

/** Kafka's limit. */
const topicLengthMax = 249;
/** The same topics are asked for at each look at the log. */
const knownMax = 100_000;

/** `topics.regex`: a Java regular expression that matches the whole name of a topic, within a bound of time. */
export class TopicPattern {
  readonly source: string;
  readonly #match: WholeMatch;
  readonly #known = new Map<string, boolean>();

  /** @throws RegexProblem that says what is wrong or not supported. */
  constructor(source: string) {
    this.source = source;
    this.#match = new WholeMatch(source);
  }

  matches(topic: string): boolean {
    let isMatch = this.#known.get(topic);
    if (isMatch === undefined) {
      isMatch = topic.length <= topicLengthMax && this.#match.matches(topic);
      if (this.#known.size >= knownMax) this.#known.clear();
      this.#known.set(topic, isMatch);
    }
    return isMatch;
  }
}
