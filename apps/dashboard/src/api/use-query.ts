/** Answers of the API in components: asked for when the path changes, and again on demand or at an interval. */
import { useCallback, useEffect, useState } from 'react';
import { ApiError, call, messageOf } from './client.ts';

export interface Query<T> {
  /** The last that came, also while another is asked for. */
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/** `path` undefined: nothing is asked. `everyMs`: also by itself, while the page is visible. `isExact`: as of `call`. */
export function useQuery<T>(
  path: string | undefined,
  { everyMs, isExact = false }: { readonly everyMs?: number; readonly isExact?: boolean } = {},
): Query<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ApiError }>({});
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);

  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    call<T>('GET', path, { signal: gone.signal, isExact }).then(
      (data) => setState({ path, data }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, messageOf(error));
        setState((before) => ({ ...before, path, error: known }));
      },
    );
    return () => gone.abort();
  }, [path, turn, isExact]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) again();
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
