/** Long tables: only the rows in sight, and a few around them, are in the page. Rows are of one height. */
import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

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

export function useRowWindow(count: number): RowWindow {
  const ref = useRef<HTMLTableSectionElement>(null);
  const [range, setRange] = useState({ first: 0, last: Math.min(count, 60) });
  useLayoutEffect(() => {
    const look = (): void => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      const next = rowsInSight(count, { top, height: window.innerHeight });
      setRange((before) =>
        before.first === next.first && before.last === next.last ? before : next,
      );
    };
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [count]);
  const last = Math.min(range.last, count);
  const first = Math.min(range.first, last);
  return { ref, first, last, before: first * rowHeight, after: (count - last) * rowHeight };
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
