/** The store in components, and the clock by which ages tick. */
import type { LiveView } from '@sluice/rest-api/live';
import { useSyncExternalStore } from 'react';
import { type Live, LiveStore } from './live-store.ts';

export const liveStore = new LiveStore();

export function useLive(): Live {
  return useSyncExternalStore(liveStore.subscribe, liveStore.get);
}

const emptyView: LiveView = {
  at_ms: 0,
  cluster: '',
  version: '',
  leader: null,
  workers: {},
  connectors: {},
  units: {},
  events: [],
};

/** Pages are shown once there is a view. */
export function useView(): LiveView {
  return useLive().view ?? emptyView;
}

/** One timer for all that ticks; it stops with its last listener. */
class Ticking {
  #nowMs = Date.now();
  #timer: number | undefined;
  readonly #listeners = new Set<() => void>();

  readonly get = (): number => this.#nowMs;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    this.#timer ??= window.setInterval(() => this.#tick(), 500);
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      window.clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  #tick(): void {
    this.#nowMs = Date.now();
    for (const changed of this.#listeners) changed();
  }
}

const ticking = new Ticking();

/** This machine's clock, twice a second. */
export function useNow(): number {
  return useSyncExternalStore(ticking.subscribe, ticking.get);
}

/** The coordinator's clock, twice a second: what times of a view are compared with. */
export function useServerNow(): number {
  const nowMs = useNow();
  return nowMs + useLive().clockSkewMs;
}
