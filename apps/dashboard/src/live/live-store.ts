/**
 * What is known of the cluster, for the whole app.
 *
 * Owns the last view, how its stream fares, and the samples of the charts. States of the stream: `connecting` until the
 * first view, `live`, `stale` (the coordinator says that Redis cannot be read), `broken` (no coordinator answers),
 * `refused` (signed out, or too many dashboards are open), `resting` (nobody looks). In each but the first the last view
 * stays, with its age.
 */
import { applyChange, type LiveChange, type LiveStale, type LiveView } from '@sluice/rest-api/live';
import { type Sample, sampleOf, withSample } from './history.ts';
import type { ServerEvent } from './server-events.ts';

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'resting' }
  | { readonly kind: 'stale' | 'broken' | 'refused'; readonly why: string };

export interface Live {
  readonly view: LiveView | undefined;
  readonly stream: StreamState;
  /** By this machine's clock: when the last word came that the view is as it is. */
  readonly heardAtMs: number;
  /** To be added to this machine's clock to have the coordinator's. */
  readonly clockSkewMs: number;
  readonly history: readonly Sample[];
}

const atFirst: Live = {
  view: undefined,
  stream: { kind: 'connecting' },
  heardAtMs: 0,
  clockSkewMs: 0,
  history: [],
};

export class LiveStore {
  #live = atFirst;
  readonly #listeners = new Set<() => void>();

  readonly get = (): Live => this.#live;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  receive({ event, data }: ServerEvent, nowMs: number): void {
    this.#become(afterEvent(this.#live, { event, data }, nowMs));
  }

  setStream(stream: StreamState): void {
    this.#become({ ...this.#live, stream });
  }

  /** Once a second, also when nothing came: the charts go on. */
  sample(nowMs: number): void {
    const { view, stream, clockSkewMs, history } = this.#live;
    if (!view || stream.kind !== 'live') return;
    const sample = sampleOf(view, nowMs + clockSkewMs);
    this.#become({ ...this.#live, history: withSample(history, sample) });
  }

  #become(live: Live): void {
    if (live === this.#live) return;
    this.#live = live;
    for (const changed of this.#listeners) changed();
  }
}

/** Exported for tests: what an event makes of what was known. */
export function afterEvent(live: Live, { event, data }: ServerEvent, nowMs: number): Live {
  switch (event) {
    case 'view': {
      const view = JSON.parse(data) as LiveView;
      return heard({ ...live, view }, view.at_ms, nowMs);
    }
    case 'change': {
      const change = JSON.parse(data) as LiveChange;
      // Before the first view there is nothing to change: the view that comes has it.
      if (!live.view) return live;
      return heard({ ...live, view: applyChange(live.view, change) }, change.at_ms, nowMs);
    }
    case 'tick':
      return heard(live, (JSON.parse(data) as { at_ms: number }).at_ms, nowMs);
    case 'stale': {
      const { at_ms: atMs, now_ms: thereMs, reason } = JSON.parse(data) as LiveStale;
      // Also for who has the view only since: it is as old as the coordinator says.
      const heardAtMs = Math.min(live.heardAtMs, nowMs - (thereMs - atMs));
      const stream: StreamState = { kind: 'stale', why: reason };
      return { ...live, stream, heardAtMs, clockSkewMs: thereMs - nowMs };
    }
    default:
      // Of a newer release: what it tells is in no place that this one shows.
      return live;
  }
}

function heard(live: Live, atMs: number, nowMs: number): Live {
  const stream: StreamState = live.stream.kind === 'live' ? live.stream : { kind: 'live' };
  return { ...live, stream, heardAtMs: nowMs, clockSkewMs: atMs - nowMs };
}
