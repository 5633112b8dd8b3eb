const minuteSeconds = 60;
const hourSeconds = 3_600;
const daySeconds = 86_400;

/** `0s`, `48s`, `5m12s`, `3h04m`, `12d`: two units at most, since what matters is the size. */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < minuteSeconds) return `${seconds}s`;
  if (seconds < 10 * minuteSeconds) {
    return `${Math.floor(seconds / minuteSeconds)}m${two(seconds % minuteSeconds)}s`;
  }
  if (seconds < hourSeconds) return `${Math.floor(seconds / minuteSeconds)}m`;
  if (seconds < daySeconds) {
    const minutes = Math.floor((seconds % hourSeconds) / minuteSeconds);
    return `${Math.floor(seconds / hourSeconds)}h${two(minutes)}m`;
  }
  const days = Math.floor(seconds / daySeconds);
  const hours = Math.floor((seconds % daySeconds) / hourSeconds);
  return days < 10 && hours > 0 ? `${days}d${two(hours)}h` : `${days}d`;
}

/** For what lasts less than a minute as a rule: `0.4s`, `12.0s`, then as `formatAge`. */
export function formatShortAge(ms: number): string {
  return ms >= 0 && ms < minuteSeconds * 1_000 ? `${(ms / 1_000).toFixed(1)}s` : formatAge(ms);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
