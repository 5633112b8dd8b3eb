/** What has failed, put together by what went wrong: a thousand tasks that cannot reach a database are one problem. Pure. */
import type { ClusterSnapshot, UnitView } from './snapshot.ts';

export interface FailureGroup {
  /** The same for failures that differ in names and numbers only. */
  readonly fingerprint: string;
  /** First line of the newest trace. */
  readonly message: string;
  /** The newest. */
  readonly trace: string;
  readonly connectors: readonly string[];
  /** At most `unitsShownMax`. */
  readonly units: readonly string[];
  /** Of units. */
  readonly count: number;
  /** ms; absent where no owner said since when. */
  readonly firstMs?: number;
  readonly lastMs?: number;
}

const unitsShownMax = 100;
const lineCharactersMax = 300;

/** The largest first. Of what failed for good and of what is about to be started again. */
export function failureGroups({ connectors }: ClusterSnapshot): FailureGroup[] {
  const failed = Array.from(connectors.values())
    .flatMap(({ connector, tasks }) => [connector, ...tasks])
    .filter(({ trace }) => trace !== undefined);
  return [...Map.groupBy(failed, ({ trace }) => fingerprint(trace ?? ''))]
    .map(([print, units]) => groupOf(print, units))
    .toSorted((a, b) => b.count - a.count || (b.lastMs ?? 0) - (a.lastMs ?? 0));
}

function groupOf(print: string, views: readonly UnitView[]): FailureGroup {
  const ordered = views.toSorted((a, b) => (a.sinceMs ?? 0) - (b.sinceMs ?? 0));
  const trace = ordered.at(-1)?.trace ?? '';
  const firstMs = ordered.find(({ sinceMs }) => sinceMs !== undefined)?.sinceMs;
  const lastMs = ordered.at(-1)?.sinceMs;
  return {
    fingerprint: print,
    message: firstLine(trace),
    trace,
    connectors: [...new Set(views.map(({ connector }) => connector))],
    units: views.slice(0, unitsShownMax).map(({ unit }) => unit),
    count: views.length,
    ...(firstMs !== undefined && { firstMs }),
    ...(lastMs !== undefined && { lastMs }),
  };
}

/** What it says, without what differs from task to task, and where it was thrown. */
export function fingerprint(trace: string): string {
  const frame = /^\s*at (.*)$/m.exec(trace)?.[1] ?? '';
  const place = frame
    .replace(/:\d+(:\d+)?\)?$/, '')
    .replace(/[^\s(]*\/(node_modules|src|dist)\//, '');
  return place === ''
    ? normalised(firstLine(trace))
    : `${normalised(firstLine(trace))} at ${place}`;
}

function firstLine(trace: string): string {
  return trace.split('\n', 1)[0]?.slice(0, lineCharactersMax) ?? '';
}

function normalised(line: string): string {
  return line
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, '#')
    .replace(/\b0x[0-9a-f]+\b/gi, '#')
    .replace(/\d+/g, '#');
}
