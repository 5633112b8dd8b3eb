/** Answers of the API in components: asked for when the path changes, and again on demand or at an interval. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, call, messageOf } from './client.ts';

export interface Query<T> {
  /** The last that came, also while another is asked for. */
  readonly data: T | undefined;
  /** Why the last question failed; what came before it is old then. */
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/** What is known, of one path. */
export interface Known<T> {
  readonly path?: string;
  readonly data?: T;
  readonly error?: ApiError;
}

/** What came before for the same path stays; that of another path is none of this one. Exported for tests. */
export function afterFailure<T>(before: Known<T>, path: string, error: ApiError): Known<T> {
  return { ...(before.path === path && before), path, error };
}

/** `path` undefined: nothing is asked. `everyMs`: also by itself, while the page is visible. `isExact`: as of `call`. */
export function useQuery<T>(
  path: string | undefined,
  { everyMs, isExact = false }: { readonly everyMs?: number; readonly isExact?: boolean } = {},
): Query<T> {
  const [state, setState] = useState<Known<T>>({});
  const [turn, setTurn] = useState(0);
  const isAsking = useRef(false);
  const again = useCallback(() => setTurn((before) => before + 1), []);

  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    isAsking.current = true;
    const isOver = (): boolean => {
      if (gone.signal.aborted) return false;
      isAsking.current = false;
      return true;
    };
    call<T>('GET', path, { signal: gone.signal, isExact }).then(
      (data) => {
        if (isOver()) setState({ path, data });
      },
      (error: unknown) => {
        if (!isOver()) return;
        const known = error instanceof ApiError ? error : new ApiError(0, messageOf(error));
        setState((before) => afterFailure(before, path, known));
      },
    );
    return () => {
      gone.abort();
      isAsking.current = false;
    };
  }, [path, turn, isExact]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = window.setInterval(() => {
      // Another question would give up one that takes longer than that, again and again.
      if (!document.hidden && !isAsking.current) again();
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, again]);

  const isCurrent = state.path === path;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: path !== undefined && !isCurrent,
    again,
  };
}
