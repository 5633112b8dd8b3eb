/** Many whole numbers as a short text: `3,7-12`. Pure. */

/** Older ones are left out: a text is one value of an offset, and must not grow without an end. */
export const numbersMax = 10_000;

/** Of the greatest, if there are too many. */
export function rangesText(numbers: Iterable<number>): string {
  const sorted = [...numbers].toSorted((a, b) => a - b).slice(-numbersMax);
  const ranges: { first: number; last: number }[] = [];
  for (const number of sorted) {
    const range = ranges.at(-1);
    if (range && number <= range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',');
}

/** Anybody may have written it: what is no range is passed over. */
export function parseRanges(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const [, from = '', to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part) ?? [];
    if (from === '') continue;
    for (let number = Number(from); number <= Number(to); number++) {
      if (numbers.length >= numbersMax) return numbers;
      numbers.push(number);
    }
  }
  return numbers;
}
