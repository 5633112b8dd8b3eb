/** For what is asked while somebody types: the question when typing rests, and what is known until its answer comes. */
import { useEffect, useState } from 'react';

const restMs = 300;

/** The value once it has not changed for a moment; at first at once. */
export function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), restMs);
    return () => window.clearTimeout(timer);
  }, [value]);
  return rested;
}

/** The last that was known; undefined: nothing was so far. */
export function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}
