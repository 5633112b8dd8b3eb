/** A line of links that is wider than its window is moved so that the one of the page that is shown is in sight. */
import { type RefObject, useLayoutEffect, useRef } from 'react';

/** Of the one before it something stays in sight: there is more to the left. */
const marginPx = 40;

export function useCurrentInSight(): RefObject<HTMLElement | null> {
  const line = useRef<HTMLElement>(null);
  const shown = useRef<Element>(undefined);
  useLayoutEffect(() => {
    const current = line.current?.querySelector<HTMLElement>('[aria-current]') ?? undefined;
    // Where somebody has moved it meanwhile, it stays.
    if (!line.current || current === shown.current) return;
    shown.current = current;
    if (current) line.current.scrollLeft = current.offsetLeft - line.current.offsetLeft - marginPx;
  });
  return line;
}
