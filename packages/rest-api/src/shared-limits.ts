/**
 * What clients may take of a process, over all of its listeners: who is refused on one is on the others. Owns the count of
 * open connections, which falls as each is closed, and what each client has asked for in its minute.
 */
import type { Server, Socket } from 'node:net';
import { clientKey, RateLimit } from '@sluice/access';
import { type Clock, systemClock } from '@sluice/kernel';

import { isLoopback } from './bind.ts';

export interface SharedLimitsOptions {
  /** Of one client that is not on this machine; 0, the default: any number. */
  readonly requestsPerMinute?: number;
  /** At a time; more are closed as they come. Default 1 000. */
  readonly connectionsMax?: number;
  readonly clock?: Clock;
}

const minuteMs = 60_000;

export class SharedLimits {
  readonly #connectionsMax: number;
  readonly #rate: RateLimit | undefined;
  #connections = 0;

  constructor(options: SharedLimitsOptions = {}) {
    const { requestsPerMinute = 0, connectionsMax = 1_000, clock = systemClock } = options;
    this.#connectionsMax = connectionsMax;
    this.#rate =
      requestsPerMinute > 0
        ? new RateLimit({ max: requestsPerMinute, windowMs: minuteMs, clock })
        : undefined;
  }

  /** Before it listens. */
  guard(server: Server): void {
    server.on('connection', (socket) => this.#admit(socket));
  }

  /** Counts a request from an address. Milliseconds to wait if it is one too many, else 0. */
  take(address: string): number {
    // What is on this machine, a proxy that is not trusted to say for whom included, can do worse.
    if (!this.#rate || isLoopback(address)) return 0;
    return this.#rate.take(clientKey(address));
  }

  #admit(socket: Socket): void {
    if (this.#connections >= this.#connectionsMax) {
      socket.destroy();
      return;
    }
    this.#connections += 1;
    socket.once('close', () => {
      this.#connections -= 1;
    });
  }
}
