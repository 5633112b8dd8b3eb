/**
 * The squares of the matrix are one stop of the Tab key, and arrows go from one to the next: a thousand of them would be a
 * thousand stops. Which one is the stop is in the page itself, since rows are rendered only when they change.
 */
import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useRef } from 'react';

const squares = 'button.task-square';

export interface SquareKeys {
  readonly ref: RefObject<HTMLTableElement | null>;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
}

export function useSquareKeys(): SquareKeys {
  const ref = useRef<HTMLTableElement>(null);
  const makeStop = (next: HTMLElement): void => {
    for (const old of ref.current?.querySelectorAll<HTMLElement>(`${squares}[tabindex="0"]`) ??
      []) {
      old.tabIndex = -1;
    }
    next.tabIndex = 0;
  };
  useEffect(() => {
    // The one that was may have moved away.
    if (ref.current?.querySelector(`${squares}[tabindex="0"]`)) return;
    const first = ref.current?.querySelector<HTMLElement>(squares);
    if (first) first.tabIndex = 0;
  });
  return {
    ref,
    onFocus: ({ target }) => {
      if (target.matches(squares) && target instanceof HTMLElement) makeStop(target);
    },
    onKeyDown: (event) => {
      const { target } = event;
      if (!(target instanceof HTMLElement) || !target.matches(squares)) return;
      const next = neighbour(target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    },
  };
}

function neighbour(from: HTMLElement, key: string): HTMLElement | undefined {
  const row = from.closest('tr');
  if (!row) return undefined;
  const own = squaresOf(row);
  const index = own.indexOf(from);
  switch (key) {
    case 'ArrowRight':
      return own[index + 1];
    case 'ArrowLeft':
      return own[index - 1];
    case 'Home':
      return own[0];
    case 'End':
      return own.at(-1);
    case 'ArrowDown':
      return inRow(row, 'nextElementSibling', index);
    case 'ArrowUp':
      return inRow(row, 'previousElementSibling', index);
    default:
      return undefined;
  }
}

/** In the nearest row that has squares: the one at that place, or the last. */
function inRow(
  from: Element,
  way: 'nextElementSibling' | 'previousElementSibling',
  index: number,
): HTMLElement | undefined {
  for (let row = from[way]; row; row = row[way]) {
    const own = squaresOf(row);
    if (own.length > 0) return own[Math.min(index, own.length - 1)];
  }
  return undefined;
}

function squaresOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(squares)];
}
