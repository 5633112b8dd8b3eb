/** Spans and moments. What is called `…Ms` counts milliseconds. Pure. */

/** How long, in one or two units: `0.4 s`, `12 s`, `3 m 05 s`, `2 h 10 m`, `5 d 3 h`. */
export function span(ms: number): string {
  const clamped = Math.max(0, ms);
  if (clamped < 9_950) return `${(clamped / 1_000).toFixed(1)} s`;
  const seconds = Math.round(clamped / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** For narrow columns, in one unit: `12s`, `3m`, `2h`, `5d`. */
export function shortSpan(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** What is left, as a clock counts down: `0:07`, `12:30`, `1:02:03`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Of the day, in the reader's own zone: `14:03:27`. */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The whole of it, for titles: `2026-11-30 14:03:27.123`. */
export function wholeTime(atMs: number): string {
  const at = new Date(atMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${clockTime(atMs)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
