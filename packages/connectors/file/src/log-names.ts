/**
 * Which files are one log. Rotation gives a log that has grown another name; by that name it can be told whose it was:
 *
 *     orders.log.1   orders.log-20261130   orders.log.2026-11-30   orders-20261130.log   orders.2026-11-30.log
 *
 * are all generations of `orders.log`, whether a file of that name exists or not. A number in front of the extension,
 * or behind a dash, is part of the name (`worker-1.log`, `worker-1`), unless it is a date.
 */
import { basename, dirname, join } from 'node:path';

const datePart = String.raw`\d{4}-?\d{2}-?\d{2}(?:[T_.-]?\d{2}(?:[:.-]?\d{2}){0,2})?(?:[.-]\d{1,3})?`;
/** Behind the name: a date, or how many rotations ago. */
const suffix = new RegExp(`^(.+?)(?:[.-]${datePart}|\\.\\d{1,4})$`);
/** In front of the extension: a date. */
const infix = new RegExp(`^(.+?)[._-]${datePart}(\\.[A-Za-z][A-Za-z0-9]*)$`);
const compressed = /\.(?:gz|bz2|xz|zst|zip|lz4)$/i;

/** The name that the log has, or had, while it is written to; undefined for what cannot be read as text. */
export function logPathOf(path: string): string | undefined {
  if (compressed.test(path)) return undefined;
  const name = basename(path);
  const [, stem, extension] = infix.exec(name) ?? [];
  if (stem !== undefined) return join(dirname(path), stem + (extension ?? ''));
  return join(dirname(path), suffix.exec(name)?.[1] ?? name);
}

export interface Member {
  readonly path: string;
  readonly inode: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Oldest first. The names say it, where they are alike; else the times. The log's own name is the newest. */
export function inOrder(log: string, members: readonly Member[]): Member[] {
  return [...members].sort((one, other) => {
    if (one.path === log) return 1;
    if (other.path === log) return -1;
    const dates = [dateIn(one.path), dateIn(other.path)] as const;
    if (dates[0] !== undefined && dates[1] !== undefined && dates[0] !== dates[1])
      return dates[0] < dates[1] ? -1 : 1;
    const ages = [ageIn(one.path), ageIn(other.path)] as const;
    if (ages[0] !== undefined && ages[1] !== undefined) return ages[1] - ages[0];
    return one.mtimeMs - other.mtimeMs || (one.path < other.path ? -1 : 1);
  });
}

const date = new RegExp(datePart, 'g');

function dateIn(path: string): string | undefined {
  return basename(path).match(date)?.at(-1)?.replaceAll(/\D/g, '');
}

/** How many rotations ago. */
function ageIn(path: string): number | undefined {
  const [, age] = /[.-](\d{1,4})$/.exec(path) ?? [];
  return age === undefined ? undefined : Number(age);
}

/** `orders` of `/var/log/orders.log`. */
export function nameOf(log: string): string {
  const name = basename(log);
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
}
