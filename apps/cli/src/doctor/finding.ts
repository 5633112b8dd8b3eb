/** One thing that the doctor looked at. */
/** `skip`: who asks may not look at it. */
export type Level = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  readonly area: 'redis' | 'log' | 'cluster' | 'plugins' | 'clocks' | 'versions';
  readonly level: Level;
  readonly text: string;
  /** What to do; of everything that is not ok. */
  readonly remedy?: string;
}

export function ok(area: Finding['area'], text: string): Finding {
  return { area, level: 'ok', text };
}

export function warn(area: Finding['area'], text: string, remedy: string): Finding {
  return { area, level: 'warn', text, remedy };
}

export function fail(area: Finding['area'], text: string, remedy: string): Finding {
  return { area, level: 'fail', text, remedy };
}

export function skip(area: Finding['area'], text: string, remedy: string): Finding {
  return { area, level: 'skip', text, remedy };
}
