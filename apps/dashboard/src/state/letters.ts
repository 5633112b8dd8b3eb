/** Dead letters as rows: what their headers say of the record that was left out. Pure. */
import type { Letter, LetterBytes, ReplayAnswer } from '@sluice/rest-api/shapes';
import { count } from '../format/numbers.ts';

export interface LetterRow {
  readonly id: string;
  readonly place: { readonly partition: number; readonly offset: number };
  readonly atMs: number;
  readonly isReplayed: boolean;
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
  replayed,
  errors,
  key,
  value,
}: Letter): LetterRow {
  const { topic, stage } = errors;
  return {
    id: `${partition}/${offset}`,
    place: { partition, offset },
    atMs: timestampMs,
    isReplayed: replayed,
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

function textOf(bytes: LetterBytes): string | null {
  return typeof bytes === 'object' && bytes !== null ? `base64:${bytes.base64}` : bytes;
}

export function replayedText({
  topics,
  passed_over: passedOver,
  is_whole: isWhole,
}: Pick<ReplayAnswer, 'topics' | 'passed_over' | 'is_whole'>): string {
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
