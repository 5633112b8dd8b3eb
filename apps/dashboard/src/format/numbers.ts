/** Numbers as people read them: short, aligned, never more precise than they are. Pure. */

const steps = ['', 'k', 'M', 'G', 'T'] as const;

/** `0`, `7.3`, `124`, `12.4k`, `3.10M`: three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const sign = value < 0 ? '−' : '';
  let size = Math.abs(value);
  let step = 0;
  // 999.5 and more would be shown as 1000.
  while (size >= 999.5 && step < steps.length - 1) {
    size /= 1_000;
    step += 1;
  }
  return `${sign}${digits(size, step > 0)}${steps[step] ?? ''}`;
}

function digits(size: number, isScaled: boolean): string {
  if (Number.isInteger(size) && !isScaled) return String(size);
  if (size >= 99.95) return size.toFixed(0);
  if (size >= 9.995) return size.toFixed(1);
  return size.toFixed(isScaled ? 2 : 1);
}

/** A rate a second; what is told but still is `0`. */
export function rate(value: number): string {
  return value > 0 && value < 0.05 ? '<0.1' : short(value);
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(value: number): string {
  let size = value;
  let step = 0;
  while (size >= 1023.5 && step < byteUnits.length - 1) {
    size /= 1024;
    step += 1;
  }
  return `${step === 0 || size >= 99.95 ? size.toFixed(0) : size.toFixed(1)} ${byteUnits[step] ?? ''}`;
}

/** `1 task`, `2 tasks`, with thin groups of three. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`;
}

export function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, '\u2009');
}
