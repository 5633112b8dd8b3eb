/**
 * Where the app is: a path below `/ui` and a query, both in the address, so that what is seen can be sent to somebody.
 * Owns nothing but listeners; the browser's history is the state.
 */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react';

const base = '/ui';
const moved = new EventTarget();

export interface Place {
  /** Begins with a slash: `/tasks`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The same object while the address is the same, as stores of React must answer. */
let seen: { readonly href: string; readonly place: Place } | undefined;

export function currentPlace(): Place {
  const { href, pathname, search } = window.location;
  if (seen?.href !== href) {
    const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname;
    seen = {
      href,
      place: { path: path === '' ? '/' : path, query: new URLSearchParams(search) },
    };
  }
  return seen.place;
}

export function navigate(to: string): void {
  go(to, true);
  window.scrollTo(0, 0);
}

function go(to: string, asStep: boolean): void {
  const isThere = `${base}${to}` === `${window.location.pathname}${window.location.search}`;
  window.history[asStep && !isThere ? 'pushState' : 'replaceState'](null, '', `${base}${to}`);
  moved.dispatchEvent(new Event('moved'));
}

/** Where one is, with another query: undefined or empty removes a part of it. */
export function pathWith(
  { path, query }: Place,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** `asStep`: the browser's Back undoes it. What is typed is none: each letter would be one. */
export function setQuery(
  changes: Readonly<Record<string, string | undefined>>,
  { asStep = false }: { readonly asStep?: boolean } = {},
): void {
  go(pathWith(currentPlace(), changes), asStep);
}

/** Beside whatever page is shown. */
export function openTask(name: string): void {
  setQuery({ task: name }, { asStep: true });
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  moved.addEventListener('moved', changed);
  return () => {
    window.removeEventListener('popstate', changed);
    moved.removeEventListener('moved', changed);
  };
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, currentPlace);
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** Below `/ui`. */
  readonly to: string;
}

export function Link({ to, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const isPlain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
    if (event.defaultPrevented || !isPlain) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={`${base}${to}`} onClick={follow} {...rest} />;
}
