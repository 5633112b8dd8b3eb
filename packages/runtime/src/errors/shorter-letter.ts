/**
 * What a dead letter queue gets of a letter that is too large for it: first without the value, then only what says
 * where the record is. Headers tell what was left out. Pure.
 */
import type { Header, ProduceRecord } from '@sluice/record-log';

import { errorHeaderPrefix, sluiceHeaderPrefix, sluiceHeaders } from './failed-record.ts';

/** From the whole letter to the shortest. */
export const letterForms: readonly ((letter: ProduceRecord) => ProduceRecord)[] = [
  (letter) => letter,
  withoutValue,
  placeOnly,
];

function withoutValue(letter: ProduceRecord): ProduceRecord {
  const omitted = omission(sluiceHeaders.valueOmitted, letter.value?.length ?? 0);
  return { ...letter, value: null, headers: [...(letter.headers ?? []), omitted] };
}

function placeOnly(letter: ProduceRecord): ProduceRecord {
  const { headers = [], key } = letter;
  const kept = headers.filter(
    ([name]) =>
      name.startsWith(sluiceHeaderPrefix) ||
      (name.startsWith(errorHeaderPrefix) && !isLong.has(name.slice(errorHeaderPrefix.length))),
  );
  const omitted = omission(sluiceHeaders.keyOmitted, key?.length ?? 0);
  return withoutValue({ ...letter, key: null, headers: [...kept, omitted] });
}

const isLong: ReadonlySet<string> = new Set(['exception.message', 'exception.stacktrace']);

function omission(name: string, bytes: number): Header {
  return [name, Buffer.from(String(bytes))];
}
