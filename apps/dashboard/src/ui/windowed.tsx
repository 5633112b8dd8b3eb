/** Long tables: only the rows in sight, and a few around them, are in the page. Rows are of one height. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** As in the style sheet. */
export const rowHeight = 33;
/** Rows beyond the edge, so that scrolling shows no gap. */
const margin = 12;

export interface RowWindow {
  readonly ref: RefObject<HTMLTableSectionElement | null>;
  readonly first: number;
  /** Exclusive. */
  readonly last: number;
  /** Heights of what is left out, px. */
  readonly before: number;
  readonly after: number;
}

/** Exported for tests: which rows are in sight. */
export function rowsInSight(
  count: number,
  { top, height }: { readonly top: number; readonly height: number },
): { readonly first: number; readonly last: number } {
  const first = Math.max(0, Math.floor(-top / rowHeight) - margin);
  const last = Math.min(count, Math.ceil((height - top) / rowHeight) + margin);
  return first < last ? { first, last } : { first: 0, last: Math.min(count, margin) };
}

/** What is before and behind them is left out, px. */
export interface RowsAmong {
  readonly first: number;
  /** Exclusive. */
  readonly last: number;
  readonly before: number;
  readonly after: number;
}

/** The same for rows of any heights. Exported for tests. */
export function rowsAmong(
  heights: readonly number[],
  { top, height }: { readonly top: number; readonly height: number },
): RowsAmong {
  const reach = margin * rowHeight;
  let end = 0;
  const ends = heights.map((each) => (end += each));
  const first = ends.findIndex((each) => top + each >= -reach);
  if (first < 0) return { first: heights.length, last: heights.length, before: end, after: 0 };
  const beyond = ends.findIndex((each) => top + each >= height + reach);
  const last = beyond < 0 ? heights.length : beyond + 1;
  return { first, last, before: ends[first - 1] ?? 0, after: end - (ends[last - 1] ?? 0) };
}

export function useRowWindow(count: number): RowWindow {
  const ref = useRef<HTMLTableSectionElement>(null);
  const { top, height } = useSight(ref);
  const { first, last } = rowsInSight(count, { top, height });
  return { ref, first, last, before: first * rowHeight, after: (count - last) * rowHeight };
}

export function useRowsAmong(heights: readonly number[]): RowsAmong & Pick<RowWindow, 'ref'> {
  const ref = useRef<HTMLTableSectionElement>(null);
  return { ref, ...rowsAmong(heights, useSight(ref)) };
}

/** Less than the rows beyond the edge are high: what is scrolled by less changes nothing. */
const sightStep = 4 * rowHeight;

/** Where rows begin, seen from the upper edge of the window, and how high that is, whatever is scrolled. */
function useSight(ref: RefObject<HTMLElement | null>): {
  readonly top: number;
  readonly height: number;
} {
  const [sight, setSight] = useState({ top: 0, height: window.innerHeight });
  const look = useCallback(() => {
    const at = ref.current?.getBoundingClientRect().top ?? 0;
    const top = Math.round(at / sightStep) * sightStep;
    const height = window.innerHeight;
    setSight((before) =>
      before.top === top && before.height === height ? before : { top, height },
    );
  }, [ref]);
  // Also when what is above became higher.
  useLayoutEffect(look);
  useEffect(() => {
    const options = { passive: true, capture: true };
    window.addEventListener('scroll', look, options);
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look, options);
      window.removeEventListener('resize', look);
    };
  }, [look]);
  return sight;
}

/** Stands for rows that are left out. */
export function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr className="spacer" aria-hidden="true" style={{ height }}>
      <td colSpan={columns} />
    </tr>
  );
}
