/** Rows by keyboard: j and k go from one to the next, also where only those in sight are in the page. */
import { type RefObject, useState } from 'react';
import { type KeyMap, useKeys } from './keys.ts';
import { rowHeight } from './windowed.tsx';

/** Below the head of the table, which stays. */
const topMin = 120;
const bottomMargin = 80;

/** `keysOf`: what more can be done with the row where the cursor is. @returns that row; -1: none yet. */
export function useRowCursor(
  { ref, count }: { readonly ref: RefObject<HTMLElement | null>; readonly count: number },
  keysOf: (index: number) => KeyMap,
): number {
  const [cursor, setCursor] = useState(-1);
  const moveTo = (index: number): void => {
    const next = Math.max(0, Math.min(count - 1, index));
    setCursor(next);
    const at = (ref.current?.getBoundingClientRect().top ?? 0) + next * rowHeight;
    const bottom = window.innerHeight - bottomMargin;
    if (at < topMin) window.scrollBy(0, at - topMin);
    if (at > bottom) window.scrollBy(0, at - bottom);
  };
  const isThere = cursor >= 0 && cursor < count;
  useKeys({
    j: () => moveTo(cursor + 1),
    k: () => moveTo(cursor - 1),
    ...(isThere && keysOf(cursor)),
  });
  return isThere ? cursor : -1;
}
