import type { Buffer } from 'node:buffer';

import type { Clock, Timer } from '@sluice/kernel';

import type { KafkajsRequestQueue } from './internals.ts';

export interface PendingRequest {
  readonly apiName: string;
  readonly timeoutMs: number;
  answer(payload: Buffer): void;
  refuse(error: Error): void;
}

/**
 * The requests of one connection that have been sent and not answered. Takes the place of kafkajs's
 * RequestQueue, which sets a timer every millisecond: here there is one timer, for the nearest deadline,
 * and none when nothing is pending.
 *
 * - A request is added, then it is written; its answer removes it.
 * - One that is not answered in time is told through `onExpired`; it stays until `refuseAll`, since the
 *   connection cannot be used any more.
 * - kafkajs reports a broken connection through `rejectAll`; it is passed on to `onBroken`.
 */
export class PendingRequests implements KafkajsRequestQueue {
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  readonly #onExpired: (request: PendingRequest) => void;
  readonly #onBroken: (error: Error) => void;
  readonly #pending = new Map<number, PendingRequest & { deadlineMs: number }>();
  readonly #emptied: (() => void)[] = [];
  #throttledUntilMs = 0;
  #timer: Timer | undefined;
  #timerAtMs = 0;

  constructor(options: PendingRequestsOptions) {
    this.#clock = options.clock;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#onExpired = options.onExpired;
    this.#onBroken = options.onBroken;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(correlationId: number, request: PendingRequest): void {
    const nowMs = this.#clock.monotonicMs();
    const deadlineMs = Math.max(nowMs, this.#throttledUntilMs) + request.timeoutMs;
    this.#pending.set(correlationId, { ...request, deadlineMs });
    this.#arm(nowMs, deadlineMs);
  }

  refuseAll(error: Error): void {
    this.destroy();
    const refused = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of refused) request.refuse(error);
    this.#tellIfEmpty();
  }

  /** The broker does not read for so long: what is pending gets so much longer. */
  maybeThrottle(ms: number | undefined): void {
    if (ms === undefined || ms <= 0) return;
    this.#throttledUntilMs = this.#clock.monotonicMs() + ms;
    for (const request of this.#pending.values()) {
      request.deadlineMs = Math.max(request.deadlineMs, this.#throttledUntilMs + request.timeoutMs);
    }
  }

  // From here on: what kafkajs calls. Its own requests are those of SASL.

  push({ entry, sendRequest }: Parameters<KafkajsRequestQueue['push']>[0]): void {
    const { correlationId, apiName } = entry;
    this.add(correlationId, {
      apiName,
      timeoutMs: this.#requestTimeoutMs,
      answer: (payload) => entry.resolve({ correlationId, entry, payload, size: payload.length }),
      refuse: entry.reject,
    });
    sendRequest();
  }

  fulfillRequest({
    correlationId,
    payload,
  }: Parameters<KafkajsRequestQueue['fulfillRequest']>[0]): void {
    const request = this.#pending.get(correlationId);
    if (request === undefined) {
      this.#onBroken(new Error(`an answer to a request that was not made (${correlationId})`));
      return;
    }
    this.#pending.delete(correlationId);
    request.answer(payload);
    this.#tellIfEmpty();
  }

  rejectAll(error: Error): void {
    this.#onBroken(error);
  }

  waitForPendingRequests(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied.push(resolve);
    });
  }

  scheduleRequestTimeoutCheck(): void {
    // Each request sets the timer when it needs one.
  }

  destroy(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A timer that is due earlier stays: requests follow each other much faster than they expire. */
  #arm(nowMs: number, deadlineMs: number): void {
    if (this.#timer && this.#timerAtMs <= deadlineMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = deadlineMs;
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(deadlineMs - nowMs)), () => {
      // After a pause of this process the answer may be there already: let it be read first.
      setImmediate(() => this.#check());
    });
  }

  #check(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    let nearestMs = Number.POSITIVE_INFINITY;
    for (const request of this.#pending.values()) {
      if (request.deadlineMs <= nowMs) {
        this.#onExpired(request);
        return;
      }
      nearestMs = Math.min(nearestMs, request.deadlineMs);
    }
    if (nearestMs < Number.POSITIVE_INFINITY) this.#arm(nowMs, nearestMs);
  }

  #tellIfEmpty(): void {
    if (this.#pending.size > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}

export interface PendingRequestsOptions {
  readonly clock: Clock;
  /** For the requests that kafkajs itself makes. */
  readonly requestTimeoutMs: number;
  /** Called once: afterwards `refuseAll` is expected. */
  readonly onExpired: (request: PendingRequest) => void;
  readonly onBroken: (error: Error) => void;
}
