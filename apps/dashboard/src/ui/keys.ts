/** The keyboard: `g` and a letter go somewhere, `/` searches, `?` tells; pages add their own while they are shown. */
import { useEffect, useRef } from 'react';

export type KeyMap = Readonly<Record<string, () => void>>;

export const goKeys: Readonly<Record<string, { readonly to: string; readonly what: string }>> = {
  o: { to: '/', what: 'Overview' },
  c: { to: '/connectors', what: 'Connectors' },
  t: { to: '/tasks', what: 'Tasks' },
  w: { to: '/workers', what: 'Workers' },
  p: { to: '/placement', what: 'Placement' },
  e: { to: '/events', what: 'Events' },
  n: { to: '/create', what: 'New connector' },
};

/** Two keys belong together within this. */
const togetherMs = 1_200;

/** What a key means, after the one before it; undefined: nothing, and the browser may have it. Pure. */
export function meaningOf(
  key: string,
  before: { readonly key: string; readonly agoMs: number } | undefined,
): string {
  return before?.key === 'g' && before.agoMs < togetherMs && key in goKeys ? `g ${key}` : key;
}

export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    let before: { key: string; atMs: number } | undefined;
    const pressed = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (isTyping(event) || isPress(event)) return;
      const nowMs = Date.now();
      const meaning = meaningOf(
        event.key,
        before && { key: before.key, agoMs: nowMs - before.atMs },
      );
      before = { key: event.key, atMs: nowMs };
      const act = current.current[meaning];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

/** Escape leaves a field; all other keys are the field's. */
function isTyping(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog') !== null) return true;
  const isField = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const isBox = target instanceof HTMLInputElement && target.type === 'checkbox';
  if (!isField || isBox) return false;
  if (event.key === 'Escape') target.blur();
  return true;
}

/** Enter is for what has the focus, if that can be pressed. */
function isPress({ key, target }: KeyboardEvent): boolean {
  return (
    key === 'Enter' && target instanceof Element && target.closest('a, button, summary') !== null
  );
}

export function focusSearch(): void {
  document.querySelector<HTMLInputElement>('[data-search]')?.focus();
}
