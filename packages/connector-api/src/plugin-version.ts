/**
 * Which version of a plugin a definition asks for: `connector.plugin.version` and the like, in Maven's notation, as in
 * Kafka Connect. `[1.0,2.0)` is a range, `1.0` is exactly that version, and nothing or `latest` is the newest.
 */
import type { ConfigProblem } from './errors.ts';
import { compareVersions } from './maven-version.ts';
import type { ConnectorConfig } from './task.ts';

interface Bound {
  readonly version: string;
  readonly isIncluded: boolean;
}

interface Interval {
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
}

/** Made by `parseVersionRange`. */
export interface VersionRange {
  /** As Maven writes it. */
  readonly text: string;
  readonly intervals: readonly Interval[];
}

export type ParsedVersionRange =
  /** Undefined: the newest there is. */
  { readonly range: VersionRange | undefined } | { readonly problem: string };

const latest: ParsedVersionRange = { range: undefined };

export function parseVersionRange(text: string | undefined): ParsedVersionRange {
  const spec = text?.trim() ?? '';
  if (spec === '' || spec === 'latest') return latest;
  if (!/^[[(]/.test(spec)) {
    if (/[\s,[\]()]/.test(spec))
      return {
        problem: `Only fully-qualified sets allowed in multiple set scenario: ${spec}`,
      };
    return parseVersionRange(`[${spec}]`);
  }
  const intervals: Interval[] = [];
  let rest = spec;
  while (rest !== '') {
    const [whole, open, inner = '', close] = /^([[(])([^\])]*)([\])])/.exec(rest) ?? [];
    if (whole === undefined) {
      return /^[[(]/.test(rest)
        ? { problem: `Unbounded range: ${spec}` }
        : {
            problem: `Only fully-qualified sets allowed in multiple set scenario: ${spec}`,
          };
    }
    const interval = parseInterval(inner, open === '[', close === ']');
    if ('problem' in interval) return interval;
    const before = intervals.at(-1);
    if (before && !isBefore(before, interval)) return { problem: `Ranges overlap: ${spec}` };
    intervals.push(interval);
    rest = rest.slice(whole.length).trim().replace(/^,\s*/, '');
  }
  return { range: { text: intervals.map(textOf).join(','), intervals } };
}

function parseInterval(
  inner: string,
  isFromIncluded: boolean,
  isToIncluded: boolean,
): Interval | { readonly problem: string } {
  const bounds = inner.split(',').map((bound) => bound.trim());
  const [from = '', to = ''] = bounds;
  if (bounds.length === 1) {
    if (!isFromIncluded || !isToIncluded || from === '')
      return { problem: `Single version must be surrounded by []: ${inner}` };
    const bound = { version: from, isIncluded: true };
    return { from: bound, to: bound };
  }
  if (bounds.length > 2) return { problem: `Range has more than two versions: ${inner}` };
  if (from === to) return { problem: `Range cannot have identical boundaries: ${inner}` };
  if (from !== '' && to !== '' && compareVersions(from, to) > 0)
    return { problem: `Range defies version ordering: ${inner}` };
  return {
    from: from === '' ? undefined : { version: from, isIncluded: isFromIncluded },
    to: to === '' ? undefined : { version: to, isIncluded: isToIncluded },
  };
}

function isBefore({ to }: Interval, { from }: Interval): boolean {
  return to !== undefined && from !== undefined && compareVersions(to.version, from.version) <= 0;
}

function textOf({ from, to }: Interval): string {
  if (from && from === to) return `[${from.version}]`;
  return `${from?.isIncluded ? '[' : '('}${from?.version ?? ''},${to?.version ?? ''}${to?.isIncluded ? ']' : ')'}`;
}

export function isInRange(version: string, range: VersionRange | undefined): boolean {
  if (!range) return true;
  return range.intervals.some(({ from, to }) => {
    const above = from ? compareVersions(version, from.version) : 1;
    const below = to ? compareVersions(version, to.version) : -1;
    return (
      (above > 0 || (above === 0 && from?.isIncluded === true)) &&
      (below < 0 || (below === 0 && to?.isIncluded === true))
    );
  });
}

/** The newest of those in the range, the first of equals; undefined if none is. */
export function newestInRange<Plugin extends { readonly version: string }>(
  plugins: readonly Plugin[],
  range: VersionRange | undefined,
): Plugin | undefined {
  let newest: Plugin | undefined;
  for (const plugin of plugins) {
    if (!isInRange(plugin.version, range)) continue;
    if (!newest || compareVersions(plugin.version, newest.version) > 0) newest = plugin;
  }
  return newest;
}

/** Kafka Connect's words for a version that is not there. `available` of one class. */
export function versionNotFound(
  name: string,
  range: VersionRange | undefined,
  available: readonly { readonly version: string }[],
): string {
  const versions = [...new Set(available.map(({ version }) => version))].toSorted(compareVersions);
  return `Plugin ${name} not found that matches the version range ${range?.text ?? 'latest'}, available versions: [${versions.join(', ')}]`;
}

/**
 * The version of its connector that a definition asks for, of all that there are; the newest, and what is wrong, where
 * there is none of that version.
 */
export function chooseConnectorVersion<Plugin extends { readonly version: string }>(
  config: ConnectorConfig,
  versions: readonly Plugin[],
): { readonly plugin: Plugin | undefined; readonly problems: readonly ConfigProblem[] } {
  const key = 'connector.plugin.version';
  const newest = newestInRange(versions, undefined);
  const wanted = parseVersionRange(config[key]);
  if ('problem' in wanted) {
    const message = `Invalid value ${config[key]} for configuration ${key}: ${wanted.problem}`;
    return { plugin: newest, problems: [{ key, message }] };
  }
  const plugin = newestInRange(versions, wanted.range);
  if (plugin || !newest) return { plugin, problems: [] };
  const message = versionNotFound(config['connector.class'] ?? '', wanted.range, versions);
  // Kafka Connect, too, says it of both.
  return {
    plugin: newest,
    problems: ['connector.class', key].map((each) => ({ key: each, message })),
  };
}
