/** Dead letters as rows: what their headers say of the record that was left out. Pure. */
import { count } from '../format/numbers.ts';

/** One of `GET /sluice/dead-letters?topic=`. */
export interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** Kafka Connect's context headers, without their prefix; empty where those are off. */
  readonly errors: Readonly<Record<string, string>>;
  readonly key: Bytes;
  readonly value: Bytes;
}

/** Text where it is text. */
type Bytes = string | { readonly base64: string } | null;

export interface LetterRow {
  readonly id: string;
  readonly place: { readonly partition: number; readonly offset: number };
  readonly atMs: number;
  /** `orders/0/4100`; null: its headers do not say. */
  readonly from: string | null;
  readonly stage: string | null;
  readonly error: string | null;
  readonly trace: string | null;
  readonly key: string | null;
  readonly value: string | null;
}

export function letterRow({
  partition,
  offset,
  timestampMs,
  errors,
  key,
  value,
}: Letter): LetterRow {
  const { topic, stage } = errors;
  return {
    id: `${partition}/${offset}`,
    place: { partition, offset },
    atMs: timestampMs,
    from:
      topic === undefined
        ? null
        : `${topic}/${errors['partition'] ?? ''}/${errors['offset'] ?? ''}`,
    stage: stage ?? null,
    error: errors['exception.message'] ?? errors['exception.class.name'] ?? null,
    trace: errors['exception.stacktrace'] ?? null,
    key: textOf(key),
    value: textOf(value),
  };
}

function textOf(bytes: Bytes): string | null {
  return typeof bytes === 'object' && bytes !== null ? `base64:${bytes.base64}` : bytes;
}

/** Answer of `POST /sluice/dead-letters/replay`. */
export interface Replayed {
  /** Records written, by topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly passed_over: readonly { readonly letter: string; readonly reason: string }[];
  /** False: time was up; the rest is for another call. */
  readonly is_whole: boolean;
}

export function replayedText({
  topics,
  passed_over: passedOver,
  is_whole: isWhole,
}: Replayed): string {
  const written = Object.entries(topics).map(
    ([topic, records]) => `${count(records, 'record')} to ${topic}`,
  );
  const [first] = passedOver;
  return [
    written.length === 0 ? 'Replayed nothing' : `Replayed ${written.join(', ')}`,
    ...(first ? [`${count(passedOver.length, 'letter')} passed over: ${first.reason}`] : []),
    ...(isWhole ? [] : ['time was up: replay the rest again']),
  ].join('; ');
}
